//! Lifecycle hooks: postStart and preStop by exec, httpGet or sleep.

use super::pod::{ContainerRef, Pod};
use super::prober::http;
use super::{Cx, Node};
use crate::api::Value;
use crate::cri::{ContainerId, ExecConfig, Health, HttpGet, SessionEnd, SessionId};
use crate::time::Span;

/// From ExecSync to the command's first instruction (runc exec; a preStop command begins 30–60 ms after the
/// deletion).
const EXEC: Span = Span::millis(40);

/// A hook may take as long as it likes; who waits for it may give up. Nothing waits this long.
const NO_LIMIT: Span = Span::secs(10 * 365 * 86_400);

/// How long it takes until a hook acts.
pub fn lead(handler: &Value) -> Span {
    if handler.at("exec.command").is_some() { EXEC } else { Span::ZERO }
}

/// A hook that has begun.
#[derive(Clone, Debug, PartialEq)]
pub enum Hook {
    /// It runs; its session will end.
    Session(SessionId),
    /// It sleeps.
    Sleep(Span),
    /// It could not be begun, for this reason.
    Failed(String),
}

/// Begins a hook (`handler` is `lifecycle.postStart` or `lifecycle.preStop`).
pub fn run(
    node: &Node,
    pod: &Pod,
    cx: &mut Cx<'_>,
    at: ContainerRef,
    id: ContainerId,
    handler: &Value,
) -> Hook {
    if let Some(seconds) = handler.at("sleep.seconds").as_int() {
        return Hook::Sleep(Span::secs(seconds.unsigned_abs()));
    }
    let exec = handler.at("exec.command");
    if exec.is_some() {
        let argv = exec.items().iter().map(Value::text).collect();
        let config = ExecConfig { argv, timeout: Some(NO_LIMIT), ..ExecConfig::default() };
        return match cx.cri.exec(cx.world, cx.api.now, id, config) {
            Ok(session) => Hook::Session(session),
            Err(text) => Hook::Failed(exec_failure(pod, at, handler, &text)),
        };
    }
    let get = &handler["httpGet"];
    if get.is_null() {
        return Hook::Failed("invalid handler".to_string());
    }
    match http::target(pod, pod.spec(at), get) {
        Ok(target) => {
            let request = HttpGet { timeout: NO_LIMIT, ..target.request };
            Hook::Session(cx.cri.http_get(cx.world, cx.api.now, node.cri, request))
        }
        Err(why) => Hook::Failed(why),
    }
}

/// Whether a hook that has ended so counts as done. Any answer to a hook's request will do but errors of
/// the server's side (pkg/kubelet/lifecycle `isHTTPResponseError` aside, upstream takes every status below 400).
pub fn succeeded(end: &SessionEnd) -> bool {
    match end {
        SessionEnd::Exit(code) => *code == 0,
        SessionEnd::Http(status, _) => *status < 400,
        SessionEnd::Connected => true,
        SessionEnd::Health(health) => *health == Health::Serving,
        SessionEnd::TimedOut | SessionEnd::Unanswered | SessionEnd::ContainerGone | SessionEnd::Failed(_) => {
            false
        }
    }
}

/// The message of a hook that has failed (pkg/kubelet/lifecycle/handlers.go).
pub fn failure(pod: &Pod, at: ContainerRef, handler: &Value, end: &SessionEnd, output: &[u8]) -> String {
    let get = &handler["httpGet"];
    if get.is_some() {
        let target = http::target(pod, pod.spec(at), get);
        let path = target.as_ref().map_or("", |t| t.request.path.as_str());
        let why = match end {
            SessionEnd::Failed(why) => why.to_string(),
            SessionEnd::Http(status, _) => format!("HTTP probe failed with statuscode: {status}"),
            _ => "context deadline exceeded".to_string(),
        };
        let name = pod.spec(at)["name"].str();
        return format!(
            "HTTP lifecycle hook ({path}) for Container \"{name}\" in Pod \"{}\" failed - error: {why}",
            pod.label()
        );
    }
    let argv: Vec<&str> = handler.at("exec.command").items().iter().map(Value::str).collect();
    let code = match end {
        SessionEnd::Exit(code) => *code,
        _ => 137,
    };
    let text = String::from_utf8_lossy(output);
    let why = format!("command '{}' exited with {code}: {text}", argv.join(" "));
    exec_failure(pod, at, handler, &why)
}

fn exec_failure(pod: &Pod, at: ContainerRef, handler: &Value, why: &str) -> String {
    let argv: Vec<&str> = handler.at("exec.command").items().iter().map(Value::str).collect();
    let name = pod.spec(at)["name"].str();
    format!(
        "Exec lifecycle hook ([{}]) for Container \"{name}\" in Pod \"{}\" failed - error: {why}, message: \"\"",
        argv.join(" "),
        pod.label()
    )
}
