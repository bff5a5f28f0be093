//! How programs are read from words.

use super::MAX_DEPTH;
use super::lex::{OPS, Parsed, Tok};
use super::tree::{Expr, Function, Program, Redirect, Rule, Stmt, When};
use crate::shell::util::regex::Regex;

struct Parser {
    toks: Vec<Tok>,
    at: usize,
    depth: u32,
    ranges: usize,
    no_in: bool,
    no_gt: bool,
    reads: bool,
    asks: bool,
    /// The names of the program's own functions.
    own: Vec<String>,
}

/// Parses a program.
pub(super) fn parse(toks: Vec<Tok>) -> Result<Program, (String, Option<Tok>)> {
    let own = toks.windows(2).filter_map(|pair| match pair {
        [Tok::Name(word), Tok::Name(name)] if is_function(word) => Some(name.clone()),
        _ => None,
    });
    let own = own.collect();
    let mut p = Parser {
        toks,
        at: 0,
        depth: 0,
        ranges: 0,
        no_in: false,
        no_gt: false,
        reads: false,
        asks: false,
        own,
    };
    let done = p.program();
    done.map_err(|error| (error, p.toks.get(p.at.min(p.toks.len().saturating_sub(1))).cloned()))
}

fn is_function(word: &str) -> bool {
    matches!(word, "function" | "func")
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

    fn program(&mut self) -> Parsed<Program> {
        let mut out = Program::default();
        loop {
            self.newlines();
            if *self.peek() == Tok::Eof {
                out.reads = self.reads;
                out.asks = self.asks;
                return Ok(out);
            }
            if matches!(self.peek(), Tok::Name(n) if is_function(n)) {
                self.at += 1;
                let (name, function) = self.function()?;
                out.functions.push((name, function));
                continue;
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
            out.rules.push(Rule { when, body });
        }
    }

    fn name(&mut self) -> Parsed<String> {
        let Tok::Name(name) = self.peek().clone() else { return Err("Unexpected token".into()) };
        self.at += 1;
        Ok(name)
    }

    fn function(&mut self) -> Parsed<(String, Function)> {
        let name = self.name()?;
        self.want("(")?;
        let mut params = Vec::new();
        while !self.eat(")") {
            self.blank_lines();
            params.push(self.name()?);
            if !self.eat(",") {
                self.want(")")?;
                break;
            }
        }
        self.blank_lines();
        Ok((name, Function { params, body: self.statement()? }))
    }

    fn blank_lines(&mut self) {
        while matches!(self.peek(), Tok::Newline) {
            self.at += 1;
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
                if *self.peek() == Tok::Eof {
                    return Err("Unexpected token".into());
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
            return Err("Unexpected token".into());
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
                    || p.is(">>")
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
            let to = self.redirect()?;
            self.no_gt = false;
            return Ok(if printf { Stmt::Printf(list, to) } else { Stmt::Print(list, to) });
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
        if self.word("return") {
            let none = self.is(";") || self.is("}") || matches!(self.peek(), Tok::Newline | Tok::Eof);
            return Ok(Stmt::Return(if none { None } else { Some(self.expr()?) }));
        }
        if self.word("delete") {
            let Tok::Name(name) = self.peek().clone() else { return Err("Unexpected token".into()) };
            self.at += 1;
            let keys = if self.eat("[") { Some(self.list("]")?) } else { None };
            return Ok(Stmt::Delete(name, keys));
        }
        Ok(Stmt::Expr(self.expr()?))
    }

    /// What stands behind the operands of `print`.
    fn redirect(&mut self) -> Parsed<Option<(Redirect, Expr)>> {
        for (op, kind) in [(">>", Redirect::Append), (">", Redirect::File), ("|", Redirect::Pipe)] {
            if self.eat(op) {
                return Ok(Some((kind, self.level(CONCATENATION)?)));
            }
        }
        Ok(None)
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

    /// A loop over binary operators. 0 `||`, 1 `&&`, 2 `in`, 3 `~`, 4 comparisons, 5 concatenation, 6 `+`, 7 `*`.
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
            if level == CONCATENATION && self.is("|") && self.getline_follows() {
                self.at += 2;
                let place = self.getline_place()?;
                self.asks = true;
                left = Expr::Command(Box::new(left), place.map(Box::new));
                continue;
            }
            if level == 2 {
                if self.no_in || !self.word("in") {
                    return Ok(left);
                }
                let Tok::Name(array) = self.peek().clone() else { return Err("Unexpected token".into()) };
                self.at += 1;
                left = Expr::In(vec![left], array);
                continue;
            }
            if level == CONCATENATION {
                let begins = match self.peek() {
                    Tok::Num(_) | Tok::Str(_) => true,
                    Tok::Name(n) => n != "in" && n != "getline",
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
            Tok::Name(name) if name == "getline" => self.getline(),
            Tok::Name(name) if FUNCTIONS.contains(&name.as_str()) => {
                let args = if self.eat("(") { self.list(")")? } else { Vec::new() };
                self.asks |= name == "system";
                let least = match name.as_str() {
                    "substr" | "index" | "split" | "sub" | "gsub" | "match" | "atan2" => 2,
                    _ => 0,
                };
                if args.len() < least {
                    return Err("Too few arguments".into());
                }
                Ok(Expr::Call(name, args))
            }
            Tok::Name(name) if self.is("(") && self.own.contains(&name) => {
                self.at += 1;
                let saved = std::mem::take(&mut self.no_gt);
                let args = self.list(")")?;
                self.no_gt = saved;
                Ok(Expr::User(name, args))
            }
            Tok::Name(name) if self.is("(") => Err(format!("Call to undefined function {name}")),
            Tok::Name(name) => Ok(Expr::Var(name)),
            _ => {
                self.at -= 1;
                Err("Unexpected token".into())
            }
        }
    }

    fn getline_follows(&self) -> bool {
        matches!(self.toks.get(self.at + 1), Some(Tok::Name(n)) if n == "getline")
    }

    fn getline_place(&mut self) -> Parsed<Option<Expr>> {
        Ok(match self.peek() {
            Tok::Name(n) if !FUNCTIONS.contains(&n.as_str()) && !matches!(n.as_str(), "in") => {
                Some(self.primary()?)
            }
            Tok::Op("$") => Some(self.primary()?),
            _ => None,
        })
    }

    /// `getline [VARIABLE] [< FILE]`.
    fn getline(&mut self) -> Parsed<Expr> {
        let place = self.getline_place()?;
        let file = if self.eat("<") { Some(Box::new(self.primary()?)) } else { None };
        self.reads |= file.is_none();
        Ok(Expr::Getline(place.map(Box::new), file))
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

const FUNCTIONS: [&str; 24] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int",
    "sqrt", "rand", "srand", "system", "sin", "cos", "atan2", "exp", "log", "close", "fflush", "systime",
    "strftime",
];

/// The level of concatenation among the operators.
const CONCATENATION: u32 = 5;
