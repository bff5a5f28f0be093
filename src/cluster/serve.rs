//! How nodes serve the streams of clients: exec, attach, forwarded ports and logs.

use super::Cluster;
use super::streams::{LogFormat, NodeState, NodeStream};
use crate::api::object::Key;
use crate::api::request::{Channel, StreamEnd, StreamId};
use crate::api::{Kind, Object, Request, Status, Text};
use crate::cri::{ContainerId, ExecConfig, LogEntry, LogStream, SessionEnd};
use crate::kubelet::logs;
use crate::time::{Span, Time, parse_rfc3339};
use std::rc::Rc;

impl Cluster {
    /// Opens what was asked for and moves bytes between clients and nodes. Returns whether anything moved.
    pub(super) fn serve_streams(&mut self) -> bool {
        let ids: Vec<StreamId> = self.streams.nodes.keys().copied().collect();
        let mut busy = false;
        for id in ids {
            let Some(mut stream) = self.streams.nodes.remove(&id) else { continue };
            let keep = if stream.request.subresource.is_empty() {
                self.hang_up(&stream);
                false
            } else {
                busy |= self.serve(&mut stream);
                true
            };
            if keep {
                self.streams.nodes.insert(id, stream);
            }
        }
        if busy {
            self.world.wake_api_waiters();
        }
        busy
    }

    fn hang_up(&mut self, stream: &NodeStream) {
        if let NodeState::Session(session) = stream.state {
            self.runtime.close_session(&mut self.world, session);
        }
    }

    fn serve(&mut self, stream: &mut NodeStream) -> bool {
        match &stream.state {
            NodeState::Asked => {
                match self.open(&stream.request) {
                    Ok(state) => stream.state = state,
                    Err(status) => finish(stream, StreamEnd::Error(status)),
                }
                true
            }
            NodeState::Session(session) => {
                let session = *session;
                self.serve_session(stream, session)
            }
            NodeState::Log(container, from, format) => {
                let (container, from, format) = (*container, *from, format.clone());
                self.serve_log(stream, container, from, format)
            }
            NodeState::Said(text) => {
                stream.arrived.push((Channel::Out, text.clone().into_bytes()));
                finish(stream, StreamEnd::Exit(0));
                true
            }
            NodeState::Over => false,
        }
    }

    fn open(&mut self, request: &Request) -> Result<NodeState, Status> {
        let key = Key::new(Kind::POD, request.namespace.clone().unwrap_or_default(), &request.name);
        let pod = self.api.store.get(&key).cloned().ok_or_else(|| Status::not_found(Kind::POD, &key.name))?;
        let asked = logs::Asked {
            container: request.query("container").unwrap_or(""),
            previous: request.query("previous") == Some("true"),
        };
        let node = self.node_index.get(pod.at("spec.nodeName").str()).copied();
        let kubelet = node.and_then(|n| self.kubelets.get(n)).map(Rc::as_ref);
        if request.subresource == "log" {
            return Ok(match logs::log(&pod, kubelet, &self.runtime, &asked)? {
                logs::Log::Of(container) => self.open_log(request, container),
                logs::Log::Instead(text) => NodeState::Said(text),
            });
        }
        if request.subresource == "portforward" {
            return self.open_forward(request, &pod, node);
        }
        let container = logs::running_container(&pod, kubelet, &self.runtime, &asked, request.subresource)?;
        match request.subresource {
            "exec" => self.open_exec(request, container),
            "attach" => {
                let stdin = request.query("stdin") == Some("true");
                let session = self.runtime.attach(&mut self.world, self.now, container, stdin);
                session
                    .map(NodeState::Session)
                    .ok_or_else(|| logs::cannot_attach(&pod, container, &self.runtime))
            }
            other => Err(Status::not_simulated(other)),
        }
    }

    fn open_exec(&mut self, request: &Request, container: ContainerId) -> Result<NodeState, Status> {
        let argv: Vec<Text> =
            request.options.query.iter().filter(|(k, _)| *k == "command").map(|(_, v)| v.clone()).collect();
        let config = ExecConfig {
            argv,
            stdin: request.query("stdin") == Some("true"),
            tty: request.query("tty") == Some("true"),
            size: (80, 24),
            timeout: None,
        };
        match self.runtime.exec(&mut self.world, self.now, container, config) {
            Ok(session) => Ok(NodeState::Session(session)),
            Err(text) => Err(logs::cannot_exec(&text)),
        }
    }

    fn open_forward(
        &mut self,
        request: &Request,
        pod: &Object,
        node: Option<usize>,
    ) -> Result<NodeState, Status> {
        let sandbox = logs::sandbox(pod, node.and_then(|n| self.kubelets.get(n)).map(Rc::as_ref))?;
        let port = request.query("ports").and_then(|p| p.parse().ok()).unwrap_or_default();
        let session = self.runtime.forward(&mut self.world, self.now, sandbox, port);
        session.map(NodeState::Session).map_err(|why| {
            Status::new(500, "InternalError", format!("error forwarding port {port} to pod, uid : {why}"))
        })
    }

    fn open_log(&self, request: &Request, container: ContainerId) -> NodeState {
        let number = |key: &str| request.query(key).and_then(|v| v.parse::<i64>().ok());
        let since = match (number("sinceSeconds"), request.query("sinceTime").and_then(parse_rfc3339)) {
            (Some(s), _) => self.now - Span::secs(s.unsigned_abs()),
            (_, Some(micros)) => self.epoch().time_of(micros),
            _ => Time::ZERO,
        };
        let (entries, next) = self.runtime.log(container, 0);
        let first = next.saturating_sub(entries.len() as u64);
        let from = match number("tailLines") {
            Some(n) => first + tail(&entries, n.max(0) as u64),
            None => first,
        };
        let format = LogFormat {
            timestamps: request.query("timestamps") == Some("true"),
            since,
            bytes_left: number("limitBytes").map(i64::unsigned_abs),
        };
        NodeState::Log(container, from, format)
    }

    fn serve_session(&mut self, stream: &mut NodeStream, session: crate::cri::SessionId) -> bool {
        let mut busy = false;
        if !stream.input.is_empty() {
            let bytes = std::mem::take(&mut stream.input);
            self.runtime.write_stdin(&mut self.world, session, &bytes);
            busy = true;
        }
        if stream.input_ended {
            stream.input_ended = false;
            self.runtime.close_stdin(&mut self.world, session);
            busy = true;
        }
        let (out, err) = self.runtime.take_output(&mut self.world, session);
        for (channel, bytes) in [(Channel::Out, out), (Channel::Err, err)] {
            if !bytes.is_empty() {
                stream.arrived.push((channel, bytes));
                busy = true;
            }
        }
        if let Some(end) = self.runtime.session_end(session) {
            let end = match end {
                SessionEnd::Exit(code) => StreamEnd::Exit(code),
                SessionEnd::ContainerGone => StreamEnd::Exit(137),
                SessionEnd::Failed(text) => StreamEnd::Error(Status::new(500, "InternalError", text)),
                _ => StreamEnd::Exit(0),
            };
            self.runtime.close_session(&mut self.world, session);
            finish(stream, end);
            busy = true;
        }
        busy
    }

    fn serve_log(
        &mut self,
        stream: &mut NodeStream,
        container: ContainerId,
        from: u64,
        mut format: LogFormat,
    ) -> bool {
        let (entries, next) = self.runtime.log(container, from);
        let bytes = self.formatted(&entries, &mut format);
        let follow = stream.request.query("follow") == Some("true");
        let running = self.runtime.status(container).is_some_and(|s| s.finished_at.is_none());
        let full = format.bytes_left == Some(0);
        stream.state = NodeState::Log(container, next, format);
        let any = !bytes.is_empty();
        if any {
            stream.arrived.push((Channel::Out, bytes));
        }
        if !follow || !running || full {
            finish(stream, StreamEnd::Exit(0));
            return true;
        }
        any
    }

    fn formatted(&self, entries: &[LogEntry], format: &mut LogFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        for e in entries.iter().filter(|e| e.at >= format.since) {
            debug_assert!(matches!(e.stream, LogStream::Stdout | LogStream::Stderr));
            if format.timestamps {
                bytes.extend_from_slice(nano_stamp(self, e.at).as_bytes());
                bytes.push(b' ');
            }
            bytes.extend_from_slice(e.bytes.as_bytes());
            if !e.partial {
                bytes.push(b'\n');
            }
        }
        if let Some(left) = &mut format.bytes_left {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        bytes
    }
}

/// RFC 3339 with nanoseconds, as container logs carry it.
fn nano_stamp(cluster: &Cluster, at: Time) -> String {
    let micro = cluster.epoch().rfc3339_micro(at);
    format!("{}000Z", micro.trim_end_matches('Z'))
}

/// How many entries to skip so that `n` whole lines are left.
fn tail(entries: &[LogEntry], n: u64) -> u64 {
    let mut lines = 0;
    for (i, e) in entries.iter().enumerate().rev() {
        if !e.partial {
            lines += 1;
            if lines > n {
                return i as u64 + 1;
            }
        }
    }
    0
}

fn finish(stream: &mut NodeStream, end: StreamEnd) {
    stream.end = Some(end);
    stream.state = NodeState::Over;
}
