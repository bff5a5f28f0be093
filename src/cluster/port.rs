//! What kubectl's processes see of the cluster: a client of the API server.

use super::metrics::Metrics;
use super::streams::{NodeState, Streams};
use crate::api::request::{Channel, Client, StreamEnd, StreamId, Verb, WatchEvent};
use crate::api::{Kind, Request, Response, Text};
use crate::apiserver::ApiServer;
use crate::scheduler::Scheduler;
use crate::time::{Span, Time};
use crate::trace::{Cause, What};

/// How many bytes of a client's input may wait for a node.
const INPUT_LIMIT: usize = 1 << 20;

/// The API server as a process on the workstation reaches it.
pub struct Port<'a> {
    /// The server.
    pub api: &'a mut ApiServer,
    /// The streams that clients hold.
    pub streams: &'a mut Streams,
    /// What the metrics server has seen, where one runs.
    pub metrics: Option<&'a super::metrics::Metrics>,
    /// The scheduler, whose decisions explain where pods are.
    pub scheduler: &'a Scheduler,
    /// The namespace of the kubectl context.
    pub home: Text,
    /// The present instant.
    pub now: Time,
    /// The command that programs act upon.
    pub cause: Cause,
}

/// Whether a request asks for a change that is to last.
fn writes(request: &Request) -> bool {
    let changes = matches!(request.verb, Verb::Create | Verb::Update | Verb::Patch(_));
    changes && !request.options.dry_run
}

impl Client for Port<'_> {
    fn request(&mut self, request: Request) -> Response {
        self.api.enter(self.now, self.cause, Text::lit("kubectl"));
        if let Some(origin) = request.options.origin.as_ref().filter(|_| writes(&request)) {
            let what = What::Manifest { path: origin.path.clone(), line: origin.line };
            self.api.cause = self.api.note(what);
        }
        if request.subresource == "why" {
            return self.why(&request);
        }
        let node_stream = request.kind == Kind::POD
            && matches!(
                (request.verb, request.subresource),
                (Verb::Get, "log") | (Verb::Create, "exec" | "attach" | "portforward")
            );
        if let Err(status) = self.api.authorize(&request) {
            return Response::Error(status);
        }
        if request.subresource == "metrics" {
            return self.metrics.map_or_else(Metrics::absent, |m| m.answer(self.api, request));
        }
        if writes(&request) || request.verb == Verb::Delete {
            self.streams.delay = Span(self.streams.delay.0 + self.api.etcd_delay.0);
        }
        let opened = if request.verb == Verb::Watch {
            self.streams.open_watch(self.api, &request).map(Response::Watch)
        } else if node_stream {
            self.streams.open_node(&request).map(Response::Stream)
        } else {
            return self.api.request(&request);
        };
        opened.unwrap_or_else(Response::Error)
    }

    fn reachable(&self) -> bool {
        !self.api.down
    }

    fn take_delay(&mut self) -> Span {
        std::mem::take(&mut self.streams.delay)
    }

    fn watch_next(&mut self, stream: StreamId) -> Vec<WatchEvent> {
        self.streams.watches.get_mut(&stream).map(|w| w.take(self.api)).unwrap_or_default()
    }

    fn stream_read(&mut self, stream: StreamId) -> Vec<(Channel, Vec<u8>)> {
        self.streams.nodes.get_mut(&stream).map(|s| std::mem::take(&mut s.arrived)).unwrap_or_default()
    }

    fn stream_write(&mut self, stream: StreamId, bytes: &[u8]) {
        if let Some(s) = self.streams.nodes.get_mut(&stream)
            && s.input.len() + bytes.len() <= INPUT_LIMIT
        {
            s.input.extend_from_slice(bytes);
        }
    }

    fn stream_close_input(&mut self, stream: StreamId) {
        if let Some(s) = self.streams.nodes.get_mut(&stream) {
            s.input_ended = true;
        }
    }

    fn stream_end(&mut self, stream: StreamId) -> Option<StreamEnd> {
        self.streams.nodes.get(&stream)?.end.clone()
    }

    fn close(&mut self, stream: StreamId) {
        self.streams.watches.remove(&stream);
        if let Some(s) = self.streams.nodes.get_mut(&stream) {
            // The façade hangs the session up and forgets the stream.
            s.request.subresource = "";
            if matches!(s.state, NodeState::Asked | NodeState::Over) {
                self.streams.nodes.remove(&stream);
            }
        }
    }
}
