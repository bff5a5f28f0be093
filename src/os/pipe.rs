//! Pipes: 64 KiB between writers and readers.

use super::wake::Waiters;
use std::collections::VecDeque;

/// How much a pipe holds (Linux: 16 pages).
pub const PIPE_BYTES: usize = 64 << 10;

/// How much of it must be free before writers that wait are woken (Linux: a page).
const PAGE_BYTES: usize = 4 << 10;

/// A pipe, also behind a FIFO.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    pub buffer: VecDeque<u8>,
    pub readers: u32,
    pub writers: u32,
    /// Whether it ever had a writer: readers of a FIFO wait for the first one.
    pub written: bool,
    /// Whether it belongs to a FIFO's inode and stays when nobody has it open.
    pub named: bool,
    pub waiters: Waiters,
}

impl Pipe {
    pub fn readable(&self) -> bool {
        !self.buffer.is_empty() || (self.writers == 0 && (self.written || !self.named))
    }

    pub fn writable(&self) -> bool {
        self.buffer.len() + PAGE_BYTES <= PIPE_BYTES || (self.readers == 0 && !self.named)
    }
}

/// Takes at most `max` bytes from the front of a queue.
pub(super) fn take(buffer: &mut VecDeque<u8>, max: usize) -> Vec<u8> {
    let n = buffer.len().min(max);
    let (front, back) = buffer.as_slices();
    let at = n.min(front.len());
    let mut out = Vec::with_capacity(n);
    out.extend_from_slice(&front[..at]);
    out.extend_from_slice(&back[..n - at]);
    buffer.drain(..n);
    if buffer.is_empty() {
        // Thousands of idle pipes must not hold on to buffers.
        *buffer = VecDeque::new();
    }
    out
}
