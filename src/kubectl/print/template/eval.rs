//! Running a template's nodes.

use super::function::{self, Failed};
use super::parse::{Command, Node, Pipe, Spot, Template, Term, Word};
use crate::api::Value;
use crate::kubectl::print::expression::go_value;

/// The most text that a template may print.
const OUTPUT_LIMIT: usize = 4 << 20;
/// The most nodes that may be run.
const STEP_LIMIT: usize = 1_000_000;
/// How deep templates may call each other.
const CALL_LIMIT: usize = 100;

struct Run<'a> {
    text: &'a str,
    template: &'a Template,
    variables: Vec<(String, Value)>,
    out: String,
    steps: usize,
    calls: usize,
    /// Whether a field that an object lacks is an error.
    strict: bool,
    /// What is being worked on, as errors tell.
    here: Spot,
}

#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Runs a template on data: what it printed, and the error that stopped it.
pub fn run(text: &str, template: &Template, data: &Value, strict: bool) -> (String, Result<(), String>) {
    let mut run = Run {
        text,
        template,
        variables: vec![(String::new(), data.clone())],
        out: String::new(),
        steps: 0,
        calls: 0,
        strict,
        here: Spot::default(),
    };
    let result = run.nodes(&template.nodes, data).map(|_| ());
    (run.out, result)
}

impl Run<'_> {
    /// An error with the place where it happened.
    fn wrong(&self, why: &str) -> String {
        let before = &self.text[..self.here.at.min(self.text.len())];
        let line = 1 + before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |i| i + 1);
        let shown = self.text.get(self.here.from..self.here.to).unwrap_or("");
        format!("{line}:{column}: executing \"output\" at <{shown}>: {why}")
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEP_LIMIT || self.out.len() > OUTPUT_LIMIT {
                return Err(self.wrong("the template does too much"));
            }
            let flow = match node {
                Node::Text(t) => {
                    self.out.push_str(t);
                    Flow::On
                }
                Node::Print(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    if pipe.variables.is_empty() {
                        self.out.push_str(&shown(&value));
                    }
                    Flow::On
                }
                Node::If(pipe, yes, no) => {
                    let kept = self.variables.len();
                    let value = self.pipe(pipe, dot)?;
                    let flow = self.nodes(if truth(&value) { yes } else { no }, dot)?;
                    self.variables.truncate(kept);
                    flow
                }
                Node::With(pipe, yes, no) => {
                    let kept = self.variables.len();
                    let value = self.pipe(pipe, dot)?;
                    let flow = if truth(&value) { self.nodes(yes, &value)? } else { self.nodes(no, dot)? };
                    self.variables.truncate(kept);
                    flow
                }
                Node::Range(pipe, body, otherwise) => self.range(pipe, body, otherwise, dot)?,
                Node::Template(spot, name, pipe) => self.call(*spot, name, pipe.as_ref(), dot)?,
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn call(&mut self, spot: Spot, name: &str, pipe: Option<&Pipe>, dot: &Value) -> Result<Flow, String> {
        let template = self.template;
        self.here = spot;
        let Some(nodes) = template.defined.get(name) else {
            return Err(self.wrong(&format!("template {name:?} not defined")));
        };
        self.calls += 1;
        if self.calls > CALL_LIMIT {
            return Err(self.wrong(&format!("exceeded maximum template depth ({CALL_LIMIT})")));
        }
        let value = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Null,
        };
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), value.clone())]);
        self.nodes(nodes, &value)?;
        self.variables = outer;
        self.calls -= 1;
        Ok(Flow::On)
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Value) -> Result<Flow, String> {
        let kept = self.variables.len();
        let bare = Pipe { variables: Vec::new(), ..pipe.clone() };
        let over = self.pipe(&bare, dot)?;
        let pairs: Vec<(Value, Value)> = match &over {
            Value::Map(_) => over.entries().map(|(k, v)| (Value::from(k), v.clone())).collect(),
            Value::List(l) => l.iter().enumerate().map(|(i, v)| (Value::from(i), v.clone())).collect(),
            Value::Int(n) if (0..STEP_LIMIT as i64).contains(n) => {
                (0..*n).map(|i| (Value::from(i), Value::from(i))).collect()
            }
            Value::Null => vec![],
            other => return Err(self.wrong(&format!("range can't iterate over {}", go_value(other)))),
        };
        if pairs.is_empty() {
            return self.nodes(otherwise, dot);
        }
        for (key, value) in pairs {
            let values = match pipe.variables.len() {
                2 => vec![key, value.clone()],
                _ => vec![value.clone()],
            };
            for (name, v) in pipe.variables.iter().zip(values) {
                self.keep(name, v, pipe.assigns)?;
            }
            let flow = self.nodes(body, &value)?;
            self.variables.truncate(kept);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// Gives a variable its value.
    fn keep(&mut self, name: &str, value: Value, assigns: bool) -> Result<(), String> {
        if !assigns {
            self.variables.push((name.to_string(), value));
            return Ok(());
        }
        match self.variables.iter_mut().rev().find(|(n, _)| n == name) {
            Some((_, held)) => *held = value,
            None => return Err(self.wrong(&format!("undefined variable: ${name}"))),
        }
        Ok(())
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last, dot)?);
        }
        let value = last.unwrap_or_default();
        for name in &pipe.variables {
            self.keep(name, value.clone(), pipe.assigns)?;
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, piped: Option<Value>, dot: &Value) -> Result<Value, String> {
        let Some(first) = command.terms.first() else { return Ok(Value::Null) };
        self.here = first.spot;
        let args = &command.terms[1..];
        let alone = args.is_empty() && piped.is_none();
        match &first.word {
            Word::Function(name) => self.function(name, command, args, piped, dot),
            Word::Field(path) if !alone => {
                let last = path.last().map_or("", |p| p);
                Err(self.wrong(&format!("{last} is not a method but has arguments")))
            }
            Word::Nil => Err(self.wrong("nil is not a command")),
            _ if !alone => {
                let shown = self.text.get(first.spot.from..first.spot.to).unwrap_or("");
                Err(self.wrong(&format!("can't give argument to non-function {shown}")))
            }
            _ => self.term(first, dot),
        }
    }

    fn function(
        &mut self,
        name: &str,
        command: &Command,
        args: &[Term],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let count = args.len() + usize::from(piped.is_some());
        if let Some(want) = function::arity(name, count) {
            return Err(self.wrong(&format!("wrong number of args for {name}: want {want} got {count}")));
        }
        let mut values = Vec::new();
        for (i, term) in args.iter().enumerate() {
            let value = self.term(term, dot)?;
            if function::takes_text(name, i) && value.as_str().is_none() {
                let why = match value {
                    Value::Null => "invalid value; expected string".to_string(),
                    other => {
                        format!("wrong type for value; expected string; got {}", function::go_type(&other))
                    }
                };
                return Err(self.wrong(&why));
            }
            let decided = name == "and" && !truth(&value) || name == "or" && truth(&value);
            if decided {
                return Ok(value);
            }
            values.push(value);
        }
        values.extend(piped);
        function::call(name, &values).map_err(|Failed(why)| {
            self.here = command.spot;
            self.wrong(&format!("error calling {name}: {why}"))
        })
    }

    fn term(&mut self, term: &Term, dot: &Value) -> Result<Value, String> {
        self.here = term.spot;
        Ok(match &term.word {
            Word::Dot => dot.clone(),
            Word::Field(path) => self.walk(dot, path)?,
            Word::Variable(name, path) => {
                let found = self.variables.iter().rev().find(|(n, _)| n == name);
                let value = found.map(|(_, v)| v.clone()).unwrap_or_default();
                self.walk(&value, path)?
            }
            Word::Str(s) => Value::from(s),
            Word::Int(n) => Value::from(*n),
            Word::Float(f) => Value::Float(*f),
            Word::Bool(b) => Value::from(*b),
            Word::Nil => Value::Null,
            Word::Group(pipe, path) => {
                let value = self.pipe(pipe, dot)?;
                self.walk(&value, path)?
            }
            Word::Function(name) => {
                let command = Command { spot: term.spot, terms: vec![term.clone()] };
                self.function(name, &command, &[], None, dot)?
            }
        })
    }

    fn walk(&self, value: &Value, path: &[String]) -> Result<Value, String> {
        let mut at = value.clone();
        for key in path {
            at = match &at {
                Value::Map(fields) => match fields.get(key.as_str()) {
                    Some(found) => found.clone(),
                    None if self.strict => {
                        return Err(self.wrong(&format!("map has no entry for key {key:?}")));
                    }
                    None => Value::Null,
                },
                Value::Null if self.strict => {
                    return Err(self.wrong(&format!("nil data; no entry for key {key:?}")));
                }
                Value::Null => Value::Null,
                _ => return Err(self.wrong(&format!("can't evaluate field {key} in type interface {{}}"))),
            };
        }
        Ok(at)
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "<no value>".into() } else { go_value(value) }
}

/// Whether a value counts as true.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::Float(f) => *f != 0.0,
        other => !other.is_empty(),
    }
}
