//! The syntax tree of the shell language.
//!
//! Commands are shared (`Rc`), so that functions, loops and subshells cost nothing to copy. The tree holds
//! words unexpanded; what a word comes to is the business of `expand`.

use std::cell::OnceCell;
use std::rc::Rc;

/// A shared command.
pub type Node = Rc<Cmd>;

/// A command of any kind.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields carry the names of the shell's own grammar")]
pub enum Cmd {
    /// Assignments, words and redirections.
    Simple(Simple),
    /// `a | b | c`, perhaps with `!` or `time` before it.
    Pipeline { cmds: Vec<Node>, negate: bool, timed: bool },
    /// `a && b`.
    And(Node, Node),
    /// `a || b`.
    Or(Node, Node),
    /// `a; b; c`.
    Seq(Vec<Node>),
    /// `a &`, with the text that `jobs` shows.
    Background(Node, Rc<str>),
    /// `( … )`.
    Subshell(Node),
    /// `{ …; }` and other compound commands with redirections behind them.
    Redirected(Node, Vec<Redir>),
    /// `if … then … elif … else … fi`.
    If { arms: Vec<(Node, Node)>, otherwise: Option<Node> },
    /// `for name in words; do … done`, also with `select`; without words over `"$@"`.
    For { name: Rc<str>, words: Option<Vec<Word>>, body: Node, select: bool },
    /// `for ((init; test; step))`.
    ArithFor { parts: [Word; 3], body: Node },
    /// `while` and `until`.
    While { test: Node, body: Node, until: bool },
    /// `case word in … esac`.
    Case { word: Word, arms: Vec<Arm> },
    /// `name() body`.
    Function { name: Rc<str>, body: Node },
    /// `[[ … ]]`.
    Test(Test),
    /// `(( … ))`.
    Arith(Word),
    /// `coproc name body`.
    Coproc { name: Rc<str>, body: Node },
}

/// One arm of a `case`.
#[derive(Debug)]
pub struct Arm {
    /// Its patterns.
    pub patterns: Vec<Word>,
    /// What it runs.
    pub body: Node,
    /// How it ends.
    pub then: ArmEnd,
}

/// What follows an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArmEnd {
    /// `;;`
    Stop,
    /// `;&`
    Fall,
    /// `;;&`
    Next,
}

/// Assignments, words, redirections.
#[derive(Debug, Default)]
pub struct Simple {
    /// `a=b` before the command's name.
    pub assigns: Vec<Assign>,
    /// The name and its arguments.
    pub words: Vec<Word>,
    /// Redirections in order.
    pub redirs: Vec<Redir>,
    /// The arrays of `declare name=(…)`, whose names are among the words.
    pub late: Vec<Assign>,
    /// The line it begins on, counted from 1.
    pub line: u32,
}

/// `name=value`, `name+=value`, `name[index]=value`, `name=(…)`.
#[derive(Debug)]
pub struct Assign {
    /// The variable.
    pub name: Rc<str>,
    /// The subscript.
    pub index: Option<Word>,
    /// Whether it appends.
    pub append: bool,
    /// What is assigned.
    pub value: Value,
}

/// The right side of an assignment.
#[derive(Debug)]
pub enum Value {
    /// One word.
    Scalar(Word),
    /// `( … )`.
    Array(Vec<Item>),
}

/// An element of `( … )`.
#[derive(Debug)]
pub struct Item {
    /// The subscript of `[subscript]=value`.
    pub index: Option<Word>,
    /// The value.
    pub value: Word,
}

/// A redirection.
#[derive(Debug)]
pub struct Redir {
    /// The descriptor that is redirected.
    pub fd: u32,
    /// The variable of `{variable}>`, which gets the number of a new descriptor.
    pub var: Option<Rc<str>>,
    /// Where to.
    pub op: RedirOp,
    /// The file, descriptor or text.
    pub target: Word,
}

/// The kind of a redirection.
#[derive(Clone, Debug)]
pub enum RedirOp {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>|`
    Clobber,
    /// `>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&`, `>&`
    Dup,
    /// `&>`, with the appending `&>>`
    Both {
        /// Whether it appends.
        append: bool,
    },
    /// `<<`, whose text is read after the line.
    Here(Rc<OnceCell<Word>>),
    /// `<<<`
    HereString,
}

/// A word: parts that stand side by side.
#[derive(Debug, Default, Clone)]
pub struct Word(pub Vec<Part>);

impl Word {
    /// The word's text, if it is one unquoted literal (reserved words, names).
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Lit(s)] => Some(s),
            _ => None,
        }
    }

    /// The text of a word without expansions, quoted or not.
    pub fn plain(&self) -> Option<String> {
        let mut out = String::new();
        plain_parts(&self.0, &mut out).then_some(out)
    }
}

fn plain_parts(parts: &[Part], out: &mut String) -> bool {
    parts.iter().all(|p| match p {
        Part::Lit(s) | Part::Quoted(s) => {
            out.push_str(s);
            true
        }
        Part::Dq(inner) => plain_parts(inner, out),
        _ => false,
    })
}

/// A part of a word.
#[derive(Debug, Clone)]
pub enum Part {
    /// Unquoted text.
    Lit(Rc<str>),
    /// `'…'`, `\x`, `$'…'`.
    Quoted(Rc<str>),
    /// `"…"`.
    Dq(Vec<Part>),
    /// `$x`, `${…}`.
    Param(Rc<Param>),
    /// `$(…)` and backticks.
    Sub(Node),
    /// `$((…))`.
    Arith(Rc<Word>),
    /// `<(…)` (true) and `>(…)` (false).
    Proc(Node, bool),
}

/// A parameter expansion.
#[derive(Debug)]
pub struct Param {
    /// A variable's name, a number, or a special character.
    pub name: Rc<str>,
    /// The subscript of an array.
    pub index: Option<Index>,
    /// What is done with the value.
    pub op: ParamOp,
}

/// A subscript.
#[derive(Debug)]
pub enum Index {
    /// `[@]`, or `[*]` (true).
    All(bool),
    /// `[expression]`
    At(Word),
}

/// What is done with a parameter's value.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum ParamOp {
    Plain,
    /// `${#x}`
    Length,
    /// `${!x}`
    Indirect,
    /// `${!x[@]}`
    Keys,
    /// `${x-w}` `${x=w}` `${x?w}` `${x+w}`; `colon` if null counts as unset.
    Default {
        colon: bool,
        kind: u8,
        word: Word,
    },
    /// `${x#p}` `${x##p}` `${x%p}` `${x%%p}`
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${x:off:len}`
    Slice {
        from: Word,
        len: Option<Word>,
    },
    /// `${x/p/w}`; mode `/` all, `#` at the beginning, `%` at the end, 0 the first.
    Replace {
        mode: u8,
        pattern: Word,
        with: Word,
    },
    /// `${x^}` `${x^^}` `${x,}` `${x,,}` `${x~}` `${x~~}`, of the characters that a pattern matches.
    Case {
        mark: u8,
        all: bool,
        pattern: Option<Word>,
    },
    /// `${!x*}` (true) and `${!x@}`: the names that begin so.
    Names(bool),
    /// `${x@Q}` and the like.
    Transform(char),
    /// Anything else: an error when it is expanded.
    Bad(Rc<str>),
}

/// An expression of `[[ … ]]`.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Test {
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    /// A word that must not be empty.
    Word(Word),
    Unary(Rc<str>, Word),
    Binary(Word, Rc<str>, Word),
}
