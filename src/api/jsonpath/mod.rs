//! kubectl's JSONPath templates: `{.items[*].metadata.name}`, ranges, filters, slices, unions, `..`, text.
//!
//! Follows `k8s.io/client-go/util/jsonpath` for objects that are plain JSON. The amount of work that a
//! template may cause is limited by [`MAX_STEPS`] and [`MAX_DEPTH`].

mod eval;
mod parse;

use crate::api::{Value, json};

/// Nodes visited by one evaluation; a template can nest ranges, whose work multiplies.
const MAX_STEPS: usize = 2_000_000;
/// Depth of filters and unions within one another, and of ranges.
const MAX_DEPTH: usize = 32;

/// A template that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    List(Vec<Node>),
    Text(String),
    Field(String),
    Array([Param; 3]),
    Filter { left: Vec<Node>, operator: String, right: Vec<Node> },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    Identifier(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
struct Param {
    value: i64,
    known: bool,
    derived: bool,
}

impl JsonPath {
    /// Reads a template.
    ///
    /// # Errors
    /// In upstream's words, e.g. `unterminated array`; kubectl puts `error parsing jsonpath TEMPLATE, ` before it.
    pub fn parse(text: &str) -> Result<JsonPath, String> {
        Ok(JsonPath { nodes: parse::template(text, 0)? })
    }

    /// The results of each part of the template, in order.
    ///
    /// # Errors
    /// In upstream's words, e.g. `nope is not found` unless missing keys are allowed.
    pub fn find(&self, data: &Value, allow_missing: bool) -> Result<Vec<Vec<Value>>, String> {
        eval::find(&self.nodes, data, allow_missing)
    }

    /// The text that the template gives (`-o jsonpath=`).
    ///
    /// # Errors
    /// Those of [`JsonPath::find`].
    pub fn print(&self, data: &Value, allow_missing: bool) -> Result<String, String> {
        let mut out = String::new();
        for results in self.find(data, allow_missing)? {
            let texts: Vec<String> = results.iter().map(text_of).collect();
            out.push_str(&texts.join(" "));
        }
        Ok(out)
    }

    /// The results as indented JSON lists (`-o jsonpath-as-json=`).
    ///
    /// # Errors
    /// Those of [`JsonPath::find`].
    pub fn print_json(&self, data: &Value, allow_missing: bool) -> Result<String, String> {
        let mut out = String::new();
        for results in self.find(data, allow_missing)? {
            out.push_str(&json::print_indented(&Value::from(results)));
            out.push('\n');
        }
        Ok(out)
    }
}

/// A value as Go prints it: strings bare, lists and maps as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::Str(s) => s.to_string(),
        v => json::print(v),
    }
}

/// Completes a path that may lack its braces or leading dot (`--sort-by=metadata.name`, custom columns).
///
/// # Errors
/// In kubectl's words if the text is no path.
pub fn relaxed(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let inner = match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        Some(inner) => inner,
        None => text,
    };
    let field = inner.strip_prefix('.').unwrap_or(inner);
    if field.is_empty() || field.contains(['{', '}']) {
        let forms = "expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
        return Err(format!("unexpected path string, {forms}"));
    }
    Ok(format!("{{.{field}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = r#"{"kind":"List","items":[
        {"metadata":{"name":"a","labels":{"x.y":"1"}},"status":{"phase":"Running","n":3},"list":[1,2,3]},
        {"metadata":{"name":"b"},"status":{"phase":"Pending","n":5},"list":[4]}],"b":true,"f":1.5,"none":null}"#;

    #[test]
    fn templates_print_what_kubectl_prints() {
        let data = json::parse(STORE).expect("valid");
        for (template, text) in [
            ("plain", "plain"),
            ("{.kind}", "List"),
            ("{$.kind} {@.b}{\"\\n\"}", "List true\n"),
            ("{.items[*].metadata.name}", "a b"),
            ("{.items[0].metadata}", r#"{"labels":{"x.y":"1"},"name":"a"}"#),
            ("{.items[-1:].metadata.name}", "b"),
            ("{.items[-1].metadata.name}", "b"),
            ("{.items[0].list[0:2]}", "1 2"),
            ("{.items[0].list[::2]}", "1 3"),
            ("{.items[0].list[0,2]}", "1 3"),
            ("{.items[].list[]}", "1"),
            ("{.items[0]['metadata.name','status.phase']}", "a Running"),
            ("{.items[0].metadata.labels.x\\.y}", "1"),
            ("{.items[0].metadata.labels['x\\.y']}", "1"),
            ("{..name}", "a b"),
            ("{.items[?(@.status.phase==\"Pending\")].metadata.name}", "b"),
            ("{.items[?(@.status.n>=5)].metadata.name}", "b"),
            ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
            ("{range .items[*]}{.metadata.name}={.status.n};{end}.", "a=3;b=5;."),
            ("{range .items[*]}{.metadata.name}:{range .list[*]}{@},{end};{end}", "a:1,2,3,;b:4,;"),
            ("{range .nope[*]}x{end}y", "y"),
            ("{.nope}", ""),
            ("{.kind}}", "List}"),
            ("{.f} {.none}", "1.5 null"),
        ] {
            let got = JsonPath::parse(template).and_then(|p| p.print(&data, true));
            assert_eq!(got, Ok(String::from(text)), "{template}");
        }
        let as_json = JsonPath::parse("{.items[*].status.n}").and_then(|p| p.print_json(&data, true));
        assert_eq!(as_json, Ok(String::from("[\n    3,\n    5\n]\n")));
    }

    #[test]
    fn mistakes_are_told_in_upstreams_words() {
        let data = json::parse(STORE).expect("valid");
        for (template, error) in [
            ("{.items[*", "unterminated array"),
            ("{.kind", "unclosed action"),
            ("{.items[?(@.x]", "unterminated filter"),
            ("{\"x}", "unterminated quoted string"),
            ("{%}", "unrecognized character in action: U+0025 '%'"),
            ("{.items[x]", "invalid array index x"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{end}", "not in range, nothing to end"),
            ("{foo}", "unrecognized identifier foo"),
            ("{.items[9]}", "array index out of bounds: index 9, length 2"),
            ("{.nope}", "nope is not found"),
        ] {
            let got = JsonPath::parse(template).and_then(|p| p.print(&data, false));
            assert_eq!(got, Err(String::from(error)), "{template}");
        }
        assert!(
            JsonPath::parse(&"{range .items[*]}".repeat(1000)).and_then(|p| p.print(&data, true)).is_err()
        );
        assert_eq!(relaxed("metadata.name"), Ok(String::from("{.metadata.name}")));
        assert!(relaxed("{.a").is_err());
    }
}
