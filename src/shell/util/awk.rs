//! `awk`: patterns, fields, variables, arrays, `if`/`for`/`while`, `print`, `printf` and the common functions.
//!
//! Left out: user functions, `getline`, pipes and output redirection; they are refused by name.

use super::ctx::Ctx;
use super::opts;
use super::regex::Regex;
use super::stream::{Filter, Go, Lines, PACE, Stream, lines};
use super::text::leading_number;
use crate::collections::BTreeMap;
use std::rc::Rc;

/// How deep expressions and statements may nest; how many steps a program may take in all.
const MAX_DEPTH: u32 = 60;
const MAX_STEPS: u64 = 20_000_000;

#[derive(Clone, Debug, PartialEq)]
enum Tok {
    Num(f64),
    Str(String),
    Regex(String),
    Name(String),
    Op(&'static str),
    Newline,
    Eof,
}

const OPS: [&str; 44] = [
    "**=", "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "!~", ">>",
    "**", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
    "~", "$", "=", "&", "\\", "@",
];

#[derive(Debug)]
enum Expr {
    Num(f64),
    Str(String),
    Regex(Regex),
    Var(String),
    Elem(String, Vec<Expr>),
    Field(Box<Expr>),
    Assign(Box<Expr>, &'static str, Box<Expr>),
    Step(Box<Expr>, f64, bool),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Match(Box<Expr>, Box<Expr>, bool),
    In(Vec<Expr>, String),
    Cond(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Debug)]
enum Stmt {
    Expr(Expr),
    Print(Vec<Expr>),
    Printf(Vec<Expr>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    Do(Box<Stmt>, Expr),
    For(Option<Box<Stmt>>, Option<Expr>, Option<Box<Stmt>>, Box<Stmt>),
    ForIn(String, String, Box<Stmt>),
    Block(Vec<Stmt>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
    Delete(String, Option<Vec<Expr>>),
}

#[derive(Debug)]
enum When {
    Begin,
    End,
    Always,
    Expr(Expr),
    Range(Expr, Expr, usize),
}

#[derive(Debug)]
struct Rule {
    when: When,
    body: Option<Stmt>,
}

type Parsed<T> = Result<T, String>;

fn lex(src: &str) -> Parsed<Vec<Tok>> {
    let b: Vec<char> = src.chars().collect();
    let mut out: Vec<Tok> = Vec::new();
    let mut i = 0;
    while i < b.len() {
        let c = b[i];
        if c == '\n' {
            out.push(Tok::Newline);
            i += 1;
        } else if c.is_whitespace() || c == '\\' && b.get(i + 1) == Some(&'\n') {
            i += if c == '\\' { 2 } else { 1 };
        } else if c == '#' {
            while i < b.len() && b[i] != '\n' {
                i += 1;
            }
        } else if c == '"' {
            let mut raw = String::new();
            i += 1;
            while i < b.len() && b[i] != '"' {
                raw.push(b[i]);
                if b[i] == '\\' && i + 1 < b.len() {
                    i += 1;
                    raw.push(b[i]);
                }
                i += 1;
            }
            i += 1;
            let mut bytes = Vec::new();
            crate::shell::text::unescape(
                &raw.replace("\\/", "/"),
                crate::shell::text::Escapes::Printf,
                &mut bytes,
            );
            out.push(Tok::Str(String::from_utf8_lossy(&bytes).into_owned()));
        } else if c.is_ascii_digit() || c == '.' && b.get(i + 1).is_some_and(char::is_ascii_digit) {
            let start = i;
            while i < b.len() && (b[i].is_ascii_digit() || b[i] == '.') {
                i += 1;
            }
            let digits = 1 + usize::from(matches!(b.get(i + 1), Some('+' | '-')));
            if matches!(b.get(i), Some('e' | 'E')) && b.get(i + digits).is_some_and(char::is_ascii_digit) {
                i += digits;
                while b.get(i).is_some_and(char::is_ascii_digit) {
                    i += 1;
                }
            }
            out.push(Tok::Num(b[start..i].iter().collect::<String>().parse().unwrap_or(0.0)));
        } else if c.is_alphabetic() || c == '_' {
            let start = i;
            while i < b.len() && (b[i].is_alphanumeric() || b[i] == '_') {
                i += 1;
            }
            out.push(Tok::Name(b[start..i].iter().collect()));
        } else if c == '/'
            && !matches!(
                out.last(),
                Some(Tok::Num(_) | Tok::Str(_) | Tok::Name(_) | Tok::Op(")" | "]" | "$" | "++" | "--"))
            )
        {
            let mut raw = String::new();
            i += 1;
            while i < b.len() && b[i] != '/' {
                if b[i] == '\\' && b.get(i + 1) == Some(&'/') {
                    i += 1;
                } else if b[i] == '\\' && i + 1 < b.len() {
                    raw.push(b[i]);
                    i += 1;
                }
                raw.push(b[i]);
                i += 1;
            }
            i += 1;
            out.push(Tok::Regex(raw));
        } else {
            let rest: String = b[i..b.len().min(i + 3)].iter().collect();
            let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) else {
                return Err(format!("unexpected character '{c}'"));
            };
            out.push(Tok::Op(op));
            i += op.chars().count();
        }
    }
    out.push(Tok::Eof);
    Ok(out)
}

struct Parser {
    toks: Vec<Tok>,
    at: usize,
    depth: u32,
    ranges: usize,
    no_in: bool,
    no_gt: bool,
}

impl Parser {
    fn peek(&self) -> &Tok {
        self.toks.get(self.at).unwrap_or(&Tok::Eof)
    }

    fn is(&self, op: &str) -> bool {
        matches!(self.peek(), Tok::Op(o) if *o == op)
    }

    fn eat(&mut self, op: &str) -> bool {
        let found = self.is(op);
        self.at += usize::from(found);
        found
    }

    fn want(&mut self, op: &str) -> Parsed<()> {
        if self.eat(op) { Ok(()) } else { Err("Unexpected token".into()) }
    }

    fn word(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Tok::Name(n) if n == name);
        self.at += usize::from(found);
        found
    }

    fn newlines(&mut self) {
        while matches!(self.peek(), Tok::Newline) || self.is(";") {
            self.at += 1;
        }
    }

    fn rules(&mut self) -> Parsed<Vec<Rule>> {
        let mut out = Vec::new();
        loop {
            self.newlines();
            if *self.peek() == Tok::Eof {
                return Ok(out);
            }
            if matches!(self.peek(), Tok::Name(n) if n == "function" || n == "func") {
                return Err("not simulated: user functions".into());
            }
            let when = if self.word("BEGIN") {
                When::Begin
            } else if self.word("END") {
                When::End
            } else if self.is("{") {
                When::Always
            } else {
                let from = self.expr()?;
                if self.eat(",") {
                    self.ranges += 1;
                    When::Range(from, self.expr()?, self.ranges - 1)
                } else {
                    When::Expr(from)
                }
            };
            let body = if self.is("{") { Some(self.statement()?) } else { None };
            out.push(Rule { when, body });
        }
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("program too deep".into());
        }
        let stmt = self.statement_inner();
        self.depth -= 1;
        stmt
    }

    fn ends(&mut self) {
        while matches!(self.peek(), Tok::Newline) || self.is(";") {
            self.at += 1;
        }
    }

    fn statement_inner(&mut self) -> Parsed<Stmt> {
        while matches!(self.peek(), Tok::Newline) {
            self.at += 1;
        }
        if self.eat("{") {
            let mut list = Vec::new();
            loop {
                self.ends();
                if self.eat("}") {
                    return Ok(Stmt::Block(list));
                }
                list.push(self.statement()?);
            }
        }
        if self.eat(";") {
            return Ok(Stmt::Block(Vec::new()));
        }
        if self.word("if") {
            self.want("(")?;
            let test = self.expr()?;
            self.want(")")?;
            let yes = Box::new(self.statement()?);
            let here = self.at;
            self.ends();
            if self.word("else") {
                return Ok(Stmt::If(test, yes, Some(Box::new(self.statement()?))));
            }
            self.at = here;
            return Ok(Stmt::If(test, yes, None));
        }
        if self.word("while") {
            self.want("(")?;
            let test = self.expr()?;
            self.want(")")?;
            return Ok(Stmt::While(test, Box::new(self.statement()?)));
        }
        if self.word("do") {
            let body = Box::new(self.statement()?);
            self.ends();
            if !self.word("while") {
                return Err("Unexpected token".into());
            }
            self.want("(")?;
            let test = self.expr()?;
            self.want(")")?;
            return Ok(Stmt::Do(body, test));
        }
        if self.word("for") {
            return self.for_statement();
        }
        let stmt = self.simple()?;
        if !self.is("}") && !self.is(";") && !matches!(self.peek(), Tok::Newline | Tok::Eof) {
            return Err(if self.is(">") || self.is(">>") || self.is("|") {
                "not simulated: redirection".into()
            } else {
                "Unexpected token".into()
            });
        }
        self.eat(";");
        Ok(stmt)
    }

    fn for_statement(&mut self) -> Parsed<Stmt> {
        self.want("(")?;
        if let [Tok::Name(var), Tok::Name(word), Tok::Name(array), Tok::Op(")")] =
            &self.toks[self.at..(self.at + 4).min(self.toks.len())]
            && word == "in"
        {
            let (var, array) = (var.clone(), array.clone());
            self.at += 4;
            return Ok(Stmt::ForIn(var, array, Box::new(self.statement()?)));
        }
        let init = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.want(";")?;
        let test = if self.is(";") { None } else { Some(self.expr()?) };
        self.want(";")?;
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.want(")")?;
        Ok(Stmt::For(init, test, step, Box::new(self.statement()?)))
    }

    fn simple(&mut self) -> Parsed<Stmt> {
        let printf = matches!(self.peek(), Tok::Name(n) if n == "printf");
        if printf || matches!(self.peek(), Tok::Name(n) if n == "print") {
            self.at += 1;
            self.no_gt = true;
            let mut list = Vec::new();
            let ended = |p: &Parser| {
                p.is(";")
                    || p.is("}")
                    || p.is(">")
                    || p.is("|")
                    || matches!(p.peek(), Tok::Newline | Tok::Eof)
            };
            if !ended(self) {
                let here = self.at;
                let mut grouped = false;
                if self.eat("(") {
                    self.no_gt = false;
                    list = self.list(")")?;
                    grouped = ended(self);
                    self.no_gt = true;
                }
                if !grouped {
                    self.at = here;
                    list = vec![self.expr()?];
                    while self.eat(",") {
                        list.push(self.expr()?);
                    }
                }
            }
            self.no_gt = false;
            return Ok(if printf { Stmt::Printf(list) } else { Stmt::Print(list) });
        }
        if self.word("next") {
            return Ok(Stmt::Next);
        }
        if self.word("break") {
            return Ok(Stmt::Break);
        }
        if self.word("continue") {
            return Ok(Stmt::Continue);
        }
        if self.word("exit") {
            let none = self.is(";") || self.is("}") || matches!(self.peek(), Tok::Newline | Tok::Eof);
            return Ok(Stmt::Exit(if none { None } else { Some(self.expr()?) }));
        }
        if self.word("delete") {
            let Tok::Name(name) = self.peek().clone() else { return Err("Unexpected token".into()) };
            self.at += 1;
            let keys = if self.eat("[") { Some(self.list("]")?) } else { None };
            return Ok(Stmt::Delete(name, keys));
        }
        Ok(Stmt::Expr(self.expr()?))
    }

    fn list(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut out = Vec::new();
        while !self.eat(close) {
            out.push(self.expr()?);
            if !self.eat(",") {
                self.want(close)?;
                break;
            }
        }
        Ok(out)
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("expression too deep".into());
        }
        let left = self.ternary()?;
        for op in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
            if matches!(left, Expr::Var(_) | Expr::Elem(..) | Expr::Field(_)) && self.eat(op) {
                let right = self.expr()?;
                self.depth -= 1;
                let Some(op) = OPS.iter().find(|o| **o == op) else { break };
                return Ok(Expr::Assign(Box::new(left), op, Box::new(right)));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let test = self.level(0)?;
        if self.eat("?") {
            let yes = self.expr()?;
            self.want(":")?;
            let no = self.expr()?;
            return Ok(Expr::Cond(Box::new(test), Box::new(yes), Box::new(no)));
        }
        Ok(test)
    }

    /// 0 `||`, 1 `&&`, 2 `in`, 3 `~`, 4 comparisons, 5 concatenation, 6 `+`, 7 `*`.
    fn level(&mut self, level: u32) -> Parsed<Expr> {
        const TABLE: [&[&str]; 8] = [
            &["||"],
            &["&&"],
            &[],
            &["~", "!~"],
            &["<", "<=", "==", "!=", ">", ">="],
            &[],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        if level == 8 {
            return self.unary();
        }
        let mut left = self.level(level + 1)?;
        loop {
            if level == 2 {
                if self.no_in || !self.word("in") {
                    return Ok(left);
                }
                let Tok::Name(array) = self.peek().clone() else { return Err("Unexpected token".into()) };
                self.at += 1;
                left = Expr::In(vec![left], array);
                continue;
            }
            if level == 5 {
                let begins = match self.peek() {
                    Tok::Num(_) | Tok::Str(_) => true,
                    Tok::Name(n) => n != "in",
                    Tok::Op(o) => {
                        matches!(*o, "(" | "$" | "!" | "-" | "++" | "--") && !matches!(*o, "!" | "-")
                    }
                    _ => false,
                };
                if !begins {
                    return Ok(left);
                }
                left = Expr::Concat(Box::new(left), Box::new(self.level(6)?));
                continue;
            }
            let Tok::Op(op) = *self.peek() else { return Ok(left) };
            if !TABLE[level as usize].contains(&op) || op == ">" && self.no_gt {
                return Ok(left);
            }
            self.at += 1;
            while level < 2 && matches!(self.peek(), Tok::Newline) {
                self.at += 1;
            }
            let right = self.level(level + 1)?;
            left = if level == 3 {
                Expr::Match(Box::new(left), Box::new(right), op == "!~")
            } else {
                Expr::Binary(op, Box::new(left), Box::new(right))
            };
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        for op in ["!", "-", "+"] {
            if self.eat(op) {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("expression too deep".into());
                }
                let inner = self.unary()?;
                self.depth -= 1;
                let op = if op == "!" {
                    "!"
                } else if op == "-" {
                    "-"
                } else {
                    "+"
                };
                return Ok(Expr::Unary(op, Box::new(inner)));
            }
        }
        let base = self.postfix()?;
        if self.eat("^") || self.eat("**") {
            let right = self.unary()?;
            return Ok(Expr::Binary("^", Box::new(base), Box::new(right)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        for (op, by) in [("++", 1.0), ("--", -1.0)] {
            if self.eat(op) {
                let place = self.primary()?;
                return Ok(Expr::Step(Box::new(place), by, true));
            }
        }
        let place = self.primary()?;
        if matches!(place, Expr::Var(_) | Expr::Elem(..) | Expr::Field(_)) {
            for (op, by) in [("++", 1.0), ("--", -1.0)] {
                if self.eat(op) {
                    return Ok(Expr::Step(Box::new(place), by, false));
                }
            }
        }
        Ok(place)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let tok = self.peek().clone();
        self.at += 1;
        match tok {
            Tok::Num(n) => Ok(Expr::Num(n)),
            Tok::Str(s) => Ok(Expr::Str(s)),
            Tok::Regex(r) => Ok(Expr::Regex(Regex::new(&r, true, false)?)),
            Tok::Op("$") => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("expression too deep".into());
                }
                let inner = if self.is("-") { self.unary()? } else { self.postfix_field()? };
                self.depth -= 1;
                Ok(Expr::Field(Box::new(inner)))
            }
            Tok::Op("(") => {
                let saved = std::mem::take(&mut self.no_gt);
                let mut list = self.list(")")?;
                self.no_gt = saved;
                if list.len() > 1 && self.word("in") {
                    let Tok::Name(array) = self.peek().clone() else { return Err("Unexpected token".into()) };
                    self.at += 1;
                    return Ok(Expr::In(list, array));
                }
                // Grouping: keeps `(a) = b` from being taken for an assignment.
                match list.pop() {
                    Some(inner) => Ok(Expr::Unary("(", Box::new(inner))),
                    None => Err("Unexpected token".into()),
                }
            }
            Tok::Name(name) if self.is("[") => {
                self.at += 1;
                Ok(Expr::Elem(name, self.list("]")?))
            }
            Tok::Name(name) if name == "getline" => Err("not simulated: getline".into()),
            Tok::Name(name) if FUNCTIONS.contains(&name.as_str()) => {
                let args = if self.eat("(") { self.list(")")? } else { Vec::new() };
                Ok(Expr::Call(name, args))
            }
            Tok::Name(name) if self.is("(") => Err(format!("Call to undefined function {name}")),
            Tok::Name(name) => Ok(Expr::Var(name)),
            _ => Err("Unexpected token".into()),
        }
    }

    /// What stands behind `$`: `$i++` means `($i)++`.
    fn postfix_field(&mut self) -> Parsed<Expr> {
        for (op, by) in [("++", 1.0), ("--", -1.0)] {
            if self.eat(op) {
                return Ok(Expr::Step(Box::new(self.primary()?), by, true));
            }
        }
        self.primary()
    }
}

const FUNCTIONS: [&str; 15] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int",
    "sqrt", "rand", "srand", "system",
];

/// A value: a text, a number, or a text that looks like a number (fields).
#[derive(Clone, Debug)]
enum Val {
    Num(f64),
    Str(Rc<str>),
    Input(Rc<str>),
}

impl Val {
    fn num(&self) -> f64 {
        match self {
            Val::Num(n) => *n,
            Val::Str(s) | Val::Input(s) => leading_number(s),
        }
    }

    fn text(&self) -> Rc<str> {
        match self {
            Val::Num(n) if *n == n.trunc() && n.abs() < 1e16 => format!("{}", *n as i64).into(),
            Val::Num(n) => super::format_float(*n, 'g', 6, false).into(),
            Val::Str(s) | Val::Input(s) => s.clone(),
        }
    }

    fn numeric(&self) -> bool {
        match self {
            Val::Num(_) => true,
            Val::Str(_) => false,
            Val::Input(s) => s.trim().parse::<f64>().is_ok_and(f64::is_finite) || s.is_empty(),
        }
    }

    fn truth(&self) -> bool {
        match self {
            Val::Num(n) => *n != 0.0,
            Val::Input(s) if self.numeric() && !s.is_empty() => self.num() != 0.0,
            Val::Str(s) | Val::Input(s) => !s.is_empty(),
        }
    }
}

/// What a statement came to.
enum End {
    On,
    Next,
    Exit,
    Break,
    Continue,
}

#[derive(Clone, Debug)]
struct Awk {
    rules: Rc<Vec<Rule>>,
    vars: BTreeMap<String, Val>,
    arrays: BTreeMap<String, BTreeMap<Rc<str>, Val>>,
    record: String,
    fields: Vec<Rc<str>>,
    lines: Lines,
    inside: Vec<bool>,
    begun: bool,
    exited: Option<i32>,
    steps: u64,
}

/// `awk`.
pub fn awk(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "+F:v:f: field-separator=F assign=v file=f")?;
    let mut rest = o.rest.clone();
    let mut src = String::new();
    for path in o.all('f') {
        match ctx.sys.read_file(path) {
            Ok(bytes) => src.push_str(&String::from_utf8_lossy(&bytes)),
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return Err(1);
            }
        }
    }
    if !o.has('f') {
        if rest.is_empty() {
            super::usage::print(ctx, "awk");
            return Err(1);
        }
        src = rest.remove(0).to_string();
    }
    let rules = lex(&src)
        .and_then(|toks| Parser { toks, at: 0, depth: 0, ranges: 0, no_in: false, no_gt: false }.rules());
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => {
            ctx.fail(&format!("cmd. line:1: {error}"));
            return Err(if ctx.busybox() { 1 } else { 2 });
        }
    };
    let mut vars = BTreeMap::new();
    for (name, value) in [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}")] {
        vars.insert(name.to_owned(), Val::Str(value.into()));
    }
    let unescaped = |t: &str| {
        let mut bytes = Vec::new();
        crate::shell::text::unescape(t, crate::shell::text::Escapes::Printf, &mut bytes);
        Rc::<str>::from(String::from_utf8_lossy(&bytes).into_owned())
    };
    if let Some(f) = o.get('F') {
        vars.insert("FS".into(), Val::Str(unescaped(if &**f == "t" { "\t" } else { f })));
    }
    for assign in o.all('v') {
        if let Some((name, value)) = assign.split_once('=') {
            vars.insert(name.to_owned(), Val::Input(unescaped(value)));
        }
    }
    let env = ctx.env.iter().map(|(k, v)| (Rc::from(&**k), Val::Input(Rc::from(&**v)))).collect();
    let arrays = BTreeMap::from([("ENVIRON".to_owned(), env)]);
    let only_begin = !rules.is_empty() && rules.iter().all(|r| matches!(r.when, When::Begin));
    let ranges = rules.len() + 1;
    let mut awk = Awk {
        rules: Rc::new(rules),
        vars,
        arrays,
        record: String::new(),
        fields: Vec::new(),
        lines: Lines::default(),
        inside: vec![false; ranges],
        begun: false,
        exited: None,
        steps: 0,
    };
    if only_begin {
        awk.begin(ctx);
        return Err(awk.exited.unwrap_or(0));
    }
    Ok(Stream::new(ctx, awk, rest))
}

impl Awk {
    fn begin(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.begun, true) {
            let rules = self.rules.clone();
            for rule in rules.iter().filter(|r| matches!(r.when, When::Begin)) {
                if let Some(body) = &rule.body
                    && matches!(self.run(ctx, body), End::Exit)
                {
                    return;
                }
            }
        }
    }

    fn var(&self, name: &str) -> Val {
        match name {
            "NF" => Val::Num(self.fields.len() as f64),
            name => self.vars.get(name).cloned().unwrap_or(Val::Input("".into())),
        }
    }

    fn split(&self, text: &str, separator: &str) -> Vec<Rc<str>> {
        if separator == " " {
            return text.split_whitespace().map(Rc::from).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        let mut chars = separator.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return text.split(c).map(Rc::from).collect();
        }
        let Ok(regex) = Regex::new(separator, true, false) else { return vec![text.into()] };
        let all: Vec<char> = text.chars().collect();
        let (mut out, mut at, mut from): (Vec<Rc<str>>, _, _) = (Vec::new(), 0, 0);
        while let Some(m) = regex.find(&all, at) {
            let (a, b) = m.whole();
            if b == a {
                at = b + 1;
                continue;
            }
            out.push(all[from..a].iter().collect::<String>().into());
            (at, from) = (b, b);
        }
        out.push(all[from..].iter().collect::<String>().into());
        out
    }

    fn set_record(&mut self, text: &str) {
        self.record = text.to_owned();
        let separator = self.var("FS").text();
        self.fields = self.split(text, &separator);
    }

    fn rebuild(&mut self) {
        let joint = self.var("OFS").text();
        self.record = self.fields.iter().map(|f| &**f).collect::<Vec<_>>().join(&joint);
    }

    fn line(&mut self, ctx: &mut Ctx, bytes: &[u8]) -> Go {
        let text = String::from_utf8_lossy(bytes).into_owned();
        for name in ["NR", "FNR"] {
            let n = self.var(name).num() + 1.0;
            self.vars.insert(name.into(), Val::Num(n));
        }
        self.set_record(&text);
        let rules = self.rules.clone();
        for rule in rules.iter() {
            let selected = match &rule.when {
                When::Begin | When::End => false,
                When::Always => true,
                When::Expr(e) => self.truth(ctx, e),
                When::Range(from, to, n) => {
                    let begins = self.inside[*n] || self.truth(ctx, from);
                    self.inside[*n] = begins && !self.truth(ctx, to);
                    begins
                }
            };
            if !selected {
                continue;
            }
            match &rule.body {
                None => {
                    let line = format!("{}{}", self.record, self.var("ORS").text());
                    ctx.print(line);
                }
                Some(body) => match self.run(ctx, body) {
                    End::Next => return Go::On,
                    End::Exit => return Go::Stop,
                    _ => {}
                },
            }
        }
        Go::On
    }

    fn run(&mut self, ctx: &mut Ctx, stmt: &Stmt) -> End {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            ctx.fail("not simulated: so long a computation");
            self.exited = Some(2);
            return End::Exit;
        }
        match stmt {
            Stmt::Expr(e) => drop(self.eval(ctx, e)),
            Stmt::Print(list) => {
                let joint = self.var("OFS").text();
                let text = if list.is_empty() {
                    self.record.clone()
                } else {
                    list.iter().map(|e| self.eval(ctx, e).text().to_string()).collect::<Vec<_>>().join(&joint)
                };
                let end = self.var("ORS").text();
                ctx.print(format!("{text}{end}"));
            }
            Stmt::Printf(list) => {
                let text = self.format(ctx, list);
                ctx.print(text);
            }
            Stmt::If(test, yes, no) => {
                if self.truth(ctx, test) {
                    return self.run(ctx, yes);
                }
                if let Some(no) = no {
                    return self.run(ctx, no);
                }
            }
            Stmt::While(test, body) => return self.repeat(ctx, Some(test), None, body),
            Stmt::Do(body, test) => {
                match self.run(ctx, body) {
                    End::On | End::Continue => {}
                    End::Break => return End::On,
                    end => return end,
                }
                return self.repeat(ctx, Some(test), None, body);
            }
            Stmt::For(init, test, step, body) => {
                if let Some(init) = init {
                    self.run(ctx, init);
                }
                return self.repeat(ctx, test.as_ref(), step.as_deref(), body);
            }
            Stmt::ForIn(var, array, body) => {
                let keys: Vec<Rc<str>> =
                    self.arrays.get(array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                for key in keys {
                    self.vars.insert(var.clone(), Val::Input(key));
                    match self.run(ctx, body) {
                        End::On | End::Continue => {}
                        End::Break => break,
                        end => return end,
                    }
                }
            }
            Stmt::Block(list) => {
                for stmt in list {
                    match self.run(ctx, stmt) {
                        End::On => {}
                        end => return end,
                    }
                }
            }
            Stmt::Next => return End::Next,
            Stmt::Break => return End::Break,
            Stmt::Continue => return End::Continue,
            Stmt::Exit(code) => {
                let code = code.as_ref().map_or(self.exited.unwrap_or(0), |e| self.eval(ctx, e).num() as i32);
                self.exited = Some(code);
                return End::Exit;
            }
            Stmt::Delete(name, None) => drop(self.arrays.remove(name)),
            Stmt::Delete(name, Some(keys)) => {
                let key = self.key(ctx, keys);
                if let Some(array) = self.arrays.get_mut(name) {
                    array.remove(&key);
                }
            }
        }
        End::On
    }

    fn repeat(&mut self, ctx: &mut Ctx, test: Option<&Expr>, step: Option<&Stmt>, body: &Stmt) -> End {
        while test.is_none_or(|t| self.truth(ctx, t)) {
            match self.run(ctx, body) {
                End::On | End::Continue => {}
                End::Break => break,
                end => return end,
            }
            if let Some(step) = step {
                self.run(ctx, step);
            }
            if self.steps > MAX_STEPS {
                return End::Exit;
            }
        }
        End::On
    }

    fn truth(&mut self, ctx: &mut Ctx, e: &Expr) -> bool {
        self.steps += 1;
        self.eval(ctx, e).truth()
    }

    fn key(&mut self, ctx: &mut Ctx, keys: &[Expr]) -> Rc<str> {
        let joint = self.var("SUBSEP").text();
        let list: Vec<String> = keys.iter().map(|k| self.eval(ctx, k).text().to_string()).collect();
        list.join(&joint).into()
    }

    fn store(&mut self, ctx: &mut Ctx, place: &Expr, value: Val) {
        match place {
            Expr::Var(name) if name == "NF" => {
                self.fields.resize((value.num().max(0.0) as usize).min(10_000), "".into());
                self.rebuild();
            }
            Expr::Var(name) => drop(self.vars.insert(name.clone(), value)),
            Expr::Elem(name, keys) => {
                let key = self.key(ctx, keys);
                self.arrays.entry(name.clone()).or_default().insert(key, value);
            }
            Expr::Field(index) => {
                let n = (self.eval(ctx, index).num().max(0.0) as usize).min(10_000);
                if n == 0 {
                    let text = value.text();
                    self.set_record(&text);
                } else {
                    if self.fields.len() < n {
                        self.fields.resize(n, "".into());
                    }
                    self.fields[n - 1] = value.text();
                    self.rebuild();
                }
            }
            _ => {}
        }
    }

    fn regex(&mut self, ctx: &mut Ctx, e: &Expr) -> Option<Regex> {
        match e {
            Expr::Regex(r) => Some(r.clone()),
            e => {
                let text = self.eval(ctx, e).text();
                Regex::new(&text, true, false).ok()
            }
        }
    }

    fn eval(&mut self, ctx: &mut Ctx, e: &Expr) -> Val {
        let flag = |b: bool| Val::Num(f64::from(u8::from(b)));
        match e {
            Expr::Num(n) => Val::Num(*n),
            Expr::Str(s) => Val::Str(s.as_str().into()),
            Expr::Regex(r) => flag(r.matches(&self.record)),
            Expr::Var(name) => self.var(name),
            Expr::Elem(name, keys) => {
                let key = self.key(ctx, keys);
                self.arrays
                    .entry(name.clone())
                    .or_default()
                    .entry(key)
                    .or_insert(Val::Input("".into()))
                    .clone()
            }
            Expr::Field(index) => {
                let n = self.eval(ctx, index).num();
                if n < 1.0 {
                    Val::Input(self.record.as_str().into())
                } else {
                    Val::Input(self.fields.get(n as usize - 1).cloned().unwrap_or_else(|| "".into()))
                }
            }
            Expr::Assign(place, op, right) => {
                let mut value = self.eval(ctx, right);
                if *op != "=" {
                    let left = self.eval(ctx, place).num();
                    value = Val::Num(arithmetic(&op[..1], left, value.num()));
                }
                self.store(ctx, place, value.clone());
                value
            }
            Expr::Step(place, by, before) => {
                let old = self.eval(ctx, place).num();
                self.store(ctx, place, Val::Num(old + by));
                Val::Num(if *before { old + by } else { old })
            }
            Expr::Unary("!", inner) => flag(!self.truth(ctx, inner)),
            Expr::Unary("(", inner) => self.eval(ctx, inner),
            Expr::Unary(op, inner) => {
                let n = self.eval(ctx, inner).num();
                Val::Num(if *op == "-" { -n } else { n })
            }
            Expr::Concat(a, b) => {
                let (a, b) = (self.eval(ctx, a).text(), self.eval(ctx, b).text());
                Val::Str(format!("{a}{b}").into())
            }
            Expr::Match(text, pattern, negated) => {
                let text = self.eval(ctx, text).text();
                let hit = self.regex(ctx, pattern).is_some_and(|r| r.matches(&text));
                flag(hit != *negated)
            }
            Expr::In(keys, array) => {
                let key = self.key(ctx, keys);
                flag(self.arrays.get(array).is_some_and(|a| a.contains_key(&key)))
            }
            Expr::Cond(test, yes, no) => {
                let branch = if self.truth(ctx, test) { yes } else { no };
                self.eval(ctx, branch)
            }
            Expr::Binary("&&", a, b) => flag(self.truth(ctx, a) && self.truth(ctx, b)),
            Expr::Binary("||", a, b) => flag(self.truth(ctx, a) || self.truth(ctx, b)),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.eval(ctx, a), self.eval(ctx, b));
                if !matches!(*op, "<" | "<=" | "==" | "!=" | ">" | ">=") {
                    return Val::Num(arithmetic(op, a.num(), b.num()));
                }
                let order = if a.numeric() && b.numeric() {
                    a.num().total_cmp(&b.num())
                } else {
                    a.text().cmp(&b.text())
                };
                flag(match *op {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Expr::Call(name, args) => self.call(ctx, name, args),
        }
    }

    fn call(&mut self, ctx: &mut Ctx, name: &str, args: &[Expr]) -> Val {
        if name == "length"
            && let Some(Expr::Var(array)) = args.first()
            && let Some(a) = self.arrays.get(array)
        {
            return Val::Num(a.len() as f64);
        }
        let text = |this: &mut Self, ctx: &mut Ctx, i: usize| args.get(i).map(|e| this.eval(ctx, e).text());
        match name {
            "length" => {
                let t = text(self, ctx, 0).unwrap_or_else(|| self.record.as_str().into());
                Val::Num(t.chars().count() as f64)
            }
            "substr" => {
                let chars: Vec<char> = text(self, ctx, 0).unwrap_or_default().chars().collect();
                let from = args.get(1).map_or(1.0, |e| self.eval(ctx, e).num()).round();
                let len = args.get(2).map_or(f64::INFINITY, |e| self.eval(ctx, e).num().round());
                let begin = (from - 1.0).max(0.0).min(chars.len() as f64) as usize;
                let end = (from - 1.0 + len).max(0.0).min(chars.len() as f64) as usize;
                Val::Str(chars[begin..end.max(begin)].iter().collect::<String>().into())
            }
            "index" => {
                let (a, b) = (text(self, ctx, 0).unwrap_or_default(), text(self, ctx, 1).unwrap_or_default());
                Val::Num(a.find(&*b).map_or(0, |n| a[..n].chars().count() + 1) as f64)
            }
            "split" => {
                let t = text(self, ctx, 0).unwrap_or_default();
                let separator = match args.get(2) {
                    Some(Expr::Regex(_)) | None => self.var("FS").text(),
                    Some(e) => self.eval(ctx, e).text(),
                };
                let parts = match args.get(2) {
                    Some(Expr::Regex(r)) => split_by(r, &t),
                    _ => self.split(&t, &separator),
                };
                let Some(Expr::Var(array)) = args.get(1) else { return Val::Num(0.0) };
                let n = parts.len();
                let map = parts
                    .into_iter()
                    .enumerate()
                    .map(|(i, p)| ((i + 1).to_string().into(), Val::Input(p)))
                    .collect();
                self.arrays.insert(array.clone(), map);
                Val::Num(n as f64)
            }
            "sub" | "gsub" => {
                let Some(regex) = args.first().and_then(|e| self.regex(ctx, e)) else { return Val::Num(0.0) };
                let with = text(self, ctx, 1).unwrap_or_default();
                let whole = Expr::Field(Box::new(Expr::Num(0.0)));
                let place = args.get(2).unwrap_or(&whole);
                let old = self.eval(ctx, place).text();
                match super::sed::substitute(&regex, &old, &with, name == "gsub", 1) {
                    Some((new, count)) => {
                        self.store(ctx, place, Val::Str(new.into()));
                        Val::Num(count as f64)
                    }
                    None => Val::Num(0.0),
                }
            }
            "match" => {
                let chars: Vec<char> = text(self, ctx, 0).unwrap_or_default().chars().collect();
                let found = args
                    .get(1)
                    .and_then(|e| self.regex(ctx, e))
                    .and_then(|r| r.find(&chars, 0))
                    .map(|m| m.whole());
                let (start, len) = found.map_or((0.0, -1.0), |(a, b)| (a as f64 + 1.0, (b - a) as f64));
                self.vars.insert("RSTART".into(), Val::Num(start));
                self.vars.insert("RLENGTH".into(), Val::Num(len));
                Val::Num(start)
            }
            "sprintf" => Val::Str(String::from_utf8_lossy(&self.format(ctx, args)).into_owned().into()),
            "tolower" => Val::Str(text(self, ctx, 0).unwrap_or_default().to_lowercase().into()),
            "toupper" => Val::Str(text(self, ctx, 0).unwrap_or_default().to_uppercase().into()),
            "int" => Val::Num(args.first().map_or(0.0, |e| self.eval(ctx, e).num()).trunc()),
            "sqrt" => Val::Num(args.first().map_or(0.0, |e| self.eval(ctx, e).num()).sqrt()),
            "rand" => Val::Num(ctx.sys.rng().unit()),
            "srand" => Val::Num(0.0),
            other => {
                ctx.fail(&format!("not simulated: {other}()"));
                Val::Num(1.0)
            }
        }
    }

    /// `printf`: the utility of that name does the work.
    fn format(&mut self, ctx: &mut Ctx, list: &[Expr]) -> Vec<u8> {
        let mut words: Vec<crate::api::Text> = vec!["printf".into()];
        let values: Vec<Val> = list.iter().map(|e| self.eval(ctx, e)).collect();
        let template = values.first().map(|v| v.text().to_string()).unwrap_or_default();
        words.push("--".into());
        words.push(template.replace('\\', "\\\\").into());
        let kinds: Vec<char> = conversions(&template);
        for (i, value) in values.iter().skip(1).enumerate() {
            let whole = matches!(kinds.get(i), Some('d' | 'i' | 'o' | 'x' | 'X' | 'u'));
            let word: String = match kinds.get(i) {
                _ if whole => format!("{}", value.num().trunc() as i64),
                Some('f' | 'F' | 'e' | 'g' | 'E' | 'G') => format!("{}", value.num()),
                Some('c') if matches!(value, Val::Num(_)) => {
                    char::from_u32(value.num() as u32).map_or(String::new(), String::from)
                }
                Some(_) => value.text().to_string(),
                None => break,
            };
            words.push(word.into());
        }
        let mut inner = Ctx::new(ctx.sys, words, super::Style::Gnu);
        super::echo::printf(&mut inner);
        inner.out.into_iter().filter(|(fd, _)| *fd == 1).flat_map(|(_, b)| b).collect()
    }
}

fn conversions(template: &str) -> Vec<char> {
    let mut out = Vec::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        for d in chars.by_ref() {
            if d.is_alphabetic() && !"lhjz".contains(d) {
                out.push(d);
                break;
            }
            if d == '%' {
                break;
            }
        }
    }
    out
}

fn split_by(regex: &Regex, text: &str) -> Vec<Rc<str>> {
    let all: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut from): (Vec<Rc<str>>, _, _) = (Vec::new(), 0, 0);
    if all.is_empty() {
        return out;
    }
    while let Some(m) = regex.find(&all, at) {
        let (a, b) = m.whole();
        if b == a {
            at = b + 1;
            continue;
        }
        out.push(all[from..a].iter().collect::<String>().into());
        (at, from) = (b, b);
    }
    out.push(all[from..].iter().collect::<String>().into());
    out
}

fn arithmetic(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    }
}

impl Filter for Awk {
    fn weight(&self, data: &[u8]) -> usize {
        data.len() / PACE + lines(data)
    }
    fn open(&mut self, name: &str, ctx: &mut Ctx) {
        self.begin(ctx);
        let name = if name == "-" { "" } else { name };
        self.vars.insert("FILENAME".into(), Val::Str(name.into()));
        self.vars.insert("FNR".into(), Val::Num(0.0));
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        if self.exited.is_some() {
            return Go::Stop;
        }
        let before = self.steps;
        for line in self.lines.push(data) {
            if self.line(ctx, &line) == Go::Stop {
                self.lines = Lines::default();
                return Go::Stop;
            }
        }
        ctx.sys.weigh(u32::try_from((self.steps - before) / 2).unwrap_or(u32::MAX));
        Go::On
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        match self.lines.finish() {
            Some(line) if self.exited.is_none() => self.line(ctx, &line),
            _ => Go::On,
        }
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        let rules = self.rules.clone();
        for rule in rules.iter().filter(|r| matches!(r.when, When::End)) {
            if let Some(body) = &rule.body
                && matches!(self.run(ctx, body), End::Exit)
            {
                break;
            }
        }
        self.exited.unwrap_or(if failed { 2 } else { 0 })
    }
    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
