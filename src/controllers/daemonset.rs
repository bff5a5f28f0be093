//! DaemonSets: one pod on every node that suits it.

use super::deployment::scaled;
use super::node::eviction::tolerates;
use super::work::Cx;
use super::{Which, controller_key, history, pods, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value, selector};
use crate::apiserver::Change;
use crate::collections::{BTreeMap, Order};

use crate::{list, map};

const WHICH: Which = Which::DaemonSet;
const GENERATION: &str = "deprecated.daemonset.template.generation";

/// A DaemonSet, a node or a pod has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::DAEMON_SET if change.kind != WatchKind::Deleted => cx.enqueue(WHICH, &object.key()),
        Kind::NODE => {
            let of = |o: &Object| {
                (
                    o.at("metadata.labels").clone(),
                    o.at("spec.taints").clone(),
                    o.at("spec.unschedulable").clone(),
                )
            };
            if change.kind != WatchKind::Modified || change.old.as_ref().is_none_or(|o| of(o) != of(object)) {
                let keys: Vec<Key> = cx.api.list(Kind::DAEMON_SET, None).map(Object::key).collect();
                for key in keys {
                    cx.enqueue(WHICH, &key);
                }
            }
        }
        Kind::POD => {
            for key in change.old.iter().chain([object]).filter_map(controller_key) {
                if key.kind == Kind::DAEMON_SET {
                    cx.enqueue(WHICH, &key);
                }
            }
        }
        _ => {}
    }
}

/// Brings the pods of a DaemonSet to where they should be.
pub fn sync(set: &Object, cx: &mut Cx<'_>) {
    let key = set.key();
    if cx.put_off(WHICH, &key) {
        return;
    }
    let all = cx.claim(set, Kind::POD, set.at("spec.selector"));
    if set.is_deleting() {
        return;
    }
    let Some(revisions) = history::record(set, cx) else { return };
    let hash = history::hash_of(&revisions.current);
    let mut by_node: BTreeMap<Text, Vec<Object>> = BTreeMap::new();
    for pod in &all {
        by_node.entry(target(pod)).or_default().push(pod.clone());
    }
    let nodes: Vec<Object> = cx.api.list(Kind::NODE, None).cloned().collect();
    let mut plan = Plan::default();
    for node in &nodes {
        let here = by_node.get(node.name()).map_or(&[][..], Vec::as_slice);
        plan.node(set, node, here, &hash, cx);
    }
    if set.at("spec.updateStrategy.type").str() != "OnDelete" {
        plan.roll(set, &nodes, &by_node, &hash, cx);
    }
    let used = |h: &str| all.iter().any(|p| p.label(history::REVISION_HASH) == Some(h));
    history::truncate(set, &revisions, &used, cx);
    write_status(set, &nodes, &by_node, &hash, cx);
    if plan.create.is_empty() && plan.delete.is_empty() {
        return;
    }
    cx.api.rule(rules::DAEMON, &key.path(), vec![]);
    for pod in &plan.delete {
        cx.delete_for(WHICH, Some(set), &pod.key(), pod.at("metadata.uid").text());
    }
    cx.create_slowly(WHICH, &key, plan.create);
}

/// The node that a pod is on, or is meant for by its affinity.
fn target(pod: &Object) -> Text {
    let node = pod.at("spec.nodeName");
    if !node.is_empty() {
        return node.text();
    }
    pod.at("spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchFields.0.values.0").text()
}

#[derive(Default)]
struct Plan {
    create: Vec<Object>,
    delete: Vec<Object>,
}

impl Plan {
    fn node(&mut self, set: &Object, node: &Object, here: &[Object], hash: &str, cx: &mut Cx<'_>) {
        let (run, stay) = suits(set, node);
        if !stay {
            self.delete.extend(here.iter().filter(|p| !p.is_deleting()).cloned());
            return;
        }
        let mut alive = Vec::new();
        for pod in here.iter().filter(|p| !p.is_deleting()) {
            if pods::is_terminal(pod) {
                let what = if pod.at("status.phase").str() == "Failed" { "failed" } else { "succeeded" };
                let message = format!(
                    "Found {what} daemon pod {}/{} on node {}, will try to {}",
                    pod.namespace(),
                    pod.name(),
                    node.name(),
                    if what == "failed" { "kill it" } else { "delete it" }
                );
                let (kind, reason) = if what == "failed" {
                    ("Warning", "FailedDaemonPod")
                } else {
                    ("Normal", "SucceededDaemonPod")
                };
                cx.event(WHICH, set, kind, reason, &message);
                self.delete.push(pod.clone());
            } else {
                alive.push(pod);
            }
        }
        // A pod that is going keeps its place until it has gone.
        if run && alive.is_empty() && here.iter().all(|p| !p.is_deleting() || pods::is_terminal(p)) {
            self.create.push(new_pod(set, node, hash));
        }
        alive.order_by(|a, b| {
            let age = |p: &Object| p.at("metadata.creationTimestamp").text();
            age(a).cmp(&age(b)).then_with(|| a.name().cmp(b.name()))
        });
        let surges = scaled(set.at("spec.updateStrategy.rollingUpdate.maxSurge"), 1, true) > 0;
        let kept =
            if surges { beside(set, &alive, hash, cx) } else { alive.iter().take(1).copied().collect() };
        let extra = alive.into_iter().filter(|p| !kept.iter().any(|k| k.uid() == p.uid()));
        self.delete.extend(extra.cloned());
    }

    /// A rolling update: replaces outdated pods as far as enough stay available.
    fn roll(
        &mut self,
        set: &Object,
        nodes: &[Object],
        by_node: &BTreeMap<Text, Vec<Object>>,
        hash: &str,
        cx: &Cx<'_>,
    ) {
        let wanted: Vec<&Object> = nodes.iter().filter(|n| suits(set, n).0).collect();
        let rolling = set.at("spec.updateStrategy.rollingUpdate");
        let most = scaled(&rolling["maxUnavailable"], wanted.len() as i64, true).max(0);
        let surge = scaled(&rolling["maxSurge"], wanted.len() as i64, true).max(0);
        let min_ready = set.at("spec.minReadySeconds").int_or(0);
        let available = |p: &Object| pods::availability(p, min_ready, cx.api).is_ok();
        let (mut unavailable, mut surging) = (0, 0);
        let (mut broken, mut outdated) = (Vec::new(), Vec::new());
        for node in wanted {
            let here = by_node.get(node.name()).map_or(&[][..], Vec::as_slice);
            let alive: Vec<&Object> = here.iter().filter(|p| pods::is_active(p)).collect();
            let new = alive.iter().find(|p| p.label(history::REVISION_HASH) == Some(hash));
            let old = alive.iter().find(|p| p.label(history::REVISION_HASH) != Some(hash));
            match (old, new) {
                (Some(old), Some(new)) if available(new) => self.delete.push((*old).clone()),
                (Some(_), Some(_)) => surging += 1,
                (Some(old), None) if available(old) => outdated.push((node, (*old).clone())),
                (Some(old), None) => {
                    broken.push((node, (*old).clone()));
                    unavailable += 1;
                }
                (None, Some(new)) if available(new) => {}
                _ => unavailable += 1,
            }
        }
        if surge > 0 {
            let room = usize::try_from(surge - surging).unwrap_or(0);
            let candidates = broken.iter().chain(outdated.iter().take(room));
            self.create.extend(candidates.map(|(n, _)| new_pod(set, n, hash)));
            return;
        }
        self.delete.extend(broken.into_iter().map(|(_, p)| p));
        let room = usize::try_from(most - unavailable).unwrap_or(0);
        self.delete.extend(outdated.into_iter().take(room).map(|(_, p)| p));
    }
}

/// The pods of a node that may be there side by side: the oldest new one, and the oldest outdated one as long as
/// that is ready and the new one is not available.
fn beside<'a>(set: &Object, alive: &[&'a Object], hash: &str, cx: &Cx<'_>) -> Vec<&'a Object> {
    let newest = |p: &&&Object| p.label(history::REVISION_HASH) == Some(hash);
    let new = alive.iter().find(|p| newest(p)).copied();
    let old = alive.iter().find(|p| !newest(p)).copied();
    let min_ready = set.at("spec.minReadySeconds").int_or(0);
    match (old, new) {
        (Some(old), Some(new))
            if !pods::is_ready(old) || pods::availability(new, min_ready, cx.api).is_ok() =>
        {
            vec![new]
        }
        (old, new) => old.into_iter().chain(new).collect(),
    }
}

/// Whether a pod of the set should run on a node, and whether one that is there may stay.
fn suits(set: &Object, node: &Object) -> (bool, bool) {
    let spec = set.at("spec.template.spec");
    let labels = node.at("metadata.labels");
    let name = spec["nodeName"].str();
    let required = spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    let term = |t: &Value| {
        let (expressions, fields) = (t["matchExpressions"].items(), t["matchFields"].items());
        let named = |f: &Value| {
            let found = f["values"].items().iter().any(|v| v.str() == node.name());
            found == (f["operator"].str() == "In")
        };
        !(expressions.is_empty() && fields.is_empty())
            && expressions.iter().all(|e| selector::requirement(e, labels))
            && fields.iter().all(named)
    };
    let fits = (name.is_empty() || name == node.name())
        && selector::subset(&spec["nodeSelector"], labels)
        && (required.is_null() || required["nodeSelectorTerms"].items().iter().any(term));
    if !fits {
        return (false, false);
    }
    let tolerations = tolerations(spec);
    let tolerated = |t: &Value| tolerations.items().iter().any(|x| tolerates(x, t));
    let against = |effects: &[&str]| {
        let taints = node.at("spec.taints").items().iter();
        taints.filter(|t| effects.contains(&t["effect"].str())).any(|t| !tolerated(t))
    };
    (!against(&["NoSchedule", "NoExecute"]), !against(&["NoExecute"]))
}

/// The tolerations of the template and those that every daemon pod gets (`AddOrUpdateDaemonPodTolerations`).
fn tolerations(spec: &Value) -> Value {
    let mut list = spec["tolerations"].clone();
    let mut own = vec![
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    if spec["hostNetwork"].is_true() {
        own.push(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    }
    for (key, effect) in own {
        list.list_mut().push(map! { "key" => key, "operator" => "Exists", "effect" => effect });
    }
    list
}

fn new_pod(set: &Object, node: &Object, hash: &str) -> Object {
    let mut pod = pods::from_template(set.at("spec.template"), set);
    let labels = pod.slot("metadata.labels").map_mut();
    labels.insert(history::REVISION_HASH, hash);
    let generation = set
        .annotation(GENERATION)
        .map_or_else(|| set.at("metadata.generation").int_or(1).to_string(), String::from);
    labels.insert("pod-template-generation", generation);
    let tolerations = tolerations(set.at("spec.template.spec"));
    pod.set("spec.tolerations", tolerations);
    let field = map! { "key" => "metadata.name", "operator" => "In", "values" => list![node.name()] };
    let required =
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let terms = pod.slot(required).list_mut();
    if terms.is_empty() {
        terms.push(map! { "matchFields" => list![field] });
    } else {
        for term in terms {
            term.set("matchFields", list![field.clone()]);
        }
    }
    pod
}

fn write_status(
    set: &Object,
    nodes: &[Object],
    by_node: &BTreeMap<Text, Vec<Object>>,
    hash: &str,
    cx: &mut Cx<'_>,
) {
    let min_ready = set.at("spec.minReadySeconds").int_or(0);
    let (mut desired, mut current, mut misplaced, mut ready, mut available, mut updated) = (0, 0, 0, 0, 0, 0);
    let mut wait = None;
    for node in nodes {
        let here = by_node.get(node.name()).map_or(&[][..], Vec::as_slice);
        if !suits(set, node).0 {
            misplaced += i64::from(!here.is_empty());
            continue;
        }
        desired += 1;
        let oldest = here
            .iter()
            .filter(|p| !p.is_deleting())
            .min_by_key(|p| p.at("metadata.creationTimestamp").text());
        let Some(pod) = oldest.or(here.first()) else { continue };
        current += 1;
        updated += i64::from(pod.label(history::REVISION_HASH) == Some(hash));
        if pods::is_ready(pod) {
            ready += 1;
            match pods::availability(pod, min_ready, cx.api) {
                Ok(()) => available += 1,
                Err(left) => wait = wait.or(left),
            }
        }
    }
    let mut status = map! {
        "currentNumberScheduled" => current, "desiredNumberScheduled" => desired,
        "numberMisscheduled" => misplaced, "numberReady" => ready,
        "observedGeneration" => set.at("metadata.generation"),
    };
    for (field, n) in [
        ("numberAvailable", available),
        ("numberUnavailable", desired - available),
        ("updatedNumberScheduled", updated),
    ] {
        if n > 0 {
            status.set(field, n);
        }
    }
    cx.write_status(WHICH, set, status);
    if let Some(wait) = wait {
        cx.enqueue_after(WHICH, &set.key(), wait);
    }
}
