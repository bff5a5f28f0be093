//! `dd`: copies blocks from one file to another and tells how fast.
//!
//! Input and output blocks have one size. What happens in memory is done in no time by the clock of the
//! simulation, so the time that is told is at least what the copying takes at [`SPEED`].

use super::ctx::{Ctx, Output, Style, drain};
use super::float::format_float;
use crate::api::Text;
use crate::os::program::{Disposition, Errno, Fd, Open, Program, STDIN, STDOUT, Signal, Step, Sys, Wait};
use crate::time::{Span, Time};

/// How much is copied at most before others are let run, in bytes.
const SLICE: u64 = 1 << 20;
/// What one core copies, in bytes a second.
const SPEED: f64 = 3e9;
/// What starting and ending takes at least.
const LEAST: Span = Span::micros(40);
/// Buffers from this size on count as the memory of the process.
const BIG_BLOCK: u64 = 1 << 20;

#[derive(Clone, Debug)]
struct Dd {
    input: Option<Text>,
    output: Option<Text>,
    size: u64,
    /// Input blocks left; `None`: to the end.
    count: Option<u64>,
    skip: u64,
    seek: u64,
    keep: bool,
    append: bool,
    quiet: Quiet,
    files: Option<(Fd, Fd)>,
    /// Bytes of the block that is being read.
    part: u64,
    full: u64,
    partial: u64,
    total: u64,
    /// The blocks of the input that could not be written: one at most.
    lost: u64,
    started: Time,
    out: Output,
    status: Option<i32>,
    style: Style,
    prefix: String,
}

/// What is told at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Quiet {
    Never,
    NoTransfer,
    All,
}

/// `dd`.
pub fn dd(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let mut dd = Dd {
        input: None,
        output: None,
        size: 512,
        count: None,
        skip: 0,
        seek: 0,
        keep: false,
        append: false,
        quiet: Quiet::Never,
        files: None,
        part: 0,
        full: 0,
        partial: 0,
        total: 0,
        lost: 0,
        started: ctx.sys.now(),
        out: Vec::new(),
        status: None,
        style: ctx.style,
        prefix: ctx.prefix.clone(),
    };
    for word in ctx.args.split_off(1) {
        dd.operand(ctx, &word)?;
    }
    if ctx.style != Style::Busybox {
        ctx.sys.set_disposition(Signal::Int, Disposition::Catch);
    }
    ctx.sys.set_disposition(Signal::Usr1, Disposition::Catch);
    Ok(Box::new(dd))
}

impl Dd {
    fn operand(&mut self, ctx: &mut Ctx, word: &str) -> Result<(), i32> {
        let Some((name, value)) = word.split_once('=') else {
            if ctx.busybox() {
                super::usage::print(ctx, "dd");
            } else {
                ctx.fail(&format!("unrecognized operand ‘{word}’"));
                ctx.err("Try 'dd --help' for more information.\n");
            }
            return Err(1);
        };
        let busybox = ctx.busybox();
        let mut number = || match super::text::size(value) {
            Some(n) => Ok(n),
            None => {
                ctx.fail(&if busybox {
                    format!("invalid number '{value}'")
                } else {
                    format!("invalid number: ‘{value}’")
                });
                Err(1)
            }
        };
        match name {
            "if" => self.input = Some(value.into()),
            "of" => self.output = Some(value.into()),
            "bs" | "ibs" | "obs" => self.size = number()?.max(1),
            "count" => self.count = Some(number()?),
            "skip" | "iseek" => self.skip = number()?,
            "seek" | "oseek" => self.seek = number()?,
            "status" => {
                self.quiet = match value {
                    "none" => Quiet::All,
                    "noxfer" => Quiet::NoTransfer,
                    _ => Quiet::Never,
                }
            }
            "conv" | "oflag" | "iflag" => {
                for flag in value.split(',') {
                    match flag {
                        "notrunc" => self.keep = true,
                        "append" => self.append = true,
                        // Nothing here is lost or cached.
                        "fsync" | "fdatasync" | "sync" | "dsync" | "direct" | "nonblock" | "noatime"
                        | "fullblock" | "noerror" => {}
                        other => return Err(ctx.not_simulated(&format!("{name}={other}"))),
                    }
                }
            }
            _ if busybox => {
                super::usage::print(ctx, "dd");
                return Err(1);
            }
            _ => {
                ctx.fail(&format!("unrecognized operand ‘{word}’"));
                ctx.err("Try 'dd --help' for more information.\n");
                return Err(1);
            }
        }
        Ok(())
    }

    fn fail(&mut self, text: &str) {
        self.out.push((2, format!("{}{text}\n", self.prefix).into_bytes()));
    }

    /// Opens both files and passes over what is skipped.
    fn open(&mut self, sys: &mut dyn Sys) -> Result<(Fd, Fd), (Text, Errno)> {
        let input = match self.input.clone() {
            Some(path) => sys.open(&path, Open::Read).map_err(|e| (path, e))?,
            None => STDIN,
        };
        let output = match self.output.clone() {
            Some(path) => self.open_output(sys, &path).map_err(|e| (path, e))?,
            None => STDOUT,
        };
        pass_over(sys, input, self.skip.saturating_mul(self.size));
        if self.size >= BIG_BLOCK {
            sys.set_memory(self.size);
        }
        Ok((input, output))
    }

    fn open_output(&mut self, sys: &mut dyn Sys, path: &str) -> Result<Fd, Errno> {
        if self.append {
            return sys.open(path, Open::Append);
        }
        let from = self.seek.saturating_mul(self.size);
        if self.keep {
            let fd = sys.open(path, Open::ReadWrite)?;
            pass_over(sys, fd, from);
            return Ok(fd);
        }
        if from == 0 {
            return sys.open(path, Open::Write);
        }
        let fd = sys.open(path, Open::Append)?;
        sys.truncate(path, from)?;
        Ok(fd)
    }

    /// Copies a piece; what to do before the next.
    fn copy(&mut self, sys: &mut dyn Sys, (input, output): (Fd, Fd)) -> Option<Step> {
        let left = self.count.map_or(u64::MAX, |c| c.saturating_mul(self.size)) - self.part;
        if left == 0 {
            self.finish(sys);
            return None;
        }
        // Small blocks are read many at a time, big ones in pieces.
        let whole = if self.size < SLICE { (SLICE / self.size) * self.size } else { self.size - self.part };
        let bytes = match sys.read(input, whole.min(SLICE).min(left) as usize) {
            Ok(bytes) => bytes,
            Err(Errno::EAGAIN) => return Some(Wait::readable(input)),
            Err(error) => {
                let name = self.input.clone().unwrap_or(Text::lit("standard input"));
                self.fail(&match self.style {
                    Style::Busybox => format!("{name}: {}", error.text()),
                    _ => format!("error reading '{name}': {}", error.text()),
                });
                self.status = Some(1);
                self.tell(sys);
                return None;
            }
        };
        let n = bytes.len() as u64;
        self.part += n;
        self.total += n;
        let blocks = self.part / self.size;
        self.full += blocks;
        self.part %= self.size;
        let short = self.part > 0 && (n < whole.min(SLICE) || n == left || n == 0);
        if short {
            self.partial += 1;
            self.part = 0;
        }
        if let Some(count) = &mut self.count {
            *count = count.saturating_sub(blocks + u64::from(short));
        }
        if n == 0 {
            self.finish(sys);
        } else {
            self.out.push((output, bytes));
        }
        None
    }

    /// Writes what was read; a file that takes no more ends it.
    fn write(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        if let (Some((fd, bytes)), Some((_, output))) = (self.out.first_mut(), self.files)
            && *fd == output
        {
            match sys.write(output, bytes) {
                Ok(n) if n < bytes.len() => drop(bytes.drain(..n)),
                Ok(_) => drop(self.out.remove(0)),
                // The common way waits, and dies of a broken pipe.
                Err(Errno::EAGAIN | Errno::EPIPE) => {}
                Err(error) => {
                    let (_, unwritten) = self.out.remove(0);
                    self.total -= unwritten.len() as u64;
                    self.lost = 1;
                    let name = self.output.clone().unwrap_or(Text::lit("standard output"));
                    self.fail(&format!("error writing '{name}': {}", error.text()));
                    self.status = Some(1);
                    self.tell(sys);
                }
            }
        }
        drain(&mut self.out, sys)
    }

    fn finish(&mut self, sys: &mut dyn Sys) {
        self.status.get_or_insert(0);
        self.tell(sys);
    }

    fn tell(&mut self, sys: &dyn Sys) {
        if self.quiet == Quiet::All {
            return;
        }
        let (full, partial) = (self.full, self.partial);
        let out = full.saturating_sub(self.lost);
        let mut text = format!("{full}+{partial} records in\n{out}+{partial} records out\n");
        if self.quiet == Quiet::Never {
            let copying = Span::micros((self.total as f64 / SPEED * 1e6) as u64) + LEAST;
            let took = sys.now().since(self.started).max(copying).0 as f64 / 1e6;
            let rate = self.total as f64 / took;
            text += &match self.style {
                Style::Busybox => busybox_line(self.total, took, rate),
                _ => gnu_line(self.total, took, rate),
            };
        }
        self.out.push((2, text.into_bytes()));
    }
}

fn busybox_line(total: u64, took: f64, rate: f64) -> String {
    let human = |n: f64| scaled(n, 1024.0, "");
    format!("{total} bytes ({}B) copied, {took:.6} seconds, {}B/s\n", human(total as f64), human(rate))
}

fn gnu_line(total: u64, took: f64, rate: f64) -> String {
    let si = |n: f64| scaled(n, 1000.0, " ").replace('K', "k") + "B";
    let sizes = match total {
        0..1_000 => String::new(),
        1_000..1_024 => format!(" ({})", si(total as f64)),
        _ => format!(" ({}, {}iB)", si(total as f64), scaled(total as f64, 1024.0, " ")),
    };
    let unit = if total == 1 { "byte" } else { "bytes" };
    format!("{total} {unit}{sizes} copied, {} s, {}/s\n", format_float(took, 'g', 6, false), si(rate))
}

/// A number with the letter of its size: one digit behind the point below ten.
fn scaled(mut value: f64, step: f64, gap: &str) -> String {
    let mut unit = 0;
    while value >= step && unit < 5 {
        value /= step;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T", "P"][unit];
    let busybox = gap.is_empty();
    if unit > 0 && (value < 9.95 || busybox) {
        format!("{value:.1}{gap}{letter}")
    } else {
        format!("{value:.0}{gap}{letter}")
    }
}

/// Reads and drops.
fn pass_over(sys: &mut dyn Sys, fd: Fd, mut bytes: u64) {
    while bytes > 0 {
        match sys.read(fd, bytes.min(SLICE) as usize) {
            Ok(piece) if !piece.is_empty() => bytes -= piece.len() as u64,
            _ => return,
        }
    }
}

impl Program for Dd {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match sys.take_signal() {
            Some(Signal::Usr1) => self.tell(sys),
            Some(signal) => {
                self.tell(sys);
                self.status = Some(128 + signal.number());
            }
            None => {}
        }
        if let Some(step) = self.write(sys) {
            return step;
        }
        if let Some(status) = self.status {
            return Step::Exit(status);
        }
        let Some(files) = self.files else {
            match self.open(sys) {
                Ok(files) => self.files = Some(files),
                Err((path, error)) => {
                    let verb = if self.style == Style::Busybox { "can't open" } else { "failed to open" };
                    self.fail(&format!("{verb} '{path}': {}", error.text()));
                    self.status = Some(1);
                }
            }
            return Step::Yield;
        };
        self.copy(sys, files).unwrap_or(Step::Yield)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
