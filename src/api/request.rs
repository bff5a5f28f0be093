//! The seam between clients and the API server: requests shaped like the REST API.

use crate::api::{Kind, Object, Status, Text, Value};
use crate::time::Span;

/// A request to the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is wanted.
    pub verb: Verb,
    /// Of which kind.
    pub kind: Kind,
    /// In which namespace; `None` for cluster-scoped kinds and for all namespaces.
    pub namespace: Option<Text>,
    /// Which object; empty for collections.
    pub name: Text,
    /// `status`, `scale`, `binding`, `eviction`, `log`, `exec`, `attach`, `portforward`, `ephemeralcontainers`,
    /// `resize`, `proxy`, `token`; empty for the object itself.
    pub subresource: &'static str,
    /// The body: an object, a patch, delete options.
    pub body: Value,
    /// Options.
    pub options: Options,
}

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// GET of one object.
    Get,
    /// GET of a collection.
    List,
    /// GET of a collection with `watch=true`; the answer is a stream.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH.
    Patch(PatchType),
    /// DELETE of one object.
    Delete,
    /// DELETE of a collection.
    DeleteCollection,
}

/// The content types of PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `application/strategic-merge-patch+json`
    Strategic,
    /// `application/merge-patch+json`
    Merge,
    /// `application/json-patch+json`
    Json,
    /// `application/apply-patch+yaml`
    Apply,
}

/// Where in which file a body was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The file, by its absolute path.
    pub path: Text,
    /// The line at which the object's document begins, counted from 1.
    pub line: u32,
}

/// Query parameters and delete options.
///
/// The parameters of node streams go into `query` under their REST names: `log` takes `container`, `follow`,
/// `previous`, `tailLines`, `sinceSeconds`, `sinceTime`, `timestamps`, `limitBytes`; `exec` and `attach` take
/// `command` (repeated), `container`, `stdin`, `stdout`, `stderr`, `tty`; `portforward` takes `ports`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// `labelSelector`.
    pub label_selector: Text,
    /// `fieldSelector`.
    pub field_selector: Text,
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `fieldValidation`: `Strict`, `Warn` or `Ignore`; empty means `Warn`.
    pub field_validation: &'static str,
    /// `fieldManager`.
    pub field_manager: Text,
    /// `force` of server-side apply.
    pub force: bool,
    /// `gracePeriodSeconds` of a deletion.
    pub grace_period_seconds: Option<i64>,
    /// `propagationPolicy` of a deletion: `Background`, `Foreground`, `Orphan`.
    pub propagation_policy: Option<Text>,
    /// `preconditions.uid` of a deletion.
    pub uid: Option<Text>,
    /// `resourceVersion` from which to watch.
    pub resource_version: u64,
    /// `limit` of a list.
    pub limit: Option<u32>,
    /// In whose name the request is made; `None` for the cluster's administrator.
    pub user: Option<crate::api::rbac::User>,
    /// The manifest that the body was read from: for explanations, no part of the API.
    pub origin: Option<Origin>,
    /// Any other query parameters, e.g. those of `log` and `exec`.
    pub query: Vec<(&'static str, Text)>,
}

impl Request {
    /// A request without body or options.
    pub fn new(verb: Verb, kind: Kind, namespace: Option<&str>, name: &str) -> Request {
        Request {
            verb,
            kind,
            namespace: namespace.map(Text::from),
            name: Text::from(name),
            subresource: "",
            body: Value::Null,
            options: Options::default(),
        }
    }

    /// With a body.
    pub fn body(mut self, body: Value) -> Request {
        self.body = body;
        self
    }

    /// For a subresource.
    pub fn subresource(mut self, subresource: &'static str) -> Request {
        self.subresource = subresource;
        self
    }

    /// A query parameter's value.
    pub fn query(&self, key: &str) -> Option<&str> {
        self.options.query.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str())
    }

    /// The path as `-v=6` shows it, e.g. `/api/v1/namespaces/default/pods/web`.
    pub fn path(&self) -> String {
        let info = self.kind.info();
        let mut path = if info.group().is_empty() {
            format!("/api/{}", info.api_version)
        } else {
            format!("/apis/{}", info.api_version)
        };
        if let Some(ns) = self.namespace.as_ref().filter(|_| info.namespaced) {
            path += &format!("/namespaces/{ns}");
        }
        path += &format!("/{}", info.plural);
        for part in [self.name.as_str(), self.subresource].into_iter().filter(|p| !p.is_empty()) {
            path += &format!("/{part}");
        }
        path
    }
}

/// What the API server answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// One object, with the warnings that came in the `Warning:` headers.
    Object(Object, Vec<Text>),
    /// A collection in order of namespace and name, and the revision at which it was read.
    List(Vec<Object>, u64),
    /// A `Status` that says success (deletions).
    Success(Value),
    /// A stream of watch events; read with [`Client::watch_next`].
    Watch(StreamId),
    /// A stream that a node serves (log, exec, attach, port-forward); read with [`Client::stream_read`].
    Stream(StreamId),
    /// An error.
    Error(Status),
}

/// The number of a stream that a client holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// A watch event.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent {
    /// What happened to the object.
    pub kind: WatchKind,
    /// The object after it (for `Deleted`: its last state).
    pub object: Object,
}

/// The types of watch events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// The object is new (or newly matches the selector).
    Added,
    /// The object has changed.
    Modified,
    /// The object is gone (or no longer matches the selector).
    Deleted,
}

/// The channels of a stream that a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Standard output, or log text.
    Out,
    /// Standard error (never used with a terminal).
    Err,
}

/// How a stream that a node serves has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEnd {
    /// With the exit code of the process (0 for logs).
    Exit(i32),
    /// With an error before or while it ran, in the words of the kubelet or runtime.
    Error(Status),
}

/// What kubectl talks to. The cluster implements it; tests may implement it, too.
pub trait Client {
    /// Sends a request. Answers come at once; the caller accounts for latency by waiting in virtual time.
    fn request(&mut self, request: Request) -> Response;
    /// Takes the watch events that have arrived on a stream.
    fn watch_next(&mut self, stream: StreamId) -> Vec<WatchEvent>;
    /// Takes what has arrived on a stream that a node serves, in order.
    fn stream_read(&mut self, stream: StreamId) -> Vec<(Channel, Vec<u8>)>;
    /// Sends standard input (with a terminal: keys, where `\x03` is Ctrl-C and `\x04` the end of input).
    fn stream_write(&mut self, stream: StreamId, bytes: &[u8]);
    /// Ends standard input.
    fn stream_close_input(&mut self, stream: StreamId);
    /// Tells whether and how a stream has ended; asked after [`Client::stream_read`] gave nothing.
    fn stream_end(&mut self, stream: StreamId) -> Option<StreamEnd>;
    /// Closes a stream of either sort.
    fn close(&mut self, stream: StreamId);
    /// Whether anybody answers.
    fn reachable(&self) -> bool {
        true
    }
    /// How much longer than usual the requests since the last call took; the caller waits so long.
    fn take_delay(&mut self) -> Span {
        Span::ZERO
    }
}
