//! The tree that every API object is.
//!
//! Maps keep their keys sorted, as Kubernetes' own JSON of unstructured objects does. Lists and maps are
//! shared: a clone is a reference count, a change copies only the nodes on its path.

use crate::api::Text;
use crate::collections::Order;
use std::ops::Index;
use std::rc::Rc;

/// A JSON-like value with shared structure.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`, and what reading an absent field gives.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Text),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map.
    Map(Rc<Map>),
}

/// A map with sorted keys.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Map {
    entries: Vec<(Text, Value)>,
}

const NULL: &Value = &Value::Null;
/// Up to how many entries a map is searched one by one.
const SCANNED: usize = 24;

impl Map {
    /// An empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// A map of entries in any order; of entries with the same key the last one counts.
    pub fn from_entries(mut entries: Vec<(Text, Value)>) -> Map {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.order_by(|a, b| a.0.cmp(&b.0));
            entries.reverse();
            entries.dedup_by(|later, kept| later.0 == kept.0);
            entries.reverse();
        }
        Map { entries }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).map(|i| &self.entries[i].1)
    }

    /// The value of `key` to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.place(key).map(|i| &mut self.entries[i].1)
    }

    /// Sets `key`, replacing what it held.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        let key = key.into();
        match self.find(&key) {
            Ok(i) => self.entries[i].1 = value.into(),
            Err(i) => self.entries.insert(i, (key, value.into())),
        }
    }

    /// Removes `key` and returns what it held.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.place(key).map(|i| self.entries.remove(i).1)
    }

    /// Whether `key` is present.
    pub fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// The entries in order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Text, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (k, v))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where `key` is. Few keys have the same length, so in a small map a look at the lengths finds it sooner
    /// than comparing for order does; reading fields is what a simulated hour spends most of its time on.
    fn place(&self, key: &str) -> Option<usize> {
        if self.entries.len() > SCANNED {
            return self.find(key).ok();
        }
        self.entries.iter().position(|(k, _)| k.as_str().len() == key.len() && k.as_str() == key)
    }

    /// Where `key` is, or where it belongs.
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }

    fn slot(&mut self, key: &str) -> &mut Value {
        let i = match self.find(key) {
            Ok(i) => i,
            Err(i) => {
                self.entries.insert(i, (Text::from(key), Value::Null));
                i
            }
        };
        &mut self.entries[i].1
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Map {
        let mut map = Map::new();
        for (k, v) in iter {
            map.insert(k, v);
        }
        map
    }
}

impl Value {
    /// An empty map.
    pub fn map() -> Value {
        Value::Map(Rc::new(Map::new()))
    }

    /// An empty list.
    pub fn list() -> Value {
        Value::List(Rc::new(Vec::new()))
    }

    /// The field `key` of a map; [`Value::Null`] where there is none.
    pub fn get(&self, key: &str) -> &Value {
        self.as_map().and_then(|m| m.get(key)).unwrap_or(NULL)
    }

    /// The value at a dotted path of plain field names, e.g. `spec.nodeName`; list elements by number.
    /// Keys with dots in them (annotations, labels) are reached with [`Value::get`].
    pub fn at(&self, path: &str) -> &Value {
        let (mut value, mut rest) = (self, Some(path));
        while let Some(path) = rest {
            let (key, behind) = first_key(path);
            value = match value {
                Value::Map(m) => m.get(key).unwrap_or(NULL),
                Value::List(l) => key.parse::<usize>().ok().and_then(|i| l.get(i)).unwrap_or(NULL),
                _ => return NULL,
            };
            rest = behind;
        }
        value
    }

    /// The string, or `""` for anything else.
    pub fn str(&self) -> &str {
        self.as_str().unwrap_or("")
    }

    /// The string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(s) = self { Some(s) } else { None }
    }

    /// The string as shared text, `""` for anything else.
    pub fn text(&self) -> Text {
        if let Value::Str(s) = self { s.clone() } else { Text::default() }
    }

    /// The whole number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(*f as i64),
            _ => None,
        }
    }

    /// The whole number, or `default`.
    pub fn int_or(&self, default: i64) -> i64 {
        self.as_int().unwrap_or(default)
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    /// Whether this is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// Whether this is `null` or absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether this is anything but `null` or absent.
    pub fn is_some(&self) -> bool {
        !self.is_null()
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(m) = self { Some(m) } else { None }
    }

    /// The list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(l) = self { Some(l) } else { None }
    }

    /// The elements of a list; none for anything else.
    pub fn items(&self) -> &[Value] {
        self.as_list().unwrap_or(&[])
    }

    /// The entries of a map in order of their keys; none for anything else.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (&Text, &Value)> {
        self.as_map().into_iter().flat_map(Map::iter)
    }

    /// The element of a list of maps whose field `key` is the string `value`
    /// (a container by name, a condition by type); [`Value::Null`] where there is none.
    pub fn find(&self, key: &str, value: &str) -> &Value {
        self.items().iter().find(|v| v.get(key).as_str() == Some(value)).unwrap_or(NULL)
    }

    /// Whether this is an empty map, list or string, or null.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Str(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
            _ => false,
        }
    }

    /// This value as a map to be changed; anything that is no map becomes an empty one first.
    pub fn map_mut(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(m) => Rc::make_mut(m),
            _ => unreachable!("made a map above"),
        }
    }

    /// This value as a list to be changed; anything that is no list becomes an empty one first.
    pub fn list_mut(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::list();
        }
        match self {
            Value::List(l) => Rc::make_mut(l),
            _ => unreachable!("made a list above"),
        }
    }

    /// The place at a dotted path to be changed; maps on the way are made, list elements must exist
    /// (a number beyond the end makes a new last element).
    pub fn slot(&mut self, path: &str) -> &mut Value {
        let (mut value, mut rest) = (self, Some(path));
        while let Some(path) = rest {
            let (key, behind) = first_key(path);
            value = value.child(key);
            rest = behind;
        }
        value
    }

    /// The place of one key of a path to be changed.
    fn child(&mut self, key: &str) -> &mut Value {
        let number = if matches!(self, Value::List(_)) { key.parse::<usize>().ok() } else { None };
        let Some(i) = number else { return self.map_mut().slot(key) };
        let list = self.list_mut();
        if i >= list.len() {
            list.push(Value::Null);
        }
        let last = list.len() - 1;
        &mut list[i.min(last)]
    }

    /// Sets the value at a dotted path, making the maps on the way.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        *self.slot(path) = value.into();
    }

    /// This value with the one at a dotted path set.
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Value {
        self.set(path, value);
        self
    }

    /// Removes the field at a dotted path of map keys; maps on the way stay.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) if self.at(parent).as_map().is_some() => (self.slot(parent), key),
            Some(_) => return None,
            None => (self, path),
        };
        if parent.as_map()?.contains(key) { parent.map_mut().remove(key) } else { None }
    }

    /// Whether both share the same memory (a cheap test for "unchanged").
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Map(a), Value::Map(b)) => Rc::ptr_eq(a, b),
            (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
            _ => self == other,
        }
    }
}

impl PartialEq for Value {
    /// What is shared is equal: versions of an object, which share all that did not change, compare in the time
    /// that the change takes.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b) || a == b,
            (Value::Map(a), Value::Map(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

/// The first key of a dotted path, and the path behind it. Keys are short: a plain loop finds their ends sooner
/// than a search made for long texts.
fn first_key(path: &str) -> (&str, Option<&str>) {
    match path.bytes().position(|b| b == b'.') {
        Some(dot) => (&path[..dot], Some(&path[dot + 1..])),
        None => (path, None),
    }
}

impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.get(key)
    }
}

impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, i: usize) -> &Value {
        self.items().get(i).unwrap_or(NULL)
    }
}

/// Builds a map value: `map! { "name" => "web", "replicas" => 3 }`.
#[macro_export]
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut m = $crate::api::value::Map::new();
        $( m.insert($crate::api::Text::lit($key), $value); )*
        $crate::api::Value::from(m)
    }};
}

/// Builds a list value: `list!["sh", "-c"]`.
#[macro_export]
macro_rules! list {
    ($($value:expr),* $(,)?) => {
        $crate::api::Value::from(vec![$($crate::api::Value::from($value)),*])
    };
}

macro_rules! from {
    ($($from:ty, $v:ident => $to:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Value {
                $to
            }
        })*
    };
}

from! {
    bool, v => Value::Bool(v);
    i64, v => Value::Int(v);
    i32, v => Value::Int(i64::from(v));
    u32, v => Value::Int(i64::from(v));
    u64, v => Value::Int(i64::try_from(v).unwrap_or(i64::MAX));
    usize, v => Value::Int(i64::try_from(v).unwrap_or(i64::MAX));
    f64, v => Value::Float(v);
    &str, v => Value::Str(Text::from(v));
    String, v => Value::Str(Text::from(v));
    &String, v => Value::Str(Text::from(v));
    Text, v => Value::Str(v);
    &Text, v => Value::Str(v.clone());
    Map, v => Value::Map(Rc::new(v));
    Vec<Value>, v => Value::List(Rc::new(v));
    &Value, v => v.clone();
}

impl<V: Into<Value>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(iter: I) -> Value {
        Value::List(Rc::new(iter.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_copy_only_their_path() {
        let a = map! { "spec" => map! { "x" => 1 }, "status" => map! { "phase" => "Pending" } };
        let mut b = a.clone();
        b.set("status.phase", "Running");
        assert!(a["spec"].same(&b["spec"]));
        assert_eq!((a.at("status.phase").str(), b.at("status.phase").str()), ("Pending", "Running"));
        assert_eq!(b.remove("status.phase"), Some(Value::from("Running")));
        assert_eq!(b.remove("nothing.there"), None);
        assert_eq!(b["status"], map! {});
    }

    #[test]
    fn paths_reach_into_lists() {
        let v =
            map! { "spec" => map! { "containers" => list![map! { "name" => "a" }, map! { "name" => "b" }] } };
        assert_eq!(v.at("spec.containers.1.name").str(), "b");
        assert_eq!(v["spec"]["containers"].find("name", "b")["name"].str(), "b");
        assert!(v.at("spec.containers.7.name").is_null());
    }
}
