//! The functions of templates: Go's own, and kubectl's `base64decode` and `exists`.

use super::eval::truth;
use super::format;
use crate::api::Value;
use crate::kubectl::print::expression::go_value;
use crate::kubectl::verb::base64;
use std::cmp::Ordering;

/// Why a function fails.
#[derive(Debug)]
pub struct Failed(pub String);

/// Name, least and greatest number of arguments (0: any number).
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("and", 1, 0),
    ("base64decode", 1, 1),
    ("call", 1, 0),
    ("eq", 1, 0),
    ("exists", 1, 0),
    ("ge", 2, 2),
    ("gt", 2, 2),
    ("html", 0, 0),
    ("index", 1, 0),
    ("js", 0, 0),
    ("le", 2, 2),
    ("len", 1, 1),
    ("lt", 2, 2),
    ("ne", 2, 2),
    ("not", 1, 1),
    ("or", 1, 0),
    ("print", 0, 0),
    ("printf", 1, 0),
    ("println", 0, 0),
    ("slice", 1, 0),
    ("urlquery", 0, 0),
];

/// Whether there is such a function.
pub fn known(name: &str) -> bool {
    FUNCTIONS.iter().any(|(n, ..)| *n == name)
}

/// What a function wants if it does not take so many arguments.
pub fn arity(name: &str, count: usize) -> Option<String> {
    let (_, least, most) = FUNCTIONS.iter().find(|(n, ..)| *n == name)?;
    if *most > 0 && count != *most {
        return Some(most.to_string());
    }
    (count < *least).then(|| format!("at least {least}"))
}

/// Whether an argument must be text.
pub fn takes_text(name: &str, at: usize) -> bool {
    at == 0 && matches!(name, "printf" | "base64decode")
}

/// Go's name of a value's type.
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// Calls a function.
pub fn call(name: &str, args: &[Value]) -> Result<Value, Failed> {
    let arg = |i: usize| args.get(i).cloned().unwrap_or_default();
    let fail = |why: String| Err(Failed(why));
    Ok(match name {
        "len" => match &arg(0) {
            Value::Str(s) => Value::from(s.len()),
            Value::List(l) => Value::from(l.len()),
            Value::Map(m) => Value::from(m.len()),
            Value::Null => return fail("reflect: call of reflect.Value.Type on zero Value".into()),
            other => return fail(format!("len of type {}", go_type(other))),
        },
        "index" => args.iter().skip(1).try_fold(arg(0), index)?,
        "slice" => slice(&arg(0), &args[1..])?,
        "eq" => equal(args)?,
        "ne" => Value::from(!equal(args)?.is_true()),
        "lt" => Value::from(order(args)?.is_lt()),
        "le" => Value::from(order(args)?.is_le()),
        "gt" => Value::from(order(args)?.is_gt()),
        "ge" => Value::from(order(args)?.is_ge()),
        // What decides has been found before; otherwise the last one counts.
        "and" | "or" => args.last().cloned().unwrap_or_default(),
        "not" => Value::from(!truth(&arg(0))),
        "print" => Value::from(format::joined(args)),
        "println" => Value::from(format!("{}\n", args.iter().map(go_value).collect::<Vec<_>>().join(" "))),
        "printf" => Value::from(format::printf(arg(0).str(), &args[1..])),
        "html" => Value::from(format::html(&format::joined(args))),
        "js" => Value::from(format::js(&format::joined(args))),
        "urlquery" => Value::from(format::query(&format::joined(args))),
        "call" => return fail(format!("non-function of type {}", go_type(&arg(0)))),
        "base64decode" => match base64::decode(arg(0).str()) {
            Some(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
            None => return fail("base64 decode failed: illegal base64 data at input byte 0".into()),
        },
        _ => {
            let found = args.iter().skip(1).fold(arg(0), |v, key| v.get(key.str()).clone());
            Value::from(found.is_some())
        }
    })
}

fn index(value: Value, key: &Value) -> Result<Value, Failed> {
    let fail = |why: String| Err(Failed(why));
    let whole = |len: usize| match key.as_int() {
        Some(i) => match usize::try_from(i).ok().filter(|n| *n < len) {
            Some(n) => Ok(n),
            None => fail_index(i),
        },
        None if key.is_null() => Err(Failed("cannot index slice/array with nil".into())),
        None => Err(Failed(format!("cannot index slice/array with type {}", go_type(key)))),
    };
    match &value {
        Value::Null => fail("index of untyped nil".into()),
        Value::List(l) => Ok(l.get(whole(l.len())?).cloned().unwrap_or_default()),
        Value::Str(s) => Ok(Value::from(i64::from(s.as_bytes()[whole(s.len())?]))),
        Value::Map(m) => match key.as_str() {
            Some(k) => Ok(m.get(k).cloned().unwrap_or_default()),
            None => {
                let have = if key.as_int().is_some() { "int" } else { go_type(key) };
                fail(format!("value has type {have}; should be string"))
            }
        },
        other => fail(format!("can't index item of type {}", go_type(other))),
    }
}

fn fail_index(i: i64) -> Result<usize, Failed> {
    Err(Failed(format!("index out of range: {i}")))
}

fn slice(value: &Value, bounds: &[Value]) -> Result<Value, Failed> {
    let len = match value {
        Value::Str(s) => s.len(),
        Value::List(l) => l.len(),
        Value::Null => return Err(Failed("slice of untyped nil".into())),
        other => return Err(Failed(format!("can't slice item of type {}", go_type(other)))),
    };
    let mut at = [0, len];
    for (slot, bound) in at.iter_mut().zip(bounds) {
        let n = bound.int_or(-1);
        *slot = match usize::try_from(n).ok().filter(|n| *n <= len) {
            Some(n) => n,
            None => return Err(Failed(format!("index out of range: {n}"))),
        };
    }
    let [from, to] = at;
    if from > to {
        return Err(Failed(format!("invalid slice index: {from} > {to}")));
    }
    Ok(match value {
        Value::List(l) => l.iter().skip(from).take(to - from).cloned().collect(),
        text => Value::from(String::from_utf8_lossy(&text.str().as_bytes()[from..to]).into_owned()),
    })
}

fn incompatible() -> Failed {
    Failed("incompatible types for comparison".into())
}

fn equal(args: &[Value]) -> Result<Value, Failed> {
    let Some((first, others)) = args.split_first().filter(|(_, o)| !o.is_empty()) else {
        return Err(Failed("missing argument for comparison".into()));
    };
    for other in others {
        let compound = |v: &Value| matches!(v, Value::Map(_) | Value::List(_));
        let same = go_type(first) == go_type(other);
        if same && compound(other) {
            return Err(Failed(format!("non-comparable type {}: {}", go_value(other), go_type(other))));
        }
        if !same && first.is_some() && other.is_some() {
            return Err(incompatible());
        }
        if first == other {
            return Ok(Value::from(true));
        }
    }
    Ok(Value::from(false))
}

fn order(args: &[Value]) -> Result<Ordering, Failed> {
    let [a, b] = args else { return Err(incompatible()) };
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => Ok(x.cmp(y)),
        (Value::Str(x), Value::Str(y)) => Ok(x.cmp(y)),
        (Value::Float(x), Value::Float(y)) => Ok(x.total_cmp(y)),
        _ => {
            let basic =
                |v: &Value| matches!(v, Value::Int(_) | Value::Str(_) | Value::Float(_) | Value::Bool(_));
            let both = basic(a) && basic(b) && go_type(a) != go_type(b);
            Err(if both { incompatible() } else { Failed("invalid type for comparison".into()) })
        }
    }
}
