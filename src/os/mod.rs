//! What containers and machines run on: processes, descriptors, pipes, signals, terminals, sockets.
//!
//! A process is a resumable step machine ([`Program`]): it runs until it must wait, and says for what.
//! It reaches everything outside itself through [`Sys`], so that a shell script half-way through
//! `sleep 30` is plain data that can be cloned into a checkpoint.
//!
//! [`World`] holds all machines. Callers outside start processes in a [`Cell`], hold [`Handle`]s, call
//! [`World::run`] and look at what has changed. Inside, one file per matter: `process` (families and ends),
//! `run` (the queue), `signals`, `files` (what descriptors stand for), `pipe`, `tty`, `net`, `services`, `filter`, `resolver`, `memory`,
//! `load` (from a file to a program), `open`, `procfs`, `dialogue` (questions to those outside), `kernel` (the system calls).
//!
//! Left out: threads, job-control stops, real user permissions beyond files and signals, UDP.

mod calls;
mod dialogue;
mod files;
mod filter;
mod kernel;
mod load;
mod memory;
mod net;
#[cfg(test)]
pub mod nobody;
mod open;
mod outside;
mod pipe;
mod process;
mod procfs;
pub mod program;
mod resolver;
mod run;
mod services;
mod signals;
mod sysctl;
mod table;
#[cfg(test)]
mod tests;
mod tty;
mod wake;
mod world;

pub use calls::{Call, CallFate};
pub use filter::{Block, Filter, Opening, Peer, Policy, Port, Which};
pub use load::DEFAULT_PATH;
pub use memory::MemorySample;
pub use net::{Net, NetId};
pub use pipe::PIPE_BYTES;
pub use process::MIN_MEMORY;
pub use program::*;
pub use resolver::{CLUSTER_DNS, Dns};
pub use services::{Endpoint, Service};
pub use world::{
    Cell, CellId, EditRequest, Exit, Handle, Machine, MachineId, NewCell, ProcessId, Programs, Question,
    Settings, Start, World,
};
