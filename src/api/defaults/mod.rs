//! What the API server fills in when it decodes an object: `SetDefaults_*` of pkg/apis, kind by kind.
//!
//! Left to other places: what admission adds (service account, tolerations, priority) and what registry
//! strategies set (initial status, generated selectors, allocated addresses). Applying the defaults twice
//! changes nothing.

mod cluster;
mod pod;
mod workloads;

use crate::api::{Kind, Object, Text, Value};

/// Fills in the defaults of an object that has been decoded.
pub fn apply(object: &mut Object) {
    let kind = object.kind;
    let value = &mut object.value;
    match kind {
        Kind::POD => pod::pod(value),
        Kind::POD_TEMPLATE => pod::template(value.slot("template")),
        Kind::REPLICATION_CONTROLLER => workloads::replication_controller(value),
        Kind::REPLICA_SET => workloads::replica_set(value),
        Kind::DEPLOYMENT => workloads::deployment(value),
        Kind::DAEMON_SET => workloads::daemon_set(value),
        Kind::STATEFUL_SET => workloads::stateful_set(value),
        Kind::JOB => workloads::job(value),
        Kind::CRON_JOB => workloads::cron_job(value),
        Kind::HPA => workloads::autoscaler(value),
        Kind::SERVICE => cluster::service(value),
        Kind::SECRET => cluster::secret(value),
        Kind::NAMESPACE => cluster::namespace(value),
        Kind::LIMIT_RANGE => cluster::limit_range(value),
        Kind::PERSISTENT_VOLUME => cluster::volume(value),
        Kind::PERSISTENT_VOLUME_CLAIM => cluster::claim(value),
        Kind::ENDPOINTS => cluster::endpoints(value),
        Kind::ENDPOINT_SLICE => cluster::endpoint_slice(value),
        Kind::NETWORK_POLICY => cluster::network_policy(value),
        Kind::STORAGE_CLASS => {
            default(value, "reclaimPolicy", Text::lit("Delete"));
            default(value, "volumeBindingMode", Text::lit("Immediate"));
        }
        Kind::PRIORITY_CLASS => default(value, "preemptionPolicy", Text::lit("PreemptLowerPriority")),
        Kind::CSI_DRIVER => cluster::csi_driver(value),
        Kind::CLUSTER_ROLE_BINDING | Kind::ROLE_BINDING => cluster::role_binding(value),
        Kind::MUTATING_WEBHOOK | Kind::VALIDATING_WEBHOOK => cluster::webhooks(value, kind),
        Kind::CRD => cluster::custom_resource(value),
        _ => {}
    }
}

/// Sets a field that is absent or an empty string.
fn default(value: &mut Value, key: &'static str, to: impl Into<Value>) {
    let old = value.get(key);
    if old.is_null() || old.as_str() == Some("") {
        value.map_mut().insert(Text::lit(key), to);
    }
}

/// Sets a field that is absent, null or zero.
fn default_number(value: &mut Value, key: &'static str, to: i64) {
    if value.get(key).int_or(0) == 0 {
        value.map_mut().insert(Text::lit(key), to);
    }
}

/// Edits the value of a field if it is there.
fn within(value: &mut Value, key: &str, edit: impl FnOnce(&mut Value)) {
    if value.get(key).is_some() {
        edit(value.map_mut().get_mut(key).expect("the key is there"));
    }
}

/// Edits each element of the list in a field.
fn each(value: &mut Value, key: &str, mut edit: impl FnMut(&mut Value)) {
    if !value.get(key).items().is_empty() {
        within(value, key, |list| list.list_mut().iter_mut().for_each(&mut edit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{decode, json, yaml};

    fn defaulted(text: &str) -> Object {
        let body = yaml::read_value(text, yaml::Limits::default()).expect("YAML");
        let kind = Kind::of(body["apiVersion"].str(), body["kind"].str()).expect("a kind");
        let (mut object, _) = decode::object(kind, &body, "Strict").expect("valid");
        apply(&mut object);
        let once = object.clone();
        apply(&mut object);
        assert_eq!(object, once, "defaults settle at once");
        object
    }

    #[test]
    fn a_small_pod_becomes_a_complete_one() {
        let pod = defaulted(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: c, image: nginx, ports: [{containerPort: 80}], resources: {limits: {cpu: 1}}, livenessProbe: {httpGet: {port: 80}}}\n  volumes: [{name: v}, {name: w, configMap: {name: x}}]\n",
        );
        assert_eq!(
            json::print(&pod["spec"]),
            r#"{"containers":[{"image":"nginx","imagePullPolicy":"Always","livenessProbe":{"failureThreshold":3,"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},"name":"c","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","enableServiceLinks":true,"restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30,"volumes":[{"emptyDir":{},"name":"v"},{"configMap":{"defaultMode":420,"name":"x"},"name":"w"}]}"#
        );
    }

    #[test]
    fn other_kinds_get_theirs() {
        let deployment =
            defaulted("apiVersion: apps/v1\nkind: Deployment\nspec: {selector: {}, template: {}}\n");
        assert_eq!(
            json::print(&deployment.at("spec.strategy").clone()),
            r#"{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"}"#
        );
        assert_eq!(deployment.at("spec.replicas"), &Value::Int(1));
        let service = defaulted("apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n");
        assert_eq!(
            json::print(&service["spec"]),
            r#"{"internalTrafficPolicy":"Cluster","ports":[{"port":80,"protocol":"TCP","targetPort":80}],"sessionAffinity":"None","type":"ClusterIP"}"#
        );
        let secret = defaulted("apiVersion: v1\nkind: Secret\nstringData: {a: hello}\n");
        assert_eq!((secret.at("data.a").str(), secret.at("type").str()), ("aGVsbG8=", "Opaque"));
        assert!(secret["stringData"].is_null());
    }
}
