//! The controllers of the control plane.
