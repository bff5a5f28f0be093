//! Podlab: a Kubernetes cluster that lives in one HTML file.
//!
//! The list of modules below is a map of the code; `ARCHITECTURE.md` says how they may depend on one
//! another and which invariants hold.

pub mod agenda;
pub mod api;
pub mod apiserver;
pub mod cluster;
pub mod collections;
pub mod controllers;
pub mod cri;
pub mod fs;
pub mod history;
pub mod images;
pub mod kubectl;
pub mod kubelet;
pub mod os;
pub mod rng;
pub mod scenario;
pub mod scheduler;
pub mod shell;
pub mod time;
pub mod trace;
pub mod traffic;
pub mod view;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod why;
