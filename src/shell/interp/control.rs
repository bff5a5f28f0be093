//! `if`, loops and `case`.

use super::frame::{Frame, Kind};
use super::{Shell, Unwind};
use crate::os::program::Sys;
use crate::shell::ast::{ArmEnd, Cmd, Node, Word};
use crate::shell::expand::{Expanded, Stop};
use std::rc::Rc;

impl Shell {
    /// Does what an expansion asks for: begins it anew after a substitution, or ends the command.
    /// `again` is the frame that expands.
    pub(super) fn stopped(&mut self, sys: &mut dyn Sys, stop: Stop, again: Frame) {
        match stop {
            Stop::Run(node) => {
                self.frames.push(again);
                self.substitute(sys, &node);
            }
            Stop::Dial(host, port) => {
                self.frames.push(again);
                self.dial(sys, &host, port);
            }
            Stop::Process(node, input) => {
                self.frames.push(again);
                self.process_file(sys, &node, input);
            }
            Stop::Error(text, status) => {
                self.subs.clear();
                self.complain(&text);
                // Only a `-c` shell itself ends with the error's own status.
                let within = self.opts.interactive || self.subshell || self.opts.errexit;
                self.status =
                    if self.flavour.is_bash() && (within || !self.opts.command_string) { 1 } else { status };
                self.unwinding = Some(if self.opts.interactive || self.flavour.is_bash() && status == 1 {
                    Unwind::Abort
                } else {
                    Unwind::Exit(self.status)
                });
            }
        }
    }

    /// Runs an expansion; if it has to stop, `again` is left on the stack.
    pub(super) fn expanding<T>(
        &mut self,
        sys: &mut dyn Sys,
        again: &Frame,
        work: impl FnOnce(&mut Shell, &dyn Sys) -> Expanded<T>,
    ) -> Option<T> {
        self.sub_cursor = 0;
        self.vars.begin();
        let result = work(self, sys);
        self.vars.end(result.is_ok());
        match result {
            Ok(value) => Some(value),
            Err(stop) => {
                self.stopped(sys, stop, again.clone());
                None
            }
        }
    }

    pub(super) fn first_test(&mut self, node: &Node) {
        if let Cmd::If { arms, .. } = &**node
            && let Some((test, _)) = arms.first()
        {
            self.frames.push(Frame::test(test));
        }
    }

    pub(super) fn control(&mut self, sys: &mut dyn Sys, frame: Frame) {
        match &frame.kind {
            Kind::If(node, i) => self.if_turn(&frame, node, *i),
            Kind::For { node, items, next } => self.for_turn(sys, &frame, node, items.clone(), *next),
            Kind::While { node, phase, last } => match &**node {
                Cmd::While { test, body, until } => {
                    self.while_turn(&frame, node, (*phase, *last), (test, body, *until))
                }
                Cmd::ArithFor { parts, body } => {
                    self.arith_for_turn(sys, &frame, node, *phase, (parts, body))
                }
                _ => {}
            },
            Kind::Case { node, word, arm, matched, ran } => {
                self.case_turn(sys, &frame, node, word.clone(), *arm, (*matched, *ran));
            }
            _ => {}
        }
    }

    fn if_turn(&mut self, frame: &Frame, node: &Node, i: usize) {
        let Cmd::If { arms, otherwise } = &**node else { return };
        if self.status == 0 {
            self.frames.push(frame.last(&arms[i].1));
        } else if let Some((test, _)) = arms.get(i + 1) {
            self.frames.push(frame.with(Kind::If(node.clone(), i + 1)));
            self.frames.push(Frame::test(test));
        } else {
            match otherwise {
                Some(body) => self.frames.push(frame.last(body)),
                None => self.status = 0,
            }
        }
    }

    fn for_turn(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        node: &Node,
        items: Option<Rc<[Rc<str>]>>,
        next: usize,
    ) {
        let Cmd::For { name, words, body, select } = &**node else { return };
        let items = match (items, words) {
            (Some(items), _) => items,
            (None, None) => self.params.clone(),
            (None, Some(words)) => {
                match self.expanding(sys, frame, |shell, sys| shell.expand_words(sys, words)) {
                    Some(list) => list.into(),
                    None => return,
                }
            }
        };
        if items.is_empty() {
            self.status = 0;
        }
        if *select {
            return self.select_turn(sys, frame, node, &items, next);
        }
        let Some(item) = items.get(next) else { return };
        if !self.vars.set(name, item) {
            let text = self.readonly_text(name);
            return self.stopped(sys, Stop::Error(text, 2), frame.clone());
        }
        if self.opts.xtrace && self.flavour.is_bash() {
            let list: Vec<String> = words.iter().flatten().map(crate::shell::print::word).collect();
            let list = if words.is_none() { "\"$@\"".to_owned() } else { list.join(" ") };
            self.trace(&format!("for {name} in {list}"));
        }
        self.frames.push(frame.with(Kind::For { node: node.clone(), items: Some(items), next: next + 1 }));
        self.frames.push(frame.inner(body));
    }

    /// Phase 0: before the first test; 1: the test has run; 2: the body has run.
    fn while_turn(
        &mut self,
        frame: &Frame,
        node: &Node,
        phase: (u8, i32),
        (test, body, until): (&Node, &Node, bool),
    ) {
        let (phase, last) = phase;
        let again = |phase, last| frame.with(Kind::While { node: node.clone(), phase, last });
        if phase == 1 {
            if (self.status == 0) == until {
                self.status = last;
                return;
            }
            self.frames.push(again(2, 0));
            self.frames.push(frame.inner(body));
            return;
        }
        let last = if phase == 2 { self.status } else { 0 };
        self.frames.push(again(1, last));
        self.frames.push(Frame::test(test));
    }

    fn arith_for_turn(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        node: &Node,
        phase: u8,
        (parts, body): (&[Word; 3], &Node),
    ) {
        // 0: initialise, 1: test, 2: the body has run.
        let which = usize::from(phase);
        self.subs.clear();
        let word = &parts[which];
        let value = self.expanding(sys, frame, |shell, sys| {
            let text = shell.expand_text(sys, word)?;
            if text.trim().is_empty() { Ok(1) } else { shell.arithmetic(&text) }
        });
        let Some(value) = value else { return };
        match phase {
            1 if value == 0 => self.status = 0,
            1 => {
                self.frames.push(frame.with(Kind::While { node: node.clone(), phase: 2, last: 0 }));
                self.frames.push(frame.inner(body));
            }
            _ => self.frames.push(frame.with(Kind::While { node: node.clone(), phase: 1, last: 0 })),
        }
    }

    fn case_turn(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        node: &Node,
        word: Option<Rc<str>>,
        arm: usize,
        (matched, ran): (bool, bool),
    ) {
        let Cmd::Case { word: subject, arms } = &**node else { return };
        let word = match word {
            Some(word) => word,
            None => {
                let Some(word) = self.expanding(sys, frame, |shell, sys| shell.expand_text(sys, subject))
                else {
                    return;
                };
                self.subs.clear();
                if self.opts.xtrace && self.flavour.is_bash() {
                    self.trace(&format!("case {} in", crate::shell::print::word(subject)));
                }
                word
            }
        };
        let Some(candidate) = arms.get(arm) else {
            if !ran {
                self.status = 0;
            }
            return;
        };
        let kind = |arm, matched, ran| {
            let word = Some(word.clone());
            Kind::Case { node: node.clone(), word, arm, matched, ran }
        };
        let again = frame.with(kind(arm, matched, ran));
        let hit = matched
            || match self.expanding(sys, &again, |shell, sys| {
                for pattern in &candidate.patterns {
                    let pattern = shell.expand_pattern(sys, pattern)?;
                    if shell.case_pattern(&pattern, false).matches(&word) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }) {
                Some(hit) => hit,
                None => return,
            };
        self.subs.clear();
        if !hit {
            self.frames.push(frame.with(kind(arm + 1, false, ran)));
            return;
        }
        if matches!(&*candidate.body, Cmd::Seq(items) if items.is_empty()) {
            self.status = 0;
        }
        match candidate.then {
            ArmEnd::Stop => self.frames.push(frame.last(&candidate.body)),
            end => {
                self.frames.push(frame.with(kind(arm + 1, end == ArmEnd::Fall, true)));
                self.frames.push(frame.inner(&candidate.body));
            }
        }
    }
}
