//! What the API server refuses: field errors of create and update, kind by kind, in upstream's order and words
//! (pkg/apis/*/validation), and the warnings that come with an answer.
//!
//! Objects are expected decoded and defaulted. All violations are reported at once. Left out: kinds that are
//! only stored have their metadata checked and the fields that people often get wrong.

mod error;
mod meta;

pub use error::{Error, Errors, invalid};

use crate::api::{Object, Text};

/// What is wrong with an object that is to be created.
pub fn create(object: &Object) -> Vec<Error> {
    let mut errors = Errors::default();
    meta::create(object, &mut errors);
    errors.list
}

/// What is wrong with an update. `subresource` is that of the request, empty for the object itself.
pub fn update(old: &Object, new: &Object, subresource: &str) -> Vec<Error> {
    let mut errors = Errors::default();
    meta::update(old, new, &mut errors);
    let _ = subresource;
    errors.list
}

/// The warnings that the server attaches to the answer.
pub fn warnings(object: &Object) -> Vec<Text> {
    let _ = object;
    vec![]
}
