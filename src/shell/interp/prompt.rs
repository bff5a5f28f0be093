//! Prompts: `PS1` and `PS2` with their escapes.

use super::Shell;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::ast::{Part, Word};
use crate::shell::parser::Parser;

/// Asks the terminal where its cursor is, as busybox's line editor does before it reads.
const ASK_CURSOR: &str = "\x1b[6n";

impl Shell {
    /// The prompt for a new command, or for the rest of one.
    pub(super) fn prompt(&mut self, sys: &mut dyn Sys, continued: bool) -> String {
        let root = sys.uid() == 0;
        let fallback = match (self.flavour, continued) {
            (_, true) => "> ",
            (Flavour::Bash, _) => "\\s-\\v\\$ ",
            (Flavour::Ash, _) => "\\w \\$ ",
            (Flavour::Dash, _) if root => "# ",
            (Flavour::Dash, _) => "$ ",
        };
        let name = if continued { "PS2" } else { "PS1" };
        let template = self.vars.get(name).unwrap_or(fallback).to_owned();
        let text = if self.flavour == Flavour::Dash { template } else { self.prompt_escapes(sys, &template) };
        let mut text = self.prompt_parameters(sys, &text);
        if self.flavour == Flavour::Ash {
            text.push_str(ASK_CURSOR);
        }
        text
    }

    fn prompt_escapes(&self, sys: &dyn Sys, template: &str) -> String {
        let mut out = String::new();
        let mut chars = template.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('u') => out.push_str(&sys.user()),
                Some('h') => {
                    let host = sys.hostname();
                    out.push_str(host.split('.').next().unwrap_or(""));
                }
                Some('H') => out.push_str(&sys.hostname()),
                Some('w') => out.push_str(&self.short_cwd(sys)),
                Some('W') => {
                    let cwd = self.short_cwd(sys);
                    let base = cwd.rsplit('/').next().filter(|b| !b.is_empty());
                    out.push_str(base.unwrap_or(&cwd));
                }
                Some('$') => out.push(if sys.uid() == 0 { '#' } else { '$' }),
                Some('s') => out.push_str(&self.arg0),
                Some('v') => out.push_str("5.2"),
                Some('n') => out.push('\n'),
                Some('e') => out.push('\x1b'),
                Some('[' | ']') => {}
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            }
        }
        out
    }

    fn short_cwd(&self, sys: &dyn Sys) -> String {
        let cwd = self.vars.get("PWD").map_or_else(|| sys.cwd().to_string(), str::to_owned);
        match self.vars.get("HOME").filter(|h| h.len() > 1) {
            Some(home) if cwd == home => "~".into(),
            Some(home) => match cwd.strip_prefix(home) {
                Some(rest) if rest.starts_with('/') => format!("~{rest}"),
                _ => cwd,
            },
            None => cwd,
        }
    }

    /// Expands parameters; commands in a prompt are not run.
    fn prompt_parameters(&mut self, sys: &mut dyn Sys, text: &str) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let mut parser = Parser::new(self.flavour, 1);
        parser.feed(text);
        let Ok(parts) = parser.heredoc_parts() else { return text.to_owned() };
        let word = Word(vec![Part::Dq(parts)]);
        self.vars.begin();
        let result = self.expand_text(sys, &word);
        self.vars.end(result.is_ok());
        result.map_or_else(|_| text.to_owned(), |t| t.to_string())
    }
}
