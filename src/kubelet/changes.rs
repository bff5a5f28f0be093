//! Changes of pods: new ones, changed and deleted objects, and what a kubelet finds when it starts again.

use super::pod::{Pod, Seen};
use super::{
    Cx, Kubelet, Node, causes, deadline, eviction, node, pleg, prober, resize, status, terminate,
    termination, volumes, worker,
};
use super::{after_kill, backoff};
use crate::api::request::WatchKind;
use crate::api::{Object, Text, Value};
use crate::apiserver::Change;
use crate::collections::{BTreeMap, Order};
use crate::rng::Rng;

impl Kubelet {
    pub(super) fn pod_changed(&mut self, change: &Change, cx: &mut Cx<'_>) {
        let uid = change.new.at("metadata.uid").text();
        match self.pods.get_mut(&uid) {
            None if change.kind == WatchKind::Deleted => {}
            None => self.add(change.new.clone(), cx),
            Some(pod) => {
                let before = std::mem::replace(&mut pod.object, change.new.clone());
                let node = &mut self.node;
                if change.kind == WatchKind::Deleted {
                    pod.worker.deleted = true;
                    pod.worker.ending = true;
                    pod.causes.ending.get_or_insert(cx.api.cause);
                    worker::update(node, pod, cx);
                    self.retry_resizes(cx);
                } else {
                    object_changed(node, pod, cx, &before);
                }
            }
        }
        self.sweep(&uid, cx);
    }

    /// Forgets a pod whose object and worker are both done.
    pub(super) fn sweep(&mut self, uid: &str, cx: &mut Cx<'_>) {
        let over = |p: &Pod| p.worker.deleted && p.worker.phase == worker::Phase::Finished;
        if self.pods.get(uid).is_some_and(over)
            && let Some(mut pod) = self.pods.remove(uid)
        {
            terminate::remove(&mut self.node, &mut pod, cx);
        }
    }

    /// Tries deferred resizes again after a pod has gone.
    fn retry_resizes(&mut self, cx: &mut Cx<'_>) {
        for pod in self.pods.values_mut().filter(|p| p.resizes.deferred()) {
            resize::retry(&self.node, pod, cx);
            worker::update(&mut self.node, pod, cx);
        }
    }

    fn add(&mut self, object: Object, cx: &mut Cx<'_>) {
        if matches!(object.at("status.phase").str(), "Succeeded" | "Failed") && !object.is_deleting() {
            return;
        }
        let uid = object.at("metadata.uid").text();
        let key = object.key();
        let rng = Rng::stream(self.node.seed, &format!("kubelet pod {}", key.path()));
        let mut pod = Pod {
            limits_storage: eviction::limits_storage(&object),
            uid: uid.clone(),
            key: key.clone(),
            status: object["status"].clone(),
            object,
            worker: worker::Worker::default(),
            seen: Seen::default(),
            sandboxes: Vec::new(),
            sandbox_ready: false,
            instances: Vec::new(),
            reasons: BTreeMap::new(),
            backoffs: backoff::BackOffs::default(),
            probes: Vec::new(),
            results: prober::Results::default(),
            published: BTreeMap::new(),
            volumes: volumes::Volumes::default(),
            allocated: BTreeMap::new(),
            allocated_pod: None,
            actuated: BTreeMap::new(),
            resizes: resize::Resizes::default(),
            attempts: BTreeMap::new(),
            restarting_all: false,
            messages: BTreeMap::new(),
            causes: causes::Causes::default(),
            rng,
        };
        pod.worker.ending = pod.object.is_deleting();
        if !pod.worker.ending && !node::admit(&mut self.node, &self.pods, &mut pod, cx) {
            return;
        }
        deadline::arm(&self.node, &pod, cx);
        eviction::arm(&mut self.node, &pod, cx);
        worker::update(&mut self.node, &mut pod, cx);
        self.pods.insert(uid, pod);
    }

    pub(super) fn relist_all(&mut self, cx: &mut Cx<'_>) {
        let mut now: Vec<Object> = cx.api.pods_on(&self.node.name).cloned().collect();
        let present: Vec<Text> = now.iter().map(|p| p.at("metadata.uid").text()).collect();
        now.order_by(|a, b| created(a).cmp(&created(b)));
        let mut known = std::mem::take(&mut self.pods);
        for object in now {
            let uid = object.at("metadata.uid").text();
            match known.remove(&uid) {
                None => self.add(object, cx),
                Some(pod) => self.find_again(pod, object, cx),
            }
        }
        for (uid, pod) in known {
            self.pods.insert(uid, pod);
        }
        let gone: Vec<Text> = self.pods.keys().filter(|uid| !present.contains(uid)).cloned().collect();
        for uid in gone {
            if let Some(pod) = self.pods.get_mut(&uid) {
                remember_nothing(&mut self.node, pod, cx);
                pod.worker.deleted = true;
                pod.worker.ending = true;
                worker::update(&mut self.node, pod, cx);
            }
            self.sweep(&uid, cx);
        }
    }

    /// A kubelet that starts again admits its pods anew, the oldest first: if the node has less to offer than
    /// before, those that no longer fit fail though they ran.
    fn find_again(&mut self, mut pod: Pod, object: Object, cx: &mut Cx<'_>) {
        let uid = pod.uid.clone();
        pod.object = object;
        remember_nothing(&mut self.node, &mut pod, cx);
        let ended = matches!(pod.object.at("status.phase").str(), "Succeeded" | "Failed");
        let living = !pod.worker.ending && !ended && pod.worker.phase == worker::Phase::Sync;
        if living && !node::admit(&mut self.node, &self.pods, &mut pod, cx) {
            pod.worker.ending = true;
            status::forget(&mut pod, cx);
        }
        worker::update(&mut self.node, &mut pod, cx);
        self.pods.insert(uid, pod);
    }
}

/// What orders pods by age; those of one second by name.
fn created(pod: &Object) -> (Text, Text) {
    (pod.at("metadata.creationTimestamp").text(), pod.at("metadata.name").text())
}

/// A kubelet that starts again knows of a pod only what the API server and the runtime tell: workers,
/// back-offs and start errors are forgotten; probes begin anew.
fn remember_nothing(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let (step, queued) = (pod.worker.step + 1, pod.worker.queued + 1);
    let finished = pod.worker.phase == worker::Phase::Finished;
    pod.worker =
        worker::Worker { step, queued, ending: pod.object.is_deleting(), ..worker::Worker::default() };
    if finished {
        pod.worker.phase = worker::Phase::Finished;
    }
    pod.backoffs = backoff::BackOffs::default();
    pod.reasons.clear();
    pleg::look(pod, cx.cri, cx.api.now);
    prober::restart(node, pod, cx);
    if pod.object.is_deleting() {
        // Its objects are registered for pods that are to run only, so the volumes of this one cannot be
        // verified (pkg/kubelet/util/manager).
        for volume in pod.object.at("spec.volumes").items() {
            let sources = volume.at("projected.sources").items();
            if let Some(map) = sources.iter().map(|s| &s["configMap"]).find(|c| c.is_some()) {
                let message = format!(
                    "MountVolume.SetUp failed for volume \"{}\" : object \"{}\"/\"{}\" not registered",
                    volume["name"].str(),
                    pod.key.namespace,
                    map["name"].str()
                );
                node.event(pod, cx, "", "Warning", "FailedMount", &message);
            }
        }
    }
}

/// The object of a pod has changed.
fn object_changed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, before: &Value) {
    let now = &pod.object;
    if now.is_deleting() && !pod.worker.ending {
        pod.worker.ending = true;
        pod.causes.ending = Some(cx.api.cause);
        worker::update(node, pod, cx);
        if pod.worker.task == worker::Task::Mounting {
            // Waiting for volumes is cut short.
            worker::step(node, pod, cx);
        }
        return;
    }
    let grace = now.at("metadata.deletionGracePeriodSeconds");
    if pod.worker.ending && *grace != *before.at("metadata.deletionGracePeriodSeconds") {
        let grace = grace.int_or(0);
        termination::shorten(pod, cx, grace);
        after_kill(node, pod, cx);
        return;
    }
    let meta = |v: &Value| (v.at("metadata.labels").clone(), v.at("metadata.annotations").clone());
    if now["spec"] != before["spec"] || meta(now) != meta(before) {
        deadline::arm(node, pod, cx);
        resize::asked(node, pod, cx, before);
        worker::update(node, pod, cx);
    } else if gates_changed(pod, before) {
        worker::update(node, pod, cx);
    }
}

/// Whether a condition that the pod's readiness waits for was changed by somebody else.
fn gates_changed(pod: &Pod, before: &Value) -> bool {
    let gates = pod.object.at("spec.readinessGates").items();
    let of = |v: &Value, kind: &str| v.at("status.conditions").find("type", kind)["status"].clone();
    gates.iter().any(|g| {
        let kind = g["conditionType"].str();
        of(&pod.object, kind) != of(before, kind)
    })
}
