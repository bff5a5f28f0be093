//! In-place resize of running pods.

use super::pod::Pod;
use super::{Cx, Node};
use crate::api::Value;

/// Whether accepted resources are still to be given to running containers.
pub fn pending(_pod: &Pod) -> bool {
    false
}

/// Gives running containers the resources that were accepted.
pub fn apply(_node: &mut Node, _pod: &mut Pod, _cx: &mut Cx<'_>) {}

/// Looks at a changed spec: accepts new resources or says why not.
pub fn asked(_node: &mut Node, _pod: &mut Pod, _cx: &mut Cx<'_>) {}

/// The conditions of a resize under way.
pub fn conditions(_pod: &Pod) -> Vec<Value> {
    Vec::new()
}
