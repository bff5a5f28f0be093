//! A real cluster as a scenario: what `kubectl get nodes,deployments,… -o yaml` printed.
//!
//! Nodes become the scenario's nodes; everything else becomes a manifest to be applied, without what only
//! the real cluster knows (uids, revisions, status, addresses). Objects that controllers make by themselves
//! (pods of a ReplicaSet, EndpointSlices, events …) and the cluster's own namespaces are left out.

use super::format::{ClusterSpec, FormatError, NodeSpec, Scenario};
use crate::api::Value;
use crate::api::yaml::{self, Limits};
use crate::collections::BTreeMap;

/// The file that holds the imported manifests.
pub const FILE: &str = "imported.yaml";
/// Kinds that a cluster makes by itself or that are not state to be declared.
const MADE: &[&str] = &[
    "ControllerRevision",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "Lease",
    "CSINode",
    "ComponentStatus",
    "Node",
    "NodeMetrics",
    "PodMetrics",
];
/// Namespaces that every cluster has of its own.
const OWN: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];
/// What the API server or a controller writes into objects.
const WRITTEN: &[&str] = &[
    "status",
    "metadata.uid",
    "metadata.resourceVersion",
    "metadata.generation",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "metadata.deletionGracePeriodSeconds",
    "metadata.managedFields",
    "metadata.selfLink",
    "metadata.ownerReferences",
    "metadata.finalizers",
];
/// Annotations of tools and controllers.
const NOTES: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
];
/// Labels that every node gets by itself.
const NODE_LABELS: &[&str] = &[
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "node-role.kubernetes.io/control-plane",
    "node.kubernetes.io/exclude-from-external-load-balancers",
];
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// Whether a text looks like what `kubectl get … -o yaml` prints rather than like manifests.
pub fn looks_real(text: &str) -> bool {
    let documents = yaml::read_documents(text, Limits::default());
    documents
        .iter()
        .flatten()
        .flat_map(|d| flat(&d.value))
        .any(|o| !o.at("metadata.resourceVersion").is_empty())
}

/// The scenario of what a real cluster printed.
///
/// # Errors
/// Says which document cannot be read, or that there is nothing to import.
pub fn import(text: &str) -> Result<Scenario, FormatError> {
    let mut nodes = Vec::new();
    let mut manifests = Vec::new();
    let mut namespaces = Vec::new();
    for document in yaml::read_documents(text, Limits::default()) {
        let document = document.map_err(|e| FormatError(e.to_string()))?;
        for object in flat(&document.value) {
            match object["kind"].str() {
                "Node" => nodes.push(node(object, nodes.len())),
                "Namespace" => namespaces.extend(namespace(object)),
                _ => manifests.extend(manifest(object)),
            }
        }
    }
    if nodes.is_empty() && manifests.is_empty() {
        return Err(FormatError("there is nothing in it that could be imported".into()));
    }
    let mut cluster = ClusterSpec { namespaces, ..ClusterSpec::default() };
    if !nodes.is_empty() {
        let (mut first, rest): (Vec<NodeSpec>, Vec<NodeSpec>) =
            nodes.into_iter().partition(|n| n.control_plane);
        first.extend(rest);
        cluster.nodes = first;
    }
    let mut files = BTreeMap::new();
    if !manifests.is_empty() {
        files.insert(FILE.to_string(), manifests.join("---\n"));
    }
    Scenario { cluster, files, ..Scenario::default() }.checked()
}

/// An object, or the items of a List.
fn flat(value: &Value) -> Vec<&Value> {
    if value["kind"].str().ends_with("List") && value["items"].as_list().is_some() {
        value["items"].items().iter().collect()
    } else {
        vec![value]
    }
}

fn node(object: &Value, number: usize) -> NodeSpec {
    let default = NodeSpec::default();
    let capacity = object.at("status.capacity");
    let amount = |key: &str, otherwise: String| match &capacity[key] {
        v if v.as_int().is_some() => v.int_or(0).to_string(),
        v if v.str().is_empty() => otherwise,
        v => v.str().to_string(),
    };
    let address = object.at("status.addresses").find("type", "InternalIP")["address"].str();
    let labels = object.at("metadata.labels");
    let own = labels.entries().filter(|(k, _)| !NODE_LABELS.contains(&k.as_str()));
    let taint = |t: &Value| format!("{}={}:{}", t["key"].str(), t["value"].str(), t["effect"].str());
    let kept =
        |t: &&Value| t["key"].str() != CONTROL_PLANE && !t["key"].str().starts_with("node.kubernetes.io/");
    NodeSpec {
        name: object.at("metadata.name").str().to_string(),
        ip: if address.is_empty() { format!("192.168.10.{}", 11 + number) } else { address.to_string() },
        pod_cidr: match object.at("spec.podCIDR").str() {
            "" => format!("10.224.{number}.0/24"),
            range => range.to_string(),
        },
        control_plane: labels.get(CONTROL_PLANE).as_str().is_some(),
        cpu: amount("cpu", default.cpu),
        memory: amount("memory", default.memory),
        ephemeral_storage: amount("ephemeral-storage", default.ephemeral_storage),
        pods: amount("pods", String::new()).parse().unwrap_or(default.pods),
        labels: own.map(|(k, v)| (k.to_string(), v.str().to_string())).collect(),
        taints: object.at("spec.taints").items().iter().filter(kept).map(taint).collect(),
        images: None,
    }
}

fn namespace(object: &Value) -> Option<String> {
    let name = object.at("metadata.name").str();
    (name != "default" && !OWN.contains(&name)).then(|| name.to_string())
}

fn manifest(object: &Value) -> Option<String> {
    let kind = object["kind"].str();
    let name = object.at("metadata.name").str();
    let owned = object.at("metadata.ownerReferences").items().iter().any(|o| o["controller"].is_true());
    let standard = matches!(
        (kind, name),
        ("Service", "kubernetes") | ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default")
    );
    let foreign = OWN.contains(&object.at("metadata.namespace").str()) || name.is_empty() || kind.is_empty();
    if MADE.contains(&kind) || owned || standard || foreign {
        return None;
    }
    let mut value = object.clone();
    for path in WRITTEN {
        value.remove(path);
    }
    if let Some(notes) = value.at("metadata.annotations").as_map() {
        let mut notes = notes.clone();
        for note in NOTES {
            notes.remove(note);
        }
        if notes.is_empty() {
            value.remove("metadata.annotations");
        } else {
            value.set("metadata.annotations", Value::from(notes));
        }
    }
    for path in ["spec.clusterIP", "spec.clusterIPs", "spec.volumeName", "spec.nodeName"] {
        if value.at(path).str() != "None" {
            value.remove(path);
        }
    }
    Some(yaml::print(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: cp, resourceVersion: '7', labels: {node-role.kubernetes.io/control-plane: '', disk: ssd, kubernetes.io/os: linux}}
  spec: {podCIDR: 10.9.0.0/24, taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}, {key: gpu, value: 'yes', effect: NoExecute}]}
  status: {capacity: {cpu: '4', memory: 8Gi, pods: '50'}, addresses: [{type: InternalIP, address: 172.18.0.2}]}
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop, uid: u, resourceVersion: '9', annotations: {deployment.kubernetes.io/revision: '1'}}
  spec: {replicas: 2}
  status: {replicas: 2}
";

    #[test]
    fn nodes_become_the_scenarios_and_the_rest_manifests() {
        assert!(looks_real(REAL));
        let scenario = import(REAL).expect("readable");
        let node = &scenario.cluster.nodes[0];
        assert_eq!(
            (node.name.as_str(), node.ip.as_str(), node.cpu.as_str(), node.pods),
            ("cp", "172.18.0.2", "4", 50)
        );
        assert_eq!(node.labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["disk=ssd"]);
        assert_eq!(node.taints, ["gpu=yes:NoExecute"]);
        let file = scenario.files.get(FILE).expect("a file");
        assert_eq!(
            file,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  replicas: 2\n"
        );
    }

    #[test]
    fn manifests_of_ones_own_are_no_import() {
        assert!(!looks_real("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"));
        assert_eq!(
            import("kind: Event\n").map_err(|e| e.0),
            Err("there is nothing in it that could be imported".into())
        );
    }
}
