//! From a template's tokens to its nodes.

use super::lex::{self, Kind, Token, located};
use crate::collections::BTreeMap;

/// How deep blocks and parentheses may be nested.
const DEPTH_LIMIT: usize = 64;

/// A place in the template: where errors say that they happened, and the text that they show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spot {
    /// The offset that is told.
    pub at: usize,
    /// What is shown, from here …
    pub from: usize,
    /// … to here.
    pub to: usize,
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Node {
    /// Literal text.
    Text(String),
    /// A pipeline whose value is printed, unless it is kept in a variable.
    Print(Pipe),
    /// `if`, with what follows `else`.
    If(Pipe, Vec<Node>, Vec<Node>),
    /// `with`.
    With(Pipe, Vec<Node>, Vec<Node>),
    /// `range`.
    Range(Pipe, Vec<Node>, Vec<Node>),
    /// `template`: its name, and what it is run on.
    Template(Spot, String, Option<Pipe>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, Default)]
pub struct Pipe {
    /// Variables that take the value.
    pub variables: Vec<String>,
    /// Whether they exist already.
    pub assigns: bool,
    /// The commands.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Where it stands.
    pub spot: Spot,
    /// Its words.
    pub terms: Vec<Term>,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub struct Term {
    /// Where it stands.
    pub spot: Spot,
    /// What it is.
    pub word: Word,
}

/// What a word is.
#[derive(Clone, Debug)]
pub enum Word {
    /// `.`
    Dot,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b` (the name is empty for `$`).
    Variable(String, Vec<String>),
    /// A function.
    Function(String),
    /// Text.
    Str(String),
    /// Whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// `true`, `false`.
    Bool(bool),
    /// `nil`.
    Nil,
    /// `(…).a.b`
    Group(Pipe, Vec<String>),
}

/// A template with those that it defines.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Templates by their names.
    pub defined: BTreeMap<String, Vec<Node>>,
}

const KEYWORDS: &[&str] =
    &["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"];

/// Reads a template; the error begins with the line's number.
pub fn template(text: &str) -> Result<Template, String> {
    let tokens = lex::tokens(text)?;
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        variables: vec![String::new()],
        loops: 0,
        depth: 0,
        defined: BTreeMap::new(),
    };
    let (nodes, ended) = parser.list(true)?;
    match ended {
        Ended::Eof => Ok(Template { nodes, defined: parser.defined }),
        Ended::Else => Err(parser.wrong("unexpected {{else}}")),
        Ended::End => Err(parser.wrong("unexpected {{end}}")),
    }
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Ended {
    Eof,
    Else,
    End,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    variables: Vec<String>,
    /// How many `range`s are open.
    loops: usize,
    depth: usize,
    defined: BTreeMap<String, Vec<Node>>,
}

impl Parser<'_> {
    fn wrong(&self, why: &str) -> String {
        let before = self.tokens.get(self.at.saturating_sub(1)).map_or(0, |t| t.at);
        located(self.text, before, why)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn skip_space(&mut self) {
        while self.tokens.get(self.at).is_some_and(|t| t.kind == Kind::Space) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<&Kind> {
        self.skip_space();
        self.tokens.get(self.at).map(|t| &t.kind)
    }

    fn unexpected(&mut self, context: &str) -> String {
        self.skip_space();
        let token = self.next();
        let shown = match &token {
            None => "EOF".into(),
            Some(Token { kind: Kind::Sign(')'), .. }) => return self.wrong("unexpected right paren"),
            Some(Token { kind: Kind::Dot, .. }) => "<.>".into(),
            Some(Token { kind: Kind::Word(w), .. }) if KEYWORDS.contains(&w.as_str()) => format!("<{w}>"),
            Some(t) => {
                let text = &self.text[t.at..t.end];
                match text.char_indices().nth(10) {
                    Some((cut, _)) => format!("{:?}...", &text[..cut]),
                    None => format!("{text:?}"),
                }
            }
        };
        self.wrong(&format!("unexpected {shown} in {context}"))
    }

    /// Reads the end of an action.
    fn close(&mut self, context: &str) -> Result<(), String> {
        if self.peek() == Some(&Kind::Close) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected(context))
    }

    /// Nodes up to an `else`, an `end` or the end of the text, which only the outermost list has.
    fn list(&mut self, outermost: bool) -> Result<(Vec<Node>, Ended), String> {
        let mut nodes = Vec::new();
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(self.wrong("blocks are nested too deeply"));
        }
        while let Some(token) = self.next() {
            match token.kind {
                Kind::Text(text) if text.is_empty() => {}
                Kind::Text(text) => nodes.push(Node::Text(text)),
                _ => {
                    let word = match self.peek() {
                        Some(Kind::Word(w)) => w.clone(),
                        _ => String::new(),
                    };
                    if word == "end" || word == "else" {
                        self.at += 1;
                        self.depth -= 1;
                        if word == "end" {
                            self.close("end")?;
                        }
                        return Ok((nodes, if word == "end" { Ended::End } else { Ended::Else }));
                    }
                    nodes.extend(self.action(&word)?);
                }
            }
        }
        self.depth -= 1;
        if outermost { Ok((nodes, Ended::Eof)) } else { Err(self.wrong("unexpected EOF")) }
    }

    fn action(&mut self, word: &str) -> Result<Option<Node>, String> {
        match word {
            "if" | "with" | "range" => {
                self.at += 1;
                return self.control(word).map(Some);
            }
            "break" | "continue" => {
                self.at += 1;
                self.close(word)?;
                if self.loops == 0 {
                    return Err(self.wrong(&format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                return Ok(Some(if word == "break" { Node::Break } else { Node::Continue }));
            }
            "define" | "block" | "template" => {
                self.at += 1;
                return self.named(word);
            }
            _ => {}
        }
        Ok(Some(Node::Print(self.pipe("command", false)?)))
    }

    fn control(&mut self, word: &str) -> Result<Node, String> {
        let kept = self.variables.len();
        let pipe = self.pipe(word, false)?;
        self.loops += usize::from(word == "range");
        let (body, ended) = self.list(false)?;
        self.loops -= usize::from(word == "range");
        let mut otherwise = Vec::new();
        if ended == Ended::Else {
            let chained = matches!(self.peek(), Some(Kind::Word(w)) if w == word && word != "range");
            if chained {
                self.at += 1;
                otherwise.push(self.control(word)?);
            } else {
                self.close("else")?;
                let (nodes, ended) = self.list(false)?;
                if ended == Ended::Else {
                    return Err(self.wrong("expected end; found {{else}}"));
                }
                otherwise = nodes;
            }
        }
        self.variables.truncate(kept);
        Ok(match word {
            "if" => Node::If(pipe, body, otherwise),
            "with" => Node::With(pipe, body, otherwise),
            _ => Node::Range(pipe, body, otherwise),
        })
    }

    /// `define`, `block` and `template`, which name templates.
    fn named(&mut self, word: &str) -> Result<Option<Node>, String> {
        let context = format!("{word} clause");
        self.skip_space();
        let Some(Token { at, end, kind: Kind::Quoted(name) }) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected(&context));
        };
        self.at += 1;
        let pipe = match self.peek() {
            Some(Kind::Close) if word != "block" => {
                self.at += 1;
                None
            }
            _ if word == "define" => return Err(self.unexpected(&context)),
            _ => Some(self.pipe(&context, false)?),
        };
        let close = self.tokens.get(self.at.saturating_sub(1)).map_or(end, |t| t.end);
        if word != "template" {
            let outer = std::mem::replace(&mut self.variables, vec![String::new()]);
            let loops = std::mem::take(&mut self.loops);
            let (nodes, ended) = self.list(false)?;
            (self.variables, self.loops) = (outer, loops);
            if ended == Ended::Else {
                return Err(self.wrong(&format!("unexpected {{{{else}}}} in {context}")));
            }
            self.defined.insert(name.clone(), nodes);
        }
        let from = self.text[..at].rfind("{{").unwrap_or(at);
        let spot = Spot { at, from, to: close };
        Ok((word != "define").then_some(Node::Template(spot, name, pipe)))
    }

    /// A pipeline up to the end of the action, or of the parentheses.
    fn pipe(&mut self, context: &str, inner: bool) -> Result<Pipe, String> {
        let mut pipe = Pipe::default();
        self.declarations(&mut pipe, context)?;
        loop {
            match self.peek() {
                Some(Kind::Close) if inner => return Err(self.wrong("unclosed left paren")),
                Some(Kind::Close) => break,
                Some(Kind::Sign(')')) if inner => break,
                Some(Kind::Sign('(')) => {}
                Some(Kind::Sign(_) | Kind::Declare | Kind::Assign) | None => {
                    return Err(self.unexpected(context));
                }
                Some(Kind::Word(w)) if w != "nil" && KEYWORDS.contains(&w.as_str()) => {
                    return Err(self.unexpected(context));
                }
                Some(_) => {}
            }
            pipe.commands.push(self.command()?);
        }
        self.at += 1;
        if pipe.commands.is_empty() {
            return Err(self.wrong(&format!("missing value for {context}")));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.terms.first().map(|t| &t.word);
            if !matches!(
                first,
                Some(Word::Field(_) | Word::Variable(..) | Word::Function(_) | Word::Group(..))
            ) {
                return Err(self.wrong(&format!("non executable command in pipeline stage {}", i + 1)));
            }
        }
        Ok(pipe)
    }

    /// `$x :=`, `$x =` and, for `range`, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<(), String> {
        let begun = (self.at, self.variables.len());
        while let Some(Kind::Variable(name)) = self.peek().cloned() {
            self.at += 1;
            let sign = self.peek().cloned();
            if !matches!(sign, Some(Kind::Declare | Kind::Assign | Kind::Sign(','))) {
                break;
            }
            self.at += 1;
            pipe.variables.push(name.clone());
            if sign == Some(Kind::Sign(',')) {
                if context != "range" || pipe.variables.len() > 1 {
                    return Err(self.wrong(&format!("too many declarations in {context}")));
                }
                continue;
            }
            pipe.assigns = sign == Some(Kind::Assign);
            if !pipe.assigns {
                self.variables.extend(pipe.variables.iter().cloned());
            }
            return Ok(());
        }
        self.at = begun.0;
        pipe.variables.clear();
        Ok(())
    }

    fn command(&mut self) -> Result<Command, String> {
        let mut terms: Vec<Term> = Vec::new();
        loop {
            self.skip_space();
            let term = self.term()?;
            let found = term.is_some();
            terms.extend(term);
            match self.tokens.get(self.at).map(|t| &t.kind) {
                Some(Kind::Space) if found => self.at += 1,
                Some(Kind::Close | Kind::Sign(')')) => break,
                Some(Kind::Sign('|')) if !terms.is_empty() => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.unexpected("operand")),
            }
        }
        let (first, last) = (terms.first(), terms.last());
        let (from, to) = (first.map_or(0, |t| t.spot.from), last.map_or(0, |t| t.spot.to));
        Ok(Command { spot: Spot { at: from, from, to }, terms })
    }

    fn term(&mut self) -> Result<Option<Term>, String> {
        let Some(token) = self.tokens.get(self.at).cloned() else { return Ok(None) };
        let start = self.at;
        self.at += 1;
        let word = match token.kind {
            Kind::Dot => Word::Dot,
            Kind::Field(name) => Word::Field(vec![name]),
            Kind::Variable(name) => {
                if !self.variables.contains(&name) {
                    return Err(self.wrong(&format!("undefined variable \"${name}\"")));
                }
                Word::Variable(name, Vec::new())
            }
            Kind::Quoted(text) => Word::Str(text),
            Kind::Int(n) => Word::Int(n),
            Kind::Float(f) => Word::Float(f),
            Kind::Word(word) => match word.as_str() {
                "true" => Word::Bool(true),
                "false" => Word::Bool(false),
                "nil" => Word::Nil,
                w if super::function::known(w) => Word::Function(word),
                _ => return Err(self.wrong(&format!("function {word:?} not defined"))),
            },
            Kind::Sign('(') => {
                self.depth += 1;
                if self.depth > DEPTH_LIMIT {
                    return Err(self.wrong("parentheses are nested too deeply"));
                }
                let pipe = self.pipe("parenthesized pipeline", true)?;
                self.depth -= 1;
                Word::Group(pipe, Vec::new())
            }
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        Ok(Some(self.chain(token.at, word)))
    }

    /// A word with the fields that follow it.
    fn chain(&mut self, from: usize, mut word: Word) -> Term {
        let mut at = from;
        let mut first = true;
        while let Some(Token { at: here, kind: Kind::Field(name), .. }) = self.tokens.get(self.at).cloned() {
            match &mut word {
                Word::Field(path) | Word::Variable(_, path) | Word::Group(_, path) => path.push(name),
                _ => break,
            }
            if std::mem::take(&mut first) {
                at = here;
            }
            self.at += 1;
        }
        let to = self.tokens.get(self.at.saturating_sub(1)).map_or(from, |t| t.end);
        Term { spot: Spot { at, from, to }, word }
    }
}
