//! A request under way: it dials, asks, and reads the status of the answer.

use super::options::Options;
use super::tally::Outcome;
use crate::api::Text;
use crate::os::{Errno, Handle, MachineId, NetId, World};
use crate::time::{Span, Time};

/// How much of an answer is kept; the rest is read and dropped.
const KEPT: usize = 16 << 10;
/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// From a network to an address and port.
    To {
        /// Where the client is.
        net: NetId,
        /// The address.
        ip: Text,
        /// The port.
        port: u16,
        /// Whose rules lead on.
        by: MachineId,
    },
    /// The Service's name leads nowhere.
    NoName,
    /// What is dialled never answers.
    Silent(MachineId),
}

/// A request that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// `namespace/service`.
    pub key: Text,
    /// When it was sent.
    pub sent: Time,
    /// How long it took.
    pub took: Span,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: u16,
    /// The endpoint that it was sent to.
    pub endpoint: Option<(Text, u16)>,
    /// The machine whose rules led there.
    pub by: Option<MachineId>,
    /// `pods/default/web-1`; filled by who knows.
    pub pod: Text,
    /// Whether the connection stood.
    pub connected: bool,
}

/// A request under way.
#[derive(Clone, Debug)]
pub(super) struct Flying {
    pub handle: Option<Handle>,
    pub deadline: Time,
    done: Done,
    head: Text,
    answer: Vec<u8>,
}

impl Flying {
    pub fn new(world: &mut World, now: Time, options: &Options, way: Way) -> Flying {
        let host = format!("{}.{}", options.service, options.namespace);
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: traffic\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            options.path
        );
        let done = Done {
            key: options.key(),
            sent: now,
            took: Span::ZERO,
            outcome: Outcome::Timeout,
            status: 0,
            endpoint: None,
            by: None,
            pod: Text::default(),
            connected: false,
        };
        let mut flying = Flying {
            handle: None,
            deadline: now + options.timeout,
            done,
            head: Text::from(head),
            answer: Vec::new(),
        };
        match way {
            Way::To { net, ip, port, by } => {
                flying.done.by = Some(by);
                if let Ok((handle, endpoint)) = world.dial_quietly(net, &ip, port) {
                    let known = world.listens(&ip).map(|_| (ip, port));
                    flying.done.endpoint = endpoint.or(known);
                    flying.handle = Some(handle);
                    world.watch(handle);
                }
            }
            Way::NoName => {}
            Way::Silent(by) => flying.done.by = Some(by),
        }
        flying
    }

    /// Does what can be done now; says how it ended, if it did.
    pub fn pump(&mut self, world: &mut World) -> Option<Outcome> {
        let handle = self.handle?;
        if !self.done.connected {
            match world.write(handle, self.head.as_bytes()) {
                Ok(_) => self.done.connected = true,
                Err(Errno::EAGAIN) => return None,
                Err(Errno::ECONNREFUSED) => return Some(Outcome::Refused),
                Err(Errno::ETIMEDOUT) => return Some(Outcome::Timeout),
                Err(Errno::EHOSTUNREACH) => return Some(Outcome::Unreachable),
                Err(_) => return Some(Outcome::Reset),
            }
        }
        loop {
            let bytes = match world.read(handle, CHUNK) {
                Ok(bytes) => bytes,
                Err(Errno::EAGAIN) => return None,
                Err(_) => return Some(Outcome::Reset),
            };
            let ended = bytes.is_empty();
            let room = KEPT.saturating_sub(self.answer.len()).min(bytes.len());
            let full = room < bytes.len();
            self.answer.extend_from_slice(&bytes[..room]);
            if let Some(status) = status(&self.answer, ended || full) {
                self.done.status = status;
                return Some(match status {
                    100..400 => Outcome::Served,
                    400..500 => Outcome::ClientError,
                    _ => Outcome::ServerError,
                });
            }
            if ended {
                return Some(Outcome::Reset);
            }
        }
    }

    /// The request that is over.
    pub fn end(mut self, world: &mut World, now: Time, outcome: Outcome) -> Done {
        if let Some(handle) = self.handle.take() {
            world.close(handle);
        }
        Done { took: now.since(self.done.sent), outcome, ..self.done }
    }
}

/// The status of an answer, once its head and as much of its body as it promises are there.
fn status(answer: &[u8], ended: bool) -> Option<u16> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = answer.len() - end - 4;
    let whole = ended || matches!(status, 204 | 304) || length.is_some_and(|n| body >= n);
    whole.then_some(status)
}
