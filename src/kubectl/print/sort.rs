//! `--sort-by`: objects in the order of a field. Texts that are quantities are compared as such, all others by
//! their characters; what has no order ends kubectl, as upstream.

use crate::api::jsonpath::{JsonPath, relaxed};
use crate::api::quantity::Quantity;
use crate::api::{Object, Value};
use crate::collections::Order;
use std::cmp::Ordering;

/// Why objects cannot be sorted.
#[derive(Debug, PartialEq)]
pub enum Unsorted {
    /// The field is wrong, or none of the objects has it.
    Field(String),
    /// The values have no order: the last words of kubectl.
    Fatal(String),
}

/// Sorts the rows of a table by a field; objects without it come first.
///
/// # Errors
/// In kubectl's words.
pub fn rows(objects: &mut [Object], field: &str) -> Result<(), Unsorted> {
    let field = relaxed(field).unwrap_or_else(|_| String::from(field));
    let path = JsonPath::parse(&field).map_err(|why| Unsorted::Field(format!("sorting error: {why}")))?;
    by(objects, &path, &field, "[][][]reflect.Value")
}

/// Sorts objects that are printed whole; a single one is left alone.
///
/// # Errors
/// In kubectl's words.
pub fn whole(objects: &mut [Object], field: &str) -> Result<(), Unsorted> {
    if objects.len() < 2 {
        return Ok(());
    }
    let field = relaxed(field).map_err(Unsorted::Field)?;
    let path = JsonPath::parse(&field).map_err(Unsorted::Field)?;
    by(objects, &path, &field, "*unstructured.Unstructured")
}

fn by(objects: &mut [Object], path: &JsonPath, field: &str, of: &str) -> Result<(), Unsorted> {
    let key =
        |o: &Object| path.find(&o.value, true).ok().and_then(|r| r.into_iter().next()?.into_iter().next());
    let mut keyed: Vec<(Option<Value>, Object)> = objects.iter().map(|o| (key(o), o.clone())).collect();
    if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
        let text = format!("couldn't find any field with path {field:?} in the list of objects");
        return Err(Unsorted::Field(text));
    }
    let mut wrong = None;
    keyed.order_by(|(a, _), (b, _)| match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(a), Some(b)) => compare(a, b).unwrap_or_else(|why| {
            wrong.get_or_insert(why);
            Ordering::Equal
        }),
    });
    if let Some(why) = wrong {
        let text = format!("Field {field} in {of} is an unsortable type: interface, err: {why}");
        return Err(Unsorted::Fatal(text));
    }
    for (slot, (_, object)) in objects.iter_mut().zip(keyed) {
        *slot = object;
    }
    Ok(())
}

fn compare(a: &Value, b: &Value) -> Result<Ordering, String> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Str(a), Value::Str(b)) => match (Quantity::parse(a), Quantity::parse(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.cmp(b),
        },
        (Value::Bool(_), _) => return Err(String::from("unsortable type: bool")),
        (Value::Map(_), _) => return Err(String::from("unsortable type: map[string]interface {}")),
        (Value::List(_), _) => return Err(String::from("unsortable type: []interface {}")),
        _ => return Err(String::from("unsortable interface: interface")),
    })
}
