//! `curl`: what it asks, what it shows of an answer, and what `-v` tells.
//!
//! Left out: TLS, other protocols, uploads, forms, cookies, proxies, the progress meter.

use super::ctx::Ctx;
use super::net::{CONNECT_TIMEOUT, Fetch, Retry, State, Tool, limit};
use super::opts;
use crate::api::Text;
use crate::os::program::{Program, Sys};
use crate::time::Span;

/// Letters of the options; capital letters that curl gives another meaning stand for long ones alone.
const OPTIONS: &str = "sSIifvLkgN4GVhbcao:w:m:H:X:d:u:A:OC:J:R:B:T:r:D:M:K:E:U: silent=s show-error=S head=I include=i fail=f verbose=v \
     location=L insecure=k no-buffer=N ipv4=4 output=o write-out=w max-time=m header=H request=X data=d data-raw=d \
     data-binary=B data-ascii=d json=J user=u user-agent=A remote-name=O connect-timeout=C resolve=R cacert=T cert=T \
     key=T retry=r retry-delay=D noproxy=T compressed=g globoff=g get=G max-redirs=M retry-connrefused=c \
     retry-all-errors=a fail-with-body=b cookie=K referer=E url=U http1.1=g insecure=k proxy=T version=V help=h";

/// Starts it.
pub fn curl(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let mut o = parsed(ctx)?;
    if o.has('V') {
        ctx.print("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\nProtocols: http\n");
        return Err(0);
    }
    let urls: Vec<Text> = o.all('U').cloned().collect();
    o.rest.extend(urls);
    let Some(url) = o.rest.first() else {
        ctx.err("curl: try 'curl --help' or 'curl --manual' for more information\n");
        return Err(2);
    };
    let flags = "sSIifvLmb".chars().filter(|c| o.has(*c)).collect();
    let mut fetch = Fetch::new(ctx, Tool::Curl, flags);
    if !fetch.set_url(url) {
        let scheme = url.split(':').next().unwrap_or("");
        if scheme.eq_ignore_ascii_case("https") {
            return Err(ctx.not_simulated("https"));
        }
        ctx.err(&format!("curl: (1) Protocol \"{scheme}\" not supported or disabled in libcurl\n"));
        return Err(1);
    }
    if fetch.host.is_empty() {
        ctx.err("curl: (3) URL using bad/illegal format or missing URL\n");
        return Err(3);
    }
    fetch.more = o.rest[1..].iter().rev().map(ToString::to_string).collect();
    fetch.limit = limit(o.get('m').or(o.get('C')));
    fetch.until = ctx.sys.now() + fetch.limit.unwrap_or(CONNECT_TIMEOUT);
    fetch.output = o.get('o').cloned();
    if o.has('O') {
        let name = fetch.path.split('?').next().unwrap_or("").rsplit('/').next().unwrap_or("").to_owned();
        if name.is_empty() {
            ctx.err("curl: Remote file name has no length!\ncurl: (23) Failed writing received data to disk/application\n");
            return Err(23);
        }
        fetch.output = Some(name.into());
    }
    let number = |letter: char| o.get(letter).and_then(|n| n.parse::<u32>().ok());
    fetch.max_redirects = number('M').unwrap_or(50);
    fetch.retry = Retry {
        left: number('r').unwrap_or(0),
        delay: limit(o.get('D')),
        next: None,
        refused: o.has('c') || o.has('a'),
        all: o.has('a'),
    };
    fetch.format = o.get('w').cloned();
    fetch.hosts = o.all('R').map(|r| r.to_string()).collect();
    fetch.headers = o.all('H').map(|h| h.to_string()).collect();
    fetch.agent = o.get('A').map_or("curl/7.88.1".to_owned(), |a| a.to_string());
    if let Some(user) = o.get('u') {
        let coded = crate::api::text::base64(user.as_bytes());
        fetch.user = format!("Authorization: Basic {coded}\r\n");
    }
    if o.has('I') {
        fetch.method = "HEAD".into();
    }
    let mut bodies = Vec::new();
    for body in ['d', 'B', 'J'].into_iter().flat_map(|letter| o.all(letter)) {
        bodies.push(match body.strip_prefix('@') {
            Some(path) => read(ctx, path)?,
            None => body.to_string(),
        });
    }
    if let Some(cookie) = o.get('K') {
        fetch.headers.push(format!("Cookie: {cookie}"));
    }
    if o.has('G') && !bodies.is_empty() {
        let mark = if fetch.path.contains('?') { "&" } else { "?" };
        let query = format!("{mark}{}", std::mem::take(&mut bodies).join("&"));
        fetch.path.push_str(&query);
        fetch.url = format!("{}{query}", fetch.url).into();
    }
    if !bodies.is_empty() {
        fetch.method = "POST".into();
        fetch.body = bodies.join("&");
        fetch.media = if o.has('J') { "application/json" } else { "application/x-www-form-urlencoded" };
    }
    if let Some(method) = o.get('X') {
        fetch.method = method.to_string();
    }
    fetch.compose();
    Ok(Box::new(fetch))
}

/// The options; unknown ones are told in curl's own words.
fn parsed(ctx: &mut Ctx) -> Result<opts::Opts, i32> {
    let before = ctx.out.len();
    opts::parse(ctx, OPTIONS).map_err(|_| {
        ctx.out.truncate(before);
        let long = |a: &Text| a.strip_prefix("--").map(|n| n.split('=').next().unwrap_or("").to_owned());
        let known = |n: &String| OPTIONS.split(' ').any(|e| e.split_once('=').is_some_and(|(l, _)| l == n));
        let bad = ctx.args.iter().filter_map(long).find(|n| !known(n));
        let letter = ctx.args.iter().skip(1).filter(|a| a.starts_with('-') && !a.starts_with("--"));
        let letter = letter.flat_map(|a| a[1..].chars()).find(|c| !OPTIONS.split(' ').next().unwrap_or("").contains(*c));
        let shown = bad.map(|n| format!("--{n}")).or(letter.map(|c| format!("-{c}"))).unwrap_or_default();
        ctx.err(&format!(
            "curl: option {shown}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
        ));
        2
    })
}

/// The text of a file that is sent; `-` is standard input.
fn read(ctx: &mut Ctx, path: &str) -> Result<String, i32> {
    let bytes = if path == "-" {
        ctx.input().ok_or(0)?.to_vec()
    } else {
        let Ok(bytes) = ctx.read_file(path) else {
            ctx.err("curl: option -d: error encountered when reading a file\n");
            return Err(26);
        };
        bytes
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Fetch {
    /// A line of `-v`.
    pub(super) fn note(&mut self, text: &str) {
        if self.tool == Tool::Curl && self.has('v') {
            self.say(2, text);
        }
    }

    /// The address that `--resolve` gives for the host.
    pub(super) fn given_address(&self) -> Option<Text> {
        let wanted = format!("{}:{}:", self.host, self.port);
        self.hosts.iter().find_map(|h| h.strip_prefix(&wanted)).map(Text::from)
    }

    /// What `-v` tells of the request that was sent.
    pub(super) fn trace_request(&mut self) {
        if !self.has('v') {
            return;
        }
        let (host, port, ip) = (self.host.clone(), self.port, self.ip.clone().unwrap_or_default());
        self.note(&format!("* Connected to {host} ({ip}) port {port} (#0)\n"));
        let text = String::from_utf8_lossy(&self.request).into_owned();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let lines: String = head.split("\r\n").map(|l| format!("> {l}\n")).collect();
        self.note(&format!("{lines}> \n"));
    }

    /// Shows an answer.
    pub(super) fn curl_result(&mut self, sys: &mut dyn Sys, status: u32, head: &str, body: Vec<u8>) {
        let closing = head.to_ascii_lowercase().contains("connection: close");
        if self.has('v') {
            let lines: String = head.trim_end().lines().map(|l| format!("< {l}\n")).collect();
            self.note(&format!("{lines}< \n"));
            let shown = sys.is_tty(1) && self.output.is_none();
            if !body.is_empty() && !self.has('I') && !shown {
                self.note(&format!("{{ [{} bytes data]\n", body.len()));
            }
        }
        let end = if closing {
            "* Closing connection 0\n".to_owned()
        } else {
            format!("* Connection #0 to host {} left intact\n", self.host)
        };
        let failed = (self.has('f') || self.has('b')) && status >= 400;
        if failed && (!self.has('s') || self.has('S')) {
            self.say(2, &format!("curl: (22) The requested URL returned error: {status}\n"));
        }
        if failed && !self.has('b') {
            return self.end(22);
        }
        let mut all = Vec::new();
        if self.has('I') || self.has('i') {
            all.extend_from_slice(head.as_bytes());
        }
        if !self.has('I') {
            all.extend(body);
        }
        match self.output.clone() {
            Some(path) if &*path != "-" => {
                if sys.write_file(&path, &all, false).is_err() {
                    self.say(2, "curl: (23) Failure writing output to destination\n");
                    return self.end(23);
                }
            }
            _ => self.out.push((1, all)),
        }
        self.note(&end);
        self.end(if failed { 22 } else { 0 });
    }

    /// Whether `--retry` has the same done once more after this end; says so.
    pub(super) fn try_again(&mut self, code: i32) -> bool {
        let status = self.status().unwrap_or(0);
        let why = match code {
            0 | 22 if matches!(status, 408 | 429 | 500 | 502 | 503 | 504) => ": HTTP error",
            28 | 6 => ": timeout",
            7 if self.retry.refused => ": connection refused",
            0 => return false,
            _ if self.retry.all => "(retrying all errors)",
            _ => return false,
        };
        if self.retry.left == 0 {
            return false;
        }
        self.retry.left -= 1;
        let pause = self.retry.delay.or(self.retry.next).unwrap_or(Span::secs(1));
        self.retry.next = Some((pause + pause).min(LONGEST_PAUSE));
        if !self.has('s') {
            let (seconds, left) = (pause.as_secs(), self.retry.left + 1);
            let text = format!("Problem {why}. Will retry in {seconds} seconds. {left} retries left.");
            self.say(2, &warning(&text));
        }
        self.state = State::Pause(self.now + pause);
        true
    }

    /// What `-w` prints.
    pub(super) fn write_out(&mut self, code: i32) {
        let Some(format) = self.format.clone() else { return };
        let head = self.head_end().map(|n| String::from_utf8_lossy(&self.received[..n]).into_owned());
        let head = head.unwrap_or_default();
        let header = |name: &str| {
            let found =
                head.lines().filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case(name));
            found.map_or(String::new(), |(_, v)| v.trim().to_owned())
        };
        let body = self.received.len() - self.head_end().unwrap_or(self.received.len());
        let took = format!("{:.6}", self.now.since(self.begun).as_secs_f64());
        let (mut out, mut rest) = (String::new(), &*format);
        while let Some(at) = rest.find(['%', '\\']) {
            out.push_str(&rest[..at]);
            let tail = &rest[at..];
            let mut used = 1 + tail[1..].chars().next().map_or(0, char::len_utf8);
            match tail.as_bytes().get(1) {
                Some(b'{') if tail.starts_with('%') => {
                    let end = tail.find('}').unwrap_or(tail.len());
                    used = (end + 1).min(tail.len());
                    out.push_str(&match &tail[2..end] {
                        "http_code" | "response_code" => format!("{:03}", self.status().unwrap_or(0)),
                        "size_download" => body.to_string(),
                        "size_header" => head.len().to_string(),
                        "size_request" => self.sent.to_string(),
                        "remote_ip" => self.ip.as_deref().unwrap_or("").to_owned(),
                        "remote_port" => if self.received.is_empty() { 0 } else { self.port }.to_string(),
                        "content_type" => header("content-type"),
                        "num_redirects" => self.redirects.to_string(),
                        "url" | "url_effective" => self.effective_url(),
                        "http_version" => if head.starts_with("HTTP/1.0") {
                            "1.0"
                        } else if head.is_empty() {
                            "0"
                        } else {
                            "1.1"
                        }
                        .to_owned(),
                        "method" => self.method.clone(),
                        "scheme" => if self.received.is_empty() { "" } else { "HTTP" }.to_owned(),
                        "exitcode" => code.to_string(),
                        "errormsg" | "local_ip" => String::new(),
                        "time_total" | "time_starttransfer" | "time_pretransfer" | "time_connect" => {
                            took.clone()
                        }
                        "time_namelookup" | "time_appconnect" | "time_redirect" => "0.000000".into(),
                        other => {
                            self.say(2, &format!("curl: unknown --write-out variable: '{other}'\n"));
                            String::new()
                        }
                    });
                }
                Some(b'%') => out.push('%'),
                Some(b'n') if tail.starts_with('\\') => out.push('\n'),
                Some(b't') if tail.starts_with('\\') => out.push('\t'),
                Some(b'r') if tail.starts_with('\\') => out.push('\r'),
                _ => out.push_str(&tail[..used]),
            }
            rest = &tail[used..];
        }
        out.push_str(rest);
        self.say(1, &out);
    }

    /// The URL that was asked last, as curl writes it.
    fn effective_url(&self) -> String {
        let url =
            if self.url.contains("://") { self.url.to_string() } else { format!("http://{}", self.url) };
        let bare = url.splitn(4, '/').count() < 4;
        if bare { url + "/" } else { url }
    }
}

/// The longest pause between two tries.
const LONGEST_PAUSE: Span = Span::secs(600);

/// A warning, broken where it would go beyond 79 columns.
fn warning(text: &str) -> String {
    const ROOM: usize = 70;
    let mut out = String::new();
    let mut rest = text;
    while rest.len() > ROOM {
        let cut = rest[..ROOM].rfind(' ').map_or(ROOM, |n| n + 1);
        out.push_str(&format!("Warning: {}\n", &rest[..cut]));
        rest = &rest[cut..];
    }
    out + &format!("Warning: {rest}\n")
}
