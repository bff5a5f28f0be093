//! Commands back to text, laid out as bash's `type` and `declare -f` do it.
//!
//! The tree does not keep how a text was quoted, so that `\x` may come back as `'x'`: the words mean the same.

use super::ast::{
    ArmEnd, Assign, Cmd, Index, Node, Param, ParamOp, Part, Redir, RedirOp, Simple, Test, Value, Word,
};
use super::text::single_quoted;

/// The definition of a function.
pub fn function(name: &str, body: &Node) -> String {
    let mut out = Out::default();
    out.function(name, body);
    out.text + "\n"
}

/// A simple command on one line, as `BASH_COMMAND` has it.
pub fn simple(cmd: &Simple) -> String {
    let mut out = Out::default();
    out.simple(cmd);
    out.text
}

/// A word as it could be written.
pub fn word(word: &Word) -> String {
    word.0.iter().map(part).collect()
}

/// A test of `[[ … ]]` without the brackets.
pub fn test(test: &Test) -> String {
    match test {
        Test::And(a, b) => format!("{} && {}", self::test(a), self::test(b)),
        Test::Or(a, b) => format!("{} || {}", self::test(a), self::test(b)),
        Test::Not(a) => format!("! {}", self::test(a)),
        Test::Word(w) => format!("-n {}", word(w)),
        Test::Unary(op, w) => format!("{op} {}", word(w)),
        Test::Binary(a, op, b) => format!("{} {op} {}", word(a), word(b)),
    }
}

#[derive(Default)]
struct Out {
    text: String,
    indent: usize,
}

impl Out {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(self.indent));
    }

    /// A body on lines of its own, one step further in.
    fn body(&mut self, node: &Node) {
        self.indent += 4;
        self.line();
        self.node(node);
        self.indent -= 4;
    }

    /// A body that a closing word follows.
    fn closed(&mut self, node: &Node, close: &str) {
        self.body(node);
        if !matches!(&**node, Cmd::Background(..)) {
            self.add(";");
        }
        self.line();
        self.add(close);
    }

    fn function(&mut self, name: &str, body: &Node) {
        self.add(&format!("{name} () "));
        self.line();
        match &**body {
            Cmd::Redirected(inner, redirs) if redirs.is_empty() => self.group(inner),
            Cmd::Redirected(group, redirs) => {
                match &**group {
                    Cmd::Redirected(inner, none) if none.is_empty() => self.group(inner),
                    _ => self.group(group),
                }
                self.redirs(redirs);
            }
            _ => self.group(body),
        }
    }

    fn group(&mut self, body: &Node) {
        self.add("{ ");
        self.body(body);
        self.line();
        self.add("}");
    }

    fn node(&mut self, node: &Node) {
        match &**node {
            Cmd::Simple(cmd) => self.simple(cmd),
            Cmd::Pipeline { cmds, negate, timed } => self.pipeline(cmds, *negate, *timed),
            Cmd::And(a, b) => self.pair(a, " && ", b),
            Cmd::Or(a, b) => self.pair(a, " || ", b),
            Cmd::Seq(items) => self.seq(items),
            Cmd::Background(inner, _) => {
                self.node(inner);
                self.add(" &");
            }
            Cmd::Subshell(body) => {
                self.add("( ");
                self.node(body);
                self.add(" )");
            }
            Cmd::Redirected(body, redirs) if redirs.is_empty() => self.group(body),
            Cmd::Redirected(body, redirs) => {
                self.node(body);
                self.redirs(redirs);
            }
            Cmd::If { arms, otherwise } => self.if_clause(arms, otherwise.as_ref()),
            Cmd::For { name, words, body, select } => {
                self.add(&format!("{} {name}", if *select { "select" } else { "for" }));
                if let Some(words) = words {
                    self.add(" in");
                    words.iter().for_each(|w| self.add(&format!(" {}", word(w))));
                }
                self.add(";");
                self.line();
                self.add("do");
                self.closed(body, "done");
            }
            Cmd::ArithFor { parts, body } => {
                let [a, b, c] = parts.each_ref().map(word);
                self.add(&format!("for (({a}; {b}; {c}))"));
                self.line();
                self.add("do");
                self.closed(body, "done");
            }
            Cmd::While { test, body, until } => {
                self.add(if *until { "until " } else { "while " });
                self.node(test);
                self.add("; do");
                self.closed(body, "done");
            }
            Cmd::Case { word: subject, arms } => self.case(subject, arms),
            Cmd::Function { name, body } => self.function(name, body),
            Cmd::Test(inner) => self.add(&format!("[[ {} ]]", test(inner))),
            Cmd::Arith(inner) => self.add(&format!("(({}))", word(inner))),
            Cmd::Coproc { name, body } => {
                self.add(&format!("coproc {name} "));
                self.node(body);
            }
        }
    }

    fn pair(&mut self, a: &Node, op: &str, b: &Node) {
        self.node(a);
        self.add(op);
        self.node(b);
    }

    fn seq(&mut self, items: &[Node]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                if !matches!(&*items[i - 1], Cmd::Background(..)) {
                    self.add(";");
                }
                self.line();
            }
            self.node(item);
        }
    }

    fn pipeline(&mut self, cmds: &[Node], negate: bool, timed: bool) {
        self.add(if timed { "time " } else { "" });
        self.add(if negate { "! " } else { "" });
        for (i, cmd) in cmds.iter().enumerate() {
            self.add(if i > 0 { " | " } else { "" });
            self.node(cmd);
        }
    }

    fn if_clause(&mut self, arms: &[(Node, Node)], otherwise: Option<&Node>) {
        // bash shows `elif` as an `if` inside `else`.
        let Some(((test, body), rest)) = arms.split_first() else { return };
        self.add("if ");
        self.node(test);
        self.add("; then");
        self.body(body);
        self.add(";");
        if !rest.is_empty() || otherwise.is_some() {
            self.line();
            self.add("else");
            self.indent += 4;
            self.line();
            match otherwise {
                Some(body) if rest.is_empty() => self.node(body),
                other => self.if_clause(rest, other),
            }
            self.indent -= 4;
            self.add(";");
        }
        self.line();
        self.add("fi");
    }

    fn case(&mut self, subject: &Word, arms: &[super::ast::Arm]) {
        self.add(&format!("case {} in ", word(subject)));
        self.indent += 4;
        for arm in arms {
            self.line();
            let patterns: Vec<String> = arm.patterns.iter().map(word).collect();
            self.add(&format!("{})", patterns.join(" | ")));
            self.body(&arm.body);
            self.line();
            self.add(match arm.then {
                ArmEnd::Stop => ";;",
                ArmEnd::Fall => ";&",
                ArmEnd::Next => ";;&",
            });
        }
        self.indent -= 4;
        self.line();
        self.add("esac");
    }

    fn simple(&mut self, cmd: &Simple) {
        let assigns = cmd.assigns.iter().map(assign);
        let words = cmd.words.iter().map(word);
        let late = cmd.late.iter().map(assign);
        // A name that stands for an array's assignment is shown with it.
        let named = |w: &String| cmd.late.iter().any(|a| *a.name == **w);
        let all: Vec<String> = assigns.chain(words.filter(|w| !named(w))).chain(late).collect();
        self.add(&all.join(" "));
        if all.is_empty() {
            let redirs = cmd.redirs.iter().map(redir).collect::<Vec<_>>().join(" ");
            return self.add(&redirs);
        }
        self.redirs(&cmd.redirs);
    }

    fn redirs(&mut self, redirs: &[Redir]) {
        redirs.iter().for_each(|r| self.add(&format!(" {}", redir(r))));
    }
}

fn assign(a: &Assign) -> String {
    let index = a.index.as_ref().map(|i| format!("[{}]", word(i))).unwrap_or_default();
    let value = match &a.value {
        Value::Scalar(w) => word(w),
        Value::Array(items) => {
            let items = items.iter().map(|i| match &i.index {
                Some(index) => format!("[{}]={}", word(index), word(&i.value)),
                None => word(&i.value),
            });
            format!("({})", items.collect::<Vec<_>>().join(" "))
        }
    };
    format!("{}{index}{}{value}", a.name, if a.append { "+=" } else { "=" })
}

fn redir(r: &Redir) -> String {
    let target = word(&r.target);
    let (op, usual) = match &r.op {
        RedirOp::Read => ("< ", 0),
        RedirOp::Write => ("> ", 1),
        RedirOp::Clobber => (">| ", 1),
        RedirOp::Append => (">> ", 1),
        RedirOp::ReadWrite => ("<> ", 0),
        RedirOp::Dup => (">&", u32::MAX),
        RedirOp::Both { append: false } => ("&> ", 1),
        RedirOp::Both { append: true } => ("&>> ", 1),
        RedirOp::HereString => ("<<< ", 0),
        RedirOp::Here(cell) => {
            let text = cell.get().map(word).unwrap_or_default();
            return format!("<<{target}\n{}{target}", text.trim_matches('"'));
        }
    };
    match &r.var {
        Some(var) => format!("{{{var}}}{op}{target}"),
        None if r.fd == usual => format!("{op}{target}"),
        None => format!("{}{op}{target}", r.fd),
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Lit(s) => s.to_string(),
        Part::Quoted(s) => match s.chars().collect::<Vec<_>>()[..] {
            [c] if !c.is_alphanumeric() && c != '\n' => format!("\\{c}"),
            _ => single_quoted(s),
        },
        Part::Dq(parts) => format!("\"{}\"", parts.iter().map(quoted_part).collect::<String>()),
        Part::Param(p) => param(p),
        Part::Sub(node) => format!("$({})", inline(node)),
        Part::Arith(w) => format!("$(({}))", word(w)),
        Part::Proc(node, true) => format!("<({})", inline(node)),
        Part::Proc(node, false) => format!(">({})", inline(node)),
    }
}

fn quoted_part(inner: &Part) -> String {
    let Part::Lit(text) = inner else { return part(inner) };
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A command inside a word, on one line.
fn inline(node: &Node) -> String {
    let mut out = Out::default();
    out.node(node);
    let lines: Vec<&str> = out.text.lines().map(str::trim).collect();
    lines.join(" ")
}

fn param(p: &Param) -> String {
    let index = match &p.index {
        Some(Index::All(star)) => if *star { "[*]" } else { "[@]" }.to_owned(),
        Some(Index::At(w)) => format!("[{}]", word(w)),
        None => String::new(),
    };
    let name = format!("{}{index}", p.name);
    let tail = match &p.op {
        ParamOp::Plain
            if index.is_empty()
                && (p.name.len() == 1 || !p.name.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            return format!("${name}");
        }
        ParamOp::Plain => String::new(),
        ParamOp::Length => return format!("${{#{name}}}"),
        ParamOp::Indirect | ParamOp::Keys => return format!("${{!{name}}}"),
        ParamOp::Names(star) => return format!("${{!{name}{}}}", if *star { '*' } else { '@' }),
        ParamOp::Default { colon, kind, word: w } => {
            format!("{}{}{}", if *colon { ":" } else { "" }, char::from(*kind), word(w))
        }
        ParamOp::Trim { suffix, longest, pattern } => {
            let mark = if *suffix { "%" } else { "#" };
            format!("{}{}", mark.repeat(1 + usize::from(*longest)), word(pattern))
        }
        ParamOp::Slice { from, len } => {
            let len = len.as_ref().map(|w| format!(":{}", word(w))).unwrap_or_default();
            format!(":{}{len}", word(from))
        }
        ParamOp::Replace { mode, pattern, with } => {
            let mode = if *mode == 0 { String::new() } else { char::from(*mode).to_string() };
            format!("/{mode}{}/{}", word(pattern), word(with))
        }
        ParamOp::Case { mark, all, pattern } => {
            let pattern = pattern.as_ref().map(word).unwrap_or_default();
            format!("{}{pattern}", char::from(*mark).to_string().repeat(1 + usize::from(*all)))
        }
        ParamOp::Transform(letter) => format!("@{letter}"),
        ParamOp::Bad(text) => return text.to_string(),
    };
    format!("${{{name}{tail}}}")
}
