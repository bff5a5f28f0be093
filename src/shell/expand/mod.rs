//! Words to fields: parameters, substitutions, arithmetic, splitting, file names, quote removal.
//!
//! Expansion is ordinary recursion over the tree of a word, whose depth the parser limits. Where it needs a
//! command's output it stops with [`Stop::Run`]; the interpreter runs the command, keeps what it printed and
//! begins the expansion anew, which then finds the output of the first substitutions waiting in order. What
//! the abandoned attempt had assigned is taken back (see `Vars::begin`).

mod arithmetic;
mod brace;
mod fields;
mod glob;
mod param;

use super::Flavour;
use super::ast::{Assign, Node, Part, Value, Word};
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
        let names = glob::names(sys, &field.pattern());
        if names.is_empty() {
            if !self.nullglob {
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
        let name = assign.name.clone();
        let words = match &assign.value {
            Value::Scalar(word) => {
                let index = match &assign.index {
                    Some(i) => Some(self.subscript(sys, &name, i)?),
                    None => None,
                };
                let mut value = self.expand_assigned(sys, word)?;
                if assign.append {
                    let old = match &index {
                        Some(i) => self.element(&name, i),
                        None => self.vars.get(&name).map(Rc::from),
                    };
                    value = format!("{}{value}", old.unwrap_or_else(|| "".into())).into();
                }
                return Ok(Assigned::Scalar { name, index, value });
            }
            Value::Array(words) => words,
        };
        let mut items = Vec::new();
        for word in words {
            if let Some((index, rest)) = element_word(word) {
                let index = self.subscript(sys, &name, &index)?;
                items.push((Some(index), self.expand_assigned(sys, &rest)?));
                continue;
            }
            let mut values = Vec::new();
            for word in brace::expand(word) {
                self.expand_fields(sys, &word, &mut values)?;
            }
            items.extend(values.into_iter().map(|v| (None, v)));
        }
        Ok(Assigned::Array { name, append: assign.append, items })
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

/// `[index]=value` inside `( … )`.
fn element_word(word: &Word) -> Option<(Word, Word)> {
    let Some(Part::Lit(first)) = word.0.first() else { return None };
    let inner = first.strip_prefix('[')?;
    if let Some((index, value)) = inner.split_once("]=") {
        let mut rest = word.0.clone();
        rest[0] = Part::Lit(value.into());
        return Some((Word(vec![Part::Lit(index.into())]), Word(rest)));
    }
    let close = word.0.iter().position(|p| matches!(p, Part::Lit(t) if t.starts_with("]=")))?;
    let mut index = word.0[..close].to_vec();
    index[0] = Part::Lit(inner.into());
    let mut rest = word.0[close..].to_vec();
    if let Part::Lit(t) = &rest[0] {
        rest[0] = Part::Lit(t[2..].into());
    }
    Some((Word(index), Word(rest)))
}
