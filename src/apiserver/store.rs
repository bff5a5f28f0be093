//! The versioned store: objects by key, one revision counter, a bounded change log (etcd's role).
//!
//! Indexes that the components need on their hot paths (pods by node, dependents by owner) are kept here,
//! so that nobody lists all pods to find a few.

use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text};
use crate::collections::{BTreeMap, BTreeSet};
use crate::history::History;
use crate::time::Time;
use crate::trace::Cause;

/// How many changes the log keeps; who falls further behind must list again (etcd compacts likewise).
pub const LOG_LIMIT: usize = 500_000;

/// The first revision given to an object. Real clusters have a few hundred behind them by then.
pub const FIRST_REVISION: u64 = 500;

/// One write.
#[derive(Clone, Debug)]
pub struct Change {
    /// The revision that it made.
    pub revision: u64,
    /// When.
    pub at: Time,
    /// The trace entry of the write itself: the cause of whatever follows from seeing it.
    pub cause: Cause,
    /// Who wrote.
    pub actor: Text,
    /// What happened to the object.
    pub kind: WatchKind,
    /// The object before; `None` if it is new.
    pub old: Option<Object>,
    /// The object after; for deletions its last state.
    pub new: Object,
}

/// All objects.
#[derive(Clone, Debug)]
pub struct Store {
    objects: BTreeMap<Key, Object>,
    by_node: BTreeMap<Text, BTreeSet<Key>>,
    by_owner: BTreeMap<Text, BTreeSet<Key>>,
    log: History<Change>,
    revision: u64,
}

impl Store {
    /// An empty store.
    pub fn new() -> Store {
        Store {
            objects: BTreeMap::new(),
            by_node: BTreeMap::new(),
            by_owner: BTreeMap::new(),
            log: History::new(LOG_LIMIT),
            revision: FIRST_REVISION,
        }
    }

    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision that the next write will make.
    pub fn next_revision(&self) -> u64 {
        self.revision + 1
    }

    /// An object.
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// The objects of a kind in order of namespace and name, of one namespace or of all.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &Object> {
        let first = Key::new(kind, namespace.unwrap_or(""), "");
        let ns = namespace.map(Text::from);
        self.objects
            .range(first..)
            .take_while(move |(k, _)| k.kind == kind && ns.as_ref().is_none_or(|n| k.namespace == *n))
            .map(|(_, o)| o)
    }

    /// The pods bound to a node.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Object> {
        self.by_node.get(node).into_iter().flatten().filter_map(|k| self.objects.get(k))
    }

    /// The objects that name `uid` among their owners.
    pub fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Object> {
        self.by_owner.get(uid).into_iter().flatten().filter_map(|k| self.objects.get(k))
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The position behind the newest change, from which a watch begins.
    pub fn cursor(&self) -> u64 {
        self.log.end()
    }

    /// The change at a cursor; `None` at the end (or if it has been dropped).
    pub fn change(&self, cursor: u64) -> Option<&Change> {
        self.log.get(cursor)
    }

    /// The oldest cursor that can still be read.
    pub fn oldest(&self) -> u64 {
        self.log.first()
    }

    /// Puts an object (whose `resourceVersion` is already [`Store::next_revision`]) and logs the change.
    pub fn put(&mut self, object: Object, at: Time, cause: Cause, actor: Text) {
        self.revision += 1;
        let key = object.key();
        let old = match self.objects.get_mut(&key) {
            Some(place) => Some(std::mem::replace(place, object.clone())),
            None => self.objects.insert(key.clone(), object.clone()),
        };
        if old.as_ref().is_none_or(|old| !same_places(old, &object)) {
            if let Some(old) = &old {
                self.unindex(&key, old);
            }
            self.index(&key, &object);
        }
        let kind = if old.is_some() { WatchKind::Modified } else { WatchKind::Added };
        self.log.push(Change { revision: self.revision, at, cause, actor, kind, old, new: object });
    }

    /// Moves an object's creation to before the scenario's start, without a new revision or change.
    pub fn backdate(&mut self, key: &Key, created: &str) {
        if let Some(object) = self.objects.get_mut(key) {
            object.set("metadata.creationTimestamp", created);
        }
    }

    /// Files the objects of a custom kind under its new names, without a new revision or change.
    pub fn rekind(&mut self, old: Kind, new: Kind) {
        let keys: Vec<Key> = self.list(old, None).map(Object::key).collect();
        for key in keys {
            if let Some(object) = self.objects.remove(&key) {
                self.unindex(&key, &object);
                let object = Object::new(new, object.value);
                let key = object.key();
                self.index(&key, &object);
                self.objects.insert(key, object);
            }
        }
    }

    /// Takes an object out and logs the change; `last` is the state that watchers see.
    pub fn take(&mut self, key: &Key, last: Object, at: Time, cause: Cause, actor: Text) {
        self.revision += 1;
        if let Some(old) = self.objects.remove(key) {
            self.unindex(key, &old);
            let kind = WatchKind::Deleted;
            self.log.push(Change {
                revision: self.revision,
                at,
                cause,
                actor,
                kind,
                old: Some(old),
                new: last,
            });
        }
    }

    fn index(&mut self, key: &Key, object: &Object) {
        for (index, at) in places(object) {
            self.tree(index).entry(at).or_default().insert(key.clone());
        }
    }

    fn unindex(&mut self, key: &Key, object: &Object) {
        for (index, at) in places(object) {
            let tree = self.tree(index);
            if let Some(set) = tree.get_mut(&at) {
                set.remove(key);
                if set.is_empty() {
                    tree.remove(&at);
                }
            }
        }
    }

    fn tree(&mut self, index: Index) -> &mut BTreeMap<Text, BTreeSet<Key>> {
        match index {
            Index::Node => &mut self.by_node,
            Index::Owner => &mut self.by_owner,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Store::new()
    }
}

#[derive(Clone, Copy)]
enum Index {
    Node,
    Owner,
}

/// Whether two versions of an object are filed under the same entries.
fn same_places(a: &Object, b: &Object) -> bool {
    a.at("metadata.ownerReferences") == b.at("metadata.ownerReferences")
        && (a.kind != Kind::POD || a.at("spec.nodeName") == b.at("spec.nodeName"))
}

/// Under which entries of which index an object is filed.
fn places(object: &Object) -> Vec<(Index, Text)> {
    let mut places = Vec::new();
    if object.kind == Kind::POD && object.at("spec.nodeName").is_some() {
        places.push((Index::Node, object.at("spec.nodeName").text()));
    }
    for owner in object.at("metadata.ownerReferences").items() {
        places.push((Index::Owner, owner["uid"].text()));
    }
    places
}
