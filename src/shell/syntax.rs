//! Syntax errors in the words of each shell.

use super::Flavour;
use super::lexer::{Tok, Token};

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: u32,
    /// Whether more input could mend it.
    pub incomplete: bool,
    what: Wrong,
}

#[derive(Clone, Debug, PartialEq)]
enum Wrong {
    /// A token that may not stand there; its text; what was wanted.
    Token { shown: String, raw: String, expecting: &'static str },
    /// busybox's and dash's words, and the bracket that bash looked for.
    Missing(&'static str, char),
}

/// The reserved words.
pub const RESERVED: [&str; 16] = [
    "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until",
    "while",
];

impl SyntaxError {
    /// A token that may not stand there. `keywords`: whether reserved words were looked for.
    pub fn unexpected(token: &Token, src: &str, line: u32, expecting: &'static str) -> SyntaxError {
        let raw = src.get(token.start..token.end).unwrap_or("").to_owned();
        let shown = match &token.tok {
            Tok::Eof => "end of file".to_owned(),
            Tok::Newline => "newline".to_owned(),
            Tok::Redir(..) => "redirection".to_owned(),
            Tok::Op(op) => format!("\"{op}\""),
            Tok::Word(w) => match w.literal().filter(|l| RESERVED.contains(l)) {
                Some(l) => format!("\"{l}\""),
                None => "word".to_owned(),
            },
        };
        let incomplete = matches!(token.tok, Tok::Eof);
        let raw = if matches!(token.tok, Tok::Newline | Tok::Eof) { "newline".into() } else { raw };
        SyntaxError { line, incomplete, what: Wrong::Token { shown, raw, expecting } }
    }

    /// Something that is not closed.
    pub fn missing(text: &'static str, bracket: char, line: u32) -> SyntaxError {
        SyntaxError { line, incomplete: true, what: Wrong::Missing(text, bracket) }
    }

    /// The same error, which no further input mends.
    pub fn complete(mut self) -> SyntaxError {
        self.incomplete = false;
        self
    }

    /// The lines that the shell prints, without the `name: ` before them. `source` is the whole text;
    /// `place` is what bash calls it (`-c: `).
    pub fn render(&self, flavour: Flavour, source: &str, first_line: u32) -> String {
        match flavour {
            Flavour::Bash => self.render_bash(source, first_line),
            Flavour::Ash => format!("syntax error: {}", self.words("unexpected ", "")),
            Flavour::Dash => {
                let words = self.words("", " unexpected");
                let mut chars = words.chars();
                let first = chars.next().map(|c| c.to_ascii_uppercase());
                match self.what {
                    Wrong::Missing(..) => {
                        format!(
                            "Syntax error: {}{}",
                            first.map(String::from).unwrap_or_default(),
                            chars.as_str()
                        )
                    }
                    Wrong::Token { .. } => format!("Syntax error: {words}"),
                }
            }
        }
    }

    fn words(&self, before: &str, after: &str) -> String {
        match &self.what {
            Wrong::Missing(text, _) => (*text).to_owned(),
            Wrong::Token { shown, expecting: "", .. } => {
                format!("{before}{shown}{after}")
            }
            Wrong::Token { shown, expecting: "word", .. } => {
                format!("{before}{shown}{after} (expecting word)")
            }
            Wrong::Token { shown, expecting, .. } => {
                format!("{before}{shown}{after} (expecting \"{expecting}\")")
            }
        }
    }

    fn render_bash(&self, source: &str, first_line: u32) -> String {
        let ends = source.matches('\n').count() as u32 + u32::from(!source.ends_with('\n'));
        let last = first_line + ends;
        match &self.what {
            Wrong::Missing("missing ]]", _) => {
                format!(
                    "line {}: unexpected token `newline', conditional binary operator expected",
                    self.line
                )
            }
            Wrong::Missing(_, ')') => format!("line {last}: unexpected EOF while looking for matching `)'"),
            Wrong::Missing(text, _) if text.starts_with("here") || text.starts_with("bad ") => {
                format!("line {}: syntax error: {text}", self.line)
            }
            Wrong::Missing(_, c) => {
                format!("line {}: unexpected EOF while looking for matching `{c}'", self.line)
            }
            Wrong::Token { shown, expecting, .. } if shown == "end of file" && *expecting != "newline" => {
                format!("line {last}: syntax error: unexpected end of file")
            }
            Wrong::Token { raw, .. } => {
                let n = self.line.saturating_sub(first_line) as usize;
                let text = source.lines().nth(n).unwrap_or("");
                let at = format!("line {}: ", self.line);
                format!("{at}syntax error near unexpected token `{raw}'\u{0}{at}`{text}'")
            }
        }
    }
}
