//! A cluster as one finds it: nodes that have been up for a while, the system's namespaces and objects, and
//! the workstation with its kubeconfig.

use super::{Cluster, faults, jobs, network, streams};
use crate::agenda::Agenda;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::controllers::Controllers;
use crate::cri::NodeConfig;
use crate::kubelet::{Kubelet, NodeSettings};
use crate::os::{CLUSTER_DNS, Settings, World};
use crate::rng::Rng;
use crate::scenario::format::{ClusterSpec, FormatError, NodeSpec};
use crate::scheduler::Scheduler;
use crate::time::{Epoch, Span, Time, parse_rfc3339};
use crate::trace::Cause;
use crate::{list, map};
use std::rc::Rc;

/// How long the cluster has been up when a scenario starts (the recorded one: 43 minutes).
const UPTIME: Span = Span::secs(43 * 60);
/// The largest machines that clouds rent out have fewer.
pub(super) const MOST_CPUS: u64 = 1_024;
/// Where the API server listens.
pub const SERVER: &str = "https://192.168.10.10:6443";

pub(super) fn build(spec: &ClusterSpec) -> Result<Cluster, FormatError> {
    let Some(start) = parse_rfc3339(&spec.start) else {
        return Err(FormatError(format!("cluster.start: \"{}\" is not a time", spec.start)));
    };
    let epoch = Epoch(start);
    // Where all nodes share a machine, the scheduler bears that machine's name.
    let host = match spec.nodes.first() {
        Some(node) if !spec.settings.shared_machine => Text::from(&node.name),
        _ => Text::lit("vm"),
    };
    let mut cluster = Cluster {
        now: Time::ZERO,
        api: ApiServer::new(spec.seed, epoch),
        world: World::new(
            Settings {
                seed: spec.seed,
                epoch,
                cgroup_v1: spec.settings.cgroup_version == 1,
                ..Settings::default()
            },
            super::programs::load,
        ),
        runtime: super::programs::runtime(spec),
        scheduler: Scheduler::new(spec.seed, host),
        controllers: Controllers::new(spec.seed)
            .with_cloud(spec.settings.load_balancer)
            .with_metrics(spec.settings.metrics_server),
        kubelets: Vec::new(),
        node_index: BTreeMap::new(),
        agenda: Agenda::new(),
        cursors: [0; 3],
        metrics: spec.settings.metrics_server.then(super::metrics::Metrics::default),
        network: network::Network::default(),
        streams: streams::Streams::default(),
        jobs: jobs::Jobs::default(),
        broken: faults::Broken::default(),
        traffic: crate::traffic::Traffic::default(),
        reasons: super::requests::Reasons::default(),
        command: Cause::START,
        spec: Rc::new(spec.clone()),
    };
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(&mut cluster, Kind::NAMESPACE, map! { "metadata" => map! { "name" => name } })?;
    }
    for name in &spec.namespaces {
        create(&mut cluster, Kind::NAMESPACE, map! { "metadata" => map! { "name" => name } })?;
    }
    let all: Vec<Text> = cluster.api.list(Kind::NAMESPACE, None).map(|n| Text::from(n.name())).collect();
    for namespace in &all {
        furnish(&mut cluster, namespace)?;
    }
    system_objects(&mut cluster)?;
    for (i, node) in spec.nodes.iter().enumerate() {
        add_node(&mut cluster, i, node)?;
    }
    super::roles::create(&mut cluster)?;
    super::roles::create_services(&mut cluster)?;
    workstation(&mut cluster);
    cluster.spread_proxies();
    cluster.world.net.dns.answers = spec.settings.dns;
    // The name server knows itself, though the Service in front of it is left out.
    let own = Text::lit("kube-dns.kube-system.svc.cluster.local");
    cluster.world.net.dns.names.insert(own, vec![Text::lit(CLUSTER_DNS)]);
    cluster.world.net.pod_prefix = pod_prefix(spec);
    cluster.settle();
    if spec.settings.metrics_server {
        cluster.agenda.set(Time::ZERO + super::metrics::RESOLUTION, Cause::START, super::Due::Metrics);
    }
    Ok(cluster)
}

/// What the addresses of all pods begin with: the first two numbers of the first node's range.
fn pod_prefix(spec: &ClusterSpec) -> Text {
    let range = spec.nodes.first().map_or("", |n| n.pod_cidr.as_str());
    let numbers: Vec<&str> = range.splitn(3, '.').take(2).collect();
    if range.is_empty() { Text::default() } else { Text::from(format!("{}.", numbers.join("."))) }
}

/// Creates an object that has been there since before the scenario.
fn create(cluster: &mut Cluster, kind: Kind, value: Value) -> Result<Object, FormatError> {
    cluster.api.enter(Time::ZERO, Cause::START, Text::lit("scenario"));
    let made =
        cluster.api.create(Object::new(kind, value)).map_err(|s| FormatError(s.message.to_string()))?;
    let before = Epoch(cluster.api.epoch.0 - UPTIME.0 as i64).rfc3339(Time::ZERO);
    cluster.api.store.backdate(&made.key(), &before);
    Ok(cluster.api.store.get(&made.key()).cloned().unwrap_or(made))
}

/// The same, with a uid that is drawn elsewhere.
pub(super) fn create_aside(
    cluster: &mut Cluster,
    kind: Kind,
    value: Value,
    uids: &mut Rng,
) -> Result<Object, FormatError> {
    cluster.api.swap_uids(uids);
    let made = create(cluster, kind, value);
    cluster.api.swap_uids(uids);
    made
}

/// What controllers put into every namespace.
fn furnish(cluster: &mut Cluster, namespace: &Text) -> Result<(), FormatError> {
    let meta = |name: &'static str| map! { "name" => name, "namespace" => namespace };
    create(cluster, Kind::SERVICE_ACCOUNT, map! { "metadata" => meta("default") })?;
    let mut root = map! { "metadata" => meta("kube-root-ca.crt"), "data" => map! { "ca.crt" => CA } };
    root.slot("metadata.annotations").map_mut().insert(
        Text::lit("kubernetes.io/description"),
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as \
         the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of \
         Kubernetes clusters.",
    );
    create(cluster, Kind::CONFIG_MAP, root)?;
    Ok(())
}

/// A certificate's shape; nothing here speaks TLS.
const CA: &str = crate::controllers::CERTIFICATE;

fn system_objects(cluster: &mut Cluster) -> Result<(), FormatError> {
    for (name, value, about) in [
        (
            "system-cluster-critical",
            2_000_000_000_i64,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
        (
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
    ] {
        let class = map! {
            "metadata" => map! { "name" => name }, "value" => value, "description" => about,
            "preemptionPolicy" => "PreemptLowerPriority",
        };
        create(cluster, Kind::PRIORITY_CLASS, class)?;
    }
    let labels = map! { "component" => "apiserver", "provider" => "kubernetes" };
    let service = map! {
        "metadata" => map! { "name" => "kubernetes", "namespace" => "default", "labels" => labels },
        "spec" => map! {
            "clusterIP" => "10.96.0.1", "type" => "ClusterIP", "sessionAffinity" => "None",
            "internalTrafficPolicy" => "Cluster",
            "ports" => list![map! { "name" => "https", "port" => 443, "protocol" => "TCP", "targetPort" => 6443 }],
        },
    };
    create(cluster, Kind::SERVICE, service)?;
    let slice = map! {
        "metadata" => map! {
            "name" => "kubernetes", "namespace" => "default",
            "labels" => { let mut l = Value::map(); l.map_mut().insert(Text::lit("kubernetes.io/service-name"), "kubernetes"); l },
        },
        "addressType" => "IPv4",
        "endpoints" => list![map! { "addresses" => list!["192.168.10.10"], "conditions" => map! { "ready" => true } }],
        "ports" => list![map! { "name" => "https", "port" => 6443, "protocol" => "TCP" }],
    };
    create(cluster, Kind::ENDPOINT_SLICE, slice)?;
    let endpoints = map! {
        "metadata" => map! {
            "name" => "kubernetes", "namespace" => "default",
            "labels" => { let mut l = Value::map(); l.map_mut().insert(Text::lit("endpointslice.kubernetes.io/skip-mirror"), "true"); l },
        },
        "subsets" => list![map! {
            "addresses" => list![map! { "ip" => "192.168.10.10" }],
            "ports" => list![map! { "name" => "https", "port" => 6443, "protocol" => "TCP" }],
        }],
    };
    create(cluster, Kind::ENDPOINTS, endpoints)?;
    Ok(())
}

fn add_node(cluster: &mut Cluster, index: usize, node: &NodeSpec) -> Result<(), FormatError> {
    let kubelet = machine(cluster, node)
        .map_err(|(field, text)| FormatError(format!("cluster.nodes[{index}].{field}: {text}")))?;
    let mut object = kubelet.settings().object();
    let labels = object.slot("metadata").slot("labels");
    let mut taints = Value::list();
    if node.control_plane {
        labels.map_mut().insert(Text::lit("node-role.kubernetes.io/control-plane"), "");
        taints
            .list_mut()
            .push(map! { "key" => "node-role.kubernetes.io/control-plane", "effect" => "NoSchedule" });
    }
    for (key, value) in &node.labels {
        labels.map_mut().insert(key, value);
    }
    for (i, text) in node.taints.iter().enumerate() {
        taints.list_mut().push(taint(text).ok_or_else(|| {
            FormatError(format!(
                "cluster.nodes[{index}].taints[{i}]: \"{text}\" is not like key=value:NoSchedule"
            ))
        })?);
    }
    if !taints.is_empty() {
        object.set("spec.taints", taints);
    }
    create(cluster, Kind::NODE, object)?;
    let up_since = Epoch(cluster.api.epoch.0 - UPTIME.0 as i64).rfc3339(Time::ZERO);
    let status = kubelet.initial_status(&up_since, &cluster.runtime);
    let key = crate::api::object::Key::new(Kind::NODE, "", node.name.as_str());
    cluster.api.update_status(&key, status).map_err(|s| FormatError(s.message.to_string()))?;
    cluster.node_index.insert(Text::from(&node.name), index);
    cluster.kubelets.push(Rc::new(kubelet));
    cluster.with_kubelet(index, Cause::START, |k, env| k.start(env.api, env.world, env.runtime, env.timers));
    Ok(())
}

/// Sets up a machine with its runtime and makes its kubelet, or says which field of its specification is wrong,
/// and how.
pub(super) fn machine(cluster: &mut Cluster, node: &NodeSpec) -> Result<Kubelet, (&'static str, String)> {
    let amount = |field: &'static str, text: &str| {
        let parsed = Quantity::parse(text).map(|q| q.value().max(0) as u64);
        parsed.ok_or_else(|| (field, format!("\"{text}\" is not a quantity like 2 or 24Gi")))
    };
    let cpus = amount("cpu", &node.cpu)?;
    let config = NodeConfig {
        name: Text::from(&node.name),
        ip: Text::from(&node.ip),
        pod_cidr: Text::from(&node.pod_cidr),
        cpus: cpus.clamp(1, MOST_CPUS) as u32,
        memory: amount("memory", &node.memory)?,
        disk: amount("ephemeralStorage", &node.ephemeral_storage)?,
        images: super::programs::node_images(&cluster.spec, node),
    };
    let settings = NodeSettings {
        name: config.name.clone(),
        ip: config.ip.clone(),
        pod_cidr: config.pod_cidr.clone(),
        cpus: config.cpus,
        memory: config.memory,
        disk: config.disk,
        max_pods: node.pods,
        id: cluster.runtime.add_node(&mut cluster.world, config),
        ..NodeSettings::default()
    };
    Ok(Kubelet::new(&settings, cluster.spec.seed))
}

/// `key=value:Effect` or `key:Effect`.
pub(super) fn taint(text: &str) -> Option<Value> {
    let (pair, effect) = text.rsplit_once(':')?;
    if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
        return None;
    }
    let mut taint = map! { "effect" => effect };
    match pair.split_once('=') {
        Some((key, value)) => {
            taint.set("key", key);
            taint.set("value", value);
        }
        None => taint.set("key", pair),
    }
    Some(taint)
}

fn workstation(cluster: &mut Cluster) {
    let namespace = match cluster.spec.namespace.as_str() {
        "" => String::new(),
        ns => format!("    namespace: {ns}\n"),
    };
    let config = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: c2ltdWxhdGVk\n    server: {SERVER}\n  \
         name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n{namespace}    user: kubernetes-admin\n  \
         name: kubernetes-admin@kubernetes\ncurrent-context: kubernetes-admin@kubernetes\nkind: Config\nusers:\n\
         - name: kubernetes-admin\n  user:\n    client-certificate-data: c2ltdWxhdGVk\n    client-key-data: c2ltdWxhdGVk\n"
    );
    cluster.make_dir("/root/.kube");
    cluster.write_file("/root/.kube/config", config.as_bytes());
}
