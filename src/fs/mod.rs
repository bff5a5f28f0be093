//! In-memory file trees with mounts, shared by containers, nodes and the workstation.
