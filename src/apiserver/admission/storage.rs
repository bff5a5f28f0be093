//! StorageObjectInUseProtection, DefaultStorageClass and PersistentVolumeClaimResize.

use crate::api::quantity::Quantity;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use std::cmp::Reverse;

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
    if claim
        && object.at("spec.storageClassName").is_null()
        && let Some(name) = default_class(api)
    {
        object.set("spec.storageClassName", name);
    }
}

/// The default class: the newest of those marked so, and of those of one second the first by name.
pub fn default_class(api: &ApiServer) -> Option<Text> {
    let marked = api.list(Kind::STORAGE_CLASS, None).filter(|c| c.annotation(DEFAULT_CLASS) == Some("true"));
    let age =
        |c: &&Object| (c.at("metadata.creationTimestamp").text(), Reverse(c.at("metadata.name").text()));
    marked.max_by_key(age).map(|c| c.at("metadata.name").text())
}

/// Lets only bound claims of classes that allow it grow.
pub fn admit_resize(api: &ApiServer, old: &Object, claim: &Object) -> Result<()> {
    let size = |o: &Object| Quantity::of(o.at("spec.resources.requests.storage"));
    if size(claim) <= size(old) {
        return Ok(());
    }
    let refuse = |why: &str| Err(Status::forbidden(claim.kind, claim.name(), why));
    if old.at("status.phase").str() != "Bound" {
        return refuse("Only bound persistent volume claims can be expanded");
    }
    let class = claim.at("spec.storageClassName").str();
    let allows = |c: &Object| c["allowVolumeExpansion"].is_true();
    if !api.get(Kind::STORAGE_CLASS, "", class).is_some_and(allows) {
        return refuse(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
             support resize",
        );
    }
    Ok(())
}
