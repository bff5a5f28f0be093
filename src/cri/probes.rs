//! HTTP requests and TCP dials that the kubelet makes from the node, with Go's error texts.

use super::types::{HttpGet, NodeId, SessionEnd, SessionId};
use super::{Due, Kind, Runtime, Session, Streams};
use crate::api::Text;
use crate::os::{Errno, Handle, World};
use crate::time::{Span, Time};

/// How much of a body is kept (the kubelet's `maxRespBodyLength`).
const BODY_BYTES: usize = 10 << 10;

/// Longest head of an answer.
const HEAD_BYTES: usize = 64 << 10;

/// The resolver of the nodes.
const NODE_DNS: &str = "192.168.10.10:53";

/// How the kubelet introduces itself.
const USER_AGENT: &str = "kube-probe/1.36";

impl Runtime {
    /// Sends an HTTP GET from the node; ends as [`SessionEnd::Http`] or [`SessionEnd::Failed`].
    pub fn http_get(&mut self, world: &mut World, now: Time, node: NodeId, request: HttpGet) -> SessionId {
        let (ip, port, timeout) = (request.ip.clone(), request.port, request.timeout);
        let kind = Kind::Http { request: Box::new(request), sent: false, answer: Vec::new() };
        self.dial(world, now, node, (&ip, port), timeout, kind)
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
            let why = if let Kind::Http { request, .. } = &kind {
                format!("Get \"{}\": {why}", url(request))
            } else {
                why
            };
            self.open(world, id, Session::new(node, None, kind, Streams::default()));
            self.finish(world, now, id, SessionEnd::Failed(Text::from(why)));
            return id;
        }
        let to = (host, to.1);
        let handle = self.node_cell(world, node).and_then(|cell| world.dial(cell, to.0, to.1).ok());
        let streams = Streams { out: handle, err: None, input: None };
        self.open(world, id, Session::new(node, None, kind, streams));
        self.set_due(now + timeout, Due::TimeOut(id));
        if handle.is_none() {
            let end = self.probe_failed(id, Errno::EHOSTUNREACH);
            self.finish(world, now, id, end);
        }
        id
    }

    /// Something has changed at a probe's connection.
    pub(super) fn pump_probe(&mut self, world: &mut World, now: Time, id: SessionId) {
        let Some(s) = self.sessions.get_mut(&id) else { return };
        let Some(handle) = s.streams.out else { return };
        let end = match &mut s.kind {
            Kind::Tcp { .. } => match world.write(handle, b"") {
                Ok(_) => Some(Ok(SessionEnd::Connected)),
                Err(Errno::EAGAIN) => None,
                Err(errno) => Some(Err(errno)),
            },
            Kind::Http { request, sent, answer } => converse(world, handle, request, sent, answer),
            _ => None,
        };
        let end = match end {
            None => return,
            Some(Ok(end)) => end,
            Some(Err(errno)) => self.probe_failed(id, errno),
        };
        self.finish(world, now, id, end);
    }

    /// The words for a connection that failed.
    fn probe_failed(&self, id: SessionId, errno: Errno) -> SessionEnd {
        let why = match errno {
            Errno::ECONNREFUSED => "connect: connection refused",
            Errno::EHOSTUNREACH => "connect: no route to host",
            Errno::ETIMEDOUT => "connect: connection timed out",
            _ => "connect: connection reset by peer",
        };
        SessionEnd::Failed(self.dial_error(id, why))
    }

    fn dial_error(&self, id: SessionId, why: &str) -> Text {
        let text = match self.sessions.get(&id).map(|s| &s.kind) {
            Some(Kind::Http { request, .. }) => {
                format!("Get \"{}\": dial tcp {}:{}: {why}", url(request), request.ip, request.port)
            }
            Some(Kind::Tcp { address }) => format!("dial tcp {address}: {why}"),
            _ => why.to_owned(),
        };
        Text::from(text)
    }

    /// The words for a probe whose time is up.
    pub(super) fn probe_timed_out(&self, id: SessionId) -> SessionEnd {
        let text = match self.sessions.get(&id).map(|s| &s.kind) {
            Some(Kind::Http { request, sent: true, .. }) => Text::from(format!(
                "Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                url(request)
            )),
            Some(Kind::Http { .. }) => {
                let mut text = self.dial_error(id, "i/o timeout").to_string();
                text.push_str(" (Client.Timeout exceeded while awaiting headers)");
                Text::from(text)
            }
            _ => self.dial_error(id, "i/o timeout"),
        };
        SessionEnd::Failed(text)
    }
}

fn url(request: &HttpGet) -> String {
    let scheme = if request.https { "https" } else { "http" };
    let slash = if request.path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{}:{}{slash}{}", request.ip, request.port, request.path)
}

/// Sends the request once the connection stands, reads the answer; `Some` when it is decided.
fn converse(
    world: &mut World,
    handle: Handle,
    request: &HttpGet,
    sent: &mut bool,
    answer: &mut Vec<u8>,
) -> Option<Result<SessionEnd, Errno>> {
    if !*sent {
        match world.write(handle, head_of(request).as_bytes()) {
            Ok(_) => *sent = true,
            Err(Errno::EAGAIN) => return None,
            Err(errno) => return Some(Err(errno)),
        }
    }
    let failed =
        |why: &str| Some(Ok(SessionEnd::Failed(Text::from(format!("Get \"{}\": {why}", url(request))))));
    loop {
        match world.read(handle, BODY_BYTES) {
            Ok(bytes) if bytes.is_empty() => {
                return match parse(answer, true) {
                    Some(end) => Some(Ok(https_or(request, end))),
                    None if answer.is_empty() => failed("EOF"),
                    None => failed(&malformed(answer)),
                };
            }
            Ok(bytes) => {
                let room = (HEAD_BYTES + BODY_BYTES).saturating_sub(answer.len());
                answer.extend(bytes.iter().take(room));
                if let Some(end) = parse(answer, room < bytes.len()) {
                    return Some(Ok(https_or(request, end)));
                }
                if !b"HTTP/1.".starts_with(&answer[..answer.len().min(7)]) {
                    return failed(&malformed(answer));
                }
            }
            Err(Errno::EAGAIN) => return None,
            Err(_) => return failed("read: connection reset by peer"),
        }
    }
}

/// A server that answers in plain text cannot be spoken to with TLS.
fn https_or(request: &HttpGet, end: SessionEnd) -> SessionEnd {
    if !request.https {
        return end;
    }
    let text = format!("Get \"{}\": http: server gave HTTP response to HTTPS client", url(request));
    SessionEnd::Failed(Text::from(text))
}

fn malformed(answer: &[u8]) -> String {
    let line = String::from_utf8_lossy(answer.split(|b| *b == b'\n').next().unwrap_or(b"")).into_owned();
    format!("net/http: HTTP/1.x transport connection broken: malformed HTTP response {line:?}")
}

fn head_of(request: &HttpGet) -> String {
    let slash = if request.path.starts_with('/') { "" } else { "/" };
    let given = |name: &str| {
        request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
    };
    let host = given("Host").unwrap_or_else(|| Text::from(format!("{}:{}", request.ip, request.port)));
    let agent = given("User-Agent").unwrap_or(Text::lit(USER_AGENT));
    let accept = given("Accept").unwrap_or(Text::lit("*/*"));
    let mut head = format!(
        "GET {slash}{} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: {accept}\r\n",
        request.path
    );
    let own = ["host", "user-agent", "accept"];
    for (name, value) in
        request.headers.iter().filter(|(n, _)| !own.contains(&n.to_ascii_lowercase().as_str()))
    {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("Connection: close\r\n\r\n");
    head
}

/// The status and the body, once the head and (by its length or the end) the body are there.
fn parse(answer: &[u8], ended: bool) -> Option<SessionEnd> {
    let head_end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let first = lines.next()?.strip_prefix("HTTP/1.")?;
    let status: u16 = first.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|l| {
        let (name, value) = l.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = &answer[head_end + 4..];
    let whole =
        ended || length.is_some_and(|n| body.len() >= n.min(BODY_BYTES)) || matches!(status, 204 | 304);
    let body = String::from_utf8_lossy(&body[..body.len().min(BODY_BYTES)]).into_owned();
    whole.then(|| SessionEnd::Http(status, Text::from(body)))
}
