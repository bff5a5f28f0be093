//! From a file's text to its documents, as kubectl's `YAMLOrJSONDecoder` takes them.

use super::compose::compose;
use super::{Document, Error, Limits, Place};
use crate::api::{Value, json};

/// Reads all documents of a file. Documents without content are left out; the first error is the last result.
/// A text that begins with `{` is read as JSON values one after another, and as YAML if that fails at once.
pub fn read_documents(text: &str, limits: Limits) -> Vec<Result<Document, Error>> {
    if text.len() > limits.bytes {
        let message = format!("the text is larger than {} bytes", limits.bytes);
        return vec![Err(Error { message, prefix: "", line: 0, column: 0, hint: None })];
    }
    let mut documents = vec![];
    if text.trim_start().starts_with('{') {
        read_json(text, limits, &mut documents);
    } else {
        read_yaml(text, 0, limits, None, &mut documents);
    }
    documents
}

/// Reads a text with one value, JSON or YAML, such as the argument of `kubectl patch -p`.
///
/// # Errors
/// In the words of `yaml.YAMLToJSON`.
pub fn read_value(text: &str, limits: Limits) -> Result<Value, Error> {
    if text.trim_start().starts_with('{') {
        return json::parse(text).map_err(|e| json_error(text, 0, &e, String::new()));
    }
    if text.len() > limits.bytes {
        let message = format!("the text is larger than {} bytes", limits.bytes);
        return Err(Error { message, prefix: "", line: 0, column: 0, hint: None });
    }
    let read = compose(text, limits).map_err(|e| with_hint(e, text))?;
    Ok(read.map_or(Value::Null, |(value, _)| value))
}

fn read_json(text: &str, limits: Limits, documents: &mut Vec<Result<Document, Error>>) {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.trim_start().is_empty() {
            return;
        }
        let line = count_lines(&text[..at]);
        match json::parse_first(rest) {
            Ok((value, length)) => {
                at += length;
                if value.is_some() {
                    documents.push(Ok(Document { value, place: Place::default(), first_line: line }));
                }
            }
            // Several values in a row can only be JSON; after one or none the rest may still be YAML.
            Err(e) if documents.len() > 1 => {
                documents.push(Err(json_error(text, at, &e, String::new())));
                return;
            }
            Err(e) => {
                let offset = at + e.offset;
                let error = json_error(text, at, &e, format!("json: offset {offset}: "));
                let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
                let skip = at + skipped + usize::from(rest[skipped..].starts_with('\n'));
                read_yaml(&text[skip..], count_lines(&text[..skip]), limits, Some(error), documents);
                return;
            }
        }
    }
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

fn json_error(text: &str, base: usize, error: &json::Error, before: String) -> Error {
    let end = (base + error.offset).saturating_sub(1);
    let upto = &text.as_bytes()[..end.min(text.len())];
    let line = upto.iter().filter(|b| **b == b'\n').count();
    let column = upto.iter().rev().take_while(|b| **b != b'\n').count();
    let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
    let message = if error.message.contains("unexpected end") && !before.is_empty() {
        String::from("unexpected EOF")
    } else {
        format!("{before}{}", error.message)
    };
    Error { message, prefix: "", line: narrow(line), column: narrow(column), hint: None }
}

/// `json_error` is what kubectl shows instead if the first document is no YAML either.
fn read_yaml(
    text: &str,
    line: u32,
    limits: Limits,
    mut json_error: Option<Error>,
    documents: &mut Vec<Result<Document, Error>>,
) {
    for chunk in split(text) {
        let (chunk, first_line) = match chunk {
            Ok(chunk) => chunk,
            Err(mut error) => {
                error.line += line;
                documents.push(Err(json_error.unwrap_or(error)));
                return;
            }
        };
        match compose(&chunk, limits) {
            Ok(Some((value, place))) if value.is_some() => {
                documents.push(Ok(Document { value, place, first_line: first_line + line }));
            }
            Ok(_) => {}
            Err(error) => {
                let mut error = with_hint(error, &chunk);
                error.line += first_line + line;
                documents.push(Err(json_error.unwrap_or(error)));
                return;
            }
        }
        json_error = None;
    }
}

/// The documents' texts and the lines at which they begin. A `---` line ends a document unless nothing has
/// been read for it yet; then it belongs to the document that follows, and counts as one of its lines.
fn split(text: &str) -> Vec<Result<(String, u32), Error>> {
    let mut chunks = vec![];
    let mut chunk = String::new();
    let mut first = 0;
    for (number, line) in (0u32..).zip(text.lines()) {
        if let Some(after) = line.strip_prefix("---") {
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                let message = format!("invalid Yaml document separator: {after}");
                let hint = Some("`---` must stand alone on its line");
                chunks.push(Err(Error { message, prefix: "", line: number, column: 0, hint }));
                return chunks;
            }
            if !chunk.is_empty() {
                chunks.push(Ok((std::mem::take(&mut chunk), first)));
                first = number + 1;
                continue;
            }
        }
        if chunk.is_empty() {
            first = number;
        }
        chunk.push_str(line);
        chunk.push('\n');
    }
    if !chunk.is_empty() {
        chunks.push(Ok((chunk, first)));
    }
    chunks
}

/// Adds a remedy in plain words where the cause is obvious from the lines around the error.
fn with_hint(mut error: Error, text: &str) -> Error {
    let here = text.lines().nth(error.line as usize).unwrap_or("");
    let above = error.line.checked_sub(1).and_then(|l| text.lines().nth(l as usize)).unwrap_or("");
    let problem = error.message.as_str();
    error.hint = if problem.contains("could not find expected ':'") {
        if lacks_space(above) {
            // The scanner notices on the next line; the mistake stands above it.
            error.line -= 1;
            error.column = u32::try_from(above.find(':').unwrap_or(0)).unwrap_or(0);
            Some("put a space after the colon")
        } else {
            Some("a key needs a colon and a space after it")
        }
    } else if problem.contains("cannot start any token") && here.trim_start_matches(' ').starts_with('\t') {
        Some("indent with spaces, not with tabs")
    } else if problem.contains("mapping values are not allowed") {
        if lacks_space(above) {
            Some("put a space after the colon in the line above")
        } else {
            Some("check the indentation, or quote a value that contains a colon")
        }
    } else if problem.contains("did not find expected key") || problem.contains("expected '-' indicator") {
        Some("check that this line is indented like its neighbours")
    } else if problem.contains("unexpected end of stream") {
        Some("a quote is not closed")
    } else if problem.contains("expected ',' or") {
        Some("a bracket is not closed, or a comma is missing")
    } else {
        None
    };
    error
}

/// Whether a line is like `image:nginx`: a key whose colon is not followed by a space.
fn lacks_space(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '-']);
    match line.split_once(':') {
        Some((key, rest)) => {
            !key.is_empty()
                && key.bytes().all(|b| b.is_ascii_alphanumeric())
                && !rest.is_empty()
                && !rest.starts_with([' ', '\t'])
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let show = |r: Result<Document, Error>| match r {
            Ok(d) => json::print(&d.value),
            Err(e) => e.to_string(),
        };
        read_documents(text, Limits::default()).into_iter().map(show).collect()
    }

    #[test]
    fn documents_become_the_json_that_kubectl_makes_of_them() {
        for (text, json) in [
            (
                "a: yes\nb: 0777\nc: 1_000\nd: ~\ne: 'yes'\nf: 5.0\n",
                r#"{"a":true,"b":511,"c":1000,"d":null,"e":"yes","f":5}"#,
            ),
            ("a: 1\na: 2\n", r#"{"a":2}"#),
            ("1: a\ntrue: b\n1.5: c\n", r#"{"1":"a","1.5":"c","true":"b"}"#),
            ("x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3\n", r#"{"x":{"a":1,"b":2},"z":{"a":1,"b":3}}"#),
            (
                "x: &x {a: 1}\nv: &v {a: 2, c: 4}\nw:\n  <<: [*x, *v]\n",
                r#"{"v":{"a":2,"c":4},"w":{"a":1,"c":4},"x":{"a":1}}"#,
            ),
            ("d: 2024-01-02\nt: !!str 5\n", r#"{"d":"2024-01-02","t":"5"}"#),
            ("k: |\n  a\n  b\n", r#"{"k":"a\nb\n"}"#),
            ("{\"a\": 1.0, \"b\": [1]}", r#"{"a":1,"b":[1]}"#),
            ("a: \"it\\'s\"\n", r#"{"a":"it's"}"#),
            ("just a string", r#""just a string""#),
        ] {
            assert_eq!(read(text), [json], "{text}");
        }
        assert_eq!(
            read("# only\n---\n# comments\n---\na: 1\n---\n---\nb: 2\n"),
            [r#"{"a":1}"#, r#"{"b":2}"#]
        );
        assert_eq!(read("{\"a\":1}\n{\"b\":2} {\"c\":3}"), [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
        assert_eq!(read("{a: 1}\n---\n{b: 2}"), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert!(read("").is_empty() && read("{").len() == 1);
    }

    #[test]
    fn complaints_are_those_of_kubectl() {
        let yaml = "error converting YAML to JSON: yaml: ";
        for (text, error) in [
            (
                "a: 1\nspec:\n  - name:x\n    image: y\n",
                "line 4: mapping values are not allowed in this context",
            ),
            ("a:\n  b:c\n  d: e\n", "line 3: mapping values are not allowed in this context"),
            ("a:\n  b: c\n  image:d\n  e:\n", "line 4: could not find expected ':'"),
            ("a:\n\t- b\n", "line 2: found character that cannot start any token"),
            ("a: *x\n", "unknown anchor 'x' referenced"),
            ("a: &x [*x]\n", "anchor 'x' value contains itself"),
            ("a: [1\nb: 2\n", "line 1: did not find expected ',' or ']'"),
            ("a: \"x\n", "line 2: found unexpected end of stream"),
        ] {
            let got = read(text);
            assert_eq!(got.last().map(String::as_str), Some(format!("{yaml}{error}").as_str()), "{text}");
        }
        assert_eq!(read("--- a: 1\n"), ["invalid Yaml document separator: a: 1"]);
        assert_eq!(read("a: 1\n---\n[\n").len(), 2);
    }

    #[test]
    fn bombs_and_towers_are_refused() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
        for (from, to) in "abcdefghi".chars().zip("bcdefghij".chars()) {
            bomb += &format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 10].join(","));
        }
        assert_eq!(
            read(&bomb),
            ["error converting YAML to JSON: yaml: document contains excessive aliasing"]
        );
        for open in ["[", "{a: ", "- ", "? "] {
            let got = read(&open.repeat(100_000));
            assert!(
                ["depth", "did not find", "invalid character"].iter().any(|w| got[0].contains(w)),
                "{open}: {}",
                &got[0]
            );
        }
    }

    #[test]
    fn the_editor_learns_place_and_remedy() {
        let error = read_documents("a: 1\n---\nspec:\n  image:nginx\n  name: x\n  y: z\n", Limits::default())
            .pop()
            .expect("a result")
            .expect_err("no YAML");
        assert_eq!((error.line, error.hint.is_some()), (4, true));
        let document =
            read_documents("# c\n---\nspec:\n  containers:\n  - name: a\n    image: b\n", Limits::default())
                .pop()
                .expect("a result")
                .expect("YAML");
        assert_eq!(document.find("spec.containers[0].image"), (5, 4));
        assert_eq!(document.find("spec.containers[0].nope"), (4, 4));
    }
}
