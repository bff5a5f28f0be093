//! How `sed`'s scripts are read.

use super::{Addr, Command, Verb};
use crate::api::Text;
use crate::shell::util::regex::Regex;

/// A script on its way to commands.
pub(super) struct Parser {
    pub chars: Vec<char>,
    pub pos: usize,
    pub extended: bool,
    pub busybox: bool,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|c| set.contains(c)) {
            self.pos += 1;
        }
    }

    pub(super) fn commands(&mut self) -> Parsed<Vec<Command>> {
        let mut out: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        loop {
            self.skip(" \t\n;");
            let Some(c) = self.peek() else { break };
            if c == '#' {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.pos += 1;
                }
                continue;
            }
            if c == '}' {
                self.pos += 1;
                let Some(start) = open.pop() else { return Err("unexpected `}'".into()) };
                let end = out.len();
                let command: &mut Command = &mut out[start];
                command.verb = Verb::Block(end);
                continue;
            }
            let from = self.address()?;
            let mut to = None;
            self.skip(" ");
            if from.is_some() && self.peek() == Some(',') {
                self.pos += 1;
                self.skip(" ");
                to = self.address()?;
                if to.is_none() {
                    return Err("unexpected `,'".into());
                }
            }
            self.skip(" ");
            let negated = self.peek() == Some('!');
            self.pos += usize::from(negated);
            self.skip(" ");
            if self.peek() == Some('{') {
                open.push(out.len());
            }
            let verb = self.verb()?;
            out.push(Command { from, to, negated, verb, inside: false, until: 0 });
        }
        if open.is_empty() { Ok(out) } else { Err("unmatched `{'".into()) }
    }

    fn address(&mut self) -> Parsed<Option<Addr>> {
        match self.peek() {
            Some('$') => {
                self.pos += 1;
                Ok(Some(Addr::Last))
            }
            Some('+') => {
                self.pos += 1;
                Ok(Some(Addr::More(self.number())))
            }
            Some(c) if c.is_ascii_digit() => {
                let n = self.number();
                if self.peek() == Some('~') && !self.busybox {
                    self.pos += 1;
                    let step = self.number();
                    return Ok(Some(Addr::Step(n, step)));
                }
                Ok(Some(Addr::Line(n)))
            }
            Some(c @ ('/' | '\\')) => {
                self.pos += 1;
                let delimiter = if c == '/' {
                    '/'
                } else {
                    self.pos += 1;
                    *self.chars.get(self.pos - 1).ok_or("unterminated address regex")?
                };
                let text = self.until(delimiter, true).ok_or("unterminated address regex")?;
                let fold = self.peek() == Some('I');
                self.pos += usize::from(fold);
                Ok(Some(Addr::Match(Regex::new(&text, self.extended, fold)?)))
            }
            _ => Ok(None),
        }
    }

    fn number(&mut self) -> u64 {
        let mut n = 0_u64;
        while let Some(d) = self.peek().and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(u64::from(d));
            self.pos += 1;
        }
        n
    }

    /// A word up to white space, `;` or `}`; a file's name goes up to the end of the line.
    fn word(&mut self, file: bool) -> String {
        self.skip(" \t");
        let mut out = String::new();
        while let Some(c) = self.peek().filter(|c| *c != '\n' && (file || !" \t;}".contains(*c))) {
            self.pos += 1;
            out.push(c);
        }
        out
    }

    /// Text up to a delimiter, whose escaped form becomes itself.
    fn until(&mut self, delimiter: char, regex: bool) -> Option<String> {
        let mut out = String::new();
        let mut in_set = false;
        loop {
            let c = self.peek()?;
            self.pos += 1;
            match c {
                '\\' => {
                    let next = self.peek()?;
                    self.pos += 1;
                    if next == delimiter && !(regex && "|()+?".contains(next)) {
                        out.push(next);
                    } else {
                        out.push('\\');
                        out.push(next);
                    }
                }
                c if c == delimiter && !in_set => return Some(out),
                c => {
                    if regex && c == '[' && !in_set {
                        in_set = self.chars[self.pos..]
                            .iter()
                            .skip(1)
                            .take_while(|c| **c != '\n')
                            .any(|c| *c == ']');
                    } else if c == ']' {
                        in_set = false;
                    }
                    out.push(c);
                }
            }
        }
    }

    fn verb(&mut self) -> Parsed<Verb> {
        let Some(c) = self.peek() else { return Err("missing command".into()) };
        self.pos += 1;
        match c {
            's' => self.subst(),
            'y' => {
                let delimiter = self.peek().ok_or("unterminated `y' command")?;
                self.pos += 1;
                let from = self.until(delimiter, false).ok_or("unterminated `y' command")?;
                let to = self.until(delimiter, false).ok_or("unterminated `y' command")?;
                Ok(Verb::Translate(from.chars().collect(), to.chars().collect()))
            }
            'a' | 'i' | 'c' => {
                self.skip(" \t");
                if self.peek() == Some('\\') {
                    self.pos += 1;
                    self.skip(" \t");
                    if self.peek() == Some('\n') {
                        self.pos += 1;
                    }
                }
                let mut text = String::new();
                while let Some(c) = self.peek().filter(|c| *c != '\n') {
                    self.pos += 1;
                    if c == '\\' {
                        match self.peek() {
                            Some('n') => text.push('\n'),
                            Some('t') => text.push('\t'),
                            other => text.extend(other),
                        }
                        self.pos += 1;
                    } else {
                        text.push(c);
                    }
                }
                Ok(Verb::Text(c, text))
            }
            '{' => Ok(Verb::Block(0)),
            'd' | 'D' | 'p' | 'P' | 'n' | 'N' | '=' | 'h' | 'H' | 'g' | 'G' | 'x' | 'l' => {
                Ok(Verb::Simple(c))
            }
            ':' => Ok(Verb::Label(self.word(false))),
            'b' | 't' | 'T' => Ok(Verb::Jump(c, self.word(false))),
            'r' | 'w' => Ok(Verb::File(c, self.word(true).into())),
            'q' | 'Q' => {
                self.skip(" ");
                let code = self.number();
                Ok(Verb::Quit(c, (code & 0xff) as i32))
            }
            _ if self.busybox => Err(format!("unsupported command {c}")),
            _ => Err(format!("unknown command: `{c}'")),
        }
    }

    fn subst(&mut self) -> Parsed<Verb> {
        let delimiter = self.peek().ok_or("unterminated `s' command")?;
        self.pos += 1;
        let open = if self.busybox {
            format!("unmatched '{delimiter}'")
        } else {
            "unterminated `s' command".to_owned()
        };
        let pattern = self.until(delimiter, true).ok_or_else(|| open.clone())?;
        let with = self.until(delimiter, false).ok_or(open)?;
        let (mut global, mut print, mut nth, mut fold, mut file) = (false, false, 0, false, None);
        while let Some(c) = self.peek() {
            match c {
                'g' => global = true,
                'p' => print = true,
                'i' | 'I' => fold = true,
                '0'..='9' => nth = nth * 10 + c as usize - '0' as usize,
                'm' | 'M' | ' ' => {}
                'w' => {
                    self.pos += 1;
                    file = Some(Text::from(self.word(true)));
                    break;
                }
                ';' | '\n' | '}' | '#' => break,
                _ => return Err("unknown option to `s'".into()),
            }
            self.pos += 1;
            if nth > 100_000 {
                return Err("number option to `s' command may not be zero".into());
            }
        }
        let regex = Regex::new(&pattern, self.extended, fold)?;
        Ok(Verb::Subst { regex, with, global, print, nth: nth.max(1), file })
    }
}
