//! Running a template's nodes.

use super::parse::{Node, Pipe, Term};
use crate::api::{Value, json};
use crate::kubectl::print::expression::go_value;
use crate::kubectl::verb::base64;

/// The most text that a template may print.
const OUTPUT_LIMIT: usize = 4 << 20;
/// The most nodes that may be run.
const STEP_LIMIT: usize = 1_000_000;

struct Run {
    vars: Vec<(String, Value)>,
    out: String,
    steps: usize,
}

#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Runs a template on data.
pub fn run(nodes: &[Node], data: &Value) -> Result<String, String> {
    let mut run = Run { vars: vec![(String::new(), data.clone())], out: String::new(), steps: 0 };
    run.nodes(nodes, data)?;
    Ok(run.out)
}

impl Run {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEP_LIMIT || self.out.len() > OUTPUT_LIMIT {
                return Err("1: the template does too much".into());
            }
            match node {
                Node::Text(t) => self.out.push_str(t),
                Node::Print(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    self.out.push_str(&shown(&value));
                }
                Node::Set(name, pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    self.vars.push((name.clone(), value));
                }
                Node::If(pipe, yes, no) => {
                    let truth = truth(&self.pipe(pipe, dot)?);
                    let flow = self.scoped(if truth { yes } else { no }, dot)?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::With(pipe, yes, no) => {
                    let value = self.pipe(pipe, dot)?;
                    let flow = if truth(&value) { self.scoped(yes, &value)? } else { self.scoped(no, dot)? };
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Range(key, value, pipe, body, orelse) => {
                    self.range((key, value), pipe, body, orelse, dot)?;
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn scoped(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        let kept = self.vars.len();
        let flow = self.nodes(nodes, dot);
        self.vars.truncate(kept);
        flow
    }

    fn range(
        &mut self,
        names: (&Option<String>, &Option<String>),
        pipe: &Pipe,
        body: &[Node],
        orelse: &[Node],
        dot: &Value,
    ) -> Result<(), String> {
        let over = self.pipe(pipe, dot)?;
        let pairs: Vec<(Value, Value)> = match &over {
            Value::Map(_) => over.entries().map(|(k, v)| (Value::from(k), v.clone())).collect(),
            Value::List(l) => l.iter().enumerate().map(|(i, v)| (Value::from(i), v.clone())).collect(),
            Value::Null => vec![],
            other => return Err(format!("1: range can't iterate over {}", go_value(other))),
        };
        if pairs.is_empty() {
            self.scoped(orelse, dot)?;
        }
        for (k, v) in pairs {
            let kept = self.vars.len();
            self.vars.extend(names.0.iter().map(|n| (n.clone(), k.clone())));
            self.vars.extend(names.1.iter().map(|n| (n.clone(), v.clone())));
            let flow = self.nodes(body, &v)?;
            self.vars.truncate(kept);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    fn pipe(&self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in pipe {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&self, terms: &[Term], piped: Option<Value>, dot: &Value) -> Result<Value, String> {
        let Some(first) = terms.first() else { return Ok(Value::Null) };
        let mut args = Vec::new();
        for term in &terms[1..] {
            args.push(self.term(term, dot)?);
        }
        args.extend(piped);
        match first {
            Term::Func(name) => function(name, &args),
            other => self.term(other, dot),
        }
    }

    fn term(&self, term: &Term, dot: &Value) -> Result<Value, String> {
        Ok(match term {
            Term::Field(path) => walk(dot, path),
            Term::Var(name, path) => {
                let found = self.vars.iter().rev().find(|(n, _)| n == name);
                let (_, value) = found.ok_or_else(|| format!("1: undefined variable \"${name}\""))?;
                walk(value, path)
            }
            Term::Str(s) => Value::from(s),
            Term::Int(n) => Value::from(*n),
            Term::Bool(b) => Value::from(*b),
            Term::Nil => Value::Null,
            Term::Group(pipe, path) => walk(&self.pipe(pipe, dot)?, path),
            Term::Func(name) => function(name, &[])?,
        })
    }
}

fn walk(value: &Value, path: &[String]) -> Value {
    path.iter().fold(value.clone(), |v, key| v.get(key).clone())
}

fn shown(value: &Value) -> String {
    if value.is_null() { "<no value>".into() } else { go_value(value) }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::Float(f) => *f != 0.0,
        other => !other.is_empty(),
    }
}

fn function(name: &str, args: &[Value]) -> Result<Value, String> {
    let arg = |i: usize| args.get(i).cloned().unwrap_or_default();
    let wrong =
        |want: &str| Err(format!("1: wrong number of args for {name}: want {want} got {}", args.len()));
    let compare = |a: &Value, b: &Value| match (a.as_int(), b.as_int()) {
        (Some(x), Some(y)) => x.cmp(&y),
        _ => go_value(a).cmp(&go_value(b)),
    };
    Ok(match name {
        "len" => match args {
            [Value::Str(s)] => Value::from(s.len()),
            [v] => Value::from(v.as_map().map_or(v.items().len(), |m| m.len())),
            _ => return wrong("1"),
        },
        "index" => args.iter().skip(1).try_fold(arg(0), |v, key| match (&v, key.as_int()) {
            (Value::List(l), Some(i)) => match usize::try_from(i).ok().and_then(|i| l.get(i)) {
                Some(v) => Ok(v.clone()),
                None => Err(format!("1: error calling index: reflect: slice index out of range: {i}")),
            },
            _ => Ok(v.get(key.str()).clone()),
        })?,
        "eq" => Value::from(args.iter().skip(1).any(|v| *v == arg(0))),
        "ne" => Value::from(arg(0) != arg(1)),
        "lt" => Value::from(compare(&arg(0), &arg(1)).is_lt()),
        "le" => Value::from(compare(&arg(0), &arg(1)).is_le()),
        "gt" => Value::from(compare(&arg(0), &arg(1)).is_gt()),
        "ge" => Value::from(compare(&arg(0), &arg(1)).is_ge()),
        "and" => args.iter().find(|v| !truth(v)).or(args.last()).cloned().unwrap_or_default(),
        "or" => args.iter().find(|v| truth(v)).or(args.last()).cloned().unwrap_or_default(),
        "not" => Value::from(!truth(&arg(0))),
        "print" | "html" | "js" | "urlquery" => Value::from(args.iter().map(shown).collect::<String>()),
        "println" => Value::from(format!("{}\n", args.iter().map(shown).collect::<Vec<_>>().join(" "))),
        "printf" => Value::from(format(args)),
        "slice" => {
            let (from, to) = (arg(1).int_or(0), arg(2).as_int());
            let text = arg(0);
            let to = to.unwrap_or(text.str().len() as i64);
            let cut = text.str().get(usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0));
            Value::from(cut.unwrap_or(""))
        }
        "base64decode" => match base64::decode(arg(0).str()) {
            Some(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
            None => return Err("1: error calling base64decode: illegal base64 data".into()),
        },
        "exists" => {
            let path: Vec<String> = args.iter().skip(1).map(|v| v.str().to_string()).collect();
            Value::from(walk(&arg(0), &path).is_some())
        }
        _ => return Err(format!("1: function {name:?} not defined")),
    })
}

fn format(args: &[Value]) -> String {
    let mut out = String::new();
    let pattern = args.first().map(|v| v.str().to_string()).unwrap_or_default();
    let mut rest = args.iter().skip(1);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        let verb = loop {
            match chars.next() {
                Some(d) if d.is_ascii_digit() || matches!(d, '-' | '.' | '+') => width.push(d),
                other => break other,
            }
        };
        let Some(verb) = verb else { break };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = rest.next().cloned().unwrap_or_default();
        let text = if verb == 'q' { json::quote(value.str()) } else { go_value(&value) };
        let n: usize = width.trim_start_matches('-').parse().unwrap_or(0).min(1_000);
        if width.starts_with('-') {
            out.push_str(&format!("{text:<n$}"));
        } else {
            out.push_str(&format!("{text:>n$}"));
        }
    }
    out
}
