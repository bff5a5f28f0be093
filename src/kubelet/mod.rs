//! The node agent: from a bound Pod to running containers and back to its status.
