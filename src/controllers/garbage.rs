//! The garbage collector: objects whose owners are gone go, too.
//!
//! *Background*: the owner goes first, then what it owned. *Foreground*: the owner waits, with the finalizer
//! `foregroundDeletion`, until everything that blocks its deletion is gone. *Orphan*: the owner waits, with
//! the finalizer `orphan`, until what it owned no longer names it.

use super::work::Cx;
use super::{Which, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, DeleteOptions};

const WHICH: Which = Which::Garbage;
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.at("metadata.finalizers").items().iter().any(|f| f.str() == name)
}

/// Something has gone or begun to go, or owners of something have changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    if matches!(object.kind, Kind::EVENT | Kind::LEASE) {
        return;
    }
    if change.kind == WatchKind::Deleted {
        let owned: Vec<Key> = cx.api.owned_by(object.uid()).map(Object::key).collect();
        for key in owned {
            cx.enqueue(WHICH, &key);
        }
        enqueue_waiting_owners(object, cx);
    } else if object.is_deleting() {
        if has_finalizer(object, FOREGROUND) || has_finalizer(object, ORPHAN) {
            cx.enqueue(WHICH, &object.key());
        }
    } else if object.at("metadata.ownerReferences").is_some() && change.old.is_none() {
        let orphaned = |r: &Value| owner(object, r, cx).is_none();
        if object.at("metadata.ownerReferences").items().iter().any(orphaned) {
            cx.enqueue(WHICH, &object.key());
        }
    }
}

/// Owners that wait for this object in foreground deletion look again.
fn enqueue_waiting_owners(object: &Object, cx: &mut Cx<'_>) {
    let waiting: Vec<Key> = object
        .at("metadata.ownerReferences")
        .items()
        .iter()
        .filter_map(|r| owner(object, r, cx))
        .filter(|o| o.is_deleting() && has_finalizer(o, FOREGROUND))
        .map(Object::key)
        .collect();
    for key in waiting {
        cx.enqueue(WHICH, &key);
    }
}

/// The object that an owner reference names, if it is the same one still.
fn owner<'a>(object: &Object, reference: &Value, cx: &'a Cx<'_>) -> Option<&'a Object> {
    let kind = cx.api.kind_named(reference["apiVersion"].str(), reference["kind"].str())?;
    let namespace = if kind.info().namespaced { object.namespace() } else { "" };
    cx.api.get(kind, namespace, reference["name"].str()).filter(|o| o.uid() == reference["uid"].str())
}

/// Whether the kind of a reference is one that this server knows; others are left alone.
fn is_known(reference: &Value, cx: &Cx<'_>) -> bool {
    cx.api.kind_named(reference["apiVersion"].str(), reference["kind"].str()).is_some()
}

/// Deals with an object that is to be collected, or that waits for what it owns.
pub fn sync(object: &Object, cx: &mut Cx<'_>) {
    if object.is_deleting() && has_finalizer(object, ORPHAN) {
        return orphan_dependents(object, cx);
    }
    if object.is_deleting() && has_finalizer(object, FOREGROUND) {
        return wait_for_dependents(object, cx);
    }
    if object.is_deleting() {
        return;
    }
    let key = object.key();
    let references = object.at("metadata.ownerReferences").items();
    if references.is_empty() || references.iter().any(|r| !is_known(r, cx)) {
        return;
    }
    let (mut solid, mut waiting) = (0, 0);
    for reference in references {
        match owner(object, reference, cx) {
            Some(o) if o.is_deleting() && has_finalizer(o, FOREGROUND) => waiting += 1,
            Some(_) => solid += 1,
            None => {}
        }
    }
    if solid == references.len() {
        return;
    }
    if cx.put_off(WHICH, &key) {
        return;
    }
    cx.work.reserve(WHICH, cx.api.now);
    let because = vec![("owner", references[0]["name"].text())];
    cx.api.rule(rules::GARBAGE, &key.path(), because);
    if solid > 0 {
        return forget_owners(object, cx);
    }
    let foreground = waiting > 0 && cx.api.owned_by(object.uid()).next().is_some();
    let policy = if has_finalizer(object, ORPHAN) {
        "Orphan"
    } else if foreground || has_finalizer(object, FOREGROUND) {
        "Foreground"
    } else {
        "Background"
    };
    let options = DeleteOptions {
        propagation_policy: Some(Text::lit(policy)),
        uid: Some(object.at("metadata.uid").text()),
        ..DeleteOptions::default()
    };
    // It may have gone in the meantime.
    let _ = cx.api.delete(&key, &options);
}

/// Removes the references to owners that are gone, as others are still there.
fn forget_owners(object: &Object, cx: &mut Cx<'_>) {
    let kept = object.at("metadata.ownerReferences").items().iter();
    let kept: Vec<Value> = kept.filter(|r| owner(object, r, cx).is_some()).cloned().collect();
    let _ = cx.api.modify(&object.key(), |o| o.set("metadata.ownerReferences", kept));
}

fn orphan_dependents(object: &Object, cx: &mut Cx<'_>) {
    let uid = object.at("metadata.uid").text();
    let owned: Vec<Key> = cx.api.owned_by(&uid).map(Object::key).collect();
    for key in owned {
        // A dependent that has gone needs no change.
        let _ = cx.api.modify(&key, |o| {
            o.slot("metadata.ownerReferences").list_mut().retain(|r| r["uid"].str() != uid.as_str());
            if o.at("metadata.ownerReferences").is_empty() {
                o.remove("metadata.ownerReferences");
            }
        });
    }
    drop_finalizer(object, ORPHAN, cx);
}

fn wait_for_dependents(object: &Object, cx: &mut Cx<'_>) {
    let uid = object.at("metadata.uid").text();
    let owned: Vec<Object> = cx.api.owned_by(&uid).cloned().collect();
    let blocks = |o: &&Object| {
        let references = o.at("metadata.ownerReferences").items();
        references.iter().any(|r| r["uid"].str() == uid.as_str() && r["blockOwnerDeletion"].is_true())
    };
    if owned.iter().find(blocks).is_none() {
        return drop_finalizer(object, FOREGROUND, cx);
    }
    for dependent in owned.iter().filter(|o| !o.is_deleting()) {
        cx.enqueue(WHICH, &dependent.key());
    }
}

/// Takes a finalizer from an object.
pub(super) fn drop_finalizer(object: &Object, name: &str, cx: &mut Cx<'_>) {
    // Dropping the last finalizer takes the object away.
    let _ = cx.api.modify(&object.key(), |o| {
        o.slot("metadata.finalizers").list_mut().retain(|f| f.str() != name);
        if o.at("metadata.finalizers").is_empty() {
            o.remove("metadata.finalizers");
        }
    });
}
