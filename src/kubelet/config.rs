//! What a container is made of: the runtime's configuration from a container's spec
//! (pkg/kubelet/kuberuntime/kuberuntime_container.go `generateContainerConfig`).

use super::pod::{ContainerRef, Pod, Section};
use super::{Cx, Node, env, start, volumes};
use crate::api::quantity::Quantity;
use crate::api::resources::qos_class;
use crate::api::{Text, Value};
use crate::cri::{ContainerConfig, Security};

/// Where seccomp profiles of one's own lie (kubelet configuration, `<root-dir>/seccomp`).
const SECCOMP_DIR: &str = "/var/lib/kubelet/seccomp";

/// The configuration of a container's next instance. `Err`: the message of CreateContainerConfigError.
pub fn container_config(
    node: &mut Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    at: ContainerRef,
) -> Result<ContainerConfig, String> {
    let spec = pod.spec(at).clone();
    let env = env::build(node, pod, cx, &spec)?;
    let mounts = volumes::mounts(node, pod, cx, &spec, &env)?;
    let command = texts(&spec["command"], &env);
    let args = texts(&spec["args"], &env);
    let own = &spec["securityContext"];
    let of_pod = pod.object.at("spec.securityContext").clone();
    let number = |field: &str| own[field].as_int().or(of_pod[field].as_int());
    let user = number("runAsUser").and_then(|n| u32::try_from(n).ok());
    non_root(node, pod, cx, &spec, user, &of_pod)?;
    let groups = of_pod["supplementalGroups"].items().iter().chain(Some(&of_pod["fsGroup"]));
    let name = spec["name"].str();
    let resources = pod.allocated.get(name).unwrap_or(&spec["resources"]).clone();
    let target = spec["targetContainerName"].as_str().filter(|_| at.section == Section::Ephemeral);
    Ok(ContainerConfig {
        name: spec["name"].text(),
        attempt: start::next_attempt(pod, cx, at),
        image: spec["image"].text(),
        command,
        args,
        working_dir: spec["workingDir"].text(),
        env,
        mounts,
        user,
        group: number("runAsGroup").and_then(|n| u32::try_from(n).ok()),
        groups: groups.filter_map(Value::as_int).filter_map(|n| u32::try_from(n).ok()).collect(),
        strict_groups: of_pod["supplementalGroupsPolicy"].str() == "Strict",
        security: security(own, &of_pod),
        read_only_root: own["readOnlyRootFilesystem"].is_true(),
        tty: spec["tty"].is_true(),
        stdin: spec["stdin"].is_true(),
        stdin_once: spec["stdinOnce"].is_true(),
        memory_limit: bytes(&resources["limits"]["memory"]),
        cpu_limit: millis(&resources["limits"]["cpu"]),
        cpu_request: millis(&resources["requests"]["cpu"]).unwrap_or(0),
        oom_score_adj: oom_score(pod, &resources),
        target: target.and_then(|t| pod.seen.find(t)).map(|s| s.id),
        ..ContainerConfig::default()
    })
}

/// The rights that a container is given; the seccomp profile may be the pod's.
fn security(own: &Value, of_pod: &Value) -> Security {
    let names = |v: &Value| v.items().iter().map(Value::text).collect();
    // The container's own profile, or the pod's.
    let profile = |field: &str| [own, of_pod].map(|c| &c[field]).into_iter().find(|p| p.is_some());
    let kind = |field: &str| profile(field).map_or("", |p| p["type"].str());
    let local = |field: &str| match kind(field) {
        "Localhost" => profile(field).map_or("", |p| p["localhostProfile"].str()),
        _ => "",
    };
    let seccomp = match local("seccompProfile") {
        "" => Text::default(),
        path => Text::from(format!("{SECCOMP_DIR}/{path}")),
    };
    Security {
        privileged: own["privileged"].is_true(),
        add: names(own.at("capabilities.add")),
        drop: names(own.at("capabilities.drop")),
        no_new_privs: own["allowPrivilegeEscalation"].as_bool() == Some(false),
        filtered: matches!(kind("seccompProfile"), "RuntimeDefault" | "Localhost"),
        seccomp,
        apparmor: Text::from(local("appArmorProfile")),
    }
}

/// A list of texts with `$(VAR)` expanded.
fn texts(list: &Value, env: &[(Text, Text)]) -> Vec<Text> {
    let lookup = |name: &str| env.iter().rev().find(|(k, _)| *k == name).map(|(_, v)| v.to_string());
    list.items().iter().map(|v| Text::from(env::expand(v.str(), lookup))).collect()
}

/// A memory quantity in bytes; `None` if there is none.
pub fn bytes(v: &Value) -> Option<u64> {
    v.is_some().then(|| u64::try_from(Quantity::of(v).value()).unwrap_or(0)).filter(|b| *b > 0)
}

/// A processor quantity in thousandths; `None` if there is none.
pub fn millis(v: &Value) -> Option<u64> {
    v.is_some().then(|| u64::try_from(Quantity::of(v).milli_value()).unwrap_or(0)).filter(|m| *m > 0)
}

/// `runAsNonRoot` (pkg/kubelet/kuberuntime/security_context.go `verifyRunAsNonRoot`).
fn non_root(
    node: &Node,
    pod: &Pod,
    cx: &Cx<'_>,
    spec: &Value,
    user: Option<u32>,
    of_pod: &Value,
) -> Result<(), String> {
    let wanted = spec["securityContext"]["runAsNonRoot"].as_bool().or(of_pod["runAsNonRoot"].as_bool());
    if wanted != Some(true) {
        return Ok(());
    }
    let about = format!("pod: \"{}\", container: {}", pod.label(), spec["name"].str());
    match user {
        Some(0) => Err(format!("container's runAsUser breaks non-root policy ({about})")),
        Some(_) => Ok(()),
        None => {
            let image_user = cx.cri.image_user(node.cri, spec["image"].str()).unwrap_or_default();
            match image_user.as_str() {
                "" | "0" | "root" => {
                    Err(format!("container has runAsNonRoot and image will run as root ({about})"))
                }
                name if name.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
                name => Err(format!(
                    "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root ({about})"
                )),
            }
        }
    }
}

/// `oom_score_adj` (pkg/kubelet/qos/policy.go).
fn oom_score(pod: &Pod, resources: &Value) -> i32 {
    const GUARANTEED: i32 = -997;
    const BEST_EFFORT: i32 = 1000;
    /// The node's memory of the recorded cluster; the score is a share of it in thousandths.
    const NODE_MEMORY: u64 = 24_684_084 * 1024;
    match qos_class(&pod.object["spec"]) {
        "Guaranteed" => GUARANTEED,
        "BestEffort" => BEST_EFFORT,
        _ => {
            let request = bytes(&resources["requests"]["memory"]).unwrap_or(0);
            let score = 1000 - (1000 * u128::from(request) / u128::from(NODE_MEMORY)) as i32;
            score.clamp(1000 + GUARANTEED, BEST_EFFORT - 1)
        }
    }
}
