//! `-o go-template`: Go's text templates on objects, with the functions of `function` and the errors of
//! `text/template`.

mod eval;
mod format;
mod function;
mod lex;
mod parse;

use crate::api::{Value, json};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::print::expression::go_value;

/// Checks a template.
pub fn check(text: &str) -> Res<()> {
    parsed(text).map(|_| ())
}

fn parsed(text: &str) -> Res<parse::Template> {
    parse::template(text)
        .map_err(|why| Fail::Plain(format!("error parsing template {text}, template: output:{why}")))
}

/// What a template prints of an object, and the error that stopped it; a failure if it is no template.
/// `lenient` passes over fields that the object lacks.
pub fn print(value: &Value, text: &str, lenient: bool) -> Res<(String, Res<()>)> {
    let template = parsed(text)?;
    let (mut out, result) = eval::run(text, &template, value, !lenient);
    let result = result.map_err(|why| {
        out.push_str(&format!(
            "Error executing template: template: output:{why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\traw data was:\n\t\t{}\n\tobject given to template engine was:\n\t\t{}\n\n",
            json::print(value),
            go_value(value),
        ));
        Fail::Plain(format!("error executing template {text:?}: template: output:{why}"))
    });
    Ok((out, result))
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
            assert_eq!(print(&v, text, true).ok().map(|p| p.0).as_deref(), Some(want), "{text}");
        }
        assert_eq!(
            check("{{.data").err().map(|f| f.message()).as_deref(),
            Some("error parsing template {{.data, template: output:1: unclosed action")
        );
        for text in ["{{range}}", "{{end}}", "{{if .a}}", "{{nope .}}", "{{", "{{)}}", "{{\"x}}"] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn variables_functions_and_named_templates_work_as_in_go() {
        let v = crate::api::json::parse(r#"{"a":{"n":3,"s":"x<y"},"l":[1,"two",null]}"#).unwrap_or_default();
        for (text, want) in [
            ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
            ("{{with $s := .a.s}}{{$s}}{{else}}none{{end}}", "x<y"),
            (
                r#"{{define "row"}}<{{.}}>{{end}}{{range .l}}{{template "row" .}}{{end}}"#,
                "<1><two><<no value>>",
            ),
            (r#"{{block "b" .a}}{{.n}}{{end}}"#, "3"),
            ("{{range $i, $v := .l}}{{if eq $i 1}}{{break}}{{end}}{{$v}}{{end}}", "1"),
            (r#"{{printf "%03d|%-4s|%5.1f|%x|%q" .a.n "ab" 1.25 255 .a.s}}"#, "003|ab  |  1.2|ff|\"x<y\""),
            (r#"{{printf "%d %s" "a"}}"#, "%!d(string=a) %!s(MISSING)"),
            (r#"{{html .a.s}} {{urlquery "a b"}} {{print 1 2 "x" 3}}"#, "x&lt;y a+b 1 2x3"),
            (r#"{{index .l 1}} {{slice "abcdef" 1 3}} {{len .l}}"#, "two bc 3"),
            ("{{0x10}} {{1_000}} {{-3}} {{3.5e2}}", "16 1000 -3 350"),
        ] {
            assert_eq!(print(&v, text, true).ok().map(|p| p.0).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn errors_tell_the_place_and_what_stood_there() {
        let v = crate::api::json::parse(r#"{"a":{"s":"x"},"l":[1]}"#).unwrap_or_default();
        for (lenient, text, want) in [
            (
                true,
                "{{index .l 4}}",
                "1:2: executing \"output\" at <index .l 4>: error calling index: index out of range: 4",
            ),
            (
                true,
                "\n {{.a.s.t}}",
                "2:5: executing \"output\" at <.a.s.t>: can't evaluate field t in type interface {}",
            ),
            (
                true,
                "{{range .a.s}}{{end}}",
                "1:10: executing \"output\" at <.a.s>: range can't iterate over x",
            ),
            (
                true,
                "{{eq .a.s 1}}",
                "1:2: executing \"output\" at <eq .a.s 1>: error calling eq: incompatible types for comparison",
            ),
            (
                true,
                "{{not}}",
                "1:2: executing \"output\" at <not>: wrong number of args for not: want 1 got 0",
            ),
            (false, "{{.a.no}}", "1:4: executing \"output\" at <.a.no>: map has no entry for key \"no\""),
            (
                false,
                "{{if .no}}{{end}}",
                "1:5: executing \"output\" at <.no>: map has no entry for key \"no\"",
            ),
        ] {
            let why = print(&v, text, lenient).ok().and_then(|p| p.1.err()).map(|f| f.message());
            let want = format!("error executing template {text:?}: template: output:{want}");
            assert_eq!(why.as_deref(), Some(want.as_str()), "{text}");
        }
        for (text, want) in [
            ("{{$x}}", "1: undefined variable \"$x\""),
            ("{{.a[0]}}", "1: bad character U+005B '['"),
            ("{{break}}", "1: {{break}} outside {{range}}"),
            ("{{if .a}}\n{{else}}{{else}}{{end}}", "2: expected end; found {{else}}"),
            ("{{1 | 2}}", "1: non executable command in pipeline stage 2"),
            ("{{(.a}}", "1: unclosed left paren"),
            ("{{.a = 3}}", "1: unexpected \"=\" in operand"),
        ] {
            let want = format!("error parsing template {text}, template: output:{want}");
            assert_eq!(check(text).err().map(|f| f.message()).as_deref(), Some(want.as_str()), "{text}");
        }
    }
}
