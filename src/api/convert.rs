//! Versions that are served beside the one in which objects are kept, as upstream's scheme converts them.
//!
//! One built-in kind has two: an autoscaler of `autoscaling/v1` knows a target for CPU alone, which the version
//! kept (`autoscaling/v2`) writes as a list of metrics.

use crate::api::{Kind, Value};
use crate::{list, map};

/// The older version of autoscalers.
const AUTOSCALING_V1: &str = "autoscaling/v1";
/// The target of `autoscaling/v1`, in percent of the requests.
const CPU_TARGET: &str = "targetCPUUtilizationPercentage";
/// The fields of the spec of `autoscaling/v1`.
const SPEC_V1: [&str; 4] = ["maxReplicas", "minReplicas", "scaleTargetRef", CPU_TARGET];

/// The kind that an `apiVersion` and `kind` name in another version than its objects are kept in.
pub fn kind_of(api_version: &str, kind: &str) -> Option<Kind> {
    (api_version == AUTOSCALING_V1 && kind == Kind::HPA.info().kind).then_some(Kind::HPA)
}

/// An object written in another version, in the one that is kept; `None` if it is written in that already.
/// Fields that its own version lacks go into `unknown`, as paths.
pub fn kept(value: &Value, unknown: &mut Vec<String>) -> Option<Value> {
    let kind = kind_of(value["apiVersion"].str(), value["kind"].str())?;
    let mut value = value.clone();
    value.set("apiVersion", kind.info().api_version);
    for (field, _) in value["spec"].clone().entries().filter(|(f, _)| !SPEC_V1.contains(&f.as_str())) {
        unknown.push(format!("spec.{field}"));
        value.remove(&format!("spec.{field}"));
    }
    if let Some(target) = value.remove(&format!("spec.{CPU_TARGET}")).filter(Value::is_some) {
        let target = map! { "type" => "Utilization", "averageUtilization" => target };
        let metric =
            map! { "type" => "Resource", "resource" => map! { "name" => "cpu", "target" => target } };
        value.set("spec.metrics", list![metric]);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn a_target_for_cpu_becomes_a_metric() {
        let text = r#"{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","spec":{"maxReplicas":3,
            "targetCPUUtilizationPercentage":70,"metrics":[]}}"#;
        let mut unknown = vec![];
        let kept = kept(&json::parse(text).expect("valid"), &mut unknown).expect("another version");
        assert_eq!(kept["apiVersion"].str(), "autoscaling/v2");
        let metric = &kept.at("spec.metrics").items()[0];
        assert_eq!(metric.at("resource.target.averageUtilization").as_int(), Some(70));
        assert!(kept.at("spec.targetCPUUtilizationPercentage").is_null());
        assert_eq!(unknown, ["spec.metrics"]);
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        for (version, kind) in [("autoscaling/v2", "HorizontalPodAutoscaler"), ("autoscaling/v1", "Scale")] {
            assert_eq!(kind_of(version, kind), None);
            assert_eq!(super::kept(&map! { "apiVersion" => version, "kind" => kind }, &mut vec![]), None);
        }
    }
}
