//! JSON patch (RFC 6902) and JSON pointers (RFC 6901).

use crate::api::status::Result;
use crate::api::{Status, Text, Value};

/// `maxJSONPatchOperations` of kube-apiserver.
const MAX_OPERATIONS: usize = 10_000;

/// Applies a list of operations; all or none.
pub(super) fn apply(old: &Value, patch: &Value) -> Result<Value> {
    let wrong = |got: &str, into: &str| {
        Status::bad_request(format!("error decoding patch: json: cannot unmarshal {got} into {into}"))
    };
    let Value::List(operations) = patch else {
        let got = if patch.as_map().is_some() { "object" } else { "string" };
        return Err(wrong(got, "Go value of type []handlers.jsonPatchOp"));
    };
    if operations.len() > MAX_OPERATIONS {
        let got = operations.len();
        let message =
            format!("The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {got}");
        return Err(Status::new(413, "RequestEntityTooLarge", message));
    }
    let mut value = old.clone();
    for operation in operations.iter() {
        if operation.as_map().is_none() {
            return Err(wrong("string", "Go value of type handlers.jsonPatchOp"));
        }
        value = step(value, operation).ok_or_else(|| {
            Status::new(422, "Invalid", "the server rejected our request due to an error in our request")
        })?;
    }
    Ok(value)
}

fn step(mut value: Value, operation: &Value) -> Option<Value> {
    let path = pointer(operation["path"].as_str()?)?;
    let new = operation.as_map()?.get("value").cloned();
    match operation["op"].str() {
        "add" => edit(&mut value, &path, Edit::Add(new?))?,
        "replace" => {
            if path.is_empty() {
                return new;
            }
            edit(&mut value, &path, Edit::Replace(new?))?;
        }
        "remove" => edit(&mut value, &path, Edit::Remove)?,
        "test" => {
            let actual = find(&value, &path);
            if actual.unwrap_or(&Value::Null) != &new.unwrap_or(Value::Null) {
                return None;
            }
        }
        "copy" | "move" => {
            let from = pointer(operation["from"].as_str()?)?;
            let moved = find(&value, &from)?.clone();
            if operation["op"].str() == "move" {
                edit(&mut value, &from, Edit::Remove)?;
            }
            edit(&mut value, &path, Edit::Add(moved))?;
        }
        _ => return None,
    }
    Some(value)
}

/// The steps of a JSON pointer.
fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(vec![]);
    }
    let steps = text.strip_prefix('/')?.split('/');
    Some(steps.map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |v, step| match v {
        Value::Map(m) => m.get(step),
        Value::List(l) => l.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

enum Edit {
    Add(Value),
    Replace(Value),
    Remove,
}

fn edit(value: &mut Value, path: &[String], change: Edit) -> Option<()> {
    let Some((last, parents)) = path.split_last() else {
        if let Edit::Add(new) = change {
            *value = new;
            return Some(());
        }
        return None;
    };
    let mut parent = value;
    for step in parents {
        parent = match parent {
            Value::Map(_) => parent.map_mut().get_mut(step)?,
            Value::List(_) => parent.list_mut().get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match parent {
        Value::Map(m) => {
            let present = m.contains(last);
            match change {
                Edit::Add(new) => parent.map_mut().insert(Text::from(last), new),
                Edit::Replace(new) if present => parent.map_mut().insert(Text::from(last), new),
                Edit::Remove if present => drop(parent.map_mut().remove(last)),
                _ => return None,
            }
        }
        Value::List(l) => {
            let length = l.len();
            let index = if last == "-" { length } else { last.parse::<usize>().ok()? };
            match change {
                Edit::Add(new) if index <= length => parent.list_mut().insert(index, new),
                Edit::Replace(new) if index < length => parent.list_mut()[index] = new,
                Edit::Remove if index < length => drop(parent.list_mut().remove(index)),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    #[test]
    fn operations_change_what_their_pointers_name() {
        for (old, patch, new) in [
            ("{a: 1}", "[{op: add, path: /b, value: 2}]", "{a: 1, b: 2}"),
            ("{a: [1, 3]}", "[{op: add, path: /a/1, value: 2}]", "{a: [1, 2, 3]}"),
            ("{a: [1]}", "[{op: add, path: /a/-, value: 2}]", "{a: [1, 2]}"),
            ("{a: 1, b: 2}", "[{op: remove, path: /a}]", "{b: 2}"),
            ("{a: {x/y: 1}}", "[{op: replace, path: /a/x~1y, value: 2}]", "{a: {x/y: 2}}"),
            ("{a: 1}", "[{op: move, from: /a, path: /b}]", "{b: 1}"),
            ("{a: [1]}", "[{op: copy, from: /a/0, path: /b}]", "{a: [1], b: 1}"),
            ("{a: 1}", "[{op: test, path: /a, value: 1}, {op: remove, path: /a}]", "{}"),
        ] {
            assert_eq!(apply(&value(old), &value(patch)), Ok(value(new)), "{patch}");
        }
        for patch in [
            "[{op: test, path: /a, value: 2}]",
            "[{op: replace, path: /no/such, value: 2}]",
            "[{op: add, path: /no/such, value: 2}]",
            "[{op: remove, path: /b}]",
            "[{op: add, path: /l/9, value: 2}]",
            "[{op: bogus, path: /a}]",
            "[{op: remove}]",
        ] {
            assert_eq!(
                apply(&value("{a: 1, l: []}"), &value(patch)).map_err(|s| s.code),
                Err(422),
                "{patch}"
            );
        }
    }
}
