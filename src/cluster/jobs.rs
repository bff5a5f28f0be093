//! What runs on the workstation for somebody outside: command lines with captured output, and terminals.

use super::Cluster;
use crate::api::Text;
use crate::os::{Ended, Handle, Spawn, Stdio};
use crate::time::Time;
use std::collections::BTreeMap;

/// How much output of a job is kept for its reader.
const OUTPUT_LIMIT: usize = 8 << 20;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(u32);

/// All jobs.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    next: u32,
    all: BTreeMap<JobId, Job>,
}

#[derive(Clone, Debug)]
struct Job {
    handle: Handle,
    out: Vec<u8>,
    err: Vec<u8>,
}
