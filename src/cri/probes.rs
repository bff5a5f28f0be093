//! Connections that the kubelet makes from the node, with Go's error texts: TCP dials, HTTP requests (the words
//! and the conversation are in [`super::fetch`]) and gRPC health checks.

use super::fetch::{self, Fetch};
use super::types::{HttpGet, NodeId, SessionEnd, SessionId};
use super::{Due, Kind, Runtime, Session, Streams};
use crate::api::Text;
use crate::images::grpc::{self, Heard};
use crate::os::{Errno, Handle, World};
use crate::time::{Span, Time};

/// Longest answer to a health check that is kept, in bytes.
const ANSWER_BYTES: usize = 16 << 10;

/// The resolver of the nodes.
const NODE_DNS: &str = "192.168.10.10:53";

impl Runtime {
    /// Sends an HTTP GET from the node; ends as [`SessionEnd::Http`] or [`SessionEnd::Failed`].
    pub fn http_get(&mut self, world: &mut World, now: Time, node: NodeId, request: HttpGet) -> SessionId {
        let (ip, port, timeout) = (request.ip.clone(), request.port, request.timeout);
        let kind = Kind::Http(Box::new(Fetch::new(request)));
        self.dial(world, now, node, (&ip, port), timeout, kind)
    }

    /// Asks a gRPC server for the health of a service; ends as [`SessionEnd::Health`], or by its time as
    /// [`SessionEnd::TimedOut`] (a server that cannot be reached is tried until then) or
    /// [`SessionEnd::Unanswered`].
    pub fn grpc_check(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        to: (&str, u16),
        service: &str,
        timeout: Span,
    ) -> SessionId {
        let address = Text::from(format!("{}:{}", to.0, to.1));
        let kind = Kind::Grpc { service: Text::from(service), address, sent: 0, answer: Vec::new() };
        self.dial(world, now, node, to, timeout, kind)
    }

    /// Dials TCP from the node; ends as [`SessionEnd::Connected`] or [`SessionEnd::Failed`].
    pub fn tcp_dial(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        ip: &str,
        port: u16,
        timeout: Span,
    ) -> SessionId {
        let address = Text::from(format!("{ip}:{port}"));
        self.dial(world, now, node, (ip, port), timeout, Kind::Tcp { address })
    }

    fn dial(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        to: (&str, u16),
        timeout: Span,
        kind: Kind,
    ) -> SessionId {
        self.clock = now;
        world.advance_to(now);
        let id = SessionId(self.number());
        let host = if to.0 == "localhost" { "127.0.0.1" } else { to.0 };
        if host.parse::<std::net::Ipv4Addr>().is_err() {
            // The nodes' resolver knows no names of pods and Services.
            let why = format!("dial tcp: lookup {host} on {NODE_DNS}: no such host");
            let why = match &kind {
                Kind::Http(fetch) => format!("Get \"{}\": {why}", fetch.url()),
                _ => why,
            };
            self.open(world, id, Session::new(node, None, kind, Streams::default()));
            self.finish(world, now, id, SessionEnd::Failed(Text::from(why)));
            return id;
        }
        let handle = self.node_cell(world, node).and_then(|cell| world.dial(cell, host, to.1).ok());
        let streams = Streams { out: handle, err: None, input: None };
        self.open(world, id, Session::new(node, None, kind, streams));
        self.set_due(now + timeout, Due::TimeOut(id));
        if handle.is_none() {
            self.probe_failed(world, now, id, Errno::EHOSTUNREACH);
        }
        id
    }

    /// Dials anew for a session whose answer sent it elsewhere.
    fn redial(&mut self, world: &mut World, now: Time, id: SessionId, port: u16) {
        let Some(s) = self.sessions.get_mut(&id) else { return };
        let (node, old) = (s.node, std::mem::take(&mut s.streams));
        let Kind::Http(fetch) = &s.kind else { return };
        let host = fetch.host().to_owned();
        self.release(world, old);
        let handle = self.node_cell(world, node).and_then(|cell| world.dial(cell, &host, port).ok());
        let streams = Streams { out: handle, err: None, input: None };
        if let Some(s) = self.sessions.get_mut(&id) {
            s.streams = streams;
        }
        self.watch(world, streams, super::Owner::Session(id));
        if handle.is_none() {
            self.probe_failed(world, now, id, Errno::EHOSTUNREACH);
        }
    }

    /// Something has changed at a probe's connection.
    pub(super) fn pump_probe(&mut self, world: &mut World, now: Time, id: SessionId) {
        let Some(s) = self.sessions.get_mut(&id) else { return };
        let Some(handle) = s.streams.out else { return };
        let done = match &mut s.kind {
            Kind::Tcp { .. } => match world.write(handle, b"") {
                Ok(_) => Ok(Some(SessionEnd::Connected)),
                Err(errno) => Err(errno),
            },
            Kind::Http(fetch) => fetch.converse(world, handle).map(|came| match came {
                Some(fetch::Came::End(end)) => Some(end),
                Some(fetch::Came::Elsewhere(port)) => {
                    self.redial(world, now, id, port);
                    None
                }
                None => None,
            }),
            Kind::Grpc { service, address, sent, answer } => {
                Ok(call(world, handle, (address, service), sent, answer))
            }
            _ => Ok(None),
        };
        match done {
            Ok(Some(end)) => self.finish(world, now, id, end),
            Ok(None) | Err(Errno::EAGAIN) => {}
            Err(errno) => self.probe_failed(world, now, id, errno),
        }
    }

    /// A connection has failed. (gRPC's client tries again until its time is up.)
    fn probe_failed(&mut self, world: &mut World, now: Time, id: SessionId, errno: Errno) {
        let why = match errno {
            Errno::ECONNREFUSED => "connect: connection refused",
            Errno::EHOSTUNREACH => "connect: no route to host",
            Errno::ETIMEDOUT => "connect: connection timed out",
            _ => "connect: connection reset by peer",
        };
        if self.sessions.get(&id).is_some_and(|s| !matches!(s.kind, Kind::Grpc { .. })) {
            let end = SessionEnd::Failed(self.dial_error(id, why));
            self.finish(world, now, id, end);
        }
    }

    fn dial_error(&self, id: SessionId, why: &str) -> Text {
        let text = match self.sessions.get(&id).map(|s| &s.kind) {
            Some(Kind::Http(fetch)) => {
                format!("Get \"{}\": dial tcp {}: {why}", fetch.url(), fetch.address())
            }
            Some(Kind::Tcp { address }) => format!("dial tcp {address}: {why}"),
            _ => why.to_owned(),
        };
        Text::from(text)
    }

    /// The words for a probe whose time is up.
    pub(super) fn probe_timed_out(&self, id: SessionId) -> SessionEnd {
        const AWAITING: &str = " (Client.Timeout exceeded while awaiting headers)";
        let text = match self.sessions.get(&id).map(|s| &s.kind) {
            Some(Kind::Grpc { sent: 2, .. }) => return SessionEnd::Unanswered,
            Some(Kind::Grpc { .. }) => return SessionEnd::TimedOut,
            Some(Kind::Http(fetch)) if fetch.is_sent() => {
                Text::from(format!("Get \"{}\": context deadline exceeded{AWAITING}", fetch.url()))
            }
            Some(Kind::Http(_)) => Text::from(format!("{}{AWAITING}", self.dial_error(id, "i/o timeout"))),
            _ => self.dial_error(id, "i/o timeout"),
        };
        SessionEnd::Failed(text)
    }
}

/// Goes on with a health check: says hello, calls when the server has said hello, reads its answer.
fn call(
    world: &mut World,
    handle: Handle,
    (address, service): (&str, &str),
    sent: &mut u8,
    answer: &mut Vec<u8>,
) -> Option<SessionEnd> {
    if *sent == 0 {
        world.write(handle, &grpc::hello()).ok()?;
        *sent = 1;
    }
    while let Ok(bytes) = world.read(handle, ANSWER_BYTES) {
        if bytes.is_empty() || answer.len() > ANSWER_BYTES {
            break;
        }
        answer.extend(bytes);
    }
    match grpc::heard(answer) {
        Heard::Answer(health) => Some(SessionEnd::Health(health)),
        Heard::Settings if *sent == 1 => {
            world.write(handle, &grpc::check(address, service)).ok()?;
            *sent = 2;
            None
        }
        _ => None,
    }
}
