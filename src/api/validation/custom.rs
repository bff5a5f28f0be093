//! CustomResourceDefinitions (pkg/apis/apiextensions/validation) and their objects (kube-openapi's
//! validation by schema).

use super::error::{Errors, shown};
use crate::api::custom::DEPTH_LIMIT;
use crate::api::{Object, Value, json, names};

/// Checks a definition.
pub(super) fn definition(object: &Object, errors: &mut Errors) {
    let spec = &object["spec"];
    let (plural, group) = (spec.at("names.plural").str(), spec["group"].str());
    if object.name() != format!("{plural}.{group}") {
        errors.invalid("metadata.name", object.name(), "must be spec.names.plural+\".\"+spec.group");
    }
    match group {
        "" => errors.required("spec.group", ""),
        g => {
            let complaints = names::dns_subdomain(g);
            if !complaints.is_empty() {
                errors.invalid("spec.group", g, complaints.join(","));
            } else if !g.contains('.') {
                errors.invalid("spec.group", g, "should be a domain with at least one dot");
            }
        }
    }
    match spec["scope"].str() {
        "Cluster" | "Namespaced" => {}
        "" => errors.required("spec.scope", ""),
        other => errors.not_supported("spec.scope", other, &["Cluster", "Namespaced"]),
    }
    versions(spec, errors);
    for field in ["plural", "singular", "kind", "listKind"] {
        let path = format!("spec.names.{field}");
        let name = spec["names"][field].str();
        if name.is_empty() {
            errors.required(path, "");
            continue;
        }
        let complaints = names::dns1035_label(&name.to_lowercase());
        if !complaints.is_empty() {
            errors.invalid(path, name, complaints.join(","));
        }
    }
}

fn versions(spec: &Value, errors: &mut Errors) {
    let versions = spec["versions"].items();
    for (i, version) in versions.iter().enumerate() {
        let path = format!("spec.versions[{i}]");
        let complaints = names::dns1035_label(version["name"].str());
        if !complaints.is_empty() {
            errors.invalid(format!("{path}.name"), version["name"].str(), complaints.join(","));
        }
        let schema = version.at("schema.openAPIV3Schema");
        let path = format!("{path}.schema.openAPIV3Schema");
        if schema.is_null() {
            errors.required(path, "schemas are required");
        } else {
            structural(schema, &path, Place::Root, 0, errors);
        }
    }
    let storage = versions.iter().filter(|v| v["storage"].is_true()).count();
    if storage != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.invalid_shown("spec.versions", shown(&spec["versions"]), why);
    }
    let unique = |v: &Value| versions.iter().filter(|o| o["name"] == v["name"]).count() == 1;
    if !versions.iter().all(unique) {
        let why = "must contain unique version names";
        errors.invalid_shown("spec.versions", shown(&spec["versions"]), why);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Field,
    Item,
}

/// That a schema is structural: types everywhere, an object at the root.
fn structural(schema: &Value, path: &str, place: Place, depth: usize, errors: &mut Errors) {
    if depth > DEPTH_LIMIT {
        return;
    }
    let open = ["x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"];
    let untyped = open.iter().any(|f| schema[*f].is_true());
    match (schema["type"].str(), place) {
        ("", Place::Root) => errors.required(format!("{path}.type"), "must not be empty at the root"),
        ("", _) if untyped => {}
        ("", Place::Field) => {
            errors.required(format!("{path}.type"), "must not be empty for specified object fields");
        }
        ("", Place::Item) => {
            errors.required(format!("{path}.type"), "must not be empty for specified array items");
        }
        ("object", Place::Root) => {}
        (other, Place::Root) => errors.invalid(format!("{path}.type"), other, "must be object at the root"),
        ("array", _) if schema["items"].is_null() => {
            errors.required(format!("{path}.items"), "must be specified");
        }
        ("array" | "boolean" | "integer" | "number" | "object" | "string", _) => {}
        (other, _) => {
            let known = ["array", "boolean", "integer", "number", "object", "string"];
            errors.not_supported(format!("{path}.type"), other, &known);
        }
    }
    for (name, inner) in schema["properties"].entries() {
        structural(inner, &format!("{path}.properties[{name}]"), Place::Field, depth + 1, errors);
    }
    if schema["items"].as_map().is_some() {
        structural(&schema["items"], &format!("{path}.items"), Place::Item, depth + 1, errors);
    }
    if schema["additionalProperties"].as_map().is_some() {
        let path = format!("{path}.additionalProperties");
        structural(&schema["additionalProperties"], &path, Place::Field, depth + 1, errors);
    }
}

/// Checks an object by its definition's schema.
pub fn object(object: &Object, schema: &Value, errors: &mut Errors) {
    for (name, inner) in schema["properties"].entries() {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata") && object.get(name).is_some() {
            value(object.get(name), inner, name, 0, errors);
        }
    }
    required(&object.value, schema, "", errors);
}

fn required(value: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    for name in schema["required"].items() {
        if !value.as_map().is_some_and(|m| m.contains(name.str())) {
            let at = if path.is_empty() { name.str().to_string() } else { format!("{path}.{}", name.str()) };
            errors.required(at, "");
        }
    }
}

fn type_of(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn value(v: &Value, schema: &Value, path: &str, depth: usize, errors: &mut Errors) {
    if depth > DEPTH_LIMIT || (v.is_null() && schema["nullable"].is_true()) {
        return;
    }
    let (wanted, got) = (schema["type"].str(), type_of(v));
    let fits = match wanted {
        "" => !schema["x-kubernetes-int-or-string"].is_true() || matches!(got, "integer" | "string"),
        "number" => matches!(got, "integer" | "number"),
        _ => wanted == got,
    };
    if !fits {
        let wanted = if wanted.is_empty() { "integer,string" } else { wanted };
        errors.invalid(path, got, format!("{path} in body must be of type {wanted}: \"{got}\""));
        return;
    }
    limits(v, schema, path, errors);
    match v {
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                value(item, &schema["items"], &format!("{path}[{i}]"), depth + 1, errors);
            }
        }
        Value::Map(_) => {
            required(v, schema, path, errors);
            for (name, held) in v.entries() {
                let inner = match schema["properties"].get(name) {
                    Value::Null => &schema["additionalProperties"],
                    inner => inner,
                };
                if inner.as_map().is_some() {
                    value(held, inner, &format!("{path}.{name}"), depth + 1, errors);
                }
            }
        }
        _ => {}
    }
}

/// Enumerations, bounds and lengths.
fn limits(v: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    let allowed = schema["enum"].items();
    if !allowed.is_empty() && !allowed.contains(v) {
        let words: Vec<String> = allowed.iter().map(plain).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        errors.not_supported(path, v, &words);
    }
    let number = |v: &Value| match v {
        Value::Int(n) => Some(*n as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    };
    if let Some(n) = number(v) {
        let mut bound = |name: &str, exclusive: &str, words: [&str; 2], broken: fn(f64, f64) -> bool| {
            let Some(limit) = number(&schema[name]) else { return };
            let strict = schema[exclusive].is_true();
            if broken(n, limit) || (strict && n == limit) {
                let limit = plain(&schema[name]);
                errors.invalid(
                    path,
                    v,
                    format!("{path} in body should be {} {limit}", words[usize::from(strict)]),
                );
            }
        };
        let least = ["greater than or equal to", "greater than"];
        bound("minimum", "exclusiveMinimum", least, |n, limit| n < limit);
        bound("maximum", "exclusiveMaximum", ["less than or equal to", "less than"], |n, limit| n > limit);
    }
    let size = |name: &str| schema[name].as_int().and_then(|n| usize::try_from(n).ok());
    match v {
        Value::Str(s) => {
            let n = s.chars().count();
            if size("minLength").is_some_and(|min| n < min) {
                let min = size("minLength").unwrap_or(0);
                errors.invalid(path, v, format!("{path} in body should be at least {min} chars long"));
            }
            if let Some(max) = size("maxLength").filter(|max| n > *max) {
                errors.too_long(path, max);
            }
        }
        Value::List(items) => {
            if let Some(min) = size("minItems").filter(|min| items.len() < *min) {
                let why = format!("{path} in body should have at least {min} items");
                errors.invalid(path, items.len() as i64, why);
            }
            if let Some(max) = size("maxItems").filter(|max| items.len() > *max) {
                errors.too_many(path, items.len(), max);
            }
        }
        _ => {}
    }
}

fn plain(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        other => json::print(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use crate::api::yaml::{Limits, read_value};

    fn read(text: &str) -> Value {
        read_value(&format!("#\n{text}"), Limits::default()).expect("YAML")
    }

    #[test]
    fn objects_are_checked_in_the_words_of_kube_openapi() {
        let schema = read(
            "{type: object, required: [spec], properties: {spec: {type: object, required: [name], properties: {age: {type: integer, minimum: 1, maximum: 9}, \
             name: {type: string, minLength: 2, maxLength: 4}, kind: {type: string, enum: [a, b]}, list: {type: array, maxItems: 1, items: {type: string}}}}}}",
        );
        for (spec, wanted) in [
            ("{name: ab, age: 3}", vec![]),
            (
                "{name: ab, age: old}",
                vec![
                    "spec.age: Invalid value: \"string\": spec.age in body must be of type integer: \"string\"",
                ],
            ),
            ("{age: 1}", vec!["spec.name: Required value"]),
            (
                "{name: ab, age: 0}",
                vec!["spec.age: Invalid value: 0: spec.age in body should be greater than or equal to 1"],
            ),
            (
                "{name: ab, age: 10}",
                vec!["spec.age: Invalid value: 10: spec.age in body should be less than or equal to 9"],
            ),
            (
                "{name: a}",
                vec!["spec.name: Invalid value: \"a\": spec.name in body should be at least 2 chars long"],
            ),
            ("{name: abcde}", vec!["spec.name: Too long: may not be more than 4 bytes"]),
            (
                "{name: ab, kind: c}",
                vec!["spec.kind: Unsupported value: \"c\": supported values: \"a\", \"b\""],
            ),
            (
                "{name: ab, list: [a, 1]}",
                vec![
                    "spec.list: Too many: 2: must have at most 1 items",
                    "spec.list[1]: Invalid value: \"integer\": spec.list[1] in body must be of type string: \"integer\"",
                ],
            ),
        ] {
            let mut errors = Errors::default();
            let value = crate::map! { "spec" => read(spec) };
            object(&Object { kind: Kind::POD, value }, &schema, &mut errors);
            assert_eq!(errors.list.iter().map(ToString::to_string).collect::<Vec<_>>(), wanted, "{spec}");
        }
    }

    #[test]
    fn definitions_are_checked_in_upstreams_words() {
        let found = |name: &str, spec: &str| {
            let mut errors = Errors::default();
            let value = crate::map! { "metadata" => crate::map! { "name" => name }, "spec" => read(spec) };
            definition(&Object { kind: Kind::CRD, value }, &mut errors);
            errors.list.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let names = "names: {plural: cups, singular: cup, kind: Cup, listKind: CupList}";
        let version =
            "versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]";
        assert_eq!(
            found("cups.tea.example", &format!("{{group: tea.example, scope: Cluster, {names}, {version}}}")),
            Vec::<String>::new()
        );
        assert_eq!(
            found("cup.tea.example", &format!("{{group: tea.example, scope: Node, {names}, {version}}}")),
            [
                "metadata.name: Invalid value: \"cup.tea.example\": must be spec.names.plural+\".\"+spec.group",
                "spec.scope: Unsupported value: \"Node\": supported values: \"Cluster\", \"Namespaced\"",
            ]
        );
        let untyped = "versions: [{name: v1, storage: true, schema: {openAPIV3Schema: {type: object, properties: {a: {}}}}}]";
        assert_eq!(
            found("cups.tea.example", &format!("{{group: tea.example, scope: Cluster, {names}, {untyped}}}")),
            [
                "spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields"
            ]
        );
    }
}
