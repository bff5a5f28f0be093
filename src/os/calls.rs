//! Calls: connections to the virtual addresses of services, and what became of them.
//!
//! The cluster takes them and tells the trace of those that failed, so that "why did requests fail?" has an
//! answer.

use crate::api::Text;
use crate::time::Time;

/// How many calls wait to be taken; later ones are not told of.
pub(super) const WAITING: usize = 10_000;

/// A connection to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// When it was asked for.
    pub at: Time,
    /// The address that was called; empty for a node port.
    pub ip: Text,
    /// Its port.
    pub port: u16,
    /// The caller's address.
    pub from: Text,
    /// The endpoint that was chosen; `None` if there was none.
    pub to: Option<(Text, u16)>,
    /// What became of it.
    pub fate: CallFate,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFate {
    /// A connection was made.
    Made,
    /// Nothing listened there.
    Refused,
    /// The endpoint could not be reached.
    Unreachable,
}
