//! Characters to tokens and words.
//!
//! Quoting makes the two inseparable from parsing: a word may hold `$(…)`, which is parsed by the same
//! parser in place. All special characters are ASCII, so byte positions are always character boundaries.

use super::ast::{Index, Param, ParamOp, Part, Word};
use super::parser::{Parsed, Parser};
use std::rc::Rc;

/// A token.
#[derive(Debug, Clone)]
pub enum Tok {
    /// A word, perhaps a reserved one.
    Word(Word),
    /// `;` `&` `|` `&&` `||` `;;` `;&` `;;&` `(` `)` `|&`
    Op(&'static str),
    /// A redirection operator and what is redirected.
    Redir(At, &'static str),
    /// The end of a line.
    Newline,
    /// The end of the text.
    Eof,
}

/// What stands before a redirection operator.
#[derive(Debug, Clone)]
pub enum At {
    /// Nothing.
    Usual,
    /// A descriptor.
    Fd(u32),
    /// `{variable}`.
    Var(Rc<str>),
}

/// A token with the place where it stands.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it is.
    pub tok: Tok,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

const OPS: [&str; 11] = [";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")"];
const REDIRS: [&str; 12] = ["&>>", "<<<", "<<-", "&>", "<<", ">>", "<&", ">&", "<>", ">|", "<", ">"];

/// Text that is gathered into parts.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    lit: String,
}

impl Parts {
    fn flush(&mut self) {
        if !self.lit.is_empty() {
            self.parts.push(Part::Lit(std::mem::take(&mut self.lit).into()));
        }
    }

    fn push(&mut self, part: Part) {
        self.flush();
        self.parts.push(part);
    }

    fn finish(mut self) -> Vec<Part> {
        self.flush();
        self.parts
    }
}

/// Whether a byte may begin a variable's name.
pub fn name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

/// Whether a byte may stand in a variable's name.
pub fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

impl Parser {
    pub(super) fn at(&self, offset: usize) -> u8 {
        self.src.as_bytes().get(self.pos + offset).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &str {
        self.src.get(self.pos..).unwrap_or("")
    }

    /// Takes one character.
    fn take_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    /// Skips blanks, escaped line ends and comments.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.at(0) {
                b' ' | b'\t' | b'\r' => self.pos += 1,
                b'\\' if self.at(1) == b'\n' => self.pos += 2,
                b'#' => {
                    let n = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.pos += n;
                }
                _ => return,
            }
        }
    }

    /// Reads the next token.
    pub(super) fn lex(&mut self) -> Parsed<Token> {
        self.skip_blanks();
        let start = self.pos;
        let tok = self.lex_token()?;
        Ok(Token { tok, start, end: self.pos })
    }

    fn lex_token(&mut self) -> Parsed<Tok> {
        if self.pos >= self.src.len() {
            return Ok(Tok::Eof);
        }
        if self.at(0) == b'\n' {
            self.pos += 1;
            self.read_heredocs()?;
            return Ok(Tok::Newline);
        }
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && digits < 4 && matches!(self.at(digits), b'<' | b'>') {
            let fd = self.rest()[..digits].parse().map_or(At::Usual, At::Fd);
            self.pos += digits;
            if let Some(op) = self.redir_op() {
                return Ok(Tok::Redir(fd, op));
            }
        }
        if let Some(token) = self.variable_redirection() {
            return Ok(token);
        }
        if self.proc_substitution() {
            return Ok(Tok::Word(Word(self.bare_word()?)));
        }
        if let Some(op) = self.redir_op() {
            return Ok(Tok::Redir(At::Usual, op));
        }
        for op in OPS {
            let known = self.flavour.is_bash() || !matches!(op, ";;&" | ";&" | "|&");
            if known && self.rest().starts_with(op) {
                self.pos += op.len();
                return Ok(Tok::Op(op));
            }
        }
        Ok(Tok::Word(Word(self.bare_word()?)))
    }

    /// bash's `{variable}>`; the name may have a subscript.
    fn variable_redirection(&mut self) -> Option<Tok> {
        if self.at(0) != b'{' || !self.flavour.is_bash() {
            return None;
        }
        let n = self.rest().find('}')?;
        let name = &self.rest()[1..n];
        let base = name.split('[').next().unwrap_or("");
        if !super::is_name(base) || base.len() < name.len() && !name.ends_with(']') {
            return None;
        }
        let (name, before) = (name.into(), self.pos);
        self.pos += n + 1;
        match self.redir_op().filter(|op| !op.starts_with('&')) {
            Some(op) => Some(Tok::Redir(At::Var(name), op)),
            None => {
                self.pos = before;
                None
            }
        }
    }

    /// A subscript, already cut out: quotes are taken away.
    pub(super) fn subscript_parts(&mut self) -> Parsed<Vec<Part>> {
        let mut out = Parts::default();
        while self.pos < self.src.len() {
            self.piece(&mut out, false)?;
        }
        Ok(out.finish())
    }

    fn redir_op(&mut self) -> Option<&'static str> {
        for op in REDIRS {
            let known = match op {
                "<<<" => self.flavour.is_bash(),
                "&>" | "&>>" => self.flavour.extended(),
                _ => true,
            };
            if known && self.rest().starts_with(op) {
                self.pos += op.len();
                return Some(op);
            }
        }
        None
    }

    fn proc_substitution(&self) -> bool {
        self.flavour.extended() && matches!(self.at(0), b'<' | b'>') && self.at(1) == b'('
    }

    /// A word outside quotes, up to a blank or an operator.
    pub(super) fn bare_word(&mut self) -> Parsed<Vec<Part>> {
        let mut out = Parts::default();
        loop {
            match self.at(0) {
                0 if self.pos >= self.src.len() => break,
                b'<' | b'>' if self.proc_substitution() => {
                    let input = self.at(0) == b'<';
                    self.pos += 1;
                    let node = self.substitution()?;
                    out.push(Part::Proc(node, input));
                }
                b'(' if self.groups && out.lit.ends_with(['?', '*', '+', '@', '!']) => {
                    self.pattern_group(&mut out)?;
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                _ => self.piece(&mut out, false)?,
            }
        }
        Ok(out.finish())
    }

    /// The parenthesis of an extended pattern, with what is in it.
    fn pattern_group(&mut self, out: &mut Parts) -> Parsed<()> {
        let mut depth = 0_u32;
        loop {
            match self.at(0) {
                0 if self.pos >= self.src.len() => return Err(self.missing("missing )", ')')),
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {
                    self.piece(out, false)?;
                    continue;
                }
            }
            out.lit.push(char::from(self.at(0)));
            self.pos += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// One character or construct that means the same in words and in `${x-…}`.
    fn piece(&mut self, out: &mut Parts, in_dq: bool) -> Parsed<()> {
        match self.at(0) {
            b'\'' if !in_dq => {
                self.pos += 1;
                let Some(n) = self.rest().find('\'') else { return Err(self.unterminated('\'')) };
                let text: Rc<str> = self.rest()[..n].into();
                self.pos += n + 1;
                out.push(Part::Quoted(text));
            }
            b'"' => {
                self.pos += 1;
                let parts = self.dq_parts()?;
                out.push(Part::Dq(parts));
            }
            b'\\' => {
                self.pos += 1;
                match self.take_char() {
                    Some('\n') => {}
                    Some(c) if in_dq && !matches!(c, '$' | '`' | '"' | '\\' | '}') => {
                        out.lit.push('\\');
                        out.lit.push(c);
                    }
                    Some(c) => out.push(Part::Quoted(c.to_string().into())),
                    None => out.lit.push('\\'),
                }
            }
            b'$' | b'`' => self.dollar(out, in_dq)?,
            _ => {
                if let Some(c) = self.take_char() {
                    out.lit.push(c);
                }
            }
        }
        Ok(())
    }

    /// The inside of `"…"`, with the closing quote.
    fn dq_parts(&mut self) -> Parsed<Vec<Part>> {
        let mut out = Parts::default();
        loop {
            if self.pos >= self.src.len() {
                return Err(self.unterminated('"'));
            }
            if self.at(0) == b'"' {
                self.pos += 1;
                return Ok(out.finish());
            }
            self.dq_piece(&mut out, true)?;
        }
    }

    fn dq_piece(&mut self, out: &mut Parts, quote_escapes: bool) -> Parsed<()> {
        match self.at(0) {
            b'\\' => {
                self.pos += 1;
                match self.take_char() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '\\')) => out.lit.push(c),
                    Some('"') if quote_escapes => out.lit.push('"'),
                    Some(c) => {
                        out.lit.push('\\');
                        out.lit.push(c);
                    }
                    None => out.lit.push('\\'),
                }
            }
            b'$' | b'`' => self.dollar(out, true)?,
            _ => {
                if let Some(c) = self.take_char() {
                    out.lit.push(c);
                }
            }
        }
        Ok(())
    }

    /// The text of a here-document, already cut out: expansions are done, quotes stay.
    pub(super) fn heredoc_parts(&mut self) -> Parsed<Vec<Part>> {
        let mut out = Parts::default();
        while self.pos < self.src.len() {
            self.dq_piece(&mut out, false)?;
        }
        Ok(out.finish())
    }

    /// `$…` or a backtick.
    fn dollar(&mut self, out: &mut Parts, in_dq: bool) -> Parsed<()> {
        if self.at(0) == b'`' {
            let node = self.backtick(in_dq)?;
            out.push(Part::Sub(node));
            return Ok(());
        }
        match self.at(1) {
            b'(' if self.at(2) == b'(' => {
                let here = self.pos;
                self.pos += 3;
                if let Some(word) = self.arith_word()? {
                    out.push(Part::Arith(Rc::new(word)));
                    return Ok(());
                }
                self.pos = here + 1;
                let node = self.substitution()?;
                out.push(Part::Sub(node));
            }
            b'(' => {
                self.pos += 1;
                let node = self.substitution()?;
                out.push(Part::Sub(node));
            }
            b'{' => {
                self.pos += 2;
                let param = self.braced(in_dq)?;
                out.push(Part::Param(Rc::new(param)));
            }
            b'\'' if !in_dq && self.flavour.extended() => {
                self.pos += 2;
                let text = self.ansi_quoted()?;
                out.push(Part::Quoted(text.into()));
            }
            b'"' if !in_dq && self.flavour.is_bash() => self.pos += 1,
            b if name_start(b) => {
                self.pos += 1;
                let n = self.rest().bytes().take_while(|b| name_byte(*b)).count();
                let name: Rc<str> = self.rest()[..n].into();
                self.pos += n;
                out.push(plain(name));
            }
            b if b.is_ascii_digit() || b"@*#?-$!".contains(&b) && b != 0 => {
                let name: Rc<str> = self.rest()[1..2].into();
                self.pos += 2;
                out.push(plain(name));
            }
            _ => {
                self.pos += 1;
                out.lit.push('$');
            }
        }
        Ok(())
    }

    /// Text up to `))`; `None` if it is not arithmetic after all.
    pub(super) fn arith_word(&mut self) -> Parsed<Option<Word>> {
        let mut out = Parts::default();
        let mut depth = 0_u32;
        loop {
            if self.pos >= self.src.len() {
                return Err(self.missing("missing '))'", ')'));
            }
            match self.at(0) {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' if self.at(1) == b')' => {
                    self.pos += 2;
                    return Ok(Some(Word(out.finish())));
                }
                b')' => return Ok(None),
                b'"' => {
                    self.pos += 1;
                    continue;
                }
                _ => {}
            }
            self.dq_piece(&mut out, true)?;
        }
    }

    /// A backtick substitution: its text is unescaped and parsed on its own.
    fn backtick(&mut self, in_dq: bool) -> Parsed<super::ast::Node> {
        self.pos += 1;
        let mut text = String::new();
        loop {
            match self.take_char() {
                None => return Err(self.missing("EOF in backquote substitution", '`')),
                Some('`') => break,
                Some('\\') => match self.take_char() {
                    Some(c @ ('`' | '\\' | '$')) => text.push(c),
                    Some('"') if in_dq => text.push('"'),
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => {}
                },
                Some(c) => text.push(c),
            }
        }
        self.parse_apart(text)
    }

    /// `$'…'` behind the opening quote.
    fn ansi_quoted(&mut self) -> Parsed<String> {
        let mut raw = String::new();
        loop {
            match self.take_char() {
                None => return Err(self.unterminated('\'')),
                Some('\'') => break,
                Some('\\') => {
                    raw.push('\\');
                    raw.extend(self.take_char());
                }
                Some(c) => raw.push(c),
            }
        }
        let mut bytes = Vec::new();
        super::text::unescape(&raw, super::text::Escapes::Ansi, &mut bytes);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// `${…}` behind the opening brace.
    fn braced(&mut self, in_dq: bool) -> Parsed<Param> {
        self.deeper()?;
        let param = self.braced_inner(in_dq);
        self.depth -= 1;
        param
    }

    fn braced_inner(&mut self, in_dq: bool) -> Parsed<Param> {
        let begin = self.pos;
        let mut op = ParamOp::Plain;
        let second = self.at(1);
        if self.at(0) == b'#' && second != b'}' && !(b"-+=?:%".contains(&second) && self.at(2) != b'}') {
            self.pos += 1;
            op = ParamOp::Length;
        } else if self.at(0) == b'!'
            && self.flavour.is_bash()
            && (name_start(second)
                || second.is_ascii_digit()
                || b"#@*".contains(&second) && self.at(2) == b'}')
        {
            self.pos += 1;
            op = ParamOp::Indirect;
        }
        let name = self.param_name();
        let Some(name) = name else { return self.bad_substitution(begin) };
        let mut index = None;
        if self.at(0) == b'[' && self.flavour.is_bash() {
            index = Some(self.subscript()?);
        }
        if self.at(0) == b'}' {
            self.pos += 1;
            if matches!((&op, &index), (ParamOp::Indirect, Some(Index::All(_)))) {
                op = ParamOp::Keys;
            }
            return Ok(Param { name, index, op });
        }
        if matches!(op, ParamOp::Indirect) && matches!(self.at(0), b'*' | b'@') && self.at(1) == b'}' {
            let star = self.at(0) == b'*';
            self.pos += 2;
            return Ok(Param { name, index, op: ParamOp::Names(star) });
        }
        if !matches!(op, ParamOp::Plain) {
            return self.bad_substitution(begin);
        }
        match self.param_op(in_dq)? {
            Some(op) => Ok(Param { name, index, op }),
            None => self.bad_substitution(begin),
        }
    }

    fn param_name(&mut self) -> Option<Rc<str>> {
        let b = self.at(0);
        let n = if name_start(b) {
            self.rest().bytes().take_while(|b| name_byte(*b)).count()
        } else if b.is_ascii_digit() {
            self.rest().bytes().take_while(u8::is_ascii_digit).count()
        } else if b != 0 && b"@*#?-$!".contains(&b) {
            1
        } else {
            return None;
        };
        let name = self.rest()[..n].into();
        self.pos += n;
        Some(name)
    }

    fn subscript(&mut self) -> Parsed<Index> {
        for (text, star) in [("[@]", false), ("[*]", true)] {
            if self.rest().starts_with(text) {
                self.pos += text.len();
                return Ok(Index::All(star));
            }
        }
        self.pos += 1;
        Ok(Index::At(self.operand(true, b"]")?.0))
    }

    /// The operator of `${x…}` and its words, with the closing brace.
    fn param_op(&mut self, in_dq: bool) -> Parsed<Option<ParamOp>> {
        let (a, b) = (self.at(0), self.at(1));
        let op = match (a, b) {
            (b':', b'-' | b'=' | b'?' | b'+') => {
                self.pos += 2;
                ParamOp::Default { colon: true, kind: b, word: self.operand(in_dq, b"}")?.0 }
            }
            (b'-' | b'=' | b'?' | b'+', _) => {
                self.pos += 1;
                ParamOp::Default { colon: false, kind: a, word: self.operand(in_dq, b"}")?.0 }
            }
            (b'#' | b'%', _) => {
                self.pos += 1 + usize::from(a == b);
                ParamOp::Trim { suffix: a == b'%', longest: a == b, pattern: self.operand(false, b"}")?.0 }
            }
            (b':', b'}') => return Err(self.missing("missing '}'", '}')),
            (b':', _) if self.flavour.extended() => {
                self.pos += 1;
                let (from, stop) = self.operand(true, b":}")?;
                let len = if stop == b':' { Some(self.operand(true, b"}")?.0) } else { None };
                ParamOp::Slice { from, len }
            }
            (b'/', _) if self.flavour.extended() => {
                self.pos += 1;
                let mode = if matches!(b, b'/' | b'#' | b'%') { b } else { 0 };
                self.pos += usize::from(mode != 0);
                let (pattern, stop) = self.operand(false, b"/}")?;
                let with = if stop == b'/' { self.operand(in_dq, b"}")?.0 } else { Word::default() };
                ParamOp::Replace { mode, pattern, with }
            }
            (b'^' | b',' | b'~', _) if self.flavour.is_bash() => {
                self.pos += 1 + usize::from(a == b);
                let pattern = self.operand(false, b"}")?.0;
                ParamOp::Case { mark: a, all: a == b, pattern: Some(pattern).filter(|p| !p.0.is_empty()) }
            }
            (b'@', letter) if self.flavour.is_bash() && self.at(2) == b'}' && b"UuLQEPAKak".contains(&b) => {
                self.pos += 3;
                ParamOp::Transform(char::from(letter))
            }
            _ => return Ok(None),
        };
        Ok(Some(op))
    }

    /// A word inside `${…}`, up to and with one of the stops; says which one it was.
    fn operand(&mut self, in_dq: bool, stops: &[u8]) -> Parsed<(Word, u8)> {
        let mut out = Parts::default();
        loop {
            if self.pos >= self.src.len() {
                return Err(self.missing("missing '}'", '}'));
            }
            let b = self.at(0);
            if stops.contains(&b) {
                self.pos += 1;
                return Ok((Word(out.finish()), b));
            }
            self.piece(&mut out, in_dq)?;
        }
    }

    /// What is no known expansion: ash refuses it when it reads it, the others when they expand it.
    fn bad_substitution(&mut self, begin: usize) -> Parsed<Param> {
        let Some(n) = self.rest().find('}') else { return Err(self.missing("missing '}'", '}')) };
        self.pos += n + 1;
        if self.flavour == super::Flavour::Ash {
            return Err(self.missing("bad substitution", '}').complete());
        }
        let text = format!("${{{}", &self.src[begin..self.pos]);
        Ok(Param { name: "".into(), index: None, op: ParamOp::Bad(text.into()) })
    }
}

fn plain(name: Rc<str>) -> Part {
    Part::Param(Rc::new(Param { name, index: None, op: ParamOp::Plain }))
}
