//! Strategic merge patch (apimachinery, pkg/util/strategicpatch): lists merge by key where the schema says so.
//!
//! Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/LIST`,
//! `$deleteFromPrimitiveList/LIST`.

use crate::api::schema::{Container, Field, Type};
use crate::api::{Text, Value, json};
use crate::collections::Order;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

type Outcome = Result<Value, String>;

/// Merges a patch into a map.
pub(super) fn merge(old: &Value, patch: &Value, t: Option<Type>) -> Outcome {
    match patch[PATCH].as_str() {
        None => {}
        Some("replace") => return Ok(without_directives(patch)),
        Some("delete") => return Ok(Value::map()),
        Some("merge") => {}
        Some(other) => return Err(format!("unknown patch type found: {other} in map")),
    }
    let mut out = old.clone();
    if let Some(keep) = patch[RETAIN_KEYS].as_list() {
        let gone: Vec<Text> = out
            .entries()
            .map(|(k, _)| k.clone())
            .filter(|k| !keep.iter().any(|n| n.str() == k.as_str()))
            .collect();
        for key in gone {
            out.map_mut().remove(&key);
        }
    }
    for (key, change) in patch.entries() {
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            let remaining: Vec<Value> =
                out.get(list).items().iter().filter(|v| !change.items().contains(v)).cloned().collect();
            if out.get(list).is_some() {
                out.map_mut().insert(list, remaining);
            }
        } else if let Some(list) = key.strip_prefix(SET_ORDER) {
            // The list itself may be absent from the patch: then only its order is given.
            if patch.get(list).is_null() {
                let field = t.and_then(|t| t.field(list));
                let ordered =
                    ordered(out.get(list).items(), change.items(), out.get(list).items(), merge_key(field));
                if out.get(list).is_some() {
                    out.map_mut().insert(list, ordered);
                }
            }
        } else if !key.starts_with('$') {
            merge_entry(&mut out, key, change, patch, t)?;
        }
    }
    Ok(out)
}

fn merge_entry(
    out: &mut Value,
    key: &Text,
    change: &Value,
    patch: &Value,
    t: Option<Type>,
) -> Result<(), String> {
    let old = out.get(key).clone();
    if change.is_null() {
        out.map_mut().remove(key);
        return Ok(());
    }
    let field = t.and_then(|t| t.field(key));
    let new = match (&old, change) {
        (Value::Map(_), Value::Map(_)) if !field.is_some_and(Field::replaces) => {
            let inner = field.filter(|f| f.container() == Container::Plain).and_then(Field::fields);
            merge(&old, change, inner)?
        }
        (Value::List(_), Value::List(_)) if field.is_some_and(Field::merges) => {
            let order = patch.get(&format!("{SET_ORDER}{key}"));
            merge_list(&old, change, order, field)?
        }
        (Value::Null, Value::Map(_)) => without_directives(change),
        (_, Value::List(_)) => without_directives(change),
        _ => without_directives(change),
    };
    out.map_mut().insert(key.clone(), new);
    Ok(())
}

fn merge_key(field: Option<Field>) -> &'static str {
    field.map_or("", Field::merge_key)
}

fn merge_list(old: &Value, patch: &Value, order: &Value, field: Option<Field>) -> Outcome {
    let key = merge_key(field);
    let is_map = |v: &Value| v.as_map().is_some();
    if !patch.items().iter().chain(old.items()).all(is_map) || key.is_empty() {
        if patch.items().iter().any(is_map) && key.is_empty() {
            let name = field.map_or("", Field::name);
            return Err(format!("cannot merge lists without merge key for {name}"));
        }
        let mut all = old.items().to_vec();
        for v in patch.items().iter().filter(|v| !old.items().contains(v)) {
            all.push(v.clone());
        }
        let wanted = if order.is_some() { order.items() } else { patch.items() };
        return Ok(Value::from(ordered(&all, wanted, old.items(), "")));
    }
    let inner = field.and_then(Field::fields);
    let mut items = old.items().to_vec();
    let mut plain = vec![];
    for change in patch.items() {
        let of_key = |v: &Value| v.get(key) == change.get(key);
        match change[PATCH].as_str() {
            Some("delete") if change.get(key).is_null() => {
                return Err(String::from("delete patch type with no merge key defined"));
            }
            Some("delete") => items.retain(|v| !of_key(v)),
            Some("replace") => items.clear(),
            None | Some("merge") => plain.push(change),
            Some(other) => return Err(format!("unknown patch type found: {other}")),
        }
    }
    // A `replace` element replaces the whole list by the elements beside it.
    for change in &plain {
        if change.get(key).is_null() {
            let shown = json::print(change);
            return Err(format!("map: {shown} does not contain declared merge key: {key}"));
        }
        match items.iter_mut().find(|v| v.get(key) == change.get(key)) {
            Some(item) => *item = merge(item, change, inner)?,
            None => items.push(without_directives(change)),
        }
    }
    let wanted: Vec<Value> = plain.into_iter().cloned().collect();
    let wanted = if order.is_some() { order.items() } else { &wanted };
    Ok(Value::from(ordered(&items, wanted, old.items(), key)))
}

/// Orders merged elements: those of the patch in its order, the server's own among them where the old list
/// suggests it (`normalizeElementOrder`).
fn ordered(all: &[Value], wanted: &[Value], old: &[Value], key: &str) -> Vec<Value> {
    let same = |a: &Value, b: &Value| if key.is_empty() { a == b } else { a.get(key) == b.get(key) };
    let place = |list: &[Value], v: &Value| list.iter().position(|w| same(w, v));
    let mut patched: Vec<&Value> = all.iter().filter(|v| place(wanted, v).is_some()).collect();
    patched.order_by_key(|v| place(wanted, v));
    let mut own: Vec<&Value> = all.iter().filter(|v| place(wanted, v).is_none()).collect();
    own.order_by_key(|v| place(old, v));
    let mut out = Vec::with_capacity(all.len());
    let (mut i, mut j) = (0, 0);
    while i < own.len() || j < patched.len() {
        let own_first = match (own.get(i), patched.get(j)) {
            (Some(a), Some(b)) => place(old, a).zip(place(old, b)).is_some_and(|(a, b)| a < b),
            (Some(_), None) => true,
            _ => false,
        };
        if own_first {
            out.push(own[i].clone());
            i += 1;
        } else {
            out.push(patched[j].clone());
            j += 1;
        }
    }
    out
}

/// A value of the patch that is new: without directives and nulls.
fn without_directives(value: &Value) -> Value {
    match value {
        Value::Map(m) => {
            let kept = m.iter().filter(|(k, v)| {
                let directive = *k == PATCH
                    || *k == RETAIN_KEYS
                    || k.starts_with(SET_ORDER)
                    || k.starts_with(DELETE_FROM);
                !directive && v.is_some()
            });
            Value::from(
                kept.map(|(k, v)| (k.clone(), without_directives(v))).collect::<crate::api::value::Map>(),
            )
        }
        Value::List(l) => {
            let kept = l.iter().filter(|v| v[PATCH].str() != "delete");
            kept.map(without_directives).collect()
        }
        _ => value.clone(),
    }
}

/// Merges the configuration of a server-side apply: lists by the keys of `x-kubernetes-list-map-keys`, sets by
/// value, everything atomic as a whole. What the configuration leaves out stays, as nobody knows its owner here.
pub(super) fn merge_applied(old: &Value, applied: &Value, t: Option<Type>) -> Value {
    let Value::Map(changes) = applied else { return applied.clone() };
    let mut out = if old.as_map().is_some() { old.clone() } else { Value::map() };
    for (key, change) in changes.iter() {
        if change.is_null() {
            out.map_mut().remove(key);
            continue;
        }
        let field = t.and_then(|t| t.field(key));
        let before = out.get(key).clone();
        let new = match (&before, change) {
            _ if field.is_some_and(Field::atomic) => change.clone(),
            (Value::Map(_) | Value::Null, Value::Map(_)) => {
                merge_applied(&before, change, field.and_then(Field::fields))
            }
            (Value::List(_), Value::List(_)) => applied_list(&before, change, field),
            _ => change.clone(),
        };
        out.map_mut().insert(key.clone(), new);
    }
    out
}

fn applied_list(before: &Value, change: &Value, field: Option<Field>) -> Value {
    let Some(field) = field else { return change.clone() };
    let keys: Vec<&str> = field.list_keys().collect();
    let mut items = before.items().to_vec();
    if keys.is_empty() {
        if !field.merges() {
            return change.clone();
        }
        items.extend(change.items().iter().filter(|v| !before.items().contains(v)).cloned());
        return Value::from(items);
    }
    for element in change.items() {
        // An absent protocol means TCP, the only default among the keys.
        let of = |v: &Value, k: &str| match v.get(k) {
            Value::Null if k == "protocol" => Value::from("TCP"),
            v => v.clone(),
        };
        match items.iter_mut().find(|v| keys.iter().all(|k| of(v, k) == of(element, k))) {
            Some(item) => *item = merge_applied(item, element, field.fields()),
            None => items.push(element.clone()),
        }
    }
    Value::from(items)
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;
    use crate::api::Kind;

    #[test]
    fn lists_merge_by_key_and_directives_are_obeyed() {
        let pod = Type::of(Kind::POD);
        let deployment = Type::of(Kind::DEPLOYMENT);
        for (t, old, patch, new) in [
            (
                pod,
                "spec: {containers: [{name: a, image: x}, {name: b}]}",
                "spec: {containers: [{name: a, image: y}]}",
                "spec: {containers: [{name: a, image: y}, {name: b}]}",
            ),
            (
                pod,
                "spec: {containers: [{name: a}]}",
                "spec: {containers: [{name: b}]}",
                "spec: {containers: [{name: b}, {name: a}]}",
            ),
            (
                pod,
                "spec: {containers: [{name: a}, {name: b}]}",
                "spec: {containers: [{name: a, $patch: delete}]}",
                "spec: {containers: [{name: b}]}",
            ),
            (
                pod,
                "spec: {containers: [{name: a}, {name: b}]}",
                "spec: {containers: [{name: c}, {$patch: replace}]}",
                "spec: {containers: [{name: c}]}",
            ),
            (
                pod,
                "spec: {containers: [{name: a}, {name: b}]}",
                "spec: {$setElementOrder/containers: [{name: b}, {name: a}]}",
                "spec: {containers: [{name: b}, {name: a}]}",
            ),
            (
                pod,
                "spec: {containers: [{name: a, args: [x, y]}]}",
                "spec: {containers: [{name: a, args: [z]}]}",
                "spec: {containers: [{name: a, args: [z]}]}",
            ),
            (
                pod,
                "metadata: {finalizers: [a/b, c/d]}",
                "metadata: {$deleteFromPrimitiveList/finalizers: [a/b]}",
                "metadata: {finalizers: [c/d]}",
            ),
            (
                pod,
                "metadata: {finalizers: [a/b]}",
                "metadata: {finalizers: [c/d]}",
                "metadata: {finalizers: [c/d, a/b]}",
            ),
            (
                pod,
                "metadata: {labels: {a: b, c: d}}",
                "metadata: {labels: {a: null, e: f}}",
                "metadata: {labels: {c: d, e: f}}",
            ),
            (
                pod,
                "spec: {volumes: [{name: v, emptyDir: {}}]}",
                "spec: {volumes: [{name: v, hostPath: {path: /x}, $retainKeys: [name, hostPath]}]}",
                "spec: {volumes: [{name: v, hostPath: {path: /x}}]}",
            ),
            (
                deployment,
                "spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}",
                "spec: {strategy: {$retainKeys: [type], type: Recreate}}",
                "spec: {strategy: {type: Recreate}}",
            ),
            (
                pod,
                "spec: {nodeSelector: {a: b}}",
                "spec: {nodeSelector: {$patch: replace, c: d}}",
                "spec: {nodeSelector: {c: d}}",
            ),
        ] {
            assert_eq!(merge(&value(old), &value(patch), t), Ok(value(new)), "{patch}");
        }
        let error =
            merge(&value("spec: {containers: [{name: a}]}"), &value("spec: {containers: [{image: x}]}"), pod);
        assert_eq!(error, Err("map: {\"image\":\"x\"} does not contain declared merge key: name".into()));
    }
}
