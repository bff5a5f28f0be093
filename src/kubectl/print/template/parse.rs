//! From a template's text to its nodes.

/// How deep blocks and parentheses may be nested.
const DEPTH_LIMIT: usize = 64;

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Node {
    /// Literal text.
    Text(String),
    /// A pipeline whose value is printed.
    Print(Pipe),
    /// `$x := …` or `$x = …`.
    Set(String, Pipe),
    /// `if`.
    If(Pipe, Vec<Node>, Vec<Node>),
    /// `with`.
    With(Pipe, Vec<Node>, Vec<Node>),
    /// `range`: names of key and value.
    Range(Option<String>, Option<String>, Pipe, Vec<Node>, Vec<Node>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// Commands joined by `|`.
pub type Pipe = Vec<Vec<Term>>;

/// A word of a command.
#[derive(Clone, Debug)]
pub enum Term {
    /// `.a.b` (empty: the dot).
    Field(Vec<String>),
    /// `$x.a.b` (the name is empty for `$`).
    Var(String, Vec<String>),
    /// A function.
    Func(String),
    /// Text.
    Str(String),
    /// Whole number.
    Int(i64),
    /// `true`, `false`.
    Bool(bool),
    /// `nil`.
    Nil,
    /// `(…).a.b`
    Group(Pipe, Vec<String>),
}

const FUNCTIONS: &[&str] = &[
    "len",
    "index",
    "printf",
    "print",
    "println",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "html",
    "js",
    "urlquery",
    "slice",
    "base64decode",
    "exists",
];

struct Block {
    open: Node,
    body: Vec<Node>,
    orelse: Option<Vec<Node>>,
    /// How many blocks one `end` closes: `else if` opens inner ones.
    chained: bool,
}

/// Reads a template; the error begins with the line's number.
pub fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut top = Vec::new();
    let (mut rest, mut line, mut trim) = (text, 1, false);
    while !rest.is_empty() {
        let open = rest.find("{{");
        let mut literal = &rest[..open.unwrap_or(rest.len())];
        line += literal.matches('\n').count();
        if trim {
            literal = literal.trim_start();
        }
        let Some(at) = open else {
            push(&mut blocks, &mut top, Node::Text(literal.to_string()));
            break;
        };
        let after = &rest[at + 2..];
        let end = close(after).ok_or_else(|| format!("{line}: unclosed action"))?;
        let mut inner = &after[..end];
        rest = &after[end + 2..];
        if let Some(cut) = inner.strip_prefix("- ") {
            literal = literal.trim_end();
            inner = cut;
        }
        trim = inner.ends_with(" -");
        inner = inner.strip_suffix(" -").unwrap_or(inner).trim();
        push(&mut blocks, &mut top, Node::Text(literal.to_string()));
        if !inner.starts_with("/*") {
            action(inner, &mut blocks, &mut top).map_err(|why| format!("{line}: {why}"))?;
        }
        line += inner.matches('\n').count();
        if blocks.len() > DEPTH_LIMIT {
            return Err(format!("{line}: blocks are nested too deeply"));
        }
    }
    if blocks.is_empty() { Ok(top) } else { Err(format!("{line}: unexpected EOF")) }
}

/// Where an action ends, with `}}` in quotes passed over.
fn close(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut i, mut quote) = (0, 0u8);
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if quote == b'"' => i += 1,
            q @ (b'"' | b'`') if quote == 0 => quote = q,
            q if q == quote && quote != 0 => quote = 0,
            b'}' if quote == 0 && bytes.get(i + 1) == Some(&b'}') => return Some(i),
            _ => {}
        }
        i += 1;
    }
    None
}

fn push(blocks: &mut [Block], top: &mut Vec<Node>, node: Node) {
    if matches!(&node, Node::Text(t) if t.is_empty()) {
        return;
    }
    match blocks.last_mut() {
        Some(b) => b.orelse.as_mut().unwrap_or(&mut b.body).push(node),
        None => top.push(node),
    }
}

fn action(inner: &str, blocks: &mut Vec<Block>, top: &mut Vec<Node>) -> Result<(), String> {
    let at = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (word, rest) = inner.split_at(at);
    let rest = rest.trim_start();
    let opened = |open: Node| Block { open, body: vec![], orelse: None, chained: false };
    match word {
        "if" => blocks.push(opened(Node::If(pipeline(rest, "if")?, vec![], vec![]))),
        "with" => blocks.push(opened(Node::With(pipeline(rest, "with")?, vec![], vec![]))),
        "range" => {
            let (names, pipe) = match rest.split_once(":=") {
                Some((names, pipe)) => (names, pipe),
                None => ("", rest),
            };
            let mut vars = names.split(',').map(|n| n.trim().trim_start_matches('$').to_string());
            let (first, second) = (vars.next().filter(|n| !n.is_empty()), vars.next());
            let (key, value) = if second.is_some() { (first, second) } else { (None, first) };
            blocks.push(opened(Node::Range(key, value, pipeline(pipe, "range")?, vec![], vec![])));
        }
        "else" => {
            let block = blocks.last_mut().ok_or("unexpected {{else}}")?;
            block.orelse = Some(vec![]);
            if let Some(cond) = rest.trim().strip_prefix("if ") {
                let open = Node::If(pipeline(cond, "if")?, vec![], vec![]);
                blocks.push(Block { chained: true, ..opened(open) });
            }
        }
        "end" => loop {
            let block = blocks.pop().ok_or("unexpected {{end}}")?;
            let orelse = block.orelse.unwrap_or_default();
            let node = match block.open {
                Node::If(p, ..) => Node::If(p, block.body, orelse),
                Node::With(p, ..) => Node::With(p, block.body, orelse),
                Node::Range(k, v, p, ..) => Node::Range(k, v, p, block.body, orelse),
                other => other,
            };
            push(blocks, top, node);
            if !block.chained {
                break;
            }
        },
        "break" => push(blocks, top, Node::Break),
        "continue" => push(blocks, top, Node::Continue),
        "define" | "template" | "block" => return Err(format!("not simulated: {{{{{word}}}}}")),
        _ => {
            let assigned = inner.strip_prefix('$').and_then(|t| {
                let (name, pipe) = t.split_once(":=").or_else(|| t.split_once(" = "))?;
                let name = name.trim();
                name.chars().all(|c| c.is_alphanumeric() || c == '_').then_some((name, pipe))
            });
            let node = match assigned {
                Some((name, pipe)) => Node::Set(name.to_string(), pipeline(pipe, "command")?),
                None => Node::Print(pipeline(inner, "command")?),
            };
            push(blocks, top, node);
        }
    }
    Ok(())
}

fn pipeline(text: &str, context: &str) -> Result<Pipe, String> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let pipe = reader.pipe()?;
    if let Some(c) = reader.rest.chars().next() {
        return Err(format!("unexpected {c:?} in {context}"));
    }
    if pipe.iter().any(Vec::is_empty) {
        return Err(format!("missing value for {context}"));
    }
    Ok(pipe)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn pipe(&mut self) -> Result<Pipe, String> {
        let mut pipe = vec![vec![]];
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.chars().next() {
                None | Some(')') => return Ok(pipe),
                Some('|') => {
                    self.rest = &self.rest[1..];
                    pipe.push(vec![]);
                }
                Some(_) => {
                    let term = self.term()?;
                    if let Some(last) = pipe.last_mut() {
                        last.push(term);
                    }
                }
            }
        }
    }

    fn term(&mut self) -> Result<Term, String> {
        let first = self.rest.chars().next().unwrap_or(' ');
        match first {
            '.' => Ok(Term::Field(self.fields())),
            '$' => {
                self.rest = &self.rest[1..];
                let name = self.word();
                Ok(Term::Var(name, self.fields()))
            }
            '"' | '`' => self.string(first),
            '(' => {
                if self.depth >= DEPTH_LIMIT {
                    return Err("parentheses are nested too deeply".into());
                }
                self.rest = &self.rest[1..];
                self.depth += 1;
                let pipe = self.pipe()?;
                self.depth -= 1;
                self.rest = self.rest.strip_prefix(')').ok_or("unclosed left paren")?;
                if pipe.iter().any(Vec::is_empty) {
                    return Err("missing value for parenthesized pipeline".into());
                }
                Ok(Term::Group(pipe, self.fields()))
            }
            c if c.is_ascii_digit() || c == '-' => {
                let n = self.rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(self.rest.len(), |i| i + 1);
                let (number, rest) = self.rest.split_at(n);
                self.rest = rest;
                number.parse().map(Term::Int).map_err(|_| format!("bad number syntax: {number:?}"))
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                match word.as_str() {
                    "true" => Ok(Term::Bool(true)),
                    "false" => Ok(Term::Bool(false)),
                    "nil" => Ok(Term::Nil),
                    w if FUNCTIONS.contains(&w) => Ok(Term::Func(word)),
                    _ => Err(format!("function {word:?} not defined")),
                }
            }
            c => Err(format!("unexpected {c:?} in operand")),
        }
    }

    fn word(&mut self) -> String {
        let n = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(n);
        self.rest = rest;
        word.to_string()
    }

    fn fields(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let word = self.word();
            if word.is_empty() {
                break;
            }
            out.push(word);
        }
        out
    }

    fn string(&mut self, quote: char) -> Result<Term, String> {
        let mut out = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[i + 2..];
                    return Ok(Term::Str(out));
                }
                '\\' if quote == '"' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("unterminated quoted string".into())
    }
}
