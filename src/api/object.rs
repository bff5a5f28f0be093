//! An API object: a tree with `metadata`, and what can be asked of it.

use crate::api::{Kind, Text, Value};
use std::ops::{Deref, DerefMut};

/// An object of a known kind. Cloning is cheap; reading goes through [`Value`].
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// The whole tree, with `apiVersion` and `kind`.
    pub value: Value,
}

/// The name of an object within the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Kind.
    pub kind: Kind,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

impl Key {
    /// The key of (kind, namespace, name).
    pub fn new(kind: Kind, namespace: impl Into<Text>, name: impl Into<Text>) -> Key {
        Key { kind, namespace: namespace.into(), name: name.into() }
    }

    /// `pods/default/web`, or `nodes/worker01` for cluster-scoped kinds.
    pub fn path(&self) -> String {
        let plural = self.kind.info().plural;
        if self.namespace.is_empty() {
            [plural, "/", &self.name].concat()
        } else {
            [plural, "/", &self.namespace, "/", &self.name].concat()
        }
    }
}

impl Object {
    /// Wraps a tree, setting its `apiVersion` and `kind`.
    pub fn new(kind: Kind, mut value: Value) -> Object {
        let info = kind.info();
        if value["kind"].as_str() != Some(info.kind) || value["apiVersion"].as_str() != Some(info.api_version)
        {
            value.set("apiVersion", Text::lit(info.api_version));
            value.set("kind", Text::lit(info.kind));
        }
        Object { kind, value }
    }

    /// Its key.
    pub fn key(&self) -> Key {
        Key {
            kind: self.kind,
            namespace: self.at("metadata.namespace").text(),
            name: self.at("metadata.name").text(),
        }
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.at("metadata.name").str()
    }

    /// `metadata.namespace`, empty for cluster-scoped kinds.
    pub fn namespace(&self) -> &str {
        self.at("metadata.namespace").str()
    }

    /// `metadata.uid`.
    pub fn uid(&self) -> &str {
        self.at("metadata.uid").str()
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.at("metadata.labels").get(key).as_str()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.at("metadata.annotations").get(key).as_str()
    }

    /// `metadata.resourceVersion` as the number that it is.
    pub fn resource_version(&self) -> u64 {
        self.at("metadata.resourceVersion").str().parse().unwrap_or(0)
    }

    /// Whether `metadata.deletionTimestamp` is set.
    pub fn is_deleting(&self) -> bool {
        self.at("metadata.deletionTimestamp").is_some()
    }

    /// The owner reference with `controller: true`; null where there is none.
    pub fn controller(&self) -> &Value {
        const NULL: &Value = &Value::Null;
        self.at("metadata.ownerReferences").items().iter().find(|r| r["controller"].is_true()).unwrap_or(NULL)
    }

    /// The condition of a type in `status.conditions`; null where there is none.
    pub fn condition(&self, kind: &str) -> &Value {
        self.at("status.conditions").find("type", kind)
    }

    /// Whether the condition of a type has status `True`.
    pub fn condition_true(&self, kind: &str) -> bool {
        self.condition(kind)["status"].str() == "True"
    }
}

impl Deref for Object {
    type Target = Value;
    fn deref(&self) -> &Value {
        &self.value
    }
}

impl DerefMut for Object {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.value
    }
}
