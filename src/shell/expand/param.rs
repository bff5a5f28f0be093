//! Parameters: `$x`, `${x…}`, `$@` and the special ones.

use super::{Expanded, Seg, Stop};
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::ast::{Index, Param, ParamOp, Part, Word};
use crate::shell::interp::Shell;
use crate::shell::vars::MAX_VALUE;
use std::rc::Rc;

/// What a parameter is worth.
pub(super) enum Val {
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
        if let ParamOp::Names(star) = p.op {
            let names =
                self.vars.all().map(|(n, _)| n).filter(|n| n.starts_with(&*p.name)).cloned().collect();
            return self.emit(Val::Many(names, star), dq, out);
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
            if self.vars.meant(&p.name) == &*p.name {
                value = self.indirect(&name)?;
            } else {
                value = Val::One(self.vars.meant(&p.name).into());
            }
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
            ParamOp::Transform(letter) => self.transformed(p, value, *letter)?,
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
        if name == "EPOCHSECONDS" && self.flavour.extended() {
            return Ok(Val::One((sys.wall_micros() / 1_000_000).to_string().into()));
        }
        if let Some(number) = self.counted(name) {
            return Ok(Val::One(number.to_string().into()));
        }
        Ok(match self.special(name).or_else(|| self.vars.get(name).map(Rc::from)) {
            Some(v) => Val::One(v),
            None => Val::Unset,
        })
    }

    /// What a name means that is itself a value: a variable, an element, a parameter.
    fn indirect(&mut self, name: &str) -> Expanded<Val> {
        if let Some((array, key)) = name.strip_suffix(']').and_then(|n| n.split_once('[')) {
            if matches!(key, "@" | "*") {
                return Ok(Val::Many(self.elements(array), key == "*"));
            }
            let key = if self.is_assoc(array) { key.to_owned() } else { self.arithmetic(key)?.to_string() };
            return Ok(self.element(array, &key).map_or(Val::Unset, Val::One));
        }
        Ok(match self.special(name).or_else(|| self.vars.get(name).map(Rc::from)) {
            Some(v) => Val::One(v),
            None => Val::Unset,
        })
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
