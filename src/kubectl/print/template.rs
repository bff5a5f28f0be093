//! `-o go-template`: the part of Go's text templates that people use on objects.
//!
//! Actions: fields, variables, pipelines, `range` (with `else` and two variables), `if`/`else if`/`else`,
//! `with`, comments, trim markers; functions `len index printf print println eq ne lt le gt ge and or not
//! html js urlquery slice base64decode exists`. Nested templates (`define`, `template`, `block`) are not simulated.

mod eval;
mod parse;

use crate::api::Value;
use crate::kubectl::fail::{Fail, Res};

/// Checks a template.
pub fn check(text: &str) -> Res<()> {
    parsed(text).map(|_| ())
}

fn parsed(text: &str) -> Res<Vec<parse::Node>> {
    parse::template(text)
        .map_err(|why| Fail::Plain(format!("error parsing template {text}, template: output:{why}")))
}

/// Prints an object through a template.
pub fn print(value: &Value, text: &str) -> Res<String> {
    let nodes = parsed(text)?;
    eval::run(&nodes, value)
        .map_err(|why| Fail::Plain(format!("error executing template {text:?}: template: output:{why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_print_what_go_prints() {
        let v =
            crate::api::json::parse(r#"{"data":{"a.b":"1","c":"two"},"list":[{"n":1},{"n":2}],"flag":true}"#)
                .unwrap_or_default();
        for (text, want) in [
            (r#"{{.data.c}}{{"\n"}}"#, "two\n"),
            (r#"{{range $k,$v := .data}}{{$k}}={{$v}};{{end}}"#, "a.b=1;c=two;"),
            (r#"{{index .data "a.b"}}"#, "1"),
            ("{{.nosuch.deeper}}", "<no value>"),
            ("{{range .list}}{{.n}}:{{else}}none{{end}}", "1:2:"),
            (
                "{{if .flag}}yes{{else}}no{{end}}{{if not .flag}}x{{else if eq .data.c \"two\"}}y{{end}}",
                "yesy",
            ),
            (r#"{{printf "%s:%v" .data.c (len .list)}}"#, "two:2"),
            ("{{(index .list 0).n}} {{- /* c */ -}} .", "1."),
            ("{{.data}}", "map[a.b:1 c:two]"),
            ("{{with .data}}{{.c | printf \"%q\"}}{{end}}", "\"two\""),
            ("{{$x := .flag}}{{$x}}", "true"),
        ] {
            assert_eq!(print(&v, text).ok().as_deref(), Some(want), "{text}");
        }
        assert_eq!(
            check("{{.data").err().map(|f| f.message()).as_deref(),
            Some("error parsing template {{.data, template: output:1: unclosed action")
        );
        for text in ["{{range}}", "{{end}}", "{{if .a}}", "{{nope .}}", "{{", "{{)}}", "{{\"x}}"] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
