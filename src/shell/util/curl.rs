//! `curl`: what it asks, what it shows of an answer, and what `-v` tells.
//!
//! Left out: TLS, other protocols, uploads, forms, cookies, proxies, the progress meter.

use super::ctx::Ctx;
use super::net::{CONNECT_TIMEOUT, Fetch, Tool, limit};
use super::opts;
use crate::api::Text;
use crate::os::program::{Program, Sys};

/// Letters of the options; capital letters that curl gives another meaning stand for long ones alone.
const OPTIONS: &str = "sSIifvLkgN4o:w:m:H:X:d:u:A:OC:J:R:B:T: silent=s show-error=S head=I include=i fail=f verbose=v \
     location=L insecure=k no-buffer=N ipv4=4 output=o write-out=w max-time=m header=H request=X data=d data-raw=d \
     data-binary=B data-ascii=d json=J user=u user-agent=A remote-name=O connect-timeout=C resolve=R cacert=T cert=T \
     key=T retry=T retry-delay=T noproxy=T compressed=g globoff=g";

/// Starts it.
pub fn curl(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, OPTIONS)?;
    let Some(url) = o.rest.first() else {
        ctx.err("curl: try 'curl --help' or 'curl --manual' for more information\n");
        return Err(2);
    };
    let flags = "sSIifvLm".chars().filter(|c| o.has(*c)).collect();
    let mut fetch = Fetch::new(ctx, Tool::Curl, flags);
    if !fetch.set_url(url) {
        return Err(ctx.not_simulated("https"));
    }
    if o.has('O') {
        return Err(ctx.not_simulated("--remote-name"));
    }
    fetch.more = o.rest[1..].iter().rev().map(ToString::to_string).collect();
    fetch.limit = limit(o.get('m').or(o.get('C')));
    fetch.until = ctx.sys.now() + fetch.limit.unwrap_or(CONNECT_TIMEOUT);
    fetch.output = o.get('o').cloned();
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
        if self.has('f') && status >= 400 {
            if !self.has('s') || self.has('S') {
                self.say(2, &format!("curl: (22) The requested URL returned error: {status}\n"));
            }
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
        self.end(0);
    }
}
