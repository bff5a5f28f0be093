//! Deployments: roll out a template over ReplicaSets, one per revision.
//!
//! A synchronisation takes one step (as upstream's `syncDeployment` does): it scales the new set up, or an
//! old one down, or settles the status; what changes brings it back for the next. [`plan`] does the
//! arithmetic, [`revisions`] names and numbers the sets, [`status`] words the conditions.

mod plan;
mod revisions;
mod status;

pub use plan::scaled;

use super::work::Cx;
use super::{Which, controller_key, hash, pods, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::{Change, DeleteOptions};
use crate::collections::Order;
use plan::{Bounds, Set};

const WHICH: Which = Which::Deployment;

/// A Deployment, one of its sets or one of its pods has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    match change.new.kind {
        Kind::DEPLOYMENT if change.kind != WatchKind::Deleted => cx.enqueue(WHICH, &change.new.key()),
        Kind::REPLICA_SET => {
            for object in change.old.iter().chain([&change.new]) {
                match controller_key(object) {
                    Some(key) if key.kind == Kind::DEPLOYMENT => cx.enqueue(WHICH, &key),
                    Some(_) => {}
                    None => offer(object, cx),
                }
            }
        }
        Kind::POD if change.kind == WatchKind::Deleted => pod_gone(&change.new, cx),
        _ => {}
    }
}

/// Offers an orphaned set to the Deployments of its namespace that select it.
fn offer(set: &Object, cx: &mut Cx<'_>) {
    let all = cx.api.list(Kind::DEPLOYMENT, Some(set.namespace()));
    let matching =
        all.filter(|d| crate::api::selector::matches(d.at("spec.selector"), set.at("metadata.labels")));
    let keys: Vec<Key> = matching.map(Object::key).collect();
    for key in keys {
        cx.enqueue(WHICH, &key);
    }
}

/// `Recreate` waits for the last old pod to go.
fn pod_gone(pod: &Object, cx: &mut Cx<'_>) {
    let set = controller_key(pod).and_then(|key| cx.api.store.get(&key));
    let Some(key) = set.and_then(controller_key) else { return };
    let recreates = |d: &Object| d.at("spec.strategy.type").str() == "Recreate";
    if cx.api.store.get(&key).is_some_and(recreates) {
        cx.enqueue(WHICH, &key);
    }
}

/// The sets of a Deployment.
struct Sets {
    /// The one with the present template.
    new: Option<Object>,
    /// The others, oldest first.
    old: Vec<Object>,
}

impl Sets {
    fn all(&self) -> Vec<Object> {
        self.old.iter().chain(&self.new).cloned().collect()
    }

    fn size(&self) -> i64 {
        self.old.iter().chain(&self.new).map(size).sum()
    }
}

fn size(set: &Object) -> i64 {
    set.at("spec.replicas").int_or(0)
}

/// Takes the next step for a Deployment.
pub fn sync(deployment: &Object, cx: &mut Cx<'_>) {
    let key = deployment.key();
    if cx.put_off(WHICH, &key) {
        return;
    }
    let mut sets = cx.claim(deployment, Kind::REPLICA_SET, deployment.at("spec.selector"));
    sets.order_by(|a, b| age(a).cmp(&age(b)));
    let bounds = Bounds::new(&deployment["spec"]);
    let deployment = &check_pausing(deployment, cx);
    if deployment.is_deleting() {
        let sets = split(deployment, sets);
        let status = status::calculate(deployment, &sets.all(), sets.new.as_ref(), bounds, cx.api);
        return cx.write_status(WHICH, deployment, status);
    }
    let paused = deployment.at("spec.paused").is_true();
    if paused || is_scaling(deployment, &sets) {
        let (deployment, mut sets) = adopt_revision(deployment, sets, false, cx);
        scale(&deployment, &mut sets, bounds, cx);
        if paused {
            clean_up(&deployment, &sets, cx);
        }
        let status = status::calculate(&deployment, &sets.all(), sets.new.as_ref(), bounds, cx.api);
        return cx.write_status(WHICH, &deployment, status);
    }
    if deployment.at("spec.strategy.type").str() == "Recreate" {
        recreate(deployment, sets, bounds, cx);
    } else {
        roll(deployment, sets, bounds, cx);
    }
}

fn age(o: &Object) -> (&str, u64, &str) {
    (
        o.at("metadata.creationTimestamp").str(),
        super::deployment::revisions::revision(o).unsigned_abs(),
        o.name(),
    )
}

fn check_pausing(deployment: &Object, cx: &mut Cx<'_>) -> Object {
    let Some(condition) = status::pausing(deployment) else { return deployment.clone() };
    let mut next = deployment["status"].clone();
    status::set(&mut next, condition, cx.api);
    cx.write_status(WHICH, deployment, next);
    cx.api.store.get(&deployment.key()).unwrap_or(deployment).clone()
}

/// Whether a set was last scaled for another size of the Deployment.
fn is_scaling(deployment: &Object, sets: &[Object]) -> bool {
    let wanted = deployment.at("spec.replicas").int_or(1);
    let differs = |s: &Object| {
        let desired = s.annotation(revisions::DESIRED).and_then(|d| d.parse::<i64>().ok());
        size(s) > 0 && desired.is_some_and(|d| d != wanted)
    };
    sets.iter().any(differs)
}

fn split(deployment: &Object, sets: Vec<Object>) -> Sets {
    let name = revisions::find_new(deployment, &sets).map(|s| s.at("metadata.name").text());
    let (new, old): (Vec<Object>, Vec<Object>) =
        sets.into_iter().partition(|s| name.as_deref() == Some(s.name()));
    Sets { new: new.into_iter().next(), old }
}

/// Finds (or makes) the set of the present template and brings revision numbers up to date.
fn adopt_revision(deployment: &Object, sets: Vec<Object>, create: bool, cx: &mut Cx<'_>) -> (Object, Sets) {
    let mut sets = split(deployment, sets);
    let revision = sets.old.iter().map(revisions::revision).max().unwrap_or(0) + 1;
    match &mut sets.new {
        Some(new) => {
            let mut set = new.clone();
            revisions::annotate(&mut set, deployment, revision);
            let min_ready = deployment.at("spec.minReadySeconds");
            if set.at("spec.minReadySeconds").int_or(0) != min_ready.int_or(0) {
                set.set("spec.minReadySeconds", min_ready);
            }
            if let Ok(updated) = cx.api.update(set) {
                *new = updated;
            }
        }
        None if create => sets.new = create_set(deployment, &sets, revision, cx),
        None => {}
    }
    let Some(new) = &sets.new else { return (deployment.clone(), sets) };
    let mut current = cx.api.store.get(&deployment.key()).unwrap_or(deployment).clone();
    let number = revisions::revision(new).to_string();
    if current.annotation(revisions::REVISION) != Some(&number) {
        current.slot("metadata.annotations").map_mut().insert(revisions::REVISION, number);
        if let Ok(updated) = cx.api.update(current.clone()) {
            current = updated;
        }
    }
    let mut next = current["status"].clone();
    if current.condition("Progressing").is_null() && current.at("spec.progressDeadlineSeconds").is_some() {
        let message = format!("Found new replica set \"{}\"", new.name());
        status::set(
            &mut next,
            status::condition("Progressing", "True", "FoundNewReplicaSet", message),
            cx.api,
        );
        cx.write_status(WHICH, &current, next);
        current = cx.api.store.get(&deployment.key()).unwrap_or(deployment).clone();
    }
    (current, sets)
}

fn create_set(deployment: &Object, sets: &Sets, revision: i64, cx: &mut Cx<'_>) -> Option<Object> {
    let bounds = Bounds::new(&deployment["spec"]);
    let collisions = deployment.at("status.collisionCount").int_or(0);
    let hash = hash::template(deployment.at("spec.template"), collisions);
    let mut set = revisions::new_set(deployment, &hash);
    let rolling = deployment.at("spec.strategy.type").str() != "Recreate";
    let replicas = plan::new_size(bounds, rolling, 0, sets.size());
    set.set("spec.replicas", replicas);
    revisions::annotate(&mut set, deployment, revision);
    revisions::annotate_size(&mut set, bounds);
    let key = deployment.key();
    cx.api.rule(rules::ROLLOUT, &key.path(), vec![("to", status::text(replicas))]);
    match cx.api.create(set) {
        Ok(set) => {
            if replicas > 0 {
                let message = format!("Scaled up replica set {} from 0 to {replicas}", set.name());
                cx.event(WHICH, deployment, "Normal", "ScalingReplicaSet", &message);
            }
            let mut next = deployment["status"].clone();
            if deployment.at("spec.progressDeadlineSeconds").is_some() {
                let message = format!("Created new replica set \"{}\"", set.name());
                let created = status::condition("Progressing", "True", "NewReplicaSetCreated", message);
                status::set(&mut next, created, cx.api);
                cx.write_status(WHICH, deployment, next);
            }
            Some(set)
        }
        Err(error) if error.reason == "AlreadyExists" => {
            let mut next = deployment["status"].clone();
            next.set("collisionCount", collisions + 1);
            cx.write_status(WHICH, deployment, next);
            None
        }
        Err(error) => {
            let message = format!(
                "Failed to create new replica set \"{}-{hash}\": {}",
                deployment.name(),
                error.message
            );
            let mut next = deployment["status"].clone();
            let failed = status::condition("Progressing", "False", "ReplicaSetCreateError", message.clone());
            status::set(&mut next, failed, cx.api);
            cx.write_status(WHICH, deployment, next);
            cx.event(WHICH, deployment, "Warning", "ReplicaSetCreateError", &message);
            cx.retry(WHICH, &key);
            None
        }
    }
}

/// Gives a set a new size, with the event; returns it as it is then.
fn resize(deployment: &Object, set: &Object, to: i64, bounds: Bounds, cx: &mut Cx<'_>) -> Object {
    let from = size(set);
    let mut next = set.clone();
    next.set("spec.replicas", to);
    revisions::annotate_size(&mut next, bounds);
    if from != to {
        let values = vec![("from", status::text(from)), ("to", status::text(to))];
        cx.api.rule(rules::ROLLOUT, &deployment.key().path(), values);
    }
    let Ok(updated) = cx.api.update(next) else { return set.clone() };
    if from != to {
        let way = if from < to { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {from} to {to}", set.name());
        cx.event(WHICH, deployment, "Normal", "ScalingReplicaSet", &message);
    }
    updated
}

/// Resizes the sets after the Deployment was scaled or while it is paused.
fn scale(deployment: &Object, sets: &mut Sets, bounds: Bounds, cx: &mut Cx<'_>) {
    let active = sets.old.iter().chain(&sets.new).filter(|s| size(s) > 0).count();
    if active <= 1 {
        let only = sets.old.iter_mut().find(|s| size(s) > 0);
        if let Some(set) = only.or(sets.new.as_mut()) {
            *set = resize(deployment, set, bounds.replicas, bounds, cx);
        }
        return;
    }
    let saturated = |s: &Object| {
        size(s) == bounds.replicas && s.at("status.availableReplicas").int_or(0) == bounds.replicas
    };
    if sets.new.as_ref().is_some_and(saturated) {
        for set in sets.old.iter_mut().filter(|s| size(s) > 0) {
            *set = resize(deployment, set, 0, bounds, cx);
        }
        return;
    }
    if deployment.at("spec.strategy.type").str() == "Recreate" {
        return;
    }
    let mut all: Vec<&mut Object> =
        sets.old.iter_mut().chain(&mut sets.new).filter(|s| size(s) > 0).collect();
    let growing = bounds.replicas + bounds.max_surge > all.iter().map(|s| size(s)).sum();
    all.order_by(|a, b| {
        size(b).cmp(&size(a)).then_with(|| if growing { age(b).cmp(&age(a)) } else { age(a).cmp(&age(b)) })
    });
    let views: Vec<Set> = all.iter().map(|s| view(s)).collect();
    for (set, to) in all.into_iter().zip(plan::proportional(bounds, &views)) {
        *set = resize(deployment, set, to, bounds, cx);
    }
}

fn view(set: &Object) -> Set {
    Set {
        replicas: size(set),
        available: set.at("status.availableReplicas").int_or(0),
        max_replicas: set.annotation(revisions::MAX).and_then(|m| m.parse().ok()),
    }
}

fn roll(deployment: &Object, sets: Vec<Object>, bounds: Bounds, cx: &mut Cx<'_>) {
    let (deployment, mut sets) = adopt_revision(deployment, sets, true, cx);
    let Some(new) = &sets.new else { return };
    let to = if size(new) > bounds.replicas {
        bounds.replicas
    } else {
        plan::new_size(bounds, true, size(new), sets.size())
    };
    if to != size(new) {
        sets.new = Some(resize(&deployment, new, to, bounds, cx));
        return settle(&deployment, &sets, bounds, cx);
    }
    let views: Vec<Set> = sets.old.iter().map(view).collect();
    let sizes = plan::old_sizes(bounds, &view(new), &views);
    let mut scaled = false;
    for (set, to) in sets.old.iter_mut().zip(sizes) {
        if size(set) != to {
            *set = resize(&deployment, set, to, bounds, cx);
            scaled = true;
        }
    }
    if !scaled && status::is_complete(&deployment, &deployment["status"]) {
        clean_up(&deployment, &sets, cx);
    }
    settle(&deployment, &sets, bounds, cx);
}

fn recreate(deployment: &Object, sets: Vec<Object>, bounds: Bounds, cx: &mut Cx<'_>) {
    let (deployment, mut sets) = adopt_revision(deployment, sets, false, cx);
    let mut scaled = false;
    for set in sets.old.iter_mut().filter(|s| size(s) > 0) {
        *set = resize(&deployment, set, 0, bounds, cx);
        scaled = true;
    }
    let running = |s: &Object| cx.owned(s, Kind::POD).iter().any(|p| !pods::is_terminal(p));
    if scaled || sets.old.iter().any(running) {
        return settle(&deployment, &sets, bounds, cx);
    }
    let all = sets.all();
    let (deployment, mut sets) = adopt_revision(&deployment, all, true, cx);
    if let Some(new) = sets.new.take() {
        let new = if size(&new) == bounds.replicas {
            new
        } else {
            resize(&deployment, &new, bounds.replicas, bounds, cx)
        };
        sets.new = Some(new);
    }
    if status::is_complete(&deployment, &deployment["status"]) {
        clean_up(&deployment, &sets, cx);
    }
    settle(&deployment, &sets, bounds, cx);
}

/// Writes the status and sees to it that a stuck rollout is noticed.
fn settle(deployment: &Object, sets: &Sets, bounds: Bounds, cx: &mut Cx<'_>) {
    let current = cx.api.store.get(&deployment.key()).unwrap_or(deployment).clone();
    let status = status::rollout(&current, &sets.all(), sets.new.as_ref(), bounds, cx.api);
    if status["conditions"].find("type", "Progressing")["status"].str() == "False"
        && current.condition("Progressing")["status"].str() != "False"
    {
        cx.api.rule(rules::PROGRESS_DEADLINE, &current.key().path(), vec![]);
    }
    if let Some(at) = status::deadline(&current, &status, cx.api)
        && at > cx.api.now
    {
        let wait = at.since(cx.api.now);
        cx.enqueue_after(WHICH, &current.key(), wait);
    }
    cx.write_status(WHICH, &current, status);
}

/// Deletes the oldest sets beyond the history limit.
fn clean_up(deployment: &Object, sets: &Sets, cx: &mut Cx<'_>) {
    let Some(limit) = deployment.at("spec.revisionHistoryLimit").as_int() else { return };
    let mut alive: Vec<&Object> = sets.old.iter().filter(|s| !s.is_deleting()).collect();
    let excess = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    alive.order_by_key(|s| revisions::revision(s));
    for set in alive.into_iter().take(excess) {
        let idle = size(set) == 0
            && set.at("status.replicas").int_or(0) == 0
            && set.at("metadata.generation") == &set["status"]["observedGeneration"];
        if idle {
            // It may have been deleted by hand already.
            let _ = cx.api.delete(&set.key(), &DeleteOptions::default());
        }
    }
}
