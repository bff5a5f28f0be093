//! `-o kyaml`: YAML in flow style with quoted strings, one field a line.

use crate::api::{Value, json};

/// Prints a document.
pub fn print(value: &Value) -> String {
    let mut out = String::from("---\n");
    node(value, 0, &mut out);
    out.push('\n');
    out
}

fn node(value: &Value, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth + 1);
    match value {
        Value::Map(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (k, v) in value.entries() {
                out.push_str(&format!("{pad}{}: ", key(k)));
                node(v, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&"  ".repeat(depth));
            out.push('}');
        }
        Value::Map(_) => out.push_str("{}"),
        Value::List(l) if l.is_empty() => out.push_str("[]"),
        Value::List(l) if l.iter().all(|v| matches!(v, Value::Map(_))) => {
            out.push('[');
            for (i, v) in l.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                node(v, depth, out);
            }
            out.push(']');
        }
        Value::List(l) => {
            out.push_str("[\n");
            for v in l.iter() {
                out.push_str(&pad);
                node(v, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&"  ".repeat(depth));
            out.push(']');
        }
        Value::Str(s) => out.push_str(&json::quote(s)),
        other => out.push_str(&json::print(other)),
    }
}

/// Keys are bare where they look like names and like nothing else.
fn key(k: &str) -> String {
    let plain = k.starts_with(|c: char| c.is_ascii_alphabetic())
        && k.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let word = matches!(
        k.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    if plain && !word { k.to_string() } else { json::quote(k) }
}
