//! What bash does around commands: DEBUG and RETURN traps, `BASH_COMMAND`.

use super::Shell;
use super::frame::{Frame, Kind};
use super::signals::Trap;
use super::source::Origin;
use crate::shell::Flavour;
use crate::shell::ast::{Cmd, Node};
use crate::shell::print;
use std::rc::Rc;

impl Shell {
    fn in_trap(&self) -> bool {
        self.frames.iter().any(|f| matches!(f.kind, Kind::AfterTrap(_)))
    }

    /// Has the DEBUG trap run before a command; true if the command has to wait for it.
    pub(super) fn debug_trap(&mut self, frame: &Frame, node: &Node) -> bool {
        if self.flavour != Flavour::Bash
            || !matches!(
                &**node,
                Cmd::Simple(_) | Cmd::For { .. } | Cmd::Test(_) | Cmd::Arith(_) | Cmd::Case { .. }
            )
            || self.in_trap()
        {
            return false;
        }
        self.current = Some(node.clone());
        let Some(text) = self.traps.get(&Trap::Debug).cloned() else { return false };
        if std::mem::take(&mut self.debugged) || !self.calls.is_empty() && !self.opts.functrace {
            return false;
        }
        self.debugged = true;
        self.frames.push(frame.with(Kind::Run(node.clone())));
        self.frames.push(Frame::plain(Kind::AfterTrap(self.status)));
        self.push_text(text.to_string(), Origin::TrapHere);
        true
    }

    /// Has the RETURN trap run when a function or a file is left, if it was set on that level.
    pub(super) fn return_trap(&mut self, level: usize) {
        if self.return_level != level && !self.opts.functrace || self.in_trap() {
            return;
        }
        if let Some(text) = self.traps.get(&Trap::Return).cloned() {
            self.frames.push(Frame::plain(Kind::AfterTrap(self.status)));
            self.push_text(text.to_string(), Origin::TrapHere);
        }
    }

    /// `BASH_COMMAND`.
    pub(in crate::shell) fn command_text(&self) -> Rc<str> {
        let Some(node) = &self.current else { return "".into() };
        match &**node {
            Cmd::Simple(cmd) => print::simple(cmd).into(),
            Cmd::Test(test) => format!("[[ {} ]]", print::test(test)).into(),
            Cmd::Arith(word) => format!("(({}))", print::word(word)).into(),
            Cmd::Case { word, .. } => format!("case {} in ", print::word(word)).into(),
            Cmd::For { name, words, .. } => {
                let words: Vec<String> = words.iter().flatten().map(print::word).collect();
                format!("for {name} in {}", words.join(" ")).into()
            }
            _ => "".into(),
        }
    }

    /// What bash calls the text that is being run.
    pub(super) fn source_name(&self) -> Rc<str> {
        let sourced = self.frames.iter().any(|f| matches!(&f.kind, Kind::Source(s) if s.is_sourced()));
        if self.opts.command_string && !sourced {
            "environment".into()
        } else if self.opts.from_stdin && !sourced {
            "main".into()
        } else {
            self.arg0.clone()
        }
    }
}
