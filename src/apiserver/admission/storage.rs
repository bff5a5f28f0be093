//! StorageObjectInUseProtection and DefaultStorageClass.

use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// Adds the finalizer that keeps a volume or claim while it is in use, and the default class to a claim
/// that names none.
pub fn admit(api: &ApiServer, object: &mut Object) {
    let claim = object.kind == Kind::PERSISTENT_VOLUME_CLAIM;
    let finalizer = if claim { "kubernetes.io/pvc-protection" } else { "kubernetes.io/pv-protection" };
    let finalizers = object.slot("metadata.finalizers").list_mut();
    if !finalizers.iter().any(|f| f.str() == finalizer) {
        finalizers.push(Value::from(Text::lit(finalizer)));
    }
    if claim && object.at("spec.storageClassName").is_null() {
        let class = api.list(Kind::STORAGE_CLASS, None).find(|c| c.annotation(DEFAULT_CLASS) == Some("true"));
        if let Some(name) = class.map(|c| c.at("metadata.name").text()) {
            object.set("spec.storageClassName", name);
        }
    }
}
