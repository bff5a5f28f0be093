//! Decoding of values without fields: what Go's decoders accept, and their complaints.

use crate::api::quantity::Quantity;
use crate::api::schema::Shape;
use crate::api::{Value, json, timestamp};
use crate::time;

/// How decoding of one value failed.
pub(super) enum Wrong {
    /// The value has the wrong JSON type; the text is what Go says was there (`string`, `number 5.5`).
    Type(String),
    /// A custom decoder refused the value, in its own words.
    Custom(String),
}

/// What Go calls the JSON type of a value.
pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// Decodes a value of a shape without fields; `null` never gets here.
pub(super) fn decode(value: &Value, shape: Shape) -> Result<Value, Wrong> {
    let wrong = || Err(Wrong::Type(String::from(json_kind(value))));
    match (shape, value) {
        (Shape::Any | Shape::Object, _) | (Shape::Str, Value::Str(_)) | (Shape::Bool, Value::Bool(_)) => {
            Ok(value.clone())
        }
        (Shape::Int32, Value::Int(n)) if i32::try_from(*n).is_ok() => Ok(value.clone()),
        (Shape::Int64, Value::Int(_)) | (Shape::Float, Value::Int(_) | Value::Float(_)) => Ok(value.clone()),
        (Shape::Int32 | Shape::Int64, Value::Int(_) | Value::Float(_)) => {
            Err(Wrong::Type(format!("number {}", json::print(value))))
        }
        (Shape::Quantity, _) => quantity(value),
        (Shape::IntOrString, Value::Str(_)) => Ok(value.clone()),
        (Shape::IntOrString, Value::Int(n)) if i32::try_from(*n).is_ok() => Ok(value.clone()),
        (Shape::IntOrString, Value::Int(_) | Value::Float(_)) => Err(Wrong::Custom(format!(
            "json: cannot unmarshal number {} into Go value of type int32",
            json::print(value)
        ))),
        (Shape::IntOrString, _) => Err(Wrong::Custom(format!(
            "json: cannot unmarshal {} into Go value of type int32",
            json_kind(value)
        ))),
        (Shape::Time, Value::Str(s)) => timestamp(s, false),
        (Shape::MicroTime, Value::Str(s)) => timestamp(s, true),
        (Shape::Time | Shape::MicroTime, _) => Err(Wrong::Custom(format!(
            "json: cannot unmarshal {} into Go value of type string",
            json_kind(value)
        ))),
        (Shape::Bytes, Value::Str(s)) => match base64_error(s) {
            None => Ok(Value::from(s.replace(['\r', '\n'], ""))),
            Some(at) => Err(Wrong::Custom(format!("illegal base64 data at input byte {at}"))),
        },
        _ => wrong(),
    }
}

fn quantity(value: &Value) -> Result<Value, Wrong> {
    let text = match value {
        Value::Str(s) => String::from(s.trim()),
        other => json::print(other),
    };
    match Quantity::read(&text) {
        Ok(_) => Ok(Value::from(Quantity::given_back(&text).unwrap_or(text))),
        Err(why) => Err(Wrong::Custom(String::from(why))),
    }
}

fn timestamp(text: &str, micro: bool) -> Result<Value, Wrong> {
    let stamp = time::Epoch(timestamp::parse(text, micro).map_err(Wrong::Custom)?);
    Ok(Value::from(if micro {
        stamp.rfc3339_micro(time::Time::ZERO)
    } else {
        stamp.rfc3339(time::Time::ZERO)
    }))
}

/// Where Go's standard base64 decoding of a text fails; `None` if it is right. Line ends are skipped.
fn base64_error(text: &str) -> Option<usize> {
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let mut filled = 0;
    let mut bytes = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n'));
    while let Some((i, b)) = bytes.next() {
        if is_digit(b) {
            filled = (filled + 1) % 4;
            continue;
        }
        if b != b'=' || filled < 2 {
            return Some(i);
        }
        if filled == 2 {
            match bytes.next() {
                Some((_, b'=')) => {}
                Some((j, _)) => return Some(j),
                None => return Some(text.len()),
            }
        }
        return bytes.next().map(|(j, _)| j);
    }
    (filled != 0).then(|| text.len() - filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_fails_where_go_says() {
        for (text, at) in [
            ("", None),
            ("YWJj", None),
            ("YWI=", None),
            ("YQ==", None),
            ("YW\nJj", None),
            ("not base64!", Some(3)),
            ("YWJ", Some(0)),
            ("YQ=", Some(3)),
            ("YQ==x", Some(4)),
        ] {
            assert_eq!(base64_error(text), at, "{text}");
        }
    }
}
