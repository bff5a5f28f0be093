//! The compound commands of the grammar.

use super::Flavour;
use super::ast::{Arm, ArmEnd, Cmd, Node, Part, Test, Word};
use super::lexer::{At, Tok};
use super::parser::{Parsed, Parser};
use std::rc::Rc;

impl Parser {
    /// A compound command, if one begins here.
    pub(super) fn compound(&mut self) -> Parsed<Option<Node>> {
        let tok = self.peek()?.tok.clone();
        let node = match &tok {
            Tok::Op("(") => return self.parenthesis().map(Some),
            Tok::Word(w) => match w.literal() {
                Some("if") => self.if_clause()?,
                Some("for") => self.for_clause(false)?,
                Some("select") if self.flavour.is_bash() => self.for_clause(true)?,
                Some("coproc") if self.flavour.is_bash() => self.coproc()?,
                Some("while") => self.while_clause(false)?,
                Some("until") => self.while_clause(true)?,
                Some("case") => self.case_clause()?,
                Some("{") => self.group()?,
                Some("function") if self.flavour.extended() => self.function_keyword()?,
                Some("[[") if self.flavour.extended() => self.double_bracket()?,
                Some("then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}") => {
                    return Err(self.unexpected(""));
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(node))
    }

    fn parenthesis(&mut self) -> Parsed<Node> {
        let start = self.peek()?.start;
        if self.flavour.is_bash() && self.src.as_bytes().get(start + 1) == Some(&b'(') {
            self.unread();
            self.pos += 2;
            if let Some(word) = self.arith_word()? {
                return Ok(Rc::new(Cmd::Arith(word)));
            }
            self.pos = start;
        }
        self.advance()?;
        let body = self.list(true)?;
        self.close_parenthesis()?;
        Ok(Rc::new(Cmd::Subshell(body)))
    }

    fn close_parenthesis(&mut self) -> Parsed<()> {
        if !self.op_is(")")? {
            return Err(self.unexpected(")"));
        }
        self.advance()?;
        Ok(())
    }

    fn group(&mut self) -> Parsed<Node> {
        self.advance()?;
        let body = self.list(true)?;
        self.expect_word("}")?;
        Ok(Rc::new(Cmd::Redirected(body, Vec::new())))
    }

    fn if_clause(&mut self) -> Parsed<Node> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            self.advance()?;
            if !arms.is_empty() {
                self.skip_newlines()?;
            }
            let test = self.list_or("then")?;
            self.expect_word("then")?;
            arms.push((test, self.list_or("fi")?));
            if self.word_is("elif")? {
                continue;
            }
            if self.word_is("else")? {
                self.advance()?;
                otherwise = Some(self.list_or("fi")?);
            }
            self.expect_word("fi")?;
            return Ok(Rc::new(Cmd::If { arms, otherwise }));
        }
    }

    /// A list; at the end of the file says what was wanted.
    fn list_or(&mut self, expecting: &'static str) -> Parsed<Node> {
        self.skip_newlines()?;
        if matches!(self.peek()?.tok, Tok::Eof) {
            return Err(self.unexpected(expecting));
        }
        self.list(true)
    }

    fn do_group(&mut self) -> Parsed<Node> {
        self.expect_word("do")?;
        let body = self.list_or("done")?;
        self.expect_word("done")?;
        Ok(body)
    }

    fn while_clause(&mut self, until: bool) -> Parsed<Node> {
        self.advance()?;
        let test = self.list_or("do")?;
        let body = self.do_group()?;
        Ok(Rc::new(Cmd::While { test, body, until }))
    }

    /// `coproc [name] command`: only a compound command may have a name.
    fn coproc(&mut self) -> Parsed<Node> {
        self.advance()?;
        let start = self.peek()?.start;
        let mut name: Rc<str> = "COPROC".into();
        let named = match &self.peek()?.tok {
            Tok::Word(w) => w.literal().filter(|n| is_name(n)).map(Rc::from),
            _ => None,
        };
        if let Some(given) = named
            && !super::parser::is_reserved(&given, self.flavour)
        {
            self.advance()?;
            let flavour = self.flavour;
            let compound = self.op_is("(")?
                || matches!(&self.peek()?.tok, Tok::Word(w) if w.literal().is_some_and(|l| {
                    matches!(l, "{" | "[[") || super::parser::is_reserved(l, flavour)
                }));
            if compound {
                name = given;
            } else {
                self.peeked = None;
                self.pos = start;
            }
        }
        let body = self.pipeline()?;
        Ok(Rc::new(Cmd::Coproc { name, body }))
    }

    fn for_clause(&mut self, select: bool) -> Parsed<Node> {
        self.advance()?;
        if self.flavour.is_bash() && !select && self.op_is("(")? {
            return self.arith_for();
        }
        let name = match &self.peek()?.tok {
            Tok::Word(w) => w.literal().filter(|n| is_name(n)).map(Rc::from),
            _ => None,
        };
        let Some(name) = name else {
            if self.flavour.is_bash() {
                return Err(self.unexpected("newline"));
            }
            return Err(self.missing("bad for loop variable", ')').complete());
        };
        self.advance()?;
        self.skip_newlines()?;
        let mut words = None;
        if self.word_is("in")? {
            self.advance()?;
            let mut list = Vec::new();
            while matches!(self.peek()?.tok, Tok::Word(_)) {
                if let Tok::Word(w) = self.advance()?.tok {
                    list.push(w);
                }
            }
            if !matches!(self.peek()?.tok, Tok::Op(";") | Tok::Newline) {
                return Err(self.unexpected(""));
            }
            words = Some(list);
        }
        if self.op_is(";")? {
            self.advance()?;
        }
        self.skip_newlines()?;
        let body =
            if self.flavour.is_bash() && self.word_is("{")? { self.group()? } else { self.do_group()? };
        Ok(Rc::new(Cmd::For { name, words, body, select }))
    }

    fn arith_for(&mut self) -> Parsed<Node> {
        self.unread();
        self.pos += 2;
        let Some(word) = self.arith_word()? else { return Err(self.missing("missing '))'", ')')) };
        let mut parts: [Word; 3] = Default::default();
        let mut i = 0;
        for part in word.0 {
            let Part::Lit(text) = &part else {
                parts[i].0.push(part);
                continue;
            };
            for (k, piece) in text.split(';').enumerate() {
                i = (i + usize::from(k > 0)).min(2);
                if !piece.trim().is_empty() {
                    parts[i].0.push(Part::Lit(piece.into()));
                }
            }
        }
        if self.op_is(";")? {
            self.advance()?;
        }
        self.skip_newlines()?;
        let body = if self.word_is("{")? { self.group()? } else { self.do_group()? };
        Ok(Rc::new(Cmd::ArithFor { parts, body }))
    }

    fn case_clause(&mut self) -> Parsed<Node> {
        self.advance()?;
        let Tok::Word(word) = self.peek()?.tok.clone() else {
            let expecting = if self.flavour.is_bash() { "newline" } else { "word" };
            return Err(self.unexpected(expecting));
        };
        self.advance()?;
        self.skip_newlines()?;
        self.expect_word("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.word_is("esac")? {
                break;
            }
            arms.push(self.arm()?);
            if !matches!(arms.last().map(|a| a.then), Some(ArmEnd::Fall | ArmEnd::Next))
                && self.word_is("esac")?
            {
                break;
            }
        }
        self.advance()?;
        Ok(Rc::new(Cmd::Case { word, arms }))
    }

    fn arm(&mut self) -> Parsed<Arm> {
        if self.op_is("(")? {
            self.advance()?;
        }
        let mut patterns = Vec::new();
        loop {
            let Tok::Word(pattern) = self.peek()?.tok.clone() else { return Err(self.unexpected(")")) };
            self.advance()?;
            patterns.push(pattern);
            if !self.op_is("|")? {
                break;
            }
            self.advance()?;
        }
        if !self.op_is(")")? {
            let expecting = if self.flavour.is_bash() { "newline" } else { ")" };
            return Err(self.unexpected(expecting));
        }
        self.advance()?;
        self.skip_newlines()?;
        let empty = matches!(self.peek()?.tok, Tok::Op(";;" | ";&" | ";;&")) || self.word_is("esac")?;
        let body = if empty { Rc::new(Cmd::Seq(Vec::new())) } else { self.list_or(";;")? };
        if self.word_is("esac")? {
            return Ok(Arm { patterns, body, then: ArmEnd::Stop });
        }
        let then = match self.peek()?.tok {
            Tok::Op(";;") => ArmEnd::Stop,
            Tok::Op(";&") => ArmEnd::Fall,
            Tok::Op(";;&") => ArmEnd::Next,
            _ => return Err(self.unexpected(";;")),
        };
        self.advance()?;
        self.skip_newlines()?;
        Ok(Arm { patterns, body, then })
    }

    /// `name ( ) body`: the parser stands on the parenthesis.
    pub(super) fn function(&mut self, name: &Word) -> Parsed<Node> {
        self.advance()?;
        if matches!(self.peek()?.tok, Tok::Word(_))
            && let Some(token) = &mut self.peeked
        {
            // Reserved words are not looked for here.
            token.tok = Tok::Word(Word::default());
        }
        if !self.op_is(")")? {
            return Err(self.unexpected(if self.flavour.is_bash() { "newline" } else { ")" }));
        }
        let good = match name.literal() {
            Some(n) => self.flavour.is_bash() || is_name(n),
            None => false,
        };
        if !good {
            return Err(self.missing("bad function name", ')').complete());
        }
        self.advance()?;
        self.function_body(name.literal().unwrap_or_default())
    }

    fn function_keyword(&mut self) -> Parsed<Node> {
        self.advance()?;
        let Tok::Word(name) = self.peek()?.tok.clone() else {
            let expecting = if self.flavour.is_bash() { "newline" } else { "word" };
            return Err(self.unexpected(expecting));
        };
        self.advance()?;
        if self.op_is("(")? {
            self.advance()?;
            self.close_parenthesis()?;
        }
        self.function_body(name.literal().unwrap_or_default())
    }

    fn function_body(&mut self, name: &str) -> Parsed<Node> {
        self.skip_newlines()?;
        self.deeper()?;
        let body = match self.compound()? {
            Some(node) => node,
            None => return Err(self.unexpected("")),
        };
        self.depth -= 1;
        let mut redirs = Vec::new();
        while matches!(self.peek()?.tok, Tok::Redir(..)) {
            redirs.push(self.redirection()?);
        }
        let body = if redirs.is_empty() { body } else { Rc::new(Cmd::Redirected(body, redirs)) };
        Ok(Rc::new(Cmd::Function { name: name.into(), body }))
    }

    fn double_bracket(&mut self) -> Parsed<Node> {
        self.advance()?;
        let test = self.test_or()?;
        if !self.word_is("]]")? {
            return Err(self.unclosed_test());
        }
        self.advance()?;
        Ok(Rc::new(Cmd::Test(test)))
    }

    fn unclosed_test(&mut self) -> super::syntax::SyntaxError {
        self.missing("missing ]]", ']').complete()
    }

    fn test_or(&mut self) -> Parsed<Test> {
        let mut left = self.test_and()?;
        while self.op_is("||")? {
            self.advance()?;
            self.skip_newlines()?;
            left = Test::Or(Box::new(left), Box::new(self.test_and()?));
        }
        Ok(left)
    }

    fn test_and(&mut self) -> Parsed<Test> {
        let mut left = self.test_not()?;
        while self.op_is("&&")? {
            self.advance()?;
            self.skip_newlines()?;
            left = Test::And(Box::new(left), Box::new(self.test_not()?));
        }
        Ok(left)
    }

    fn test_not(&mut self) -> Parsed<Test> {
        self.deeper()?;
        self.skip_newlines()?;
        let test = if self.word_is("!")? {
            self.advance()?;
            Test::Not(Box::new(self.test_not()?))
        } else if self.op_is("(")? {
            self.advance()?;
            let inner = self.test_or()?;
            self.close_parenthesis()?;
            inner
        } else {
            self.test_primary()?
        };
        self.depth -= 1;
        Ok(test)
    }

    fn test_primary(&mut self) -> Parsed<Test> {
        let first = self.test_word()?;
        if let Some(op) = first.literal().filter(|l| l.len() == 2 && l.starts_with('-'))
            && matches!(&self.peek()?.tok, Tok::Word(w) if w.literal() != Some("]]"))
        {
            let op = op.into();
            return Ok(Test::Unary(op, self.test_word()?));
        }
        let op: Option<Rc<str>> = match &self.peek()?.tok {
            Tok::Redir(At::Usual, op @ ("<" | ">")) => Some((*op).into()),
            Tok::Word(w) => w.literal().filter(|l| *l != "]]").map(Rc::from),
            _ => None,
        };
        let Some(op) = op else { return Ok(Test::Word(first)) };
        self.advance()?;
        let groups = std::mem::replace(&mut self.groups, self.flavour.is_bash());
        let right = if &*op == "=~" { self.regex_word() } else { self.test_word() };
        self.groups = groups;
        let right = right?;
        Ok(Test::Binary(first, op, right))
    }

    fn test_word(&mut self) -> Parsed<Word> {
        let closing = self.word_is("]]")?;
        match self.peek()?.tok.clone() {
            Tok::Word(word) if !closing => {
                self.advance()?;
                Ok(word)
            }
            _ => Err(self.unclosed_test()),
        }
    }

    /// The right side of `=~`: parentheses and bars belong to it.
    fn regex_word(&mut self) -> Parsed<Word> {
        self.unread();
        self.skip_blanks();
        let mut parts = Vec::new();
        let mut depth = 0_u32;
        loop {
            match self.at(0) {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'|' => {}
                b' ' if depth > 0 => {}
                b' ' | b'\n' | b'\t' | 0 => return Ok(Word(parts)),
                _ => {
                    let inner = self.bare_word()?;
                    if inner.is_empty() {
                        return Err(self.unclosed_test());
                    }
                    parts.extend(inner);
                    continue;
                }
            }
            let c: Rc<str> = char::from(self.at(0)).to_string().into();
            parts.push(Part::Lit(c));
            self.pos += 1;
        }
    }
}

/// Whether a text is a variable's name.
pub fn is_name(text: &str) -> bool {
    let b = text.as_bytes();
    b.first().is_some_and(|b| super::lexer::name_start(*b)) && b.iter().all(|b| super::lexer::name_byte(*b))
}

impl Flavour {
    /// The shell that a binary's name stands for.
    pub fn of(name: &str) -> Option<Flavour> {
        Some(match name {
            "sh" | "ash" => Flavour::Ash,
            "dash" => Flavour::Dash,
            "bash" => Flavour::Bash,
            _ => return None,
        })
    }
}
