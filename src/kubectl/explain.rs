//! `kubectl explain`: what fields a kind has, from the schema's table and descriptions.
//!
//! The layout is that of kubectl's `plaintext` template for OpenAPI v3; words are wrapped as
//! `go-wordwrap` does.

use crate::api::Kind;
use crate::api::schema::{Container, Descriptions, Field, Shape, Type};

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
    let description = if description.trim().is_empty() { "<empty>".to_string() } else { description };
    out += &format!("DESCRIPTION:\n{}\n    \n", indented(description.trim_end(), 4));
    if let Some(t) = at {
        out += "FIELDS:\n";
        if topic.recursive {
            tree(&mut out, t, 1, &mut vec![t]);
        } else {
            t.fields().for_each(|f| described(&mut out, f, texts));
        }
        out.push('\n');
    }
    out += "\n\n";
    (out, None)
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
    let mut values: Vec<&str> = f.enum_values().collect();
    if !values.is_empty() {
        if values.len() > ENUM_SHOWN {
            values.truncate(ENUM_SHOWN);
            values.push("....");
        }
        out.push_str(&format!("{indent}enum: {}\n", values.join(", ")));
    }
}

fn described(out: &mut String, f: Field, texts: &Descriptions) {
    line(out, f, 1);
    let text = texts.of_field(f);
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
