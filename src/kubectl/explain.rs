//! `kubectl explain`: what fields a kind has, from the schema's table and descriptions.
//!
//! The layout is that of kubectl's `plaintext` template for OpenAPI v3; words are wrapped as
//! `go-wordwrap` does.

use crate::api::schema::{Container, Descriptions, Field, Shape, Type};
use crate::api::{Kind, Value};
use crate::collections::Order as _;

/// Columns of the wrapped text (80 less the indent of 4).
const WIDTH: usize = 76;
/// How many values of an enumeration a list of fields names.
const ENUM_SHOWN: usize = 4;

/// What is to be explained.
pub struct Topic<'a> {
    /// The kind.
    pub kind: Kind,
    /// Field names from the object down.
    pub path: &'a [&'a str],
    /// Whether the fields of fields are listed, without descriptions.
    pub recursive: bool,
}

/// Explains a topic: what goes to standard output, and the name of the field that does not exist, if any.
pub fn explain(topic: &Topic, texts: &Descriptions) -> (String, Option<String>) {
    let info = topic.kind.info();
    let mut out = String::new();
    if let Some((group, _)) = info.api_version.split_once('/') {
        out += &format!("GROUP:      {group}\n");
    }
    let version = info.api_version.rsplit('/').next().unwrap_or("");
    out += &format!("KIND:       {}\nVERSION:    {version}\n\n", info.kind);
    let Some(root) = Type::of(topic.kind) else {
        return (out, None);
    };
    let mut at = Some(root);
    let mut field = None;
    for name in topic.path.iter().filter(|n| !n.is_empty()) {
        field = at.and_then(|t| t.field(name));
        let Some(found) = field else {
            return (out, Some(name.to_string()));
        };
        at = found.fields();
    }
    let description = match field {
        None => texts.of_type(root).to_string(),
        Some(f) => {
            heading(&mut out, f);
            match at {
                Some(t) => format!("{}\n{}", texts.of_field(f), texts.of_type(t)),
                None => format!("{}\n{}", texts.of_field(f), texts.of_scalar(f)),
            }
        }
    };
    described_as(&mut out, &description);
    if let Some(t) = at {
        out += "FIELDS:\n";
        if topic.recursive {
            tree(&mut out, t, 1, &mut vec![t]);
        } else {
            t.fields().for_each(|f| described(&mut out, f, texts));
        }
    }
    out.push('\n');
    (out, None)
}

/// The section with a description.
fn described_as(out: &mut String, description: &str) {
    match description.trim_end() {
        "" => out.push_str("DESCRIPTION:\n    <empty>\n"),
        text => out.push_str(&format!("DESCRIPTION:\n{}\n    \n", indented(text, 4))),
    }
}

/// Explains a custom kind by the schema in its definition, as [`explain`] does for kinds that are built in.
pub fn custom(
    kind: Kind,
    schema: &Value,
    path: &[&str],
    recursive: bool,
    texts: &Descriptions,
) -> (String, Option<String>) {
    let info = kind.info();
    let version = info.api_version.rsplit('/').next().unwrap_or("");
    let mut out =
        format!("GROUP:      {}\nKIND:       {}\nVERSION:    {version}\n\n", info.group(), info.kind);
    let path: Vec<&str> = path.iter().copied().filter(|n| !n.is_empty()).collect();
    if let [first, ..] = path.as_slice()
        && COMMON.contains(first)
    {
        // What all kinds have in common is explained as for a Pod, but for the head.
        let (text, missing) = explain(&Topic { kind: Kind::POD, path: &path, recursive }, texts);
        out += text.split_once("\n\n").map_or("", |(_, rest)| rest);
        return (out, missing);
    }
    let mut at = schema;
    for (i, name) in path.iter().enumerate() {
        at = match element(at)["properties"].get(name) {
            Value::Null => return (out, Some(name.to_string())),
            found => found,
        };
        if i + 1 == path.len() {
            out += &format!("FIELD: {name} <{}>\n", schema_type(at));
            let allowed = at["enum"].items();
            out.push_str(if allowed.is_empty() { "\n" } else { "ENUM:\n" });
            allowed.iter().for_each(|v| out.push_str(&format!("    {}\n", plain(v))));
            out.push('\n');
        }
    }
    let inner = element(at);
    let mut description = at["description"].str().to_string();
    if !std::ptr::eq(inner, at) {
        description += &format!("\n{}", inner["description"].str());
    }
    described_as(&mut out, &description);
    if !inner["properties"].is_empty() || path.is_empty() {
        out += "FIELDS:\n";
        schema_fields(&mut out, inner, path.is_empty(), recursive, 1, texts);
    }
    out.push('\n');
    (out, None)
}

/// The fields that every kind has.
const COMMON: &[&str] = &["apiVersion", "kind", "metadata"];

/// The schema of a list's or map's elements; the schema itself for anything else.
fn element(schema: &Value) -> &Value {
    let mut at = schema;
    for _ in 0..crate::api::custom::DEPTH_LIMIT {
        at = match at["type"].str() {
            "array" => &at["items"],
            "object" if at["additionalProperties"].as_map().is_some() => &at["additionalProperties"],
            _ => break,
        };
    }
    at
}

fn schema_type(schema: &Value) -> String {
    match schema["type"].str() {
        "array" => format!("[]{}", schema_type(&schema["items"])),
        "object" if schema["additionalProperties"].as_map().is_some() => {
            format!("map[string]{}", schema_type(&schema["additionalProperties"]))
        }
        "object" | "" => "Object".into(),
        other => other.into(),
    }
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| crate::api::json::print(v), String::from)
}

fn schema_fields(
    out: &mut String,
    schema: &Value,
    whole: bool,
    recursive: bool,
    level: usize,
    texts: &Descriptions,
) {
    let pod = Type::of(Kind::POD);
    let mut names: Vec<&str> = schema["properties"].entries().map(|(k, _)| k.as_str()).collect();
    if whole {
        names.retain(|n| !COMMON.contains(n));
        names.extend(COMMON);
        names.order();
    }
    for name in names {
        let common = pod.filter(|_| whole && COMMON.contains(&name)).and_then(|t| t.field(name));
        if let Some(field) = common {
            line(out, field, level);
            match field.fields() {
                _ if !recursive => described_text(out, texts.of_field(field)),
                Some(t) => tree(out, t, level + 1, &mut vec![t]),
                None => {}
            }
            continue;
        }
        let inner = schema["properties"].get(name);
        let must = schema["required"].items().iter().any(|r| r.str() == name);
        let must = if must { " -required-" } else { "" };
        let indent = "  ".repeat(level);
        out.push_str(&format!("{indent}{name}\t<{}>{must}\n", schema_type(inner)));
        let allowed: Vec<String> = inner["enum"].items().iter().map(plain).collect();
        enumerated(out, allowed.iter().map(String::as_str).collect(), &indent);
        if !recursive {
            described_text(out, inner["description"].str());
        } else if level < crate::api::custom::DEPTH_LIMIT {
            schema_fields(out, element(inner), false, true, level + 1, texts);
        }
    }
}

fn heading(out: &mut String, f: Field) {
    out.push_str(&format!("FIELD: {} <{}>\n", f.name(), f.explain_type()));
    let values: Vec<&str> = f.enum_values().collect();
    if values.is_empty() {
        out.push('\n');
    } else {
        out.push_str("ENUM:\n");
        values.iter().for_each(|v| out.push_str(&format!("    {v}\n")));
    }
    out.push('\n');
}

fn required(f: Field) -> &'static str {
    if f.required() { " -required-" } else { "" }
}

/// A field's line, with its allowed values below it.
fn line(out: &mut String, f: Field, level: usize) {
    let indent = "  ".repeat(level);
    out.push_str(&format!("{indent}{}\t<{}>{}\n", f.name(), f.explain_type(), required(f)));
    enumerated(out, f.enum_values().collect(), &indent);
}

fn enumerated(out: &mut String, mut values: Vec<&str>, indent: &str) {
    if values.len() > ENUM_SHOWN {
        values.truncate(ENUM_SHOWN);
        values.push("....");
    }
    if !values.is_empty() {
        out.push_str(&format!("{indent}enum: {}\n", values.join(", ")));
    }
}

fn described(out: &mut String, f: Field, texts: &Descriptions) {
    line(out, f, 1);
    described_text(out, texts.of_field(f));
}

fn described_text(out: &mut String, text: &str) {
    let text = if text.is_empty() { "<no description>" } else { text };
    out.push_str(&format!("{}\n\n", indented(text.trim_end(), 4)));
}

/// The fields below fields. `above` holds the types on the way, as some (JSON schemas) contain themselves.
fn tree(out: &mut String, t: Type, level: usize, above: &mut Vec<Type>) {
    for f in t.fields() {
        line(out, f, level);
        if let (Shape::Struct(inner), Container::Plain | Container::List | Container::Map) =
            (f.shape(), f.container())
            && !above.contains(&inner)
        {
            above.push(inner);
            tree(out, inner, level + 1, above);
            above.pop();
        }
    }
}

fn indented(text: &str, n: usize) -> String {
    let indent = " ".repeat(n);
    wrap(text, WIDTH).split('\n').map(|l| format!("{indent}{l}")).collect::<Vec<_>>().join("\n")
}

/// Wraps at spaces; newlines stay, runs of spaces inside a line stay.
fn wrap(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut word, mut space) = (String::new(), String::new());
    let (mut column, mut word_len, mut space_len) = (0, 0, 0);
    for c in text.chars() {
        if c == '\n' {
            if word.is_empty() && column + space_len > limit {
                space.clear();
            }
            out += &space;
            out += &word;
            out.push('\n');
            word.clear();
            space.clear();
            (column, word_len, space_len) = (0, 0, 0);
        } else if c.is_whitespace() {
            if space.is_empty() || !word.is_empty() {
                column += space_len + word_len;
                out += &space;
                out += &word;
                word.clear();
                space.clear();
                (word_len, space_len) = (0, 0);
            }
            space.push(c);
            space_len += 1;
        } else {
            word.push(c);
            word_len += 1;
            if column + word_len + space_len > limit && word_len < limit {
                out.push('\n');
                space.clear();
                (column, space_len) = (0, 0);
            }
        }
    }
    if !word.is_empty() || column + space_len <= limit {
        out += &space;
    }
    out += &word;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Kind, path: &[&str]) -> String {
        explain(&Topic { kind, path, recursive: false }, &Descriptions::built_in()).0
    }

    #[test]
    fn a_field_with_allowed_values_lists_them() {
        let t = text(Kind::POD, &["spec", "restartPolicy"]);
        assert!(t.starts_with(
            "KIND:       Pod\nVERSION:    v1\n\nFIELD: restartPolicy <string>\nENUM:\n    Always\n    Never\n    OnFailure\n\n\
             DESCRIPTION:\n    Restart policy for all containers within the pod. One of Always, OnFailure,\n    Never. "
        ), "{t}");
    }

    #[test]
    fn a_field_that_does_not_exist_is_named() {
        let topic = Topic { kind: Kind::POD, path: &["spec", "nope"], recursive: false };
        let (out, missing) = explain(&topic, &Descriptions::built_in());
        assert_eq!((out.as_str(), missing.as_deref()), ("KIND:       Pod\nVERSION:    v1\n\n", Some("nope")));
    }

    #[test]
    fn groups_are_shown_and_self_containing_types_end() {
        assert!(
            text(Kind::DEPLOYMENT, &[])
                .starts_with("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n")
        );
        let topic = Topic { kind: Kind::CRD, path: &[], recursive: true };
        assert!(explain(&topic, &Descriptions::built_in()).0.len() < 100_000);
    }
}
