//! What the API server refuses: field errors of create and update, kind by kind, in upstream's order and words
//! (pkg/apis/*/validation), and the warnings that come with an answer.
//!
//! Objects are expected decoded and defaulted. All violations are reported at once. Custom
//! resources are checked by their definition's schema. Left out: webhooks and the other kinds that are only
//! stored have just their metadata checked.

mod autoscaler;
mod cluster;
mod config;
mod container;
mod cron;
pub mod custom;
mod endpoints;
mod env;
mod error;
mod handler;
mod internal;
mod job;
mod meta;
mod mounts;
mod net;
mod placement;
mod pod;
mod pod_resize;
mod pod_update;
mod projected;
mod quota;
mod rbac;
mod resources;
mod security;
mod service;
mod sources;
mod storage;
mod volume;
mod warnings;
mod workloads;

pub use error::{Error, Errors, invalid};
pub use warnings::warnings;

use crate::api::{Kind, Object};

/// What is wrong with an object that is to be created.
pub fn create(object: &Object) -> Vec<Error> {
    let mut errors = Errors::default();
    meta::create(object, &mut errors);
    content(object, &mut errors);
    if object.kind == Kind::SERVICE && errors.list.is_empty() {
        service::allocation(object, &mut errors);
    }
    errors.list
}

/// What is wrong with an update. `subresource` is that of the request, empty for the object itself.
pub fn update(old: &Object, new: &Object, subresource: &str) -> Vec<Error> {
    let mut errors = Errors::default();
    meta::update(old, new, &mut errors);
    match (new.kind, subresource) {
        (_, "status") => {}
        (Kind::POD, "ephemeralcontainers") => pod_update::ephemeral(old, new, &mut errors),
        (Kind::POD, "resize") => pod_resize::check(old, new, &mut errors),
        (Kind::POD, _) => pod_update::update(old, new, &mut errors),
        (Kind::SERVICE, _) => {
            service::update(old, new, &mut errors);
            content(new, &mut errors);
            if errors.list.is_empty() {
                service::allocation(new, &mut errors);
            }
        }
        _ => {
            content(new, &mut errors);
            workloads::update(old, new, &mut errors);
            cluster::update(old, new, &mut errors);
        }
    }
    errors.list
}

fn content(object: &Object, errors: &mut Errors) {
    match object.kind {
        Kind::POD => pod::create(object, errors),
        Kind::CRD => custom::definition(object, errors),
        Kind::SERVICE => service::check(object, errors),
        Kind::NETWORK_POLICY => net::network_policy(object, errors),
        Kind::INGRESS => net::ingress(object, errors),
        Kind::INGRESS_CLASS => net::ingress_class(object, errors),
        Kind::POD_TEMPLATE => pod::template(&object["template"], "template", errors),
        _ => {
            workloads::spec(object, errors);
            cluster::check(object, errors);
        }
    }
}
