//! Pruning and defaulting by a structural schema (apiextensions-apiserver pkg/apiserver/schema).

use super::DEPTH_LIMIT;
use crate::api::Value;

/// Removes what a schema does not know from an object, and notes it.
pub fn object(value: &mut Value, schema: &Value, unknown: &mut Vec<String>) {
    prune(value, schema, "", true, 0, unknown);
}

fn prune(
    value: &mut Value,
    schema: &Value,
    path: &str,
    whole: bool,
    depth: usize,
    unknown: &mut Vec<String>,
) {
    if depth > DEPTH_LIMIT {
        return;
    }
    match value {
        Value::Map(_) => fields(value, schema, path, whole, depth, unknown),
        Value::List(_) => {
            for (i, item) in value.list_mut().iter_mut().enumerate() {
                prune(item, &schema["items"], &format!("{path}[{i}]"), false, depth + 1, unknown);
            }
        }
        _ => {}
    }
}

fn fields(
    value: &mut Value,
    schema: &Value,
    path: &str,
    whole: bool,
    depth: usize,
    unknown: &mut Vec<String>,
) {
    let keeps = schema["x-kubernetes-preserve-unknown-fields"].is_true();
    let whole = whole || schema["x-kubernetes-embedded-resource"].is_true();
    let names: Vec<_> = value.entries().map(|(k, _)| k.clone()).collect();
    for name in names {
        if whole && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let at = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        let others = &schema["additionalProperties"];
        let inner = match &schema["properties"] {
            Value::Map(known) if known.contains(&name) => known.get(&name).cloned(),
            _ if others.as_map().is_some() => Some(others.clone()),
            _ if others.is_true() => continue,
            _ => None,
        };
        match inner {
            Some(inner) => {
                if let Some(field) = value.map_mut().get_mut(&name) {
                    prune(field, &inner, &at, false, depth + 1, unknown);
                }
            }
            None if keeps => {}
            None => {
                unknown.push(format!("unknown field \"{at}\""));
                value.map_mut().remove(&name);
            }
        }
    }
}

/// Sets the defaults of absent fields.
pub fn defaults(value: &mut Value, schema: &Value, depth: usize) {
    if depth > DEPTH_LIMIT {
        return;
    }
    match value {
        Value::Map(_) => {
            for (name, inner) in schema["properties"].entries() {
                let held = value.get(name);
                if held.is_null() && inner["default"].is_some() && !inner["nullable"].is_true() {
                    value.map_mut().insert(name.clone(), inner["default"].clone());
                }
                if value.get(name).is_some()
                    && let Some(field) = value.map_mut().get_mut(name)
                {
                    defaults(field, inner, depth + 1);
                }
            }
            let others = &schema["additionalProperties"];
            if others.as_map().is_some() {
                let names: Vec<_> = value.entries().map(|(k, _)| k.clone()).collect();
                for name in names {
                    if let Some(field) = value.map_mut().get_mut(&name) {
                        defaults(field, others, depth + 1);
                    }
                }
            }
        }
        Value::List(_) => {
            for item in value.list_mut() {
                defaults(item, &schema["items"], depth + 1);
            }
        }
        _ => {}
    }
}
