//! The versions that an object has had, and each as YAML: what a difference between two instants is made of.

use super::{changes, key_of};
use crate::api::{Object, yaml};
use crate::apiserver::{ApiServer, Change};
use serde::Serialize;

/// How many versions are listed: the newest.
const LISTED: usize = 300;

/// A version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    /// When it came to be.
    pub at: f64,
    /// Its `resourceVersion`.
    pub revision: f64,
    /// Who wrote it.
    pub actor: String,
}

fn of<'a>(api: &'a ApiServer, path: &str) -> impl Iterator<Item = &'a Change> {
    let key = key_of(path);
    changes(api).filter(move |c| key.as_ref().is_some_and(|k| c.new.kind == k.kind && c.new.key() == *k))
}

/// The versions of the object of a path, oldest first.
pub fn versions(api: &ApiServer, path: &str) -> Vec<Version> {
    let version =
        |c: &Change| Version { at: c.at.0 as f64, revision: c.revision as f64, actor: c.actor.to_string() };
    let mut list: Vec<Version> = of(api, path).map(version).collect();
    list.drain(..list.len().saturating_sub(LISTED));
    list
}

/// The version `PATH@REVISION` as YAML, without the bookkeeping of field managers.
pub fn version(api: &ApiServer, path: &str) -> Option<String> {
    change_of(api, path).map(|c| text(&c.new))
}

/// What the write that made `PATH@REVISION` changed: the object as YAML before it, where it was there, and after.
pub fn written(api: &ApiServer, path: &str) -> Option<(Option<String>, String)> {
    change_of(api, path).map(|c| (c.old.as_ref().map(text), text(&c.new)))
}

fn change_of<'a>(api: &'a ApiServer, path: &str) -> Option<&'a Change> {
    let (path, revision) = path.rsplit_once('@')?;
    let revision: u64 = revision.parse().ok()?;
    of(api, path).find(|c| c.revision == revision)
}

fn text(object: &Object) -> String {
    let mut value = object.value.clone();
    value.remove("metadata.managedFields");
    yaml::print(&value)
}
