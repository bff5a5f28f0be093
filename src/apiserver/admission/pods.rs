//! The plugins that complete pods: ServiceAccount, DefaultTolerationSeconds, Priority, RuntimeClass.

use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::{list, map};

/// Where containers find the token of their service account.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// plugin/pkg/admission/serviceaccount: the token lives an hour plus seven seconds.
const TOKEN_SECONDS: i64 = 3607;
/// plugin/pkg/admission/serviceaccount: ten attempts, 100 to 200 ms apart.
const ACCOUNT_PATIENCE_MICROS: i64 = 2_000_000;
/// plugin/pkg/admission/defaulttolerationseconds.
const TOLERATION_SECONDS: i64 = 300;

/// Runs the plugins in upstream's order.
pub fn admit(api: &mut ApiServer, pod: &mut Object) -> Result<()> {
    service_account(api, pod)?;
    default_tolerations(pod);
    priority(api, pod)?;
    runtime_class(api, pod)
}

/// What the plugins add to a pod that a client replaces: default tolerations; priority and preemption policy
/// stay where the client leaves them out.
pub fn admit_update(old: &Object, pod: &mut Object) {
    default_tolerations(pod);
    for path in ["spec.priority", "spec.preemptionPolicy"] {
        if pod.at(path).is_null() && old.at(path).is_some() {
            pod.set(path, old.at(path));
        }
    }
}

fn service_account(api: &mut ApiServer, pod: &mut Object) -> Result<()> {
    // A mirror pod (of a static manifest) is what a kubelet shows of its own; it has no account.
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return Ok(());
    }
    if pod.at("spec.serviceAccountName").str().is_empty() {
        pod.set("spec.serviceAccountName", Text::lit("default"));
    }
    let account = pod.at("spec.serviceAccountName").text();
    pod.set("spec.serviceAccount", &account);
    let namespace = pod.at("metadata.namespace").text();
    let found = api.get(Kind::SERVICE_ACCOUNT, &namespace, &account).map(|o| o.value.clone());
    let Some(found) =
        found.or_else(|| (account == "default" && fresh(api, &namespace)).then_some(Value::Null))
    else {
        let why = format!(
            "error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found"
        );
        return Err(Status::forbidden(Kind::POD, pod.name(), &why));
    };
    let wanted = pod.at("spec.automountServiceAccountToken").as_bool();
    if !wanted.or(found["automountServiceAccountToken"].as_bool()).unwrap_or(true) {
        return Ok(());
    }
    if pod.at("spec.imagePullSecrets").is_empty() && !found["imagePullSecrets"].is_empty() {
        let secrets = found["imagePullSecrets"].clone();
        pod.set("spec.imagePullSecrets", secrets);
    }
    mount_token(api, pod);
    Ok(())
}

/// Whether a namespace is so new that its default account is still being made: upstream's plugin looks for it
/// up to ten times, 100 to 200 ms apart, before it gives up.
fn fresh(api: &ApiServer, namespace: &str) -> bool {
    let age = |created: i64| api.epoch.unix_micros(api.now) - created;
    let namespace = api.get(Kind::NAMESPACE, "", namespace);
    let created =
        namespace.and_then(|n| crate::time::parse_rfc3339(n.at("metadata.creationTimestamp").str()));
    created.is_some_and(|created| age(created) < ACCOUNT_PATIENCE_MICROS)
}

fn mount_token(api: &mut ApiServer, pod: &mut Object) {
    let has_volume = |v: &&Value| v["name"].str().starts_with("kube-api-access-");
    let name = match pod.at("spec.volumes").items().iter().find(has_volume) {
        Some(v) => v["name"].text(),
        None => Text::from(format!("kube-api-access-{}", api.uids.name_suffix(5))),
    };
    let mut used = false;
    for list in ["spec.initContainers", "spec.containers"] {
        for i in 0..pod.at(list).items().len() {
            let mounts = pod.slot(&format!("{list}.{i}.volumeMounts"));
            if mounts.items().iter().any(|m| m["mountPath"].str() == TOKEN_PATH) {
                continue;
            }
            used = true;
            mounts
                .list_mut()
                .push(map! { "name" => &name, "readOnly" => true, "mountPath" => Text::lit(TOKEN_PATH) });
        }
    }
    if !used || pod.at("spec.volumes").items().iter().any(|v| v["name"] == Value::Str(name.clone())) {
        return;
    }
    let sources = list![
        map! { "serviceAccountToken" => map! { "expirationSeconds" => TOKEN_SECONDS, "path" => Text::lit("token") } },
        map! { "configMap" => map! {
            "name" => Text::lit("kube-root-ca.crt"),
            "items" => list![map! { "key" => Text::lit("ca.crt"), "path" => Text::lit("ca.crt") }],
        } },
        map! { "downwardAPI" => map! { "items" => list![map! {
            "path" => Text::lit("namespace"),
            "fieldRef" => map! { "apiVersion" => Text::lit("v1"), "fieldPath" => Text::lit("metadata.namespace") },
        }] } },
    ];
    let volume = map! { "name" => name, "projected" => map! { "sources" => sources, "defaultMode" => 420 } };
    pod.slot("spec.volumes").list_mut().push(volume);
}

fn default_tolerations(pod: &mut Object) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covers = |t: &Value| {
            (t["key"].str() == key || t["key"].is_empty()) && matches!(t["effect"].str(), "NoExecute" | "")
        };
        if !pod.at("spec.tolerations").items().iter().any(covers) {
            pod.slot("spec.tolerations").list_mut().push(map! {
                "key" => Text::lit(key), "operator" => Text::lit("Exists"), "effect" => Text::lit("NoExecute"),
                "tolerationSeconds" => TOLERATION_SECONDS,
            });
        }
    }
}

/// Looks the pod's runtime class up and adds what it takes beside the containers.
fn runtime_class(api: &ApiServer, pod: &mut Object) -> Result<()> {
    let name = pod.at("spec.runtimeClassName").text();
    if name.is_empty() {
        return Ok(());
    }
    let Some(class) = api.get(Kind::RUNTIME_CLASS, "", &name) else {
        let why = format!("pod rejected: RuntimeClass \"{name}\" not found");
        return Err(Status::forbidden(Kind::POD, pod.name(), &why));
    };
    let overhead = class.at("overhead.podFixed").clone();
    if overhead.is_some() && pod.at("spec.overhead").is_null() {
        pod.set("spec.overhead", overhead);
    }
    Ok(())
}

fn priority(api: &ApiServer, pod: &mut Object) -> Result<()> {
    let name = pod.at("spec.priorityClassName").text();
    let (value, policy) = if name.is_empty() {
        let default = api.list(Kind::PRIORITY_CLASS, None).filter(|c| c["globalDefault"].is_true());
        match default.min_by_key(|c| c["value"].int_or(0)) {
            Some(class) => {
                let found = (class["value"].int_or(0), class["preemptionPolicy"].text());
                let name = class.at("metadata.name").text();
                pod.set("spec.priorityClassName", name);
                found
            }
            None => (0, Text::default()),
        }
    } else {
        match api.get(Kind::PRIORITY_CLASS, "", &name) {
            Some(class) => (class["value"].int_or(0), class["preemptionPolicy"].text()),
            None => {
                let why = format!("no PriorityClass with name {name} was found");
                return Err(Status::forbidden(Kind::POD, pod.name(), &why));
            }
        }
    };
    let given = pod.at("spec.priority").as_int();
    if given.is_some_and(|p| p != value) {
        let why = format!(
            "the integer value of priority ({}) must not be provided in pod spec; priority admission controller \
             computed {value} from the given PriorityClass name",
            given.unwrap_or(0)
        );
        return Err(Status::forbidden(Kind::POD, pod.name(), &why));
    }
    pod.set("spec.priority", value);
    if pod.at("spec.preemptionPolicy").is_null() {
        let policy = if policy.is_empty() { Text::lit("PreemptLowerPriority") } else { policy };
        pod.set("spec.preemptionPolicy", policy);
    }
    Ok(())
}
