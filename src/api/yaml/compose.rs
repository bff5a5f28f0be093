//! From events to a value: anchors and aliases, merge keys, types of plain scalars, keys as strings.
//!
//! Two steps, as in go-yaml: the whole document becomes a list of nodes first (so that a syntax error anywhere
//! comes before any other complaint), then the nodes become a value. An alias shares the value of its anchor;
//! what it would cost to expand it is counted and limited.

use super::events::{Event, Failure, Kind, Mark, Parser};
use super::resolve::{Resolved, resolve};
use super::{Error, Limits};
use crate::api::value::Map;
use crate::api::{Text, Value, json, schema};
use crate::collections::BTreeMap;
use std::rc::Rc;

/// Where a value stands in its document, and where its parts stand. Lines and columns count from zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Line of the value's key (or of the value, in lists).
    pub line: u32,
    /// Column.
    pub column: u32,
    /// The parts of a map by key, of a list by number.
    parts: Vec<(Text, Place)>,
}

impl Place {
    /// Line and column of the value at a field path such as `spec.containers[0].image` or
    /// `metadata.labels[app.kubernetes.io/name]`; of its nearest ancestor if there is none.
    pub fn find(&self, path: &str) -> (u32, u32) {
        let mut place = self;
        let mut rest = path;
        while !rest.is_empty() {
            rest = rest.trim_start_matches('.');
            let (step, after) = match rest.strip_prefix('[') {
                Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            match place.parts.iter().find(|(key, _)| key == step) {
                Some((_, part)) => place = part,
                None => break,
            }
            rest = after;
        }
        (place.line, place.column)
    }
}

/// A node: what an event said, with its children as indexes.
struct Node {
    mark: Mark,
    kind: NodeKind,
}

enum NodeKind {
    Scalar { value: String, plain: bool, tag: Option<String> },
    Sequence(Vec<usize>),
    Mapping(Vec<(usize, usize)>),
    Alias { name: String, target: usize },
}

/// How often a document is read anew because of `\'`; see [`compose`].
const MAX_QUOTES: usize = 100;

/// Reads one document. `Ok(None)` if it holds nothing.
///
/// go-yaml lets a double-quoted scalar escape a single quote, libyaml does not: where it stumbles over one,
/// the backslash goes and the document is read again.
pub(super) fn compose(text: &str, limits: Limits) -> Result<Option<(Value, Place)>, Error> {
    let mut outcome = compose_once(text, limits);
    let mut mended = String::from(text);
    for _ in 0..MAX_QUOTES {
        let Err(error) = &outcome else { break };
        if !error.message.ends_with("found unknown escape character") {
            break;
        }
        let start = mended.split_inclusive('\n').take(error.line as usize).map(str::len).sum::<usize>();
        let Some((column, _)) = mended[start..].char_indices().nth(error.column as usize) else { break };
        if !mended[start + column..].starts_with("\\'") {
            break;
        }
        mended.remove(start + column);
        outcome = compose_once(&mended, limits);
    }
    outcome
}

fn compose_once(text: &str, limits: Limits) -> Result<Option<(Value, Place)>, Error> {
    let mut composer =
        Composer { parser: Parser::new(text), nodes: vec![], anchors: BTreeMap::new(), limits };
    let root = loop {
        let event = composer.next()?;
        match event.kind {
            Kind::StreamEnd => return Ok(None),
            Kind::Other => {}
            _ => break composer.node(event, 0)?,
        }
    };
    // The end of the document must be well-formed, too; what follows it is not read.
    composer.next()?;
    let state = vec![State::Untouched; composer.nodes.len()];
    let mut builder = Builder { nodes: composer.nodes, state, all: 0, aliased: 0, alias_depth: 0, limits };
    let mut place = Place::default();
    let value = builder.build(root, &mut place)?;
    Ok(Some((value, place)))
}

struct Composer<'a> {
    parser: Parser<'a>,
    nodes: Vec<Node>,
    anchors: BTreeMap<String, usize>,
    limits: Limits,
}

impl Composer<'_> {
    fn next(&mut self) -> Result<Event, Error> {
        self.parser.next().map_err(|f| syntax_error(&f))
    }

    fn push(&mut self, mark: Mark, anchor: Option<String>, kind: NodeKind) -> usize {
        self.nodes.push(Node { mark, kind });
        let index = self.nodes.len() - 1;
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, index);
        }
        index
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<usize, Error> {
        let Event { kind, mark, anchor, tag } = event;
        if depth >= self.limits.depth {
            return Err(error_at(mark, format!("exceeded max depth of {}", self.limits.depth)));
        }
        if self.nodes.len() as u64 >= self.limits.nodes {
            return Err(error_at(mark, format!("exceeded max size of {} values", self.limits.nodes)));
        }
        match kind {
            Kind::Scalar { value, plain } => {
                Ok(self.push(mark, anchor, NodeKind::Scalar { value, plain, tag }))
            }
            Kind::Alias => {
                let name = anchor.unwrap_or_default();
                match self.anchors.get(&name).copied() {
                    Some(target) => Ok(self.push(mark, None, NodeKind::Alias { name, target })),
                    None => Err(error_at(mark, format!("unknown anchor '{name}' referenced"))),
                }
            }
            Kind::SequenceStart => {
                let index = self.push(mark, anchor, NodeKind::Sequence(vec![]));
                let mut items = vec![];
                loop {
                    let event = self.next()?;
                    if matches!(event.kind, Kind::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, depth + 1)?);
                }
                self.nodes[index].kind = NodeKind::Sequence(items);
                Ok(index)
            }
            _ => {
                let index = self.push(mark, anchor, NodeKind::Mapping(vec![]));
                let mut entries = vec![];
                loop {
                    let event = self.next()?;
                    if matches!(event.kind, Kind::MappingEnd) {
                        break;
                    }
                    let key = self.node(event, depth + 1)?;
                    let event = self.next()?;
                    entries.push((key, self.node(event, depth + 1)?));
                }
                self.nodes[index].kind = NodeKind::Mapping(entries);
                Ok(index)
            }
        }
    }
}

/// Whether a node has been made into a value: a later alias shares it.
#[derive(Clone)]
enum State {
    Untouched,
    InProgress,
    Done { value: Value, size: u64 },
}

struct Builder {
    nodes: Vec<Node>,
    state: Vec<State>,
    all: u64,
    aliased: u64,
    alias_depth: u32,
    limits: Limits,
}

impl Builder {
    fn build(&mut self, index: usize, place: &mut Place) -> Result<Value, Error> {
        let mark = self.nodes[index].mark;
        (place.line, place.column) = (mark.line, mark.column);
        self.count(1, mark)?;
        if let NodeKind::Alias { name, target } = &self.nodes[index].kind {
            let (name, target) = (name.clone(), *target);
            return self.alias(&name, target, mark, place);
        }
        let before = self.all;
        self.state[index] = State::InProgress;
        let kind = std::mem::replace(&mut self.nodes[index].kind, NodeKind::Sequence(vec![]));
        let value = match &kind {
            NodeKind::Scalar { value, plain, tag } => scalar(value, *plain, tag.as_deref(), mark)?,
            NodeKind::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    let mut part = Place::default();
                    list.push(self.build(*item, &mut part)?);
                    place.parts.push((Text::from(i.to_string()), part));
                }
                Value::from(list)
            }
            NodeKind::Mapping(entries) => self.mapping(entries, place)?,
            NodeKind::Alias { .. } => unreachable!("handled above"),
        };
        self.nodes[index].kind = kind;
        self.state[index] = State::Done { value: value.clone(), size: self.all - before + 1 };
        Ok(value)
    }

    fn alias(&mut self, name: &str, target: usize, mark: Mark, place: &mut Place) -> Result<Value, Error> {
        match self.state[target].clone() {
            State::Done { value, size } => {
                self.aliased += size;
                self.count(size, mark)?;
                Ok(value)
            }
            State::InProgress => Err(error_plain(mark, format!("anchor '{name}' value contains itself"))),
            State::Untouched => {
                self.alias_depth += 1;
                let value = self.build(target, place)?;
                self.alias_depth -= 1;
                Ok(value)
            }
        }
    }

    /// Counts values and refuses documents that are mostly aliases, as go-yaml does: up to 400,000 values 99 %
    /// may come from aliases, from 4,000,000 on 10 %.
    fn count(&mut self, size: u64, mark: Mark) -> Result<(), Error> {
        self.all += size;
        let excessive = self.aliased > 100
            && self.all > 1000
            && self.aliased as f64 / self.all as f64 > allowed_alias_ratio(self.all);
        if excessive || self.all > self.limits.nodes {
            return Err(error_plain(mark, String::from("document contains excessive aliasing")));
        }
        Ok(())
    }

    fn mapping(&mut self, entries: &[(usize, usize)], place: &mut Place) -> Result<Value, Error> {
        let mut out: Vec<(Text, Value)> = Vec::with_capacity(entries.len());
        for (key_index, value_index) in entries {
            let key_node = &self.nodes[*key_index];
            let key_mark = key_node.mark;
            let is_merge = matches!(&key_node.kind, NodeKind::Scalar { value, plain, tag }
                if value == "<<" && (*plain || tag.as_deref() == Some("tag:yaml.org,2002:merge")));
            if is_merge {
                self.merge(*value_index, &mut out, place)?;
                continue;
            }
            let key = self.build(*key_index, &mut Place::default())?;
            if matches!(key, Value::Map(_) | Value::List(_)) {
                return Err(error_plain(key_mark, format!("invalid map key: {}", go_syntax(&key))));
            }
            let mut part = Place::default();
            let value = self.build(*value_index, &mut part)?;
            let Some(key) = key_text(&key) else {
                let message = format!(
                    "unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
                    go_syntax(&value)
                );
                return Err(Error { message, ..error_plain(key_mark, String::new()) });
            };
            (part.line, part.column) = (key_mark.line, key_mark.column);
            place.parts.push((key.clone(), part));
            out.push((key, value));
        }
        Ok(Value::Map(Rc::new(Map::from_entries(out))))
    }

    /// `<<`: the entries of a map, or of a list of maps of which the first counts most.
    fn merge(&mut self, index: usize, out: &mut Vec<(Text, Value)>, place: &mut Place) -> Result<(), Error> {
        let mark = self.nodes[index].mark;
        let sources = match &self.nodes[index].kind {
            NodeKind::Sequence(items) => items.iter().rev().copied().collect(),
            _ => vec![index],
        };
        for source in sources {
            let mut part = Place::default();
            let value = self.build(source, &mut part)?;
            let Value::Map(map) = &value else {
                return Err(error_plain(
                    mark,
                    String::from("map merge requires map or sequence of maps as the value"),
                ));
            };
            place.parts.append(&mut part.parts);
            out.extend(map.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        Ok(())
    }
}

fn allowed_alias_ratio(all: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    0.99 - 0.89 * ((all as f64).clamp(LOW, HIGH) - LOW) / (HIGH - LOW)
}

/// A scalar as the JSON that kubectl makes of it.
fn scalar(value: &str, plain: bool, tag: Option<&str>, mark: Mark) -> Result<Value, Error> {
    let as_string = || Value::from(value);
    let Some(tag) = tag else {
        return if plain { plain_scalar(value, mark) } else { Ok(as_string()) };
    };
    let Some(short) = tag.strip_prefix("tag:yaml.org,2002:") else { return Ok(as_string()) };
    let resolved = resolve(value);
    let found = match &resolved {
        Resolved::Value(Value::Null) => "null",
        Resolved::Value(Value::Bool(_)) => "bool",
        Resolved::Value(Value::Int(_)) | Resolved::Big(_) => "int",
        Resolved::Value(_) => "float",
        Resolved::Timestamp => "timestamp",
        Resolved::Merge => "merge",
        Resolved::Str => "str",
    };
    match short {
        "bool" | "int" | "float" | "null" | "timestamp"
            if short == found || (short == "float" && found == "int") =>
        {
            plain_scalar(value, mark)
        }
        "bool" | "int" | "float" | "null" | "timestamp" => {
            Err(error_plain(mark, format!("cannot decode !!{found} `{value}` as a !!{short}")))
        }
        _ => Ok(as_string()),
    }
}

fn plain_scalar(value: &str, mark: Mark) -> Result<Value, Error> {
    match resolve(value) {
        Resolved::Value(Value::Float(f)) if !f.is_finite() => {
            let word = if f.is_nan() {
                "NaN"
            } else if f > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            let message = format!("json: unsupported value: {word}");
            Err(Error { message, ..error_plain(mark, String::new()) })
        }
        // The value passes through JSON, where 5.0 is printed as 5.
        Resolved::Value(Value::Float(f)) if f.fract() == 0.0 && f.abs() < 9.2e18 => Ok(Value::Int(f as i64)),
        Resolved::Value(v) => Ok(v),
        Resolved::Big(n) => Ok(Value::Float(n as f64)),
        Resolved::Timestamp | Resolved::Merge | Resolved::Str => Ok(Value::from(value)),
    }
}

/// A key as the string that it is in JSON; `null` has none.
fn key_text(key: &Value) -> Option<Text> {
    Some(match key {
        Value::Str(s) => schema::key(s),
        Value::Int(n) => Text::from(n.to_string()),
        Value::Float(f) => Text::from(json::print_float(*f)),
        Value::Bool(b) => Text::lit(if *b { "true" } else { "false" }),
        _ => return None,
    })
}

/// A value as Go's `%#v` shows it.
fn go_syntax(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => String::from("interface {}(nil)"),
        Value::Str(s) => format!("{:?}", s.as_str()),
        Value::List(l) => format!("[]interface {{}}{{{}}}", list(l.iter().map(go_syntax).collect())),
        Value::Map(m) => {
            let entry = |(k, v): (&Text, &Value)| format!("{:?}:{}", k.as_str(), go_syntax(v));
            format!("map[interface {{}}]interface {{}}{{{}}}", list(m.iter().map(entry).collect()))
        }
        _ => json::print(value),
    }
}

const PREFIX: &str = "error converting YAML to JSON: ";

/// A complaint without a line in its text, as go-yaml words those of its decoder.
fn error_plain(mark: Mark, problem: String) -> Error {
    Error {
        message: format!("yaml: {problem}"),
        prefix: PREFIX,
        line: mark.line,
        column: mark.column,
        hint: None,
    }
}

fn error_at(mark: Mark, problem: String) -> Error {
    let problem = if mark.line == 0 || problem.starts_with("unknown anchor") {
        problem
    } else {
        format!("line {}: {problem}", mark.line + 1)
    };
    error_plain(mark, problem)
}

/// The rule by which go-yaml v2 names a line: the scanner's true line, but one less for the parser, and the
/// place of the context if the problem stands on the first line.
fn syntax_error(f: &Failure) -> Error {
    let line = match (f.problem_mark.line, f.scanner) {
        (0, _) => f.context_mark.line,
        (line, true) => line + 1,
        (line, false) => line,
    };
    let problem = if line == 0 { f.problem.clone() } else { format!("line {line}: {}", f.problem) };
    error_plain(f.problem_mark, problem)
}
