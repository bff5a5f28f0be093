//! `jsonpath.tsv`.

use super::rows;
use podlab::api::jsonpath::JsonPath;
use podlab::api::{Value, json};
use std::collections::BTreeMap;

#[test]
fn templates_print_what_upstreams_tests_say() {
    let mut data: BTreeMap<String, Value> = BTreeMap::new();
    let mut wrong = vec![];
    for row in rows(include_str!("jsonpath.tsv")) {
        if let [_, name, text] = row.as_slice() {
            data.insert(name.clone(), json::parse(text).expect("JSON"));
            continue;
        }
        let [kind, name, template, what] = row.as_slice() else { panic!("{row:?}") };
        let value = data.get(name).expect("data comes first");
        let got = JsonPath::parse(template).and_then(|path| path.print(value, kind == "lax"));
        let expected = if kind == "refuse" { Err(what.clone()) } else { Ok(what.clone()) };
        if got != expected {
            wrong.push(format!("{template} of {name}: expected {expected:?}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
