//! Parameters: `$x`, `${x…}`, `$@` and the special ones.

use super::{Expanded, Seg, Stop};
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::ast::{Index, Param, ParamOp, Part, Word};
use crate::shell::interp::Shell;
use crate::shell::pattern::Pattern;
use crate::shell::vars::{Content, MAX_VALUE};
use std::rc::Rc;

/// What a parameter is worth.
enum Val {
    Unset,
    One(Rc<str>),
    /// A list; `true` for `*`, which joins inside quotes.
    Many(Vec<Rc<str>>, bool),
}

impl Shell {
    /// Whether a part is a list that may come to nothing at all inside quotes.
    pub(super) fn is_list(&self, part: &Part) -> bool {
        let Part::Param(p) = part else { return false };
        &*p.name == "@" || matches!(p.index, Some(Index::All(false)))
    }

    pub(super) fn param(&mut self, sys: &dyn Sys, p: &Param, dq: bool, out: &mut Vec<Seg>) -> Expanded<()> {
        if let ParamOp::Bad(text) = &p.op {
            let text = if self.flavour.is_bash() {
                format!("{text}: bad substitution")
            } else {
                "Bad substitution".into()
            };
            return Err(self.stop(text));
        }
        if let ParamOp::Keys = p.op {
            let star = matches!(p.index, Some(Index::All(true)));
            let keys = self.keys(&p.name);
            return self.emit(Val::Many(keys, star), dq, out);
        }
        let mut value = self.value(sys, p)?;
        if let ParamOp::Indirect = p.op {
            let Val::One(name) = value else {
                return Err(self.stop(format!("{}: invalid indirect expansion", p.name)));
            };
            value = match self.special(&name).or_else(|| self.vars.get(&name).map(Rc::from)) {
                Some(v) => Val::One(v),
                None => Val::Unset,
            };
        }
        if let ParamOp::Default { colon, kind, word } = &p.op {
            return self.default(sys, p, value, (*colon, *kind, word), dq, out);
        }
        if matches!(value, Val::Unset) && self.opts.nounset {
            return Err(Stop::Error(self.unset_text(&p.name), self.unset_status()));
        }
        let value = match &p.op {
            ParamOp::Length => Val::One(self.length(p, &value).to_string().into()),
            ParamOp::Slice { from, len } => self.slice(sys, value, p, from, len.as_ref())?,
            ParamOp::Plain | ParamOp::Indirect => value,
            op => {
                let change = self.change(sys, op)?;
                match value {
                    Val::Unset => Val::One(change("")),
                    Val::One(s) => Val::One(change(&s)),
                    Val::Many(list, star) => Val::Many(list.iter().map(|s| change(s)).collect(), star),
                }
            }
        };
        self.emit(value, dq, out)
    }

    /// What `-u` says.
    pub(in crate::shell) fn unset_text(&self, name: &str) -> String {
        let dollar =
            if self.flavour.is_bash() && name.bytes().all(|b| b.is_ascii_digit()) { "$" } else { "" };
        let what = if self.flavour.is_bash() { "unbound variable" } else { "parameter not set" };
        format!("{dollar}{name}: {what}")
    }

    fn unset_status(&self) -> i32 {
        if self.flavour.is_bash() { 127 } else { 2 }
    }

    fn emit(&mut self, value: Val, dq: bool, out: &mut Vec<Seg>) -> Expanded<()> {
        let total: usize = match &value {
            Val::Unset => 0,
            Val::One(s) => s.len(),
            Val::Many(list, _) => list.iter().map(|s| s.len()).sum(),
        };
        if total > MAX_VALUE {
            return Err(self.stop("not simulated: a value of more than 4 MiB"));
        }
        let text = |text: Rc<str>| Seg::Text { text, quoted: dq, split: !dq };
        match value {
            Val::Unset => {
                if dq {
                    out.push(text("".into()));
                }
            }
            Val::One(s) => out.push(text(s)),
            Val::Many(list, true) if dq => {
                let joint = self.vars.get("IFS").map_or(Some(' '), |ifs| ifs.chars().next());
                let joint = joint.map(String::from).unwrap_or_default();
                let words: Vec<&str> = list.iter().map(|s| &**s).collect();
                out.push(text(words.join(&joint).into()));
            }
            Val::Many(list, _) => {
                for (i, s) in list.into_iter().enumerate() {
                    if i > 0 {
                        out.push(Seg::Break);
                    }
                    out.push(text(s));
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, sys: &dyn Sys, p: &Param) -> Expanded<Val> {
        let name = &*p.name;
        match &p.index {
            Some(Index::All(star)) => return Ok(Val::Many(self.elements(name), *star)),
            Some(Index::At(word)) => {
                let key = self.subscript(sys, name, word)?;
                return Ok(self.element(name, &key).map_or(Val::Unset, Val::One));
            }
            None => {}
        }
        if name == "@" || name == "*" {
            return Ok(Val::Many(self.params.to_vec(), name == "*"));
        }
        if name == "RANDOM" && self.flavour.extended() {
            return Ok(Val::One(self.random().to_string().into()));
        }
        if name == "SECONDS" && self.flavour.is_bash() {
            return Ok(Val::One(sys.now().since(self.started).as_secs().to_string().into()));
        }
        if name == "EPOCHSECONDS" && self.flavour.extended() {
            return Ok(Val::One((sys.wall_micros() / 1_000_000).to_string().into()));
        }
        Ok(match self.special(name).or_else(|| self.vars.get(name).map(Rc::from)) {
            Some(v) => Val::One(v),
            None => Val::Unset,
        })
    }

    /// A number that arithmetic may ask for by name.
    pub(super) fn special_number(&self, name: &str) -> Option<String> {
        (name == "LINENO").then(|| self.line.to_string())
    }

    /// A special parameter or a positional one.
    fn special(&self, name: &str) -> Option<Rc<str>> {
        let text = match name {
            "?" => self.status.to_string(),
            "#" => self.params.len().to_string(),
            "$" => self.main_pid.to_string(),
            "!" => return self.last_background.map(|p| p.to_string().into()),
            "-" => self.flags(),
            "0" => return Some(self.zero.clone()),
            "LINENO" => self.line.to_string(),
            "PPID" => self.parent_pid.to_string(),
            "BASHPID" if self.flavour.is_bash() => self.main_pid.to_string(),
            "UID" | "EUID" if self.flavour.is_bash() => self.uid.to_string(),
            "FUNCNAME" if self.flavour.is_bash() => return self.calls.last().cloned(),
            "BASH_VERSION" if self.flavour.is_bash() => "5.2.15(1)-release".into(),
            "OSTYPE" if self.flavour.is_bash() => "linux-gnu".into(),
            "MACHTYPE" if self.flavour.is_bash() => "x86_64-pc-linux-gnu".into(),
            "HOSTTYPE" if self.flavour.is_bash() => "x86_64".into(),
            "SHLVL" if self.flavour.is_bash() => self.vars.get("SHLVL").unwrap_or("1").into(),
            _ => {
                let n: usize = name.parse().ok()?;
                return self.params.get(n.checked_sub(1)?).cloned();
            }
        };
        Some(text.into())
    }

    fn random(&mut self) -> u32 {
        // The generator of the shell's own, advanced by every use.
        (self.rng.next_u64() >> 33) as u32 & 0x7fff
    }

    fn default(
        &mut self,
        sys: &dyn Sys,
        p: &Param,
        value: Val,
        (colon, kind, word): (bool, u8, &Word),
        dq: bool,
        out: &mut Vec<Seg>,
    ) -> Expanded<()> {
        let absent = match &value {
            Val::Unset => true,
            Val::One(s) => colon && s.is_empty(),
            Val::Many(list, _) => list.is_empty() || colon && list.iter().all(|s| s.is_empty()),
        };
        match kind {
            b'+' if absent => {
                let _: () = if dq {
                    out.push(Seg::quoted(""))
                };
                Ok(())
            }
            b'-' if !absent => self.emit(value, dq, out),
            b'+' | b'-' => self.operand(sys, word, dq, out),
            _ if !absent => self.emit(value, dq, out),
            b'=' => {
                let text = self.expand_text(sys, word)?;
                if !super::super::is_name(&p.name) {
                    return Err(self.stop(format!("{}: bad variable name", p.name)));
                }
                if !self.vars.set(&p.name, &text) {
                    let text = self.readonly_text(&p.name);
                    return Err(self.stop(text));
                }
                self.emit(Val::One(text), dq, out)
            }
            _ => {
                let mut text = self.expand_text(sys, word)?.to_string();
                if text.is_empty() {
                    text = match (self.flavour, colon) {
                        (Flavour::Bash, true) => "parameter null or not set",
                        (_, true) => "parameter not set or null",
                        _ => "parameter not set",
                    }
                    .into();
                }
                Err(Stop::Error(format!("{}: {text}", p.name), self.unset_status()))
            }
        }
    }

    /// The word of `${x-word}`: its parts keep their own quoting; unquoted text is split.
    fn operand(&mut self, sys: &dyn Sys, word: &Word, dq: bool, out: &mut Vec<Seg>) -> Expanded<()> {
        let before = out.len();
        for (i, part) in word.0.iter().enumerate() {
            match part {
                Part::Lit(text) if !dq && i == 0 && text.starts_with('~') => {
                    self.tilde(text, true, false, word.0.len() == 1, out);
                }
                Part::Lit(text) if !dq => {
                    out.push(Seg::Text { text: text.clone(), quoted: false, split: true });
                }
                // A quoted part inside double quotes: the quotes go, the text stays quoted.
                part => self.part(sys, part, dq, out)?,
            }
        }
        if dq && out.len() == before {
            out.push(Seg::quoted(""));
        }
        Ok(())
    }

    fn length(&self, p: &Param, value: &Val) -> usize {
        match value {
            Val::Unset => 0,
            Val::One(s) => s.chars().count(),
            Val::Many(list, _) if matches!(p.index, Some(Index::All(_))) || p.name.len() == 1 => list.len(),
            Val::Many(list, _) => list.len(),
        }
    }

    fn slice(
        &mut self,
        sys: &dyn Sys,
        value: Val,
        p: &Param,
        from: &Word,
        len: Option<&Word>,
    ) -> Expanded<Val> {
        let text = self.expand_text(sys, from)?;
        let from = self.arithmetic(&text)?;
        let len = match len {
            Some(w) => {
                let text = self.expand_text(sys, w)?;
                Some(self.arithmetic(&text)?)
            }
            None => None,
        };
        Ok(match value {
            Val::Unset => Val::Unset,
            Val::One(s) => {
                let chars: Vec<char> = s.chars().collect();
                let cut: String = cut(&chars, from, len).iter().collect();
                Val::One(cut.into())
            }
            Val::Many(mut list, star) => {
                // `${@:0}` counts `$0` as an element.
                if p.index.is_none() {
                    list.insert(0, self.zero.clone());
                }
                Val::Many(cut(&list, from, len).to_vec(), star)
            }
        })
    }

    /// A function that does to a text what the operator says.
    fn change(&mut self, sys: &dyn Sys, op: &ParamOp) -> Expanded<Box<dyn Fn(&str) -> Rc<str>>> {
        Ok(match op {
            ParamOp::Trim { suffix, longest, pattern } => {
                let pattern = Pattern::new(&self.expand_pattern(sys, pattern)?);
                let (suffix, longest) = (*suffix, *longest);
                Box::new(move |s| trimmed(s, &pattern, suffix, longest))
            }
            ParamOp::Replace { mode, pattern, with } => {
                let pattern = self.expand_pattern(sys, pattern)?;
                let with = self.expand_text(sys, with)?;
                let empty = pattern.is_empty();
                let (pattern, mode) = (Pattern::new(&pattern), *mode);
                Box::new(move |s| if empty { s.into() } else { replaced(s, &pattern, &with, mode) })
            }
            ParamOp::Case { upper, all } => {
                let (upper, all) = (*upper, *all);
                Box::new(move |s| recased(s, upper, all))
            }
            _ => Box::new(|s| s.into()),
        })
    }

    /// The arrays that bash keeps itself.
    fn own_array(&self, name: &str) -> Option<Vec<Rc<str>>> {
        if !self.flavour.is_bash() {
            return None;
        }
        Some(match name {
            "PIPESTATUS" => self.pipe_status.iter().map(|c| c.to_string().into()).collect(),
            "FUNCNAME" => self.calls.iter().rev().cloned().collect(),
            "BASH_VERSINFO" => ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(Rc::from).to_vec(),
            _ => return None,
        })
    }

    /// The elements of an array; a plain variable is an array of one.
    fn elements(&self, name: &str) -> Vec<Rc<str>> {
        if let Some(list) = self.own_array(name) {
            return list;
        }
        match self.vars.var(name).and_then(|v| v.value.as_ref()) {
            Some(Content::Scalar(s)) => vec![s.clone()],
            Some(Content::Array(a)) => a.values().cloned().collect(),
            Some(Content::Assoc(a)) => a.values().cloned().collect(),
            None => Vec::new(),
        }
    }

    fn keys(&self, name: &str) -> Vec<Rc<str>> {
        match self.vars.var(name).and_then(|v| v.value.as_ref()) {
            Some(Content::Scalar(_)) => vec!["0".into()],
            Some(Content::Array(a)) => a.keys().map(|k| k.to_string().into()).collect(),
            Some(Content::Assoc(a)) => a.keys().cloned().collect(),
            None => Vec::new(),
        }
    }

    /// One element by its key.
    pub(super) fn element(&self, name: &str, key: &str) -> Option<Rc<str>> {
        if let Some(list) = self.own_array(name) {
            return list.get(key.parse::<usize>().ok()?).cloned();
        }
        match self.vars.var(name)?.value.as_ref()? {
            Content::Scalar(s) => (key == "0" || key == "-1").then(|| s.clone()),
            Content::Array(a) => a.get(&key.parse().ok()?).cloned(),
            Content::Assoc(a) => a.get(key).cloned(),
        }
    }

    /// Whether a variable is an associative array.
    pub(in crate::shell) fn is_assoc(&self, name: &str) -> bool {
        matches!(self.vars.var(name).and_then(|v| v.value.as_ref()), Some(Content::Assoc(_)))
    }

    /// One past the last index of an array.
    pub(super) fn array_end(&self, name: &str) -> i64 {
        match self.vars.var(name).and_then(|v| v.value.as_ref()) {
            Some(Content::Array(a)) => a.keys().next_back().map_or(0, |k| k.saturating_add(1)),
            Some(_) => 1,
            None => 0,
        }
    }
}

fn cut<T>(list: &[T], from: i64, len: Option<i64>) -> &[T] {
    let n = list.len() as i64;
    let from = if from < 0 { n + from } else { from };
    if from < 0 || from > n {
        return &[];
    }
    let to = match len {
        None => n,
        Some(l) if l < 0 => n + l,
        Some(l) => from.saturating_add(l).min(n),
    };
    if to <= from { &[] } else { &list[from as usize..to as usize] }
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

fn recased(s: &str, upper: bool, all: bool) -> Rc<str> {
    let case =
        |c: char| -> String { if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() } };
    let mut chars = s.chars();
    if all {
        return chars.map(case).collect::<String>().into();
    }
    let first = chars.next().map(case).unwrap_or_default();
    (first + chars.as_str()).into()
}
