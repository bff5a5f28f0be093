//! From a request to an answer: server, location, file, page of an error.

use super::Logs;
use super::config::{Config, Scope, location, lookup, lookup_all};
use super::syntax::Directive;
use super::variables::{Vars, expand};
use crate::images::programs::http::{Answer, Connection, Parsed, Request, date, month, reason};
use crate::os::{Errno, FileType, Sys};
use crate::time::civil;
use std::rc::Rc;

/// Most internal redirects of one request (nginx: `NGX_HTTP_MAX_URI_CHANGES`).
const MAX_REDIRECTS: u32 = 10;

/// What a worker needs to answer.
#[derive(Clone, Debug)]
pub struct Site {
    /// The configuration.
    pub config: Rc<Config>,
    /// e.g. `nginx/1.22.1`.
    pub server: String,
    /// Where to write.
    pub logs: Logs,
}

/// An answer before it is put into bytes.
struct Reply {
    status: u16,
    kind: String,
    body: Vec<u8>,
    headers: Vec<(String, String)>,
    /// Whether it is a page of nginx's own, which an `error_page` may replace.
    own: bool,
}

impl Reply {
    fn new(status: u16, kind: &str, body: Vec<u8>) -> Reply {
        Reply { status, kind: kind.to_owned(), body, headers: Vec::new(), own: false }
    }
}

/// A request on its way through the configuration.
struct Way<'a> {
    vars: &'a Vars<'a>,
    scope: Scope<'a>,
    path: String,
    redirects: u32,
}

impl Answer for Site {
    fn answer(&mut self, sys: &mut dyn Sys, connection: &Connection, parsed: &Parsed) -> Vec<u8> {
        let bare;
        let (request, status) = match parsed {
            Parsed::Request(request) => (request, None),
            Parsed::Bad(status, line) => {
                bare = Request { line: line.clone(), ..Request::default() };
                (&bare, Some(*status))
            }
            Parsed::More => return Vec::new(),
        };
        let config = self.config.clone();
        let host = request.header("host").unwrap_or_default().split(':').next().unwrap_or_default();
        let scope = config.server(connection.port, host);
        let server = self.server.clone();
        let vars = Vars { request, connection, sys_ip: sys.ip(), hostname: sys.hostname(), server: &server };
        let mut way = Way { vars: &vars, scope, path: request.path(), redirects: 0 };
        let reply = match status {
            Some(status) => self.page(status),
            None => self.route(sys, &mut way, true),
        };
        if reply.status == 444 {
            return Vec::new();
        }
        let sent = if request.method == "HEAD" { 0 } else { reply.body.len() };
        self.log_access(sys, &way, reply.status, sent);
        self.bytes(sys, &way, request, reply)
    }
}

impl Site {
    /// nginx's own page for a status.
    fn page(&self, status: u16) -> Reply {
        let title = format!("{status} {}", reason(status));
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             <hr><center>{}</center>\r\n</body>\r\n</html>\r\n",
            self.server
        );
        Reply { own: status != 444, ..Reply::new(status, "text/html", body.into_bytes()) }
    }

    fn route(&self, sys: &mut dyn Sys, way: &mut Way<'_>, pages: bool) -> Reply {
        let outer = way.scope.len().saturating_sub(3);
        way.scope.drain(..outer);
        let server = way.scope.first().copied().unwrap_or_default();
        let found = location(server, &way.path);
        if let Some(block) = found.and_then(|d| d.block.as_deref()) {
            way.scope.insert(0, block);
        }
        let reply = self.within(sys, way, found);
        if !pages || !reply.own || reply.status < 300 {
            return reply;
        }
        let code = reply.status.to_string();
        let page = lookup_all(&way.scope, "error_page").into_iter().find(|d| d.args.contains(&code));
        let Some(target) = page.and_then(|d| d.args.last()).filter(|t| t.starts_with('/')) else {
            return reply;
        };
        way.path = target.clone();
        way.redirects += 1;
        let other = self.route(sys, way, false);
        let status = if other.status == 200 { reply.status } else { other.status };
        Reply { status, ..other }
    }

    /// The answer of a location.
    fn within(&self, sys: &mut dyn Sys, way: &mut Way<'_>, found: Option<&Directive>) -> Reply {
        if let Some(d) = lookup(&way.scope[..way.scope.len().min(2)], "return") {
            return self.returned(way, d);
        }
        if let Some(d) = lookup(&way.scope, "deny").filter(|d| d.arg(0) == "all")
            && !lookup_all(&way.scope, "allow")
                .iter()
                .any(|a| a.arg(0) == "all" || way.vars.peer_is(a.arg(0)))
        {
            let _ = d;
            self.error(sys, way, "access forbidden by rule");
            return self.page(403);
        }
        let inner = &way.scope[..1];
        if lookup(inner, "stub_status").is_some() {
            let n = way.vars.connection.number;
            let text = format!(
                "Active connections: 1 \nserver accepts handled requests\n {n} {n} {n} \n\
                 Reading: 0 Writing: 1 Waiting: 0 \n"
            );
            return Reply::new(200, "text/plain", text.into_bytes());
        }
        for name in ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass", "memcached_pass"] {
            if let Some(d) = lookup(inner, name) {
                let text = format!("not simulated: {} {}\n", d.name, d.arg(0));
                return Reply::new(501, "text/plain", text.into_bytes());
            }
        }
        if let Some(d) = lookup(&way.scope, "try_files") {
            return self.try_files(sys, way, d);
        }
        let prefix = found.map_or("", |d| d.args.last().map_or("", String::as_str)).to_owned();
        self.file(sys, way, &prefix)
    }

    fn returned(&self, way: &Way<'_>, d: &Directive) -> Reply {
        let Ok(status) = d.arg(0).parse::<u16>() else {
            return self.moved(302, expand(d.arg(0), way.vars, &way.path));
        };
        match (status, d.args.get(1)) {
            (301 | 302 | 303 | 307 | 308, Some(url)) => self.moved(status, expand(url, way.vars, &way.path)),
            (_, Some(text)) => {
                let kind = lookup(&way.scope, "default_type").map_or("text/plain", |d| d.arg(0));
                Reply::new(status, kind, expand(text, way.vars, &way.path).into_bytes())
            }
            (200 | 204, None) => Reply::new(status, "text/plain", Vec::new()),
            (_, None) => self.page(status),
        }
    }

    fn moved(&self, status: u16, to: String) -> Reply {
        let mut reply = self.page(status);
        reply.headers.push(("Location".to_owned(), to));
        Reply { own: false, ..reply }
    }

    fn try_files(&self, sys: &mut dyn Sys, way: &mut Way<'_>, d: &Directive) -> Reply {
        let (last, candidates) = match d.args.split_last() {
            Some(split) => split,
            None => return self.page(500),
        };
        for candidate in candidates {
            let uri = expand(candidate, way.vars, &way.path);
            let path = format!("{}{uri}", root(&way.scope));
            let wants_dir = uri.ends_with('/');
            let is_dir = sys.stat(&path).map(|s| s.kind == FileType::Dir);
            if is_dir == Ok(wants_dir) {
                way.path = uri;
                return self.file(sys, way, "");
            }
        }
        if let Some(code) = last.strip_prefix('=') {
            return self.page(code.parse().unwrap_or(404));
        }
        way.path = expand(last, way.vars, &way.path).split('?').next().unwrap_or("/").to_owned();
        self.again(sys, way)
    }

    /// An internal redirect.
    fn again(&self, sys: &mut dyn Sys, way: &mut Way<'_>) -> Reply {
        way.redirects += 1;
        if way.redirects > MAX_REDIRECTS {
            let text = format!(
                "rewrite or internal redirection cycle while internally redirecting to \"{}\"",
                way.path
            );
            self.error(sys, way, &text);
            return self.page(500);
        }
        self.route(sys, way, true)
    }

    fn file(&self, sys: &mut dyn Sys, way: &mut Way<'_>, prefix: &str) -> Reply {
        if !matches!(way.vars.request.method.as_str(), "GET" | "HEAD") {
            return self.page(405);
        }
        if way.path.contains("/../") || way.path.ends_with("/..") || way.path.contains('\0') {
            return self.page(400);
        }
        let path = match lookup(&way.scope[..1], "alias") {
            Some(alias) => format!("{}{}", alias.arg(0), way.path.strip_prefix(prefix).unwrap_or_default()),
            None => format!("{}{}", root(&way.scope), way.path),
        };
        if way.path.ends_with('/') {
            return self.directory(sys, way, &path);
        }
        let stat = match sys.stat(&path) {
            Ok(stat) => stat,
            Err(e) => return self.failed(sys, way, &format!("open() \"{path}\" failed"), e),
        };
        if stat.kind == FileType::Dir {
            let host = way.vars.request.header("host").unwrap_or("localhost");
            return self.moved(301, format!("http://{host}{}/", way.path));
        }
        match sys.read_file(&path) {
            Ok(body) => {
                let mut reply = Reply::new(200, &self.kind(way, &path), body);
                let secs = stat.mtime_micros.div_euclid(1_000_000);
                reply.headers.push(("Last-Modified".to_owned(), date(stat.mtime_micros)));
                reply.headers.push(("ETag".to_owned(), format!("\"{secs:x}-{:x}\"", stat.size)));
                reply
            }
            Err(e) => self.failed(sys, way, &format!("open() \"{path}\" failed"), e),
        }
    }

    fn failed(&self, sys: &mut dyn Sys, way: &Way<'_>, what: &str, e: Errno) -> Reply {
        self.error(sys, way, &format!("{what} ({}: {})", super::number(e), e.text()));
        self.page(match e {
            Errno::EACCES => 403,
            Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG => 404,
            _ => 500,
        })
    }

    /// A path that ends in a slash: its index file, its listing, or nothing.
    fn directory(&self, sys: &mut dyn Sys, way: &mut Way<'_>, path: &str) -> Reply {
        let index = lookup(&way.scope, "index");
        let names = index.map_or_else(|| vec!["index.html".to_owned()], |d| d.args.clone());
        for name in &names {
            let at = if name.starts_with('/') { name.clone() } else { format!("{path}{name}") };
            if sys.stat(&at).is_ok_and(|s| s.kind == FileType::File) {
                way.path = if name.starts_with('/') { name.clone() } else { format!("{}{name}", way.path) };
                return self.again(sys, way);
            }
        }
        if let Err(e) = sys.stat(path) {
            let first = names.first().map_or("", String::as_str);
            return self.failed(sys, way, &format!("\"{path}{first}\" is not found"), e);
        }
        if lookup(&way.scope, "autoindex").is_some_and(|d| d.arg(0) == "on") {
            return listing(sys, &way.path, path);
        }
        self.error(sys, way, &format!("directory index of \"{path}\" is forbidden"));
        self.page(403)
    }

    /// The media type of a file.
    fn kind(&self, way: &Way<'_>, path: &str) -> String {
        let name = path.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
        let types = lookup(&way.scope, "types").and_then(|d| d.block.as_deref()).unwrap_or_default();
        let hit = extension.and_then(|e| types.iter().find(|t| t.args.contains(&e)));
        let default = lookup(&way.scope, "default_type").map_or("text/plain", |d| d.arg(0));
        hit.map_or(default, |t| &t.name).to_owned()
    }

    /// Writes a line to the error log.
    fn error(&self, sys: &mut dyn Sys, way: &Way<'_>, text: &str) {
        let vars = way.vars;
        let name = lookup(&way.scope, "server_name").map_or("", |d| d.arg(0));
        let mut line = format!(
            "*{} {text}, client: {}, server: {name}, request: \"{}\"",
            vars.connection.number, vars.connection.peer, vars.request.line
        );
        if let Some(host) = vars.request.header("host") {
            line.push_str(&format!(", host: \"{host}\""));
        }
        if let Some(referrer) = vars.request.header("referer") {
            line.push_str(&format!(", referrer: \"{referrer}\""));
        }
        self.logs.line(sys, "error", &line);
    }

    fn log_access(&self, sys: &mut dyn Sys, way: &Way<'_>, status: u16, sent: usize) {
        let Some(d) = lookup(&way.scope, "access_log") else { return };
        if d.arg(0) == "off" {
            return;
        }
        let wanted = d.args.get(1).map_or("combined", String::as_str);
        let format = lookup_formats(&way.scope, wanted);
        let line = way.vars.with_outcome(&format, &way.path, status, sent, sys) + "\n";
        self.logs.access(sys, d.arg(0), &line);
    }

    fn bytes(&self, sys: &dyn Sys, way: &Way<'_>, request: &Request, reply: Reply) -> Vec<u8> {
        let keep = request.keep_alive() && reply.status != 400;
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nServer: {}\r\nDate: {}\r\n",
            reply.status,
            reason(reply.status),
            if lookup(&way.scope, "server_tokens").is_some_and(|d| d.arg(0) == "off") {
                "nginx"
            } else {
                &self.server
            },
            date(sys.wall_micros())
        );
        if reply.status != 204 {
            head.push_str(&format!(
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                reply.kind,
                reply.body.len()
            ));
        }
        let header = |name: &str| reply.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        for name in ["Last-Modified", "Location"] {
            if let Some(value) = header(name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(if keep { "Connection: keep-alive\r\n" } else { "Connection: close\r\n" });
        if let Some(tag) = header("ETag") {
            head.push_str(&format!("ETag: {tag}\r\n"));
        }
        for d in lookup_all(&way.scope, "add_header") {
            let fits = matches!(reply.status, 200 | 201 | 204 | 206 | 301..=304 | 307 | 308);
            if fits || d.arg(2) == "always" {
                head.push_str(&format!("{}: {}\r\n", d.arg(0), expand(d.arg(1), way.vars, &way.path)));
            }
        }
        if header("ETag").is_some() {
            head.push_str("Accept-Ranges: bytes\r\n");
        }
        head.push_str("\r\n");
        let mut out = head.into_bytes();
        if request.method != "HEAD" {
            out.extend(reply.body);
        }
        out
    }
}

/// The text of a `log_format`.
fn lookup_formats(scope: &Scope<'_>, name: &str) -> String {
    let formats = lookup_all(scope, "log_format");
    let Some(d) = formats.iter().find(|d| d.arg(0) == name) else {
        return "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                \"$http_referer\" \"$http_user_agent\""
            .to_owned();
    };
    d.args[1..].iter().filter(|a| !a.starts_with("escape=")).map(String::as_str).collect()
}

fn root<'a>(scope: &Scope<'a>) -> &'a str {
    lookup(scope, "root").map_or("/etc/nginx/html", |d| d.arg(0)).trim_end_matches('/')
}

/// `autoindex`'s page.
fn listing(sys: &dyn Sys, uri: &str, path: &str) -> Reply {
    let mut out = format!(
        "<html>\r\n<head><title>Index of {uri}</title></head>\r\n<body>\r\n<h1>Index of {uri}</h1><hr><pre>\
         <a href=\"../\">../</a>\r\n"
    );
    for name in sys.read_dir(path).unwrap_or_default().iter().filter(|n| !n.starts_with('.')) {
        let Ok(stat) = sys.stat(&format!("{path}{name}")) else { continue };
        let dir = stat.kind == FileType::Dir;
        let shown = format!("{name}{}", if dir { "/" } else { "" });
        let size = if dir { "-".to_owned() } else { stat.size.to_string() };
        let c = civil(stat.mtime_micros);
        let when = format!("{:02}-{}-{} {:02}:{:02}", c.day, month(&c), c.year, c.hour, c.minute);
        let pad = " ".repeat(51usize.saturating_sub(shown.chars().count()));
        out.push_str(&format!("<a href=\"{shown}\">{shown}</a>{pad}{when} {size:>19}\r\n"));
    }
    out.push_str("</pre><hr></body>\r\n</html>\r\n");
    Reply::new(200, "text/html", out.into_bytes())
}
