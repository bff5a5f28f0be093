//! Tokens to commands: a recursive-descent parser for the POSIX shell grammar with bash's additions.
//!
//! It is given text as it becomes known (a `-c` string, a script, a line typed) and hands out one complete
//! command after the other, so that what stands before a syntax error is run, as real shells do. Nesting is
//! limited by [`MAX_DEPTH`].

use super::Flavour;
use super::ast::{Assign, Cmd, Item, Node, Redir, RedirOp, Simple, Value, Word};
use super::lexer::{At, Tok, Token, name_byte, name_start};
use super::syntax::{RESERVED, SyntaxError};
use crate::collections::BTreeMap;
use std::cell::OnceCell;
use std::rc::Rc;

/// How deep commands and substitutions may nest.
pub const MAX_DEPTH: u32 = 60;

/// The result of parsing.
pub type Parsed<T> = Result<T, SyntaxError>;

/// Text on its way to commands.
#[derive(Clone, Debug)]
pub struct Parser {
    pub(super) src: String,
    pub(super) pos: usize,
    pub(super) flavour: Flavour,
    pub(super) depth: u32,
    first_line: u32,
    pub(super) peeked: Option<Token>,
    pending: Vec<Pending>,
    /// Whether words may have bash's extended patterns.
    pub groups: bool,
    /// Aliases; empty in scripts.
    pub aliases: Rc<BTreeMap<String, String>>,
    /// Aliases that are being expanded, with the number of bytes behind their text.
    expanding: Vec<(String, usize)>,
}

/// A here-document whose text comes after this line.
#[derive(Clone, Debug)]
struct Pending {
    cell: Rc<OnceCell<Word>>,
    delimiter: String,
    strip_tabs: bool,
    literal: bool,
}

impl Parser {
    /// A parser without text.
    pub fn new(flavour: Flavour, first_line: u32) -> Parser {
        Parser {
            src: String::new(),
            pos: 0,
            flavour,
            depth: 0,
            first_line,
            peeked: None,
            pending: Vec::new(),
            groups: false,
            aliases: Rc::default(),
            expanding: Vec::new(),
        }
    }

    /// Adds text.
    pub fn feed(&mut self, text: &str) {
        self.src.push_str(text);
    }

    /// Forgets everything that was not yet parsed.
    pub fn clear(&mut self) {
        self.pos = self.src.len();
        self.forget_parsed();
    }

    /// The text from the beginning of the command that is being parsed.
    pub fn source(&self) -> &str {
        &self.src
    }

    /// The number of the first line of [`Parser::source`].
    pub fn first_line(&self) -> u32 {
        self.first_line
    }

    /// Whether nothing but blanks and comments is left.
    pub fn at_end(&mut self) -> bool {
        let rest = self.rest();
        rest.lines().all(|l| l.trim_start().is_empty() || l.trim_start().starts_with('#'))
    }

    fn forget_parsed(&mut self) {
        let done = self.src.get(..self.pos).unwrap_or("");
        self.first_line += done.matches('\n').count() as u32;
        self.src.drain(..self.pos);
        self.pos = 0;
    }

    /// The next complete command line; `None` at the end of the text. After an error that more text could
    /// mend, the parser stands where it was.
    pub fn next_command(&mut self) -> Parsed<Option<Node>> {
        self.forget_parsed();
        let begin = self.pos;
        self.peeked = None;
        self.pending.clear();
        self.expanding.clear();
        self.depth = 0;
        let result = self.complete_command();
        if matches!(&result, Err(e) if e.incomplete) {
            self.pos = begin;
        }
        result
    }

    fn complete_command(&mut self) -> Parsed<Option<Node>> {
        while matches!(self.peek()?.tok, Tok::Newline) {
            self.advance()?;
        }
        if matches!(self.peek()?.tok, Tok::Eof) {
            return Ok(None);
        }
        let node = self.list(false)?;
        match self.peek()?.tok {
            Tok::Newline => {
                self.advance()?;
            }
            Tok::Eof => self.read_heredocs()?,
            _ => return Err(self.unexpected("")),
        }
        Ok(Some(node))
    }

    /// The line of the place where the parser stands.
    pub(super) fn line(&self) -> u32 {
        let at = self.peeked.as_ref().map_or(self.pos, |t| t.start);
        self.first_line + self.src.get(..at).unwrap_or("").matches('\n').count() as u32
    }

    pub(super) fn peek(&mut self) -> Parsed<&Token> {
        if self.peeked.is_none() {
            let token = self.lex()?;
            self.peeked = Some(token);
        }
        Ok(self.peeked.as_ref().expect("just filled"))
    }

    pub(super) fn advance(&mut self) -> Parsed<Token> {
        self.peek()?;
        Ok(self.peeked.take().expect("just filled"))
    }

    /// Gives the token back, to be read again in another way.
    pub(super) fn unread(&mut self) {
        if let Some(token) = self.peeked.take() {
            self.pos = token.start;
        }
    }

    pub(super) fn unexpected(&mut self, expecting: &'static str) -> SyntaxError {
        let line = self.line();
        match self.peeked.clone() {
            Some(token) => SyntaxError::unexpected(&token, &self.src, line, expecting),
            None => self.missing("syntax error", ')'),
        }
    }

    pub(super) fn missing(&self, text: &'static str, bracket: char) -> SyntaxError {
        SyntaxError::missing(text, bracket, self.line())
    }

    pub(super) fn unterminated(&self, quote: char) -> SyntaxError {
        self.missing("unterminated quoted string", quote)
    }

    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.missing("nesting too deep", ')').complete()) } else { Ok(()) }
    }

    pub(super) fn word_is(&mut self, text: &str) -> Parsed<bool> {
        Ok(matches!(&self.peek()?.tok, Tok::Word(w) if w.literal() == Some(text)))
    }

    pub(super) fn op_is(&mut self, text: &str) -> Parsed<bool> {
        Ok(matches!(self.peek()?.tok, Tok::Op(op) if op == text))
    }

    pub(super) fn expect_word(&mut self, text: &'static str) -> Parsed<()> {
        if self.word_is(text)? {
            self.advance()?;
            return Ok(());
        }
        Err(self.unexpected(text))
    }

    pub(super) fn skip_newlines(&mut self) -> Parsed<()> {
        while matches!(self.peek()?.tok, Tok::Newline) {
            self.advance()?;
        }
        Ok(())
    }

    /// Commands up to a closing word or, on the top level, the end of the line.
    pub(super) fn list(&mut self, multi_line: bool) -> Parsed<Node> {
        let mut items = Vec::new();
        loop {
            if multi_line {
                self.skip_newlines()?;
            }
            if !items.is_empty() && self.list_ends()? {
                break;
            }
            let start = self.peek()?.start;
            let mut node = self.and_or()?;
            if self.op_is("&")? {
                let end = self.peek()?.start;
                let text = self.src.get(start..end).unwrap_or("").trim_end().into();
                node = Rc::new(Cmd::Background(node, text));
            }
            items.push(node);
            let separated = self.op_is(";")? || self.op_is("&")?;
            if separated {
                self.advance()?;
            }
            let newline = matches!(self.peek()?.tok, Tok::Newline);
            if newline && !multi_line || !newline && !separated {
                break;
            }
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Rc::new(Cmd::Seq(items)) })
    }

    fn list_ends(&mut self) -> Parsed<bool> {
        Ok(match &self.peek()?.tok {
            Tok::Eof | Tok::Newline => true,
            Tok::Op(op) => matches!(*op, ")" | ";;" | ";&" | ";;&"),
            Tok::Word(w) => {
                matches!(w.literal(), Some("then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}"))
            }
            Tok::Redir(..) => false,
        })
    }

    fn and_or(&mut self) -> Parsed<Node> {
        let mut left = self.pipeline()?;
        loop {
            let and = self.op_is("&&")?;
            if !and && !self.op_is("||")? {
                return Ok(left);
            }
            self.advance()?;
            self.skip_newlines()?;
            let right = self.pipeline()?;
            left = Rc::new(if and { Cmd::And(left, right) } else { Cmd::Or(left, right) });
        }
    }

    pub(super) fn pipeline(&mut self) -> Parsed<Node> {
        let mut negate = false;
        let mut timed = false;
        loop {
            if self.word_is("!")? {
                negate = !negate;
            } else if self.flavour.is_bash() && self.word_is("time")? {
                timed = true;
            } else {
                break;
            }
            self.advance()?;
        }
        if timed && self.list_ends()? {
            return Ok(Rc::new(Cmd::Pipeline { cmds: Vec::new(), negate, timed }));
        }
        let mut cmds = vec![self.command()?];
        loop {
            let both = self.op_is("|&")?;
            if !both && !self.op_is("|")? {
                break;
            }
            self.advance()?;
            self.skip_newlines()?;
            if both && let Some(last) = cmds.pop() {
                let target = Word(vec![super::ast::Part::Lit("1".into())]);
                let redir = Redir { fd: 2, var: None, op: RedirOp::Dup, target };
                cmds.push(Rc::new(Cmd::Redirected(last, vec![redir])));
            }
            cmds.push(self.command()?);
        }
        if cmds.len() == 1 && !negate && !timed {
            return Ok(cmds.remove(0));
        }
        Ok(Rc::new(Cmd::Pipeline { cmds, negate, timed }))
    }

    fn command(&mut self) -> Parsed<Node> {
        self.deeper()?;
        let node = self.command_inner();
        self.depth -= 1;
        node
    }

    fn command_inner(&mut self) -> Parsed<Node> {
        self.expand_alias()?;
        if let Some(node) = self.compound()? {
            let mut redirs = Vec::new();
            while matches!(self.peek()?.tok, Tok::Redir(..)) {
                redirs.push(self.redirection()?);
            }
            if redirs.is_empty() {
                return Ok(node);
            }
            return Ok(Rc::new(Cmd::Redirected(node, redirs)));
        }
        self.simple()
    }

    fn expand_alias(&mut self) -> Parsed<()> {
        if self.aliases.is_empty() {
            return Ok(());
        }
        for _ in 0..MAX_DEPTH {
            let (start, end) = (self.peek()?.start, self.peek()?.end);
            let Tok::Word(word) = &self.peek()?.tok else { return Ok(()) };
            let Some(name) = word.literal().map(str::to_owned) else { return Ok(()) };
            let behind = self.src.len() - end;
            if self.expanding.iter().any(|(n, b)| *n == name && *b <= behind && self.src.len() - start > *b) {
                return Ok(());
            }
            let Some(text) = self.aliases.get(&name).cloned() else { return Ok(()) };
            self.expanding.push((name, behind));
            self.peeked = None;
            self.src.replace_range(start..end, &text);
            self.pos = start;
        }
        Ok(())
    }

    fn simple(&mut self) -> Parsed<Node> {
        let mut cmd = Simple { line: self.line(), ..Simple::default() };
        loop {
            if cmd.words.is_empty() {
                if matches!(self.peek()?.tok, Tok::Word(_)) {
                    self.unread();
                    if let Some(assign) = self.assignment()? {
                        cmd.assigns.push(assign);
                        continue;
                    }
                }
                self.expand_alias()?;
            }
            match &self.peek()?.tok {
                Tok::Redir(..) => cmd.redirs.push(self.redirection()?),
                Tok::Word(_) => {
                    if self.array_argument(&mut cmd)? {
                        continue;
                    }
                    if let Tok::Word(word) = self.advance()?.tok {
                        cmd.words.push(word);
                    }
                }
                Tok::Op("(") if cmd.words.len() == 1 && cmd.assigns.is_empty() && cmd.redirs.is_empty() => {
                    return self.function(&cmd.words[0]);
                }
                _ => break,
            }
        }
        if cmd.words.is_empty() && cmd.assigns.is_empty() && cmd.redirs.is_empty() || self.op_is("(")? {
            return Err(self.unexpected(""));
        }
        Ok(Rc::new(Cmd::Simple(cmd)))
    }

    /// `declare a=(1 2)`: the array is assigned, the name is left as an argument.
    fn array_argument(&mut self, cmd: &mut Simple) -> Parsed<bool> {
        let declares = matches!(
            cmd.words.first().and_then(Word::literal),
            Some("declare" | "local" | "typeset" | "readonly" | "export")
        );
        if !declares || !self.flavour.is_bash() {
            return Ok(false);
        }
        let (start, end) = (self.peek()?.start, self.peek()?.end);
        let text = self.src.get(start..end).unwrap_or("");
        if !text.ends_with('=') || text.starts_with('-') || self.src.as_bytes().get(end) != Some(&b'(') {
            return Ok(false);
        }
        self.unread();
        let Some(assign) = self.assignment()? else { return Ok(false) };
        cmd.words.push(Word(vec![super::ast::Part::Lit(assign.name.clone())]));
        cmd.late.push(assign);
        Ok(true)
    }

    /// `name=value` where a command may begin.
    fn assignment(&mut self) -> Parsed<Option<Assign>> {
        self.skip_blanks();
        let here = self.pos;
        let n = self.rest().bytes().take_while(|b| name_byte(*b)).count();
        if n == 0 || !name_start(self.at(0)) {
            return Ok(None);
        }
        let name: Rc<str> = self.rest()[..n].into();
        self.pos += n;
        let mut index = None;
        if self.at(0) == b'[' && self.flavour.is_bash() {
            index = self.assigned_index()?;
        }
        let append = self.at(0) == b'+' && self.at(1) == b'=' && self.flavour.is_bash();
        self.pos += usize::from(append);
        if self.at(0) != b'=' {
            self.pos = here;
            return Ok(None);
        }
        self.pos += 1;
        let value = if self.at(0) == b'(' && self.flavour.is_bash() {
            self.pos += 1;
            Value::Array(self.array_words()?)
        } else {
            Value::Scalar(Word(self.bare_word()?))
        };
        Ok(Some(Assign { name, index, append, value }))
    }

    fn assigned_index(&mut self) -> Parsed<Option<Word>> {
        let text = self.rest();
        let Some(n) = closing_bracket(text) else { return Ok(None) };
        if !text[n + 1..].starts_with('=') && !text[n + 1..].starts_with("+=") {
            return Ok(None);
        }
        let mut inner = Parser::new(self.flavour, 1);
        inner.depth = self.depth;
        inner.feed(&text[1..n]);
        let parts = inner.subscript_parts()?;
        self.pos += n + 1;
        Ok(Some(Word(parts)))
    }

    fn array_words(&mut self) -> Parsed<Vec<Item>> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            if self.at(0) == b'['
                && let Some(index) = self.assigned_index()?
            {
                self.pos += 1 + usize::from(self.at(0) == b'+');
                words.push(Item { index: Some(index), value: Word(self.bare_word()?) });
                continue;
            }
            match self.advance()?.tok {
                Tok::Newline => {}
                Tok::Word(value) => words.push(Item { index: None, value }),
                Tok::Op(")") => return Ok(words),
                _ => return Err(self.missing("missing ')'", ')')),
            }
        }
    }

    pub(super) fn redirection(&mut self) -> Parsed<Redir> {
        let Tok::Redir(at, op) = self.advance()?.tok else { return Err(self.unexpected("")) };
        let Tok::Word(target) = self.peek()?.tok.clone() else { return Err(self.unexpected("")) };
        self.advance()?;
        let reads = op.starts_with('<');
        let (fd, var) = match at {
            At::Usual => (u32::from(!reads), None),
            At::Fd(fd) => (fd, None),
            At::Var(name) => (u32::from(!reads), Some(name)),
        };
        let op = match op {
            "<" => RedirOp::Read,
            ">" => RedirOp::Write,
            ">|" => RedirOp::Clobber,
            ">>" => RedirOp::Append,
            "<>" => RedirOp::ReadWrite,
            "<<<" => RedirOp::HereString,
            "&>" => RedirOp::Both { append: false },
            "&>>" => RedirOp::Both { append: true },
            "<<" | "<<-" => {
                let cell = Rc::new(OnceCell::new());
                let delimiter = target.plain().unwrap_or_default();
                let literal = target.literal().is_none();
                self.pending.push(Pending {
                    cell: cell.clone(),
                    delimiter,
                    strip_tabs: op == "<<-",
                    literal,
                });
                RedirOp::Here(cell)
            }
            _ => RedirOp::Dup,
        };
        Ok(Redir { fd, var, op, target })
    }

    /// Reads the here-documents that were announced on the line that has just ended.
    pub(super) fn read_heredocs(&mut self) -> Parsed<()> {
        for pending in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            loop {
                if self.pos >= self.src.len() {
                    break;
                }
                let n = self.rest().find('\n').map_or(self.rest().len(), |n| n + 1);
                let mut line = self.rest()[..n].to_owned();
                self.pos += n;
                if pending.strip_tabs {
                    line = line.trim_start_matches('\t').to_owned();
                }
                if line.trim_end_matches('\n') == pending.delimiter {
                    break;
                }
                text.push_str(&line);
            }
            let word = if pending.literal {
                Word(vec![super::ast::Part::Quoted(text.into())])
            } else {
                let mut inner = Parser::new(self.flavour, self.line());
                inner.depth = self.depth;
                inner.feed(&text);
                Word(vec![super::ast::Part::Dq(inner.heredoc_parts()?)])
            };
            // The cell is new, so it is empty.
            let _ = pending.cell.set(word);
        }
        Ok(())
    }

    /// `$( … )`: the parser stands on the opening parenthesis.
    pub(super) fn substitution(&mut self) -> Parsed<Node> {
        self.deeper()?;
        self.pos += 1;
        let saved = self.peeked.take();
        let pending = std::mem::take(&mut self.pending);
        self.skip_newlines()?;
        let node = if self.op_is(")")? { Rc::new(Cmd::Seq(Vec::new())) } else { self.list(true)? };
        if !self.op_is(")")? {
            let error = self.unexpected(")");
            let eof = matches!(self.peek()?.tok, Tok::Eof);
            return Err(if eof && self.flavour.is_bash() { self.missing("missing )", ')') } else { error });
        }
        self.advance()?;
        self.peeked = saved;
        self.pending = pending;
        self.depth -= 1;
        Ok(node)
    }

    /// Parses a text of its own (backticks).
    pub(super) fn parse_apart(&mut self, text: String) -> Parsed<Node> {
        self.deeper()?;
        let mut inner = Parser::new(self.flavour, self.line());
        inner.depth = self.depth;
        inner.feed(&text);
        inner.skip_newlines()?;
        let node = if matches!(inner.peek()?.tok, Tok::Eof) {
            Rc::new(Cmd::Seq(Vec::new()))
        } else {
            inner.list(true)?
        };
        if !matches!(inner.peek()?.tok, Tok::Eof) {
            return Err(inner.unexpected(""));
        }
        inner.read_heredocs()?;
        self.depth -= 1;
        Ok(node)
    }
}

/// Where the bracket at the beginning of a text is closed.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match (c, quote) {
            _ if std::mem::take(&mut escaped) => {}
            ('\\', q) if q != Some('\'') => escaped = true,
            (c, Some(q)) => quote = (c != q).then_some(q),
            ('"' | '\'', None) => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            ('\n' | ';', None) => return None,
            _ => {}
        }
    }
    None
}

/// Whether a word is reserved.
pub fn is_reserved(word: &str, flavour: Flavour) -> bool {
    RESERVED.contains(&word)
        || word == "[[" && flavour.is_bash()
        || word == "function" && flavour.extended()
        || matches!(word, "time" | "select" | "coproc") && flavour.is_bash()
}
