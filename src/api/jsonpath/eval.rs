//! Applying a template's nodes to data.

use super::{MAX_DEPTH, MAX_STEPS, Node, Param};
use crate::api::Value;
use crate::api::decode::go_map;
use std::cmp::Ordering;

/// The results of each top-level node.
pub(super) fn find(nodes: &[Node], data: &Value, allow_missing: bool) -> Result<Vec<Vec<Value>>, String> {
    let mut eval = Eval { allow_missing, steps: 0 };
    let mut out = vec![];
    eval.block(nodes, Some(data), 0, &mut out)?;
    Ok(out)
}

struct Eval {
    allow_missing: bool,
    steps: usize,
}

impl Eval {
    fn step(&mut self, n: usize) -> Result<(), String> {
        self.steps += n + 1;
        if self.steps > MAX_STEPS { Err(String::from("the template does too much work")) } else { Ok(()) }
    }

    /// Applies nodes up to the `end` of the enclosing range and returns how many it took. Without data (a range
    /// over nothing) the nodes are only passed over.
    fn block(
        &mut self,
        nodes: &[Node],
        data: Option<&Value>,
        depth: usize,
        out: &mut Vec<Vec<Value>>,
    ) -> Result<usize, String> {
        if depth > MAX_DEPTH {
            return Err(String::from("nested too deeply"));
        }
        let mut i = 0;
        while i < nodes.len() {
            self.step(0)?;
            let node = &nodes[i];
            i += 1;
            match marker(node) {
                Some("end") if depth > 0 => return Ok(i),
                Some("end") => return Err(String::from("not in range, nothing to end")),
                Some("range") => {
                    let items = match data {
                        Some(data) => self.walk(vec![data.clone()], node)?,
                        None => vec![],
                    };
                    let rest = &nodes[i..];
                    let mut taken = None;
                    for item in &items {
                        taken = Some(self.block(rest, Some(item), depth + 1, out)?);
                    }
                    i += match taken {
                        Some(taken) => taken,
                        None => self.block(rest, None, depth + 1, &mut vec![])?,
                    };
                }
                _ => {
                    if let Some(data) = data {
                        out.push(self.walk(vec![data.clone()], node)?);
                    }
                }
            }
        }
        Ok(nodes.len())
    }

    fn list(&mut self, mut values: Vec<Value>, nodes: &[Node]) -> Result<Vec<Value>, String> {
        for node in nodes {
            values = self.walk(values, node)?;
        }
        Ok(values)
    }

    fn walk(&mut self, input: Vec<Value>, node: &Node) -> Result<Vec<Value>, String> {
        self.step(input.len())?;
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Value::from(text.as_str())]),
            Node::Int(n) => Ok(vec![Value::Int(*n); input.len()]),
            Node::Float(f) => Ok(vec![Value::Float(*f); input.len()]),
            Node::Bool(b) => Ok(vec![Value::Bool(*b); input.len()]),
            Node::Field(name) => self.field(&input, name),
            Node::Array(params) => self.array(&input, *params),
            Node::Wildcard => Ok(input.iter().flat_map(parts).collect()),
            Node::Recursive => {
                let mut out = vec![];
                self.descend(&input, &mut out)?;
                Ok(out)
            }
            Node::Union(lists) => {
                let mut out = vec![];
                for nodes in lists {
                    out.extend(self.list(input.clone(), nodes)?);
                }
                Ok(out)
            }
            Node::Filter { left, operator, right } => self.filter(&input, left, operator, right),
            Node::Identifier(name) if name == "range" => Ok(input),
            Node::Identifier(name) if name == "end" => Err(String::from("not in range, nothing to end")),
            Node::Identifier(name) => Err(format!("unrecognized identifier {name}")),
        }
    }

    fn field(&mut self, input: &[Value], name: &str) -> Result<Vec<Value>, String> {
        let found: Vec<Value> =
            input.iter().filter_map(|v| v.as_map().and_then(|m| m.get(name)).cloned()).collect();
        if found.is_empty() && !input.is_empty() && !self.allow_missing {
            return Err(format!("{name} is not found"));
        }
        Ok(found)
    }

    fn array(&mut self, input: &[Value], params: [Param; 3]) -> Result<Vec<Value>, String> {
        let mut out = vec![];
        for value in input.iter().filter(|v| v.is_some()) {
            let Some(list) = value.as_list() else {
                return Err(format!("{} is not array or slice", go_type(value)));
            };
            let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
            let [mut from, mut to, step] = params;
            if from.value < 0 {
                from.value += length;
            }
            if !to.known {
                to.value = length;
            }
            if to.value < 0 || (to.value == 0 && to.derived) {
                to.value += length;
            }
            if from.value == to.value {
                return Ok(vec![]);
            }
            let bounds = |i| format!("array index out of bounds: index {i}, length {length}");
            if from.value >= length || from.value < 0 {
                return Err(bounds(from.value));
            }
            if to.value > length || to.value < 0 {
                return Err(bounds(to.value - 1));
            }
            if from.value > to.value {
                return Err(format!(
                    "starting index {} is greater than ending index {}",
                    from.value, to.value
                ));
            }
            if step.known && step.value <= 0 {
                return Err(String::from("step must be > 0"));
            }
            let by = if step.known { step.value as usize } else { 1 };
            out.extend(list[from.value as usize..to.value as usize].iter().step_by(by).cloned());
        }
        Ok(out)
    }

    fn descend(&mut self, input: &[Value], out: &mut Vec<Value>) -> Result<(), String> {
        for value in input {
            let inner = parts(value);
            self.step(inner.len())?;
            if !inner.is_empty() {
                out.push(value.clone());
                self.descend(&inner, out)?;
            }
        }
        Ok(())
    }

    fn filter(
        &mut self,
        input: &[Value],
        left: &[Node],
        operator: &str,
        right: &[Node],
    ) -> Result<Vec<Value>, String> {
        let mut out = vec![];
        for value in input {
            let Some(list) = value.as_list() else {
                return Err(format!("{} is not array or slice and cannot be filtered", go_map(value)));
            };
            for item in list {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|l| !l.is_empty()) {
                        out.push(item.clone());
                    }
                    continue;
                }
                let Some(l) = single(lefts?)? else { continue };
                let Some(r) = single(self.list(vec![item.clone()], right)?)? else { continue };
                if compare(&l, operator, &r)? {
                    out.push(item.clone());
                }
            }
        }
        Ok(out)
    }
}

/// `range` or `end` if the node is an action that begins with that word.
fn marker(node: &Node) -> Option<&str> {
    match node {
        Node::List(nodes) => match nodes.first() {
            Some(Node::Identifier(name)) if name == "range" || name == "end" => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn single(mut values: Vec<Value>) -> Result<Option<Value>, String> {
    if values.len() > 1 {
        return Err(String::from("can only compare one element at a time"));
    }
    Ok(values.pop())
}

fn parts(value: &Value) -> Vec<Value> {
    match value {
        Value::List(l) => l.to_vec(),
        Value::Map(m) => m.iter().map(|(_, v)| v.clone()).collect(),
        // To Go a string is a list of bytes.
        Value::Str(s) => s.bytes().map(|b| Value::Int(i64::from(b))).collect(),
        _ => vec![],
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "map[string]interface {}",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::List(_) | Value::Null => "[]interface {}",
    }
}

/// Compares two basic values of the same type, as Go's templates do.
fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    if !matches!(operator, "==" | "!=" | "<" | ">" | "<=" | ">=") {
        return Err(format!("unrecognized filter operator {operator}"));
    }
    let order = match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) if operator == "==" || operator == "!=" => Some(a.cmp(b)),
        (Value::Map(_) | Value::List(_) | Value::Null, _)
        | (_, Value::Map(_) | Value::List(_) | Value::Null) => {
            return Err(String::from("invalid type for comparison"));
        }
        (Value::Bool(_), Value::Bool(_)) => return Err(String::from("invalid type for comparison")),
        _ => return Err(String::from("incompatible types for comparison")),
    };
    Ok(match operator {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}
