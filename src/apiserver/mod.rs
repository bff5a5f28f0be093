//! The API server and its store.
