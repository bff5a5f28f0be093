//! ConfigMaps and Secrets: keys, sizes, what types of secrets must hold, immutability.

use super::Errors;
use crate::api::{Kind, Object, Value, json, names};

/// `MaxSecretSize`
const DATA_MAX: usize = 1 << 20;

/// The bytes that a base64 text stands for.
fn decoded_length(text: &str) -> usize {
    let digits = text.bytes().filter(|b| !matches!(b, b'=' | b'\r' | b'\n')).count();
    digits * 3 / 4
}

/// `ValidateConfigMap`
pub(super) fn config_map(object: &Object, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in object["data"].entries() {
        let path = format!("data[{key}]");
        errors.complaints(&path, key, names::config_key(key));
        if object["binaryData"].get(key).is_some() {
            errors.invalid(path, key, "duplicate of key present in binaryData");
        }
        size += value.str().len();
    }
    for (key, value) in object["binaryData"].entries() {
        errors.complaints(&format!("binaryData[{key}]"), key, names::config_key(key));
        size += decoded_length(value.str());
    }
    if size > DATA_MAX {
        errors.too_long("", DATA_MAX);
    }
}

/// `ValidateSecret`
pub(super) fn secret(object: &Object, errors: &mut Errors) {
    let data = &object["data"];
    let mut size = 0;
    for (key, value) in data.entries() {
        errors.complaints(&format!("data[{key}]"), key, names::config_key(key));
        size += decoded_length(value.str());
    }
    if size > DATA_MAX {
        errors.too_long("data", DATA_MAX);
    }
    let mut need = |key: &str| {
        if data.get(key).is_null() {
            errors.required(format!("data[{key}]"), "");
        }
    };
    match object["type"].str() {
        "kubernetes.io/dockercfg" => docker(data, ".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => docker(data, ".dockerconfigjson", errors),
        "kubernetes.io/basic-auth" if data.get("username").is_null() && data.get("password").is_null() => {
            need("username");
            need("password");
        }
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").str().is_empty() => {
            errors.required("data[ssh-privatekey]", "");
        }
        "kubernetes.io/tls" => {
            need("tls.crt");
            need("tls.key");
        }
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).unwrap_or("").is_empty() {
                errors.required(format!("metadata.annotations[{key}]"), "");
            }
        }
        _ => {}
    }
}

/// That a registry's login is there and is a JSON object.
fn docker(data: &Value, key: &str, errors: &mut Errors) {
    let path = format!("data[{key}]");
    let Some(text) = data.get(key).as_str() else {
        errors.required(path, "");
        return;
    };
    let bytes = crate::api::text::from_base64(text).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let wrong = match json::parse(&text) {
        Ok(Value::Map(_) | Value::Null) => return,
        Ok(value) => {
            let what = match value {
                Value::List(_) => "array",
                Value::Str(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}")
        }
        Err(why) => why.to_string(),
    };
    errors.invalid(path, "<secret contents redacted>", wrong);
}

/// What may not change.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    if new.kind == Kind::SECRET && old["type"] != new["type"] {
        errors.invalid("type", &new["type"], "field is immutable");
    }
    if !old["immutable"].is_true() {
        return;
    }
    if !new["immutable"].is_true() {
        errors.forbidden("immutable", "field is immutable when `immutable` is set");
    }
    for field in ["data", "binaryData"] {
        if old[field] != new[field] {
            errors.forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}
