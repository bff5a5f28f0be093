//! `kubectl get --raw`.

use crate::kubectl::cx::{Cx, Outcome, not_simulated};

/// Runs it.
pub fn get(cx: &mut Cx, path: &str) -> Outcome {
    if matches!(path, "/healthz" | "/livez" | "/readyz") {
        cx.print("ok");
        return crate::kubectl::cx::OK;
    }
    if path == "/version" {
        cx.print("{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"gitVersion\": \"v1.36.2\"\n}");
        return crate::kubectl::cx::OK;
    }
    if ["/api", "/apis", "/openapi", "/metrics", "/logs"].iter().any(|p| path.starts_with(p)) {
        return Err(not_simulated("kubectl get --raw"));
    }
    let missing =
        crate::api::Status::new(404, "NotFound", "the server could not find the requested resource");
    Err(crate::kubectl::fail::Fail::Server(missing))
}
