//! What the kubelet's server says to `logs`, `exec` and `attach`: which container is meant, or why not.
//!
//! Pure functions over the pod, its kubelet and the runtime; the façade streams.

use super::Kubelet;
use super::pod::{Section, lookup, specs};
use crate::api::{Kind, Object, Status, Value};
use crate::cri::{ContainerId, ContainerState, Runtime, SandboxId};

/// The port of kubelets.
const PORT: u16 = 10250;

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked<'a> {
    /// The container's name; empty: the pod's only one.
    pub container: &'a str,
    /// Whether the instance before the present one is meant.
    pub previous: bool,
}

/// The log that is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Log {
    /// That of an instance.
    Of(ContainerId),
    /// Not a log but what the kubelet writes in its place.
    Instead(String),
}

/// The log that is meant.
///
/// # Errors
/// In the words of the API server and the kubelet, as `kubectl logs` shows them.
pub fn log(
    pod: &Object,
    kubelet: Option<&Kubelet>,
    runtime: &Runtime,
    asked: &Asked<'_>,
) -> Result<Log, Status> {
    let name = container_name(pod, asked.container)?;
    if pod.at("spec.nodeName").is_empty() {
        // The API server has nobody to ask and answers with nothing.
        return Ok(Log::Instead(String::new()));
    }
    let kubelet = reachable(pod, kubelet, |host| {
        let path = format!("containerLogs/{}/{}/{name}", pod.namespace(), pod.name());
        let why = format!("Get \"https://{host}/{path}\": dial tcp {host}: connect: connection refused");
        Status::new(500, "", why)
    })?;
    let mut instances = instances(kubelet, runtime, pod, &name);
    let status = status_of(pod, &name);
    if asked.previous {
        let last = status.at("lastState.terminated.containerID").str();
        let hex = last.strip_prefix("containerd://").unwrap_or(last);
        let found = instances.into_iter().find(|id| runtime.status(*id).is_some_and(|s| s.hex == hex));
        return match found {
            Some(id) => Ok(Log::Of(id)),
            None if hex.is_empty() => Err(Status::bad_request(format!(
                "previous terminated container \"{name}\" in pod \"{}\" not found",
                pod.name()
            ))),
            None => Ok(Log::Instead(format!("unable to retrieve container logs for {last}"))),
        };
    }
    let waiting = &status["state"]["waiting"];
    if waiting.is_some() || status.is_null() {
        // A container that waits for its restart still shows the log of its last instance.
        if status.at("lastState.terminated.containerID").is_some() && !instances.is_empty() {
            return Ok(Log::Of(instances.remove(0)));
        }
        let why = match waiting["reason"].str() {
            "ErrImagePull" => "trying and failing to pull image".to_string(),
            "ImagePullBackOff" => "image can't be pulled".to_string(),
            "" => "ContainerCreating".to_string(),
            reason => reason.to_string(),
        };
        return Err(Status::bad_request(format!(
            "container \"{name}\" in pod \"{}\" is waiting to start: {why}",
            pod.name()
        )));
    }
    if instances.is_empty() {
        return Err(Status::bad_request(format!(
            "container \"{name}\" in pod \"{}\" is not available",
            pod.name()
        )));
    }
    Ok(Log::Of(instances.remove(0)))
}

/// The running instance in which something is to be executed or to which somebody attaches.
///
/// # Errors
/// In the words of the API server and the kubelet.
pub fn running_container(
    pod: &Object,
    kubelet: Option<&Kubelet>,
    runtime: &Runtime,
    asked: &Asked<'_>,
    subresource: &str,
) -> Result<ContainerId, Status> {
    let phase = pod.at("status.phase").str();
    if subresource == "exec" && matches!(phase, "Succeeded" | "Failed") {
        let message = format!("cannot exec into a container in a completed pod; current phase is {phase}");
        return Err(Status::bad_request(message));
    }
    let name = container_name(pod, asked.container)?;
    if pod.at("spec.nodeName").is_empty() {
        return Err(upgrade_error(&format!("pod {} does not have a host assigned", pod.name())));
    }
    if kubelet.is_none() {
        return Err(upgrade_error(&no_node(pod).message));
    }
    let kubelet = reachable(pod, kubelet, |host| {
        upgrade_error(&format!("error dialing backend: dial tcp {host}: connect: connection refused"))
    })?;
    let instances = instances(kubelet, runtime, pod, &name);
    let running = |id: &ContainerId| runtime.status(*id).is_some_and(|s| s.state == ContainerState::Running);
    match instances.first().filter(|id| running(id)) {
        Some(id) => Ok(*id),
        None if subresource == "attach" => Err(upgrade_error(&format!(
            "container {name} not found in pod {}_{}",
            pod.name(),
            pod.namespace()
        ))),
        None => Err(upgrade_error(&format!("container not found (\"{name}\")"))),
    }
}

/// A command that could not be started in a container: the kubelet calls it an internal error, and so does the
/// API server that passes its answer on (recorded).
pub fn cannot_exec(text: &str) -> Status {
    let inner = format!("Internal error occurred: error executing command in container: {text}");
    Status::new(500, "InternalError", format!("Internal error occurred: {inner}"))
}

/// A container that has ended while somebody wanted to attach to it.
pub fn cannot_attach(pod: &Object, container: ContainerId, runtime: &Runtime) -> Status {
    let name = runtime.status(container).map(|s| s.name).unwrap_or_default();
    upgrade_error(&format!("container {name} not found in pod {}_{}", pod.name(), pod.namespace()))
}

/// An answer other than the upgrade that a client of `exec` or `attach` waits for.
fn upgrade_error(message: &str) -> Status {
    Status::new(400, "BadRequest", format!("unable to upgrade connection: {message}"))
}

/// The instances of a container, newest first.
/// The sandbox into whose network a port is forwarded.
///
/// # Errors
/// In the words of the API server and the kubelet.
pub fn sandbox(pod: &Object, kubelet: Option<&Kubelet>) -> Result<SandboxId, Status> {
    let kubelet = reachable(pod, kubelet, |host| {
        upgrade_error(&format!("error dialing backend: dial tcp {host}: connect: connection refused"))
    })?;
    let found = kubelet.pod(pod.uid()).and_then(|p| p.newest_sandbox());
    found.ok_or_else(|| Status::not_found(Kind::POD, pod.name()))
}

fn instances(kubelet: &Kubelet, runtime: &Runtime, pod: &Object, name: &str) -> Vec<ContainerId> {
    let Some(known) = kubelet.pod(pod.uid()) else { return Vec::new() };
    let of_name = |id: &&ContainerId| runtime.status(**id).is_some_and(|s| s.name == name);
    known.instances.iter().rev().filter(of_name).copied().collect()
}

/// The pod names a node that is not there; the API server's words take it for a pod (recorded).
fn no_node(pod: &Object) -> Status {
    Status::not_found(Kind::POD, pod.at("spec.nodeName").str())
}

fn reachable<'a>(
    pod: &Object,
    kubelet: Option<&'a Kubelet>,
    refused: impl FnOnce(&str) -> Status,
) -> Result<&'a Kubelet, Status> {
    let Some(kubelet) = kubelet else { return Err(no_node(pod)) };
    if kubelet.is_running() {
        return Ok(kubelet);
    }
    let host = format!("{}:{PORT}", kubelet.address());
    Err(refused(&host))
}

/// The container that is meant (registry/core/pod `validateContainer`).
fn container_name(pod: &Object, asked: &str) -> Result<String, Status> {
    if asked.is_empty() {
        let mains = specs(pod, Section::Main);
        if let [only] = mains {
            return Ok(only["name"].str().to_string());
        }
        let list = |section| -> Vec<&str> { specs(pod, section).iter().map(|c| c["name"].str()).collect() };
        let mut message = format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            pod.name(),
            list(Section::Main).join(" ")
        );
        let inits = list(Section::Init);
        if !inits.is_empty() {
            message += &format!(" or one of the init containers: [{}]", inits.join(" "));
        }
        return Err(Status::bad_request(message));
    }
    if lookup(pod, asked).is_none() {
        return Err(Status::bad_request(format!("container {asked} is not valid for pod {}", pod.name())));
    }
    Ok(asked.to_string())
}

fn status_of<'a>(pod: &'a Object, name: &str) -> &'a Value {
    const NULL: &Value = &Value::Null;
    ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .into_iter()
        .map(|field| pod["status"][field].find("name", name))
        .find(|s| s.is_some())
        .unwrap_or(NULL)
}
