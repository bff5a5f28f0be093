//! An HTTP request of the kubelet's and its answer: heads, bodies, redirections, Go's words for what goes wrong.
//!
//! Redirections are followed as pkg/probe/http does: on the same host, ten at most; one to another host is the
//! answer.

use super::types::{HttpGet, SessionEnd};
use crate::api::Text;
use crate::os::{Errno, Handle, World};

/// How much of a body is kept (the kubelet's `maxRespBodyLength`).
const BODY_BYTES: usize = 10 << 10;

/// Longest head of an answer.
const HEAD_BYTES: usize = 64 << 10;

/// How the kubelet introduces itself.
const USER_AGENT: &str = "kube-probe/1.36";

/// How many requests are made for one (`stopped after 10 redirects`).
const MAX_REQUESTS: usize = 10;

/// A request under way.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    request: HttpGet,
    sent: bool,
    answer: Vec<u8>,
    /// How many requests there were before.
    before: usize,
}

/// What has come of it.
pub(super) enum Came {
    /// It has ended.
    End(SessionEnd),
    /// The next request goes to this port of the host.
    Elsewhere(u16),
}

/// What a server has answered.
struct Reply {
    status: u16,
    location: Option<String>,
    body: Text,
}

impl Fetch {
    /// A request that is yet to be sent.
    pub fn new(request: HttpGet) -> Fetch {
        Fetch { request, sent: false, answer: Vec::new(), before: 0 }
    }

    /// Whether it has been sent.
    pub fn is_sent(&self) -> bool {
        self.sent
    }

    /// The host that it goes to.
    pub fn host(&self) -> &str {
        &self.request.ip
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("{}:{}", self.request.ip, self.request.port)
    }

    /// Its URL as errors show it.
    pub fn url(&self) -> String {
        url(&self.request)
    }

    /// Sends the request once the connection stands, reads the answer; `Some` when it is decided.
    pub fn converse(&mut self, world: &mut World, handle: Handle) -> Result<Option<Came>, Errno> {
        if !self.sent {
            world.write(handle, head_of(&self.request).as_bytes())?;
            self.sent = true;
        }
        loop {
            match world.read(handle, BODY_BYTES) {
                Ok(bytes) if bytes.is_empty() => {
                    let came = match parse(&self.answer, true) {
                        Some(reply) => self.replied(reply),
                        None if self.answer.is_empty() => self.failed("EOF"),
                        None => self.failed(&malformed(&self.answer)),
                    };
                    return Ok(Some(came));
                }
                Ok(bytes) => {
                    let room = (HEAD_BYTES + BODY_BYTES).saturating_sub(self.answer.len());
                    self.answer.extend(bytes.iter().take(room));
                    if let Some(reply) = parse(&self.answer, room < bytes.len()) {
                        return Ok(Some(self.replied(reply)));
                    }
                    if !b"HTTP/1.".starts_with(&self.answer[..self.answer.len().min(7)]) {
                        return Ok(Some(self.failed(&malformed(&self.answer))));
                    }
                }
                Err(Errno::EAGAIN) => return Ok(None),
                Err(_) => return Ok(Some(self.failed("read: connection reset by peer"))),
            }
        }
    }

    fn failed(&self, why: &str) -> Came {
        Came::End(SessionEnd::Failed(Text::from(format!("Get \"{}\": {why}", self.url()))))
    }

    fn replied(&mut self, reply: Reply) -> Came {
        if self.request.https {
            // A server that answers in plain text cannot be spoken to with TLS.
            return self.failed("http: server gave HTTP response to HTTPS client");
        }
        let redirects = matches!(reply.status, 301 | 302 | 303 | 307 | 308);
        let next = reply.location.filter(|_| redirects).and_then(|to| next(&self.request, &to));
        let Some(next) = next.filter(|n| n.ip == self.request.ip) else {
            return Came::End(SessionEnd::Http(reply.status, reply.body));
        };
        if self.before + 1 >= MAX_REQUESTS {
            return self.failed("stopped after 10 redirects");
        }
        let port = next.port;
        *self = Fetch { before: self.before + 1, ..Fetch::new(next) };
        Came::Elsewhere(port)
    }
}

/// The request that a `Location` asks for; `None` if it makes no sense.
fn next(request: &HttpGet, to: &str) -> Option<HttpGet> {
    let to = to.split('#').next().unwrap_or_default();
    let (https, rest) = match to.split_once("://") {
        Some((scheme, rest)) => (scheme.eq_ignore_ascii_case("https"), rest),
        None => match to.strip_prefix("//") {
            Some(rest) => (request.https, rest),
            None => {
                let path = if to.starts_with('/') {
                    to.to_owned()
                } else {
                    // Relative to the directory of the present path.
                    let path = request.path.split('?').next().unwrap_or_default();
                    format!("{}/{to}", path.rsplit_once('/').map_or("", |(dir, _)| dir))
                };
                return Some(HttpGet { path: Text::from(path), ..request.clone() });
            }
        },
    };
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let default = if https { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, default),
    };
    Some(HttpGet { ip: Text::from(host), port, path: Text::from(path), https, ..request.clone() })
}

fn url(request: &HttpGet) -> String {
    let scheme = if request.https { "https" } else { "http" };
    let slash = if request.path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{}:{}{slash}{}", request.ip, request.port, request.path)
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
fn parse(answer: &[u8], ended: bool) -> Option<Reply> {
    let head_end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let first = lines.next()?.strip_prefix("HTTP/1.")?;
    let status: u16 = first.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|l| l.split_once(':')).collect();
    let header = |name: &str| {
        headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let length = header("content-length").and_then(|l| l.parse::<usize>().ok());
    let body = &answer[head_end + 4..];
    let whole =
        ended || length.is_some_and(|n| body.len() >= n.min(BODY_BYTES)) || matches!(status, 204 | 304);
    let body = String::from_utf8_lossy(&body[..body.len().min(BODY_BYTES)]).into_owned();
    let location = header("location").map(str::to_owned);
    whole.then(|| Reply { status, location, body: Text::from(body) })
}
