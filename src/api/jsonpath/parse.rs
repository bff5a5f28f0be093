//! From a template's text to its nodes.

use super::{MAX_DEPTH, Node, Param};

/// Reads a template: text with actions in braces. Each action becomes a list node.
pub(super) fn template(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    if depth > MAX_DEPTH {
        return Err(String::from("nested too deeply"));
    }
    let mut parser = Parser { text, at: 0, depth };
    let mut nodes = vec![];
    loop {
        match parser.rest().find('{') {
            None => {
                if !parser.rest().is_empty() {
                    nodes.push(Node::Text(String::from(parser.rest())));
                }
                return Ok(nodes);
            }
            Some(i) => {
                if i > 0 {
                    nodes.push(Node::Text(String::from(&parser.rest()[..i])));
                }
                parser.at += i + 1;
                nodes.push(Node::List(parser.action()?));
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn nested(&self, text: &str) -> Result<Vec<Node>, String> {
        let nodes = template(&format!("{{{text}}}"), self.depth + 1)?;
        Ok(match nodes.into_iter().next() {
            Some(Node::List(nodes)) => nodes,
            _ => vec![],
        })
    }

    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = vec![];
        loop {
            let rest = self.rest();
            if rest.starts_with('}') {
                self.at += 1;
                return Ok(nodes);
            }
            if rest.starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if rest.starts_with("..") {
                if matches!(nodes.last(), Some(Node::Recursive)) {
                    return Err(String::from("invalid multiple recursive descent"));
                }
                self.at += 2;
                nodes.push(Node::Recursive);
                if self.rest().starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err(String::from("unclosed action")),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c @ ('+' | '-')) => nodes.push(self.number(self.at - c.len_utf8())?),
                Some(c) if c.is_ascii_digit() => nodes.push(self.number(self.at - 1)?),
                Some(c) if c == '_' || c.is_alphanumeric() => {
                    self.at -= c.len_utf8();
                    nodes.push(self.identifier());
                }
                Some(c) => {
                    return Err(format!("unrecognized character in action: U+{:04X} '{c}'", u32::from(c)));
                }
            }
        }
    }

    fn identifier(&mut self) -> Node {
        let end = self.rest().find(is_terminator).unwrap_or(self.rest().len());
        let word = &self.rest()[..end];
        self.at += end;
        match word {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ => Node::Identifier(String::from(word)),
        }
    }

    fn field(&mut self) -> Node {
        let start = self.at;
        while let Some(c) = self.rest().chars().next().filter(|c| !is_terminator(*c)) {
            self.at += c.len_utf8();
            if c == '\\' {
                self.next();
            }
        }
        match self.text[start..self.at].replace('\\', "").as_str() {
            "*" => Node::Wildcard,
            name => Node::Field(String::from(name)),
        }
    }

    fn number(&mut self, start: usize) -> Result<Node, String> {
        while self.rest().starts_with(|c: char| c == '.' || c.is_ascii_digit()) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if let Ok(n) = text.parse() {
            return Ok(Node::Int(n));
        }
        text.parse().map(Node::Float).map_err(|_| format!("cannot parse number {text}"))
    }

    /// A text up to a quote that has no backslash before it, as upstream looks for its end.
    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err(String::from("unterminated quoted string")),
                Some(c) if c == quote && !self.text[..self.at - 1].ends_with('\\') => break,
                Some(_) => {}
            }
        }
        let inside = &self.text[start..self.at - 1];
        match unquote(inside, quote) {
            Some(text) => Ok(Node::Text(text)),
            None => Err(format!("unquote string {quote}{inside}{quote} error invalid syntax")),
        }
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let rest = self.rest();
        let end = rest.find([']', '\n']).filter(|i| rest[*i..].starts_with(']'));
        let Some(end) = end else { return Err(String::from("unterminated array")) };
        self.at += end + 1;
        let inside = match &rest[..end] {
            "*" => ":",
            other => other,
        };
        if inside.contains(',') {
            let parts = inside.split(',').map(|p| self.nested(&format!("[{}]", p.trim_matches(' '))));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = inside.strip_prefix('\'').and_then(|k| k.strip_suffix('\'')).filter(|k| !k.contains('\''));
        if let Some(key) = key {
            nodes.extend(self.nested(&format!(".{key}"))?);
            return Ok(());
        }
        nodes.push(Node::Array(slice(inside)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, String> {
        self.at += "[?(".len();
        let start = self.at;
        let (mut open, mut closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return Err(String::from("unterminated filter")),
                Some(c @ ('"' | '\'')) => match open {
                    None => open = Some(c),
                    Some(pair) if pair == c && !self.text[..self.at - 1].ends_with('\\') => closed = true,
                    Some(_) => {}
                },
                Some(')') if open.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let text = &self.text[start..self.at - 1];
        if self.next() != Some(']') {
            return Err(String::from("unclosed array expect ]"));
        }
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let split = text.find(is_operator).filter(|i| *i > 0).map(|i| {
            let (left, rest) = text.split_at(i);
            let (operator, right) = rest.split_at(rest.find(|c| !is_operator(c)).unwrap_or(rest.len()));
            (left, operator, right)
        });
        match split {
            Some((left, operator, right)) if !right.is_empty() => Ok(Node::Filter {
                left: self.nested(left)?,
                operator: String::from(operator),
                right: self.nested(right)?,
            }),
            _ => {
                Ok(Node::Filter { left: self.nested(text)?, operator: String::from("exists"), right: vec![] })
            }
        }
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// The text of a quoted one: Go's escapes, of which only that of the quote itself is another's.
fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            if c == quote {
                return None;
            }
            out.push(c);
            continue;
        }
        let (radix, digits, first) = match chars.next()? {
            'x' => (16, 2, 0),
            'u' => (16, 4, 0),
            'U' => (16, 8, 0),
            c @ '0'..='7' => (8, 2, u32::from(c) - u32::from('0')),
            c => {
                out.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    c if c == '\\' || c == quote => c,
                    _ => return None,
                });
                continue;
            }
        };
        let mut code = first;
        for _ in 0..digits {
            code = code.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?)?;
        }
        out.push(char::from_u32(code)?);
    }
    Some(out)
}

/// `START:END:STEP`, each optional; a lone index stands for itself, and nothing at all for the first.
fn slice(text: &str) -> Result<[Param; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let valid = |p: &&str| p.strip_prefix('-').unwrap_or(p).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(valid) {
        return Err(format!("invalid array index {text}"));
    }
    let mut params = [Param::default(); 3];
    for (param, part) in params.iter_mut().zip(&parts) {
        if !part.is_empty() {
            param.value = part.parse().map_err(|_| format!("array index {part} is not a number"))?;
            param.known = true;
        }
    }
    if parts.len() == 1 {
        params[1] = Param { value: params[0].value.saturating_add(1), known: true, derived: true };
    }
    Ok(params)
}
