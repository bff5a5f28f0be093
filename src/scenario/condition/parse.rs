//! Reading conditions: words, then a descent by precedence.

use super::{
    Atom, Condition, ConditionError, Count, DEPTH_LIMIT, NODE_LIMIT, Node, Objects, Op, Reading, Requests,
    TEXT_LIMIT, Test,
};
use crate::api::duration;
use crate::api::jsonpath::JsonPath;
use crate::api::labels::Selector;
use crate::kubectl::resource::kind_of;
use crate::time::Span;
use crate::traffic::OUTCOMES;

type Res<T> = Result<T, ConditionError>;

/// Reads the whole text.
pub(super) fn condition(text: &str) -> Res<Condition> {
    if text.len() > TEXT_LIMIT {
        return Err(error(0, format!("a condition has at most {TEXT_LIMIT} bytes")));
    }
    let words = words(text)?;
    let mut p = Parser { words, at: 0, end: text.len(), depth: 0, nodes: Vec::new(), places: Vec::new() };
    p.whole()?;
    if let Some(word) = p.peek() {
        return Err(error(word.at, format!("\"{}\" is not expected here", word.text)));
    }
    Ok(Condition { nodes: p.nodes, places: p.places, text: text.to_string() })
}

fn error(at: usize, message: impl Into<String>) -> ConditionError {
    ConditionError { at, message: message.into() }
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    at: usize,
    end: usize,
    quoted: bool,
}

/// Cuts the text into words, operators, parentheses and quoted texts. Brackets and braces keep a word together.
fn words(text: &str) -> Res<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(words) };
        let at = text.len() - rest.len();
        let (length, quoted) = match first {
            '"' | '\'' => {
                let close = rest[1..].find(first).ok_or_else(|| error(at, "this quote is not closed"))?;
                (close + 2, true)
            }
            '(' | ')' | '~' => (1, false),
            '=' | '!' | '<' | '>' => (1 + usize::from(rest[1..].starts_with('=')), false),
            _ => (word_length(rest).ok_or_else(|| error(at, "this bracket is not closed"))?, false),
        };
        let raw = &rest[..length];
        let inner = if quoted { &raw[1..length - 1] } else { raw };
        words.push(Word { text: inner.to_string(), at, end: at + length, quoted });
        rest = &rest[length..];
    }
}

/// How long the word is that the text begins with; `None` if a bracket in it is not closed.
fn word_length(text: &str) -> Option<usize> {
    let mut open: Vec<char> = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '[' => open.push(']'),
            '{' => open.push('}'),
            _ if open.last() == Some(&c) => drop(open.pop()),
            _ if open.is_empty() && (c.is_whitespace() || "()=!<>~\"".contains(c)) => return Some(i),
            _ => {}
        }
    }
    open.is_empty().then_some(text.len())
}

struct Parser {
    words: Vec<Word>,
    at: usize,
    end: usize,
    depth: usize,
    nodes: Vec<Node>,
    places: Vec<(usize, usize)>,
}

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    fn place(&self) -> usize {
        self.peek().map_or(self.end, |w| w.at)
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|w| !w.quoted && w.text == text);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self, what: &str) -> Res<Word> {
        let word = self.peek().cloned().ok_or_else(|| error(self.end, format!("{what} is missing")))?;
        self.at += 1;
        Ok(word)
    }

    fn expect(&mut self, text: &str) -> Res<()> {
        let at = self.place();
        if self.take(text) { Ok(()) } else { Err(error(at, format!("\"{text}\" is missing"))) }
    }

    fn push(&mut self, from: usize, node: Node) -> Res<usize> {
        if self.nodes.len() >= NODE_LIMIT {
            return Err(error(from, format!("a condition has at most {NODE_LIMIT} parts")));
        }
        self.nodes.push(node);
        let end = self.at.checked_sub(1).and_then(|i| self.words.get(i)).map_or(from, |w| w.end);
        self.places.push((from, end));
        Ok(self.nodes.len() - 1)
    }

    fn whole(&mut self) -> Res<usize> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(error(self.place(), format!("conditions nest at most {DEPTH_LIMIT} deep")));
        }
        let from = self.place();
        let mut node = self.either()?;
        while self.take("after") {
            node = match self.span_ahead()? {
                Some(span) => self.push(from, Node::AfterSpan(node, span))?,
                None => {
                    let when = self.either()?;
                    self.push(from, Node::After(node, when))?
                }
            };
        }
        self.depth -= 1;
        Ok(node)
    }

    fn either(&mut self) -> Res<usize> {
        let from = self.place();
        let mut node = self.both()?;
        while self.take("or") {
            let other = self.both()?;
            node = self.push(from, Node::Or(node, other))?;
        }
        Ok(node)
    }

    fn both(&mut self) -> Res<usize> {
        let from = self.place();
        let mut node = self.prefixed()?;
        while self.take("and") {
            let other = self.prefixed()?;
            node = self.push(from, Node::And(node, other))?;
        }
        Ok(node)
    }

    fn prefixed(&mut self) -> Res<usize> {
        let from = self.place();
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(error(from, format!("conditions nest at most {DEPTH_LIMIT} deep")));
        }
        let node = if self.take("not") {
            let of = self.prefixed()?;
            self.push(from, Node::Not(of))
        } else if self.take("ever") {
            let of = self.prefixed()?;
            self.push(from, Node::Ever(of))
        } else if self.take("never") {
            let of = self.prefixed()?;
            let ever = self.push(from, Node::Ever(of))?;
            self.push(from, Node::Not(ever))
        } else if self.take("always") {
            let of = self.prefixed()?;
            self.push(from, Node::Always(of))
        } else {
            self.suffixed()
        };
        self.depth -= 1;
        node
    }

    fn suffixed(&mut self) -> Res<usize> {
        let from = self.place();
        let mut node = self.primary()?;
        loop {
            let wrapped = if self.take("for") {
                Node::For(node, self.span()?)
            } else if self.take("within") {
                let span = self.span()?;
                let anchor = if self.take("of") { Some(self.primary()?) } else { None };
                Node::Within(node, span, anchor)
            } else if let Some(op) = self.times_op()? {
                let n = self.number()?;
                if !self.take("times") && !self.take("time") {
                    return Err(error(self.place(), "\"times\" is missing"));
                }
                Node::Times(node, op, n)
            } else {
                return Ok(node);
            };
            node = self.push(from, wrapped)?;
        }
    }

    fn times_op(&mut self) -> Res<Option<Op>> {
        if self.take("exactly") {
            return Ok(Some(Op::Is));
        }
        if !self.take("at") {
            return Ok(None);
        }
        let at = self.place();
        match (self.take("least"), self.take("most")) {
            (true, _) => Ok(Some(Op::AtLeast)),
            (_, true) => Ok(Some(Op::AtMost)),
            _ => Err(error(at, "\"least\" or \"most\" is missing")),
        }
    }

    fn number(&mut self) -> Res<i64> {
        let word = self.next("a number")?;
        word.text.parse().map_err(|_| error(word.at, format!("\"{}\" is not a number", word.text)))
    }

    fn span(&mut self) -> Res<Span> {
        let at = self.place();
        self.span_ahead()?.ok_or_else(|| error(at, "a span like 10s, 1m30s or 2h is missing"))
    }

    /// Takes a span if one comes next.
    fn span_ahead(&mut self) -> Res<Option<Span>> {
        let Some(word) = self.peek().filter(|w| w.text.starts_with(|c: char| c.is_ascii_digit())) else {
            return Ok(None);
        };
        let nanos = duration::parse(&word.text).map_err(|e| error(word.at, e))?;
        self.at += 1;
        Ok(Some(Span::micros(nanos.unsigned_abs() / 1_000)))
    }

    fn primary(&mut self) -> Res<usize> {
        if self.take("(") {
            let node = self.whole()?;
            self.expect(")")?;
            return Ok(node);
        }
        let from = self.place();
        let atom = self.atom()?;
        self.push(from, Node::Atom(atom))
    }

    fn atom(&mut self) -> Res<Atom> {
        if self.take("output") {
            let (op, text) = self.comparison()?;
            return Ok(Atom::Output(op, text));
        }
        if self.take("command") {
            let (op, text) = self.comparison()?;
            return Ok(Atom::Command(op, text));
        }
        if self.take("file") {
            let path = self.next("the path of a file")?.text;
            let wanted = if self.take("exists") { None } else { Some(self.comparison()?) };
            return Ok(Atom::File { path, wanted });
        }
        if self.take("count") {
            let of = self.objects()?;
            let test = match (self.take("ready"), self.take("deleting")) {
                (true, _) => Some(Test::Ready),
                (_, true) => Some(Test::Deleting),
                _ => None,
            };
            let (op, value) = self.comparison()?;
            return Ok(Atom::Count { of, test, op, value });
        }
        if self.peek().is_some_and(|w| !w.quoted && w.text.starts_with("traffic/")) {
            return self.traffic();
        }
        let any = self.take("any");
        let of = self.objects()?;
        let test = self.test()?;
        Ok(Atom::Objects { of, any, test })
    }

    /// `traffic/web@shop failed = 0`
    fn traffic(&mut self) -> Res<Atom> {
        let word = self.next("the traffic to a Service")?;
        let text = word.text.trim_start_matches("traffic/");
        let (name, namespace) = match text.split_once('@') {
            Some((name, namespace)) => (name, Some(namespace.to_string())),
            None => (text, None),
        };
        let of = Requests { name: if name.is_empty() { "*" } else { name }.to_string(), namespace };
        let word = self.next("a count like failed, served or refused")?;
        let outcome = || OUTCOMES.iter().find(|(_, n)| *n == word.text).map(|(o, _)| Count::Outcome(*o));
        let reading = match word.text.as_str() {
            "requests" => Some(Count::All),
            "failed" => Some(Count::Failed),
            "success" => Some(Count::Success),
            _ => outcome(),
        };
        let reading =
            reading.ok_or_else(|| error(word.at, format!("\"{}\" is not a count of requests", word.text)))?;
        let (op, value) = self.comparison()?;
        Ok(Atom::Traffic { of, reading, op, value })
    }

    fn objects(&mut self) -> Res<Objects> {
        let word = self.next("an object like pod/web")?;
        let (text, selector) = match word.text.split_once('[') {
            Some((text, inner)) => {
                let inner = inner.strip_suffix(']').unwrap_or(inner);
                (text, Some(Selector::parse(inner).map_err(|e| error(word.at, e))?))
            }
            None => (word.text.as_str(), None),
        };
        let (text, namespace) = match text.split_once('@') {
            Some((text, namespace)) => (text, Some(namespace.to_string())),
            None => (text, None),
        };
        let (kind, name) = text.split_once('/').unwrap_or((text, "*"));
        let kind = kind_of(kind).map_err(|_| {
            error(
                word.at,
                format!("\"{}\" is neither a kind like pod/web nor a word of conditions", word.text),
            )
        })?;
        let name = if name.is_empty() { "*" } else { name }.to_string();
        Ok(Objects { kind, name, namespace, selector })
    }

    fn test(&mut self) -> Res<Test> {
        let word = self.next("a test like ready, exists, is Running or .spec.replicas = 3")?;
        let simple = match word.text.as_str() {
            "exists" => Some(Test::Exists),
            "absent" => Some(Test::Absent),
            "gone" => Some(Test::Gone),
            "deleting" => Some(Test::Deleting),
            "ready" => Some(Test::Ready),
            "event" => Some(self.event()?),
            "is" => {
                let value = self.next("a word like Running")?.text;
                Some(Test::Value { of: Reading::Status, op: Op::Is, value })
            }
            _ => None,
        };
        if let Some(test) = simple {
            return Ok(test);
        }
        let of = self.reading(&word)?;
        match self.op() {
            Some(op) => Ok(Test::Value { of, op, value: self.next("a value")?.text }),
            None => match of {
                Reading::Path(path, _) => {
                    Ok(Test::Value { of: Reading::Path(path, true), op: Op::IsNot, value: String::new() })
                }
                Reading::Condition(_) => Ok(Test::Value { of, op: Op::Is, value: "True".into() }),
                _ => Err(error(self.place(), "an operator (= != < <= > >= ~) is missing")),
            },
        }
    }

    fn reading(&mut self, word: &Word) -> Res<Reading> {
        let path = |text: &str| {
            let path = JsonPath::parse(text).map_err(|e| error(word.at, format!("{e} in {text}")))?;
            Ok(Reading::Path(path, false))
        };
        match word.text.as_str() {
            "status" => Ok(Reading::Status),
            "restarts" => Ok(Reading::Restarts),
            "last" => Ok(Reading::Last),
            "image" => Ok(Reading::Image),
            "endpoints" => Ok(Reading::Endpoints),
            "phase" => path("{.status.phase}"),
            "node" => path("{.spec.nodeName}"),
            "condition" => Ok(Reading::Condition(self.next("a condition's type")?.text)),
            text if text.starts_with('{') => path(text),
            text if text.starts_with('.') => path(&format!("{{{text}}}")),
            text => Err(error(word.at, format!("\"{text}\" is not a test of objects"))),
        }
    }

    fn event(&mut self) -> Res<Test> {
        let reason = self.next("an event's reason")?.text;
        let text = if self.take("~") { Some(self.next("a text")?.text) } else { None };
        let (op, value) = match self.op() {
            Some(op) => (op, self.next("a number")?.text),
            None => (Op::AtLeast, "1".into()),
        };
        Ok(Test::Event { reason, text, op, value })
    }

    fn op(&mut self) -> Option<Op> {
        let word = self.peek().filter(|w| !w.quoted)?;
        let op = match word.text.as_str() {
            "=" | "==" => Op::Is,
            "!=" => Op::IsNot,
            "<" => Op::Less,
            "<=" => Op::AtMost,
            ">" => Op::More,
            ">=" => Op::AtLeast,
            "~" => Op::Contains,
            _ => return None,
        };
        self.at += 1;
        Some(op)
    }

    fn comparison(&mut self) -> Res<(Op, String)> {
        let at = self.place();
        let op = self.op().ok_or_else(|| error(at, "an operator (= != < <= > >= ~) is missing"))?;
        Ok((op, self.next("a value")?.text))
    }
}
