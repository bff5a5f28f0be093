//! `[[ … ]]` and `(( … ))`.

use super::Shell;
use super::frame::Frame;
use crate::os::program::Sys;
use crate::shell::ast::{Cmd, Node, Test};
use crate::shell::expand::Expanded;
use crate::shell::util::regex::Regex;
use crate::shell::util::test as conditions;
use crate::shell::vars::Content;
use std::rc::Rc;

impl Shell {
    pub(super) fn test_command(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) {
        if self.opts.xtrace && self.flavour.is_bash() && self.subs.is_empty() {
            let text = match &**node {
                Cmd::Arith(word) => format!("(( {} ))", crate::shell::print::word(word)),
                _ => String::new(),
            };
            if !text.is_empty() {
                self.trace(&text);
            }
        }
        let result = self.expanding(sys, frame, |shell, sys| match &**node {
            Cmd::Test(test) => shell.evaluate_test(sys, test),
            Cmd::Arith(word) => {
                let text = shell.expand_text(sys, word)?;
                Ok(shell.arithmetic(&text)? != 0)
            }
            _ => Ok(true),
        });
        if let Some(truth) = result {
            self.subs.clear();
            self.done(i32::from(!truth), frame.tested);
        }
    }

    fn evaluate_test(&mut self, sys: &dyn Sys, test: &Test) -> Expanded<bool> {
        Ok(match test {
            Test::And(a, b) => self.evaluate_test(sys, a)? && self.evaluate_test(sys, b)?,
            Test::Or(a, b) => self.evaluate_test(sys, a)? || self.evaluate_test(sys, b)?,
            Test::Not(a) => !self.evaluate_test(sys, a)?,
            Test::Word(word) => {
                let text = self.expand_text(sys, word)?;
                self.trace_test(&["-n", &text]);
                !text.is_empty()
            }
            Test::Unary(op, word) => {
                let text = self.expand_text(sys, word)?;
                self.trace_test(&[op, &text]);
                match &**op {
                    "-v" => self.is_set(&text),
                    "-R" => self.vars.var(&text).is_some_and(|v| v.attrs.reference),
                    "-o" => self.option_is_on(&text),
                    op => conditions::unary(sys, op, &text).unwrap_or(false),
                }
            }
            Test::Binary(left, op, right) => {
                let a = self.expand_text(sys, left)?;
                match &**op {
                    "=" | "==" | "!=" => {
                        let pattern = self.expand_pattern(sys, right)?;
                        self.trace_test(&[&a, op, &pattern]);
                        self.case_pattern(&pattern, true).matches(&a) == (&**op != "!=")
                    }
                    "=~" => {
                        let pattern = self.expand_regex(sys, right)?;
                        self.trace_test(&[&a, op, &pattern]);
                        self.regex_match(&a, &pattern)
                    }
                    "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                        let b = self.expand_text(sys, right)?;
                        self.trace_test(&[&a, op, &b]);
                        let (a, b) = (self.arithmetic(&a)?, self.arithmetic(&b)?);
                        conditions::compare(op, a, b)
                    }
                    op => {
                        let b = self.expand_text(sys, right)?;
                        self.trace_test(&[&a, op, &b]);
                        conditions::binary(sys, &a, op, &b).unwrap_or(Some(false)).unwrap_or(false)
                    }
                }
            }
        })
    }

    /// The line of `set -x` about one test.
    fn trace_test(&mut self, words: &[&str]) {
        if self.opts.xtrace {
            let words: Vec<&str> = words.iter().map(|w| if w.is_empty() { "''" } else { w }).collect();
            self.trace(&format!("[[ {} ]]", words.join(" ")));
        }
    }

    /// The right side of `=~`: quoted parts stand for themselves.
    fn expand_regex(&mut self, sys: &dyn Sys, word: &crate::shell::ast::Word) -> Expanded<String> {
        use crate::shell::ast::{Part, Word};
        let mut out = String::new();
        for part in &word.0 {
            let text = self.expand_text(sys, &Word(vec![part.clone()]))?;
            if matches!(part, Part::Quoted(_) | Part::Dq(_)) {
                for c in text.chars() {
                    if ".[]*+?(){}|^$\\".contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            } else {
                out.push_str(&text);
            }
        }
        Ok(out)
    }

    /// Whether a variable or an element of an array has a value.
    pub(super) fn is_set(&mut self, name: &str) -> bool {
        let Some((array, key)) = name.strip_suffix(']').and_then(|n| n.split_once('[')) else {
            return self.vars.get(name).is_some();
        };
        if matches!(key, "@" | "*") {
            return self.vars.var(self.vars.meant(array)).is_some_and(|v| v.value.is_some());
        }
        let key = if self.is_assoc(array) {
            key.to_owned()
        } else {
            self.arithmetic(key).map_or_else(|_| String::new(), |n| n.to_string())
        };
        self.element(array, &key).is_some()
    }

    fn regex_match(&mut self, text: &str, pattern: &str) -> bool {
        let Ok(regex) = Regex::new(pattern, true, self.nocasematch) else { return false };
        let chars: Vec<char> = text.chars().collect();
        let Some(found) = regex.find(&chars, 0) else { return false };
        let groups = found.groups.iter().enumerate().map(|(i, g)| {
            let text: String = g.map_or(String::new(), |(a, b)| chars[a..b].iter().collect());
            (i as i64, Rc::from(text))
        });
        let _ = self.vars.set_content("BASH_REMATCH", Content::Array(groups.collect()));
        true
    }
}
