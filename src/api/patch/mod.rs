//! Patches: JSON merge patch, JSON patch, strategic merge patch, and what server-side apply merges.
//!
//! [`apply`] is the server's side; [`diff`] makes the patches that `kubectl apply` and `kubectl edit` send.
//! Results are trees: decoding, defaults and validation follow.

pub mod diff;
mod json_patch;
mod strategic;

use crate::api::request::PatchType;
use crate::api::schema::Type;
use crate::api::status::Result;
use crate::api::{Kind, Status, Value, decode};

/// Applies a patch to an object of a kind.
///
/// # Errors
/// 400 if the patch has the wrong form, 422 if it does not fit the object, in the server's words.
pub fn apply(kind: Kind, how: PatchType, old: &Value, patch: &Value) -> Result<Value> {
    match how {
        PatchType::Json => json_patch::apply(old, patch),
        PatchType::Merge => {
            is_map(patch, "error decoding patch: ")?;
            Ok(merge(old, patch))
        }
        PatchType::Strategic => {
            is_map(patch, "")?;
            strategic::merge(old, patch, Type::of(kind))
                .map_err(|why| decode::invalid_patch(&decode::go_map(patch), &why))
        }
        PatchType::Apply => {
            is_map(patch, "error decoding YAML: ")?;
            Ok(strategic::merge_applied(old, patch, Type::of(kind)))
        }
    }
}

fn is_map(patch: &Value, before: &str) -> Result<()> {
    if patch.as_map().is_some() {
        return Ok(());
    }
    let got = match patch {
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::List(_) => "array",
        Value::Null => "null",
        _ => "number",
    };
    let into = "Go value of type map[string]interface {}";
    Err(Status::bad_request(format!("{before}json: cannot unmarshal {got} into {into}")))
}

/// JSON merge patch (RFC 7396): maps merge, `null` removes, everything else replaces.
pub fn merge(old: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else { return patch.clone() };
    let mut out = if old.as_map().is_some() { old.clone() } else { Value::map() };
    for (key, change) in changes.iter() {
        if change.is_null() {
            if out.get(key).is_some() || out.as_map().is_some_and(|m| m.contains(key)) {
                out.map_mut().remove(key);
            }
        } else {
            let merged = merge(out.get(key), change);
            out.map_mut().insert(key.clone(), merged);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    pub(super) fn value(text: &str) -> Value {
        // The comment keeps flow maps from being taken for JSON.
        read_value(&format!("#\n{text}"), Limits::default()).expect("YAML")
    }

    #[test]
    fn merge_patches_follow_the_rfc() {
        for (old, patch, new) in [
            ("{a: b}", "{a: c}", "{a: c}"),
            ("{a: b}", "{b: c}", "{a: b, b: c}"),
            ("{a: b, b: c}", "{a: null}", "{b: c}"),
            ("{a: {b: c}}", "{a: {b: d, c: null}}", "{a: {b: d}}"),
            ("{a: [{b: c}]}", "{a: [1]}", "{a: [1]}"),
            ("{}", "{a: {bb: {ccc: null}}}", "{a: {bb: {}}}"),
            ("{a: foo}", "{a: {b: 1}}", "{a: {b: 1}}"),
        ] {
            assert_eq!(merge(&value(old), &value(patch)), value(new), "{old} + {patch}");
        }
    }

    #[test]
    fn patches_of_the_wrong_form_are_refused_in_the_servers_words() {
        for (how, patch, message) in [
            (
                PatchType::Strategic,
                "not json",
                "json: cannot unmarshal string into Go value of type map[string]interface {}",
            ),
            (
                PatchType::Json,
                "{a: 1}",
                "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
            ),
            (
                PatchType::Json,
                "[{op: remove, path: /metadata/labels/zz}]",
                "the server rejected our request due to an error in our request",
            ),
        ] {
            let error = apply(Kind::POD, how, &Value::map(), &value(patch)).expect_err(patch);
            assert_eq!(error.message, message);
        }
    }
}
