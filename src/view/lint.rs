//! What is allowed in a manifest and yet most likely wrong: an image that no registry has, a selector that
//! matches nothing, a probe of a port that nobody listens on, memory in thousandths of a byte.
//!
//! What the API server refuses is not looked for here: `check` asks the API server itself.

use crate::api::quantity::Quantity;
use crate::api::yaml::{self, Document, Limits};
use crate::api::{Kind, Value};
use crate::cluster::Cluster;
use serde::Serialize;

/// How many findings are shown.
const SHOWN: usize = 50;
/// Where pod specs stand in the kinds that have one; the labels of their pods stand beside them.
const POD_SPECS: &[(&str, &str)] = &[
    ("Pod", ""),
    ("Deployment", "spec.template"),
    ("ReplicaSet", "spec.template"),
    ("DaemonSet", "spec.template"),
    ("StatefulSet", "spec.template"),
    ("Job", "spec.template"),
    ("ReplicationController", "spec.template"),
    ("CronJob", "spec.jobTemplate.spec.template"),
];

/// A finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1.
    pub column: u32,
    /// `image.unknown`, `selector.none`, `probe.port`, `probe.name` or `memory.milli`.
    pub rule: &'static str,
    /// The value that is most likely wrong.
    pub value: String,
}

/// What is most likely wrong in a manifest.
pub fn lint(cluster: &Cluster, text: &str) -> Vec<Finding> {
    let documents: Vec<Document> =
        yaml::read_documents(text, Limits::default()).into_iter().flatten().collect();
    let mut found = Vec::new();
    for document in &documents {
        let kind = document.value["kind"].str();
        if let Some((_, at)) = POD_SPECS.iter().find(|(k, _)| *k == kind) {
            pod_spec(cluster, document, &join(at, "spec"), &mut found);
        } else if kind == "Service" {
            selector(cluster, document, &documents, &mut found);
        }
    }
    found.truncate(SHOWN);
    found
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_string() } else { format!("{path}.{field}") }
}

fn add(found: &mut Vec<Finding>, document: &Document, path: &str, rule: &'static str, value: &str) {
    let (line, column) = document.find(path);
    found.push(Finding { line: line + 1, column: column + 1, rule, value: value.to_string() });
}

fn pod_spec(cluster: &Cluster, document: &Document, at: &str, found: &mut Vec<Finding>) {
    for list in ["initContainers", "containers"] {
        for (i, container) in document.value.at(at).get(list).items().iter().enumerate() {
            let path = format!("{at}.{list}[{i}]");
            let image = container["image"].str();
            let known = cluster.runtime.registry_image(image);
            if !image.is_empty() && known.is_err() {
                add(found, document, &format!("{path}.image"), "image.unknown", image);
            }
            let ports = known.map(|i| i.ports).unwrap_or_default();
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                for action in ["httpGet", "tcpSocket"] {
                    let place = format!("{path}.{probe}.{action}.port");
                    let port = container[probe][action].get("port");
                    probed(document, container, &ports, (&place, port), found);
                }
            }
            for amount in ["requests", "limits"] {
                let memory = container["resources"][amount].get("memory");
                if memory.str().ends_with('m') && Quantity::of(memory).value() < 1 << 20 {
                    let place = format!("{path}.resources.{amount}.memory");
                    add(found, document, &place, "memory.milli", memory.str());
                }
            }
        }
    }
}

/// With a command of its own nobody knows where a container listens, unless it says so.
fn probed(
    document: &Document,
    container: &Value,
    image: &[u16],
    at: (&str, &Value),
    found: &mut Vec<Finding>,
) {
    let (place, port) = at;
    let declared = container["ports"].items();
    if let Some(number) = port.as_int() {
        let told = declared.iter().any(|p| p["containerPort"].as_int() == Some(number));
        let silent = !container["command"].is_empty() || !container["args"].is_empty();
        let listens = image.iter().any(|p| i64::from(*p) == number);
        let unknowable = silent && declared.is_empty();
        if !told && !listens && !unknowable {
            add(found, document, place, "probe.port", &number.to_string());
        }
    } else if let Some(name) = port.as_str()
        && !declared.iter().any(|p| p["name"].str() == name)
    {
        add(found, document, place, "probe.name", name);
    }
}

fn selector(cluster: &Cluster, document: &Document, all: &[Document], found: &mut Vec<Finding>) {
    let selector = document.value.at("spec.selector");
    let namespace = match document.value.at("metadata.namespace").str() {
        "" => "default",
        name => name,
    };
    if selector.is_empty() {
        return;
    }
    let fits = |labels: &Value| selector.entries().all(|(k, v)| labels.get(k).str() == v.str());
    let here = |d: &Document| {
        let at = POD_SPECS.iter().find(|(k, _)| *k == d.value["kind"].str());
        at.is_some_and(|(_, at)| fits(d.value.at(&join(at, "metadata.labels"))))
    };
    let there = cluster.api.list(Kind::POD, Some(namespace)).any(|p| fits(p.at("metadata.labels")));
    if !there && !all.iter().any(here) {
        let pairs: Vec<String> = selector.entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
        add(found, document, "spec.selector", "selector.none", &pairs.join(","));
    }
}

#[cfg(test)]
mod tests {
    use super::lint;
    use crate::cluster::Cluster;
    use crate::scenario::format::ClusterSpec;

    fn findings(text: &str) -> Vec<(u32, &'static str, String)> {
        let cluster = Cluster::new(&ClusterSpec::default()).expect("the default cluster");
        lint(&cluster, text).into_iter().map(|f| (f.line, f.rule, f.value)).collect()
    }

    #[test]
    fn an_unknown_image_an_unheard_port_and_thousandths_of_bytes_are_found_at_their_lines() {
        let text = "kind: Pod\nspec:\n  containers:\n  - name: a\n    image: nginx:1.14.22\n  - name: b\n    image: nginx\n    \
                    livenessProbe:\n      httpGet:\n        port: 8080\n    resources:\n      limits:\n        memory: 200m\n";
        let expected =
            [(5, "image.unknown", "nginx:1.14.22"), (10, "probe.port", "8080"), (13, "memory.milli", "200m")];
        assert_eq!(findings(text), expected.map(|(l, r, v)| (l, r, v.to_string())));
    }

    #[test]
    fn a_selector_must_match_a_pod_of_the_cluster_or_of_the_text() {
        let service = "kind: Service\nspec:\n  selector:\n    app: web\n";
        assert_eq!(findings(service), [(3, "selector.none", "app=web".to_string())]);
        let both = format!("{service}---\nkind: Pod\nmetadata:\n  labels:\n    app: web\n");
        assert_eq!(findings(&both), []);
    }
}
