//! `configMapGenerator` and `secretGenerator`.

use super::{Resource, absolute, add};
use crate::api::Value;
use crate::kubectl::cx::Cx;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::verb::base64;

/// Adds what the generators of a kustomization make, or changes what they refer to.
pub fn run(cx: &mut Cx, root: &str, file: &Value, all: &mut Vec<Resource>) -> Res<()> {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for spec in file[field].items() {
            let made = generated(cx, root, kind, spec, &file["generatorOptions"])?;
            let same = |r: &Resource| r.kind() == kind && r.origin == made.origin;
            match spec["behavior"].str() {
                "" | "create" => add(all, made)?,
                behavior @ ("merge" | "replace") => {
                    let Some(old) = all.iter_mut().find(|r| same(r)) else {
                        return Err(Fail::Plain(format!(
                            "merging from generator: id {:?} does not exist; cannot merge or replace",
                            made.id()
                        )));
                    };
                    absorb(old, made, behavior == "merge");
                }
                other => return Err(Fail::Plain(format!("invalid behavior {other:?}"))),
            }
        }
    }
    Ok(())
}

fn absorb(old: &mut Resource, new: Resource, merge: bool) {
    for field in ["data", "binaryData"] {
        if !merge {
            old.value.remove(field);
        }
        for (key, v) in new.value[field].entries() {
            old.value.slot(field).map_mut().insert(key, v);
        }
    }
    for field in ["metadata.labels", "metadata.annotations"] {
        for (key, v) in new.value.at(field).entries() {
            old.value.slot(field).map_mut().insert(key, v);
        }
    }
    old.hashed = new.hashed;
}

fn generated(cx: &mut Cx, root: &str, kind: &str, spec: &Value, common: &Value) -> Res<Resource> {
    let name = spec["name"].str();
    if name.is_empty() {
        return Err(Fail::Plain(format!("{} generator: name must be specified", kind.to_lowercase())));
    }
    let mut value = crate::map! {
        "apiVersion" => "v1", "kind" => kind, "metadata" => crate::map! { "name" => name },
    };
    if !spec["namespace"].str().is_empty() {
        value.set("metadata.namespace", spec["namespace"].str());
    }
    for (key, bytes) in entries(cx, root, spec)? {
        if value["data"].get(&key).is_some() || value["binaryData"].get(&key).is_some() {
            return Err(Fail::Plain(format!(
                "cannot add key {key:?}, another key by that name already exists"
            )));
        }
        match (kind, String::from_utf8(bytes)) {
            ("Secret", Ok(text)) => value.slot("data").map_mut().insert(key, base64::encode(text.as_bytes())),
            ("Secret", Err(e)) => value.slot("data").map_mut().insert(key, base64::encode(e.as_bytes())),
            (_, Ok(text)) => value.slot("data").map_mut().insert(key, text),
            (_, Err(e)) => value.slot("binaryData").map_mut().insert(key, base64::encode(e.as_bytes())),
        }
    }
    if kind == "Secret" {
        let given = spec["type"].str();
        value.set("type", if given.is_empty() { "Opaque" } else { given });
    }
    for options in [common, &spec["options"]] {
        for field in ["labels", "annotations"] {
            for (key, v) in options[field].entries() {
                value.slot(&format!("metadata.{field}")).map_mut().insert(key, v);
            }
        }
        if options["immutable"].is_true() {
            value.set("immutable", true);
        }
    }
    let plain =
        common["disableNameSuffixHash"].is_true() || spec.at("options.disableNameSuffixHash").is_true();
    Ok(Resource { hashed: !plain, ..Resource::new(value) })
}

/// Keys and contents in the order given: environment files, literals, files.
fn entries(cx: &mut Cx, root: &str, spec: &Value) -> Res<Vec<(String, Vec<u8>)>> {
    let mut out = Vec::new();
    let single = spec["env"].str();
    let envs = spec["envs"].items().iter().map(Value::str).chain((!single.is_empty()).then_some(single));
    for path in envs {
        let bytes = read(cx, root, path)?;
        for line in String::from_utf8_lossy(&bytes).lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, v) = line.split_once('=').unwrap_or((line, ""));
            out.push((key.to_string(), v.as_bytes().to_vec()));
        }
    }
    for literal in spec["literals"].items().iter().map(Value::str) {
        let Some((key, v)) = literal.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(Fail::Plain(format!("invalid literal source {literal}, expected key=value")));
        };
        let bare = |q: char| v.strip_prefix(q).and_then(|v| v.strip_suffix(q));
        out.push((key.to_string(), bare('"').or_else(|| bare('\'')).unwrap_or(v).as_bytes().to_vec()));
    }
    for source in spec["files"].items().iter().map(Value::str) {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (key, path),
            None => (source.rsplit('/').next().unwrap_or(source), source),
        };
        let bytes = read(cx, root, path)?;
        out.push((key.to_string(), bytes));
    }
    Ok(out)
}

fn read(cx: &mut Cx, root: &str, path: &str) -> Res<Vec<u8>> {
    let at = absolute(cx, &format!("{root}/{path}"));
    let why = format!(
        "loading KV pairs: file sources: [{path}]: evalsymlink failure on '{at}' : lstat {at}: no such file or directory"
    );
    cx.read(&at).map_err(|_| Fail::Plain(why))
}
