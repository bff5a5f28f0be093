//! `kubectl get --raw`.

use crate::kubectl::cx::{Cx, Outcome, not_simulated};

/// Runs it.
pub fn get(cx: &mut Cx, path: &str) -> Outcome {
    if matches!(path, "/healthz" | "/livez" | "/readyz") {
        cx.print("ok");
        return crate::kubectl::cx::OK;
    }
    Err(not_simulated("kubectl get --raw"))
}
