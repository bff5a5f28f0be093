//! `labels.tsv` and `fields.tsv`.

use super::rows;
use podlab::api::labels::Selector;
use podlab::api::{Kind, Object, Value, fields};
use podlab::map;

fn labels(text: &str) -> Value {
    let mut labels = Value::map();
    for (key, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
        labels.set(key, value);
    }
    labels
}

#[test]
fn label_selectors_are_read_and_printed_as_upstreams_tests_say() {
    for row in rows(include_str!("labels.tsv")) {
        let [kind, text, what] = row.as_slice() else { panic!("{row:?}") };
        let selector = Selector::parse(text);
        match kind.as_str() {
            "read" => assert_eq!(selector.map(|s| s.to_string()), Ok(what.clone()), "{text}"),
            "refuse" => assert_eq!(selector.map(|s| s.to_string()), Err(what.clone()), "{text}"),
            _ => {
                let matched = selector.map(|s| s.matches(&labels(what)));
                assert_eq!(matched, Ok(kind == "match"), "{text} on {what}");
            }
        }
    }
}

#[test]
fn field_selectors_are_read_as_upstreams_tests_say() {
    let meta = map! { "name" => "bar", "namespace" => "blah" };
    let pod = Object::new(Kind::POD, map! { "metadata" => meta });
    for row in rows(include_str!("fields.tsv")) {
        let [kind, text, rest @ ..] = row.as_slice() else { panic!("{row:?}") };
        let selector = fields::Selector::parse_any(text);
        let term = |t: &fields::Term| format!("{}{}={}", t.field, if t.not { "!" } else { "" }, t.value);
        match kind.as_str() {
            "read" => {
                let terms = selector.map(|s| s.terms.iter().map(term).collect::<Vec<_>>());
                assert_eq!(terms.as_deref(), Ok(rest), "{text}");
            }
            "refuse" => assert_eq!(selector, Err(rest.concat()), "{text}"),
            _ => assert_eq!(selector.map(|s| s.matches(&pod)), Ok(kind == "match"), "{text}"),
        }
    }
}
