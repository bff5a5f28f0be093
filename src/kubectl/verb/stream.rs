//! Bridges between the process's descriptors and a stream that a node serves.

use crate::api::request::{Channel, StreamEnd, StreamId};
use crate::kubectl::cx::{Cx, Poll};
use crate::os::{Errno, STDERR, STDIN, STDOUT, Wait};

/// How many bytes of standard input are taken at once.
const CHUNK: usize = 32_768;

/// A running bridge.
#[derive(Clone, Debug)]
pub struct Pump {
    stream: StreamId,
    stdin: bool,
    tty: bool,
    prefix: String,
    fresh_line: bool,
    /// Whether the stream has given anything.
    pub heard: bool,
}

impl Pump {
    /// A bridge for a stream; `stdin` passes standard input on, `tty` makes the terminal raw.
    pub fn new(cx: &mut Cx, stream: StreamId, stdin: bool, tty: bool) -> Pump {
        if tty {
            cx.sys.tty_mode(false, false);
        }
        if !stdin && let Some(client) = cx.sys.client() {
            client.stream_close_input(stream);
        }
        Pump { stream, stdin, tty, prefix: String::new(), fresh_line: true, heard: false }
    }

    /// With a text before every line (`logs --prefix`).
    pub fn prefixed(mut self, prefix: String) -> Pump {
        self.prefix = prefix;
        self
    }

    /// Passes on what there is; the end if the stream has ended.
    pub fn step(&mut self, cx: &mut Cx) -> Option<StreamEnd> {
        while self.stdin {
            match cx.sys.read(STDIN, CHUNK) {
                Ok(bytes) => {
                    let Some(client) = cx.sys.client() else { break };
                    if bytes.is_empty() {
                        client.stream_close_input(self.stream);
                        self.stdin = false;
                    } else {
                        client.stream_write(self.stream, &bytes);
                    }
                }
                Err(Errno::EAGAIN) => break,
                Err(_) => self.stdin = false,
            }
        }
        loop {
            let parts = cx.sys.client().map(|c| c.stream_read(self.stream)).unwrap_or_default();
            if parts.is_empty() {
                break;
            }
            self.heard = true;
            for (channel, bytes) in parts {
                let fd = if channel == Channel::Err { STDERR } else { STDOUT };
                if self.prefix.is_empty() {
                    cx.output.push(fd, &bytes);
                } else {
                    self.push_prefixed(cx, fd, &bytes);
                }
            }
        }
        let end = cx.sys.client().and_then(|c| c.stream_end(self.stream));
        if end.is_some() {
            self.close(cx);
        }
        end
    }

    fn push_prefixed(&mut self, cx: &mut Cx, fd: u32, bytes: &[u8]) {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            if self.fresh_line {
                cx.output.push(fd, self.prefix.as_bytes());
            }
            cx.output.push(fd, line);
            self.fresh_line = line.ends_with(b"\n");
        }
    }

    /// Ends the bridge.
    pub fn close(&mut self, cx: &mut Cx) {
        if self.tty {
            cx.sys.tty_mode(true, true);
        }
        cx.close(self.stream);
    }

    /// What a bridge waits for.
    pub fn wait(&self) -> Poll {
        let readable = if self.stdin { vec![STDIN] } else { vec![] };
        Poll::Wait(Wait { readable, api: true, ..Wait::default() })
    }
}
