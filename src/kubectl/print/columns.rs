//! The columns of every kind's table, as the API server's printers make them.

use crate::api::{Kind, Object, Value};
use crate::collections::Order;
use crate::kubectl::print::age::{human, since};
use crate::kubectl::print::pod;
use crate::time::parse_rfc3339;

/// A column: its header, whether only `-o wide` shows it, and what it says of an object at an instant
/// (microseconds since 1970).
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Header in capitals.
    pub header: &'static str,
    /// Only with `-o wide`.
    pub wide: bool,
    /// The cell.
    pub cell: fn(&Object, i64) -> String,
}

const fn c(header: &'static str, cell: fn(&Object, i64) -> String) -> Column {
    Column { header, wide: false, cell }
}

const fn w(header: &'static str, cell: fn(&Object, i64) -> String) -> Column {
    Column { header, wide: true, cell }
}

const NAME: Column = c("NAME", |o, _| o.name().to_string());
const AGE: Column = c("AGE", age);
const CREATED: Column = c("CREATED AT", |o, _| o.at("metadata.creationTimestamp").str().to_string());
const CONTAINERS: Column = w("CONTAINERS", |o, _| of_containers(template(o), "name"));
const IMAGES: Column = w("IMAGES", |o, _| of_containers(template(o), "image"));
const SELECTOR: Column = w("SELECTOR", |o, _| selector(o.at("spec.selector")));

/// The columns of a kind.
pub fn of(kind: Kind) -> &'static [Column] {
    TABLES.iter().find(|(k, _)| *k == kind).map_or(&[NAME, AGE], |(_, columns)| columns)
}

/// The columns of objects that the client itself prints (`--server-print=false`).
pub const PLAIN: &[Column] = &[NAME, AGE];

/// The columns of a Scale.
pub const SCALE: &[Column] = &[
    NAME,
    c("DESIRED", |o, _| int(o, "spec.replicas")),
    c("AVAILABLE", |o, _| int(o, "status.replicas")),
    AGE,
];

/// The columns of `kubectl get --watch` on events and of others are the same; this is the age cell.
pub fn age(o: &Object, now: i64) -> String {
    since(o.at("metadata.creationTimestamp"), now)
}

static TABLES: &[(Kind, &[Column])] = &[
    (
        Kind::POD,
        &[
            NAME,
            c("READY", |o, _| {
                let l = pod::line(o);
                format!("{}/{}", l.ready, l.total)
            }),
            c("STATUS", |o, _| pod::line(o).status),
            c("RESTARTS", |o, now| pod::line(o).restarts_text(now)),
            AGE,
            w("IP", |o, _| none(o.at("status.podIPs.0.ip").str().to_string())),
            w("NODE", |o, _| none(o.at("spec.nodeName").str().to_string())),
            w("NOMINATED NODE", |o, _| none(o.at("status.nominatedNodeName").str().to_string())),
            w("READINESS GATES", gates),
        ],
    ),
    (
        Kind::NODE,
        &[
            NAME,
            c("STATUS", node_status),
            c("ROLES", |o, _| node_roles(o)),
            AGE,
            c("VERSION", |o, _| o.at("status.nodeInfo.kubeletVersion").str().to_string()),
            w("INTERNAL-IP", |o, _| address(o, "InternalIP")),
            w("EXTERNAL-IP", |o, _| address(o, "ExternalIP")),
            w("OS-IMAGE", |o, _| node_info(o, "osImage")),
            w("KERNEL-VERSION", |o, _| {
                let arch = o.at("status.nodeInfo.architecture").str();
                let kernel = node_info(o, "kernelVersion");
                if arch.is_empty() { kernel } else { format!("{kernel} ({arch})") }
            }),
            w("CONTAINER-RUNTIME", |o, _| node_info(o, "containerRuntimeVersion")),
        ],
    ),
    (Kind::NAMESPACE, &[NAME, c("STATUS", |o, _| o.at("status.phase").str().to_string()), AGE]),
    (
        Kind::EVENT,
        &[
            c("LAST SEEN", |o, now| event_times(o, now).1),
            c("TYPE", |o, _| o["type"].str().to_string()),
            c("REASON", |o, _| o["reason"].str().to_string()),
            c("OBJECT", |o, _| event_object(o)),
            w("SUBOBJECT", |o, _| o.at("involvedObject.fieldPath").str().to_string()),
            w("SOURCE", |o, _| event_source(o)),
            c("MESSAGE", |o, _| o["message"].str().trim().to_string()),
            w("FIRST SEEN", |o, now| event_times(o, now).0),
            w("COUNT", |o, _| event_count(o).to_string()),
            w("NAME", |o, _| o.name().to_string()),
        ],
    ),
    (
        Kind::SERVICE,
        &[
            NAME,
            c("TYPE", |o, _| o.at("spec.type").str().to_string()),
            c("CLUSTER-IP", |o, _| none(o.at("spec.clusterIP").str().to_string())),
            c("EXTERNAL-IP", |o, _| external_ip(o)),
            c("PORT(S)", |o, _| none(service_ports(o))),
            AGE,
            w("SELECTOR", |o, _| labels(o.at("spec.selector"))),
        ],
    ),
    (
        Kind::DEPLOYMENT,
        &[
            NAME,
            c("READY", |o, _| format!("{}/{}", int(o, "status.readyReplicas"), int(o, "spec.replicas"))),
            c("UP-TO-DATE", |o, _| int(o, "status.updatedReplicas")),
            c("AVAILABLE", |o, _| int(o, "status.availableReplicas")),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (Kind::REPLICA_SET, REPLICAS),
    (Kind::REPLICATION_CONTROLLER, REPLICAS),
    (
        Kind::STATEFUL_SET,
        &[
            NAME,
            c("READY", |o, _| format!("{}/{}", int(o, "status.readyReplicas"), int(o, "spec.replicas"))),
            AGE,
            CONTAINERS,
            IMAGES,
        ],
    ),
    (
        Kind::DAEMON_SET,
        &[
            NAME,
            c("DESIRED", |o, _| int(o, "status.desiredNumberScheduled")),
            c("CURRENT", |o, _| int(o, "status.currentNumberScheduled")),
            c("READY", |o, _| int(o, "status.numberReady")),
            c("UP-TO-DATE", |o, _| int(o, "status.updatedNumberScheduled")),
            c("AVAILABLE", |o, _| int(o, "status.numberAvailable")),
            c("NODE SELECTOR", |o, _| labels(o.at("spec.template.spec.nodeSelector"))),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        Kind::JOB,
        &[
            NAME,
            c("STATUS", |o, _| job_status(o).to_string()),
            c("COMPLETIONS", |o, _| completions(o)),
            c("DURATION", job_duration),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        Kind::CRON_JOB,
        &[
            NAME,
            c("SCHEDULE", |o, _| o.at("spec.schedule").str().to_string()),
            c("TIMEZONE", |o, _| none(o.at("spec.timeZone").str().to_string())),
            c("SUSPEND", |o, _| bool_ptr(o.at("spec.suspend"))),
            c("ACTIVE", |o, _| o.at("status.active").items().len().to_string()),
            c("LAST SCHEDULE", |o, now| {
                let last = o.at("status.lastScheduleTime");
                if last.is_null() { "<none>".into() } else { since(last, now) }
            }),
            AGE,
            CONTAINERS,
            IMAGES,
            w("SELECTOR", |o, _| selector(o.at("spec.jobTemplate.spec.selector"))),
        ],
    ),
    (
        Kind::HPA,
        &[
            NAME,
            c("REFERENCE", |o, _| {
                let r = o.at("spec.scaleTargetRef");
                format!("{}/{}", r["kind"].str(), r["name"].str())
            }),
            c("TARGETS", |o, _| hpa_targets(o)),
            c("MINPODS", |o, _| {
                o.at("spec.minReplicas").as_int().map_or("<unset>".into(), |n| n.to_string())
            }),
            c("MAXPODS", |o, _| int(o, "spec.maxReplicas")),
            c("REPLICAS", |o, _| int(o, "status.currentReplicas")),
            AGE,
        ],
    ),
    (Kind::CONFIG_MAP, &[NAME, c("DATA", |o, _| (len(&o["data"]) + len(&o["binaryData"])).to_string()), AGE]),
    (
        Kind::SECRET,
        &[
            NAME,
            c("TYPE", |o, _| o["type"].str().to_string()),
            c("DATA", |o, _| len(&o["data"]).to_string()),
            AGE,
        ],
    ),
    (
        Kind::PERSISTENT_VOLUME,
        &[
            NAME,
            c("CAPACITY", |o, _| o.at("spec.capacity.storage").str().to_string()),
            c("ACCESS MODES", |o, _| access_modes(o.at("spec.accessModes"))),
            c("RECLAIM POLICY", |o, _| o.at("spec.persistentVolumeReclaimPolicy").str().to_string()),
            c("STATUS", |o, _| terminating(o).unwrap_or(o.at("status.phase").str()).to_string()),
            c("CLAIM", |o, _| {
                let claim = o.at("spec.claimRef");
                if claim.is_null() {
                    return String::new();
                }
                format!("{}/{}", claim["namespace"].str(), claim["name"].str())
            }),
            c("STORAGECLASS", |o, _| o.at("spec.storageClassName").str().to_string()),
            ATTRIBUTES,
            c("REASON", |o, _| o.at("status.reason").str().to_string()),
            AGE,
            VOLUME_MODE,
        ],
    ),
    (
        Kind::PERSISTENT_VOLUME_CLAIM,
        &[
            NAME,
            c("STATUS", |o, _| terminating(o).unwrap_or(o.at("status.phase").str()).to_string()),
            c("VOLUME", |o, _| o.at("spec.volumeName").str().to_string()),
            c("CAPACITY", |o, _| bound(o, o.at("status.capacity.storage").str().to_string())),
            c("ACCESS MODES", |o, _| bound(o, access_modes(o.at("status.accessModes")))),
            c("STORAGECLASS", |o, _| o.at("spec.storageClassName").str().to_string()),
            ATTRIBUTES,
            AGE,
            VOLUME_MODE,
        ],
    ),
    (Kind::ENDPOINTS, &[NAME, c("ENDPOINTS", |o, _| endpoints(o)), AGE]),
    (
        Kind::ENDPOINT_SLICE,
        &[
            NAME,
            c("ADDRESSTYPE", |o, _| o["addressType"].str().to_string()),
            c("PORTS", |o, _| slice_ports(o)),
            c("ENDPOINTS", |o, _| slice_endpoints(o)),
            AGE,
        ],
    ),
    (
        Kind::INGRESS,
        &[
            NAME,
            c("CLASS", |o, _| none(o.at("spec.ingressClassName").str().to_string())),
            c("HOSTS", |o, _| ingress_hosts(o)),
            c("ADDRESS", |o, _| balancer(o)),
            c("PORTS", |o, _| if len(o.at("spec.tls")) > 0 { "80, 443" } else { "80" }.to_string()),
            AGE,
        ],
    ),
    (
        Kind::INGRESS_CLASS,
        &[
            NAME,
            c("CONTROLLER", |o, _| o.at("spec.controller").str().to_string()),
            c("PARAMETERS", |o, _| {
                let p = o.at("spec.parameters");
                if p.is_null() {
                    return "<none>".into();
                }
                let group = p["apiGroup"].str();
                let dot = if group.is_empty() { "" } else { "." };
                format!("{}{dot}{group}/{}", p["kind"].str(), p["name"].str())
            }),
            AGE,
        ],
    ),
    (Kind::NETWORK_POLICY, &[NAME, c("POD-SELECTOR", |o, _| selector(o.at("spec.podSelector"))), AGE]),
    (
        Kind::RESOURCE_QUOTA,
        &[NAME, c("REQUEST", |o, _| quota(o, false)), c("LIMIT", |o, _| quota(o, true)), AGE],
    ),
    (Kind::LIMIT_RANGE, &[NAME, CREATED]),
    (Kind::ROLE, &[NAME, CREATED]),
    (Kind::CLUSTER_ROLE, &[NAME, CREATED]),
    (Kind::CRD, &[NAME, CREATED]),
    (Kind::ROLE_BINDING, BINDING),
    (Kind::CLUSTER_ROLE_BINDING, BINDING),
    (
        Kind::PDB,
        &[
            NAME,
            c("MIN AVAILABLE", |o, _| or_na(o.at("spec.minAvailable"))),
            c("MAX UNAVAILABLE", |o, _| or_na(o.at("spec.maxUnavailable"))),
            c("ALLOWED DISRUPTIONS", |o, _| int(o, "status.disruptionsAllowed")),
            AGE,
        ],
    ),
    (
        Kind::STORAGE_CLASS,
        &[
            c("NAME", |o, _| {
                let default = o.annotation("storageclass.kubernetes.io/is-default-class") == Some("true");
                format!("{}{}", o.name(), if default { " (default)" } else { "" })
            }),
            c("PROVISIONER", |o, _| o["provisioner"].str().to_string()),
            c("RECLAIMPOLICY", |o, _| or(o["reclaimPolicy"].str(), "Delete")),
            c("VOLUMEBINDINGMODE", |o, _| or(o["volumeBindingMode"].str(), "<unset>")),
            c("ALLOWVOLUMEEXPANSION", |o, _| o["allowVolumeExpansion"].is_true().to_string()),
            AGE,
        ],
    ),
    (
        Kind::PRIORITY_CLASS,
        &[
            NAME,
            c("VALUE", |o, _| int(o, "value")),
            c("GLOBAL-DEFAULT", |o, _| o["globalDefault"].is_true().to_string()),
            AGE,
            c("PREEMPTIONPOLICY", |o, _| or(o["preemptionPolicy"].str(), "PreemptLowerPriority")),
        ],
    ),
    (Kind::LEASE, &[NAME, c("HOLDER", |o, _| o.at("spec.holderIdentity").str().to_string()), AGE]),
    (
        Kind::CONTROLLER_REVISION,
        &[
            NAME,
            c("CONTROLLER", |o, _| {
                let r = o.controller();
                if r.is_null() {
                    return "<none>".into();
                }
                let group =
                    r["apiVersion"].str().split_once('/').map_or(String::new(), |(g, _)| format!(".{g}"));
                format!("{}{group}/{}", r["kind"].str().to_lowercase(), r["name"].str())
            }),
            c("REVISION", |o, _| int(o, "revision")),
            AGE,
        ],
    ),
    (Kind::RUNTIME_CLASS, &[NAME, c("HANDLER", |o, _| o["handler"].str().to_string()), AGE]),
    (Kind::CSI_NODE, &[NAME, c("DRIVERS", |o, _| len(o.at("spec.drivers")).to_string()), AGE]),
    (
        Kind::CSI_DRIVER,
        &[
            NAME,
            c("ATTACHREQUIRED", |o, _| (o.at("spec.attachRequired").as_bool() != Some(false)).to_string()),
            c("PODINFOONMOUNT", |o, _| o.at("spec.podInfoOnMount").is_true().to_string()),
            c("STORAGECAPACITY", |o, _| o.at("spec.storageCapacity").is_true().to_string()),
            c("TOKENREQUESTS", |_, _| "<unset>".into()),
            c("REQUIRESREPUBLISH", |o, _| o.at("spec.requiresRepublish").is_true().to_string()),
            c("MODES", |o, _| none(strings(o.at("spec.volumeLifecycleModes")))),
            AGE,
        ],
    ),
    (Kind::MUTATING_WEBHOOK, &[NAME, c("WEBHOOKS", |o, _| len(&o["webhooks"]).to_string()), AGE]),
    (Kind::VALIDATING_WEBHOOK, &[NAME, c("WEBHOOKS", |o, _| len(&o["webhooks"]).to_string()), AGE]),
    (
        Kind::POD_TEMPLATE,
        &[
            NAME,
            c("CONTAINERS", |o, _| of_containers(o.at("template.spec"), "name")),
            c("IMAGES", |o, _| of_containers(o.at("template.spec"), "image")),
            c("POD LABELS", |o, _| labels(o.at("template.metadata.labels"))),
        ],
    ),
    (
        Kind::COMPONENT_STATUS,
        &[
            NAME,
            c("STATUS", |o, _| match o["conditions"][0]["status"].str() {
                "True" => "Healthy".into(),
                _ => "Unhealthy".into(),
            }),
            c("MESSAGE", |o, _| o["conditions"][0]["message"].str().into()),
            c("ERROR", |o, _| o["conditions"][0]["error"].str().into()),
        ],
    ),
    (
        Kind::CSR,
        &[
            NAME,
            AGE,
            c("SIGNERNAME", |o, _| o.at("spec.signerName").str().into()),
            c("REQUESTOR", |o, _| o.at("spec.username").str().into()),
            c("REQUESTEDDURATION", |o, _| match o.at("spec.expirationSeconds").as_int() {
                Some(s) => super::age::human(s.saturating_mul(1_000_000)),
                None => "<none>".into(),
            }),
            c("CONDITION", csr_condition),
        ],
    ),
    (
        Kind::API_SERVICE,
        &[
            NAME,
            c("SERVICE", |o, _| match o.at("spec.service") {
                Value::Null => "Local".into(),
                s => format!("{}/{}", s["namespace"].str(), s["name"].str()),
            }),
            c("AVAILABLE", |o, _| or(o.condition("Available")["status"].str(), "Unknown")),
            AGE,
        ],
    ),
];

/// Approved, Denied or Failed, and whether the certificate is there (printers/internalversion `extractCSRStatus`).
fn csr_condition(o: &Object, _: i64) -> String {
    let has = |t: &str| o.condition(t).is_some();
    let mut words = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_string();
    if has("Failed") {
        words += ",Failed";
    }
    if !o.at("status.certificate").str().is_empty() {
        words += ",Issued";
    }
    words
}

const REPLICAS: &[Column] = &[
    NAME,
    c("DESIRED", |o, _| int(o, "spec.replicas")),
    c("CURRENT", |o, _| int(o, "status.replicas")),
    c("READY", |o, _| int(o, "status.readyReplicas")),
    AGE,
    CONTAINERS,
    IMAGES,
    w("SELECTOR", |o, _| {
        if o.kind == Kind::REPLICA_SET {
            selector(o.at("spec.selector"))
        } else {
            labels(o.at("spec.selector"))
        }
    }),
];

const ATTRIBUTES: Column =
    c("VOLUMEATTRIBUTESCLASS", |o, _| or(o.at("spec.volumeAttributesClassName").str(), "<unset>"));
const VOLUME_MODE: Column = w("VOLUMEMODE", |o, _| or(o.at("spec.volumeMode").str(), "<unset>"));

const BINDING: &[Column] = &[
    NAME,
    c("ROLE", |o, _| format!("{}/{}", o.at("roleRef.kind").str(), o.at("roleRef.name").str())),
    AGE,
    w("USERS", |o, _| subjects(o, "User")),
    w("GROUPS", |o, _| subjects(o, "Group")),
    w("SERVICEACCOUNTS", |o, _| subjects(o, "ServiceAccount")),
];

fn none(text: String) -> String {
    if text.is_empty() { "<none>".into() } else { text }
}

fn or(text: &str, other: &str) -> String {
    if text.is_empty() { other } else { text }.to_string()
}

fn int(o: &Value, path: &str) -> String {
    o.at(path).int_or(0).to_string()
}

fn or_na(v: &Value) -> String {
    if v.is_null() { "N/A".into() } else { scalar(v) }
}

/// A number or text as it is.
pub fn scalar(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        Value::Null => String::new(),
        other => crate::api::json::print(other),
    }
}

fn len(v: &Value) -> usize {
    v.as_map().map_or(v.items().len(), |m| m.len())
}

fn strings(v: &Value) -> String {
    v.items().iter().map(Value::str).collect::<Vec<_>>().join(",")
}

fn bool_ptr(v: &Value) -> String {
    match v.as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
    .to_string()
}

/// `a=b,c=d`, `<none>` where there are none.
pub fn labels(v: &Value) -> String {
    none(v.entries().map(|(k, v)| format!("{k}={}", v.str())).collect::<Vec<_>>().join(","))
}

/// A label selector in kubectl's words: `a=b,c in (d,e)`; `<none>` if it is empty, `<unset>` if absent…
pub fn selector(v: &Value) -> String {
    let plain = v.get("matchLabels").entries().map(|(k, v)| format!("{k}={}", v.str()));
    let mut parts: Vec<String> = plain.collect();
    for e in v.get("matchExpressions").items() {
        let key = e["key"].str();
        let mut values: Vec<&str> = e["values"].items().iter().map(Value::str).collect();
        values.order();
        parts.push(match e["operator"].str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        });
    }
    parts.order();
    none(parts.join(","))
}

fn template(o: &Object) -> &Value {
    if o.kind == Kind::CRON_JOB {
        o.at("spec.jobTemplate.spec.template.spec")
    } else {
        o.at("spec.template.spec")
    }
}

fn of_containers(spec: &Value, field: &str) -> String {
    spec["containers"].items().iter().map(|c| c[field].str()).collect::<Vec<_>>().join(",")
}

fn gates(o: &Object, _: i64) -> String {
    let gates = o.at("spec.readinessGates").items();
    if gates.is_empty() {
        return "<none>".into();
    }
    let met = gates.iter().filter(|g| o.condition_true(g["conditionType"].str())).count();
    format!("{met}/{}", gates.len())
}

fn node_status(o: &Object, _: i64) -> String {
    let ready = o.condition("Ready");
    let word = match ready["status"].str() {
        "" => "Unknown",
        "True" => "Ready",
        _ => "NotReady",
    };
    let cordoned = if o.at("spec.unschedulable").is_true() { ",SchedulingDisabled" } else { "" };
    format!("{word}{cordoned}")
}

/// The roles of a node by its labels.
pub fn node_roles(o: &Object) -> String {
    let mut roles: Vec<String> = Vec::new();
    for (key, value) in o.at("metadata.labels").entries() {
        let role = match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => role,
            None if key.as_str() == "kubernetes.io/role" => value.str(),
            None => "",
        };
        if !role.is_empty() && !roles.iter().any(|r| r == role) {
            roles.push(role.to_string());
        }
    }
    roles.order();
    none(roles.join(","))
}

fn address(o: &Object, ty: &str) -> String {
    none(o.at("status.addresses").find("type", ty)["address"].str().to_string())
}

fn node_info(o: &Object, field: &str) -> String {
    or(o.at("status.nodeInfo")[field].str(), "<unknown>")
}

/// (first seen, last seen) of an event.
pub fn event_times(o: &Object, now: i64) -> (String, String) {
    let first = if o["firstTimestamp"].is_null() { &o["eventTime"] } else { &o["firstTimestamp"] };
    let first = since(first, now);
    let last = match o.at("series.lastObservedTime") {
        Value::Null if o["lastTimestamp"].is_null() => first.clone(),
        Value::Null => since(&o["lastTimestamp"], now),
        series => since(series, now),
    };
    (first, last)
}

/// How often an event has happened.
pub fn event_count(o: &Object) -> i64 {
    o.at("series.count").as_int().unwrap_or_else(|| o["count"].int_or(0).max(1))
}

/// `pod/web`.
pub fn event_object(o: &Object) -> String {
    let about = &o["involvedObject"];
    let kind = about["kind"].str().to_lowercase();
    if about["name"].is_empty() { kind } else { format!("{kind}/{}", about["name"].str()) }
}

/// `kubelet, worker01`.
pub fn event_source(o: &Object) -> String {
    let component = or(o.at("source.component").str(), o["reportingComponent"].str());
    let host = or(o.at("source.host").str(), o["reportingInstance"].str());
    if host.is_empty() { component } else { format!("{component}, {host}") }
}

fn balancer(o: &Object) -> String {
    let all = o.at("status.loadBalancer.ingress").items();
    let of = |i: &Value| or(i["ip"].str(), i["hostname"].str());
    all.iter().map(of).filter(|a| !a.is_empty()).collect::<Vec<_>>().join(",")
}

fn external_ip(o: &Object) -> String {
    let own = strings(o.at("spec.externalIPs"));
    match o.at("spec.type").str() {
        "LoadBalancer" => {
            let all: Vec<String> = [balancer(o), own].into_iter().filter(|s| !s.is_empty()).collect();
            if all.is_empty() { "<pending>".into() } else { all.join(",") }
        }
        "ExternalName" => o.at("spec.externalName").str().to_string(),
        _ => none(own),
    }
}

fn service_ports(o: &Object) -> String {
    let port = |p: &Value| match p["nodePort"].int_or(0) {
        0 => format!("{}/{}", p["port"].int_or(0), or(p["protocol"].str(), "TCP")),
        node => format!("{}:{node}/{}", p["port"].int_or(0), or(p["protocol"].str(), "TCP")),
    };
    o.at("spec.ports").items().iter().map(port).collect::<Vec<_>>().join(",")
}

/// The word of a Job's state.
pub fn job_status(o: &Object) -> &'static str {
    for (condition, word) in [("Complete", "Complete"), ("Failed", "Failed")] {
        if o.condition_true(condition) {
            return word;
        }
    }
    if o.is_deleting() {
        return "Terminating";
    }
    let rest = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
    rest.into_iter().find(|c| o.condition_true(c)).unwrap_or("Running")
}

fn completions(o: &Object) -> String {
    let done = o.at("status.succeeded").int_or(0);
    match (o.at("spec.completions").as_int(), o.at("spec.parallelism").int_or(0)) {
        (Some(n), _) => format!("{done}/{n}"),
        (None, p) if p > 1 => format!("{done}/1 of {p}"),
        _ => format!("{done}/1"),
    }
}

fn job_duration(o: &Object, now: i64) -> String {
    let Some(start) = parse_rfc3339(o.at("status.startTime").str()) else { return String::new() };
    let end = parse_rfc3339(o.at("status.completionTime").str()).unwrap_or(now);
    human(end - start)
}

fn hpa_targets(o: &Object) -> String {
    let specs = o.at("spec.metrics").items();
    if specs.is_empty() {
        return "<none>".into();
    }
    let mut parts = Vec::new();
    for (i, m) in specs.iter().enumerate().take(2) {
        let (kind, field) = match m["type"].str() {
            "Resource" => ("Resource", "resource"),
            "ContainerResource" => ("ContainerResource", "containerResource"),
            "Pods" => ("Pods", "pods"),
            "Object" => ("Object", "object"),
            _ => ("External", "external"),
        };
        let target = m.at(&format!("{field}.target"));
        let current = o.at("status.currentMetrics").items().get(i).cloned().unwrap_or_default();
        let now = current.at(&format!("{field}.current")).clone();
        let text = match target["averageUtilization"].as_int() {
            Some(want) => {
                let have = now["averageUtilization"].as_int();
                let have = have.map_or("<unknown>".into(), |n| format!("{n}%"));
                format!("{have}/{want}%")
            }
            None => {
                let want = or(&scalar(&target["averageValue"]), &scalar(&target["value"]));
                let have = or(&scalar(&now["averageValue"]), &scalar(&now["value"]));
                let average = target["averageValue"].is_some() && matches!(kind, "Object" | "External");
                format!("{}/{want}{}", or(&have, "<unknown>"), if average { " (avg)" } else { "" })
            }
        };
        let resource = m.at(&format!("{field}.name")).str();
        parts.push(if kind.ends_with("Resource") { format!("{resource}: {text}") } else { text });
    }
    let text = parts.join(", ");
    match specs.len().checked_sub(2) {
        Some(more) if more > 0 => format!("{text} + {more} more..."),
        _ => text,
    }
}

/// `RWO,ROX`.
pub fn access_modes(v: &Value) -> String {
    const SHORT: [(&str, &str); 4] = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |m: &&(&str, &'static str)| v.items().iter().any(|x| x.str() == m.0);
    SHORT.iter().filter(has).map(|m| m.1).collect::<Vec<_>>().join(",")
}

fn terminating(o: &Object) -> Option<&'static str> {
    o.is_deleting().then_some("Terminating")
}

fn bound(o: &Object, text: String) -> String {
    if o.at("spec.volumeName").is_empty() { String::new() } else { text }
}

/// The most endpoints that a table names.
const ENDPOINTS_SHOWN: usize = 3;

fn shortened(all: Vec<String>, separator: &str) -> String {
    let more = all.len().saturating_sub(ENDPOINTS_SHOWN);
    let text = all.into_iter().take(ENDPOINTS_SHOWN).collect::<Vec<_>>().join(separator);
    if more > 0 { format!("{text} + {more} more...") } else { text }
}

/// `10.1.2.3:80,…`; empty where there are only addresses that are not ready.
pub fn endpoints(o: &Object) -> String {
    let mut all = Vec::new();
    if o["subsets"].items().is_empty() {
        return "<none>".into();
    }
    for subset in o["subsets"].items() {
        let ports = subset["ports"].items();
        if ports.is_empty() {
            all.extend(subset["addresses"].items().iter().map(|a| a["ip"].str().to_string()));
        }
        for port in ports {
            for address in subset["addresses"].items() {
                all.push(format!("{}:{}", address["ip"].str(), port["port"].int_or(0)));
            }
        }
    }
    shortened(all, ",")
}

fn slice_ports(o: &Object) -> String {
    let ports = o["ports"].items();
    if ports.is_empty() {
        return "<unset>".into();
    }
    let port = |p: &Value| match p["port"].as_int() {
        Some(n) => n.to_string(),
        None => or(p["name"].str(), "*"),
    };
    shortened(ports.iter().map(port).collect(), ",")
}

fn slice_endpoints(o: &Object) -> String {
    let all = o["endpoints"].items();
    if all.is_empty() {
        return "<unset>".into();
    }
    shortened(all.iter().flat_map(|e| e["addresses"].items()).map(|a| a.str().to_string()).collect(), ",")
}

fn ingress_hosts(o: &Object) -> String {
    let hosts: Vec<String> = o
        .at("spec.rules")
        .items()
        .iter()
        .map(|r| r["host"].str().to_string())
        .filter(|h| !h.is_empty())
        .collect();
    if hosts.is_empty() { "*".into() } else { shortened(hosts, ",") }
}

fn quota(o: &Object, limits: bool) -> String {
    let is_limit = |k: &str| k.starts_with("limits.");
    let all = o.at("status.hard").entries().filter(|(k, _)| is_limit(k) == limits);
    let text = all.map(|(k, hard)| {
        let used = scalar(o.at("status.used").get(k));
        format!("{k}: {}/{}", or(&used, "0"), scalar(hard))
    });
    text.collect::<Vec<_>>().join(", ")
}

fn subjects(o: &Object, kind: &str) -> String {
    let all = o["subjects"].items().iter().filter(|s| s["kind"].str() == kind);
    let name = |s: &Value| {
        if kind == "ServiceAccount" {
            format!("{}/{}", s["namespace"].str(), s["name"].str())
        } else {
            s["name"].str().to_string()
        }
    };
    all.map(name).collect::<Vec<_>>().join(", ")
}
