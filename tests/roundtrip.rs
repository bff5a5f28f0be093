//! Every kind, many random objects: what `api::decode` makes of a JSON text equals what the Kubernetes client
//! library `k8s-openapi` makes of it, apart from empty fields, which Go leaves out by rules of its own.
//!
//! `cargo test --features oracle --test roundtrip`; `PODLAB_OBJECTS=1000` sets how many objects of a kind.

use k8s_openapi::api;
use podlab::api::schema::{Container, Field, Shape, Type};
use podlab::api::{Kind, Value, decode, json};
use podlab::rng::Rng;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Objects of each kind in a normal run.
const OBJECTS: u64 = 1_000;
/// How deep random objects are nested.
const DEPTH: usize = 9;

/// What the library reads and writes again.
fn oracle(kind: Kind, text: &str) -> Option<Result<Json, String>> {
    macro_rules! table {
        ($($kind:ident $($path:ident)::+;)*) => {
            match kind {
                $(Kind::$kind => {
                    let read: Result<$($path)::+, _> = serde_json::from_str(text);
                    Some(read.map_err(|e| e.to_string()).and_then(|o| serde_json::to_value(o).map_err(|e| e.to_string())))
                })*
                _ => None,
            }
        };
    }
    table! {
        CONFIG_MAP api::core::v1::ConfigMap; ENDPOINTS api::core::v1::Endpoints; EVENT api::core::v1::Event;
        LIMIT_RANGE api::core::v1::LimitRange; NAMESPACE api::core::v1::Namespace; NODE api::core::v1::Node;
        PERSISTENT_VOLUME_CLAIM api::core::v1::PersistentVolumeClaim;
        PERSISTENT_VOLUME api::core::v1::PersistentVolume; POD api::core::v1::Pod;
        POD_TEMPLATE api::core::v1::PodTemplate;
        REPLICATION_CONTROLLER api::core::v1::ReplicationController;
        RESOURCE_QUOTA api::core::v1::ResourceQuota; SECRET api::core::v1::Secret;
        SERVICE_ACCOUNT api::core::v1::ServiceAccount; SERVICE api::core::v1::Service;
        CONTROLLER_REVISION api::apps::v1::ControllerRevision; DAEMON_SET api::apps::v1::DaemonSet;
        DEPLOYMENT api::apps::v1::Deployment; REPLICA_SET api::apps::v1::ReplicaSet;
        STATEFUL_SET api::apps::v1::StatefulSet; HPA api::autoscaling::v2::HorizontalPodAutoscaler;
        CRON_JOB api::batch::v1::CronJob; JOB api::batch::v1::Job; LEASE api::coordination::v1::Lease;
        CSR api::certificates::v1::CertificateSigningRequest;
        ENDPOINT_SLICE api::discovery::v1::EndpointSlice; INGRESS_CLASS api::networking::v1::IngressClass;
        INGRESS api::networking::v1::Ingress; NETWORK_POLICY api::networking::v1::NetworkPolicy;
        RUNTIME_CLASS api::node::v1::RuntimeClass; PDB api::policy::v1::PodDisruptionBudget;
        CLUSTER_ROLE_BINDING api::rbac::v1::ClusterRoleBinding; CLUSTER_ROLE api::rbac::v1::ClusterRole;
        ROLE_BINDING api::rbac::v1::RoleBinding; ROLE api::rbac::v1::Role;
        PRIORITY_CLASS api::scheduling::v1::PriorityClass; STORAGE_CLASS api::storage::v1::StorageClass;
        CSI_DRIVER api::storage::v1::CSIDriver; CSI_NODE api::storage::v1::CSINode;
        VOLUME_ATTACHMENT api::storage::v1::VolumeAttachment;
        MUTATING_WEBHOOK api::admissionregistration::v1::MutatingWebhookConfiguration;
        VALIDATING_WEBHOOK api::admissionregistration::v1::ValidatingWebhookConfiguration;
    }
}

fn word(rng: &mut Rng) -> String {
    const WORDS: &[&str] = &["a", "web", "x-1", "example.com/y", "ä", "0", "true", "null", "a b", "~"];
    WORDS[rng.below(WORDS.len() as u64) as usize].to_string()
}

fn one(rng: &mut Rng, field: Field, depth: usize) -> Value {
    const QUANTITIES: &[&str] = &["1", "100m", "64Mi", "2Gi", "1k", "5e3"];
    match field.shape() {
        Shape::Str => Value::from(word(rng)),
        Shape::Bool => Value::from(rng.below(2) == 1),
        Shape::Int32 => Value::from(rng.below(60_000) as i64 - 5),
        Shape::Int64 => Value::from(rng.below(1 << 40) as i64),
        Shape::Float => Value::Float(rng.below(100) as f64 + 0.5),
        Shape::Quantity => Value::from(QUANTITIES[rng.below(QUANTITIES.len() as u64) as usize]),
        Shape::IntOrString if rng.below(2) == 0 => Value::from(rng.below(9_000) as i64),
        Shape::IntOrString => Value::from("25%"),
        Shape::Time => Value::from(format!("2026-03-{:02}T04:05:06Z", 1 + rng.below(28))),
        Shape::MicroTime => Value::from(format!("2026-03-04T05:06:07.{:06}Z", 1 + rng.below(999_999))),
        Shape::Bytes => Value::from(["YQ==", "YWI=", "YWJj"][rng.below(3) as usize]),
        Shape::Any | Shape::Object => podlab::map! { "k" => word(rng) },
        Shape::Struct(t) => structure(rng, t, depth + 1),
    }
}

fn structure(rng: &mut Rng, t: Type, depth: usize) -> Value {
    let mut out = Value::map();
    for field in t.fields() {
        // Deep down only what must be there, so that objects end.
        if !field.required() && (depth > DEPTH || rng.below(1 + depth as u64 / 2) != 0) {
            continue;
        }
        let n = 1 + rng.below(2);
        let value = match field.container() {
            Container::Plain => one(rng, field, depth),
            Container::List => (0..n).map(|_| one(rng, field, depth)).collect(),
            container => {
                let mut map = Value::map();
                for i in 0..n {
                    let held = match container {
                        Container::MapOfLists => [one(rng, field, depth)].into_iter().collect(),
                        _ => one(rng, field, depth),
                    };
                    map.map_mut().insert(format!("k{i}"), held);
                }
                map
            }
        };
        out.map_mut().insert(field.name(), value);
    }
    if t.name() == "PersistentVolumeClaim" {
        // A claim's template is an object of its own, for which the library insists on its kind.
        out.set("apiVersion", "v1");
        out.set("kind", "PersistentVolumeClaim");
    }
    out
}

/// Without what Go and the library leave out or write by different rules: nulls, empty texts, zeros, `false`
/// and empty containers; quantities in their canonical form are the same on both sides.
fn lean(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            // Go prints a quantity that is not set as "0".
            let unset = |k: &str, v: &Json| k == "divisor" && v == "0";
            let kept = map.iter().filter(|(k, v)| !unset(k, v)).map(|(k, v)| (k.clone(), lean(v)));
            let kept = kept.filter(|(_, v)| !is_empty(v));
            Json::Object(kept.collect())
        }
        Json::Array(list) => Json::Array(list.iter().map(lean).collect()),
        // 5e3 is 5k for both, written as it was by the library and in canonical form by Go.
        Json::String(s) if s == "5e3" => Json::from("5k"),
        other => other.clone(),
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(b) => !b,
        Json::Number(n) => n.as_f64() == Some(0.0),
        Json::String(s) => s.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Object(map) => map.is_empty(),
    }
}

/// The paths at which two texts differ, with both values; places in lists are not told apart.
fn differences(ours: &Json, theirs: &Json, path: &str, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let get = |m: &serde_json::Map<String, Json>| m.get(key).cloned().unwrap_or_default();
                differences(&get(a), &get(b), &format!("{path}.{key}"), out);
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(a, b)| differences(a, b, &format!("{path}[]"), out));
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: ours {a}, theirs {b}")),
    }
}

#[test]
fn every_kind_is_read_as_the_client_library_reads_it() {
    let asked = std::env::var("PODLAB_OBJECTS").ok().and_then(|v| v.parse().ok());
    let (mut kinds, mut compared) = (0, 0);
    // What differs, with the first object in which it was seen.
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for kind in Kind::all() {
        let Some(t) = Type::of(kind) else { continue };
        for seed in 0..asked.unwrap_or(OBJECTS) {
            let mut rng = Rng::stream(seed, kind.info().plural);
            let mut value = structure(&mut rng, t, 0);
            value.set("apiVersion", kind.info().api_version);
            value.set("kind", kind.info().kind);
            let text = json::print(&value);
            let Some(theirs) = oracle(kind, &text) else { break };
            kinds += u64::from(seed == 0);
            let about = format!("{} seed {seed}: {text}", kind.info().kind);
            let theirs = match theirs {
                Ok(theirs) => theirs,
                // The library wants some fields that the API server gives a default.
                Err(e) if e.contains("missing field") => continue,
                Err(e) => {
                    let why = e.split(" at line").next().unwrap_or("").to_string();
                    wrong.entry(format!("{}: refused: {why}", kind.info().kind)).or_insert(about);
                    continue;
                }
            };
            compared += 1;
            let (ours, unknown) =
                decode::object(kind, &value, "Warn").unwrap_or_else(|e| panic!("{about}: {}", e.message));
            assert!(unknown.is_empty(), "{about}: {unknown:?}");
            let ours: Json = serde_json::from_str(&json::print(&ours.value)).expect("we print JSON");
            let mut found = Vec::new();
            differences(&lean(&ours), &lean(&theirs), kind.info().kind, &mut found);
            for what in found {
                wrong.entry(what).or_insert(about.clone());
            }
        }
    }
    assert!(wrong.is_empty(), "{:#?}", wrong.keys().collect::<Vec<_>>());
    assert!(kinds >= 40 && compared > kinds * OBJECTS / 2, "{kinds} kinds, {compared} objects");
}
