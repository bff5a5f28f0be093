//! Starting one container: back-off, image, configuration, create, start, postStart.

use super::actions::{Kill, KillReason};
use super::backoff::go_duration;
use super::images::{self, Image, Wanted};
use super::lifecycle::{self, Hook};
use super::pod::{ContainerRef, Pod, Section};
use super::worker::{self, Task};
use super::{Cx, Node, SessionOwner, causes, config, rules, sync, termination};
use crate::api::{Text, Value};
use crate::cri::{ContainerId, Pull, SessionEnd};
use crate::time::{Span, Time};

/// From the sandbox (or the image) to the CreateContainer call (measured alone: median 8 ms).
const BEFORE_CREATE: Span = Span::millis(8);

/// A container being started.
#[derive(Clone, Debug)]
pub struct Starting {
    at: ContainerRef,
    name: Text,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Pulling { asked: Time, began: Time, pull: Pull },
    Create,
    Created(Result<ContainerId, Text>),
    Started(ContainerId, Result<(), Text>),
    HookDue(ContainerId),
    Hook(ContainerId),
    HookFailed(Text),
}

/// Begins to start a container.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, at: ContainerRef) {
    let name = pod.spec(at)["name"].text();
    pod.worker.starting = Some(Starting { at, name: name.clone(), stage: Stage::Create });
    let key = back_off_key(&name, &pod.spec(at)["image"]);
    if let Some(until) = back_off(node, pod, cx, &name, &key) {
        let wait = go_duration(pod.backoffs.wait(&key));
        let message = format!("back-off {wait} restarting failed container={name} pod={}", pod.label());
        return fail(node, pod, cx, "CrashLoopBackOff", &message, Some(until));
    }
    if let Some((reason, message)) = super::image_volumes::failure(pod, at) {
        node.event(pod, cx, &name, "Warning", "Failed", &format!("Error: {reason}"));
        return fail(node, pod, cx, reason, &message, None);
    }
    let wanted = Wanted::by_container(pod.spec(at));
    match images::ensure(node, pod, cx, &wanted) {
        Image::Present => wait(pod, cx, cx.api.now + BEFORE_CREATE, Stage::Create),
        Image::Pulling { began, at: due, pull } => {
            wait(pod, cx, due, Stage::Pulling { asked: cx.api.now, began, pull });
        }
        Image::Failed { reason, message } => {
            node.event(pod, cx, &name, "Warning", "Failed", &format!("Error: {reason}"));
            fail(node, pod, cx, reason, &message, None);
        }
    }
}

/// What a container's back-off goes by: its name and its content, of which upstream takes name and image
/// (kuberuntime `getStableKey`, container `HashContainer`); with another image it begins anew.
fn back_off_key(name: &str, image: &Value) -> String {
    format!("{name}\n{}", image.str())
}

/// Until when the container has to wait before it may be started again.
fn back_off(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &Text, key: &str) -> Option<Time> {
    let finished = *pod.worker.run.exits.get(name)?;
    let now = cx.api.now;
    if let Some(until) = pod.backoffs.waiting(key, finished, now) {
        let wait = go_duration(pod.backoffs.wait(key));
        causes::after_end(pod, cx, name);
        let until_text = Text::from(until.0.to_string());
        let values = vec![("container", name.clone()), ("wait", Text::from(wait)), ("until", until_text)];
        cx.api.rule(rules::BACK_OFF, &pod.path(name), values);
        let message = format!("Back-off restarting failed container {name} in pod {}", pod.label());
        node.event(pod, cx, name, "Warning", "BackOff", &message);
        return Some(until);
    }
    let waited = pod.backoffs.wait(key);
    let waited = if waited == Span::ZERO { String::new() } else { go_duration(waited) };
    causes::restart(pod, cx, name, &waited);
    pod.backoffs.next(key, finished, now);
    None
}

/// Goes on with the start as far as it can.
pub fn step(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let Some(Starting { at, name, stage }) = pod.worker.starting.take() else { return };
    pod.worker.starting = Some(Starting { at, name: name.clone(), stage: Stage::Create });
    match stage {
        Stage::Pulling { asked, began, pull } => pulled(node, pod, cx, at, asked, began, pull),
        Stage::Create => create(node, pod, cx, at),
        Stage::Created(Ok(id)) => {
            pod.instances.push(id);
            node.containers.insert(id, pod.uid.clone());
            pod.causes.born(id, cx.api.cause);
            node.event(pod, cx, &name, "Normal", "Created", "Container created");
            let started = cx.cri.start_container(cx.world, cx.api.now, id);
            wait(pod, cx, started.at, Stage::Started(id, started.result));
        }
        Stage::Created(Err(text)) => {
            causes::not_startable(pod, cx, &name, "CreateContainerError", &text);
            node.event(pod, cx, &name, "Warning", "Failed", &format!("Error: {text}"));
            fail(node, pod, cx, "CreateContainerError", &text, None);
        }
        Stage::Started(_, Err(text)) => {
            causes::not_startable(pod, cx, &name, "RunContainerError", &text);
            node.event(pod, cx, &name, "Warning", "Failed", &format!("Error: {text}"));
            node.changed(pod, cx);
            fail(node, pod, cx, "RunContainerError", &text, None);
        }
        Stage::Started(id, Ok(())) => {
            causes::started(pod, cx, &name, id);
            node.event(pod, cx, &name, "Normal", "Started", "Container started");
            node.changed(pod, cx);
            let hook = pod.spec(at).at("lifecycle.postStart");
            if hook.is_null() {
                return succeed(node, pod, cx);
            }
            let due = cx.api.now + lifecycle::lead(hook);
            wait(pod, cx, due, Stage::HookDue(id));
        }
        Stage::HookDue(id) => post_start(node, pod, cx, at, id),
        Stage::Hook(_) => succeed(node, pod, cx),
        Stage::HookFailed(why) => {
            if pod.worker.kills.done() {
                node.changed(pod, cx);
                fail(node, pod, cx, "PostStartHookError", &why, None);
            } else {
                set_stage(pod, Stage::HookFailed(why));
            }
        }
    }
}

fn wait(pod: &mut Pod, cx: &mut Cx<'_>, at: Time, stage: Stage) {
    set_stage(pod, stage);
    worker::wait_until(pod, cx, at);
}

fn set_stage(pod: &mut Pod, to: Stage) {
    if let Some(starting) = &mut pod.worker.starting {
        starting.stage = to;
    }
}

fn pulled(
    node: &mut Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    at: ContainerRef,
    asked: Time,
    began: Time,
    pull: Pull,
) {
    let wanted = Wanted::by_container(pod.spec(at));
    match images::pulled(node, pod, cx, &wanted, asked, began, pull) {
        Ok(()) => wait(pod, cx, cx.api.now + BEFORE_CREATE, Stage::Create),
        Err(message) => {
            let name = pod.spec(at)["name"].text();
            node.event(pod, cx, &name, "Warning", "Failed", "Error: ErrImagePull");
            fail(node, pod, cx, "ErrImagePull", &message, None);
        }
    }
}

fn create(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, at: ContainerRef) {
    let name = pod.spec(at)["name"].text();
    let config = match config::container_config(node, pod, cx, at) {
        Ok(config) => config,
        Err(message) => {
            causes::not_startable(pod, cx, &name, "CreateContainerConfigError", &message);
            node.event(pod, cx, &name, "Warning", "Failed", &format!("Error: {message}"));
            return fail(node, pod, cx, "CreateContainerConfigError", &message, None);
        }
    };
    let Some(sandbox) = pod.newest_sandbox() else {
        return fail(node, pod, cx, "CreateContainerError", "no sandbox", None);
    };
    images::learn_name(node, cx, &config.image);
    let created = cx.cri.create_container(cx.world, cx.api.now, sandbox, config);
    wait(pod, cx, created.at, Stage::Created(created.result));
}

fn post_start(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, at: ContainerRef, id: ContainerId) {
    let hook = pod.spec(at).at("lifecycle.postStart").clone();
    match lifecycle::run(node, pod, cx, at, id, &hook) {
        Hook::Session(session) => {
            node.sessions.insert(session, SessionOwner::PostStart { pod: pod.uid.clone() });
            set_stage(pod, Stage::Hook(id));
        }
        Hook::Sleep(span) => wait(pod, cx, cx.api.now + span, Stage::Hook(id)),
        Hook::Failed(why) => hook_failed(node, pod, cx, id, &why),
    }
}

/// The session of a postStart hook has ended.
pub fn hook_ended(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, end: &SessionEnd, output: &[u8]) {
    let Some(Starting { stage: Stage::Hook(id), at, .. }) = &pod.worker.starting else { return };
    let (id, at) = (*id, *at);
    if lifecycle::succeeded(end) {
        succeed(node, pod, cx);
    } else {
        let why = lifecycle::failure(pod, at, &pod.spec(at).at("lifecycle.postStart").clone(), end, output);
        hook_failed(node, pod, cx, id, &why);
    }
}

/// A container that is killed because its hook failed may be gone.
pub fn kill_progressed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if let Some(Starting { stage: Stage::HookFailed(_), .. }) = &pod.worker.starting {
        step(node, pod, cx);
    }
}

fn hook_failed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId, why: &str) {
    let Some(starting) = &pod.worker.starting else { return };
    let name = starting.name.clone();
    cx.api.rule(
        rules::POST_START,
        &pod.path(&name),
        vec![("container", name.clone()), ("message", Text::from(why))],
    );
    node.event(pod, cx, &name, "Warning", "FailedPostStartHook", "PostStartHook failed");
    set_stage(pod, Stage::HookFailed(Text::from(why)));
    let message = "FailedPostStartHook".to_string();
    let kill = Kill { id, name, message, reason: KillReason::PostStart };
    termination::begin(node, pod, cx, vec![kill], None);
    step(node, pod, cx);
}

fn succeed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if let Some(starting) = pod.worker.starting.take() {
        pod.reasons.remove(&starting.name);
    }
    sync::next(node, pod, cx);
}

fn fail(
    node: &mut Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    reason: &'static str,
    message: &str,
    until: Option<Time>,
) {
    let Some(starting) = pod.worker.starting.take() else { return };
    pod.reasons.insert(starting.name.clone(), (Text::lit(reason), Text::from(message)));
    pod.worker.task = Task::Starting;
    sync::start_failed(node, pod, cx, starting.at, until);
}

/// How often a container was started before: its next restart count.
pub fn next_attempt(pod: &Pod, cx: &Cx<'_>, at: ContainerRef) -> u32 {
    let name = pod.spec(at)["name"].str();
    if at.section == Section::Ephemeral {
        return 0;
    }
    let newest = pod.instances.iter().rev().filter_map(|id| cx.cri.status(*id)).find(|s| s.name == name);
    newest.map_or_else(|| pod.attempts.get(name).copied().unwrap_or(0), |s| s.attempt + 1)
}
