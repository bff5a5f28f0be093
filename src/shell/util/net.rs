//! Connections of utilities: `wget`, `nc` and, with its own words in `curl`, curl.

use super::ctx::{Ctx, Output, drain};
use super::opts;
use crate::api::Text;
use crate::os::program::{Errno, Fd, Program, Resolved, Step, Sys, Wait};
use crate::time::{Span, Time};

/// The longest answer that is kept, in bytes.
const MAX_BODY: usize = 16 << 20;
/// How long busybox's wget waits if nothing is said (`-T 900`).
const WGET_TIMEOUT: Span = Span::secs(900);
/// How long a connection is tried before the kernel gives up (about 2 min 10 s).
pub(super) const CONNECT_TIMEOUT: Span = Span::secs(130);

/// Which program asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tool {
    Wget,
    Curl,
    Nc,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Resolve,
    /// No name server answers.
    Unanswered(Time),
    Connect,
    Talk,
    /// Before the same is tried again.
    Pause(Time),
    Done(i32),
}

/// A connection and what is done with it.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub(super) tool: Tool,
    pub(super) state: State,
    pub(super) url: Text,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) method: String,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
    pub(super) ip: Option<Text>,
    pub(super) fd: Option<Fd>,
    pub(super) sent: usize,
    pub(super) request: Vec<u8>,
    pub(super) received: Vec<u8>,
    pub(super) begun: Time,
    pub(super) until: Time,
    pub(super) limit: Option<Span>,
    pub(super) output: Option<Text>,
    /// q quiet, s silent, S show errors or headers, I head, i include, f fail, v verbose, p spider, z only connect,
    /// m a limit for all of it, not only for connecting
    pub(super) flags: String,
    pub(super) format: Option<Text>,
    pub(super) out: Output,
    pub(super) redirects: u32,
    /// `User-Agent`.
    pub(super) agent: String,
    /// The header of `-u`, with its line end.
    pub(super) user: String,
    /// The media type of the body.
    pub(super) media: &'static str,
    /// URLs that come after this one, the last first.
    pub(super) more: Vec<String>,
    /// `HOST:PORT:ADDRESS` of `--resolve`.
    pub(super) hosts: Vec<String>,
    /// The instant of the step under way.
    pub(super) now: Time,
    /// curl's `--retry`.
    pub(super) retry: Retry,
    /// How many redirects are followed.
    pub(super) max_redirects: u32,
}

impl Fetch {
    pub(super) fn new(ctx: &mut Ctx, tool: Tool, flags: String) -> Fetch {
        Fetch {
            tool,
            state: State::Resolve,
            url: Text::default(),
            host: String::new(),
            port: 80,
            path: "/".into(),
            method: "GET".into(),
            headers: Vec::new(),
            body: String::new(),
            ip: None,
            fd: None,
            sent: 0,
            request: Vec::new(),
            received: Vec::new(),
            begun: ctx.sys.now(),
            until: ctx.sys.now() + CONNECT_TIMEOUT,
            limit: None,
            output: None,
            flags,
            format: None,
            out: Vec::new(),
            redirects: 0,
            agent: "Wget".into(),
            user: String::new(),
            media: "",
            more: Vec::new(),
            hosts: Vec::new(),
            now: ctx.sys.now(),
            retry: Retry::default(),
            max_redirects: if tool == Tool::Curl { 50 } else { 5 },
        }
    }

    pub(super) fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// Takes a URL apart; false if it is not plain HTTP.
    pub(super) fn set_url(&mut self, url: &str) -> bool {
        self.url = url.into();
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return false,
            None => url,
        };
        let (host, path) = match rest.find(['/', '?']) {
            Some(n) => (&rest[..n], &rest[n..]),
            None => (rest, "/"),
        };
        self.path = if path.starts_with('?') { format!("/{path}") } else { path.to_owned() };
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        self.host = name.to_owned();
        self.port = port.parse().unwrap_or(80);
        true
    }

    pub(super) fn say(&mut self, fd: Fd, text: &str) {
        self.out.push((fd, text.as_bytes().to_vec()));
    }

    pub(super) fn end(&mut self, code: i32) {
        if self.tool == Tool::Curl && self.try_again(code) {
            return;
        }
        self.write_out(code);
        self.state = State::Done(code);
        if let Some(url) = self.more.pop() {
            self.received.clear();
            self.redirects = 0;
            if self.set_url(&url) {
                self.compose();
                self.state = State::Resolve;
            }
        }
    }

    /// Begins the same request once more.
    fn restart(&mut self, now: Time) {
        self.received.clear();
        self.sent = 0;
        self.redirects = 0;
        self.begun = now;
        self.until = now + self.limit.unwrap_or(CONNECT_TIMEOUT);
        self.state = State::Resolve;
    }

    /// A failure in the tool's words.
    fn fail(&mut self, sys: &dyn Sys, why: Failure) {
        let (host, port) = (self.host.clone(), self.port);
        let ms = sys.now().since(self.begun).0 / 1_000;
        let ip = self.ip.clone().unwrap_or_default();
        let (text, code) = match (self.tool, why) {
            (Tool::Wget, Failure::NoName) => (format!("wget: bad address '{host}'\n"), 1),
            (Tool::Wget, Failure::Errno(Errno::ETIMEDOUT)) if self.limit.is_some() => {
                ("wget: download timed out\n".into(), 1)
            }
            (Tool::Wget, Failure::Errno(e)) => {
                (format!("wget: can't connect to remote host ({ip}): {}\n", e.text()), 1)
            }
            (Tool::Wget, Failure::Late) => ("wget: download timed out\n".into(), 1),
            (Tool::Wget, Failure::Empty) => ("wget: error getting response\n".into(), 1),
            (Tool::Curl, Failure::NoName) => (format!("curl: (6) Could not resolve host: {host}\n"), 6),
            (Tool::Curl, Failure::Errno(e)) if e == Errno::ECONNREFUSED || e == Errno::EHOSTUNREACH => (
                format!(
                    "curl: (7) Failed to connect to {host} port {port} after {ms} ms: Couldn't connect to server\n"
                ),
                7,
            ),
            (Tool::Curl, Failure::Errno(Errno::ECONNRESET)) => {
                ("curl: (56) Recv failure: Connection reset by peer\n".into(), 56)
            }
            (Tool::Curl, Failure::Empty) => ("curl: (52) Empty reply from server\n".into(), 52),
            (Tool::Curl, Failure::Late) if !matches!(self.state, State::Connect) => {
                let got = self.received.len();
                (
                    format!(
                        "curl: (28) Operation timed out after {ms} milliseconds with {got} bytes received\n"
                    ),
                    28,
                )
            }
            (Tool::Curl, Failure::Late) if self.has('m') => {
                (format!("curl: (28) Connection timed out after {ms} milliseconds\n"), 28)
            }
            (Tool::Curl, _) => (
                format!(
                    "curl: (28) Failed to connect to {host} port {port} after {ms} ms: Timeout was reached\n"
                ),
                28,
            ),
            (Tool::Nc, Failure::NoName) => (format!("nc: bad address '{host}'\n"), 1),
            (Tool::Nc, Failure::Errno(e)) if self.has('v') || !self.has('z') => {
                (format!("nc: {host} ({ip}:{port}): {}\n", e.text()), 1)
            }
            (Tool::Nc, Failure::Late) if !self.has('z') => ("nc: timed out\n".into(), 1),
            (Tool::Nc, _) => (String::new(), 1),
        };
        if let (Tool::Curl, Failure::Errno(e)) = (self.tool, why) {
            let text = e.text();
            self.note(&format!("* connect to {ip} port {port} failed: {text}\n"));
            self.note(&format!(
                "* Failed to connect to {host} port {port} after {ms} ms: Couldn't connect to server\n"
            ));
            self.note("* Closing connection 0\n");
        }
        let silent = self.tool == Tool::Curl && self.has('s') && !self.has('S');
        if !silent && !text.is_empty() {
            self.say(2, &text);
        }
        self.end(code);
    }

    pub(super) fn status(&self) -> Option<u32> {
        let head = String::from_utf8_lossy(self.received.get(..64.min(self.received.len()))?).into_owned();
        head.split_whitespace().nth(1)?.parse().ok()
    }

    fn resolve(&mut self, sys: &mut dyn Sys) {
        let host = self.host.clone();
        if let Some(ip) = self.given_address() {
            self.ip = Some(ip);
        } else if host.split('.').count() == 4 && host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            self.ip = Some(host.into());
        } else {
            match sys.resolve(&host) {
                Resolved::Addresses(list) if !list.is_empty() => self.ip = list.into_iter().next(),
                Resolved::Unanswered(until) => {
                    self.state = State::Unanswered(until);
                    return;
                }
                _ => return self.fail(sys, Failure::NoName),
            }
        }
        let ip = self.ip.clone().unwrap_or_default();
        if self.tool == Tool::Wget && !self.has('q') {
            let text = format!("Connecting to {} ({ip}:{})\n", self.host_port(), self.port);
            self.say(2, &text);
        }
        self.note(&format!("*   Trying {ip}:{}...\n", self.port));
        match sys.connect(&ip, self.port) {
            Ok(fd) => {
                self.fd = Some(fd);
                self.state = State::Connect;
            }
            Err(error) => self.fail(sys, Failure::Errno(error)),
        }
    }

    fn host_port(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    pub(super) fn compose(&mut self) {
        let host = self.host_port();
        let (method, path, user, agent) = (&self.method, &self.path, &self.user, &self.agent);
        // What the user says replaces what the tool would; without a value it removes it.
        let own = |name: &str| {
            let named = |h: &String| h.split([':', ';']).next().is_some_and(|n| n.eq_ignore_ascii_case(name));
            self.headers.iter().find(|h| named(h))
        };
        let mut text = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in [("Host", host.as_str()), ("", user), ("User-Agent", agent), ("Accept", "*/*")] {
            match own(name) {
                _ if name.is_empty() => text.push_str(value),
                None => text.push_str(&format!("{name}: {value}\r\n")),
                Some(_) if name != "Host" => {}
                Some(header) => text.push_str(&format!("{header}\r\n")),
            }
        }
        if self.tool == Tool::Wget {
            text.push_str("Connection: close\r\n");
        }
        for header in self.headers.iter().filter(|h| !h.to_ascii_lowercase().starts_with("host:")) {
            if !header.trim_end().ends_with(':') {
                text.push_str(&format!("{header}\r\n"));
            }
        }
        if !self.body.is_empty() || !self.media.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        if !self.media.is_empty() && own("Content-Type").is_none() {
            text.push_str(&format!("Content-Type: {}\r\n", self.media));
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        self.request = text.into_bytes();
        self.sent = 0;
    }

    /// Writes and reads; a step if it has to wait.
    fn talk(&mut self, sys: &mut dyn Sys, fd: Fd) -> Option<Step> {
        if sys.now() >= self.until {
            self.fail(sys, Failure::Late);
            return None;
        }
        if self.sent < self.request.len() || matches!(self.state, State::Connect) {
            match sys.write(fd, &self.request[self.sent..]) {
                Ok(n) => {
                    self.sent += n;
                    if matches!(self.state, State::Connect) {
                        self.state = State::Talk;
                        self.trace_request();
                        if self.tool == Tool::Curl && !self.has('m') {
                            self.until = sys.now() + CONNECT_TIMEOUT;
                        }
                        if self.tool == Tool::Nc && self.has('v') {
                            let text = format!(
                                "{} ({}:{}) open\n",
                                self.host,
                                self.ip.clone().unwrap_or_default(),
                                self.port
                            );
                            self.say(2, &text);
                        }
                        if self.has('z') {
                            self.end(0);
                        }
                    }
                    return None;
                }
                Err(Errno::EAGAIN) => {
                    return Some(Step::Wait(Wait {
                        until: Some(self.until),
                        writable: vec![fd],
                        ..Wait::default()
                    }));
                }
                Err(error) => {
                    self.fail(sys, Failure::Errno(error));
                    return None;
                }
            }
        }
        match sys.read(fd, 65_536) {
            Ok(data) if data.is_empty() => self.answered(sys),
            Ok(data) if self.tool == Tool::Nc => self.out.push((1, data)),
            Ok(data) => {
                if self.received.len() < MAX_BODY {
                    self.received.extend_from_slice(&data);
                }
                if self.complete() {
                    self.answered(sys);
                }
            }
            Err(Errno::EAGAIN) => {
                return Some(Step::Wait(Wait {
                    until: Some(self.until),
                    readable: vec![fd],
                    ..Wait::default()
                }));
            }
            Err(error) => self.fail(sys, Failure::Errno(error)),
        }
        None
    }

    pub(super) fn head_end(&self) -> Option<usize> {
        self.received.windows(4).position(|w| w == b"\r\n\r\n").map(|n| n + 4)
    }

    /// Whether the whole body named by `Content-Length` is there.
    fn complete(&self) -> bool {
        let Some(end) = self.head_end() else { return false };
        let head = String::from_utf8_lossy(&self.received[..end]).to_lowercase();
        if self.method == "HEAD" {
            return true;
        }
        let length =
            head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        length.is_some_and(|n| self.received.len() >= end + n)
    }

    fn answered(&mut self, sys: &mut dyn Sys) {
        if let Some(fd) = self.fd.take() {
            sys.close(fd);
        }
        if self.tool == Tool::Nc {
            return self.end(0);
        }
        let Some(end) = self.head_end() else { return self.fail(sys, Failure::Empty) };
        let status = self.status().unwrap_or(0);
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        let body = self.received[end..].to_vec();
        let location = head.lines().find_map(|l| {
            Some(l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case("location"))?.1.trim().to_owned())
        });
        let follows = (300..400).contains(&status) && (self.tool == Tool::Wget || self.has('L'));
        if follows && location.is_some() && self.redirects >= self.max_redirects && self.tool == Tool::Curl {
            if !self.has('s') || self.has('S') {
                let most = self.max_redirects;
                self.say(2, &format!("curl: (47) Maximum ({most}) redirects followed\n"));
            }
            return self.end(47);
        }
        if let Some(url) = location.filter(|_| follows && self.redirects < self.max_redirects) {
            self.redirects += 1;
            self.received.clear();
            let url = if url.starts_with('/') { format!("http://{}{url}", self.host_port()) } else { url };
            if self.set_url(&url) {
                self.compose();
                self.state = State::Resolve;
                return;
            }
        }
        if self.tool == Tool::Wget {
            self.wget_result(sys, status, &head, &body)
        } else {
            self.curl_result(sys, status, &head, body)
        }
    }

    fn wget_result(&mut self, sys: &mut dyn Sys, status: u32, head: &str, body: &[u8]) {
        let line = head.lines().next().unwrap_or("").to_owned();
        if self.has('S') {
            let text: String = head.trim_end().lines().map(|l| format!("  {l}\n")).collect();
            self.say(2, &text);
        }
        if status >= 400 {
            self.say(2, &format!("wget: server returned error: {line}\n"));
            return self.end(1);
        }
        if self.has('p') {
            if !self.has('q') {
                self.say(2, "remote file exists\n");
            }
            return self.end(0);
        }
        let base = self.path.split('?').next().unwrap_or("").rsplit('/').next().unwrap_or("").to_owned();
        let name = if base.is_empty() { "index.html".to_owned() } else { base };
        let target = self.output.clone().unwrap_or_else(|| name.as_str().into());
        let shown = if &*target == "-" { "-".to_owned() } else { target.to_string() };
        if &*target == "-" {
            if !self.has('q') {
                self.say(2, "writing to stdout\n");
            }
            self.out.push((1, body.to_vec()));
        } else {
            if !self.has('q') {
                self.say(2, &format!("saving to '{shown}'\n"));
            }
            if let Err(error) = sys.write_file(&target, body, false) {
                self.say(2, &format!("wget: can't open '{target}': {}\n", error.text()));
                return self.end(1);
            }
        }
        if !self.has('q') {
            let bar = "*".repeat(32);
            let size = super::ls::human(body.len() as u64);
            let last =
                if shown == "-" { "written to stdout\n".to_owned() } else { format!("'{shown}' saved\n") };
            self.say(2, &format!("{shown:<20} 100% |{bar}| {size:>5}  0:00:00 ETA\n{last}"));
        }
        self.end(0);
    }
}

/// What curl's `--retry` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Retry {
    /// How often still.
    pub(super) left: u32,
    /// `--retry-delay`, and the pause before the next time.
    pub(super) delay: Option<Span>,
    pub(super) next: Option<Span>,
    /// `--retry-connrefused` and `--retry-all-errors`.
    pub(super) refused: bool,
    pub(super) all: bool,
}

/// Why there is no answer.
#[derive(Clone, Copy)]
enum Failure {
    NoName,
    Errno(Errno),
    Late,
    Empty,
}

impl Program for Fetch {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(step) = drain(&mut self.out, sys) {
            return step;
        }
        self.now = sys.now();
        match self.state {
            State::Pause(until) if self.now < until => return Wait::until(until),
            State::Pause(_) => self.restart(self.now),
            State::Resolve => self.resolve(sys),
            State::Unanswered(until) if sys.now() >= until || sys.now() >= self.until => {
                let late = sys.now() >= self.until && self.tool == Tool::Curl;
                if late {
                    let ms = sys.now().since(self.begun).0 / 1_000;
                    self.say(2, &format!("curl: (28) Resolving timed out after {ms} milliseconds\n"));
                    self.end(28);
                } else {
                    self.fail(sys, Failure::NoName);
                }
            }
            State::Unanswered(until) => return Wait::until(until.min(self.until)),
            State::Connect | State::Talk => {
                let Some(fd) = self.fd else { return Step::Exit(1) };
                if let Some(step) = self.talk(sys, fd) {
                    return step;
                }
            }
            State::Done(code) => return Step::Exit(code),
        }
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// A number of seconds.
pub(super) fn limit(text: Option<&Text>) -> Option<Span> {
    text.and_then(|t| t.parse::<f64>().ok()).filter(|s| *s > 0.0).map(Span::secs_f64)
}

/// `wget`.
pub fn wget(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(
        ctx,
        "qcSO:o:T:t:U:P:Y:np spider=p no-check-certificate=n timeout=T quiet=q output-document=O header=H H: post-data=B B: tries=t server-response=S",
    )?;
    let Some(url) = o.rest.first() else {
        super::usage::print(ctx, "wget");
        return Err(1);
    };
    let flags = "qSp".chars().filter(|c| o.has(*c)).collect();
    let mut fetch = Fetch::new(ctx, Tool::Wget, flags);
    if !fetch.set_url(url) {
        let scheme = url.split(':').next().unwrap_or("");
        return Err(if scheme == "https" {
            ctx.not_simulated("https")
        } else {
            ctx.fail(&format!("not an http or ftp url: {url}"));
            1
        });
    }
    fetch.limit = limit(o.get('T'));
    fetch.until = ctx.sys.now() + fetch.limit.unwrap_or(WGET_TIMEOUT.min(CONNECT_TIMEOUT));
    fetch.output = o.get('O').cloned();
    fetch.headers = o.all('H').map(|h| h.to_string()).collect();
    if let Some(body) = o.get('B') {
        fetch.method = "POST".into();
        fetch.body = body.to_string();
    } else if o.has('p') {
        fetch.method = "HEAD".into();
    }
    fetch.compose();
    Ok(Box::new(fetch))
}

/// `nc`: a client here, with `-l` a server.
pub fn nc(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+zvnw:lkp:ue:i:s:q:")?;
    if o.has('l') {
        return super::listen::listen(ctx, &o);
    }
    let (Some(host), Some(port)) = (o.rest.first(), o.rest.get(1).and_then(|p| p.parse().ok())) else {
        super::usage::print(ctx, "nc");
        return Err(1);
    };
    let zero = o.has('z');
    if !zero && !ctx.sys.is_tty(0) {
        let Some(input) = ctx.input() else { return Err(0) };
        let mut fetch = Fetch::new(ctx, Tool::Nc, if o.has('v') { "v".into() } else { String::new() });
        fetch.request = input.to_vec();
        return Ok(nc_to(ctx, fetch, host, port, &o));
    }
    let flags = "zv".chars().filter(|c| o.has(*c)).collect();
    let fetch = Fetch::new(ctx, Tool::Nc, flags);
    Ok(nc_to(ctx, fetch, host, port, &o))
}

fn nc_to(ctx: &mut Ctx, mut fetch: Fetch, host: &Text, port: u16, o: &opts::Opts) -> Box<dyn Program> {
    fetch.host = host.to_string();
    fetch.port = port;
    fetch.limit = limit(o.get('w'));
    fetch.until = ctx.sys.now() + fetch.limit.unwrap_or(CONNECT_TIMEOUT);
    Box::new(fetch)
}
