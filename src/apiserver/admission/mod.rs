//! Admission: what the API server adds to and refuses of a decoded, defaulted object before it stores it.
//!
//! The plugins run in upstream's default order; each is a file. Mutating ones complete the object,
//! validating ones answer with a `Forbidden` (or other) status.

mod limit_range;
mod namespace;
mod pod_resize;
mod pod_security;
mod pods;
mod storage;
pub use storage::default_class;

use super::ApiServer;
use crate::api::resources::qos_class;
use crate::api::status::Result;
use crate::api::{Kind, Object};

impl ApiServer {
    /// Runs the admission plugins of a creation.
    pub(super) fn admit_create(&mut self, object: &mut Object) -> Result<()> {
        namespace::admit_create(self, object)?;
        match object.kind {
            Kind::POD => {
                limit_range::complete(self, object);
                pods::admit(self, object)?;
                let qos = qos_class(&object["spec"]);
                object.set("status.qosClass", qos);
            }
            Kind::PERSISTENT_VOLUME_CLAIM | Kind::PERSISTENT_VOLUME => {
                storage::admit(self, object);
            }
            Kind::NAMESPACE => namespace::complete(object),
            _ => {}
        }
        Ok(())
    }

    /// Runs the admission plugins of an update.
    pub(super) fn admit_update(&self, old: &Object, object: &mut Object) {
        if object.kind == Kind::POD {
            pods::admit_update(old, object);
        }
    }

    /// Runs the validating plugins of a creation, which come after validation: LimitRanger, PodSecurity, then
    /// the quota.
    pub(super) fn admit_valid(&self, object: &Object) -> Result<()> {
        limit_range::check(self, object)?;
        pod_security::admit(self, None, object)?;
        if object.namespace().is_empty() || object.kind == Kind::EVENT {
            Ok(())
        } else {
            super::quota::admit(self, None, object)
        }
    }

    /// Runs the validating plugins of an update.
    pub(super) fn admit_valid_update(&self, old: &Object, object: &Object, subresource: &str) -> Result<()> {
        match (object.kind, subresource) {
            (Kind::NAMESPACE, _) => pod_security::admit(self, Some(old), object),
            (Kind::POD, "resize") => {
                limit_range::check(self, object)?;
                pod_resize::admit(self, old, object)?;
                super::quota::admit(self, Some(old), object)
            }
            // What a claim or a Service counts for may grow.
            (Kind::PERSISTENT_VOLUME_CLAIM, "") => {
                limit_range::check(self, object)?;
                storage::admit_resize(self, old, object)?;
                super::quota::admit(self, Some(old), object)
            }
            (Kind::SERVICE, "") => {
                limit_range::check(self, object)?;
                super::quota::admit(self, Some(old), object)
            }
            _ => Ok(()),
        }
    }

    /// The warnings of the plugins about an accepted write.
    pub(super) fn admission_warnings(&self, old: Option<&Object>, object: &Object) -> Vec<crate::api::Text> {
        pod_security::warnings(self, old, object)
    }

    /// Runs the admission plugins of a deletion asked for by a client.
    pub(super) fn admit_delete(&self, object: &Object) -> Result<()> {
        namespace::admit_delete(object)
    }
}
