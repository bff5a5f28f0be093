//! `[[ … ]]` and `(( … ))`.

use super::Shell;
use super::frame::Frame;
use crate::os::program::Sys;
use crate::shell::ast::{Cmd, Node, Test};
use crate::shell::expand::Expanded;
use crate::shell::pattern::Pattern;
use crate::shell::util::regex::Regex;
use crate::shell::util::test as conditions;
use crate::shell::vars::Content;
use std::rc::Rc;

impl Shell {
    pub(super) fn test_command(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) {
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
            Test::Word(word) => !self.expand_text(sys, word)?.is_empty(),
            Test::Unary(op, word) => {
                let text = self.expand_text(sys, word)?;
                match &**op {
                    "-v" => self.vars.get(&text).is_some(),
                    "-o" => self.option_is_on(&text),
                    op => conditions::unary(sys, op, &text).unwrap_or(false),
                }
            }
            Test::Binary(left, op, right) => {
                let a = self.expand_text(sys, left)?;
                match &**op {
                    "=" | "==" | "!=" => {
                        let pattern = self.expand_pattern(sys, right)?;
                        Pattern::new(&pattern).matches(&a) == (&**op != "!=")
                    }
                    "=~" => {
                        let pattern = self.expand_regex(sys, right)?;
                        self.regex_match(&a, &pattern)
                    }
                    "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                        let b = self.expand_text(sys, right)?;
                        let (a, b) = (self.arithmetic(&a)?, self.arithmetic(&b)?);
                        conditions::compare(op, a, b)
                    }
                    op => {
                        let b = self.expand_text(sys, right)?;
                        conditions::binary(sys, &a, op, &b).unwrap_or(Some(false)).unwrap_or(false)
                    }
                }
            }
        })
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

    fn regex_match(&mut self, text: &str, pattern: &str) -> bool {
        let Ok(regex) = Regex::new(pattern, true, false) else { return false };
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
