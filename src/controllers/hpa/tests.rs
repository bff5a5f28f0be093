//! What an autoscaler recommends, and how far that is followed.

use super::behavior::{Normal, normalise, remember};
use super::replicas::{Need, Pods, plain, utilization};
use super::*;
use crate::api::json;
use crate::apiserver::ApiServer;
use crate::time::Epoch;

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::secs(seconds)
}

fn spec(text: &str) -> Value {
    let value = json::parse(&format!("{{\"spec\": {text}}}")).expect("valid JSON");
    let mut object = Object::new(Kind::HPA, value);
    crate::api::defaults::apply(&mut object);
    object["spec"].clone()
}

#[test]
fn recommendations_are_held_back_as_upstream_does() {
    // Spec, earlier recommendations, earlier changes, size and recommendation; then size and the two reasons.
    let rows: &[(&str, &[(u64, i64)], &[(u64, i64)], (i64, i64), (i64, &str, &str))] = &[
        (r#"{"maxReplicas":100}"#, &[], &[], (3, 3), (3, "", "DesiredWithinRange")),
        (r#"{"maxReplicas":100}"#, &[], &[], (1, 9), (4, "", "ScaleUpLimit")),
        (r#"{"maxReplicas":100}"#, &[], &[], (3, 9), (6, "", "ScaleUpLimit")),
        (r#"{"maxReplicas":5}"#, &[], &[], (3, 9), (5, "", "TooManyReplicas")),
        (r#"{"maxReplicas":9,"minReplicas":2}"#, &[], &[], (3, 1), (2, "", "TooFewReplicas")),
        (r#"{"maxReplicas":9}"#, &[(800, 7)], &[], (7, 2), (7, "ScaleDownStabilized", "DesiredWithinRange")),
        (r#"{"maxReplicas":9}"#, &[(700, 7)], &[], (7, 2), (2, "", "DesiredWithinRange")),
        // With a behaviour, even an empty one, the default policies hold: 4 pods or 100 % in 15 s.
        (r#"{"maxReplicas":100,"behavior":{"scaleUp":{}}}"#, &[], &[], (1, 9), (5, "", "ScaleUpLimit")),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleUp":{}}}"#,
            &[],
            &[(995, 4)],
            (5, 20),
            (5, "", "ScaleUpLimit"),
        ),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleUp":{"stabilizationWindowSeconds":60}}}"#,
            &[(980, 3)],
            &[],
            (2, 9),
            (3, "ScaleUpStabilized", "DesiredWithinRange"),
        ),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleUp":{"selectPolicy":"Disabled"}}}"#,
            &[],
            &[],
            (2, 9),
            (2, "", "ScaleUpLimit"),
        ),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleUp":{"selectPolicy":"Min","policies":[
                {"type":"Pods","value":1,"periodSeconds":60},{"type":"Percent","value":50,"periodSeconds":60}]}}}"#,
            &[],
            &[],
            (3, 9),
            (4, "", "ScaleUpLimit"),
        ),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleDown":{"stabilizationWindowSeconds":0,"policies":[
                {"type":"Percent","value":10,"periodSeconds":60}]}}}"#,
            &[],
            &[],
            (15, 1),
            (13, "", "ScaleDownLimit"),
        ),
        (
            r#"{"maxReplicas":100,"behavior":{"scaleDown":{"stabilizationWindowSeconds":0,"policies":[
                {"type":"Pods","value":2,"periodSeconds":60}]}}}"#,
            &[],
            &[(970, -2)],
            (8, 1),
            (8, "", "ScaleDownLimit"),
        ),
    ];
    for (text, recommendations, changes, (size, wanted), expected) in rows {
        let mut memory = Memory::default();
        memory.recommendations.extend(recommendations.iter().map(|(t, n)| (at(*t), *n)));
        for (t, n) in *changes {
            remember(&spec(text), &mut memory, 10, 10 + n, at(*t));
        }
        let Normal { replicas, stabilised, limited } =
            normalise(&spec(text), &mut memory, *size, *wanted, at(1000));
        let came = (replicas, stabilised.map_or("", |(reason, _)| reason), limited.1);
        assert_eq!(came, *expected, "{text} {size} -> {wanted}");
        assert_eq!(limited.0, limited.1 != "DesiredWithinRange", "{text}");
    }
}

/// A pod: name, phase, ready, since when it runs and since when its readiness is what it is.
fn pod(name: &str, phase: &str, ready: bool, started: u64, turned: u64, epoch: Epoch) -> Object {
    let status = if ready { "True" } else { "False" };
    let ready = map! {
        "type" => "Ready", "status" => status, "lastTransitionTime" => epoch.rfc3339(at(turned)),
    };
    let requests = map! { "cpu" => "100m", "memory" => "100Mi" };
    let container = map! { "name" => "main", "resources" => map! { "requests" => requests } };
    let value = map! {
        "metadata" => map! { "name" => name, "namespace" => "default" },
        "spec" => map! { "containers" => vec![container] },
        "status" => map! {
            "phase" => phase, "startTime" => epoch.rfc3339(at(started)), "conditions" => vec![ready],
        },
    };
    Object::new(Kind::POD, value)
}

#[test]
fn pods_without_a_sample_or_readiness_count_as_upstream_counts_them() {
    let epoch = Epoch(1_795_420_239_000_000);
    let mut api = ApiServer::new(1, epoch);
    api.enter(at(1000), crate::trace::Cause::START, "test");
    let old = |name| pod(name, "Running", true, 0, 10, epoch);
    let cases: Vec<(&str, Vec<Object>, Vec<(&str, i64)>, i64, Result<Need, &str>)> = vec![
        (
            "twice the target",
            vec![old("a"), old("b")],
            vec![("a", 100), ("b", 100)],
            50,
            Ok(Need { replicas: 4, percent: Some(100), average: 100 }),
        ),
        (
            "within a tenth",
            vec![old("a"), old("b")],
            vec![("a", 54), ("b", 55)],
            50,
            Ok(Need { replicas: 2, percent: Some(54), average: 54 }),
        ),
        (
            "a pod without a sample uses nothing when more are needed",
            vec![old("a"), old("b")],
            vec![("a", 150)],
            50,
            Ok(Need { replicas: 3, percent: Some(150), average: 150 }),
        ),
        (
            "a pod without a sample uses all when fewer would do",
            vec![old("a"), old("b")],
            vec![("a", 10)],
            50,
            Ok(Need { replicas: 2, percent: Some(10), average: 10 }),
        ),
        (
            "a pending pod uses nothing when more are needed",
            vec![old("a"), pod("b", "Pending", false, 990, 990, epoch)],
            vec![("a", 150)],
            50,
            Ok(Need { replicas: 3, percent: Some(150), average: 150 }),
        ),
        (
            "a sample of the start does not count",
            vec![old("a"), pod("b", "Running", true, 900, 990, epoch)],
            vec![("a", 40), ("b", 900)],
            50,
            Ok(Need { replicas: 1, percent: Some(40), average: 40 }),
        ),
        (
            "a pod that was never ready does not count after five minutes either",
            vec![old("a"), pod("b", "Running", false, 100, 120, epoch)],
            vec![("a", 40), ("b", 900)],
            50,
            Ok(Need { replicas: 1, percent: Some(40), average: 40 }),
        ),
        (
            "a pod that lost its readiness later counts",
            vec![old("a"), pod("b", "Running", false, 100, 400, epoch)],
            vec![("a", 50), ("b", 50)],
            50,
            Ok(Need { replicas: 2, percent: Some(50), average: 50 }),
        ),
        (
            "nothing but starts",
            vec![pod("a", "Running", true, 990, 995, epoch)],
            vec![("a", 90)],
            50,
            Err("did not receive metrics for targeted pods (pods might be unready)"),
        ),
        ("no pods", vec![], vec![], 50, Err("no pods returned by selector while calculating replica count")),
    ];
    for (name, objects, samples, target, expected) in cases {
        let pods: Vec<&Object> = objects.iter().collect();
        let samples = samples.into_iter().map(|(n, v)| (Text::from(n), v)).collect();
        let size = objects.len() as i64;
        let all = Pods { pods: &pods, samples, seen: at(1000), cpu: true, api: &api };
        let came = utilization(all, size, target, "cpu", "", (0.1, 0.1));
        assert_eq!(came, expected.map_err(str::to_string), "{name}");
    }
    let both = [old("a"), old("b")];
    let pods: Vec<&Object> = both.iter().collect();
    let all = |value: i64| {
        let samples = [(Text::from("a"), value), (Text::from("b"), value)].into_iter().collect();
        Pods { pods: &pods, samples, seen: at(1000), cpu: false, api: &api }
    };
    let came = plain(all(300), 2, 100, (0.1, 0.1)).expect("samples of all pods");
    assert_eq!(came, Need { replicas: 6, percent: None, average: 300 });
    assert_eq!(plain(all(120), 2, 100, (0.1, 0.5)).map(|n| n.replicas), Ok(2), "a tolerance of its own");
    let missing = utilization(all(100), 2, 50, "cpu", "side", (0.1, 0.1));
    assert_eq!(missing, Err("container side not found in Pod a".to_string()));
    let missing = utilization(all(100), 2, 50, "gpu", "", (0.1, 0.1));
    assert_eq!(missing, Err("missing request for gpu in container main of Pod a".to_string()));
}
