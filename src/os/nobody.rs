//! For tests: an API server that is not there.

use crate::api::request::{Channel, Client, Request, Response, StreamEnd, StreamId, WatchEvent};

/// Answers nothing.
#[derive(Debug)]
pub struct Nobody;

impl Client for Nobody {
    fn request(&mut self, _: Request) -> Response {
        Response::List(Vec::new(), 0)
    }
    fn watch_next(&mut self, _: StreamId) -> Vec<WatchEvent> {
        Vec::new()
    }
    fn stream_end(&mut self, _: StreamId) -> Option<StreamEnd> {
        None
    }
    fn stream_read(&mut self, _: StreamId) -> Vec<(Channel, Vec<u8>)> {
        Vec::new()
    }
    fn stream_write(&mut self, _: StreamId, _: &[u8]) {}
    fn stream_close_input(&mut self, _: StreamId) {}
    fn close(&mut self, _: StreamId) {}
}
