//! What brought things about on this node, in the trace: starts and ends of containers, probes, waits.
//!
//! A kubelet notices things late and together (a relist looks at many pods at once), so each pod keeps the
//! causes that its later steps go back to: the start of each instance, its end, the verdict of a probe, and
//! what asked for the pod's end.

use super::actions::KillReason;
use super::pod::{Pod, is_sidecar};
use super::prober::ProbeKind;
use super::{Cx, SessionOwner, rules};
use crate::api::{Text, Value};
use crate::collections::BTreeMap;
use crate::cri::ContainerId;
use crate::trace::Cause;

/// How much of a command line or a probe's message an explanation shows, in characters.
const SHOWN: usize = 200;

/// The causes that a pod's later steps go back to.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    born: BTreeMap<ContainerId, Cause>,
    ended: BTreeMap<Text, Cause>,
    verdicts: BTreeMap<(Text, ProbeKind), Cause>,
    /// What asked for the pod's end.
    pub ending: Option<Cause>,
    /// What a status comes from that could not be written, as the API server was away.
    pub unsaid: Option<Cause>,
}

impl Causes {
    /// An instance was made because of this.
    pub fn born(&mut self, id: ContainerId, cause: Cause) {
        self.born.insert(id, cause);
    }

    /// Forgets an instance.
    pub fn forget(&mut self, id: ContainerId) {
        self.born.remove(&id);
    }
}

fn clip(text: &str) -> Text {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Text::from(format!("{}…", &text[..end])),
        None => Text::from(text.trim_end()),
    }
}

/// A container was started.
pub fn started(pod: &mut Pod, cx: &mut Cx<'_>, name: &Text, id: ContainerId) {
    let Some(status) = cx.cri.status(id) else { return };
    let values = vec![("container", name.clone()), ("restarts", Text::from(status.attempt.to_string()))];
    let cause = cx.api.rule(rules::STARTED, &pod.path(name), values);
    pod.causes.born.insert(id, cause);
}

/// A container has ended: because it was killed, or by itself. What the kubelet does about it follows from that.
pub fn ended(pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId) {
    let Some(status) = cx.cri.status(id) else { return };
    let name = status.name.clone();
    let mut values = vec![("container", name.clone()), ("code", Text::from(status.exit_code.to_string()))];
    if status.signal != 0 {
        values.push(("signal", Text::from(status.signal.to_string())));
    }
    let killed = pod.worker.kills.cause(id);
    let rule = match status.reason {
        "OOMKilled" => {
            let limit = pod.lookup(&name).map_or("", |at| pod.spec(at).at("resources.limits.memory").str());
            values.push(("limit", Text::from(limit)));
            if let Some(used) = cx.cri.memory_wanted(cx.world, id) {
                values.push(("used", Text::from(format!("{}Mi", used.div_ceil(1 << 20)))));
            }
            if limit.is_empty() { rules::NODE_OOM } else { rules::OOM }
        }
        _ if killed.is_some() => rules::KILLED,
        "Completed" => rules::COMPLETED,
        _ => rules::EXITED,
    };
    let born = pod.causes.born.get(&id).copied();
    cx.api.cause = killed.or(born).unwrap_or(cx.api.cause);
    let actor = std::mem::replace(&mut cx.api.actor, Text::lit("containerd"));
    let cause = cx.api.rule(rule, &pod.path(&name), values);
    cx.api.actor = actor;
    pod.causes.ended.insert(name, cause);
}

/// What follows is because a container's last instance has ended.
pub fn after_end(pod: &Pod, cx: &mut Cx<'_>, name: &str) {
    if let Some(cause) = pod.causes.ended.get(name) {
        cx.api.cause = *cause;
    }
}

/// What follows is done by somebody whom a container's instance brought about: its probes and hooks.
pub fn resume(pod: &Pod, cx: &mut Cx<'_>, owner: &SessionOwner) {
    let cause = match owner {
        SessionOwner::Probe { index, .. } => {
            pod.probes.get(*index).and_then(|p| p.id).and_then(|id| pod.causes.born.get(&id).copied())
        }
        SessionOwner::PreStop { container, .. } => pod.worker.kills.cause(*container),
        SessionOwner::PostStart { .. } => {
            pod.instances.last().and_then(|id| pod.causes.born.get(id).copied())
        }
    };
    if let Some(cause) = cause {
        cx.api.cause = cause;
    }
}

/// A probe has failed once more.
pub fn probe_failed(pod: &Pod, cx: &mut Cx<'_>, index: usize, output: &str) {
    let probe = &pod.probes[index];
    let threshold = probe.spec["failureThreshold"].int_or(3);
    let values = vec![
        ("container", probe.container.clone()),
        ("probe", Text::lit(probe.kind.noun())),
        ("message", clip(output)),
        ("count", Text::from(probe.failures_with_next().to_string())),
        ("threshold", Text::from(threshold.to_string())),
    ];
    cx.api.rule(rules::PROBE_FAILED, &pod.path(&probe.container), values);
}

/// A probe has come to a verdict.
pub fn probe_verdict(pod: &mut Pod, cx: &mut Cx<'_>, index: usize, failed: bool, threshold: i64) {
    let probe = &pod.probes[index];
    let (kind, name) = (probe.kind, probe.container.clone());
    let values = vec![
        ("container", name.clone()),
        ("probe", Text::lit(kind.noun())),
        ("threshold", Text::from(threshold.to_string())),
        ("period", Text::from(format!("{}s", probe.period().as_secs()))),
    ];
    let rule = match (failed, kind) {
        (false, _) => rules::PROBE_SUCCEEDED,
        (true, ProbeKind::Readiness) => rules::NOT_READY,
        (true, _) => rules::PROBE_THRESHOLD,
    };
    let cause = cx.api.rule(rule, &pod.path(&name), values);
    pod.causes.verdicts.insert((name, kind), cause);
}

/// A container is to be killed for this reason.
pub fn kill(pod: &Pod, cx: &mut Cx<'_>, name: &Text, reason: KillReason) {
    let kind = match reason {
        KillReason::Liveness => ProbeKind::Liveness,
        KillReason::Startup => ProbeKind::Startup,
        KillReason::Other | KillReason::PostStart => return,
    };
    if let Some(cause) = pod.causes.verdicts.get(&(name.clone(), kind)) {
        cx.api.cause = *cause;
    }
}

/// A container that ended may be started again: by whose policy, and after which wait.
pub fn restart(pod: &Pod, cx: &mut Cx<'_>, name: &Text, waited: &str) {
    after_end(pod, cx, name);
    let own = pod.lookup(name).map_or(&Value::Null, |at| pod.spec(at));
    let policy = match own["restartPolicy"].str() {
        "" => super::pod::restart_policy(&pod.object),
        own => own,
    };
    let mut values = vec![("container", name.clone()), ("policy", Text::from(policy))];
    if !waited.is_empty() {
        values.push(("wait", Text::from(waited)));
    }
    let rule = if is_sidecar(own) { rules::RESTART_SIDECAR } else { rules::RESTART };
    cx.api.rule(rule, &pod.path(name), values);
}

/// A container cannot be started as things are.
pub fn not_startable(pod: &Pod, cx: &mut Cx<'_>, name: &Text, reason: &str, message: &str) {
    let rule = match reason {
        "ErrImagePull" => rules::PULL_FAILED,
        "InvalidImageName" | "ErrImageNeverPull" => rules::IMAGE,
        "CreateContainerConfigError" => rules::CONFIG,
        _ => rules::START_FAILED,
    };
    let image = pod.lookup(name).map_or("", |at| pod.spec(at)["image"].str());
    let values = vec![
        ("container", name.clone()),
        ("reason", Text::from(reason)),
        ("image", Text::from(image)),
        ("message", clip(message)),
    ];
    cx.api.rule(rule, &pod.path(name), values);
}

/// A volume cannot be mounted as things are.
pub fn not_mounted(pod: &Pod, cx: &mut Cx<'_>, volume: &Text, message: &str) {
    let values = vec![("volume", volume.clone()), ("message", clip(message))];
    cx.api.rule(rules::MOUNT, &pod.path(""), values);
}
