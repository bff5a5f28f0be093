//! Carrying a probe out: exec, httpGet, tcpSocket, grpc; their results in the kubelet's words
//! (pkg/kubelet/prober/prober.go, pkg/probe/*).

use super::worker::conclude;
use super::{Outcome, http};
use crate::api::Value;
use crate::cri::{ExecConfig, Health, HttpGet, SessionEnd};
use crate::kubelet::pod::Pod;
use crate::kubelet::{Cx, Node, SessionOwner, causes};
use crate::time::Span;

/// prober.go `maxProbeRetries`: how often a probe that errors is tried at once.
const RETRIES: u32 = 3;
/// pkg/probe/exec `maxReadLength`: how much of a command's output is kept.
const MAX_OUTPUT: usize = 10 * 1024;

/// How the gRPC client of the runtime puts an error without a code of its own.
const RPC_ERROR: &str = "rpc error: code = Unknown desc = ";

/// Begins a probe.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize) {
    let probe = &mut pod.probes[index];
    let Some(id) = probe.id else { return };
    let (spec, timeout, name) = (probe.spec.clone(), probe.timeout(), probe.container.clone());
    let Some(at) = pod.lookup(&name) else { return };
    let command = spec.at("exec.command");
    if command.is_some() {
        let argv = command.items().iter().map(Value::text).collect();
        let config = ExecConfig { argv, timeout: Some(timeout), ..ExecConfig::default() };
        match cx.cri.exec(cx.world, cx.api.now, id, config) {
            Ok(session) => hold(node, pod, index, session),
            Err(text) => errored(node, pod, cx, index, &format!("{RPC_ERROR}{text}")),
        }
        return;
    }
    let container = pod.spec(at).clone();
    if spec["httpGet"].is_some() {
        match http::target(pod, &container, &spec["httpGet"]) {
            Ok(target) => {
                let request = HttpGet { timeout, ..target.request };
                let session = cx.cri.http_get(cx.world, cx.api.now, node.cri, request);
                hold(node, pod, index, session);
            }
            Err(why) => errored(node, pod, cx, index, &why),
        }
        return;
    }
    let (socket, grpc) = (&spec["tcpSocket"], &spec["grpc"]);
    if socket.is_some() {
        let host = if socket["host"].is_empty() { pod.seen.ip.clone() } else { socket["host"].text() };
        match http::port(&container, &socket["port"]) {
            Ok(port) => {
                let session = cx.cri.tcp_dial(cx.world, cx.api.now, node.cri, &host, port, timeout);
                hold(node, pod, index, session);
            }
            Err(why) => errored(node, pod, cx, index, &why),
        }
    } else if grpc.is_some() {
        let port = u16::try_from(grpc["port"].int_or(0)).unwrap_or_default();
        let (ip, service) = (pod.seen.ip.clone(), grpc["service"].text());
        let session = cx.cri.grpc_check(cx.world, cx.api.now, node.cri, (&ip, port), &service, timeout);
        hold(node, pod, index, session);
    }
}

fn hold(node: &mut Node, pod: &mut Pod, index: usize, session: crate::cri::SessionId) {
    node.sessions.insert(session, SessionOwner::Probe { pod: pod.uid.clone(), index });
    pod.probes[index].session = Some(session);
}

/// A probe's session has ended.
pub fn session_ended(
    node: &mut Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    index: usize,
    end: &SessionEnd,
    output: &[u8],
) {
    let Some(probe) = pod.probes.get_mut(index) else { return };
    probe.session = None;
    if probe.stopped {
        return;
    }
    let timeout = probe.timeout();
    let spec = probe.spec.clone();
    match end {
        SessionEnd::Exit(0) | SessionEnd::Connected => conclude(node, pod, cx, index, Some(Outcome::Success)),
        SessionEnd::Exit(_) => {
            let kept = &output[..output.len().min(MAX_OUTPUT)];
            let text = String::from_utf8_lossy(kept).into_owned();
            failed(node, pod, cx, index, &text);
        }
        SessionEnd::TimedOut if spec["exec"].is_some() => {
            let argv: Vec<&str> = spec.at("exec.command").items().iter().map(Value::str).collect();
            let text =
                format!("command timed out: \"{}\" timed out after {}", argv.join(" "), go_seconds(timeout));
            failed(node, pod, cx, index, &text);
        }
        SessionEnd::Health(Health::Serving) => conclude(node, pod, cx, index, Some(Outcome::Success)),
        SessionEnd::Health(Health::NotServing) => {
            failed(node, pod, cx, index, "service unhealthy (responded with \"NOT_SERVING\")");
        }
        SessionEnd::Health(Health::UnknownService) => {
            let why = "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service";
            failed(node, pod, cx, index, why);
        }
        SessionEnd::Unanswered => {
            let why = format!("timeout: health rpc did not complete within {}", go_seconds(timeout));
            failed(node, pod, cx, index, &why);
        }
        SessionEnd::TimedOut if spec["grpc"].is_some() => {
            let (ip, port, within) = (&pod.seen.ip, spec.at("grpc.port").int_or(0), go_seconds(timeout));
            let why = format!(
                "timeout: failed to connect service \"{ip}:{port}\" within {within}: context deadline exceeded"
            );
            failed(node, pod, cx, index, &why);
        }
        SessionEnd::Http(status, body) if (200..400).contains(status) => {
            if *status >= 300 {
                warned(node, pod, cx, index, &format!("Probe terminated redirects, Response body: {body}"));
            }
            conclude(node, pod, cx, index, Some(Outcome::Success));
        }
        SessionEnd::Http(status, _) => {
            failed(node, pod, cx, index, &format!("HTTP probe failed with statuscode: {status}"));
        }
        SessionEnd::TimedOut | SessionEnd::ContainerGone | SessionEnd::Failed(_) => {
            let why = match end {
                SessionEnd::Failed(why) => why.to_string(),
                _ => "container is gone".to_string(),
            };
            failed(node, pod, cx, index, &why);
        }
    }
}

/// A probe has passed, but not as it should.
fn warned(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, output: &str) {
    let (kind, name) = (pod.probes[index].kind, pod.probes[index].container.clone());
    let message = format!("{} probe warning: {output}", kind.noun());
    node.event(pod, cx, &name, "Warning", "ProbeWarning", &message);
}

fn failed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, output: &str) {
    let (kind, name) = (pod.probes[index].kind, pod.probes[index].container.clone());
    let message = format!("{} probe failed: {output}", kind.noun());
    causes::probe_failed(pod, cx, index, output);
    node.event(pod, cx, &name, "Warning", "Unhealthy", &message);
    conclude(node, pod, cx, index, Some(Outcome::Failure));
}

fn errored(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, text: &str) {
    pod.probes[index].errors += 1;
    if pod.probes[index].errors < RETRIES {
        begin(node, pod, cx, index);
        return;
    }
    let (kind, name) = (pod.probes[index].kind, pod.probes[index].container.clone());
    let message = format!("{} probe errored and resulted in unknown state: {text}", kind.noun());
    causes::probe_failed(pod, cx, index, text);
    node.event(pod, cx, &name, "Warning", "Unhealthy", &message);
    conclude(node, pod, cx, index, None);
}

fn go_seconds(span: Span) -> String {
    crate::kubelet::backoff::go_duration(span)
}
