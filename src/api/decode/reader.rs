//! Walking a tree along the schema.

use super::scalar::{self, Wrong};
use crate::api::schema::{Container, Field, Shape, Type};
use crate::api::value::Map;
use crate::api::{Kind, Text, Value};
use crate::collections::Order;
use std::rc::Rc;

/// Whose words complaints use.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Words {
    /// Go's `encoding/json`.
    Json,
    /// apimachinery's `DefaultUnstructuredConverter`.
    Convert,
}

/// A step of the path to the present value.
enum Step {
    Field(&'static str),
    Index(usize),
    Key(Text),
}

/// Decodes one document.
pub(super) struct Reader {
    words: Words,
    path: Vec<Step>,
    unknown: Vec<String>,
    /// The type whose field is read, as Go names it in type errors.
    owner: &'static str,
    /// The fields (and embedded structs) down to here, as Go names them in type errors.
    fields: Vec<&'static str>,
    /// The first wrong type: decoding goes on after it, to see whether anything is worse.
    saved: Option<String>,
}

type Outcome = Result<Value, String>;

impl Reader {
    pub fn new(words: Words) -> Reader {
        Reader { words, path: vec![], unknown: vec![], owner: "", fields: vec![], saved: None }
    }

    /// Reads an object of a kind.
    pub fn object(&mut self, kind: Kind, value: &Value) -> Outcome {
        let root = Type::of(kind).expect("every kind has a type");
        self.owner = root.name();
        let mut value = self.structure(value, root, kind.info().kind)?;
        if let Some(error) = self.saved.take() {
            return Err(error);
        }
        let info = kind.info();
        value.map_mut().insert(Text::lit("apiVersion"), Text::lit(info.api_version));
        value.map_mut().insert(Text::lit("kind"), Text::lit(info.kind));
        Ok(value)
    }

    /// Reads a part of an object that stands in the field `name`.
    pub fn part(&mut self, name: &'static str, value: &Value, t: Type) -> Outcome {
        self.fields.push(name);
        self.path.push(Step::Field(name));
        let value = self.structure(value, t, t.name())?;
        self.saved.take().map_or(Ok(value), Err)
    }

    /// `unknown field "PATH"` for each.
    pub fn unknown_fields(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unknown)
    }

    fn structure(&mut self, value: &Value, t: Type, go_type: &str) -> Outcome {
        let Value::Map(map) = value else {
            return self.wrong_type(value, go_type, "struct");
        };
        let outer = std::mem::replace(&mut self.owner, t.name());
        let entries = match self.words {
            Words::Json => self.entries_in_order(map, t),
            Words::Convert => self.entries_by_field(map, t),
        };
        self.owner = outer;
        let mut entries = entries?;
        for field in t.fields().filter(|f| !f.omitempty() || always_present(*f)) {
            if !map.get(field.name()).is_some_and(|v| !v.is_null() || field.shape() == Shape::Time) {
                entries.extend(zero(field).map(|v| (Text::lit(field.name()), v)));
            }
        }
        entries.retain(|(key, value)| t.field(key).is_none_or(|f| is_kept(f, value)));
        Ok(Value::Map(Rc::new(Map::from_entries(entries))))
    }

    /// JSON is read in the order of the text, which is sorted.
    fn entries_in_order(&mut self, map: &Map, t: Type) -> Result<Vec<(Text, Value)>, String> {
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map.iter() {
            match t.field(key) {
                Some(field) => entries.extend(self.field(field, value)?),
                None => self.note_unknown(key),
            }
        }
        Ok(entries)
    }

    /// Conversion goes by Go's order of fields; what nobody asked for is noted at the end.
    fn entries_by_field(&mut self, map: &Map, t: Type) -> Result<Vec<(Text, Value)>, String> {
        let mut entries = Vec::with_capacity(map.len());
        let mut fields: Vec<Field> = t.fields().filter(|f| map.contains(f.name())).collect();
        fields.order_by_key(|f| f.order());
        for field in fields {
            entries.extend(self.field(field, map.get(field.name()).unwrap_or(&Value::Null))?);
        }
        for (key, _) in map.iter().filter(|(k, _)| t.field(k).is_none()) {
            self.note_unknown(key);
        }
        Ok(entries)
    }

    fn note_unknown(&mut self, key: &str) {
        let mut path = self.path_text();
        if !path.is_empty() {
            path.push('.');
        }
        self.unknown.push(format!("unknown field \"{path}{key}\""));
    }

    fn path_text(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Index(i) => out += &format!("[{i}]"),
                Step::Field(name) => push_dotted(&mut out, name),
                Step::Key(key) => push_dotted(&mut out, key),
            }
        }
        out
    }

    fn field(&mut self, field: Field, value: &Value) -> Result<Option<(Text, Value)>, String> {
        let key = Text::lit(field.name());
        if value.is_null() {
            return Ok((field.shape() == Shape::Time && !field.pointer()).then_some((key, Value::Null)));
        }
        let (depth, owner) = (self.fields.len(), self.owner);
        if let Some((embedded, embedded_type)) = field.embedded() {
            self.fields.extend(embedded.split('.'));
            self.owner = embedded_type;
        }
        self.fields.push(field.name());
        self.path.push(Step::Field(field.name()));
        let read = match field.container() {
            Container::Plain => self.single(field, value, field.go_type()),
            Container::List => self.list(field, value, field.go_type()),
            Container::Map | Container::MapOfLists => self.map(field, value),
        };
        self.path.pop();
        self.fields.truncate(depth);
        self.owner = owner;
        Ok(Some((key, read?)))
    }

    fn list(&mut self, field: Field, value: &Value, go_type: &str) -> Outcome {
        let Value::List(items) = value else {
            return self.wrong_type(value, go_type, "slice");
        };
        let element = element_type(field);
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            self.path.push(Step::Index(i));
            out.push(match item {
                Value::Null => zero_element(field),
                item => self.single(field, item, element)?,
            });
            self.path.pop();
        }
        Ok(Value::from(out))
    }

    fn map(&mut self, field: Field, value: &Value) -> Outcome {
        let Value::Map(map) = value else {
            return self.wrong_type(value, field.go_type(), "map");
        };
        let element = element_type(field);
        let mut out = Vec::with_capacity(map.len());
        // An amount of null is no amount: the server drops the entry.
        let amounts = matches!(field.shape(), Shape::Quantity);
        for (key, item) in map.iter().filter(|(_, v)| !(amounts && v.is_null())) {
            self.path.push(Step::Key(key.clone()));
            let item = match item {
                Value::Null if field.container() == Container::MapOfLists => Value::Null,
                Value::Null => zero_element(field),
                item if field.container() == Container::MapOfLists => self.list(field, item, element)?,
                item => self.single(field, item, element)?,
            };
            self.path.pop();
            out.push((key.clone(), item));
        }
        Ok(Value::Map(Rc::new(Map::from_entries(out))))
    }

    fn single(&mut self, field: Field, value: &Value, go_type: &str) -> Outcome {
        if let Shape::Struct(t) = field.shape() {
            return self.structure(value, t, go_type);
        }
        if self.words == Words::Convert
            && let Some(outcome) = convert(value, field.shape(), go_type)
        {
            return outcome;
        }
        match scalar::decode(value, field.shape()) {
            Ok(v) => Ok(v),
            Err(Wrong::Custom(why)) if self.words == Words::Convert && field.shape() == Shape::Bytes => {
                Err(format!("error decoding from json: {why}"))
            }
            Err(Wrong::Custom(why)) => Err(why),
            Err(Wrong::Type(got)) => self.mismatch(&got, go_type, "slice", value),
        }
    }

    fn wrong_type(&mut self, value: &Value, go_type: &str, wanted: &str) -> Outcome {
        self.mismatch(scalar::json_kind(value), go_type, wanted, value)
    }

    /// Go's JSON decoder notes the first wrong type and goes on with nothing there; the converter stops.
    fn mismatch(&mut self, got: &str, go_type: &str, wanted: &str, value: &Value) -> Outcome {
        if self.words == Words::Convert {
            let colon = if wanted == "struct" { ":" } else { "" };
            return Err(format!("cannot restore {wanted} from{colon} {}", go_kind(value)));
        }
        let what = if self.fields.is_empty() {
            format!("json: cannot unmarshal {got} into Go value of type {go_type}")
        } else {
            let (owner, fields) = (self.owner, self.fields.join("."));
            format!("json: cannot unmarshal {got} into Go struct field {owner}.{fields} of type {go_type}")
        };
        self.saved.get_or_insert(what);
        Ok(Value::Null)
    }
}

fn push_dotted(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

/// Go's type of a list's or map's elements.
fn element_type(field: Field) -> &'static str {
    let full = if field.stands_for().is_empty() { field.go_type() } else { field.stands_for() };
    let element = match full.strip_prefix("[]") {
        Some(element) => element,
        None => full.split_once(']').map_or(full, |(_, element)| element),
    };
    element.trim_start_matches('*')
}

/// The kind of a value in Go's unstructured objects.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "interface",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

/// The converter's treatment of basic values, where it differs from JSON's; `None` where it does not.
fn convert(value: &Value, shape: Shape, go_type: &str) -> Option<Outcome> {
    let basic = match shape {
        Shape::Str => "string",
        Shape::Bool => "bool",
        Shape::Int32 => "int32",
        Shape::Int64 => "int64",
        Shape::Float => "float64",
        _ => return None,
    };
    Some(match (shape, value) {
        (Shape::Str, Value::Str(_))
        | (Shape::Bool, Value::Bool(_))
        | (Shape::Int32 | Shape::Int64, Value::Int(_))
        | (Shape::Float, Value::Int(_) | Value::Float(_)) => Ok(value.clone()),
        (Shape::Int32 | Shape::Int64, Value::Float(f)) if f.fract() == 0.0 => Ok(Value::Int(*f as i64)),
        (Shape::Str | Shape::Int32 | Shape::Int64, Value::Float(_)) if shape != Shape::Str => {
            Err(format!("cannot convert float64 to {go_type}"))
        }
        (Shape::Str, Value::Int(_)) => Err(format!("cannot convert int64 to {go_type}")),
        _ => Err(format!("unrecognized type: {basic}")),
    })
}

/// Whether Go prints the field even if it is empty: structs that are no pointers.
fn always_present(field: Field) -> bool {
    !field.pointer()
        && !field.omitzero()
        && field.container() == Container::Plain
        && match field.shape() {
            Shape::Struct(_) | Shape::IntOrString | Shape::Quantity | Shape::Time | Shape::MicroTime => {
                !field.go_type().is_empty()
            }
            _ => false,
        }
}

/// What Go prints for a field that was not given.
fn zero(field: Field) -> Option<Value> {
    if field.pointer() {
        return if field.omitempty() { None } else { Some(Value::Null) };
    }
    if field.container() != Container::Plain {
        return Some(Value::Null);
    }
    Some(match field.shape() {
        Shape::Struct(t) => empty(t),
        Shape::Str => Value::from(""),
        Shape::Bool => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString => Value::Int(0),
        Shape::Quantity => Value::from("0"),
        Shape::Any | Shape::Object | Shape::Time | Shape::MicroTime | Shape::Bytes => Value::Null,
    })
}

/// What Go prints for a struct of which nothing was given.
fn empty(t: Type) -> Value {
    let fields = t.fields().filter(|f| !f.omitempty() || always_present(*f));
    let entries = fields.filter_map(|f| zero(f).map(|v| (Text::lit(f.name()), v))).collect();
    Value::Map(Rc::new(Map::from_entries(entries)))
}

fn zero_element(field: Field) -> Value {
    match field.shape() {
        Shape::Struct(t) => empty(t),
        Shape::Str | Shape::Bytes => Value::from(""),
        Shape::Bool => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::Float => Value::Int(0),
        Shape::Quantity => Value::from("0"),
        _ => Value::Null,
    }
}

/// Whether Go prints a field with this value: `omitempty` and `omitzero`.
fn is_kept(field: Field, value: &Value) -> bool {
    let empty = match value {
        Value::Null => field.omitempty() && !always_present(field),
        Value::Bool(b) => !b && !field.pointer(),
        Value::Int(n) => *n == 0 && !field.pointer() && field.shape() != Shape::IntOrString,
        Value::Str(s) => {
            s.is_empty() && !field.pointer() && matches!(field.shape(), Shape::Str | Shape::Bytes)
        }
        Value::List(l) => l.is_empty(),
        Value::Map(m) => {
            let is_struct =
                matches!(field.shape(), Shape::Struct(_)) && field.container() == Container::Plain;
            m.is_empty()
                && if is_struct {
                    field.omitzero() && !field.pointer()
                } else {
                    field.container() != Container::Plain
                }
        }
        Value::Float(_) => false,
    };
    !(empty && (field.omitempty() || field.omitzero()))
}
