//! StatefulSets: pods with stable names and claims, made and replaced one after the other.
//!
//! With `OrderedReady` a synchronisation takes one step and waits until the pod concerned is ready (or has
//! gone); with `Parallel` it takes all steps at once. Updates go from the highest ordinal down to the
//! partition.

mod retention;

use super::work::Cx;
use super::{Which, controller_key, history, pods, rules};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, DeleteOptions};
use crate::collections::Order;
use crate::map;
use history::Revisions;

const WHICH: Which = Which::StatefulSet;

/// A StatefulSet or a pod has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::STATEFUL_SET if change.kind != WatchKind::Deleted => cx.enqueue(WHICH, &object.key()),
        Kind::POD => {
            for key in change.old.iter().chain([object]).filter_map(controller_key) {
                if key.kind == Kind::STATEFUL_SET {
                    cx.enqueue(WHICH, &key);
                }
            }
        }
        _ => {}
    }
}

/// The ordinal of a pod of a set; `None` if its name is not of the set's form.
fn ordinal(set: &Object, pod: &Object) -> Option<i64> {
    pod.name().strip_prefix(set.name())?.strip_prefix('-')?.parse().ok()
}

fn revision_of(pod: &Object) -> &str {
    pod.label(history::REVISION_HASH).unwrap_or("")
}

/// What a synchronisation works with.
struct State {
    start: i64,
    replicas: i64,
    monotonic: bool,
    min_ready: i64,
    /// Names of the revisions that pods have and get.
    current: Text,
    update: Text,
    current_template: Value,
}

/// Takes the next step for a StatefulSet.
pub fn sync(set: &Object, cx: &mut Cx<'_>) {
    let key = set.key();
    if cx.put_off(WHICH, &key) {
        return;
    }
    let mut all = cx.claim(set, Kind::POD, set.at("spec.selector"));
    all.retain(|p| ordinal(set, p).is_some());
    all.order_by_key(|p| ordinal(set, p));
    let Some(revisions) = history::record(set, cx) else { return };
    let state = state(set, &revisions);
    let replaced = if set.is_deleting() { 0 } else { step(set, &all, &state, cx) };
    write_status(set, &all, &state, replaced, cx);
    let now = cx.owned(set, Kind::POD);
    let used = |name: &str| now.iter().any(|p| revision_of(p).ends_with(name));
    history::truncate(set, &revisions, &used, cx);
}

fn state(set: &Object, revisions: &Revisions) -> State {
    let update = revisions.current.at("metadata.name").text();
    let known = set.at("status.currentRevision").text();
    let current = revisions.all.iter().find(|r| r.name() == known.as_str()).unwrap_or(&revisions.current);
    let mut template = current.at("data.spec.template").clone();
    template.remove("$patch");
    State {
        start: set.at("spec.ordinals.start").int_or(0),
        replicas: set.at("spec.replicas").int_or(1),
        monotonic: set.at("spec.podManagementPolicy").str() != "Parallel",
        min_ready: set.at("spec.minReadySeconds").int_or(0),
        current: current.at("metadata.name").text(),
        update,
        current_template: template,
    }
}

/// Creates, replaces or deletes the next pod (or all of them); how many were deleted for an update.
fn step(set: &Object, all: &[Object], state: &State, cx: &mut Cx<'_>) -> usize {
    let wanted = state.start..state.start + state.replicas;
    let staying: Vec<&Object> =
        all.iter().filter(|p| ordinal(set, p).is_some_and(|i| wanted.contains(&i))).collect();
    retention::keep(set, &staying, true, cx);
    for i in wanted.clone() {
        match all.iter().find(|p| ordinal(set, p) == Some(i)) {
            None => {
                if !create(set, i, state, all, cx) || state.monotonic {
                    return 0;
                }
            }
            Some(pod) if pods::is_terminal(pod) && !pod.is_deleting() => {
                let reason = if pod.at("status.phase").str() == "Failed" {
                    "RecreatingFailedPod"
                } else {
                    "RecreatingTerminatedPod"
                };
                let message = format!(
                    "StatefulSet {}/{} is recreating {} Pod {}",
                    set.namespace(),
                    set.name(),
                    if reason == "RecreatingFailedPod" { "failed" } else { "terminated" },
                    pod.name()
                );
                cx.event(WHICH, set, "Warning", reason, &message);
                delete(set, pod, cx);
                if state.monotonic {
                    return 0;
                }
            }
            Some(pod) if state.monotonic => {
                let available = pods::is_ready(pod) && !pod.is_deleting();
                match pods::availability(pod, state.min_ready, cx.api) {
                    Ok(()) if available => {}
                    Err(Some(wait)) => {
                        cx.enqueue_after(WHICH, &set.key(), wait);
                        return 0;
                    }
                    _ => return 0,
                }
            }
            Some(_) => {}
        }
    }
    let excess = all.iter().filter(|p| !wanted.contains(&ordinal(set, p).unwrap_or(-1)));
    if shrink(set, excess.collect(), state, cx) {
        return 0;
    }
    if set.at("spec.updateStrategy.type").str() == "OnDelete" {
        return 0;
    }
    update(set, all, state, cx)
}

/// Deletes the pods that are too many, the highest first; `true` if that is all for now.
fn shrink(set: &Object, mut excess: Vec<&Object>, state: &State, cx: &mut Cx<'_>) -> bool {
    retention::keep(set, &excess, false, cx);
    let healthy = |p: &Object| {
        !p.is_deleting() && pods::is_ready(p) && pods::availability(p, state.min_ready, cx.api).is_ok()
    };
    // Of several pods that are not well the first one goes first.
    let sick = excess.iter().find(|p| !healthy(p)).map(|p| p.uid().to_string());
    let blocked: Vec<bool> = excess.iter().map(|p| !healthy(p) && sick.as_deref() != Some(p.uid())).collect();
    excess.reverse();
    for (pod, blocked) in excess.into_iter().zip(blocked.into_iter().rev()) {
        if state.monotonic && (pod.is_deleting() || blocked) {
            return true;
        }
        if !pod.is_deleting() {
            delete(set, pod, cx);
        }
        if state.monotonic {
            return true;
        }
    }
    false
}

/// Replaces the highest outdated pod once those above it are healthy; how many it deletes.
fn update(set: &Object, all: &[Object], state: &State, cx: &mut Cx<'_>) -> usize {
    let partition = set.at("spec.updateStrategy.rollingUpdate.partition").int_or(0);
    let most = super::deployment::scaled(
        set.at("spec.updateStrategy.rollingUpdate.maxUnavailable"),
        state.replicas,
        true,
    )
    .max(1);
    let (mut missing, mut deleted) = (0, 0);
    for pod in all.iter().rev().filter(|p| ordinal(set, p).is_some_and(|i| i - state.start >= partition)) {
        let outdated = revision_of(pod) != state.update.as_str();
        if outdated && !pod.is_deleting() && missing < most {
            delete(set, pod, cx);
            missing += 1;
            deleted += 1;
        } else if !pods::is_ready(pod) || pod.is_deleting() {
            missing += 1;
        }
        if missing >= most {
            break;
        }
    }
    deleted
}

fn create(set: &Object, i: i64, state: &State, all: &[Object], cx: &mut Cx<'_>) -> bool {
    let key = set.key();
    let name = format!("{}-{i}", set.name());
    cx.api.rule(rules::STATEFUL, &key.path(), vec![("create", Text::from(name.as_str()))]);
    let partition = set.at("spec.updateStrategy.rollingUpdate.partition").int_or(0);
    let rolling = set.at("spec.updateStrategy.type").str() != "OnDelete";
    let current_pods = all.iter().filter(|p| revision_of(p) == state.current.as_str()).count() as i64;
    // Below the partition, and while an update has not come so far, pods keep the current revision.
    let old = state.current != state.update
        && ((rolling && i - state.start < partition) || (!rolling && i - state.start < current_pods));
    let (template, revision) = if old {
        (&state.current_template, &state.current)
    } else {
        (set.at("spec.template"), &state.update)
    };
    if retention::is_stale(set, &name, cx) {
        return false;
    }
    if let Err(why) = create_claims(set, &name, cx) {
        let message = format!("create Pod {name} in StatefulSet {} failed error: {why}", set.name());
        cx.event(WHICH, set, "Warning", "FailedCreate", &message);
        cx.retry(WHICH, &key);
        return false;
    }
    let what = format!("Pod {name} in StatefulSet {}", set.name());
    match cx.api.create(new_pod(set, template, &name, i, revision)) {
        Ok(pod) => {
            cx.succeeded(WHICH, &key);
            retention::keep(set, &[&pod], true, cx);
            cx.event(WHICH, set, "Normal", "SuccessfulCreate", &format!("create {what} successful"));
            true
        }
        Err(error) => {
            let message = format!("create {what} failed error: {}", error.message);
            cx.event(WHICH, set, "Warning", "FailedCreate", &message);
            cx.retry(WHICH, &key);
            false
        }
    }
}

/// Makes the claims of a pod that are missing.
fn create_claims(set: &Object, pod: &str, cx: &mut Cx<'_>) -> Result<(), String> {
    let mut failures = Vec::new();
    for claim in claims(set, pod) {
        let name = claim.at("metadata.name").text();
        match cx.api.store.get(&claim.key()) {
            Some(there) if there.is_deleting() => failures.push(format!("pvc {name} is being deleted")),
            Some(_) => {}
            None => match cx.api.create(claim) {
                Ok(_) => {
                    let message =
                        format!("create Claim {name} Pod {pod} in StatefulSet {} success", set.name());
                    cx.event(WHICH, set, "Normal", "SuccessfulCreate", &message);
                }
                Err(error) => {
                    let (in_set, why) = (set.name(), error.message);
                    let message = format!(
                        "create Claim {name} for Pod {pod} in StatefulSet {in_set} failed error: {why}"
                    );
                    cx.event(WHICH, set, "Warning", "FailedCreate", &message);
                    failures.push(format!("failed to create PVC {name}: {why}"));
                }
            },
        }
    }
    match &failures[..] {
        [] => Ok(()),
        [one] => Err(one.clone()),
        _ => Err(format!("[{}]", failures.join(", "))),
    }
}

fn delete(set: &Object, pod: &Object, cx: &mut Cx<'_>) {
    cx.api.rule(rules::STATEFUL, &set.key().path(), vec![("delete", pod.at("metadata.name").text())]);
    if cx.api.delete(&pod.key(), &DeleteOptions::default()).is_ok() {
        let message = format!("delete Pod {} in StatefulSet {} successful", pod.name(), set.name());
        cx.event(WHICH, set, "Normal", "SuccessfulDelete", &message);
    }
}

/// The claims of a pod, made from the set's templates.
fn claims(set: &Object, pod: &str) -> Vec<Object> {
    let claim = |template: &Value| {
        let mut tree = map! { "metadata" => &template["metadata"], "spec" => &template["spec"] };
        tree.set("metadata.name", format!("{}-{pod}", template["metadata"]["name"].str()));
        tree.set("metadata.namespace", set.at("metadata.namespace"));
        for (k, v) in set.at("spec.selector.matchLabels").entries() {
            tree.slot("metadata.labels").map_mut().insert(k, v);
        }
        Object::new(Kind::PERSISTENT_VOLUME_CLAIM, tree)
    };
    set.at("spec.volumeClaimTemplates").items().iter().map(claim).collect()
}

fn new_pod(set: &Object, template: &Value, name: &str, i: i64, revision: &Text) -> Object {
    let mut pod = pods::from_template(template, set);
    pod.set("metadata.name", name);
    pod.set("metadata.generateName", format!("{}-", set.name()));
    let labels = pod.slot("metadata.labels").map_mut();
    labels.insert(history::REVISION_HASH, revision);
    labels.insert("statefulset.kubernetes.io/pod-name", name);
    labels.insert("apps.kubernetes.io/pod-index", i.to_string());
    pod.set("spec.hostname", name);
    if !set.at("spec.serviceName").is_empty() {
        pod.set("spec.subdomain", set.at("spec.serviceName"));
    }
    let mut volumes: Vec<Value> = Vec::new();
    for claim in set.at("spec.volumeClaimTemplates").items() {
        let volume = claim["metadata"]["name"].text();
        let source = map! { "claimName" => format!("{volume}-{name}") };
        volumes.push(map! { "name" => volume, "persistentVolumeClaim" => source });
    }
    if !volumes.is_empty() {
        let names: Vec<Text> = volumes.iter().map(|v| v["name"].text()).collect();
        let others = pod.at("spec.volumes").items().iter();
        volumes.extend(others.filter(|v| !names.contains(&v["name"].text())).cloned());
        pod.set("spec.volumes", volumes);
    }
    pod
}

/// Writes what the step began with: a pod that it made or deleted counts when it is seen next.
fn write_status(set: &Object, all: &[Object], state: &State, replaced: usize, cx: &mut Cx<'_>) {
    let count = |test: &dyn Fn(&Object) -> bool| all.iter().filter(|p| test(p)).count();
    let living = |p: &Object| !p.is_deleting();
    // Pods that are going count as ready until they are not (upstream `computeReplicaStatus`).
    let ready = |p: &Object| p.at("status.phase").str() == "Running" && pods::is_ready(p);
    let available = |p: &Object| ready(p) && pods::availability(p, state.min_ready, cx.api).is_ok();
    let updated = count(&|p| living(p) && revision_of(p) == state.update.as_str());
    let current = count(&|p| living(p) && revision_of(p) == state.current.as_str());
    let current = current.saturating_sub(replaced);
    // When all pods are of the new revision and ready, it becomes the current one.
    let settled = updated as i64 == state.replicas
        && all.len() as i64 == state.replicas
        && count(&|p| living(p) && pods::is_ready(p)) as i64 == state.replicas
        && set.at("spec.updateStrategy.type").str() != "OnDelete";
    let (current_revision, current) =
        if settled { (&state.update, updated) } else { (&state.current, current) };
    let mut status = map! {
        "observedGeneration" => set.at("metadata.generation"), "replicas" => all.len(),
        "availableReplicas" => count(&available), "collisionCount" => 0,
        "currentRevision" => current_revision, "updateRevision" => &state.update,
    };
    for (field, n) in
        [("readyReplicas", count(&ready)), ("currentReplicas", current), ("updatedReplicas", updated)]
    {
        if n > 0 {
            status.set(field, n);
        }
    }
    cx.write_status(WHICH, set, status);
}
