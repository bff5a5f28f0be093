//! Container logs: lines with the instant and stream at which they were written.
//!
//! As containerd's logger: a line is kept when its newline comes (or 16 KiB of it, or the end). Of rotation
//! (10 MiB × 5 on a real node) what `kubectl logs` shows is simulated: the oldest lines go.

use super::types::{LogEntry, LogStream};
use crate::api::Text;
use crate::time::Time;
use std::collections::VecDeque;

/// Bytes of lines that are kept of one container (a real node keeps 10 MiB before it rotates).
pub const LOG_BYTES: usize = 1 << 20;

/// Longest piece of a line that is kept as one entry (containerd's `max_container_log_line_size`).
const LINE_BYTES: usize = 16 << 10;

/// What an entry costs beyond its text.
const ENTRY_BYTES: usize = 48;

/// The log of one container.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    dropped: u64,
    bytes: usize,
    open: [Vec<u8>; 2],
}

impl Log {
    /// Takes bytes that the container wrote at `now`.
    pub fn write(&mut self, now: Time, stream: LogStream, bytes: &[u8]) {
        let side = stream as usize;
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.open[side].extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.open[side].pop();
                self.keep(now, stream, false);
            }
            while self.open[side].len() >= LINE_BYTES {
                let rest = self.open[side].split_off(LINE_BYTES);
                self.keep(now, stream, true);
                self.open[side] = rest;
            }
        }
    }

    /// The streams have ended: what has no newline yet becomes a partial line.
    pub fn end(&mut self, now: Time) {
        for stream in [LogStream::Stdout, LogStream::Stderr] {
            if !self.open[stream as usize].is_empty() {
                self.keep(now, stream, true);
            }
        }
    }

    fn keep(&mut self, at: Time, stream: LogStream, partial: bool) {
        let line = std::mem::take(&mut self.open[stream as usize]);
        let bytes = Text::from(String::from_utf8_lossy(&line).as_ref());
        self.bytes += bytes.len() + ENTRY_BYTES;
        self.entries.push_back(LogEntry { at, stream, partial, bytes });
        while self.bytes > LOG_BYTES {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes -= old.bytes.len() + ENTRY_BYTES;
            self.dropped += 1;
        }
    }

    /// The entries from the `from`-th on, and the number of the next one to come.
    pub fn read(&self, from: u64) -> (Vec<LogEntry>, u64) {
        let next = self.dropped + self.entries.len() as u64;
        let skip = from.saturating_sub(self.dropped).min(self.entries.len() as u64) as usize;
        (self.entries.iter().skip(skip).cloned().collect(), next)
    }

    /// Its size on disk, about.
    pub fn size(&self) -> u64 {
        self.bytes as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_when_they_end() {
        let mut log = Log::default();
        log.write(Time(1), LogStream::Stdout, b"a\nb");
        log.write(Time(2), LogStream::Stderr, b"x\n");
        log.write(Time(3), LogStream::Stdout, b"c\nrest");
        let texts = |l: &Log, from| -> Vec<String> {
            l.read(from).0.iter().map(|e| format!("{:?} {} {}", e.at, e.bytes, e.partial)).collect()
        };
        assert_eq!(texts(&log, 0), ["0.000001s a false", "0.000002s x false", "0.000003s bc false"]);
        assert_eq!(log.read(3), (vec![], 3));
        log.end(Time(4));
        assert_eq!(texts(&log, 3), ["0.000004s rest true"]);
        log.write(Time(5), LogStream::Stdout, "y\n".repeat(100_000).as_bytes());
        let (kept, next) = log.read(0);
        assert!(kept.len() < 30_000 && next == 100_004);
    }
}
