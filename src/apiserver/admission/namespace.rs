//! NamespaceLifecycle: nothing is created in a namespace that is absent or going, and the namespaces of
//! the system stay.

use crate::api::status::{CauseOf, NAMESPACE_TERMINATING, Result};
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::list;

/// Namespaces that may not be deleted (plugin/pkg/admission/namespace/lifecycle `immortalNamespaces`).
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// Refuses creation in a namespace that is absent or being deleted.
pub fn admit_create(api: &ApiServer, object: &Object) -> Result<()> {
    if object.namespace().is_empty() {
        return Ok(());
    }
    let Some(ns) = api.get(Kind::NAMESPACE, "", object.namespace()) else {
        return Err(Status::not_found(Kind::NAMESPACE, object.namespace()));
    };
    // Events may still be written, so that people learn what happened.
    if ns.is_deleting() && object.kind != Kind::EVENT {
        let why = format!(
            "unable to create new content in namespace {} because it is being terminated",
            object.namespace()
        );
        let mut status = Status::forbidden(object.kind, object.name(), &why);
        status.causes.push(CauseOf {
            reason: Text::lit(NAMESPACE_TERMINATING),
            message: Text::from(format!("namespace {} is being terminated", object.namespace())),
            field: Text::lit("metadata.namespace"),
        });
        return Err(status);
    }
    Ok(())
}

/// Refuses the deletion of the system's namespaces.
pub fn admit_delete(object: &Object) -> Result<()> {
    if object.kind == Kind::NAMESPACE && IMMORTAL.contains(&object.name()) {
        return Err(Status::forbidden(object.kind, object.name(), "this namespace may not be deleted"));
    }
    Ok(())
}

/// What every namespace gets: its own name as a label, the finalizer of the namespace controller, a phase.
pub fn complete(object: &mut Object) {
    let name = object.at("metadata.name").text();
    object
        .slot("metadata.labels")
        .map_mut()
        .insert(Text::lit("kubernetes.io/metadata.name"), Value::from(name));
    object.set("spec.finalizers", list!["kubernetes"]);
    object.set("status.phase", "Active");
}
