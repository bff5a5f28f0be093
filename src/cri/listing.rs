//! What a node's runtime tells about everything that it holds, for tools such as `crictl`.

use super::Runtime;
use super::types::{ContainerStatus, NodeId, SandboxConfig, SandboxId};
use crate::api::Text;
use crate::time::Time;
use std::rc::Rc;

/// A sandbox as it is listed.
#[derive(Clone, Debug)]
pub struct SandboxRow {
    /// Its number.
    pub id: SandboxId,
    /// Its id.
    pub hex: Text,
    /// Its address.
    pub ip: Text,
    /// When it was made.
    pub created: Time,
    /// Whether it still has its network.
    pub ready: bool,
    /// What it was made from.
    pub config: Rc<SandboxConfig>,
}

impl Runtime {
    /// The sandboxes of a node, newest first.
    pub fn list_sandboxes(&self, node: NodeId) -> Vec<SandboxRow> {
        let own = self.sandboxes.iter().filter(|(_, s)| s.node == node);
        let mut list: Vec<SandboxRow> = own
            .map(|(id, s)| SandboxRow {
                id: *id,
                hex: s.hex.clone(),
                ip: s.ip.clone(),
                created: s.created,
                ready: !s.stopped,
                config: s.config.clone(),
            })
            .collect();
        list.reverse();
        list
    }

    /// The containers of the pods that have or had an address.
    pub fn at_address<'a>(&'a self, ip: &'a str) -> impl Iterator<Item = &'a ContainerStatus> {
        let sandboxes = self.sandboxes.values().filter(move |s| s.ip == ip);
        sandboxes.flat_map(|s| &s.containers).filter_map(|id| Some(&self.containers.get(id)?.status))
    }

    /// The containers of a node, newest first.
    pub fn list_containers(&self, node: NodeId) -> Vec<ContainerStatus> {
        let own = self.containers.values().filter(|c| c.node == node);
        let mut list: Vec<ContainerStatus> = own.map(|c| c.status.clone()).collect();
        list.reverse();
        list
    }
}
