//! The requests of httpGet probes and hooks: address, named ports, URL (pkg/probe/http/request.go).

use crate::api::{Text, Value};
use crate::cri::HttpGet;
use crate::kubelet::pod::Pod;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The request, without a time limit.
    pub request: HttpGet,
}

/// The number of a port given by number or by name. `Err`: Go's words (pkg/probe `ResolveContainerPort`).
pub fn port(container: &Value, port: &Value) -> Result<u16, String> {
    let named = || container["ports"].find("name", port.str())["containerPort"].as_int();
    let number = match port.as_int().or_else(named) {
        Some(number) => number,
        None => {
            let name = port.str();
            name.parse().map_err(|_| format!("strconv.Atoi: parsing {name:?}: invalid syntax"))?
        }
    };
    let fits = u16::try_from(number).ok().filter(|n| *n > 0);
    fits.ok_or_else(|| format!("invalid port number: {number}"))
}

/// The request of an `httpGet`. `Err`: why its port has no number.
pub fn target(pod: &Pod, container: &Value, get: &Value) -> Result<Target, String> {
    let port = port(container, &get["port"])?;
    let host = if get["host"].is_empty() { pod.seen.ip.clone() } else { get["host"].text() };
    let https = get["scheme"].str().eq_ignore_ascii_case("https");
    let given = get["path"].str();
    let path = if given.starts_with('/') { given.to_string() } else { format!("/{given}") };
    let header = |h: &Value| (h["name"].text(), h["value"].text());
    let headers = get["httpHeaders"].items().iter().map(header).collect();
    let request = HttpGet { ip: host, port, path: Text::from(path), https, headers, ..HttpGet::default() };
    Ok(Target { request })
}
