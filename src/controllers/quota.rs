//! ResourceQuotas: the status says how much of each quota is used. The API server admits against it.

use super::Which;
use super::work::Cx;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Value};
use crate::apiserver::{Change, quota};
use crate::map;
use crate::time::Span;

const WHICH: Which = Which::Quota;
/// Upstream batches what it learns of quotas; a usage shows within a few hundredths of a second.
const REACTION: Span = Span::millis(20);

/// Something that a quota may count has come, gone or changed its size.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    if matches!(object.kind, Kind::EVENT | Kind::LEASE) || !object.kind.info().namespaced {
        return;
    }
    let counts = change.kind != WatchKind::Modified
        || object.kind == Kind::RESOURCE_QUOTA
        || change.old.as_ref().is_some_and(|o| {
            o["spec"] != object["spec"] || o.at("status.phase") != object.at("status.phase")
        });
    if !counts {
        return;
    }
    let quotas = cx.api.list(Kind::RESOURCE_QUOTA, Some(object.namespace()));
    let keys: Vec<Key> = quotas.map(Object::key).collect();
    for key in keys {
        cx.enqueue_after(WHICH, &key, REACTION);
    }
}

/// Writes the status of a quota.
pub fn sync(object: &Object, cx: &mut Cx<'_>) {
    let hard = object.at("spec.hard");
    let used = quota::used(cx.api, object);
    let mut list = Value::map();
    for (name, _) in hard.entries() {
        let amount = used.get(name.as_str()).map_or_else(|| "0".to_string(), ToString::to_string);
        list.map_mut().insert(name, amount);
    }
    let status = if hard.is_empty() {
        Value::map()
    } else {
        map! { "hard" => hard, "used" => list }
    };
    cx.write_status(WHICH, object, status);
}
