//! vish/stress, which the documentation's examples on processors and memory use: takes memory bit by bit and
//! keeps processors busy.

use crate::api::quantity::Quantity;
use crate::os::{Program, STDERR, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time, civil};

/// How often memory grows, at most; what the program would take meanwhile is taken at once.
const TICK: Span = Span::millis(100);

/// Memory of the program itself, in bytes.
const OWN: u64 = 3 << 20;

/// The program under way.
#[derive(Clone, Debug)]
struct Stress {
    cpus: u64,
    total: u64,
    total_text: String,
    chunk: u64,
    chunk_text: String,
    pause: Span,
    pause_text: String,
    began: Option<Time>,
    done: bool,
}

/// Starts the program.
pub fn stress(spawn: &Spawn) -> Box<dyn Program> {
    let value = |name: &str, default: &str| -> String {
        let mut args = spawn.argv.iter().map(|a| a.trim_start_matches('-'));
        while let Some(arg) = args.next() {
            match arg.split_once('=') {
                Some((n, v)) if n == name => return v.to_owned(),
                None if arg == name => return args.next().unwrap_or(default).to_owned(),
                _ => {}
            }
        }
        default.to_owned()
    };
    let bytes = |text: &str| Quantity::parse(text).and_then(|q| u64::try_from(q.value()).ok()).unwrap_or(0);
    let (total_text, chunk_text) = (value("mem-total", "0"), value("mem-alloc-size", "4Ki"));
    let pause_text = value("mem-alloc-sleep", "1ms");
    Box::new(Stress {
        cpus: value("cpus", "0").parse().unwrap_or(0),
        total: bytes(&total_text),
        chunk: bytes(&chunk_text).max(1),
        total_text,
        chunk_text,
        pause: millis(&pause_text),
        pause_text,
        began: None,
        done: false,
    })
}

/// A duration of Go in one unit.
fn millis(text: &str) -> Span {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().unwrap_or(1.0);
    let seconds = match unit {
        "s" => number,
        "m" => number * 60.0,
        "us" | "µs" => number / 1e6,
        _ => number / 1e3,
    };
    Span::secs_f64(seconds.clamp(0.0, 3600.0))
}

impl Stress {
    /// A line of glog.
    fn say(sys: &mut dyn Sys, line: u32, text: &str) {
        let c = civil(sys.wall_micros());
        let text = format!(
            "I{:02}{:02} {:02}:{:02}:{:02}.{:06} {:>7} main.go:{line}] {text}\n",
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            c.micros,
            sys.pid()
        );
        let _ = sys.write(STDERR, text.as_bytes());
    }

    fn begin(&self, sys: &mut dyn Sys) {
        let (total, chunk) = (&self.total_text, &self.chunk_text);
        let pause = &self.pause_text;
        let text = format!(
            "Allocating {total:?} memory, in {chunk:?} chunks, with a {pause} sleep between allocations"
        );
        Self::say(sys, 26, &text);
        for _ in 0..self.cpus {
            Self::say(sys, 39, "Spawning a thread to consume CPU");
        }
        sys.set_cpu(self.cpus * 1000);
    }
}

impl Program for Stress {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let now = sys.now();
        let began = match self.began {
            Some(began) => began,
            None => {
                self.begin(sys);
                *self.began.insert(now)
            }
        };
        if self.done {
            return Wait::forever();
        }
        let chunks =
            if self.pause == Span::ZERO { u64::MAX } else { 1 + now.since(began).0 / self.pause.0.max(1) };
        let taken = chunks.saturating_mul(self.chunk).min(self.total);
        sys.set_memory(OWN + taken);
        if taken < self.total {
            return Wait::until(now + TICK.max(self.pause));
        }
        self.done = true;
        let text = format!("Allocated {:?} memory", self.total_text);
        Self::say(sys, 29, &text);
        Wait::forever()
    }
}
