//! The scenario format, version 1: everything that makes a run, as plain data.
//!
//! A scenario is a cluster, a seed and a log of what was done when; running it again gives the same bytes.
//! Files are YAML (`podlab run FILE`), links carry the same as compressed JSON. Unknown fields are errors,
//! so that a newer scenario is refused rather than misread.

use crate::collections::BTreeMap;
use serde::{Deserialize, Serialize};

/// The version that this build writes.
pub const VERSION: u32 = 1;

/// How far from the start a scenario may stand or do something: 7 days, which take seconds to run.
pub const REACH: u64 = 7 * 86_400 * 1_000_000;
/// Kubernetes' documented limit of nodes.
pub const NODES: usize = 5_000;
/// How many images of its own a scenario may have.
const IMAGES: usize = 500;
/// How long texts that name things may be, in bytes.
const NAME: usize = 253;

/// A scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// The format's version; [`VERSION`].
    pub podlab: u32,
    /// A title for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The cluster.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// Files in the workstation's home directory (or by absolute path) at the start.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// What happened before the visitor came: command lines, `wait SPAN` and `fault …`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
    /// Requests that are sent to Services from the end of the setup on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traffic: Vec<TrafficSpec>,
    /// The lesson that this run belongs to: the name of one that the page holds, or a lesson's whole text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lesson: String,
    /// What was done, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogEntry>,
    /// Where the run stands, in microseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub position: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A cluster to be built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ClusterSpec {
    /// The seed of everything random.
    pub seed: u64,
    /// Wall time of the start, RFC 3339.
    pub start: String,
    /// The nodes; the first is the workstation's machine.
    pub nodes: Vec<NodeSpec>,
    /// Images that are added to the catalogue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageSpec>,
    /// Registry.
    pub registry: RegistrySpec,
    /// Namespaces that exist at the start beside the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// The default namespace of the kubectl context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Settings.
    pub settings: Settings,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: String,
    /// The range of its pods' addresses.
    #[serde(rename = "podCIDR")]
    pub pod_cidr: String,
    /// `node-role.kubernetes.io/control-plane` label and taint.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub control_plane: bool,
    /// Processors, a quantity.
    pub cpu: String,
    /// Memory, a quantity.
    pub memory: String,
    /// Local disk, a quantity.
    pub ephemeral_storage: String,
    /// How many pods fit.
    pub pods: u32,
    /// Further labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Taints as `key=value:Effect`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<String>,
    /// Images that are present from the start; `None`: the registry preset's usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
}

impl Default for NodeSpec {
    fn default() -> Self {
        NodeSpec {
            name: String::new(),
            ip: String::new(),
            pod_cidr: String::new(),
            control_plane: false,
            cpu: "2".into(),
            memory: "24684084Ki".into(),
            ephemeral_storage: "264212084Ki".into(),
            pods: 110,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            images: None,
        }
    }
}

/// An image of the scenario's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ImageSpec {
    /// Its name with tag, e.g. `registry.example/shop/api:v2`.
    pub name: String,
    /// The catalogue image that it is built on; `busybox` if empty.
    pub from: String,
    /// Size in bytes; the base's if 0.
    pub size: u64,
    /// A shell script that becomes the entrypoint; empty keeps the base's.
    pub script: String,
    /// Files to be added.
    pub files: BTreeMap<String, String>,
    /// Environment to be added.
    pub env: BTreeMap<String, String>,
    /// Ports that it exposes.
    pub ports: Vec<u16>,
    /// Seconds before the entrypoint begins its work.
    pub start_delay: f64,
}

/// Requests that are sent to a Service, as `traffic start` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TrafficSpec {
    /// The Service; requests wait until it is there.
    pub service: String,
    /// Its namespace; the context's if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Requests in a second; 5 if 0.
    #[serde(skip_serializing_if = "is_nothing")]
    pub rate: f64,
    /// What is asked for; `/` if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The Service's port, by number or name; its first if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub port: String,
    /// A node, `pod/NAME` or `outside`; the workstation's node if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// How long an answer may take, e.g. `500ms`; `1s` if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub timeout: String,
}

fn is_nothing(n: &f64) -> bool {
    *n == 0.0
}

impl TrafficSpec {
    /// The words that `traffic start` would be given.
    pub fn words(&self) -> Vec<String> {
        let rate = if is_nothing(&self.rate) { String::new() } else { self.rate.to_string() };
        let flags = [
            ("--namespace", &self.namespace),
            ("--rate", &rate),
            ("--path", &self.path),
            ("--port", &self.port),
            ("--from", &self.from),
            ("--timeout", &self.timeout),
        ];
        let given = flags.into_iter().filter(|(_, value)| !value.is_empty());
        std::iter::once(self.service.clone()).chain(given.map(|(f, v)| format!("{f}={v}"))).collect()
    }
}

/// The registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RegistrySpec {
    /// `internet` (popular public images) or `lab` (the course's private registry only).
    pub preset: String,
    /// Bytes per second of a pull.
    pub bytes_per_second: u64,
}

impl Default for RegistrySpec {
    fn default() -> Self {
        // A 22.9 MB image took 0.49 s on the recorded cluster.
        RegistrySpec { preset: "internet".into(), bytes_per_second: 50_000_000 }
    }
}

/// Switches of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// cgroup v2 (an OOM kill takes the whole container) or 1 (a single process).
    pub cgroup_version: u8,
    /// Whether cluster DNS answers.
    pub dns: bool,
    /// Whether a metrics server runs (`kubectl top`).
    pub metrics_server: bool,
    /// Whether `kubectl exec POD CMD` without `--` works, as in the course's 1.18.
    pub legacy_exec: bool,
    /// Whether services of type LoadBalancer get an address.
    pub load_balancer: bool,
    /// Whether all nodes share one machine, so that starting pods on one slows the others, too.
    pub shared_machine: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            cgroup_version: 2,
            dns: true,
            metrics_server: false,
            legacy_exec: false,
            load_balancer: false,
            shared_machine: false,
        }
    }
}

impl Default for ClusterSpec {
    /// The default cluster: master01 and worker01–03, as in the course.
    fn default() -> Self {
        let node = |i: u32| NodeSpec {
            name: if i == 0 { "master01".into() } else { format!("worker0{i}") },
            ip: format!("192.168.10.{}", 11 + i),
            pod_cidr: format!("10.224.{i}.0/24"),
            control_plane: i == 0,
            ..NodeSpec::default()
        };
        ClusterSpec {
            seed: 1,
            start: "2026-11-23T08:00:00Z".into(),
            nodes: (0..4).map(node).collect(),
            images: Vec::new(),
            registry: RegistrySpec::default(),
            namespaces: Vec::new(),
            namespace: String::new(),
            settings: Settings::default(),
        }
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            podlab: VERSION,
            title: String::new(),
            cluster: ClusterSpec::default(),
            files: BTreeMap::new(),
            setup: Vec::new(),
            traffic: Vec::new(),
            lesson: String::new(),
            log: Vec::new(),
            position: 0,
        }
    }
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// When, in microseconds since the start.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub input: Input,
}

/// What can be done to a cluster from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    /// A terminal was opened; terminals are numbered from 0 in order of opening.
    Open(u32),
    /// A line was typed into a terminal (with Enter).
    Line(u32, String),
    /// Keys were typed without Enter (raw terminals).
    Keys(u32, String),
    /// Ctrl-C.
    Interrupt(u32),
    /// Ctrl-D.
    Eof(u32),
    /// A file of the workstation was written by the page's editor.
    File(String, String),
    /// A file of the workstation was removed by the page.
    Remove(String),
    /// The editor that a terminal's program opened was closed: the text if saved, else nothing.
    Edited(u32, Option<String>),
    /// A fault, as the command that injects it.
    Fault(String),
    /// Traffic to a Service begins or ends, as the words behind `traffic` say it.
    Traffic(String),
}

/// Why a scenario cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct FormatError(pub String);

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// Says the place and what is wrong there.
    pub fn from_yaml(text: &str) -> Result<Scenario, FormatError> {
        let scenario: Scenario = serde_yaml::from_str(text).map_err(|e| FormatError(e.to_string()))?;
        scenario.checked()
    }

    /// The scenario as a file.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(self).expect("a scenario is plain data")
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Says which field is wrong and what it may be.
    pub fn checked(self) -> Result<Scenario, FormatError> {
        let wrong = |text: String| Err(FormatError(text));
        if self.podlab != VERSION {
            return wrong(format!(
                "podlab: this scenario has version {}, this build reads version {VERSION}",
                self.podlab
            ));
        }
        let c = &self.cluster;
        if crate::time::parse_rfc3339(&c.start).is_none() {
            return wrong(format!("cluster.start: \"{}\" is not a time like 2026-11-23T08:00:00Z", c.start));
        }
        if c.nodes.is_empty() {
            return wrong("cluster.nodes: at least one node is needed: the workstation's machine".into());
        }
        if c.nodes.len() > NODES {
            return wrong(format!("cluster.nodes: at most {NODES}"));
        }
        if c.images.len() > IMAGES || c.namespaces.len() > IMAGES {
            return wrong(format!("cluster.images and cluster.namespaces: at most {IMAGES} each"));
        }
        if self.position > REACH {
            return wrong("position: at most 7 days after the start".into());
        }
        if let Some(i) = self.log.iter().position(|e| e.at > REACH) {
            return wrong(format!("log[{i}].at: at most 7 days after the start"));
        }
        for (i, n) in c.nodes.iter().enumerate() {
            if n.name.len() > NAME || n.ip.len() > NAME || n.pod_cidr.len() > NAME {
                return wrong(format!("cluster.nodes[{i}]: names and addresses have at most {NAME} bytes"));
            }
            if n.name.is_empty() || n.ip.is_empty() {
                return wrong(format!("cluster.nodes[{i}]: name and ip are needed"));
            }
            if c.nodes[..i].iter().any(|m| m.name == n.name) {
                return wrong(format!("cluster.nodes[{i}].name: \"{}\" is used twice", n.name));
            }
        }
        if !matches!(c.settings.cgroup_version, 1 | 2) {
            return wrong(format!(
                "cluster.settings.cgroupVersion: {} is neither 1 nor 2",
                c.settings.cgroup_version
            ));
        }
        if !matches!(c.registry.preset.as_str(), "internet" | "lab") {
            return wrong(format!(
                "cluster.registry.preset: \"{}\" is neither internet nor lab",
                c.registry.preset
            ));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_file_reads_back_as_it_was_written() {
        let mut s = Scenario { title: "demo".into(), ..Scenario::default() };
        s.log.push(LogEntry { at: 1_000_000, input: Input::Line(0, "kubectl get pods".into()) });
        s.log.push(LogEntry { at: 2_000_000, input: Input::Edited(0, None) });
        assert_eq!(Scenario::from_yaml(&s.to_yaml()), Ok(s));
    }

    #[test]
    fn mistakes_in_a_scenario_are_named_with_their_place() {
        let error = |text: &str| Scenario::from_yaml(text).expect_err("wrong").0;
        assert_eq!(error("podlab: 2"), "podlab: this scenario has version 2, this build reads version 1");
        assert!(
            error("podlab: 1\nnodes: 3").starts_with("unknown field `nodes`"),
            "{}",
            error("podlab: 1\nnodes: 3")
        );
        assert_eq!(
            error("podlab: 1\ncluster: {registry: {preset: mars}}"),
            "cluster.registry.preset: \"mars\" is neither internet nor lab"
        );
    }
}
