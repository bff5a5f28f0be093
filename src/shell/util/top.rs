//! `top`: the processes with what they use of processor and memory, once or again and again.

use super::ctx::{Ctx, Output, Style, drain};
use super::ls::name_of;
use super::opts;
use crate::collections::{BTreeMap, Order};
use crate::os::program::{Errno, Program, Step, Sys, Wait};
use crate::time::{Span, Time};

/// `top`, running.
#[derive(Clone, Debug)]
struct Top {
    style: Style,
    batch: bool,
    /// How often it still shows; `None`: until it is stopped.
    left: Option<u32>,
    pause: Span,
    due: Option<Time>,
    /// Processor time by process when it last showed, and when that was.
    before: (Time, BTreeMap<u32, u64>),
    out: Output,
}

/// `top`.
pub fn top(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "bn:d:HicSsu:p:o:w:: batch=b iterations=n delay=d")?;
    let every = if ctx.busybox() { 5.0 } else { 3.0 };
    let pause = o.get('d').and_then(|d| d.parse::<f64>().ok()).filter(|d| *d >= 0.1).unwrap_or(every);
    let left = o.get('n').and_then(|n| n.parse::<u32>().ok());
    if !o.has('b') && !ctx.sys.is_tty(1) && !ctx.busybox() {
        ctx.fail("failed tty get");
        return Err(1);
    }
    let top = Top {
        style: ctx.style,
        batch: o.has('b'),
        left,
        pause: Span::secs_f64(pause.min(86_400.0)),
        due: None,
        before: (Time::ZERO, BTreeMap::new()),
        out: Vec::new(),
    };
    Ok(Box::new(top))
}

impl Top {
    fn show(&mut self, sys: &mut dyn Sys) {
        let now = sys.now();
        let mut ctx = Ctx::new(sys, Vec::new(), self.style);
        let mut list = ctx.sys.processes();
        let (then, used) = &self.before;
        let share = |pid: u32, started: Time, cpu: Span| {
            let since = used.get(&pid).map_or((started, 0), |c| (*then, *c));
            let wall = now.since(since.0).0.max(1);
            cpu.0.saturating_sub(since.1) as f64 * 100.0 / wall as f64
        };
        let mut rows: Vec<(f64, _)> = list.drain(..).map(|p| (share(p.pid, p.started, p.cpu), p)).collect();
        rows.order_by(|a, b| b.0.total_cmp(&a.0).then(a.1.pid.cmp(&b.1.pid)));
        let (total, free, available) = super::memory(&ctx);
        let memory_used = total.saturating_sub(available);
        let cached = available.saturating_sub(free);
        let cpus = super::machine::processors(&ctx).max(1) as f64;
        let busy = (rows.iter().map(|(s, _)| s).sum::<f64>() / cpus).min(100.0);
        let running = rows.iter().filter(|(_, p)| p.state == 'R').count();
        let mut text = if self.batch { String::new() } else { "\x1b[H\x1b[J".to_owned() };
        if self.style == Style::Busybox {
            text.push_str(&format!(
                "Mem: {}K used, {}K free, 0K shrd, 0K buff, {}K cached\nCPU: {busy:3.0}% usr   0% sys   0% nic {:3.0}% \
                 idle   0% io   0% irq   0% sirq\nLoad average: 0.00 0.00 0.00 {}/{} {}\n  PID  PPID USER     STAT   VSZ \
                 %VSZ CPU %CPU COMMAND\n",
                memory_used >> 10,
                free >> 10,
                cached >> 10,
                100.0 - busy,
                running.max(1),
                rows.len(),
                rows.iter().map(|(_, p)| p.pid).max().unwrap_or(1)
            ));
        } else {
            let mib = |b: u64| b as f64 / 1_048_576.0;
            let uptime = super::machine::uptime_text(&ctx);
            text.push_str(&format!(
                "top -{uptime}Tasks: {:3} total, {:3} running, {:3} sleeping,   0 stopped,   0 zombie\n%Cpu(s): {busy:4.1} \
                 us,  0.0 sy,  0.0 ni,{:5.1} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st\nMiB Mem : {:8.1} total, {:8.1} free, \
                 {:8.1} used, {:8.1} buff/cache\nMiB Swap:      0.0 total,      0.0 free,      0.0 used. {:8.1} avail \
                 Mem\n\n    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
                rows.len(),
                running,
                rows.len() - running,
                100.0 - busy,
                mib(total),
                mib(free),
                mib(memory_used),
                mib(cached),
                mib(available)
            ));
        }
        let room =
            if self.batch { rows.len() } else { (ctx.sys.tty_size().1 as usize).saturating_sub(7).max(3) };
        for (share, p) in rows.iter().take(room) {
            let user = name_of(&ctx, "/etc/passwd", p.uid);
            let part = p.memory as f64 * 100.0 / total.max(1) as f64;
            let kib = p.memory >> 10;
            text.push_str(&if self.style == Style::Busybox {
                format!(
                    "{:5} {:5} {user:<8.8} {}    {kib:5} {part:3.0}%   0 {:3.0}% {}\n",
                    p.pid,
                    p.ppid,
                    p.state,
                    // busybox counts all processors as one.
                    share / cpus,
                    p.command
                )
            } else {
                let hundredths = p.cpu.0 / 10_000;
                format!(
                    "{:7} {user:<9.9} 20   0 {kib:7} {kib:6}      0 {} {share:5.1} {part:5.1} {:4}:{:02}.{:02} {}\n",
                    p.pid,
                    p.state,
                    hundredths / 6_000,
                    hundredths / 100 % 60,
                    hundredths % 100,
                    super::procs::comm(p)
                )
            });
        }
        ctx.print(text);
        self.out = ctx.out;
        self.before = (now, rows.iter().map(|(_, p)| (p.pid, p.cpu.0)).collect());
    }
}

impl Program for Top {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            if let Some(step) = drain(&mut self.out, sys) {
                return step;
            }
            if self.left == Some(0) {
                return Step::Exit(0);
            }
            match self.due.filter(|due| *due > sys.now()) {
                Some(due) if self.batch => return Wait::until(due),
                // On a terminal, `q` ends it.
                Some(due) => match sys.read(0, 16) {
                    Ok(keys) if keys.contains(&b'q') || keys.is_empty() => {
                        sys.tty_mode(true, true);
                        return Step::Exit(0);
                    }
                    Ok(_) => {}
                    Err(Errno::EAGAIN) => {
                        return Step::Wait(Wait { until: Some(due), readable: vec![0], ..Wait::default() });
                    }
                    Err(_) => return Wait::until(due),
                },
                None => {
                    if !self.batch {
                        sys.tty_mode(false, false);
                    }
                    self.show(sys);
                    self.left = self.left.map(|n| n - 1);
                    self.due = Some(sys.now() + self.pause);
                }
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
