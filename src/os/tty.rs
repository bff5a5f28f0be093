//! Terminals: the line discipline between a person (the master side) and processes (the slave side).
//!
//! Left out: job-control stops (Ctrl-Z is echoed and otherwise ignored), special characters changed by
//! `stty`, and signals to background readers.

use super::Signal;
use super::wake::{ProcId, Waiters};
use std::collections::VecDeque;

/// How much typed input waits to be read before more is dropped (Linux: `N_TTY_BUF_SIZE`).
const INPUT_BYTES: usize = 4096;

/// How much output waits for the master before writers must wait.
pub(super) const OUTPUT_BYTES: usize = 64 << 10;

/// A terminal.
#[derive(Clone, Debug)]
pub(super) struct Tty {
    /// Output for the master, with CR LF.
    pub output: VecDeque<u8>,
    line: Vec<u8>,
    input: VecDeque<u8>,
    /// Ctrl-D typed on an empty line, not yet read.
    eof: bool,
    pub echo: bool,
    pub lines: bool,
    pub size: (u32, u32),
    /// The process group that Ctrl-C goes to.
    pub foreground: ProcId,
    pub masters: u32,
    pub slaves: u32,
    pub waiters: Waiters,
    /// The number behind `/dev/pts/`.
    pub number: u32,
}

impl Tty {
    pub fn new(size: (u32, u32), number: u32) -> Tty {
        Tty {
            output: VecDeque::new(),
            line: Vec::new(),
            input: VecDeque::new(),
            eof: false,
            echo: true,
            lines: true,
            size,
            foreground: 0,
            masters: 0,
            slaves: 0,
            waiters: Waiters::default(),
            number,
        }
    }

    /// Whether a process can read: input, end of file, or nobody at the other side any more.
    pub fn readable(&self) -> bool {
        !self.input.is_empty() || self.eof || self.masters == 0
    }

    /// Reads what was typed: at most one line in line mode. `None`: nothing yet.
    pub fn read(&mut self, max: usize) -> Option<Vec<u8>> {
        if self.input.is_empty() {
            let end = self.eof || self.masters == 0;
            self.eof = false;
            return end.then(Vec::new);
        }
        let line = self.input.iter().position(|b| *b == b'\n').filter(|_| self.lines);
        let n = line.map_or(self.input.len(), |at| at + 1).min(max);
        Some(self.input.drain(..n).collect())
    }

    /// A process writes: newlines become CR LF.
    pub fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            // What comes from another terminal (`kubectl exec -t`) has its carriage returns already, as on a
            // terminal in raw mode.
            if *b == b'\n' && self.output.back() != Some(&b'\r') {
                self.output.push_back(b'\r');
            }
            self.output.push_back(*b);
        }
    }

    /// The person types. Returns the signals for the foreground group.
    pub fn typed(&mut self, bytes: &[u8]) -> Vec<Signal> {
        let mut signals = Vec::new();
        for b in bytes {
            match *b {
                3 => signals.push(Signal::Int),
                28 => signals.push(Signal::Quit),
                b => {
                    self.key(b);
                    continue;
                }
            }
            self.line.clear();
            self.input.clear();
            self.echo_control(*b);
        }
        signals
    }

    fn key(&mut self, b: u8) {
        if !self.lines {
            self.echo_bytes(&[b]);
            self.deliver(&[b]);
            return;
        }
        match b {
            4 if self.line.is_empty() => self.eof = true,
            4 => self.deliver_line(),
            26 => self.echo_control(b),
            8 | 127 => self.erase(1),
            21 => self.erase(usize::MAX),
            23 => {
                let text = String::from_utf8_lossy(&self.line).into_owned();
                let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.erase(text[kept..].chars().count());
            }
            b'\r' | b'\n' => {
                self.echo_bytes(b"\n");
                self.line.push(b'\n');
                self.deliver_line();
            }
            b => {
                if self.line.len() < INPUT_BYTES {
                    self.line.push(b);
                    self.echo_bytes(&[b]);
                }
            }
        }
    }

    fn erase(&mut self, chars: usize) {
        for _ in 0..chars {
            // A UTF-8 character goes with its continuation bytes.
            while self.line.last().is_some_and(|b| *b & 0xc0 == 0x80) {
                self.line.pop();
            }
            if self.line.pop().is_none() {
                return;
            }
            self.echo_bytes(b"\x08 \x08");
        }
    }

    fn deliver_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.deliver(&line);
    }

    fn deliver(&mut self, bytes: &[u8]) {
        let room = INPUT_BYTES.saturating_sub(self.input.len());
        self.input.extend(bytes.iter().take(room));
    }

    fn echo_bytes(&mut self, bytes: &[u8]) {
        if self.echo {
            self.write(bytes);
        }
    }

    fn echo_control(&mut self, b: u8) {
        if self.echo {
            self.output.extend([b'^', b + 64]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(tty: &mut Tty) -> String {
        String::from_utf8(tty.output.drain(..).collect()).expect("text")
    }

    #[test]
    fn a_line_is_echoed_edited_and_delivered_at_its_end() {
        let mut tty = Tty::new((80, 24), 0);
        tty.masters = 1;
        assert!(tty.typed(b"lx\x7fs").is_empty());
        assert_eq!(tty.read(10), None);
        tty.typed(b"\r");
        assert_eq!(out(&mut tty), "lx\x08 \x08s\r\n");
        assert_eq!(tty.read(10), Some(b"ls\n".to_vec()));
        tty.typed(b"\x04");
        assert_eq!((tty.read(10), tty.read(10)), (Some(vec![]), None));
    }

    #[test]
    fn control_c_drops_the_line_and_signals() {
        let mut tty = Tty::new((80, 24), 0);
        tty.masters = 1;
        assert_eq!(tty.typed(b"abc\x03"), [Signal::Int]);
        assert_eq!(out(&mut tty), "abc^C");
        tty.typed(b"x\n");
        assert_eq!(tty.read(10), Some(b"x\n".to_vec()));
    }
}
