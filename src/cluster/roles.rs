//! The ClusterRoles that every cluster has for its users, and who has them from the start: as upstream's
//! bootstrap policy has them. The roles of the cluster's own components are left out.

use super::Cluster;
use super::bootstrap::create_aside;
use crate::api::rbac::BOOTSTRAPPING;
use crate::api::{Kind, Text, Value};
use crate::rng::Rng;
use crate::scenario::format::FormatError;
use crate::{list, map};

/// A rule: API group, resources, verbs.
type Rule = (&'static str, &'static str, &'static str);

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const ALL: &str = "create delete deletecollection get list patch update watch";

const ADMIN: &[Rule] = &[
    ("authorization.k8s.io", "localsubjectaccessreviews", "create"),
    ("rbac.authorization.k8s.io", "rolebindings roles", ALL),
];

const EDIT: &[Rule] = &[
    ("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
    ("", "serviceaccounts", "impersonate"),
    ("", "pods pods/attach pods/exec pods/portforward pods/proxy", WRITE),
    ("", "pods/eviction", "create"),
    (
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
        WRITE,
    ),
    ("", "serviceaccounts/token", "create"),
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
        WRITE,
    ),
    ("autoscaling", "horizontalpodautoscalers", WRITE),
    ("batch", "cronjobs jobs", WRITE),
    (
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale",
        WRITE,
    ),
    ("policy", "poddisruptionbudgets", WRITE),
    ("networking.k8s.io", "ingresses networkpolicies", WRITE),
    ("coordination.k8s.io", "leases", ALL),
];

const VIEW: &[Rule] = &[
    (
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
        READ,
    ),
    (
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status",
        READ,
    ),
    ("", "namespaces", READ),
    ("discovery.k8s.io", "endpointslices", READ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
        READ,
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    ("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    (
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
        READ,
    ),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
];

const BASIC: &[Rule] = &[
    ("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
    ("authentication.k8s.io", "selfsubjectreviews", "create"),
];

const DISCOVERY: &str =
    "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/";
const PUBLIC_INFO: &str = "/healthz /livez /readyz /version /version/";

/// Makes them.
pub(super) fn create(cluster: &mut Cluster) -> Result<(), FormatError> {
    let mut uids = Rng::stream(cluster.spec.seed, "roles");
    let mut add = |kind: Kind, value: Value| create_aside(cluster, kind, value, &mut uids).map(|_| ());
    let every = list![
        map! { "apiGroups" => list!["*"], "resources" => list!["*"], "verbs" => list!["*"] },
        map! { "nonResourceURLs" => list!["*"], "verbs" => list!["*"] },
    ];
    let (view, edit, admin) = ("aggregate-to-view", "aggregate-to-edit", "aggregate-to-admin");
    for (name, rules, taken_into, takes_in) in [
        ("admin", rules(&[ADMIN, EDIT, VIEW]), "", admin),
        ("cluster-admin", every, "", ""),
        ("edit", rules(&[EDIT, VIEW]), admin, edit),
        ("system:aggregate-to-admin", rules(&[ADMIN]), admin, ""),
        ("system:aggregate-to-edit", rules(&[EDIT]), edit, ""),
        ("system:aggregate-to-view", rules(&[VIEW]), view, ""),
        ("system:basic-user", rules(&[BASIC]), "", ""),
        ("system:discovery", urls(DISCOVERY), "", ""),
        ("system:public-info-viewer", urls(PUBLIC_INFO), "", ""),
        ("view", rules(&[VIEW]), edit, view),
    ] {
        let mut value = map! { "metadata" => meta(name), "rules" => rules };
        let label = |to: &str| Text::from(format!("rbac.authorization.k8s.io/{to}"));
        if !taken_into.is_empty() {
            value.slot("metadata.labels").map_mut().insert(label(taken_into), "true");
        }
        if !takes_in.is_empty() {
            let mut labels = Value::map();
            labels.map_mut().insert(label(takes_in), "true");
            value.set(
                "aggregationRule",
                map! { "clusterRoleSelectors" => list![map! { "matchLabels" => labels }] },
            );
        }
        add(Kind::CLUSTER_ROLE, value)?;
    }
    for (role, groups) in [
        ("cluster-admin", &["system:masters"] as &[&str]),
        ("system:basic-user", &["system:authenticated"]),
        ("system:discovery", &["system:authenticated"]),
        ("system:public-info-viewer", &["system:authenticated", "system:unauthenticated"]),
    ] {
        let subject = |name: &&'static str| {
            map! { "apiGroup" => "rbac.authorization.k8s.io", "kind" => "Group", "name" => *name }
        };
        let value = map! {
            "metadata" => meta(role),
            "roleRef" => map! { "apiGroup" => "rbac.authorization.k8s.io", "kind" => "ClusterRole", "name" => role },
            "subjects" => groups.iter().map(subject).collect::<Value>(),
        };
        add(Kind::CLUSTER_ROLE_BINDING, value)?;
    }
    Ok(())
}

fn meta(name: &'static str) -> Value {
    let (mut notes, mut labels) = (Value::map(), Value::map());
    notes.map_mut().insert(Text::lit("rbac.authorization.kubernetes.io/autoupdate"), "true");
    labels.map_mut().insert(Text::lit(BOOTSTRAPPING), "rbac-defaults");
    map! { "name" => name, "annotations" => notes, "labels" => labels }
}

fn words(text: &'static str) -> Value {
    text.split(' ').map(Text::lit).collect()
}

fn rules(parts: &[&'static [Rule]]) -> Value {
    let one = |(group, resources, verbs): &Rule| {
        map! { "apiGroups" => list![*group], "resources" => words(resources), "verbs" => words(verbs) }
    };
    parts.iter().flat_map(|p| p.iter()).map(one).collect()
}

fn urls(paths: &'static str) -> Value {
    list![map! { "nonResourceURLs" => words(paths), "verbs" => list!["get"] }]
}
