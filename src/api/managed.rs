//! Sets of fields as `metadata.managedFields` holds them (structured-merge-diff): who manages what.
//!
//! A set is the tree that the API shows as `fieldsV1`: `f:NAME` for a field, `k:{…}` for an element of a list
//! with keys, `v:…` for a member of a list that is a set, `.` for what has members and is one itself. An
//! empty tree below a key is a leaf. Sets are `Value`s, so that showing one costs nothing.

use crate::api::schema::{Container, Field, Type};
use crate::api::{Kind, Text, Value, json};

/// Fields of `metadata` that nobody manages.
const UNMANAGED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Structs that are managed as a whole wherever they stand (`+structType=atomic`).
const WHOLE: &[&str] = &[
    "ConfigMapKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "ResourceFieldSelector",
    "ScopeSelector",
    "SecretKeySelector",
    "SecretReference",
    "TypedLocalObjectReference",
];

const SELF: &str = ".";

/// Which of the two readings: an applied configuration claims leaves only, an update also the maps and lists
/// that it brings in (unless Go writes them even when they are empty).
#[derive(Clone, Copy, PartialEq)]
enum How {
    Apply,
    Update,
    /// An update below a new element of a list, where structs are new as well.
    Element,
}

/// The fields that an applied configuration claims.
pub fn applied(kind: Kind, value: &Value) -> Value {
    trimmed(inner(&Value::Null, value, Type::of(kind), How::Apply))
}

/// The fields that are new or other in `new`.
pub fn changed(kind: Kind, old: &Value, new: &Value) -> Value {
    trimmed(inner(old, new, Type::of(kind), How::Update))
}

/// Members of one or the other.
pub fn union(a: &Value, b: &Value) -> Value {
    combine(a, b, |a, b| a || b).unwrap_or_default()
}

/// Members of the first that the second lacks.
pub fn minus(a: &Value, b: &Value) -> Value {
    combine(a, b, |a, b| a && !b).unwrap_or_default()
}

/// What is to be taken out of an object when `before` was claimed and `kept` still is: a map or list goes as a
/// whole only if nothing in it is kept.
pub fn released(before: &Value, kept: &Value) -> Value {
    ceased(before, kept).unwrap_or_default()
}

fn ceased(before: &Value, kept: &Value) -> Option<Value> {
    if kept.is_null() && is_member(before) {
        return Some(Value::map());
    }
    if kept.is_some() && kept.is_empty() {
        return None;
    }
    let mut set = Value::map();
    for (key, below) in before.entries().filter(|(k, _)| k.as_str() != SELF) {
        if let Some(gone) = ceased(below, kept.get(key)) {
            set.map_mut().insert(key.clone(), gone);
        }
    }
    (!set.is_empty()).then_some(set)
}

/// Members of both.
pub fn common(a: &Value, b: &Value) -> Value {
    combine(a, b, |a, b| a && b).unwrap_or_default()
}

/// The members as paths, e.g. `.spec.containers[name="web"].image`.
pub fn paths(set: &Value) -> Vec<String> {
    let mut found = Vec::new();
    list(set, "", &mut found);
    found
}

/// An object without the members of a set.
pub fn without(kind: Kind, value: &Value, set: &Value) -> Value {
    drop_fields(value, set, Type::of(kind))
}

fn trimmed(set: Option<Value>) -> Value {
    let Some(mut set) = set else { return Value::Null };
    set.map_mut().remove("f:apiVersion");
    set.map_mut().remove("f:kind");
    if set.get("f:metadata").is_some() {
        let meta = set.slot("f:metadata").map_mut();
        for name in UNMANAGED {
            meta.remove(&format!("f:{name}"));
        }
        if meta.is_empty() || (meta.len() == 1 && meta.contains(SELF)) {
            set.map_mut().remove("f:metadata");
        }
    }
    set
}

fn inner(old: &Value, new: &Value, t: Option<Type>, how: How) -> Option<Value> {
    let mut set = Value::map();
    // The parts that every object has are there before anything is in them.
    let whole = t.is_some_and(|t| t.field("apiVersion").is_some());
    for (key, value) in new.entries() {
        let field = t.and_then(|t| t.field(key));
        if let Some(below) = differing(old.get(key), value, field, how) {
            let new = old.get(key).is_null() && !below.is_empty();
            let below = if new && !whole && itself(field, how) { marked(below) } else { below };
            set.map_mut().insert(format!("f:{key}"), below);
        }
    }
    (!set.is_empty()).then_some(set)
}

/// Whether a new map or list is a member beside what it holds.
fn itself(field: Option<Field>, how: How) -> bool {
    how != How::Apply
        && field.is_none_or(|f| match f.fields() {
            Some(_) if f.container() == Container::Plain => f.pointer() || how == How::Element,
            _ => f.omitempty(),
        })
}

fn differing(old: &Value, new: &Value, field: Option<Field>, how: How) -> Option<Value> {
    let whole = |f: Field| WHOLE.contains(&f.go_type().rsplit('.').next().unwrap_or_default());
    let atomic = field.is_some_and(|f| f.atomic() || whole(f));
    match new {
        Value::Map(_) if !atomic && !new.is_empty() => {
            let t = field.filter(|f| f.container() == Container::Plain);
            inner(old, new, t.and_then(Field::fields), how)
        }
        Value::List(items) if !atomic && !items.is_empty() && by_member(field) => {
            members(old, new, field?, how)
        }
        _ => (old != new).then(Value::map),
    }
}

fn by_member(field: Option<Field>) -> bool {
    field.is_some_and(|f| f.list_keys().next().is_some() || (f.merges() && f.merge_key().is_empty()))
}

/// The name of a list's element among the members: by its keys, or by its value.
fn element(field: Field, item: &Value) -> String {
    let keys: Vec<&'static str> = field.list_keys().collect();
    if keys.is_empty() {
        return format!("v:{}", json::print(item));
    }
    let mut named = Value::map();
    for key in keys.into_iter().filter(|k| item.get(k).is_some()) {
        named.map_mut().insert(Text::lit(key), item.get(key).clone());
    }
    format!("k:{}", json::print(&named))
}

fn members(old: &Value, new: &Value, field: Field, how: How) -> Option<Value> {
    let mut set = Value::map();
    for item in new.items() {
        let name = element(field, item);
        let before = old.items().iter().find(|o| element(field, o) == name).unwrap_or(&Value::Null);
        let how = if before.is_null() && how == How::Update { How::Element } else { how };
        let below = if item.as_map().is_some() { inner(before, item, field.fields(), how) } else { None };
        let below = match (before.is_null(), below) {
            (true, Some(below)) => Some(marked(below)),
            (true, None) => Some(Value::map()),
            (false, below) => below,
        };
        if let Some(below) = below {
            set.map_mut().insert(name, below);
        }
    }
    (!set.is_empty()).then_some(set)
}

/// The set with its own place as a member.
fn marked(mut set: Value) -> Value {
    set.map_mut().insert(SELF, Value::map());
    set
}

fn is_member(node: &Value) -> bool {
    node.as_map().is_some_and(|m| m.is_empty() || m.contains(SELF))
}

fn combine(a: &Value, b: &Value, keep: fn(bool, bool) -> bool) -> Option<Value> {
    let mut set = Value::map();
    let only_b = b.entries().filter(|(k, _)| a.get(k).is_null());
    for (key, _) in a.entries().chain(only_b).filter(|(k, _)| k.as_str() != SELF) {
        if let Some(below) = combine(a.get(key), b.get(key), keep) {
            set.map_mut().insert(key.clone(), below);
        }
    }
    match (keep(is_member(a), is_member(b)), set.is_empty()) {
        (true, true) => Some(set),
        (true, false) => Some(marked(set)),
        (false, empty) => (!empty).then_some(set),
    }
}

fn list(set: &Value, path: &str, found: &mut Vec<String>) {
    for (key, below) in set.entries().filter(|(k, _)| k.as_str() != SELF) {
        let path = match key.split_once(':') {
            Some(("k", keys)) => {
                let keys = json::parse(keys).unwrap_or_default();
                let keys: Vec<String> =
                    keys.entries().map(|(k, v)| format!("{k}={}", json::print(v))).collect();
                format!("{path}[{}]", keys.join(","))
            }
            Some(("v", value)) => format!("{path}[={value}]"),
            Some((_, name)) => format!("{path}.{name}"),
            None => continue,
        };
        if is_member(below) {
            found.push(path.clone());
        }
        list(below, &path, found);
    }
}

fn drop_fields(value: &Value, set: &Value, t: Option<Type>) -> Value {
    let mut value = value.clone();
    for (key, below) in set.entries() {
        let Some(name) = key.strip_prefix("f:") else { continue };
        let field = t.and_then(|t| t.field(name));
        let left = match value.get(name) {
            _ if below.is_empty() => Value::Null,
            Value::Null => continue,
            Value::List(items) => {
                let Some(field) = field else { continue };
                let keep = items.iter().filter_map(|item| match below.get(&element(field, item)) {
                    Value::Null => Some(item.clone()),
                    gone if is_member(gone) => None,
                    gone => Some(drop_fields(item, gone, field.fields())),
                });
                let kept: Vec<Value> = keep.collect();
                if kept.is_empty() { Value::Null } else { Value::from(kept) }
            }
            map => drop_fields(map, below, field.and_then(Field::fields)),
        };
        let gone = left.is_null() || (left.is_empty() && is_member(below));
        if gone {
            value.map_mut().remove(name);
        } else {
            value.map_mut().insert(Text::from(name), left);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    fn value(text: &str) -> Value {
        read_value(&format!("#\n{text}"), Limits::default()).expect("YAML")
    }

    const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: nginx, args: [a], ports: [{containerPort: 80, protocol: TCP}], resources: {}}
";

    #[test]
    fn what_is_created_is_managed_as_the_api_server_writes_it() {
        let set = changed(Kind::DEPLOYMENT, &Value::Null, &value(DEPLOYMENT));
        assert_eq!(
            json::print(&set),
            concat!(
                r#"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"#,
                r#""f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{}}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"#,
                r#""f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:args":{},"f:image":{},"f:name":{},"#,
                r#""f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}}}}}}"#
            )
        );
    }

    #[test]
    fn what_is_applied_is_claimed_field_by_field() {
        let set = applied(Kind::DEPLOYMENT, &value(DEPLOYMENT));
        assert_eq!(
            paths(&set),
            [
                ".metadata.labels.app",
                ".spec.replicas",
                ".spec.selector",
                ".spec.strategy.rollingUpdate.maxSurge",
                ".spec.template.metadata.labels.app",
                ".spec.template.spec.containers[name=\"c\"]",
                ".spec.template.spec.containers[name=\"c\"].args",
                ".spec.template.spec.containers[name=\"c\"].image",
                ".spec.template.spec.containers[name=\"c\"].name",
                ".spec.template.spec.containers[name=\"c\"].ports[containerPort=80,protocol=\"TCP\"]",
                ".spec.template.spec.containers[name=\"c\"].ports[containerPort=80,protocol=\"TCP\"].containerPort",
                ".spec.template.spec.containers[name=\"c\"].ports[containerPort=80,protocol=\"TCP\"].protocol",
                ".spec.template.spec.containers[name=\"c\"].resources",
            ]
        );
    }

    #[test]
    fn sets_are_joined_parted_and_taken_out_of_objects() {
        let set = |text: &str| value(text);
        for (a, b, both, left, shared) in [
            ("{f:a: {}}", "{f:b: {}}", "{f:a: {}, f:b: {}}", "{f:a: {}}", ""),
            (
                "{f:a: {f:x: {}, f:y: {}}}",
                "{f:a: {f:y: {}}}",
                "{f:a: {f:x: {}, f:y: {}}}",
                "{f:a: {f:x: {}}}",
                "{f:a: {f:y: {}}}",
            ),
            ("{f:a: {}}", "{f:a: {f:y: {}}}", "{f:a: {.: {}, f:y: {}}}", "{f:a: {}}", ""),
        ] {
            let read = |t: &str| if t.is_empty() { Value::Null } else { set(t) };
            assert_eq!(union(&set(a), &set(b)), read(both), "{a} and {b}");
            assert_eq!(minus(&set(a), &set(b)), read(left), "{a} without {b}");
            assert_eq!(common(&set(a), &set(b)), read(shared), "what {a} and {b} share");
        }
        let gone = set(
            "{f:spec: {f:replicas: {}, f:template: {f:spec: {f:containers: {'k:{\"name\":\"c\"}': {f:args: {}}}}}}}",
        );
        let left = without(Kind::DEPLOYMENT, &value(DEPLOYMENT), &gone);
        assert!(left.at("spec.replicas").is_null());
        assert!(left.at("spec.template.spec.containers").items()[0].get("args").is_null());
        assert_eq!(left.at("spec.template.spec.containers").items()[0].get("image").str(), "nginx");
    }
}
