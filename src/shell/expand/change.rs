//! What an operator does to a text: `${x#p}`, `${x/p/w}`, `${x^^}`, `${x@Q}`.

use super::Expanded;
use super::param::Val;
use crate::os::program::Sys;
use crate::shell::ast::{Param, ParamOp};
use crate::shell::interp::Shell;
use crate::shell::pattern::Pattern;
use crate::shell::text::{Escapes, ansi_quoted, single_quoted, unescape};
use std::rc::Rc;

impl Shell {
    /// A function that does to a text what the operator says.
    pub(super) fn change(&mut self, sys: &dyn Sys, op: &ParamOp) -> Expanded<Box<dyn Fn(&str) -> Rc<str>>> {
        Ok(match op {
            ParamOp::Trim { suffix, longest, pattern } => {
                let pattern = {
                    let text = self.expand_pattern(sys, pattern)?;
                    self.pattern(&text)
                };
                let (suffix, longest) = (*suffix, *longest);
                Box::new(move |s| trimmed(s, &pattern, suffix, longest))
            }
            ParamOp::Replace { mode, pattern, with } => {
                let pattern = self.expand_pattern(sys, pattern)?;
                let with = self.expand_text(sys, with)?;
                let empty = pattern.is_empty();
                let (pattern, mode) = (self.pattern(&pattern), *mode);
                Box::new(move |s| match (empty, mode) {
                    // Nothing matches at the beginning and at the end of every text.
                    (true, b'#') => format!("{with}{s}").into(),
                    (true, b'%') => format!("{s}{with}").into(),
                    (true, _) => s.into(),
                    _ => replaced(s, &pattern, &with, mode),
                })
            }
            ParamOp::Case { mark, all, pattern } => {
                let only = match pattern {
                    Some(word) => Some(Pattern::new(&self.expand_pattern(sys, word)?)),
                    None => None,
                };
                let (mark, all) = (*mark, *all);
                Box::new(move |s| recased(s, mark, all, only.as_ref()))
            }
            _ => Box::new(|s| s.into()),
        })
    }

    /// `${x@letter}`.
    pub(super) fn transformed(&mut self, p: &Param, value: Val, letter: char) -> Expanded<Val> {
        if letter == 'A' || letter == 'a' {
            let var = self.vars.var(&p.name).cloned();
            let text = var.map(|v| self.attributes(&p.name, &v, letter == 'A')).unwrap_or_default();
            return Ok(Val::One(text.into()));
        }
        if matches!(letter, 'P' | 'K' | 'k') {
            return Err(self.stop(format!("not simulated: ${{{}@{letter}}}", p.name)));
        }
        let change = |s: &str| -> Rc<str> {
            match letter {
                'U' => s.to_uppercase().into(),
                'L' => s.to_lowercase().into(),
                'u' => recased(s, b'^', false, None),
                'E' => {
                    let mut bytes = Vec::new();
                    unescape(s, Escapes::Ansi, &mut bytes);
                    String::from_utf8_lossy(&bytes).into_owned().into()
                }
                _ if s.chars().any(char::is_control) => ansi_quoted(s).into(),
                _ => single_quoted(s).into(),
            }
        };
        Ok(match value {
            Val::Unset => Val::Unset,
            Val::One(s) => Val::One(change(&s)),
            Val::Many(list, star) => Val::Many(list.iter().map(|s| change(s)).collect(), star),
        })
    }
}

fn trimmed(s: &str, pattern: &Pattern, suffix: bool, longest: bool) -> Rc<str> {
    let chars: Vec<char> = s.chars().collect();
    let kept = if suffix {
        pattern.suffix(&chars, longest).map(|n| &chars[..n])
    } else {
        pattern.prefix(&chars, longest).map(|n| &chars[n..])
    };
    kept.unwrap_or(&chars).iter().collect::<String>().into()
}

fn replaced(s: &str, pattern: &Pattern, with: &str, mode: u8) -> Rc<str> {
    let chars: Vec<char> = s.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    while i <= chars.len() {
        let rest = &chars[i..];
        let n = match mode {
            b'%' => pattern.matches_chars(rest).then_some(rest.len()),
            _ => pattern.prefix(rest, true),
        };
        match n.filter(|n| *n > 0) {
            Some(n) => {
                out.push_str(with);
                i += n;
                if mode != b'/' {
                    break;
                }
            }
            None if mode == b'#' => break,
            None => {
                out.extend(rest.first());
                i += 1;
            }
        }
    }
    out.extend(chars.get(i..).unwrap_or(&[]));
    out.into()
}

fn recased(s: &str, mark: u8, all: bool, only: Option<&Pattern>) -> Rc<str> {
    let mut out = String::new();
    for (i, c) in s.chars().enumerate() {
        let chosen = (all || i == 0) && only.is_none_or(|p| p.matches_chars(&[c]));
        let upper = mark == b'^' || mark == b'~' && c.is_lowercase();
        match (chosen, upper) {
            (false, _) => out.push(c),
            (true, true) => out.extend(c.to_uppercase()),
            (true, false) => out.extend(c.to_lowercase()),
        }
    }
    out.into()
}
