//! The syntax of nginx's configuration: directives, blocks, quotes, `include`.
//!
//! The texts of errors are nginx's own. A directive that nginx knows but that is not simulated is kept and
//! reported, never silently dropped (see [`super::config`]).

use crate::os::Sys;
use std::rc::Rc;

/// Deepest nesting of blocks and includes.
const MAX_DEPTH: usize = 16;

/// Most directives of a whole configuration.
const MAX_DIRECTIVES: usize = 10_000;

/// A directive.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    /// Its name.
    pub name: String,
    /// Its arguments, quotes removed.
    pub args: Vec<String>,
    /// What is in its braces.
    pub block: Option<Vec<Directive>>,
    /// Where it stands: file and line.
    pub place: (Rc<str>, u32),
}

impl Directive {
    /// The argument at `at`, or nothing.
    pub fn arg(&self, at: usize) -> &str {
        self.args.get(at).map_or("", String::as_str)
    }

    /// `TEXT in FILE:LINE`.
    pub fn complain(&self, text: &str) -> String {
        format!("{text} in {}:{}", self.place.0, self.place.1)
    }
}

#[derive(PartialEq)]
enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
    End,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    file: Rc<str>,
}

impl Reader<'_> {
    fn fail<T>(&self, text: &str) -> Result<T, String> {
        Err(format!("{text} in {}:{}", self.file, self.line))
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn token(&mut self) -> Result<Token, String> {
        loop {
            match self.next_char() {
                None => return Ok(Token::End),
                Some(c) if c.is_whitespace() => {}
                Some('#') => while self.peek().is_some_and(|c| c != '\n') && self.next_char().is_some() {},
                Some(';') => return Ok(Token::Semicolon),
                Some('{') => return Ok(Token::Open),
                Some('}') => return Ok(Token::Close),
                Some(quote @ ('"' | '\'')) => return self.quoted(quote),
                Some(c) => return Ok(Token::Word(self.word(c))),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token, String> {
        let mut out = String::new();
        while let Some(c) = self.next_char() {
            match c {
                '\\' => self.escape(&mut out),
                c if c == quote => {
                    return match self.peek() {
                        Some(c) if !c.is_whitespace() && !matches!(c, ';' | '{' | ')') => {
                            self.fail(&format!("unexpected \"{c}\""))
                        }
                        _ => Ok(Token::Word(out)),
                    };
                }
                c => out.push(c),
            }
        }
        self.fail("unexpected end of file, expecting \";\" or \"}\"")
    }

    fn escape(&mut self, out: &mut String) {
        match self.next_char() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(c @ ('"' | '\'' | '\\')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }

    fn word(&mut self, first: char) -> String {
        let mut out = String::from(first);
        let mut variable = first == '$';
        while let Some(c) = self.peek() {
            // `${name}` belongs to the word.
            if c == '{' && variable {
                out.push(c);
                self.next_char();
                while let Some(c) = self.next_char() {
                    out.push(c);
                    if c == '}' {
                        break;
                    }
                }
                variable = false;
                continue;
            }
            if c.is_whitespace() || matches!(c, ';' | '{') {
                break;
            }
            self.next_char();
            if c == '\\' {
                self.escape(&mut out);
            } else {
                out.push(c);
            }
            variable = c == '$';
        }
        out
    }
}

/// Reads a configuration file with everything that it includes.
pub fn read(sys: &dyn Sys, path: &str) -> Result<Vec<Directive>, String> {
    let mut left = MAX_DIRECTIVES;
    read_file(sys, path, None, 0, &mut left)
}

/// Reads directives that are given as text.
pub fn read_text(text: &str, name: &str) -> Result<Vec<Directive>, String> {
    let mut reader = Reader { text, at: 0, line: 1, file: Rc::from(name) };
    let mut left = MAX_DIRECTIVES;
    block(&mut reader, false, 0, &mut left)
}

fn read_file(
    sys: &dyn Sys,
    path: &str,
    from: Option<&Directive>,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Directive>, String> {
    let bytes = sys.read_file(path).map_err(|e| {
        let text = format!("open() \"{path}\" failed ({}: {})", super::number(e), e.text());
        from.map_or(text.clone(), |d| d.complain(&text))
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut reader = Reader { text: &text, at: 0, line: 1, file: Rc::from(path) };
    let out = block(&mut reader, false, depth, left)?;
    include(sys, out, depth, left)
}

fn block(
    reader: &mut Reader<'_>,
    inner: bool,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Directive>, String> {
    if depth > MAX_DEPTH {
        return reader.fail("not simulated: so deeply nested a configuration");
    }
    let mut out = Vec::new();
    let mut words: Vec<String> = Vec::new();
    loop {
        let token = reader.token()?;
        let place = (reader.file.clone(), reader.line);
        match token {
            Token::Word(w) => words.push(w),
            Token::Semicolon | Token::Open if words.is_empty() => {
                let sign = if token == Token::Open { "{" } else { ";" };
                return reader.fail(&format!("unexpected \"{sign}\""));
            }
            Token::Semicolon | Token::Open => {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    return reader.fail("not simulated: so long a configuration");
                }
                let name = words.remove(0);
                let args = std::mem::take(&mut words);
                let inside =
                    if token == Token::Open { Some(block(reader, true, depth + 1, left)?) } else { None };
                out.push(Directive { name, args, block: inside, place });
            }
            Token::Close if !words.is_empty() || !inner => return reader.fail("unexpected \"}\""),
            Token::Close => return Ok(out),
            Token::End if !words.is_empty() => {
                return reader.fail("unexpected end of file, expecting \";\" or \"}\"");
            }
            Token::End if inner => return reader.fail("unexpected end of file, expecting \"}\""),
            Token::End => return Ok(out),
        }
    }
}

/// Replaces `include` directives by what they include.
fn include(
    sys: &dyn Sys,
    directives: Vec<Directive>,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Directive>, String> {
    let mut out = Vec::with_capacity(directives.len());
    for mut d in directives {
        if d.name == "include" && depth < MAX_DEPTH {
            for path in included(sys, d.arg(0)) {
                out.extend(read_file(sys, &path, Some(&d), depth + 1, left)?);
            }
        } else {
            if let Some(inside) = d.block.take() {
                d.block = Some(include(sys, inside, depth + 1, left)?);
            }
            out.push(d);
        }
    }
    Ok(out)
}

/// The files that an `include` names: one, or those that match `*` in the last part of the path.
fn included(sys: &dyn Sys, pattern: &str) -> Vec<String> {
    let pattern = if pattern.starts_with('/') { pattern.to_owned() } else { format!("/etc/nginx/{pattern}") };
    let (dir, name) = pattern.rsplit_once('/').unwrap_or(("", &pattern));
    let Some((before, after)) = name.split_once('*') else { return vec![pattern] };
    let names = sys.read_dir(if dir.is_empty() { "/" } else { dir }).unwrap_or_default();
    let fits = |n: &str| {
        n.len() >= before.len() + after.len()
            && n.starts_with(before)
            && n.ends_with(after)
            && (!n.starts_with('.') || before.starts_with('.'))
    };
    names.iter().filter(|n| fits(n)).map(|n| format!("{dir}/{n}")).collect()
}
