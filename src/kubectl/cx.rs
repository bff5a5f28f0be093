//! What a verb works with: the process, its output, the cluster and the defaults of the command line.

use crate::api::request::{Options, Origin, PatchType, StreamId, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Status, Text, Value, json};
use crate::kubectl::fail::{Fail, Res};
use crate::os::{Errno, Fd, STDERR, STDOUT, Sys, Wait};
use crate::time::Time;
use std::collections::VecDeque;
use std::fmt::Debug;

/// Output that is still to be written, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub struct Output {
    queue: VecDeque<(Fd, Vec<u8>)>,
    /// Warnings of the server that have been shown: each is shown once.
    warned: Vec<String>,
}

impl Output {
    /// How many warnings of the server have been shown.
    pub fn warnings(&self) -> usize {
        self.warned.len()
    }

    /// Adds bytes for a descriptor.
    pub fn push(&mut self, fd: Fd, bytes: &[u8]) {
        match self.queue.back_mut() {
            Some((last, held)) if *last == fd => held.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.queue.push_back((fd, bytes.to_vec())),
        }
    }

    /// Writes what can be written; `EAGAIN` with the descriptor if it must wait, other errors if the
    /// reader is gone.
    pub fn flush(&mut self, sys: &mut dyn Sys) -> Result<(), (Fd, Errno)> {
        while let Some((fd, bytes)) = self.queue.front_mut() {
            let n = match sys.write(*fd, bytes) {
                Ok(0) => return Err((*fd, Errno::EAGAIN)),
                Ok(n) => n,
                Err(e @ (Errno::EAGAIN | Errno::EPIPE)) => return Err((*fd, e)),
                // A closed descriptor takes nothing; Go programs go on without a word.
                Err(_) => bytes.len(),
            };
            if n >= bytes.len() {
                self.queue.pop_front();
            } else {
                bytes.drain(..n);
            }
        }
        Ok(())
    }
}

/// What holds for the whole command line.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The namespace of the flag or of the context.
    pub namespace: String,
    /// Whether the namespace was given by a flag.
    pub explicit: bool,
    /// `-v`.
    pub verbosity: i64,
    /// Whether warnings of the server are failures.
    pub strict: bool,
    /// In whose name requests are made (`--as`).
    pub user: Option<crate::api::rbac::User>,
    /// The custom kinds that the server served when the command began.
    pub custom: Vec<Kind>,
    /// What standard input held, where a flag names it as a file.
    pub stdin: String,
    /// The verb with its parents: `kubectl create job`.
    pub path: String,
    /// The field manager of what the verb writes, unless it names one itself.
    pub manager: Text,
    /// Whether objects are wanted with their `metadata.managedFields`.
    pub managed: bool,
    /// Environment of the process.
    pub env: Vec<(Text, Text)>,
}

/// The surroundings of a verb while it runs.
pub struct Cx<'a> {
    /// The process.
    pub sys: &'a mut dyn Sys,
    /// Its output.
    pub output: &'a mut Output,
    /// What holds for the command line.
    pub base: &'a Base,
    /// The manifest that is being worked on.
    pub origin: Option<Origin>,
}

/// What a verb comes to.
#[derive(Debug)]
pub enum Done {
    /// The end, with an exit code.
    Exit(i32),
    /// Work that takes (virtual) time.
    Task(Box<dyn Task>),
}

/// The result of a verb.
pub type Outcome = Result<Done, Fail>;

/// The good end.
pub const OK: Outcome = Ok(Done::Exit(0));

/// Work that goes on: plain data that is asked again whenever something may have happened.
pub trait Task: Debug {
    /// Goes on as far as it can.
    fn poll(&mut self, cx: &mut Cx) -> Poll;
    /// A copy.
    fn boxed_clone(&self) -> Box<dyn Task>;
}

impl Clone for Box<dyn Task> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// Where a [`Task`] stands.
pub enum Poll {
    /// It waits.
    Wait(Wait),
    /// It has ended with an exit code or a failure.
    Done(Res<i32>),
    /// It hands over to another one.
    Next(Box<dyn Task>),
}

impl Poll {
    /// Waits for the API server, until an instant at the latest.
    pub fn api(until: Option<Time>) -> Poll {
        Poll::Wait(Wait { until, api: true, ..Wait::default() })
    }
}

impl Cx<'_> {
    /// Prints to standard output.
    pub fn print(&mut self, text: &str) {
        self.output.push(STDOUT, text.as_bytes());
    }

    /// Prints to standard error.
    pub fn eprint(&mut self, text: &str) {
        self.output.push(STDERR, text.as_bytes());
    }

    /// Microseconds since 1970.
    pub fn now(&self) -> i64 {
        self.sys.wall_micros()
    }

    /// The kinds that the server serves.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::all().chain(self.base.custom.iter().copied())
    }

    /// The kind that a manifest means; the kind's name may be written in another case, which is the API
    /// server's to refuse. Custom kinds are found by their group, as every served version is accepted.
    pub fn find_kind(&self, version: &str, kind: &str) -> Option<Kind> {
        crate::kubectl::files::find_kind(&self.base.custom, version, kind)
    }

    /// Prints the warnings that came with an answer.
    pub fn warn(&mut self, warnings: &[Text]) {
        for w in warnings {
            self.warn_once(w);
        }
    }

    /// Sends a request; an error of the server becomes a failure.
    pub fn send(&mut self, mut request: Request) -> Res<Response> {
        request.options.user = self.base.user.clone();
        if request.options.field_manager.is_empty() {
            request.options.field_manager = self.base.manager.clone();
        }
        if self.base.managed {
            request.options.query.push(("showManagedFields", Text::lit("true")));
        }
        let told = (self.base.verbosity >= 6).then(|| self.begin_trace(&request));
        let refused = "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n";
        if let Some(text) = deprecation(request.kind) {
            self.warn_once(text);
        }
        let Some(client) = self.sys.client() else {
            return Err(Fail::Raw(refused.into()));
        };
        if !client.reachable() {
            return Err(Fail::Raw(refused.replace("localhost:8080", super::SERVER)));
        }
        let mut request = request;
        request.options.origin = self.origin.clone();
        let response = client.request(request);
        if let Some((verb, url)) = told {
            self.trace(verb, &url, &response);
        }
        match response {
            Response::Error(status) => {
                self.warn(&status.warnings);
                Err(Fail::Server(status))
            }
            other => Ok(other),
        }
    }

    /// Prints a warning of the server unless that has been done before.
    fn warn_once(&mut self, text: &str) {
        if !self.output.warned.iter().any(|w| w == text) {
            self.output.warned.push(text.to_string());
            self.eprint(&format!("Warning: {text}\n"));
        }
    }

    /// A line as the client's own log writes it.
    pub fn klog(&mut self, level: char, place: &str, text: &str) {
        let c = crate::time::civil(self.now());
        let (pid, micros) = (self.sys.pid(), c.micros);
        let line = format!(
            "{level}{:02}{:02} {:02}:{:02}:{:02}.{micros:06} {pid:>7} {place}] {text}\n",
            c.month, c.day, c.hour, c.minute, c.second
        );
        self.eprint(&line);
    }

    /// Tells of a request as `-v=7` (headers) and `-v=8` (body) do; its method and address.
    fn begin_trace(&mut self, request: &Request) -> (&'static str, String) {
        let (verb, url) = (method(request.verb), self.url(request));
        if self.base.verbosity >= 8 && request.body.is_some() {
            let body = self.shortened(&json::print(&request.body));
            self.klog('I', "request.go:1459", &format!("\"Request Body\" body={body:?}"));
        }
        if self.base.verbosity >= 7 {
            let accept = match request.verb {
                Method::Get | Method::List | Method::Watch if self.base.path == "kubectl get" => {
                    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
                }
                _ => "application/json",
            };
            let agent = "kubectl/v1.36.3 (linux/amd64) kubernetes/0f29094";
            let text = format!(
                "\"Request\" verb={verb:?} url={url:?} headers=<\n\tAccept: {accept}\n\tUser-Agent: {agent}\n >"
            );
            self.klog('I', "round_trippers.go:527", &text);
        }
        (verb, url)
    }

    fn url(&self, request: &Request) -> String {
        let o = &request.options;
        let mut query = Vec::new();
        if o.dry_run {
            query.push("dryRun=All".to_string());
        }
        for (key, text) in [("fieldSelector", &o.field_selector), ("labelSelector", &o.label_selector)] {
            if !text.is_empty() {
                query.push(format!("{key}={}", escaped(text)));
            }
        }
        if request.verb == Method::List
            && matches!(self.base.path.as_str(), "kubectl get" | "kubectl describe")
        {
            query.push("limit=500".into());
        }
        if request.verb == Method::Watch {
            query.push(format!("resourceVersion={}&watch=true", o.resource_version));
        }
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("https://{}{}{query}", crate::kubectl::SERVER, request.path())
    }

    /// A body as far as the level shows it (client-go `truncateBody`).
    fn shortened(&self, body: &str) -> String {
        let most = match self.base.verbosity {
            8 => 1024,
            9 => 10_240,
            _ => return body.to_string(),
        };
        match body.char_indices().nth(most) {
            Some((at, _)) => format!("{} [truncated {} chars]", &body[..at], body.len() - at),
            None => body.to_string(),
        }
    }

    fn trace(&mut self, verb: &str, url: &str, response: &Response) {
        let status = match response {
            Response::Error(s) => format!("{} {}", s.code, s.reason),
            _ if verb == "POST" => "201 Created".into(),
            _ => "200 OK".into(),
        };
        let text = format!("\"Response\" verb={verb:?} url={url:?} status={status:?} milliseconds=4");
        self.klog('I', "round_trippers.go:632", &text);
        if self.base.verbosity < 8 {
            return;
        }
        let body = match response {
            Response::Object(object, _) => json::print(&object.value),
            Response::Success(value) => json::print(value),
            Response::List(objects, _) => {
                let items: Vec<String> = objects.iter().map(|o| json::print(&o.value)).collect();
                format!("[{}]", items.join(","))
            }
            Response::Error(status) => json::print(&status.to_value()),
            _ => return,
        };
        let body = self.shortened(&body);
        self.klog('I', "request.go:1459", &format!("\"Response Body\" body=<\n\t{body}\n >"));
    }

    /// Sends a request that is answered by one object; warnings are printed.
    pub fn object(&mut self, request: Request) -> Res<Object> {
        let kind = request.kind;
        match self.send(request)? {
            Response::Object(object, warnings) => {
                self.warn(&warnings);
                Ok(object)
            }
            Response::Success(value) => Ok(Object { kind, value }),
            other => Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
        }
    }

    /// Reads a subresource of an object, or (empty) the object itself.
    pub fn get_part(&mut self, kind: Kind, namespace: &str, name: &str, part: &'static str) -> Res<Object> {
        if part.is_empty() {
            return self.get(kind, namespace, name);
        }
        let ns = kind.info().namespaced.then_some(namespace);
        self.object(Request::new(Method::Get, kind, ns, name).subresource(part))
    }

    /// Reads an object. As kubectl does, a missing namespace is told instead of a missing object.
    pub fn get(&mut self, kind: Kind, namespace: &str, name: &str) -> Res<Object> {
        let ns = kind.info().namespaced.then_some(namespace);
        let found = self.object(Request::new(Method::Get, kind, ns, name));
        match (&found, ns) {
            (Err(f), Some(ns)) if f.is_not_found() && !matches!(ns, "" | "default") => {
                let request = Request::new(Method::Get, Kind::NAMESPACE, None, ns);
                match self.object(request) {
                    Err(missing) if missing.is_not_found() => Err(missing),
                    _ => found,
                }
            }
            _ => found,
        }
    }

    /// Lists objects; no namespace means all of them.
    pub fn list(&mut self, kind: Kind, namespace: Option<&str>, select: &Select) -> Res<(Vec<Object>, u64)> {
        let ns = namespace.filter(|_| kind.info().namespaced);
        let mut request = Request::new(Method::List, kind, ns, "");
        request.options = select.options();
        let sent = self.send(request).map_err(|f| match f {
            Fail::Server(mut s) if s.code == 400 && !select.is_empty() => {
                let group = kind.info().api_version;
                let group = if group.contains('/') { group.to_string() } else { format!("/{group}") };
                s.message = format!(
                    "Unable to find \"{group}, Resource={}\" that match label selector {:?}, field selector {:?}: {}",
                    kind.info().plural,
                    select.labels,
                    select.fields,
                    s.message
                )
                .into();
                Fail::Server(s)
            }
            other => other,
        })?;
        match sent {
            Response::List(objects, revision) => Ok((objects, revision)),
            other => Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
        }
    }

    /// Starts to watch what a list has shown.
    pub fn watch(
        &mut self,
        kind: Kind,
        namespace: Option<&str>,
        select: &Select,
        from: u64,
    ) -> Res<StreamId> {
        let ns = namespace.filter(|_| kind.info().namespaced);
        let mut request = Request::new(Method::Watch, kind, ns, "");
        request.options = Options { resource_version: from, ..select.options() };
        match self.send(request)? {
            Response::Watch(stream) => Ok(stream),
            other => Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
        }
    }

    /// Watches one object from now on.
    pub fn watch_one(&mut self, object: &Object) -> Res<StreamId> {
        let select = Select { fields: format!("metadata.name={}", object.name()), labels: String::new() };
        self.watch(object.kind, Some(object.namespace()), &select, object.resource_version())
    }

    /// Sends a patch.
    pub fn patch(&mut self, object: &Object, how: PatchType, body: Value, options: Options) -> Res<Object> {
        let ns = object.kind.info().namespaced.then(|| object.namespace());
        let mut request = Request::new(Method::Patch(how), object.kind, ns, object.name()).body(body);
        request.options = options;
        self.object(request)
    }

    /// Closes a stream.
    pub fn close(&mut self, stream: StreamId) {
        if let Some(client) = self.sys.client() {
            client.close(stream);
        }
    }

    /// The watch events that have come.
    pub fn events(&mut self, stream: StreamId) -> Vec<crate::api::request::WatchEvent> {
        self.sys.client().map(|c| c.watch_next(stream)).unwrap_or_default()
    }

    /// The text of a file; the error is kubectl's for a path that cannot be read.
    pub fn read(&mut self, path: &str) -> Res<Vec<u8>> {
        if matches!(path, "-" | "/dev/stdin") {
            return Ok(self.base.stdin.clone().into_bytes());
        }
        self.sys.read_file(path).map_err(|e| Fail::Plain(format!("open {path}: {}", lower(e.text()))))
    }
}

/// The words that Go's `os` package uses for system errors: `strerror`'s in lower case.
pub fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// What the server says of kinds that are on their way out, with every answer.
fn deprecation(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::ENDPOINTS => {
            Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
        }
        Kind::COMPONENT_STATUS => Some("v1 ComponentStatus is deprecated in v1.19+"),
        _ => None,
    }
}

/// A text as it stands in a query.
fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn method(verb: Method) -> &'static str {
    match verb {
        Method::Get | Method::List | Method::Watch => "GET",
        Method::Create => "POST",
        Method::Update => "PUT",
        Method::Patch(_) => "PATCH",
        Method::Delete | Method::DeleteCollection => "DELETE",
    }
}

/// What a list is restricted to.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Label selector.
    pub labels: String,
    /// Field selector.
    pub fields: String,
}

impl Select {
    /// Whether it restricts nothing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    fn options(&self) -> Options {
        Options {
            label_selector: self.labels.as_str().into(),
            field_selector: self.fields.as_str().into(),
            ..Options::default()
        }
    }
}

/// The `Status` for something that this product does not do.
pub fn not_simulated(what: &str) -> Fail {
    Fail::Plain(Status::not_simulated(what).message.to_string())
}
