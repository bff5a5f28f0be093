//! Making patches: what `kubectl apply`, `edit` and `set` send.
//!
//! Follows `strategicpatch.CreateTwoWayMergePatch` and `CreateThreeWayMergePatch`, including the ordering
//! lists and `$retainKeys`, because an otherwise empty patch decides between `configured` and `unchanged`.

use crate::api::schema::{Container, Field, Type};
use crate::api::{Kind, Text, Value, convert};

/// What to look for.
#[derive(Clone, Copy)]
struct Options {
    changes: bool,
    deletions: bool,
    order: bool,
}

/// The strategic patch from one state of an object to another; an empty map if nothing differs.
pub fn two_way(kind: Kind, original: &Value, modified: &Value) -> Value {
    diff_maps(
        original,
        modified,
        Type::of(kind),
        Options { changes: true, deletions: true, order: true },
        false,
    )
}

/// The strategic patch of `kubectl apply`: what the manifest changes in the live object, and what it has
/// dropped since it was applied last.
pub fn three_way(kind: Kind, last_applied: &Value, modified: &Value, live: &Value) -> Value {
    let t = Type::of(kind);
    // What was written in another version is compared in that of the live object.
    let kept = |value: &Value| convert::kept(value, &mut vec![]).unwrap_or_else(|| value.clone());
    let (last_applied, modified) = (&kept(last_applied), &kept(modified));
    let delta = diff_maps(live, modified, t, Options { changes: true, deletions: false, order: true }, false);
    let deletions =
        diff_maps(last_applied, modified, t, Options { changes: false, deletions: true, order: true }, false);
    unite(&deletions, &delta, t)
}

/// The JSON merge patch from one state to another; an empty map if nothing differs.
pub fn merge_two_way(original: &Value, modified: &Value) -> Value {
    let mut patch = Value::map();
    for (key, new) in modified.entries() {
        let old = original.get(key);
        if old == new {
            continue;
        }
        let change = match (old, new) {
            (Value::Map(_), Value::Map(_)) => merge_two_way(old, new),
            _ => new.clone(),
        };
        patch.map_mut().insert(key.clone(), change);
    }
    for (key, _) in original.entries().filter(|(k, _)| !modified.as_map().is_some_and(|m| m.contains(k))) {
        patch.map_mut().insert(key.clone(), Value::Null);
    }
    patch
}

/// The JSON merge patch of `kubectl apply` for kinds without a schema.
pub fn merge_three_way(last_applied: &Value, modified: &Value, live: &Value) -> Value {
    let additions = without_nulls(&merge_two_way(live, modified));
    let deletions = only_nulls(&merge_two_way(last_applied, modified));
    unite(&deletions, &additions, None)
}

fn without_nulls(patch: &Value) -> Value {
    let Value::Map(m) = patch else { return patch.clone() };
    let mut out = Value::map();
    for (key, value) in m.iter().filter(|(_, v)| v.is_some()) {
        let value = without_nulls(value);
        // A map that held nothing but deletions says nothing any more.
        if !(value.as_map().is_some_and(|v| v.is_empty()) && m.get(key).is_some_and(|v| !v.is_empty())) {
            out.map_mut().insert(key.clone(), value);
        }
    }
    out
}

fn only_nulls(patch: &Value) -> Value {
    let mut out = Value::map();
    for (key, value) in patch.entries() {
        match value {
            Value::Null => out.map_mut().insert(key.clone(), Value::Null),
            Value::Map(_) => {
                let inner = only_nulls(value);
                if !inner.is_empty() {
                    out.map_mut().insert(key.clone(), inner);
                }
            }
            _ => {}
        }
    }
    out
}

/// Puts two patches of one object together; of contradictions `second` counts. Directives stay.
fn unite(first: &Value, second: &Value, t: Option<Type>) -> Value {
    let (Value::Map(_), Value::Map(b)) = (first, second) else { return second.clone() };
    let mut out = first.clone();
    for (key, new) in b.iter() {
        let field = t.and_then(|t| t.field(key));
        let old = out.get(key).clone();
        let united = match (&old, new) {
            (Value::Map(_), Value::Map(_)) => unite(&old, new, field.and_then(Field::fields)),
            (Value::List(a), Value::List(b)) if field.is_some_and(Field::merges) => {
                let merge_key = field.map_or("", Field::merge_key);
                let mut all = b.to_vec();
                let known = |v: &Value| {
                    b.iter().any(|w| {
                        if merge_key.is_empty() { v == w } else { v.get(merge_key) == w.get(merge_key) }
                    })
                };
                for item in a.iter() {
                    if !known(item) {
                        all.push(item.clone());
                    } else if let Some(same) =
                        all.iter_mut().find(|w| w.get(merge_key) == item.get(merge_key))
                    {
                        *same = unite(item, &same.clone(), field.and_then(Field::fields));
                    }
                }
                Value::from(all)
            }
            _ => new.clone(),
        };
        out.map_mut().insert(key.clone(), united);
    }
    out
}

fn diff_maps(
    original: &Value,
    modified: &Value,
    t: Option<Type>,
    options: Options,
    retain_keys: bool,
) -> Value {
    let mut patch = Value::map();
    for (key, new) in modified.entries() {
        let field = t.and_then(|t| t.field(key));
        let Some(old) = original.as_map().and_then(|m| m.get(key)) else {
            if options.changes {
                patch.map_mut().insert(key.clone(), new);
            }
            continue;
        };
        match (old, new) {
            (Value::Map(_), Value::Map(_)) if !field.is_some_and(Field::replaces) => {
                let inner = field.filter(|f| f.container() == Container::Plain).and_then(Field::fields);
                let sub = diff_maps(old, new, inner, options, field.is_some_and(Field::retains_keys));
                if !sub.is_empty() {
                    patch.map_mut().insert(key.clone(), sub);
                }
            }
            (Value::List(_), Value::List(_)) if field.is_some_and(Field::merges) => {
                diff_lists(&mut patch, key, old, new, field.expect("checked"), options);
            }
            _ if old != new && options.changes => patch.map_mut().insert(key.clone(), new),
            _ => {}
        }
    }
    if options.deletions {
        for (key, _) in original.entries().filter(|(k, _)| !modified.as_map().is_some_and(|m| m.contains(k)))
        {
            patch.map_mut().insert(key.clone(), Value::Null);
        }
    }
    if retain_keys && !patch.is_empty() {
        let keys: Vec<Value> =
            modified.entries().filter(|(_, v)| v.is_some()).map(|(k, _)| Value::from(k)).collect();
        patch.map_mut().insert(Text::lit("$retainKeys"), keys);
    }
    patch
}

fn diff_lists(patch: &mut Value, name: &Text, old: &Value, new: &Value, field: Field, options: Options) {
    let key = field.merge_key();
    let mut changed = vec![];
    let mut gone = vec![];
    let is_map = |v: &Value| v.as_map().is_some();
    let by_key = !key.is_empty() && old.items().iter().chain(new.items()).all(is_map);
    if by_key {
        for item in new.items() {
            match old.items().iter().find(|v| v.get(key) == item.get(key)) {
                Some(before) => {
                    let mut sub = diff_maps(before, item, field.fields(), options, field.retains_keys());
                    if !sub.is_empty() {
                        sub.map_mut().insert(key, item.get(key));
                        changed.push(sub);
                    }
                }
                None if options.changes => changed.push(item.clone()),
                None => {}
            }
        }
    } else if options.changes {
        changed.extend(new.items().iter().filter(|v| !old.items().contains(v)).cloned());
    }
    if options.deletions {
        let missing =
            |v: &&Value| !new.items().iter().any(|w| if by_key { w.get(key) == v.get(key) } else { w == *v });
        gone.extend(old.items().iter().filter(missing).cloned());
    }
    let identity = |v: &Value| if by_key { v.get(key).clone() } else { v.clone() };
    let same_order = old.items().len() == new.items().len()
        && old.items().iter().zip(new.items()).all(|(a, b)| identity(a) == identity(b));
    let any = !changed.is_empty() || !gone.is_empty();
    let wanted = (options.changes && (any || !same_order)) || (options.deletions && any);
    if by_key {
        changed.extend(gone.into_iter().map(|v| {
            let mut delete = crate::map! { "$patch" => Text::lit("delete") };
            delete.map_mut().insert(key, v.get(key));
            delete
        }));
    } else if !gone.is_empty() {
        patch.map_mut().insert(format!("$deleteFromPrimitiveList/{name}"), gone);
    }
    if !changed.is_empty() {
        patch.map_mut().insert(name.clone(), changed);
    }
    if options.order && wanted {
        let order: Vec<Value> = if by_key {
            let only = |v: &Value| {
                Value::from([(Text::from(key), v.get(key))].into_iter().collect::<crate::api::value::Map>())
            };
            new.items().iter().map(only).collect()
        } else {
            new.items().to_vec()
        };
        patch.map_mut().insert(format!("$setElementOrder/{name}"), order);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::super::{merge, strategic};
    use super::*;

    #[test]
    fn a_two_way_patch_leads_from_one_to_the_other() {
        for (old, new, patch) in [
            ("spec: {a: 1}", "spec: {a: 1}", "{}"),
            (
                "metadata: {labels: {a: b, c: d}}",
                "metadata: {labels: {a: x}}",
                "metadata: {labels: {a: x, c: null}}",
            ),
            (
                "spec: {containers: [{name: a, image: x}]}",
                "spec: {containers: [{name: a, image: y}]}",
                "spec: {containers: [{name: a, image: y}], $setElementOrder/containers: [{name: a}]}",
            ),
            (
                "spec: {containers: [{name: a}, {name: b}]}",
                "spec: {containers: [{name: b}]}",
                "spec: {containers: [{$patch: delete, name: a}], $setElementOrder/containers: [{name: b}]}",
            ),
            (
                "metadata: {finalizers: [a]}",
                "metadata: {finalizers: [b]}",
                "metadata: {finalizers: [b], $deleteFromPrimitiveList/finalizers: [a], $setElementOrder/finalizers: [b]}",
            ),
        ] {
            let (old, new) = (value(old), value(new));
            let got = two_way(Kind::POD, &old, &new);
            assert_eq!(got, value(patch));
            assert_eq!(strategic::merge(&old, &got, Type::of(Kind::POD)), Ok(new.clone()), "{patch}");
            assert_eq!(merge(&old, &merge_two_way(&old, &new)), new);
        }
    }

    #[test]
    fn an_unchanged_manifest_gives_an_empty_patch_unless_the_server_added_volumes() {
        let live = value(
            "spec: {dnsPolicy: ClusterFirst, containers: [{name: a, image: x, imagePullPolicy: Always}], volumes: [{name: v, emptyDir: {}}, {name: token}]}",
        );
        let manifest = value("spec: {containers: [{name: a, image: x}]}");
        assert_eq!(three_way(Kind::POD, &manifest, &manifest, &live), Value::map());
        let manifest = value("spec: {containers: [{name: a, image: x}], volumes: [{name: v, emptyDir: {}}]}");
        assert_eq!(
            three_way(Kind::POD, &manifest, &manifest, &live),
            value("spec: {$setElementOrder/volumes: [{name: v}]}")
        );
        let last = value("metadata: {labels: {a: b}}\nspec: {containers: [{name: a, image: x}]}");
        let manifest = value("spec: {containers: [{name: a, image: y}]}");
        assert_eq!(
            three_way(Kind::POD, &last, &manifest, &live),
            value(
                "metadata: null\nspec: {containers: [{name: a, image: y}], $setElementOrder/containers: [{name: a}]}"
            )
        );
        assert_eq!(
            merge_three_way(&last, &manifest, &live),
            value("metadata: null\nspec: {containers: [{name: a, image: y}]}")
        );
    }
}
