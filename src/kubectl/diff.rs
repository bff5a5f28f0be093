//! What must change to make one tree into another: the patches that `apply`, `edit` and others send.
//!
//! Lists whose elements have a key (containers by name, ports by number) are compared element by element, as
//! strategic merge patches do; all other lists are replaced whole.

use crate::api::value::Map;
use crate::api::{Text, Value};

/// Which differences a patch is to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All.
    All,
    /// Additions and changes.
    Changes,
    /// Deletions.
    Deletions,
}

/// How lists are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lists {
    /// Element by element where they have keys.
    Keyed,
    /// As a whole (merge patches).
    Whole,
}

/// How deep trees are compared; deeper parts are taken whole.
const DEPTH_LIMIT: usize = 64;

/// The key of the elements of a list field, as the API types declare it; `parent` is the field above.
pub fn merge_key(parent: &str, field: &str) -> Option<&'static str> {
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "resourceClaims"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "conditions" => "type",
        "ownerReferences" => "uid",
        "ports" if matches!(parent, "containers" | "initContainers" | "ephemeralContainers") => {
            "containerPort"
        }
        "ports" if parent == "spec" => "port",
        _ => return None,
    })
}

/// The patch that makes `from` into `to`; an empty map if there is nothing to do.
pub fn patch(from: &Value, to: &Value, part: Part, lists: Lists) -> Value {
    maps(from, to, part, lists, "", 0)
}

fn maps(from: &Value, to: &Value, part: Part, lists: Lists, parent: &str, depth: usize) -> Value {
    let mut out = Map::new();
    if from.same(to) {
        return out.into();
    }
    for (key, new) in to.entries() {
        let old = from.get(key);
        let known = from.as_map().is_some_and(|m| m.contains(key));
        if !known {
            if part != Part::Deletions && !new.is_null() {
                out.insert(key, new);
            }
            continue;
        }
        if old == new {
            continue;
        }
        match (old, new) {
            (Value::Map(_), Value::Map(_)) if depth < DEPTH_LIMIT => {
                let inner = maps(old, new, part, lists, key, depth + 1);
                if !inner.is_empty() {
                    out.insert(key, inner);
                }
            }
            (Value::List(_), Value::List(_)) if depth < DEPTH_LIMIT => {
                let how = merge_key(parent, key).filter(|_| lists == Lists::Keyed);
                match how {
                    Some(by) => {
                        let inner = elements(old, new, part, by, key, depth + 1);
                        if !inner.is_empty() {
                            out.insert(key, Value::from(inner));
                        }
                    }
                    None if part != Part::Deletions => out.insert(key, new),
                    None => {}
                }
            }
            _ if part != Part::Deletions => out.insert(key, new),
            _ => {}
        }
    }
    if part != Part::Changes {
        for (key, old) in from.entries() {
            let gone = !to.as_map().is_some_and(|m| m.contains(key));
            if gone && !old.is_null() {
                out.insert(key, Value::Null);
            }
        }
    }
    out.into()
}

fn elements(from: &Value, to: &Value, part: Part, by: &str, field: &str, depth: usize) -> Vec<Value> {
    let find = |list: &Value, key: &Value| list.items().iter().find(|e| &e[by] == key).cloned();
    let mut out = Vec::new();
    for new in to.items() {
        match find(from, &new[by]) {
            None if part != Part::Deletions => out.push(new.clone()),
            None => {}
            Some(old) => {
                let mut inner = maps(&old, new, part, Lists::Keyed, field, depth);
                if !inner.is_empty() {
                    inner.map_mut().insert(Text::from(by), &new[by]);
                    out.push(inner);
                }
            }
        }
    }
    if part != Part::Changes {
        for old in from.items() {
            if find(to, &old[by]).is_none() {
                let mut gone = crate::map! { "$patch" => "delete" };
                gone.map_mut().insert(Text::from(by), &old[by]);
                out.push(gone);
            }
        }
    }
    out
}

/// The three-way patch of `kubectl apply`: what was applied before and is not wanted now goes, what is wanted
/// and not there comes; what others have set stays.
pub fn three_way(before: &Value, wanted: &Value, live: &Value, lists: Lists) -> Value {
    let changes = patch(live, wanted, Part::Changes, lists);
    let deletions = patch(before, wanted, Part::Deletions, lists);
    join(&changes, &deletions, live, "", 0)
}

/// Adds deletions to changes, leaving out those of fields that are not there.
fn join(changes: &Value, deletions: &Value, live: &Value, parent: &str, depth: usize) -> Value {
    let mut out = changes.clone();
    for (key, gone) in deletions.entries() {
        let there = live.get(key);
        match gone {
            Value::Null if there.is_some() => out.map_mut().insert(key, Value::Null),
            Value::Map(_) if depth < DEPTH_LIMIT => {
                let inner = join(changes.get(key), gone, there, key, depth + 1);
                if !inner.is_empty() {
                    out.map_mut().insert(key, inner);
                }
            }
            Value::List(_) if depth < DEPTH_LIMIT => {
                let Some(by) = merge_key(parent, key) else { continue };
                let inner = join_lists(changes.get(key), gone, there, by, key, depth + 1);
                if !inner.is_empty() {
                    out.map_mut().insert(key, Value::from(inner));
                }
            }
            _ => {}
        }
    }
    if out.is_null() { Value::map() } else { out }
}

fn join_lists(
    changes: &Value,
    deletions: &Value,
    live: &Value,
    by: &str,
    field: &str,
    depth: usize,
) -> Vec<Value> {
    let mut out = changes.items().to_vec();
    for gone in deletions.items() {
        let there = live.items().iter().find(|e| e[by] == gone[by]).cloned().unwrap_or_default();
        if there.is_null() {
            continue;
        }
        if gone["$patch"].str() == "delete" {
            out.push(gone.clone());
            continue;
        }
        let at = out.iter().position(|e| e[by] == gone[by]);
        let mine = at.map_or(Value::map(), |i| out[i].clone());
        let mut inner = join(&mine, gone, &there, field, depth);
        inner.map_mut().insert(Text::from(by), &gone[by]);
        match at {
            Some(i) => out[i] = inner,
            None if inner.as_map().is_some_and(|m| m.len() > 1) => out.push(inner),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json::{parse, print};

    fn three(before: &str, wanted: &str, live: &str) -> String {
        let v = |t: &str| parse(t).unwrap_or_default();
        print(&three_way(&v(before), &v(wanted), &v(live), Lists::Keyed))
    }

    #[test]
    fn three_way_patches_keep_what_others_have_set() {
        let live = r#"{"spec":{"a":1,"b":2,"x":9,"containers":[{"name":"c","image":"i","pull":"Always"},{"name":"d"}]}}"#;
        let before = r#"{"spec":{"a":1,"b":2,"containers":[{"name":"c","image":"i"},{"name":"d"}]}}"#;
        assert_eq!(three(before, before, live), "{}");
        let wanted = r#"{"spec":{"a":5,"containers":[{"name":"c","image":"j"},{"name":"e"}]}}"#;
        assert_eq!(
            three(before, wanted, live),
            r#"{"spec":{"a":5,"b":null,"containers":[{"image":"j","name":"c"},{"name":"e"},{"$patch":"delete","name":"d"}]}}"#
        );
        assert_eq!(three(r#"{"l":{"a":"1"}}"#, r#"{"l":{}}"#, r#"{"l":{"b":"2"}}"#), "{}");
    }

    #[test]
    fn lists_without_keys_are_replaced_whole() {
        let v = |t: &str| parse(t).unwrap_or_default();
        let (a, b) = (v(r#"{"args":["x"],"k":1}"#), v(r#"{"args":["x","y"]}"#));
        assert_eq!(print(&patch(&a, &b, Part::All, Lists::Keyed)), r#"{"args":["x","y"],"k":null}"#);
    }
}
