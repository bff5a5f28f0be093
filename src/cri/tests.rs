//! The runtime with small programs in its containers.
