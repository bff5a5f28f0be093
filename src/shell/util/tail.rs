//! `tail`, also following (`-f`, `-F`), and `yes`.

use super::ctx::{Ctx, Output, drain};
use super::opts;
use super::stream::PACE;
use crate::api::Text;
use crate::os::program::{Errno, Fd, FileType, Open, Program, Step, Sys, Wait};
use crate::time::Span;

/// How often a followed file is looked at (coreutils and busybox: one second; the simulation looks earlier so
/// that lines show as with inotify).
const POLL: Span = Span::millis(250);
/// What is kept of a line that never ends before it is only counted, in bytes.
const MAX_KEPT: usize = 8 << 20;

#[derive(Clone, Debug)]
struct Tail {
    inputs: Vec<Input>,
    at: usize,
    bytes: bool,
    count: u64,
    from_start: bool,
    follow: bool,
    retry: bool,
    headers: bool,
    shown: u32,
    last: usize,
    out: Output,
    status: i32,
    prefix: String,
    busybox: bool,
}

#[derive(Clone, Debug)]
struct Input {
    name: Text,
    fd: Option<Fd>,
    held: Vec<u8>,
    /// Bytes beyond those held (an endless line).
    counted: u64,
    done: bool,
    size: u64,
}

/// `tail`.
pub fn tail(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    if let Some(arg) = ctx.args.get(1).cloned()
        && arg.len() > 1
        && matches!(arg.as_bytes()[0], b'-' | b'+')
        && arg.bytes().skip(1).all(|b| b.is_ascii_digit())
    {
        ctx.args[1] = "-n".into();
        ctx.args.insert(2, arg.strip_prefix('-').unwrap_or(&arg).into());
    }
    let o = opts::parse(ctx, "n:c:fFqvs: lines=n bytes=c follow=f retry=F quiet=q pid=p p:")?;
    let text = o.get('c').or(o.get('n')).cloned().unwrap_or(Text::lit("10"));
    let digits = text.trim_start_matches(['-', '+']);
    let Some(count) = super::text::size(digits) else {
        let line = if ctx.busybox() {
            format!("invalid number '{text}'")
        } else {
            format!("invalid number of lines: ‘{text}’")
        };
        ctx.fail(&line);
        return Err(1);
    };
    let names = if o.rest.is_empty() { vec![Text::lit("-")] } else { o.rest.clone() };
    let headers = (names.len() > 1 || o.has('v')) && !o.has('q');
    let input = |name: Text| Input { name, fd: None, held: Vec::new(), counted: 0, done: false, size: 0 };
    Ok(Box::new(Tail {
        inputs: names.into_iter().map(input).collect(),
        at: 0,
        bytes: o.has('c'),
        count,
        from_start: text.starts_with('+'),
        follow: o.has('f') || o.has('F'),
        retry: o.has('F'),
        headers,
        shown: 0,
        last: usize::MAX,
        out: Vec::new(),
        status: 0,
        prefix: ctx.prefix.clone(),
        busybox: ctx.busybox(),
    }))
}

impl Tail {
    fn fail(&mut self, text: &str) {
        let line = format!("{}{text}\n", self.prefix);
        self.out.push((2, line.into_bytes()));
    }

    fn header(&mut self, i: usize) {
        if self.headers && self.last != i {
            let gap = if self.shown > 0 { "\n" } else { "" };
            self.shown += 1;
            let name = if *self.inputs[i].name == *"-" { "standard input" } else { &self.inputs[i].name };
            let line = format!("{gap}==> {name} <==\n");
            self.out.push((1, line.into_bytes()));
            self.last = i;
        }
    }

    /// Opens an input; says why it cannot.
    fn open(&mut self, sys: &mut dyn Sys, i: usize) -> bool {
        let name = self.inputs[i].name.clone();
        if &*name == "-" {
            self.inputs[i].fd = Some(0);
            return true;
        }
        let opened = match sys.stat(&name) {
            Ok(s) if s.kind == FileType::Dir => Err(Errno::EISDIR),
            _ => sys.open(&name, Open::Read),
        };
        match opened {
            Ok(fd) => {
                self.inputs[i].fd = Some(fd);
                true
            }
            Err(error) => {
                let text = match (self.busybox, error) {
                    (true, _) => format!("can't open '{name}': {}", error.text()),
                    (false, Errno::EISDIR) => format!("error reading '{name}': Is a directory"),
                    (false, _) => format!("cannot open '{name}' for reading: {}", error.text()),
                };
                self.fail(&text);
                if self.busybox && self.inputs.len() == 1 && !self.retry {
                    self.fail("no files");
                }
                self.status = 1;
                self.inputs[i].done = true;
                false
            }
        }
    }

    /// Takes a piece of the beginning.
    fn take(&mut self, sys: &mut dyn Sys, i: usize, data: &[u8]) {
        let input = &mut self.inputs[i];
        if input.held.len() + data.len() <= MAX_KEPT {
            input.held.extend_from_slice(data);
        } else if data.contains(&b'\n') {
            let cut = input.held.len() / 2;
            input.held.drain(..cut);
            input.held.extend_from_slice(data);
        } else {
            input.counted += data.len() as u64;
        }
        let kept = input.held.len() as u64 + input.counted;
        // Real tails grow with the line that they keep; the memory limit of the container applies.
        if kept > 1 << 20 {
            sys.set_memory(kept);
        }
    }

    fn show(&mut self, i: usize) {
        self.header(i);
        let held = std::mem::take(&mut self.inputs[i].held);
        let starts: Vec<usize> = if self.bytes {
            (0..held.len()).collect()
        } else {
            let mut at = 0;
            held.split_inclusive(|b| *b == b'\n')
                .map(|l| {
                    at += l.len();
                    at - l.len()
                })
                .collect()
        };
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let first =
            if self.from_start { count.saturating_sub(1) } else { starts.len().saturating_sub(count) };
        let from = starts.get(first).copied().unwrap_or(held.len());
        self.out.push((1, held[from..].to_vec()));
    }

    fn poll(&mut self, sys: &mut dyn Sys) -> Step {
        let mut readable = Vec::new();
        for i in 0..self.inputs.len() {
            if self.retry {
                self.reopen(sys, i);
            }
            let Some(fd) = self.inputs[i].fd else { continue };
            match sys.read(fd, 65_536) {
                Ok(data) if !data.is_empty() => {
                    self.header(i);
                    self.out.push((1, data));
                    return Step::Yield;
                }
                Err(Errno::EAGAIN) => readable.push(fd),
                _ => {}
            }
        }
        if self.inputs.iter().all(|i| i.fd.is_none()) && !self.retry {
            return Step::Exit(1);
        }
        Step::Wait(Wait { until: Some(sys.now() + POLL), readable, ..Wait::default() })
    }

    /// `-F`: notices that a file has appeared, was replaced or was cut.
    fn reopen(&mut self, sys: &mut dyn Sys, i: usize) {
        let name = self.inputs[i].name.clone();
        let Ok(stat) = sys.stat(&name) else { return };
        let shrunk = stat.size < self.inputs[i].size;
        self.inputs[i].size = stat.size;
        if (self.inputs[i].fd.is_none() || shrunk)
            && let Ok(fd) = sys.open(&name, Open::Read)
        {
            if let Some(old) = self.inputs[i].fd.replace(fd) {
                sys.close(old);
            }
            if !self.busybox {
                self.fail(&format!("'{name}' has appeared;  following new file"));
            }
        }
    }
}

impl Program for Tail {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(step) = drain(&mut self.out, sys) {
            return step;
        }
        if self.at >= self.inputs.len() {
            return if self.follow { self.poll(sys) } else { Step::Exit(self.status) };
        }
        let i = self.at;
        if self.inputs[i].fd.is_none() && !self.open(sys, i) {
            self.at += 1;
            return Step::Yield;
        }
        let fd = self.inputs[i].fd.unwrap_or(0);
        match sys.read(fd, 1 << 20) {
            Ok(data) if !data.is_empty() => {
                sys.weigh(u32::try_from(data.len() / PACE).unwrap_or(u32::MAX));
                self.take(sys, i, &data);
            }
            Err(Errno::EAGAIN) => return Wait::readable(fd),
            _ => {
                self.show(i);
                self.at += 1;
            }
        }
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `yes`.
#[derive(Clone, Debug)]
struct Yes(Vec<u8>, Output);

pub fn yes(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let words: Vec<String> = ctx.args[1..].iter().map(|a| a.to_string()).collect();
    let line = if words.is_empty() { "y\n".to_owned() } else { words.join(" ") + "\n" };
    Ok(Box::new(Yes(line.repeat(100).into_bytes(), Vec::new())))
}

impl Program for Yes {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if self.1.is_empty() {
            self.1.push((1, self.0.clone()));
        }
        drain(&mut self.1, sys).unwrap_or(Step::Yield)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
