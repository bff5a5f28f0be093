//! The run queue: running what is ready until everybody waits.

use super::kernel::Kernel;
use super::process::Life;
use super::wake::ProcId;
use super::world::{State, Timer, World};
use super::{Disposition, Ended, FUEL, Step, Wait};
use crate::api::request::Client;
use crate::time::{Span, Time};
use std::cmp::Reverse;

/// For how long a process is put off that has used up its fuel within one instant: about as long as a real
/// shell takes for as many commands.
const PUT_OFF: Span = Span::millis(5);

/// After this many times (a step that weighs as much as many counts as often, and rest makes up for work) it
/// is put off for longer and longer, so that an endless loop costs little more in a simulated hour than in a
/// simulated second.
const PATIENCE: u32 = 120;

/// The longest time that a process is put off.
const LONGEST_PUT_OFF: Span = Span::millis(250);

impl World {
    /// Runs all ready processes until everybody waits. `client` is the API server, for programs that
    /// speak to it. Returns whether any process ran.
    pub fn run(&mut self, now: Time, client: &mut dyn Client) -> bool {
        self.advance_to(now);
        let mut ran = false;
        while let Some(id) = self.st.queue.pop_front() {
            ran = true;
            self.step(id, client);
        }
        ran
    }

    /// Moves the clock without running anything; what callers do to the world then happens at `now`.
    pub fn advance_to(&mut self, now: Time) {
        self.st.now = self.st.now.max(now);
        while self.st.timers.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, _, timer))) = self.st.timers.pop() else { break };
            match timer {
                Timer::Wake(id, number) => {
                    let waits = |p: &&super::process::Process| p.wait_number == number;
                    if self.st.procs.get(id).filter(waits).is_some() {
                        self.st.wake(id);
                    }
                }
                Timer::Arrive(conn) => self.arrive(conn),
            }
        }
    }

    /// When something happens by itself; [`Time::ZERO`] if processes are ready now.
    pub fn next_due(&self) -> Option<Time> {
        if !self.st.queue.is_empty() {
            return Some(self.st.now);
        }
        self.st.timers.peek().map(|Reverse((at, ..))| *at)
    }

    fn step(&mut self, id: ProcId, client: &mut dyn Client) {
        let now = self.st.now;
        let Some(p) = self.st.procs.get_mut(id) else { return };
        p.queued = false;
        if p.stopped || p.life != Life::Ready {
            return;
        }
        if let Some(from) = p.rests_from.take() {
            let rest = u32::try_from(now.since(from).0 / PUT_OFF.0).unwrap_or(u32::MAX);
            p.put_off = p.put_off.saturating_sub(rest);
        }
        if p.steps_at != now {
            p.steps_at = now;
            p.steps = 0;
        }
        p.steps += 1;
        if p.steps > FUEL {
            self.put_off(id);
            return;
        }
        let Some(mut program) = p.program.take() else { return };
        self.st.running = Some(id);
        let step = program.step(&mut Kernel { world: self, id, client });
        self.st.running = None;
        let Some(p) = self.st.procs.get_mut(id) else { return };
        if p.program_gone() {
            // It died in this step, by its own hand or for want of memory.
            let parent = p.parent;
            if parent.is_none_or(|q| self.st.procs.get(q).is_none()) {
                self.st.forget(id);
            }
            return;
        }
        match step {
            Step::Yield => {
                p.program = Some(program);
                self.st.wake(id);
            }
            Step::Wait(wait) => {
                p.program = Some(program);
                p.rests_from = Some(now);
                if p.put_off > 0 {
                    self.st.set_cpu(id, 0);
                }
                self.st.wait(id, wait);
            }
            Step::Exit(code) => self.end(id, Ended::Code(code & 0xff)),
            Step::Become(next) => {
                p.program = Some(next);
                p.dispositions.retain(|(_, d)| *d == Disposition::Ignore);
                p.pending.clear();
                p.title = None;
                if let Some((argv, env)) = p.loaded.take() {
                    p.argv = argv;
                    p.env = env;
                }
                self.st.wake(id);
            }
        }
    }

    fn put_off(&mut self, id: ProcId) {
        let Some(p) = self.st.procs.get_mut(id) else { return };
        let times = (p.steps / FUEL).max(1);
        p.put_off = p.put_off.saturating_add(times);
        let doublings = p.put_off.saturating_sub(PATIENCE).min(6);
        let pause = Span((PUT_OFF.0 * u64::from(times)) << doublings).min(LONGEST_PUT_OFF);
        if p.cpu == 0 {
            self.st.set_cpu(id, 1000);
        }
        let until = self.st.now + pause;
        // Not by `State::wait`, which would wake it at once for a pending signal or readable file.
        let Some(p) = self.st.procs.get_mut(id) else { return };
        p.wait_number += 1;
        p.life = Life::Waiting(Box::default());
        let number = p.wait_number;
        self.st.set_timer(until, Timer::Wake(id, number));
    }

    /// The wall time in microseconds since 1970.
    pub(super) fn wall(&self) -> i64 {
        self.st.settings.epoch.unix_micros(self.st.now)
    }
}

impl State {
    /// Makes a process ready.
    pub fn wake(&mut self, id: ProcId) {
        let Some(p) = self.procs.get_mut(id) else { return };
        if matches!(p.life, Life::Zombie(_)) {
            return;
        }
        p.life = Life::Ready;
        p.wait_number += 1;
        if !p.queued {
            p.queued = true;
            self.queue.push_back(id);
        }
    }

    /// Lets a process wait, unless what it waits for is there already.
    pub fn wait(&mut self, id: ProcId, wait: Wait) {
        let now = self.now;
        let Some(p) = self.procs.get_mut(id) else { return };
        p.wait_number += 1;
        let number = p.wait_number;
        let caught = !p.pending.is_empty();
        let ended = |c: &ProcId| self.procs.get(*c).is_some_and(|c| matches!(c.life, Life::Zombie(_)));
        let p = match self.procs.get(id) {
            Some(p) => p,
            None => return,
        };
        let child = wait.child && (p.children.is_empty() || p.children.iter().any(ended));
        let files = |fds: &[u32]| -> Vec<u32> {
            fds.iter().filter_map(|fd| p.fds.iter().find(|(n, _)| n == fd).map(|(_, f)| *f)).collect()
        };
        let (readable, writable) = (files(&wait.readable), files(&wait.writable));
        let missing = readable.len() < wait.readable.len() || writable.len() < wait.writable.len();
        let io = readable.iter().any(|f| self.readable(*f)) || writable.iter().any(|f| self.writable(*f));
        if caught || child || missing || io || wait.until.is_some_and(|t| t <= now) {
            self.wake(id);
            return;
        }
        for file in readable.into_iter().chain(writable) {
            if let Some(waiters) = self.waiters_of(file) {
                waiters.wait(id);
            }
        }
        if wait.api && !self.api_waiters.contains(&id) {
            self.api_waiters.push(id);
        }
        if let Some(at) = wait.until {
            self.set_timer(at, Timer::Wake(id, number));
        }
        if let Some(p) = self.procs.get_mut(id) {
            p.life = Life::Waiting(Box::new(wait));
        }
    }

    /// Sets a timer.
    pub fn set_timer(&mut self, at: Time, timer: Timer) {
        self.timer_count += 1;
        self.timers.push(Reverse((at, self.timer_count, timer)));
    }
}
