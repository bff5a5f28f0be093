//! Container logs: lines with the instant and stream at which they were written.
//!
//! As containerd's logger: a line is kept when its newline comes (or 16 KiB of it, or the end), in a file whose
//! lines carry instant, stream and a mark in front of the text. The kubelet rotates the file
//! ([`Log::rotate`]); what has been rotated away takes room on the node, but nobody reads it any more, so that
//! only its size is kept. Checkpoints share what has been written: a log is a list of chunks, and what is
//! written over and over at one instant is kept once.
//!
//! Left out: what a file holds beyond [`KEPT_BYTES`] when a flood of lines comes between two looks of the
//! kubelet (its oldest lines are then missing; it still counts as long as it is).

use super::Runtime;
use super::types::{ContainerId, ContainerState, LogEntry, LogStream, NodeId};
use crate::api::Text;
use crate::time::Time;
use std::collections::VecDeque;
use std::rc::Rc;

/// kubelet configuration `containerLogMaxSize`.
pub(super) const MAX_SIZE: u64 = 10 << 20;

/// kubelet configuration `containerLogMaxFiles`.
const MAX_FILES: usize = 5;

/// What gzip leaves of a rotated log, about: logs are text that repeats itself.
const COMPRESSION: u64 = 10;

/// Longest piece of a line that is kept as one entry (containerd's `max_container_log_line_size`).
const LINE_BYTES: usize = 16 << 10;

/// What stands in the file around a line: `2026-01-02T03:04:05.123456789Z stdout F ` and the newline.
const FRAME_BYTES: u64 = 41;

/// Bytes of one log that are really kept: three files as long as the kubelet lets them become.
const KEPT_BYTES: usize = 3 * MAX_SIZE as usize;

/// Bytes of text after which a new chunk begins.
const CHUNK_BYTES: usize = 16 << 10;

/// What a row of a chunk costs beside its text.
const ROW_BYTES: usize = std::mem::size_of::<Row>();

impl Runtime {
    /// The log lines of a container from the `from`-th on (lines are numbered from 0; those that
    /// rotation has put away are skipped), and the number of the next line to come.
    pub fn log(&self, id: ContainerId, from: u64) -> (Vec<LogEntry>, u64) {
        self.containers.get(&id).map_or((Vec::new(), from), |c| c.log.read(from))
    }

    /// The last lines of a container's log, at most so many.
    pub fn log_tail(&self, id: ContainerId, most: usize) -> Vec<LogEntry> {
        self.containers.get(&id).map_or(Vec::new(), |c| c.log.last(most))
    }

    /// The running containers of a node whose logs are so long that the kubelet rotates them.
    pub fn long_logs(&self, node: NodeId) -> Vec<ContainerId> {
        let Some(node) = self.nodes.get(node.0 as usize) else { return Vec::new() };
        let long = |id: &&ContainerId| {
            let container = self.containers.get(id);
            container.is_some_and(|c| c.status.state == ContainerState::Running && c.log.is_long())
        };
        node.containers.iter().filter(long).copied().collect()
    }

    /// Begins a new log file of a container: of those before it one stays as it is, the others are compressed,
    /// and the oldest goes.
    pub fn rotate_log(&mut self, id: ContainerId) {
        if let Some(c) = self.containers.get_mut(&id) {
            c.log.rotate();
        }
    }
}

/// The log of one container.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    chunks: VecDeque<Rc<Chunk>>,
    /// The number of the next entry to come.
    next: u64,
    /// What the chunks cost.
    kept: usize,
    /// The length of the newest file.
    file: u64,
    /// The lengths of the rotated files, newest first.
    rotated: Vec<u64>,
    open: [Vec<u8>; 2],
}

/// Some entries in a row.
#[derive(Clone, Debug)]
struct Chunk {
    /// The number of its first entry.
    first: u64,
    text: String,
    rows: Vec<Row>,
}

/// One entry, or several that are alike.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: Time,
    /// Where its text ends; it begins where that of the row before ends.
    end: u32,
    times: u32,
    stream: LogStream,
    partial: bool,
}

impl Chunk {
    fn cost(&self) -> usize {
        self.text.len() + self.rows.len() * ROW_BYTES
    }

    /// The rows with their texts.
    fn lines(&self) -> impl Iterator<Item = (&Row, &str)> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|r| r.end as usize));
        self.rows.iter().zip(starts).map(|(row, start)| (row, &self.text[start..row.end as usize]))
    }

    /// Adds an entry; returns what that costs.
    fn add(&mut self, row: Row, text: &str) -> usize {
        let begun = self.rows.len().checked_sub(2).map_or(0, |i| self.rows[i].end as usize);
        if let Some(last) = self.rows.last_mut()
            && (last.at, last.stream, last.partial) == (row.at, row.stream, row.partial)
            && self.text[begun..] == *text
        {
            last.times = last.times.saturating_add(1);
            return 0;
        }
        self.text.push_str(text);
        self.rows.push(Row { end: self.text.len() as u32, ..row });
        text.len() + ROW_BYTES
    }
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
        let text = String::from_utf8_lossy(&line);
        if self.chunks.back().is_none_or(|c| c.cost() >= CHUNK_BYTES) {
            let chunk = Chunk { first: self.next, text: String::new(), rows: Vec::new() };
            self.chunks.push_back(Rc::new(chunk));
        }
        let Some(chunk) = self.chunks.back_mut() else { return };
        self.kept += Rc::make_mut(chunk).add(Row { at, end: 0, times: 1, stream, partial }, &text);
        self.next += 1;
        self.file += line.len() as u64 + FRAME_BYTES;
        while self.kept > KEPT_BYTES {
            let Some(old) = self.chunks.pop_front() else { break };
            self.kept -= old.cost();
        }
    }

    /// Begins a new file.
    pub fn rotate(&mut self) {
        self.rotated.truncate(MAX_FILES - 2);
        if let Some(newest) = self.rotated.first_mut() {
            *newest /= COMPRESSION;
        }
        self.rotated.insert(0, std::mem::take(&mut self.file));
        self.chunks.clear();
        self.kept = 0;
    }

    /// Whether the newest file is so long that the kubelet rotates it.
    pub fn is_long(&self) -> bool {
        self.file >= MAX_SIZE
    }

    /// The entries of the newest file from the `from`-th on, and the number of the next one to come.
    pub fn read(&self, from: u64) -> (Vec<LogEntry>, u64) {
        let mut entries = Vec::new();
        let behind = self.chunks.iter().rposition(|c| c.first <= from).unwrap_or(0);
        for chunk in self.chunks.iter().skip(behind) {
            let mut number = chunk.first;
            for (row, text) in chunk.lines() {
                let skip = from.saturating_sub(number).min(u64::from(row.times));
                number += u64::from(row.times);
                let left = (u64::from(row.times) - skip) as usize;
                if left > 0 {
                    let (at, stream, partial) = (row.at, row.stream, row.partial);
                    let entry = LogEntry { at, stream, partial, bytes: Text::from(text) };
                    entries.extend(std::iter::repeat_n(entry, left));
                }
            }
        }
        (entries, self.next)
    }

    /// The last entries of the newest file, at most so many.
    pub fn last(&self, most: usize) -> Vec<LogEntry> {
        let (mut entries, _) = self.read(self.next.saturating_sub(most as u64));
        entries.drain(..entries.len().saturating_sub(most));
        entries
    }

    /// What its files take on disk.
    pub fn size(&self) -> u64 {
        self.file + self.rotated.iter().sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log, from: u64) -> Vec<String> {
        log.read(from).0.iter().map(|e| format!("{:?} {} {}", e.at, e.bytes, e.partial)).collect()
    }

    #[test]
    fn lines_are_kept_when_they_end() {
        let mut log = Log::default();
        log.write(Time(1), LogStream::Stdout, b"a\nb");
        log.write(Time(2), LogStream::Stderr, b"x\n");
        log.write(Time(3), LogStream::Stdout, b"c\nrest");
        assert_eq!(texts(&log, 0), ["0.000001s a false", "0.000002s x false", "0.000003s bc false"]);
        assert_eq!(log.read(3), (vec![], 3));
        log.end(Time(4));
        assert_eq!(texts(&log, 3), ["0.000004s rest true"]);
        assert_eq!(log.size(), 4 * FRAME_BYTES + 8);
    }

    #[test]
    fn what_is_written_over_and_over_costs_once() {
        let mut log = Log::default();
        log.write(Time(5), LogStream::Stdout, "y\n".repeat(100_000).as_bytes());
        log.write(Time(6), LogStream::Stdout, b"z\n");
        assert_eq!((log.chunks.len(), log.size()), (1, 100_001 * (FRAME_BYTES + 1)));
        assert_eq!(log.read(0).0.len(), 100_001);
        assert_eq!(texts(&log, 99_999), ["0.000005s y false", "0.000006s z false"]);
        assert_eq!(log.last(1)[0].bytes.as_str(), "z");
    }

    #[test]
    fn rotation_leaves_four_files_behind_of_which_one_is_not_compressed() {
        let mut log = Log::default();
        let mut sizes = Vec::new();
        for round in 0..6 {
            let line = format!("{round}{}\n", "x".repeat(9_999 - FRAME_BYTES as usize));
            log.write(Time(round), LogStream::Stdout, line.repeat(1_048).as_bytes());
            assert!(!log.is_long());
            log.write(Time(round), LogStream::Stdout, line.as_bytes());
            assert!(log.is_long());
            log.rotate();
            assert_eq!(log.read(0), (vec![], 1_049 * (round + 1)));
            sizes.push(log.size() / 1_049_000);
        }
        assert_eq!(sizes, [10, 11, 12, 13, 13, 13]);
        log.write(Time(7), LogStream::Stdout, b"new\n");
        assert_eq!(texts(&log, 0), ["0.000007s new false"]);
    }

    #[test]
    fn a_flood_of_lines_is_kept_in_part_and_counts_as_a_whole() {
        let mut log = Log::default();
        let lines = 400_000;
        for n in 0..lines {
            log.write(Time(n), LogStream::Stdout, format!("{n:0>100}\n").as_bytes());
        }
        assert!(log.kept <= KEPT_BYTES && log.chunks.len() > 1_000);
        assert_eq!(log.size(), lines * (100 + FRAME_BYTES));
        assert_eq!(log.last(1)[0].bytes.as_str(), format!("{:0>100}", lines - 1));
    }
}
