//! `sort.tsv`.

use super::rows;
use podlab::api::{Kind, Object, Value, json};
use podlab::kubectl::print::sort::{self, Unsorted};

#[test]
fn objects_are_sorted_as_upstreams_tests_say() {
    for row in rows(include_str!("sort.tsv")) {
        let [kind, field, objects, what] = row.as_slice() else { panic!("{row:?}") };
        let read = |text: &str| json::parse(text).expect("JSON");
        let list = read(objects);
        let mut objects: Vec<Object> =
            list.items().iter().map(|v| Object::new(Kind::POD, v.clone())).collect();
        let sorted = sort::rows(&mut objects, field);
        if kind == "refuse" {
            let Err(Unsorted::Field(text) | Unsorted::Fatal(text)) = sorted else { panic!("{row:?}") };
            assert_eq!(text, *what);
            continue;
        }
        assert_eq!(sorted, Ok(()), "{row:?}");
        let in_order: Vec<Value> =
            read(what).items().iter().map(|v| Object::new(Kind::POD, v.clone()).value).collect();
        assert_eq!(objects.into_iter().map(|o| o.value).collect::<Vec<_>>(), in_order, "{field}");
    }
}
