//! The variables that log formats, `return` texts and headers may use.

use crate::api::Text;
use crate::images::programs::http::{Connection, Request, month};
use crate::os::Sys;
use crate::time::civil;

/// Where values come from.
pub struct Vars<'a> {
    /// The request.
    pub request: &'a Request,
    /// Its connection.
    pub connection: &'a Connection,
    /// The server's own address.
    pub sys_ip: Text,
    /// The name of the machine or pod.
    pub hostname: Text,
    /// e.g. `nginx/1.22.1`.
    pub server: &'a str,
}

/// What is known only once the answer is: for log lines.
struct Outcome {
    uri: String,
    status: u16,
    sent: usize,
    micros: i64,
    pid: u32,
}

/// Replaces `$name` and `${name}`; what is empty in a log line shows as `-`.
pub fn expand(text: &str, vars: &Vars<'_>, uri: &str) -> String {
    let value = |name: &str| match name {
        "uri" | "document_uri" => uri.to_owned(),
        _ => vars.value(name, None).unwrap_or_default(),
    };
    replace(text, value)
}

fn replace(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(2 * text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.strip_prefix('{').and_then(|a| a.split_once('}'));
        let (name, tail) = match braced {
            Some((name, tail)) => (name, tail),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            out.push_str(&value(name));
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

impl Vars<'_> {
    /// Whether the client has this address.
    pub fn peer_is(&self, address: &str) -> bool {
        self.connection.peer == address
    }

    /// A line of the access log.
    pub fn with_outcome(&self, format: &str, uri: &str, status: u16, sent: usize, sys: &dyn Sys) -> String {
        let outcome =
            Outcome { uri: uri.to_owned(), status, sent, micros: sys.wall_micros(), pid: sys.pid() };
        replace(format, |name| match self.value(name, Some(&outcome)) {
            Some(v) if !v.is_empty() => escape(&v),
            _ => "-".to_owned(),
        })
    }

    fn value(&self, name: &str, outcome: Option<&Outcome>) -> Option<String> {
        let r = self.request;
        let text = match name {
            "remote_addr" | "binary_remote_addr" => self.connection.peer.to_string(),
            "request" => r.line.clone(),
            "request_method" => r.method.clone(),
            "request_uri" => r.target.clone(),
            "uri" | "document_uri" => outcome.map_or_else(|| r.path(), |o| o.uri.clone()),
            "args" | "query_string" => r.query().to_owned(),
            "host" => r.header("host").unwrap_or_default().split(':').next().unwrap_or_default().to_owned(),
            "scheme" => "http".to_owned(),
            "server_addr" => self.sys_ip.to_string(),
            "server_port" => self.connection.port.to_string(),
            "server_protocol" => if r.http11 { "HTTP/1.1" } else { "HTTP/1.0" }.to_owned(),
            "nginx_version" => self.server.strip_prefix("nginx/").unwrap_or_default().to_owned(),
            "connection" => self.connection.number.to_string(),
            "connection_requests" => "1".to_owned(),
            "status" => outcome?.status.to_string(),
            "body_bytes_sent" | "bytes_sent" => outcome?.sent.to_string(),
            "request_time" => "0.000".to_owned(),
            "hostname" => self.hostname.to_string(),
            "pid" => outcome?.pid.to_string(),
            "time_local" => {
                let c = civil(outcome?.micros);
                let (d, m, y) = (c.day, month(&c), c.year);
                format!("{d:02}/{m}/{y}:{:02}:{:02}:{:02} +0000", c.hour, c.minute, c.second)
            }
            "time_iso8601" => {
                let c = civil(outcome?.micros);
                let day = format!("{}-{:02}-{:02}", c.year, c.month, c.day);
                format!("{day}T{:02}:{:02}:{:02}+00:00", c.hour, c.minute, c.second)
            }
            "msec" => {
                let ms = outcome?.micros / 1000;
                format!("{}.{:03}", ms / 1000, ms % 1000)
            }
            _ => return self.by_prefix(name),
        };
        Some(text)
    }

    /// `$http_NAME` and `$arg_NAME`.
    fn by_prefix(&self, name: &str) -> Option<String> {
        if let Some(header) = name.strip_prefix("http_") {
            return self.request.header(&header.replace('_', "-")).map(str::to_owned);
        }
        let wanted = name.strip_prefix("arg_")?;
        self.request
            .query()
            .split('&')
            .filter_map(|p| p.split_once('='))
            .find(|(n, _)| *n == wanted)
            .map(|(_, v)| v.to_owned())
    }
}

/// What could break a log line, as `\xHH`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\x{:02X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}
