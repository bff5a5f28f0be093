//! The streams that clients of the API server hold: watches, and what nodes serve (log, exec, attach).

use crate::api::request::{Channel, StreamEnd, StreamId, WatchEvent, WatchKind};
use crate::api::{Kind, Object, Request, Status, Text, fields, labels};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
use crate::cri::{ContainerId, SessionId};
use crate::time::{Span, Time};

/// How many streams clients may hold at once.
pub const LIMIT: usize = 256;

/// All open streams.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    next: u32,
    pub watches: BTreeMap<StreamId, Watch>,
    pub nodes: BTreeMap<StreamId, NodeStream>,
    /// How much longer than usual the requests of the program that runs now took.
    pub delay: Span,
}

/// A watch: a cursor into the change log and what is chosen.
#[derive(Clone, Debug)]
pub struct Watch {
    kind: Kind,
    namespace: Option<Text>,
    name: Text,
    label: labels::Selector,
    field: fields::Selector,
    cursor: u64,
}

/// A stream that a node serves.
#[derive(Clone, Debug)]
pub struct NodeStream {
    /// What was asked.
    pub request: Request,
    /// How far it is.
    pub state: NodeState,
    /// What has arrived and was not read yet.
    pub arrived: Vec<(Channel, Vec<u8>)>,
    /// What the client has sent and was not passed on yet.
    pub input: Vec<u8>,
    /// Whether the client has ended its input.
    pub input_ended: bool,
    /// How it ended.
    pub end: Option<StreamEnd>,
}

/// How far a node's stream is.
#[derive(Clone, Debug)]
pub enum NodeState {
    /// The node has not been asked yet.
    Asked,
    /// A command runs in a container, or a client is attached to it.
    Session(SessionId),
    /// A log is followed, from this line on.
    Log(ContainerId, u64, LogFormat),
    /// There is no log but a sentence in its place.
    Said(String),
    /// It is over.
    Over,
}

/// How log lines are written.
#[derive(Clone, Debug)]
pub struct LogFormat {
    /// With time stamps.
    pub timestamps: bool,
    /// Lines before this instant are left out.
    pub since: Time,
    /// How many bytes may still be sent.
    pub bytes_left: Option<u64>,
}

impl Streams {
    fn id(&mut self) -> Option<StreamId> {
        if self.watches.len() + self.nodes.len() >= LIMIT {
            return None;
        }
        self.next += 1;
        Some(StreamId(self.next))
    }

    /// Opens a watch. From `resourceVersion` 0 on it begins with what exists.
    pub fn open_watch(&mut self, api: &ApiServer, request: &Request) -> Result<StreamId, Status> {
        let label = labels::Selector::parse(&request.options.label_selector).map_err(Status::bad_request)?;
        let field = fields::Selector::parse(request.kind, &request.options.field_selector)?;
        let from = request.options.resource_version;
        let cursor = if from == 0 { api.store.cursor() } else { cursor_after(api, from) };
        let watch = Watch {
            kind: request.kind,
            namespace: request.namespace.clone().filter(|_| request.kind.info().namespaced),
            name: request.name.clone(),
            label,
            field,
            cursor,
        };
        let id = self.id().ok_or_else(too_many)?;
        self.watches.insert(id, watch);
        Ok(id)
    }

    /// Opens a stream that a node will serve.
    pub fn open_node(&mut self, request: &Request) -> Result<StreamId, Status> {
        let id = self.id().ok_or_else(too_many)?;
        let stream = NodeStream {
            request: request.clone(),
            state: NodeState::Asked,
            arrived: Vec::new(),
            input: Vec::new(),
            input_ended: false,
            end: None,
        };
        self.nodes.insert(id, stream);
        Ok(id)
    }
}

impl Watch {
    /// The events since the last call.
    pub fn take(&mut self, api: &ApiServer) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        let end = api.seen_by_watchers();
        while let Some(change) = api.store.change(self.cursor).filter(|_| self.cursor < end) {
            self.cursor += 1;
            events.extend(self.event(change));
        }
        events
    }

    /// What a change means to this watch: an object that begins or ceases to match appears as added or
    /// deleted (storage/watch cache).
    fn event(&self, change: &Change) -> Option<WatchEvent> {
        let now = change.kind != WatchKind::Deleted && self.chooses(&change.new);
        let before = change.old.as_ref().is_some_and(|o| self.chooses(o));
        let kind = match (before, now) {
            (false, true) => WatchKind::Added,
            (true, true) => WatchKind::Modified,
            (true, false) => WatchKind::Deleted,
            (false, false) => return None,
        };
        Some(WatchEvent { kind, object: change.new.clone() })
    }

    fn chooses(&self, object: &Object) -> bool {
        object.kind == self.kind
            && self.namespace.as_ref().is_none_or(|n| object.namespace() == &**n)
            && (self.name.is_empty() || object.name() == &*self.name)
            && self.label.matches(object.at("metadata.labels"))
            && self.field.matches(object)
    }
}

/// The cursor behind the change that made `revision`.
fn cursor_after(api: &ApiServer, revision: u64) -> u64 {
    let (mut low, mut high) = (api.store.oldest(), api.store.cursor());
    while low < high {
        let middle = low + (high - low) / 2;
        match api.store.change(middle) {
            Some(c) if c.revision <= revision => low = middle + 1,
            _ => high = middle,
        }
    }
    low
}

fn too_many() -> Status {
    Status::new(429, "TooManyRequests", "too many requests, please try again later.")
}
