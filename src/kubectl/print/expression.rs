//! Output by expressions: jsonpath and custom columns.

use crate::api::jsonpath::{JsonPath, relaxed};
use crate::api::{Value, json};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::print::table::Table;

fn parsed(text: &str) -> Res<JsonPath> {
    JsonPath::parse(text).map_err(|why| Fail::Plain(format!("error parsing jsonpath {text}, {why}")))
}

/// Checks a jsonpath template.
pub fn check(text: &str) -> Res<()> {
    parsed(text).map(|_| ())
}

/// Prints what a template finds.
pub fn print(value: &Value, text: &str, as_json: bool, lenient: bool) -> Res<String> {
    let path = parsed(text)?;
    let out = if as_json { path.print_json(value, lenient) } else { path.print(value, lenient) };
    out.map_err(|why| {
        Fail::Plain(format!(
            "error executing jsonpath {text:?}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n",
            go_syntax(value)
        ))
    })
}

/// What a column of a definition shows of an object: the first thing that its path finds.
pub fn cell(value: &Value, path: &str) -> String {
    let found = relaxed(path).ok().and_then(|p| parsed(&p).ok()).and_then(|p| p.find(value, true).ok());
    let first = found.iter().flatten().flatten().next().map(|v| (*v).clone());
    first.as_ref().map(go_value).unwrap_or_default()
}

/// A tree as Go prints it with `%#v`.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Map(_) => {
            let inner: Vec<String> =
                value.entries().map(|(k, v)| format!("{}:{}", json::quote(k), go_syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", inner.join(", "))
        }
        Value::List(_) => {
            let inner: Vec<String> = value.items().iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", inner.join(", "))
        }
        Value::Null => "interface {}(nil)".into(),
        other => json::print(other),
    }
}

/// Reads `HEADER:path,…`.
pub fn columns(spec: &str) -> Res<Vec<(String, String)>> {
    if spec.is_empty() {
        return Err("custom-columns format specified but no custom columns given".into());
    }
    let mut out = Vec::new();
    for part in split_columns(spec) {
        let Some((header, path)) = part.split_once(':') else {
            return Err(Fail::Plain(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            )));
        };
        out.push((header.to_string(), relaxed(path).map_err(Fail::Plain)?));
    }
    Ok(out)
}

/// Splits at commas that stand in no brackets.
fn split_columns(spec: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (i, c) in spec.char_indices() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&spec[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&spec[start..]);
    parts
}

/// Reads a file with a line of headers and a line of paths.
pub fn columns_file(text: &str) -> Res<Vec<(String, String)>> {
    let mut lines = text.lines();
    let (Some(headers), Some(paths)) = (lines.next(), lines.next()) else {
        return Err("invalid format for custom columns, expected 2 lines: headers and paths".into());
    };
    let (headers, paths): (Vec<&str>, Vec<&str>) =
        (headers.split_whitespace().collect(), paths.split_whitespace().collect());
    if headers.len() != paths.len() {
        return Err(Fail::Plain(format!(
            "number of headers ({}) and field specifications ({}) don't match",
            headers.len(),
            paths.len()
        )));
    }
    headers
        .into_iter()
        .zip(paths)
        .map(|(h, p)| Ok((h.to_string(), relaxed(p).map_err(Fail::Plain)?)))
        .collect()
}

/// A table of custom columns with its header.
pub fn table(value: &Value, columns: &[(String, String)]) -> Res<String> {
    let mut paths = Vec::new();
    for (_, path) in columns {
        paths.push(parsed(path)?);
    }
    let mut table = Table::default();
    table.row(columns.iter().map(|(h, _)| h.clone()).collect());
    let items =
        if value["kind"].str() == "List" { value["items"].items() } else { std::slice::from_ref(value) };
    for item in items {
        let cell = |path: &JsonPath| {
            let found: Vec<String> =
                path.find(item, true).unwrap_or_default().iter().flatten().map(go_value).collect();
            if found.is_empty() { "<none>".to_string() } else { found.join(",") }
        };
        table.row(paths.iter().map(cell).collect());
    }
    Ok(table.take())
}

/// A tree as Go prints it with `%v`: `map[a:b]`, `[x y]`.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::Map(_) => {
            let inner: Vec<String> = value.entries().map(|(k, v)| format!("{k}:{}", go_value(v))).collect();
            format!("map[{}]", inner.join(" "))
        }
        Value::List(_) => {
            let inner: Vec<String> = value.items().iter().map(go_value).collect();
            format!("[{}]", inner.join(" "))
        }
        Value::Str(s) => s.to_string(),
        Value::Null => "<nil>".into(),
        other => json::print(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_columns_are_read_as_kubectl_reads_them() {
        let message = |spec: &str| columns(spec).err().map(|f| f.message());
        assert_eq!(
            message("NAME").as_deref(),
            Some("unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>")
        );
        let v = crate::map! { "metadata" => crate::map! { "name" => "web", "labels" => crate::map! { "a" => "b" } } };
        let spec = columns("NAME:.metadata.name,L:metadata.labels,NO:.nope").expect("valid");
        assert_eq!(
            table(&v, &spec).ok().as_deref(),
            Some("NAME   L          NO\nweb    map[a:b]   <none>\n")
        );
    }
}
