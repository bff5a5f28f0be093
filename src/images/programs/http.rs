//! What the simulated servers share: reading requests from connections, writing answers, closing.
//!
//! Models HTTP/1.0 and 1.1 with one request per connection (an answer may promise `keep-alive`, but the
//! connection is closed behind it, which clients must bear). Left out: chunked requests, trailers,
//! `Expect: 100-continue`, TLS.

use crate::api::Text;
use crate::os::{Errno, Fd, Sys, Wait};
use crate::time::{Civil, civil};

/// Longest request head in bytes (nginx: `large_client_header_buffers 4 8k`).
const HEAD_BYTES: usize = 32 << 10;

/// Longest body in bytes that is read (nginx: `client_max_body_size 1m`).
const BODY_BYTES: usize = 1 << 20;

/// Connections that a server keeps at a time (nginx: `worker_connections`).
const MAX_CONNECTIONS: usize = 1024;

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The request line as it came, without its line end.
    pub line: String,
    /// e.g. `GET`.
    pub method: String,
    /// The path and query as they came.
    pub target: String,
    /// Whether it speaks HTTP/1.1 (else 1.0).
    pub http11: bool,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as far as `Content-Length` tells.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header (name in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The path without the query, with `%xx` decoded.
    pub fn path(&self) -> String {
        decode(self.target.split('?').next().unwrap_or_default())
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, q)| q)
    }

    /// Whether the client wants to use the connection again.
    pub fn keep_alive(&self) -> bool {
        match self.header("connection").map(str::to_ascii_lowercase).as_deref() {
            Some("close") => false,
            Some("keep-alive") => true,
            _ => self.http11,
        }
    }
}

/// `%xx` decoded; what does not decode stays.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = text.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What the bytes of a connection amount to so far.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// The request is not complete.
    More,
    /// It cannot be read: the status to answer with, and the first line.
    Bad(u16, String),
    /// A request.
    Request(Request),
}

/// Reads a request.
pub fn parse(bytes: &[u8]) -> Parsed {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]);
    let line = text.split(['\r', '\n']).next().unwrap_or_default().to_owned();
    // Browsers and `printf | nc` users end lines with CR LF or LF alone.
    let end = [("\r\n\r\n", 4), ("\n\n", 2)];
    let Some((head, skip)) = end.iter().filter_map(|(e, n)| text.find(e).map(|at| (at, n))).min() else {
        let garbage = text.contains('\n') && !line.contains(' ');
        return match (garbage, bytes.len() > HEAD_BYTES) {
            (true, _) => Parsed::Bad(400, line),
            (_, true) => Parsed::Bad(414, line),
            _ => Parsed::More,
        };
    };
    let mut words = line.split(' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(target), Some(version)) = (method, target, version) else {
        return Parsed::Bad(400, line);
    };
    let well = method.bytes().all(|b| b.is_ascii_uppercase()) && target.starts_with(['/', 'h', '*']);
    if !well || !version.starts_with("HTTP/1.") {
        return Parsed::Bad(400, line);
    }
    let mut request = Request {
        method: method.to_owned(),
        target: without_host(target).to_owned(),
        http11: version != "HTTP/1.0",
        ..Request::default()
    };
    for header in text[..head].lines().skip(1) {
        let Some((name, value)) = header.split_once(':') else { return Parsed::Bad(400, line) };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    if request.http11 && request.header("host").is_none() {
        return Parsed::Bad(400, line);
    }
    let length: usize = request.header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    if length > BODY_BYTES {
        return Parsed::Bad(413, line);
    }
    // The head was found in a lossy copy; the body is cut from the bytes themselves.
    let Some(start) = find_end(bytes).map(|at| at + skip) else { return Parsed::Bad(400, line) };
    if bytes.len() < start + length {
        return Parsed::More;
    }
    request.body = bytes[start..start + length].to_vec();
    request.line = line;
    Parsed::Request(request)
}

fn find_end(bytes: &[u8]) -> Option<usize> {
    let find = |end: &[u8]| bytes.windows(end.len()).position(|w| w == end);
    match (find(b"\r\n\r\n"), find(b"\n\n")) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// `http://host/path` as proxies get it → `/path`.
fn without_host(target: &str) -> &str {
    let Some(rest) = target.strip_prefix("http://") else { return target };
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// A connection under way.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its descriptor.
    pub fd: Fd,
    /// The client's address.
    pub peer: Text,
    /// The port that it came in on.
    pub port: u16,
    /// Its number among all of this server.
    pub number: u64,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Its request is being worked on.
    working: bool,
    answered: bool,
}

/// What a server does with a connection whose request is complete or cannot be read.
pub trait Answer {
    /// Whether the answer takes longer: the request is put again when the server is polled next.
    fn works(&mut self, _sys: &mut dyn Sys, _connection: &Connection) -> bool {
        false
    }

    /// The whole answer; empty to close without one.
    fn answer(&mut self, sys: &mut dyn Sys, connection: &Connection, request: &Parsed) -> Vec<u8>;
}

/// Listeners and connections of a server process.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Listening descriptors with their ports.
    pub listeners: Vec<(Fd, u16)>,
    /// How many connections there were.
    pub accepted: u64,
    connections: Vec<Connection>,
}

impl Server {
    /// A server on these listeners.
    pub fn new(listeners: Vec<(Fd, u16)>) -> Server {
        Server { listeners, ..Server::default() }
    }

    /// Does what can be done now; returns whether connections are open.
    pub fn poll(&mut self, sys: &mut dyn Sys, answer: &mut dyn Answer) -> bool {
        for at in 0..self.listeners.len() {
            let (listener, port) = self.listeners[at];
            while self.connections.len() < MAX_CONNECTIONS {
                let Ok((fd, peer)) = sys.accept(listener) else { break };
                self.accepted += 1;
                let number = self.accepted;
                let (input, output) = (Vec::new(), Vec::new());
                let (working, answered) = (false, false);
                self.connections.push(Connection {
                    fd,
                    peer,
                    port,
                    number,
                    input,
                    output,
                    working,
                    answered,
                });
            }
        }
        let mut open = Vec::new();
        for mut connection in std::mem::take(&mut self.connections) {
            if serve(&mut connection, sys, answer) {
                open.push(connection);
            } else {
                sys.close(connection.fd);
            }
        }
        self.connections = open;
        !self.connections.is_empty()
    }

    /// What to wait for next.
    pub fn wait(&self) -> Wait {
        let mut wait =
            Wait { readable: self.listeners.iter().map(|(fd, _)| *fd).collect(), ..Wait::default() };
        for connection in self.connections.iter().filter(|c| !c.working) {
            let list = if connection.answered { &mut wait.writable } else { &mut wait.readable };
            list.push(connection.fd);
        }
        wait
    }
}

/// One connection's turn; whether it stays open.
fn serve(connection: &mut Connection, sys: &mut dyn Sys, answer: &mut dyn Answer) -> bool {
    while !connection.answered {
        match sys.read(connection.fd, 16 << 10) {
            Err(Errno::EAGAIN) if connection.working => {}
            Err(Errno::EAGAIN) => return true,
            Err(_) => return false,
            // Who has sent all may still wait for the answer.
            Ok(bytes) if bytes.is_empty() && !connection.working => return false,
            Ok(bytes) => connection.input.extend(bytes),
        }
        let parsed = parse(&connection.input);
        if parsed != Parsed::More {
            connection.working = answer.works(sys, connection);
            if connection.working {
                return true;
            }
            connection.output = answer.answer(sys, connection, &parsed);
            connection.answered = true;
            connection.input = Vec::new();
        }
    }
    while !connection.output.is_empty() {
        match sys.write(connection.fd, &connection.output) {
            Ok(n) => drop(connection.output.drain(..n.min(connection.output.len()))),
            Err(Errno::EAGAIN) => return true,
            Err(_) => return false,
        }
    }
    false
}

/// The words behind a status code.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => "",
    }
}

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
const DAYS: &str = "SunMonTueWedThuFriSat";

/// Three letters of a month (1–12).
pub fn month(c: &Civil) -> &'static str {
    let at = usize::from(c.month.clamp(1, 12) - 1) * 3;
    &MONTHS[at..at + 3]
}

/// `Mon, 23 Nov 2026 08:04:57 GMT`
pub fn date(micros: i64) -> String {
    let c = civil(micros);
    let at = usize::from(c.weekday % 7) * 3;
    let (day, month) = (&DAYS[at..at + 3], month(&c));
    format!("{day}, {:02} {month} {} {:02}:{:02}:{:02} GMT", c.day, c.year, c.hour, c.minute, c.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_piece_by_piece() {
        let text = b"POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut]), Parsed::More, "{cut}");
        }
        let Parsed::Request(r) = parse(text) else { panic!("complete") };
        assert_eq!((r.path().as_str(), r.query(), r.body.as_slice()), ("/a b", "x=1", &b"abc"[..]));
        assert!(r.keep_alive());
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (text, status) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], 400),
            (b"hello\n", 400),
            (b"get / HTTP/1.0\n\n", 400),
            (b"GET / SPDY\n\n", 400),
            (b"GET / HTTP/1.0\nnocolon\n\n", 400),
            (b"PUT / HTTP/1.0\nContent-Length: 99999999\n\n", 413),
            (b"\xff\xfe / HTTP/1.0\n\n", 400),
        ] {
            assert!(matches!(parse(text), Parsed::Bad(s, _) if s == status), "{text:?}");
        }
    }
}
