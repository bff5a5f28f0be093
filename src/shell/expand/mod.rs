//! Words to fields: parameters, substitutions, arithmetic, splitting, file names, quote removal.
//!
//! Expansion is ordinary recursion over the tree of a word, whose depth the parser limits. Where it needs a
//! command's output it stops with [`Stop::Run`]; the interpreter runs the command, keeps what it printed and
//! begins the expansion anew, which then finds the output of the first substitutions waiting in order. What
//! the abandoned attempt had assigned is taken back (see `Vars::begin`).

mod arithmetic;
mod array;
mod brace;
mod change;
mod fields;
pub mod glob;
mod param;
mod special;

use super::Flavour;
use super::ast::{Assign, Item, Node, Part, Value, Word};
use super::interp::Shell;
use crate::os::program::Sys;
use fields::Field;
use std::rc::Rc;

/// Why an expansion cannot go on.
#[derive(Debug)]
pub enum Stop {
    /// The output of a command is needed.
    Run(Node),
    /// The name of a file is needed that stands for a command's output (true) or input.
    Process(Node, bool),
    /// A connection to a host and port is needed.
    Dial(Rc<str>, u16),
    /// An error that ends the command; the text without the shell's name, and the exit status.
    Error(String, i32),
}

/// The result of an expansion.
pub type Expanded<T> = Result<T, Stop>;

/// A piece of an expanded word.
#[derive(Debug, Clone)]
pub(super) enum Seg {
    /// Text; `split` if it came from an unquoted expansion.
    Text { text: Rc<str>, quoted: bool, split: bool },
    /// A boundary between the elements of `$@`.
    Break,
}

impl Seg {
    fn quoted(text: impl Into<Rc<str>>) -> Seg {
        Seg::Text { text: text.into(), quoted: true, split: false }
    }
}

/// An assignment whose value is known.
#[derive(Debug, Clone)]
pub enum Assigned {
    /// `name=value` or an element.
    Scalar { name: Rc<str>, index: Option<Rc<str>>, value: Rc<str> },
    /// `name=(…)`: (subscript, value).
    Array { name: Rc<str>, append: bool, items: Vec<(Option<Rc<str>>, Rc<str>)> },
}

impl Assigned {
    /// The variable.
    pub fn name(&self) -> &Rc<str> {
        match self {
            Assigned::Scalar { name, .. } | Assigned::Array { name, .. } => name,
        }
    }
}

impl Shell {
    /// Expands words to fields, as for the arguments of a command.
    pub fn expand_words(&mut self, sys: &dyn Sys, words: &[Word]) -> Expanded<Vec<Rc<str>>> {
        let mut out = Vec::new();
        let declares = words.first().and_then(Word::literal).is_some_and(|name| {
            matches!(name, "export" | "readonly" | "local" | "declare" | "typeset" | "alias")
        });
        for word in words {
            if declares && assigns(word) {
                out.push(self.expand_assigned(sys, word)?);
                continue;
            }
            if !self.flavour.is_bash() {
                self.expand_fields(sys, word, &mut out)?;
                continue;
            }
            for word in brace::expand(word) {
                self.expand_fields(sys, &word, &mut out)?;
            }
        }
        Ok(out)
    }

    fn expand_fields(&mut self, sys: &dyn Sys, word: &Word, out: &mut Vec<Rc<str>>) -> Expanded<()> {
        if let Some(text) = word.literal()
            && !text.starts_with('~')
            && !text.contains(['*', '?', '['])
        {
            out.push(text.into());
            return Ok(());
        }
        let segs = self.segments(sys, word, false)?;
        let ifs = self.vars.get("IFS").unwrap_or(" \t\n").to_owned();
        for field in fields::split(&segs, &ifs) {
            self.globbed(sys, field, out)?;
        }
        Ok(())
    }

    fn globbed(&mut self, sys: &dyn Sys, field: Field, out: &mut Vec<Rc<str>>) -> Expanded<()> {
        if self.opts.noglob || !field.has_pattern() {
            out.push(field.text().into());
            return Ok(());
        }
        let names = glob::names(sys, &field.pattern(), self.globs);
        if names.is_empty() {
            if self.globs.fail {
                return Err(self.stop(format!("no match: {}", field.text())));
            }
            if !self.globs.null {
                out.push(field.text().into());
            }
        } else {
            out.extend(names.into_iter().map(Rc::from));
        }
        Ok(())
    }

    /// Expands a word to one text without splitting (assignments, `case`, redirections).
    pub fn expand_text(&mut self, sys: &dyn Sys, word: &Word) -> Expanded<Rc<str>> {
        if let Some(text) = word.literal().filter(|t| !t.contains('~')) {
            return Ok(text.into());
        }
        let segs = self.segments(sys, word, false)?;
        Ok(fields::join(&segs).into())
    }

    /// Expands the right side of an assignment: a tilde counts after every colon as well.
    pub fn expand_assigned(&mut self, sys: &dyn Sys, word: &Word) -> Expanded<Rc<str>> {
        let segs = self.segments(sys, word, true)?;
        Ok(fields::join(&segs).into())
    }

    /// Expands a word to a pattern: quoted characters are escaped.
    pub fn expand_pattern(&mut self, sys: &dyn Sys, word: &Word) -> Expanded<String> {
        let segs = self.segments(sys, word, false)?;
        Ok(fields::pattern(&segs))
    }

    /// Expands an assignment; a value that appends is joined to the old one.
    pub fn expand_assignment(&mut self, sys: &dyn Sys, assign: &Assign) -> Expanded<Assigned> {
        let assoc = self.is_assoc(&assign.name);
        let name = assign.name.clone();
        let word = match &assign.value {
            Value::Scalar(word) => word,
            Value::Array(items) => {
                let items = self.expand_items(sys, &name, items, assoc)?;
                return Ok(Assigned::Array { name, append: assign.append, items });
            }
        };
        let index = match &assign.index {
            Some(i) => Some(self.subscript(sys, &name, i)?),
            None => None,
        };
        let value = self.expand_assigned(sys, word)?;
        let old = match &index {
            _ if !assign.append => None,
            Some(i) => self.element(&name, i),
            None => self.vars.get(&name).map(Rc::from),
        };
        let value = self.converted(&name, old.as_deref().unwrap_or(""), &value)?;
        Ok(Assigned::Scalar { name, index, value })
    }

    /// Expands the array of `declare name=(…)`; whether it is associative is said by the command.
    pub fn expand_late(&mut self, sys: &dyn Sys, assign: &Assign, assoc: bool) -> Expanded<Assigned> {
        let name = assign.name.clone();
        let Value::Array(items) = &assign.value else { return self.expand_assignment(sys, assign) };
        let assoc = assoc || self.is_assoc(&name);
        let items = self.expand_items(sys, &name, items, assoc)?;
        Ok(Assigned::Array { name, append: assign.append, items })
    }

    fn expand_items(
        &mut self,
        sys: &dyn Sys,
        name: &str,
        items: &[Item],
        assoc: bool,
    ) -> Expanded<Vec<(Option<Rc<str>>, Rc<str>)>> {
        let mut out = Vec::new();
        for Item { index, value } in items {
            if let Some(index) = index {
                let key =
                    if assoc { self.expand_text(sys, index)? } else { self.subscript(sys, name, index)? };
                let value = self.expand_assigned(sys, value)?;
                out.push((Some(key), self.converted(name, "", &value)?));
                continue;
            }
            let mut values = Vec::new();
            for word in brace::expand(value) {
                self.expand_fields(sys, &word, &mut values)?;
            }
            for value in values {
                out.push((None, self.converted(name, "", &value)?));
            }
        }
        Ok(out)
    }

    /// What a variable takes when a text is put behind an old one: of `declare -i` variables the sum.
    pub fn converted(&mut self, name: &str, old: &str, value: &str) -> Expanded<Rc<str>> {
        let meant = self.vars.meant(name);
        if !self.vars.var(meant).is_some_and(|v| v.attrs.integer) {
            return Ok(if old.is_empty() { value.into() } else { format!("{old}{value}").into() });
        }
        let sum = self.arithmetic(old)?.wrapping_add(self.arithmetic(value)?);
        Ok(sum.to_string().into())
    }

    /// The key of an element: a number for indexed arrays.
    pub(super) fn subscript(&mut self, sys: &dyn Sys, name: &str, word: &Word) -> Expanded<Rc<str>> {
        let text = self.expand_text(sys, word)?;
        if self.is_assoc(name) {
            return Ok(text);
        }
        let index = self.arithmetic(&text)?;
        let index = if index < 0 { index + self.array_end(name) } else { index };
        Ok(index.to_string().into())
    }

    fn segments(&mut self, sys: &dyn Sys, word: &Word, assign: bool) -> Expanded<Vec<Seg>> {
        let mut out = Vec::new();
        let mut first = true;
        for part in &word.0 {
            match part {
                Part::Lit(text) if text.contains('~') && (first || assign) => {
                    let alone = word.0.len() == 1;
                    self.tilde(text, first, assign, alone, &mut out);
                }
                _ => self.part(sys, part, false, &mut out)?,
            }
            first = false;
        }
        Ok(out)
    }

    /// Replaces `~` at the beginning, and in assignments behind `=` and `:`.
    fn tilde(&self, text: &str, first: bool, assign: bool, alone: bool, out: &mut Vec<Seg>) {
        let literal = |t: &str| Seg::Text { text: t.into(), quoted: false, split: false };
        let mut rest = text;
        let mut at_start = first;
        if assign
            && let Some((name, value)) = text.split_once('=')
            && super::is_name(name)
        {
            out.push(literal(&text[..=name.len()]));
            rest = value;
            at_start = true;
        }
        loop {
            let end = if assign { rest.find(':').unwrap_or(rest.len()) } else { rest.len() };
            let piece = &rest[..end];
            let home = piece.strip_prefix('~').filter(|_| at_start).and_then(|p| {
                let n = p.find('/').unwrap_or(p.len());
                let whole = n < p.len() || alone || end < rest.len() || out.is_empty();
                let home = self.home(&p[..n]).filter(|_| whole)?;
                Some((home, &p[n..]))
            });
            match home {
                Some((home, tail)) => {
                    out.push(Seg::quoted(home));
                    out.push(literal(tail));
                }
                None => out.push(literal(piece)),
            }
            if end == rest.len() {
                return;
            }
            out.push(literal(":"));
            rest = &rest[end + 1..];
            at_start = true;
        }
    }

    fn home(&self, user: &str) -> Option<String> {
        match user {
            "" => self.vars.get("HOME").map(str::to_owned),
            "+" => self.vars.get("PWD").map(str::to_owned),
            "-" => self.vars.get("OLDPWD").map(str::to_owned),
            "root" => Some("/root".into()),
            _ => None,
        }
    }

    fn part(&mut self, sys: &dyn Sys, part: &Part, dq: bool, out: &mut Vec<Seg>) -> Expanded<()> {
        match part {
            Part::Lit(text) => out.push(Seg::Text { text: text.clone(), quoted: dq, split: false }),
            Part::Quoted(text) => out.push(Seg::quoted(text.clone())),
            Part::Dq(parts) => {
                let before = out.len();
                for p in parts {
                    self.part(sys, p, true, out)?;
                }
                let only_list = !parts.is_empty() && parts.iter().all(|p| self.is_list(p));
                if out.len() == before && !only_list {
                    out.push(Seg::quoted(""));
                }
            }
            Part::Param(param) => self.param(sys, param, dq, out)?,
            Part::Sub(node) => {
                let text = self.substituted(node)?;
                out.push(Seg::Text { text, quoted: dq, split: !dq });
            }
            Part::Arith(word) => {
                let text = self.expand_text(sys, word)?;
                let value = self.arithmetic(&text)?;
                out.push(Seg::Text { text: value.to_string().into(), quoted: dq, split: !dq });
            }
            Part::Proc(node, input) => match self.subs.get(self.sub_cursor).cloned() {
                Some(path) => {
                    self.sub_cursor += 1;
                    out.push(Seg::quoted(path));
                }
                None => return Err(Stop::Process(node.clone(), *input)),
            },
        }
        Ok(())
    }

    /// The output of a substitution, if it has been run.
    fn substituted(&mut self, node: &Node) -> Expanded<Rc<str>> {
        match self.subs.get(self.sub_cursor).cloned() {
            Some(text) => {
                self.sub_cursor += 1;
                Ok(text)
            }
            None => Err(Stop::Run(node.clone())),
        }
    }

    /// Evaluates an arithmetic text.
    pub fn arithmetic(&mut self, text: &str) -> Expanded<i64> {
        arithmetic::evaluate(self, text)
    }

    /// The error of an expansion in the words of the shell.
    pub(super) fn expansion_error(&self, text: String) -> Stop {
        Stop::Error(text, if self.flavour == Flavour::Bash { 1 } else { 2 })
    }
}

/// Whether a word looks like an assignment.
fn assigns(word: &Word) -> bool {
    match word.0.first() {
        Some(Part::Lit(text)) => {
            text.split_once('=').is_some_and(|(name, _)| super::is_name(name.trim_end_matches('+')))
        }
        _ => false,
    }
}
