//! Fields behind feature gates that are off in v1.36: the server drops them from what clients send, as
//! pkg/api/pod `DropDisabledPodFields` does.

use crate::api::{Kind, Object, Value};

/// The sections of a pod's spec that hold containers.
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Sources of projected volumes that are not served (ClusterTrustBundleProjection, PodCertificateRequest).
const PROJECTIONS: [&str; 2] = ["clusterTrustBundle", "podCertificate"];

/// Where the spec of pods is in an object of a kind.
fn place(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::POD => Some("spec"),
        Kind::DEPLOYMENT
        | Kind::REPLICA_SET
        | Kind::DAEMON_SET
        | Kind::STATEFUL_SET
        | Kind::JOB
        | Kind::REPLICATION_CONTROLLER => Some("spec.template.spec"),
        Kind::CRON_JOB => Some("spec.jobTemplate.spec.template.spec"),
        Kind::POD_TEMPLATE => Some("template.spec"),
        _ => None,
    }
}

/// Drops what is not served.
pub(super) fn drop(object: &mut Object) {
    let Some(place) = place(object.kind) else { return };
    if !has_any(object.at(place)) {
        return;
    }
    let spec = object.slot(place);
    let signal = |c: &mut Value| {
        if c.at("lifecycle.stopSignal").is_some() {
            c.slot("lifecycle").remove("stopSignal");
        }
    };
    for section in CONTAINERS {
        each(spec, section, signal);
    }
    each(spec, "volumes", |volume| {
        let source = |source: &mut Value| {
            for field in PROJECTIONS {
                source.remove(field);
            }
        };
        each(volume, "projected.sources", source);
    });
}

/// Changes each item of a list, if it is there: to ask for its slot would make it.
fn each(value: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    if !value.at(list).is_empty() {
        value.slot(list).list_mut().iter_mut().for_each(change);
    }
}

fn has_any(spec: &Value) -> bool {
    let signal = |c: &Value| c.at("lifecycle.stopSignal").is_some();
    let source = |s: &Value| PROJECTIONS.iter().any(|field| s[*field].is_some());
    CONTAINERS.iter().any(|section| spec[*section].items().iter().any(signal))
        || spec["volumes"].items().iter().any(|v| v.at("projected.sources").items().iter().any(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn what_is_not_served_is_dropped_and_nothing_else() {
        let container = map! { "name" => "a", "lifecycle" => map! { "stopSignal" => "SIGUSR1" } };
        let sources = list![
            map! { "clusterTrustBundle" => map! { "path" => "ca" } },
            map! { "configMap" => map! { "name" => "c" } },
        ];
        let spec = map! {
            "containers" => list![container],
            "volumes" => list![map! { "name" => "v", "projected" => map! { "sources" => sources } }],
        };
        let mut pod = Object::new(Kind::POD, map! { "spec" => spec });
        drop(&mut pod);
        let spec = &pod["spec"];
        assert_eq!(spec["containers"][0], map! { "name" => "a", "lifecycle" => Value::map() });
        assert_eq!(
            spec["volumes"][0].at("projected.sources"),
            &list![Value::map(), map! { "configMap" => map! { "name" => "c" } }]
        );
        assert!(spec["initContainers"].is_null());
    }
}
