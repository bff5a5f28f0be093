//! `patches`, `patchesStrategicMerge`, `patchesJson6902`.

use super::{Resource, absolute};
use crate::api::labels::Selector;
use crate::api::request::PatchType;
use crate::api::{Value, patch, yaml};
use crate::kubectl::cx::Cx;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files::find_kind;

/// Applies a kustomization's patches.
pub fn run(cx: &mut Cx, root: &str, file: &Value, all: &mut Vec<Resource>) -> Res<()> {
    for source in file["patchesStrategicMerge"].items() {
        let inline = source.str().contains('\n');
        let spec = if inline {
            crate::map! { "patch" => source }
        } else {
            crate::map! { "path" => source }
        };
        one(cx, root, &spec, all)?;
    }
    for spec in file["patches"].items().iter().chain(file["patchesJson6902"].items()) {
        one(cx, root, spec, all)?;
    }
    Ok(())
}

fn one(cx: &mut Cx, root: &str, spec: &Value, all: &mut Vec<Resource>) -> Res<()> {
    let (inline, path) = (spec["patch"].str(), spec["path"].str());
    if inline.is_empty() == path.is_empty() {
        return Err("must specify one of patch and path in\n".into());
    }
    let text = if path.is_empty() {
        inline.to_string()
    } else {
        let at = absolute(cx, &format!("{root}/{path}"));
        let bytes = cx.read(&at).map_err(|_| {
            Fail::Plain(format!("failed to get the patch file from path({path}): evalsymlink failure on '{at}' : lstat {at}: no such file or directory"))
        })?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    for document in yaml::read_documents(&text, yaml::Limits::default()) {
        let body = document
            .map_err(|e| Fail::Plain(format!("unable to parse SM or JSON patch from [{text}]: {e}")))?;
        match &body.value {
            Value::Null => {}
            Value::List(_) => operations(&body.value, &spec["target"], all)?,
            _ => strategic(&body.value, &spec["target"], all)?,
        }
    }
    Ok(())
}

fn operations(body: &Value, target: &Value, all: &mut [Resource]) -> Res<()> {
    if target.is_empty() {
        return Err("must specify a target for JSON patch".into());
    }
    for resource in all.iter_mut().filter(|r| meant(target, r)) {
        resource.value = changed(resource, PatchType::Json, body)?;
    }
    Ok(())
}

fn strategic(body: &Value, target: &Value, all: &mut Vec<Resource>) -> Res<()> {
    let mut body = body.clone();
    let delete = body["$patch"].str() == "delete";
    let chosen: Vec<usize> = if target.is_empty() {
        let asked = Resource::new(body.clone());
        let same = |r: &Resource| {
            let group = super::group_version(&r.value).0 == super::group_version(&body).0;
            group && r.kind() == asked.kind() && (r.origin == asked.origin || r.name() == asked.origin)
        };
        let found: Vec<usize> = (0..all.len()).filter(|i| same(&all[*i])).collect();
        if found.is_empty() {
            return Err(Fail::Plain(format!(
                "no resource matches strategic merge patch \"{}\": no matches for Id {}; failed to find unique target for patch {}",
                asked.id(),
                asked.id(),
                asked.id()
            )));
        }
        found
    } else {
        (0..all.len()).filter(|i| meant(target, &all[*i])).collect()
    };
    // A patch does not rename what it is for.
    for field in ["apiVersion", "kind", "metadata.name", "metadata.namespace"] {
        body.remove(field);
    }
    for i in chosen.into_iter().rev() {
        if delete {
            all.remove(i);
        } else {
            all[i].value = changed(&all[i], PatchType::Strategic, &body)?;
        }
    }
    Ok(())
}

/// The object with a patch applied; kinds without a schema take strategic patches as merge patches.
fn changed(resource: &Resource, how: PatchType, body: &Value) -> Res<Value> {
    let kind = find_kind(&[], resource.value["apiVersion"].str(), resource.kind());
    match kind {
        Some(kind) => Ok(patch::apply(kind, how, &resource.value, body)?),
        None if how == PatchType::Json => {
            Ok(patch::apply(crate::api::Kind::CONFIG_MAP, how, &resource.value, body)?)
        }
        None => Ok(patch::merge(&resource.value, body)),
    }
}

/// Whether a patch's target means an object: every field given must fit, names as whole expressions.
fn meant(target: &Value, resource: &Resource) -> bool {
    let (group, version) = super::group_version(&resource.value);
    let namespace = resource.value.at("metadata.namespace").str();
    let exact = [("group", group), ("version", version)];
    let patterns = [("kind", resource.kind()), ("namespace", namespace)];
    let selects = |field: &str, path: &str| {
        let text = target[field].str();
        text.is_empty() || Selector::parse(text).is_ok_and(|s| s.matches(resource.value.at(path)))
    };
    exact.iter().all(|(f, v)| target[*f].str().is_empty() || target[*f].str() == *v)
        && patterns.iter().all(|(f, v)| target[*f].str().is_empty() || fits(target[*f].str(), v))
        && (target["name"].str().is_empty()
            || fits(target["name"].str(), resource.name())
            || fits(target["name"].str(), &resource.origin))
        && selects("labelSelector", "metadata.labels")
        && selects("annotationSelector", "metadata.annotations")
}

/// A name against a pattern with `.*`, `*` and `|`, which is as much of regular expressions as targets use.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    pattern.split('|').any(|p| {
        let parts: Vec<&str> = p.split(".*").collect();
        match parts.as_slice() {
            [whole] => *whole == text,
            [first, .., last] => {
                let Some(mut rest) = text.strip_prefix(first) else { return false };
                for middle in &parts[1..parts.len() - 1] {
                    let Some(i) = rest.find(middle) else { return false };
                    rest = &rest[i + middle.len()..];
                }
                rest.ends_with(last)
            }
            [] => false,
        }
    })
}
