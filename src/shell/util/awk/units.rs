//! The units of a program's work, and how one goes on after a command whose end it has to know.
//!
//! A unit is `BEGIN`, a record or `END`. When it asks for a command, everything that it has changed is taken back
//! (a copy was made before it), and with the answer it is done anew: asks get the answers that are known, and what
//! was printed or written before the last of them is not done twice.

use super::{Awk, Ctx};
use crate::shell::util::stream::{Ask, Go};
use std::collections::VecDeque;

/// A piece of work.
#[derive(Clone, Debug)]
pub(super) enum Unit {
    Begin,
    Record(String),
    /// The records that are there as a whole.
    Queue,
    End,
}

/// Units under way and to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Units {
    /// What waits for the unit that asks.
    todo: VecDeque<Unit>,
    /// The unit that asks.
    current: Option<Unit>,
    /// What it has been told: statuses and outputs of commands, in order; and how many of these it has used.
    told: Vec<(i32, Vec<u8>)>,
    used: usize,
    /// What it asks for.
    pub ask: Option<Ask>,
    /// Whether a file could not be read.
    pub failed: bool,
}

impl Awk {
    /// Does a unit, or keeps it for later if another one waits for an answer.
    pub(super) fn unit(&mut self, ctx: &mut Ctx, unit: Unit) -> Go {
        self.units.todo.push_back(unit);
        if self.units.ask.is_none() { self.pump(ctx) } else { Go::On }
    }

    fn pump(&mut self, ctx: &mut Ctx) -> Go {
        while let Some(unit) = self.units.todo.pop_front() {
            self.units.told.clear();
            self.attempt(ctx, unit);
            if self.units.ask.is_some() {
                return Go::On;
            }
        }
        if self.exited.is_some() { Go::Stop } else { Go::On }
    }

    fn attempt(&mut self, ctx: &mut Ctx, unit: Unit) {
        self.units.used = 0;
        let before = self.program.asks.then(|| {
            let todo = std::mem::take(&mut self.units.todo);
            let copy = self.clone();
            self.units.todo = todo;
            copy
        });
        self.work(ctx, &unit);
        if let (Some(mut before), Some(ask)) = (before, self.units.ask.take()) {
            before.units = std::mem::take(&mut self.units);
            before.units.ask = Some(ask);
            before.units.current = Some(unit);
            *self = before;
        }
    }

    fn work(&mut self, ctx: &mut Ctx, unit: &Unit) {
        match unit {
            Unit::Begin => self.edge(ctx, true),
            // After `exit` no further records are looked at, but END is.
            Unit::Record(_) | Unit::Queue if self.exited.is_some() => {}
            Unit::Record(text) => drop(self.line(ctx, text)),
            Unit::Queue => {
                while self.exited.is_none()
                    && let Some(record) = self.queue.pop_front()
                {
                    self.line(ctx, &record);
                }
            }
            Unit::End => {
                self.edge(ctx, false);
                self.flush(ctx);
            }
        }
    }

    /// The end of a command, if it is known; else it is asked for, and the unit is given up.
    pub(super) fn asked(&mut self, command: &str, caught: bool) -> Option<(i32, Vec<u8>)> {
        if let Some(told) = self.units.told.get(self.units.used) {
            self.units.used += 1;
            return Some(told.clone());
        }
        if self.units.ask.is_none() {
            self.units.ask = Some(Ask { command: command.to_owned(), caught });
            self.exited = Some(0);
        }
        None
    }

    /// Whether what is done now has been done before, or will be done anew.
    pub(super) fn replaying(&self) -> bool {
        self.units.used < self.units.told.len() || self.units.ask.is_some()
    }

    /// Goes on with the unit that has asked.
    pub(super) fn answered(&mut self, ctx: &mut Ctx, status: i32, output: Vec<u8>) {
        self.units.ask = None;
        self.units.told.push((status, output));
        if let Some(unit) = self.units.current.take() {
            self.attempt(ctx, unit);
        }
        if self.units.ask.is_none() {
            self.pump(ctx);
        }
    }
}
