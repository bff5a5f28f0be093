//! Small web servers: those of the documentation's examples, Apache's httpd, Python's `http.server`.
//!
//! Each is a [`Kind`]: what it says at the start, where it listens, what it answers, how it takes TERM.
//! Left out: configuration files of httpd (a changed one is not read), CGI, virtual hosts.

use super::http::{Answer, Connection, Parsed, Request, Server, date, decode, month, reason};
use super::load::Load;
use super::services::Site;
use super::small::Small;
use crate::os::{Disposition, FileType, Program, STDERR, STDOUT, Signal, Spawn, Step, Sys};
use crate::time::{Span, Time, civil};

/// Which server.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One with fixed answers, and its version.
    Site(&'static Site, String),
    /// hashicorp/http-echo with its text and status.
    Echo(String, u16),
    /// gcr.io/google-samples/hello-app with its version.
    HelloApp(String),
    /// gcr.io/google-samples/node-hello.
    NodeHello,
    /// registry.k8s.io/hpa-example.
    Hpa,
    /// The pod's name.
    Hostname,
    /// registry.k8s.io/echoserver.
    Mirror,
    /// agnhost netexec.
    NetExec,
    /// agnhost liveness: healthy for ten seconds.
    Liveness,
    /// podlab/slow-start: listens after some seconds.
    Slow(u64),
    /// Apache with its version.
    Httpd(String),
    /// `python -m http.server`, serving a directory.
    Python(String),
    /// Go's file server, serving a directory.
    Files(String),
    /// A server that always answers the same, with its version.
    Small(&'static Small, String),
}

/// A server process.
#[derive(Clone, Debug)]
pub struct Web {
    kind: Kind,
    port: u16,
    server: Server,
    opens: Option<Time>,
    started: Time,
    exit: Option<i32>,
    load: Load,
}

/// Starts a server on a port.
pub fn web(kind: Kind, port: u16) -> Box<dyn Program> {
    let server = Server::default();
    Box::new(Web { kind, port, server, opens: None, started: Time::ZERO, exit: None, load: Load::default() })
}

/// An answer in the making.
struct Page {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
    location: Option<String>,
}

impl Page {
    fn text(body: impl Into<String>) -> Page {
        Page {
            status: 200,
            kind: "text/plain; charset=utf-8",
            body: body.into().into_bytes(),
            location: None,
        }
    }

    fn html(status: u16, body: String) -> Page {
        Page { status, kind: "text/html", body: body.into_bytes(), location: None }
    }
}

impl Program for Web {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if self.opens.is_none() {
            if self.term_code().is_some() {
                for signal in [Signal::Term, Signal::Int, Signal::Winch] {
                    sys.set_disposition(signal, Disposition::Catch);
                }
            }
            self.started = sys.now();
            let wait = if let Kind::Slow(secs) = self.kind { Span::secs(secs) } else { Span::ZERO };
            self.opens = Some(sys.now() + wait);
            if let Kind::Slow(secs) = self.kind {
                say(sys, STDOUT, &format!("starting: ready in {secs} s\n"));
            }
        }
        if let Some(signal) = sys.take_signal()
            && let Some(code) = self.term_code()
        {
            self.farewell(sys, signal);
            return Step::Exit(code);
        }
        let opens = self.opens.unwrap_or_default();
        if sys.now() < opens {
            return crate::os::Wait::until(opens);
        }
        if self.server.listeners.is_empty() {
            match sys.listen(self.port) {
                Ok(fd) => self.server.listeners.push((fd, self.port)),
                Err(e) => {
                    say(sys, STDERR, &self.bind_error(e.text()));
                    return Step::Exit(1);
                }
            }
            self.banner(sys);
        }
        let mut server = std::mem::take(&mut self.server);
        server.poll(sys, self);
        self.server = server;
        let mut wait = self.server.wait();
        wait.until = self.load.settle(sys);
        match self.exit {
            Some(code) => Step::Exit(code),
            None => Step::Wait(wait),
        }
    }
}

impl Answer for Web {
    fn works(&mut self, sys: &mut dyn Sys, connection: &Connection) -> bool {
        matches!(self.kind, Kind::Hpa) && self.load.holds(sys, connection.number)
    }

    fn answer(&mut self, sys: &mut dyn Sys, connection: &Connection, parsed: &Parsed) -> Vec<u8> {
        let Parsed::Request(request) = parsed else {
            return b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
                     400 Bad Request"
                .to_vec();
        };
        let page = self.page(sys, connection, request);
        self.log(sys, connection, request, &page);
        self.bytes(sys, request, page)
    }
}

impl Web {
    /// The exit code at TERM; `None` for those that do not handle it (as process 1 they ignore it).
    fn term_code(&self) -> Option<i32> {
        match self.kind {
            Kind::Python(_) | Kind::NodeHello => None,
            Kind::Small(small, _) => small.term,
            Kind::Site(site, _) => site.term,
            Kind::Httpd(_) | Kind::Slow(_) | Kind::Echo(..) | Kind::Hpa | Kind::Mirror => Some(0),
            // Go's runtime ends with 2 where a program does not handle TERM.
            _ => Some(2),
        }
    }

    fn banner(&self, sys: &mut dyn Sys) {
        let port = self.port;
        let now = super::stamped("{now}", sys.wall_micros());
        match &self.kind {
            Kind::Echo(..) => say(sys, STDERR, &format!("{now} [INFO] server is listening on :{port}\n")),
            Kind::HelloApp(_) => say(sys, STDERR, &format!("{now} Server listening on port {port}\n")),
            Kind::NetExec => say(sys, STDERR, &format!("{now} Started HTTP server on port {port}\n")),
            Kind::Slow(_) => say(sys, STDOUT, &format!("listening on :{port}\n")),
            Kind::Site(site, version) => {
                let text = site.banner.1.replace("{v}", version).replace("{host}", &sys.hostname());
                let text = super::stamped(&text.replace("{ip}", &sys.ip()), sys.wall_micros());
                say(sys, site.banner.0, &text);
            }
            Kind::Small(small, _) => {
                let text = super::stamped(small.banner, sys.wall_micros());
                let text = text.replace("{host}", &sys.hostname());
                say(sys, STDOUT, &text);
            }
            Kind::Httpd(version) => {
                let ip = sys.ip();
                let warning = format!(
                    "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using \
                     {ip}. Set the 'ServerName' directive globally to suppress this message\n"
                );
                say(sys, STDERR, &warning);
                say(sys, STDERR, &warning);
                let text =
                    format!("AH00489: Apache/{version} (Unix) configured -- resuming normal operations");
                apache(sys, "mpm_event:notice", &text);
                apache(sys, "core:notice", "AH00094: Command line: 'httpd -D FOREGROUND'");
            }
            _ => {}
        }
    }

    fn farewell(&self, sys: &mut dyn Sys, signal: Signal) {
        match (&self.kind, signal) {
            (Kind::Httpd(_), Signal::Winch) => {
                apache(sys, "mpm_event:notice", "AH00492: caught SIGWINCH, shutting down gracefully");
            }
            (Kind::Httpd(_), _) => apache(sys, "mpm_event:notice", "AH00491: caught SIGTERM, shutting down"),
            (Kind::Slow(_), _) => say(sys, STDOUT, "stopping\n"),
            _ => {}
        }
    }

    fn bind_error(&self, text: &str) -> String {
        let (port, low) = (self.port, text.to_ascii_lowercase());
        match self.kind {
            Kind::Httpd(_) => format!(
                "(98){text}: AH00072: make_sock: could not bind to address 0.0.0.0:{port}\nno listening sockets \
                 available, shutting down\nAH00015: Unable to open logs\n"
            ),
            Kind::Python(_) => format!("OSError: [Errno 98] {text}\n"),
            _ => format!("listen tcp :{port}: bind: {low}\n"),
        }
    }

    fn page(&mut self, sys: &mut dyn Sys, connection: &Connection, r: &Request) -> Page {
        match &self.kind {
            Kind::Echo(text, status) => Page { status: *status, ..Page::text(format!("{text}\n")) },
            Kind::HelloApp(version) => {
                Page::text(format!("Hello, world!\nVersion: {version}\nHostname: {}\n", sys.hostname()))
            }
            Kind::NodeHello => Page::text("Hello Kubernetes!"),
            Kind::Hpa => Page::text("OK!"),
            Kind::Hostname => Page::text(sys.hostname().to_string()),
            Kind::Slow(_) => Page::text("ok\n"),
            Kind::Liveness => {
                let age = sys.now().since(self.started).as_secs_f64();
                if age <= 10.0 {
                    Page::text("ok")
                } else {
                    Page { status: 500, ..Page::text(format!("error: {age}")) }
                }
            }
            Kind::NetExec => self.net_exec(sys, connection, r),
            Kind::Mirror => mirror(sys, connection, r),
            Kind::Httpd(_) => file(sys, "/usr/local/apache2/htdocs", r, apache_page, 405),
            Kind::Python(dir) => file(sys, dir, r, python_page, 501),
            Kind::Files(dir) => file(sys, dir, r, go_page, 405),
            Kind::Site(site, version) => site_page(sys, connection, r, site, version),
            Kind::Small(small, version) => {
                let body = small.body.replace("{host}", &sys.hostname()).replace("{v}", version);
                let location = (!small.location.is_empty()).then(|| small.location.to_owned());
                Page { status: small.status, kind: small.media, body: body.into_bytes(), location }
            }
        }
    }

    fn net_exec(&mut self, sys: &mut dyn Sys, connection: &Connection, r: &Request) -> Page {
        let path = r.path();
        let query = |name: &str| {
            let pair = r.query().split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name);
            pair.map(|(_, v)| decode(v))
        };
        match path.as_str() {
            "/" => Page::text(format!("NOW: {}", super::stamped("{iso}", sys.wall_micros()))),
            "/hostname" | "/hostName" => Page::text(sys.hostname().to_string()),
            "/clientip" => Page::text(format!("{}:{}", connection.peer, 30_000 + connection.number % 30_000)),
            "/echo" => Page::text(query("msg").unwrap_or_default()),
            "/healthz" | "/readyz" => Page::text(""),
            "/exit" => {
                self.exit = Some(query("code").and_then(|c| c.parse().ok()).unwrap_or(0) & 0xff);
                Page::text("")
            }
            _ => Page { status: 404, ..Page::text(format!("not simulated: agnhost netexec {path}\n")) },
        }
    }

    fn log(&self, sys: &mut dyn Sys, connection: &Connection, r: &Request, page: &Page) {
        let (peer, line, status) = (&connection.peer, &r.line, page.status);
        let micros = sys.wall_micros();
        let c = civil(micros);
        let time = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
        match &self.kind {
            Kind::Httpd(_) => {
                let day = format!("{:02}/{}/{}", c.day, month(&c), c.year);
                let sent = page.body.len();
                say(sys, STDOUT, &format!("{peer} - - [{day}:{time} +0000] \"{line}\" {status} {sent}\n"));
            }
            Kind::Python(_) => {
                let day = format!("{:02}/{}/{}", c.day, month(&c), c.year);
                say(sys, STDERR, &format!("{peer} - - [{day} {time}] \"{line}\" {status} -\n"));
            }
            Kind::Echo(..) => {
                let host = r.header("host").unwrap_or_default();
                let agent = r.header("user-agent").unwrap_or_default();
                let (now, sent) = (super::stamped("{now}", micros), page.body.len());
                let text = format!("{now} {host} {peer} \"{line}\" {status} {sent} \"{agent}\" 20.1µs\n");
                say(sys, STDOUT, &text);
            }
            Kind::HelloApp(_) => {
                let now = super::stamped("{now}", micros);
                say(sys, STDERR, &format!("{now} Serving request: {}\n", r.path()));
            }
            Kind::NodeHello => say(sys, STDOUT, &format!("Received request for URL: {}\n", r.target)),
            Kind::NetExec => {
                let now = super::stamped("{now}", micros);
                say(sys, STDERR, &format!("{now} {} {}\n", r.method, r.target));
            }
            _ => {}
        }
    }

    fn bytes(&self, sys: &dyn Sys, r: &Request, page: Page) -> Vec<u8> {
        let (status, length) = (page.status, page.body.len());
        let words = match reason(status) {
            "Moved Temporarily" => "Found",
            "Not Allowed" => "Method Not Allowed",
            words => words,
        };
        let mut head = format!("HTTP/1.1 {status} {words}\r\nDate: {}\r\n", date(sys.wall_micros()));
        match &self.kind {
            Kind::Httpd(version) => head.push_str(&format!("Server: Apache/{version} (Unix)\r\n")),
            Kind::Python(_) => head.push_str("Server: SimpleHTTP/0.6 Python/3\r\n"),
            Kind::Echo(..) => head.push_str("X-App-Name: http-echo\r\nX-App-Version: 1.0.0\r\n"),
            _ => {}
        }
        if let Some(to) = &page.location {
            head.push_str(&format!("Location: {to}\r\n"));
        }
        head.push_str(&format!("Content-Length: {length}\r\nContent-Type: {}\r\n", page.kind));
        head.push_str("Connection: close\r\n\r\n");
        let mut out = head.into_bytes();
        if r.method != "HEAD" {
            out.extend(page.body);
        }
        out
    }
}

fn say(sys: &mut dyn Sys, fd: crate::os::Fd, text: &str) {
    let _ = sys.write(fd, text.as_bytes());
}

/// A line of Apache's error log.
fn apache(sys: &mut dyn Sys, module: &str, text: &str) {
    let c = civil(sys.wall_micros());
    let day = &date(sys.wall_micros())[..3];
    let when = format!(
        "{day} {} {:02} {:02}:{:02}:{:02}.{:06} {}",
        month(&c),
        c.day,
        c.hour,
        c.minute,
        c.second,
        c.micros,
        c.year
    );
    let pid = sys.pid();
    say(sys, STDERR, &format!("[{when}] [{module}] [pid {pid}:tid {pid}] {text}\n"));
}

/// A file below a directory; `refuse` makes the page of an error, `no_method` is
/// the status for other methods than GET and HEAD.
fn file(sys: &dyn Sys, root: &str, r: &Request, refuse: fn(u16) -> String, no_method: u16) -> Page {
    let path = r.path();
    let bad = |status: u16| Page::html(status, refuse(status));
    if !matches!(r.method.as_str(), "GET" | "HEAD") {
        return bad(no_method);
    }
    if path.split('/').any(|p| p == "..") || path.contains('\0') || !path.starts_with('/') {
        return bad(400);
    }
    let mut full = format!("{}{path}", root.trim_end_matches('/'));
    let is_dir = sys.stat(&full).is_ok_and(|s| s.kind == FileType::Dir);
    if is_dir && !path.ends_with('/') {
        let mut page = bad(301);
        page.location = Some(format!("{path}/"));
        return page;
    }
    if is_dir {
        let index = format!("{full}index.html");
        if sys.stat(&index).is_err() {
            return Page::html(200, listing(sys, &full, &path));
        }
        full = index;
    }
    match sys.read_file(&full) {
        Ok(body) => {
            let extension = full.rsplit_once('.').map_or("", |(_, e)| e);
            let kind = match extension {
                "html" | "htm" => "text/html",
                "txt" | "conf" | "log" => "text/plain",
                "json" => "application/json",
                "css" => "text/css",
                "js" => "text/javascript",
                _ => "application/octet-stream",
            };
            Page { status: 200, kind, body, location: None }
        }
        Err(crate::os::Errno::EACCES) => bad(403),
        Err(_) => bad(404),
    }
}

fn listing(sys: &dyn Sys, dir: &str, path: &str) -> String {
    let mut out = format!(
        "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Directory listing for \
         {path}</title>\n</head>\n<body>\n<h1>Directory listing for {path}</h1>\n<hr>\n<ul>\n"
    );
    for name in sys.read_dir(dir).unwrap_or_default() {
        let dir = sys.stat(&format!("{dir}{name}")).is_ok_and(|s| s.kind == FileType::Dir);
        let slash = if dir { "/" } else { "" };
        out.push_str(&format!("<li><a href=\"{name}{slash}\">{name}{slash}</a></li>\n"));
    }
    out.push_str("</ul>\n<hr>\n</body>\n</html>\n");
    out
}

fn apache_page(status: u16) -> String {
    let text = match status {
        404 => "The requested URL was not found on this server.",
        403 => "You don't have permission to access this resource.",
        405 => "The requested method is not allowed for this URL.",
        _ => "Your browser sent a request that this server could not understand.<br />",
    };
    let words = if status == 405 { "Method Not Allowed" } else { reason(status) };
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {words}</title>\n\
         </head><body>\n<h1>{words}</h1>\n<p>{text}</p>\n</body></html>\n"
    )
}

/// What Go's file server says of an error.
fn go_page(status: u16) -> String {
    if status == 404 { "404 page not found\n".to_owned() } else { format!("{status} {}\n", reason(status)) }
}

fn python_page(status: u16) -> String {
    let text = match status {
        404 => "File not found",
        501 => "Unsupported method",
        _ => reason(status),
    };
    format!(
        "<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\">\n        <title>Error \
         response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: \
         {status}</p>\n        <p>Message: {text}.</p>\n    </body>\n</html>\n"
    )
}

/// echoserver's description of the request.
fn mirror(sys: &dyn Sys, connection: &Connection, r: &Request) -> Page {
    let headers: String = r.headers.iter().map(|(n, v)| format!("\t{n}={v}\n")).collect();
    let body =
        if r.body.is_empty() { "\t-no body in request-".into() } else { String::from_utf8_lossy(&r.body) };
    Page::text(format!(
        "\n\nHostname: {}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\
         \tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address={}\n\tmethod={}\n\
         \treal path={}\n\tquery={}\n\trequest_version={}\n\trequest_scheme=http\n\trequest_uri=http://{}:{}{}\n\n\
         Request Headers:\n{headers}\nRequest Body:\n{body}\n\n",
        sys.hostname(),
        connection.peer,
        r.method,
        r.target,
        r.query(),
        if r.http11 { "1.1" } else { "1.0" },
        r.header("host").unwrap_or_default().split(':').next().unwrap_or_default(),
        connection.port,
        r.target,
    ))
}

/// The answer of a site that knows its pages by heart.
fn site_page(sys: &dyn Sys, connection: &Connection, r: &Request, site: &Site, version: &str) -> Page {
    let path = r.path();
    let Some((_, status, text)) = site.pages.iter().find(|(p, ..)| *p == path || *p == "*") else {
        return Page { status: 404, ..Page::text("404 page not found\n") };
    };
    let title = |name: &str| -> String {
        let part =
            |p: &str| p.get(..1).map_or(String::new(), str::to_ascii_uppercase) + p.get(1..).unwrap_or("");
        name.split('-').map(part).collect::<Vec<_>>().join("-")
    };
    let peer = format!("{}:{}", connection.peer, 30_000 + connection.number % 30_000);
    let headers = || -> String {
        let sent = r.headers.iter().filter(|(n, _)| n != "connection");
        let rows: Vec<String> = sent.map(|(n, v)| format!("{}: {v}", title(n))).collect();
        rows.join("\n")
    };
    let mut body = (*text).to_owned();
    for (mark, value) in [
        ("{v}", version.to_owned()),
        ("{host}", sys.hostname().to_string()),
        ("{ip}", sys.ip().to_string()),
        ("{peer}", peer),
        ("{line}", r.line.clone()),
        ("{target}", r.target.clone()),
    ] {
        body = body.replace(mark, &value);
    }
    // Last, so that nothing in a request is taken for a mark.
    if body.contains("{headers}") {
        body = body.replace("{headers}", &headers());
    }
    Page { status: *status, kind: site.mime, body: body.into_bytes(), location: None }
}

/// The value of a flag in one of Go's forms: `-name=V`, `--name=V`, `-name V`.
pub fn flag<'a>(spawn: &'a Spawn, name: &str) -> Option<&'a str> {
    let mut args = spawn.argv.iter().skip(1).peekable();
    while let Some(arg) = args.next() {
        let Some(rest) = arg.trim_start_matches('-').strip_prefix(name).filter(|_| arg.starts_with('-'))
        else {
            continue;
        };
        if rest.is_empty() {
            return args.peek().map(|a| a.as_str());
        }
        if let Some(value) = rest.strip_prefix('=') {
            return Some(value);
        }
    }
    None
}

/// The value of a variable.
pub fn variable<'a>(spawn: &'a Spawn, name: &str) -> Option<&'a str> {
    spawn.env.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
}
