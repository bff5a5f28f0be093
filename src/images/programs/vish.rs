//! `stress` of the image vish/stress: threads that load the processor, memory taken in steps.
//!
//! Models its flags, its lines (klog's, with the process id as thread id) and that it runs until it is
//! stopped. Left out: `-logtostderr=false` and klog's other flags.

use crate::os::{Disposition, Program, STDERR, Signal, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time, civil};

/// What a thread loads, in thousandths of a core.
const THREAD: u64 = 1_000;
/// Most threads that are counted.
const MAX_THREADS: u32 = 512;
/// Resident memory before anything is allocated.
const BASE: u64 = 3 << 20;
/// The shortest time between two steps that is modelled; smaller ones are taken together.
const PACE: Span = Span::millis(20);

/// The program.
#[derive(Clone, Debug)]
struct Vish {
    cpus: u32,
    total: u64,
    chunk: u64,
    pause: Span,
    texts: [String; 3],
    taken: u64,
    next: Option<Time>,
    said: bool,
}

/// Starts the program.
pub fn vish(spawn: &Spawn) -> Box<dyn Program> {
    let value = |name: &str, default: &str| {
        let args: Vec<&str> = spawn.argv.iter().map(|a| a.as_str()).collect();
        let found = args.iter().enumerate().find_map(|(i, arg)| {
            let arg = arg.trim_start_matches('-');
            match arg.split_once('=') {
                Some((n, v)) => (n == name).then(|| v.to_owned()),
                None => args.get(i + 1).filter(|_| arg == name).map(|v| (*v).to_owned()),
            }
        });
        found.unwrap_or_else(|| default.to_owned())
    };
    let texts = [value("mem-total", "0"), value("mem-alloc-size", "4Ki"), value("mem-alloc-sleep", "1ms")];
    let bytes = |text: &str| {
        crate::api::quantity::Quantity::parse(text)
            .map_or(0, |q| u64::try_from(q.value()).unwrap_or_default())
    };
    let nanos = crate::api::duration::parse(&texts[2]).unwrap_or_default();
    let pause = Span::micros(u64::try_from(nanos / 1_000).unwrap_or_default());
    Box::new(Vish {
        cpus: value("cpus", "0").parse::<u32>().unwrap_or(0).min(MAX_THREADS),
        total: bytes(&texts[0]),
        chunk: bytes(&texts[1]).max(1),
        pause,
        texts,
        taken: 0,
        next: None,
        said: false,
    })
}

impl Vish {
    fn log(&self, sys: &mut dyn Sys, line: u32, text: &str) {
        let c = civil(sys.wall_micros());
        let when = format!(
            "{:02}{:02} {:02}:{:02}:{:02}.{:06}",
            c.month, c.day, c.hour, c.minute, c.second, c.micros
        );
        let pid = sys.pid();
        let _ = sys.write(STDERR, format!("I{when} {pid:>7} main.go:{line}] {text}\n").as_bytes());
    }

    fn begin(&mut self, sys: &mut dyn Sys) {
        let [total, chunk, pause] = &self.texts;
        let text = format!(
            "Allocating \"{total}\" memory, in \"{chunk}\" chunks, with a {pause} sleep between allocations"
        );
        self.log(sys, 26, &text);
        for _ in 0..self.cpus {
            self.log(sys, 39, "Spawning a thread to consume CPU");
        }
        for signal in [Signal::Term, Signal::Int] {
            sys.set_disposition(signal, Disposition::Catch);
        }
        sys.set_cpu(THREAD * u64::from(self.cpus));
        sys.set_memory(BASE);
    }
}

impl Program for Vish {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if sys.take_signal().is_some() {
            // Go's runtime ends with 2 where a program does not handle TERM.
            return Step::Exit(2);
        }
        let Some(next) = self.next else {
            self.begin(sys);
            self.next = Some(sys.now());
            return Step::Yield;
        };
        if self.taken >= self.total {
            if !self.said {
                self.said = true;
                self.log(sys, 29, &format!("Allocated \"{}\" memory", self.texts[0]));
            }
            return Wait::forever();
        }
        if sys.now() >= next {
            let pause = self.pause.max(PACE);
            let together = (pause.0 / self.pause.max(Span::micros(1)).0).max(1);
            self.taken = self.total.min(self.taken.saturating_add(self.chunk.saturating_mul(together)));
            sys.set_memory(BASE.saturating_add(self.taken));
            self.next = Some(sys.now() + pause);
        }
        Wait::until(self.next.unwrap_or_default())
    }
}
