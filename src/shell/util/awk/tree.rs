//! What a program is made of.

use crate::shell::util::regex::Regex;

#[derive(Debug)]
pub(super) enum Expr {
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
    /// A call of a function of the program's own.
    User(String, Vec<Expr>),
    /// `getline`, into a variable if one is named, from a file if one is.
    Getline(Option<Box<Expr>>, Option<Box<Expr>>),
    /// `command | getline`, into a variable if one is named.
    Command(Box<Expr>, Option<Box<Expr>>),
}

#[derive(Debug)]
pub(super) enum Stmt {
    Expr(Expr),
    Print(Vec<Expr>, Option<(Redirect, Expr)>),
    Printf(Vec<Expr>, Option<(Redirect, Expr)>),
    Return(Option<Expr>),
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

/// Where output goes instead of standard output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Redirect {
    /// `>`: a file, made anew when it is first written.
    File,
    /// `>>`: the end of a file.
    Append,
    /// `|`: the input of a command.
    Pipe,
}

#[derive(Debug)]
pub(super) enum When {
    Begin,
    End,
    Always,
    Expr(Expr),
    Range(Expr, Expr, usize),
}

#[derive(Debug)]
pub(super) struct Rule {
    pub when: When,
    pub body: Option<Stmt>,
}

/// A function of the program's own.
#[derive(Debug)]
pub(super) struct Function {
    pub params: Vec<String>,
    pub body: Stmt,
}

/// A program.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub rules: Vec<Rule>,
    pub functions: Vec<(String, Function)>,
    /// Whether it reads further records of its input itself.
    pub reads: bool,
    /// Whether it runs commands whose end it has to know.
    pub asks: bool,
}
