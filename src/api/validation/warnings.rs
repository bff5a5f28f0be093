//! Warnings: what the API server accepts with a raised finger (pkg/api/pod/warnings.go and others).

use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value, names};

/// The warnings that come with the answer to a create or update.
pub fn warnings(object: &Object) -> Vec<Text> {
    let mut found = vec![];
    match object.kind {
        Kind::CRD => return crate::api::custom::warnings(object),
        Kind::POD => pod(&object["spec"], "spec", object.name(), &mut found),
        Kind::DEPLOYMENT
        | Kind::REPLICA_SET
        | Kind::DAEMON_SET
        | Kind::STATEFUL_SET
        | Kind::JOB
        | Kind::REPLICATION_CONTROLLER => {
            pod(object.at("spec.template.spec"), "spec.template.spec", "", &mut found);
        }
        Kind::CRON_JOB => {
            let path = "spec.jobTemplate.spec.template.spec";
            pod(object.at(path), path, "", &mut found);
        }
        Kind::SERVICE if !object.at("spec.externalIPs").is_empty() => {
            found.push(
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters".into(),
            );
        }
        _ => {}
    }
    found.into_iter().map(Text::from).collect()
}

fn pod(spec: &Value, path: &str, name: &str, found: &mut Vec<String>) {
    let complaints = names::dns_label(name);
    if !name.is_empty() && !complaints.is_empty() {
        found.push(format!(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
            complaints.join(" ")
        ));
    }
    for (key, _) in spec["nodeSelector"].entries() {
        if let Some(instead) = deprecated_label(key) {
            found.push(format!("{path}.nodeSelector[{key}]: {instead}"));
        }
    }
    for (i, alias) in spec["hostAliases"].items().iter().enumerate() {
        let earlier = spec["hostAliases"].items()[..i].iter().position(|a| a["ip"] == alias["ip"]);
        if let Some(j) = earlier {
            found.push(format!("{path}.hostAliases[{i}].ip: duplicates spec.hostAliases[{j}].ip"));
        }
    }
    for (i, volume) in spec["volumes"].items().iter().enumerate() {
        for (source, since) in DEPRECATED_VOLUMES.iter().filter(|(source, _)| volume[*source].is_some()) {
            found.push(format!("{path}.volumes[{i}].{source}: deprecated in {since}"));
        }
    }
    for (i, secret) in spec["imagePullSecrets"].items().iter().enumerate() {
        if secret["name"].str().is_empty() {
            found.push(format!("{path}.imagePullSecrets[{i}].name: invalid empty name \"\""));
        }
    }
    for list in ["initContainers", "containers"] {
        for (i, c) in spec[list].items().iter().enumerate() {
            container(c, &format!("{path}.{list}[{i}]"), found);
        }
    }
    ports(spec, path, found);
}

/// Sources of volumes that are on their way out, and since when.
const DEPRECATED_VOLUMES: &[(&str, &str)] = &[
    ("photonPersistentDisk", "v1.11, non-functional in v1.16+"),
    ("gitRepo", "v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "v1.16, non-functional in v1.22+"),
    ("flocker", "v1.22, non-functional in v1.25+"),
    ("storageos", "v1.22, non-functional in v1.25+"),
    ("quobyte", "v1.22, non-functional in v1.25+"),
    ("glusterfs", "v1.25, non-functional in v1.26+"),
    ("cephfs", "v1.28, non-functional in v1.31+"),
    ("rbd", "v1.28, non-functional in v1.31+"),
];

fn deprecated_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

fn container(c: &Value, path: &str, found: &mut Vec<String>) {
    for list in ["limits", "requests"] {
        for name in ["memory", "ephemeral-storage"] {
            let value = &c["resources"][list][name];
            if value.is_some() && Quantity::of(value).nano % 1_000_000_000 != 0 {
                let shown = value.as_str().map_or_else(|| Quantity::of(value).to_string(), String::from);
                found.push(format!(
                    "{path}.resources.{list}[{name}]: fractional byte value \"{shown}\" is invalid, must be an integer"
                ));
            }
        }
    }
    let env = c["env"].items();
    for (i, var) in env.iter().enumerate() {
        let name = var["name"].str();
        if let Some(j) = env[..i].iter().position(|v| v["name"].str() == name) {
            // A variable that builds on its earlier self is meant.
            if !var["value"].str().contains(&format!("$({name})")) {
                found.push(format!("{path}.env[{i}]: hides previous definition of \"{name}\", which may be dropped when using apply"));
            }
            let _ = j;
        }
    }
}

/// Ports of the same number and protocol, in one container or across containers.
fn ports(spec: &Value, path: &str, found: &mut Vec<String>) {
    let containers = spec["containers"].items();
    let all: Vec<(usize, usize, &Value)> = containers
        .iter()
        .enumerate()
        .flat_map(|(i, c)| c["ports"].items().iter().enumerate().map(move |(j, p)| (i, j, p)))
        .collect();
    for (n, (i, j, port)) in all.iter().enumerate() {
        let same = |p: &Value| {
            p["containerPort"] == port["containerPort"]
                && p["protocol"] == port["protocol"]
                && p["hostPort"] == port["hostPort"]
                && p["hostIP"] == port["hostIP"]
        };
        if let Some((a, b, _)) = all[..n].iter().find(|(_, _, p)| same(p)) {
            found.push(format!(
                "{path}.containers[{i}].ports[{j}]: duplicate port definition with {path}.containers[{a}].ports[{b}]"
            ));
        }
    }
}
