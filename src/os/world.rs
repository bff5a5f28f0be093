//! All machines of the cluster: nodes, the workstation and pod sandboxes.

/// All machines of the cluster.
#[derive(Clone, Debug, Default)]
pub struct World {}
