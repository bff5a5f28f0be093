//! `kubectl scale`, `kubectl autoscale` and `kubectl expose`.

use super::common::live;
use super::pairs_map;
use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::print::{self, Dry};

/// Flags of `scale`.
pub const SCALE: &[Flag] = &[
    int("replicas", ' ', "0"),
    int("current-replicas", ' ', "-1"),
    text("resource-version", ' ', ""),
    span("timeout", "0s"),
    switch("all", ' '),
    text("selector", 'l', ""),
];

/// Flags of `autoscale`.
pub const AUTOSCALE: &[Flag] = &[
    int("min", ' ', "-1"),
    int("max", ' ', "-1"),
    int("cpu-percent", ' ', "-1"),
    text("cpu", ' ', ""),
    text("memory", ' ', ""),
    text("name", ' ', ""),
    text("field-manager", ' ', ""),
    switch("save-config", ' '),
];

/// Flags of `expose`.
pub const EXPOSE: &[Flag] = &[
    text("port", ' ', ""),
    text("target-port", ' ', ""),
    text("protocol", ' ', ""),
    text("name", ' ', ""),
    text("type", ' ', ""),
    text("selector", ' ', ""),
    text("labels", 'l', ""),
    text("external-ip", ' ', ""),
    text("load-balancer-ip", ' ', ""),
    text("cluster-ip", ' ', ""),
    text("session-affinity", ' ', ""),
    text("overrides", ' ', ""),
    text("override-type", ' ', "merge"),
    text("field-manager", ' ', ""),
    switch("save-config", ' '),
];

const SCALABLE: &[Kind] =
    &[Kind::DEPLOYMENT, Kind::REPLICA_SET, Kind::STATEFUL_SET, Kind::REPLICATION_CONTROLLER];

/// Runs `scale`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.changed("replicas") {
        return Err("required flag(s) \"replicas\" not set".into());
    }
    if args.int("replicas") < 0 {
        return Err(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into()
        );
    }
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let found = live(cx, args, &args.rest)?;
    let mut fails = found.fails;
    for object in found.objects {
        match scale(cx, args, &object, dry) {
            Ok(changed) => {
                super::record::patch(cx, args, &changed)?;
                print::result(cx, &changed, &format, "scaled", dry)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn scale(cx: &mut Cx, args: &Args, object: &Object, dry: Dry) -> Res<Object> {
    if !SCALABLE.contains(&object.kind) && !object.kind.is_custom() {
        let status =
            crate::api::Status::new(404, "NotFound", "the server could not find the requested resource");
        return Err(Fail::Server(status));
    }
    let (have, want) = (object.at("spec.replicas").int_or(1), args.int("current-replicas"));
    if want >= 0 && want != have {
        return Err(Fail::Plain(format!("Expected replicas to be {want}, was {have}")));
    }
    let version = args.value("resource-version");
    if !version.is_empty() && version != object.at("metadata.resourceVersion").str() {
        return Err(Fail::Plain(format!(
            "Expected resource version to be {version}, was {}",
            object.at("metadata.resourceVersion").str()
        )));
    }
    if dry == Dry::Client {
        return Ok(object.clone());
    }
    let body = crate::map! { "spec" => crate::map! { "replicas" => args.int("replicas") } };
    let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
    cx.patch(object, PatchType::Merge, body, options)
}

/// Runs `autoscale`.
pub fn autoscale(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.changed("max") {
        return Err("required flag(s) \"max\" not set".into());
    }
    let (min, max) = (args.int("min"), args.int("max"));
    if args.changed("cpu-percent") {
        cx.eprint("Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n");
    }
    if max < 1 {
        return Err(Fail::Plain(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Fail::Plain(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let found = live(cx, args, &args.rest)?;
    let mut fails = found.fails;
    for object in found.objects {
        if !SCALABLE.contains(&object.kind) {
            let info = object.kind.info();
            fails.push(Fail::Plain(format!("cannot autoscale a {}: not a scalable resource", info.kind)));
            continue;
        }
        let hpa = autoscaler(args, &object);
        match super::create::post(cx, args, hpa, dry) {
            Ok(made) => print::result(cx, &made, &format, "autoscaled", dry)?,
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn metric(name: &str, wanted: &str) -> Value {
    let target = match wanted.strip_suffix('%').or(wanted.parse::<i64>().ok().map(|_| wanted)) {
        Some(percent) => {
            crate::map! { "type" => "Utilization", "averageUtilization" => percent.parse::<i64>().unwrap_or(0) }
        }
        None => crate::map! { "type" => "AverageValue", "averageValue" => wanted },
    };
    crate::map! { "type" => "Resource", "resource" => crate::map! { "name" => name, "target" => target } }
}

fn autoscaler(args: &Args, object: &Object) -> Object {
    let info = object.kind.info();
    let name = match args.value("name") {
        "" => object.name(),
        given => given,
    };
    let mut spec = crate::map! {
        "maxReplicas" => args.int("max"),
        "scaleTargetRef" => crate::map! {
            "apiVersion" => info.api_version, "kind" => info.kind, "name" => object.name(),
        },
    };
    if args.int("min") > 0 {
        spec.set("minReplicas", args.int("min"));
    }
    let mut metrics = Vec::new();
    let cpu = match args.int("cpu-percent") {
        n if n >= 0 => n.to_string(),
        _ => args.value("cpu").to_string(),
    };
    for (resource, wanted) in [("cpu", cpu.as_str()), ("memory", args.value("memory"))] {
        if !wanted.is_empty() {
            metrics.push(metric(resource, wanted));
        }
    }
    if !metrics.is_empty() {
        spec.set("metrics", Value::from(metrics));
    }
    let value = crate::map! {
        "metadata" => crate::map! { "name" => name, "namespace" => object.namespace() },
        "spec" => spec,
        "status" => crate::map! { "currentMetrics" => Value::Null, "desiredReplicas" => 0 },
    };
    Object::new(Kind::HPA, value)
}

/// Runs `expose`.
pub fn expose(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    // `--selector` is the new service's.
    let found = live(cx, &args.without("selector"), &args.rest)?;
    let mut fails = found.fails;
    for object in found.objects {
        let made = service(cx, args, &object, dry).and_then(|s| super::create::post(cx, args, s, dry));
        match made {
            Ok(made) => print::result(cx, &made, &format, "exposed", dry)?,
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

/// (labels of the pods, how the selector is found)
fn selector(args: &Args, object: &Object) -> Res<Value> {
    if !args.value("selector").is_empty() {
        return pairs_map(args.value("selector")).map_err(Fail::Plain);
    }
    let labels = match object.kind {
        Kind::POD => object.at("metadata.labels"),
        Kind::SERVICE | Kind::REPLICATION_CONTROLLER => object.at("spec.selector"),
        Kind::DEPLOYMENT | Kind::REPLICA_SET => {
            if !object.at("spec.selector.matchExpressions").is_empty() {
                return Err(Fail::Plain("couldn't convert expressions to map-based selector format".into()));
            }
            object.at("spec.selector.matchLabels")
        }
        _ => return Err(Fail::Plain(format!("cannot expose a {}", object.kind.info().kind))),
    };
    if labels.is_empty() {
        let why = match object.kind {
            Kind::POD => "the pod has no labels and cannot be exposed",
            Kind::SERVICE => "the service has no pod selector set",
            _ => {
                "couldn't retrieve selectors via --selector flag or introspection: the deployment has no selectors"
            }
        };
        let text = if object.kind == Kind::DEPLOYMENT {
            why.to_string()
        } else {
            format!("couldn't retrieve selectors via --selector flag or introspection: {why}")
        };
        return Err(Fail::Plain(text));
    }
    Ok(labels.clone())
}

/// The ports that an object declares, with their protocols.
fn declared(object: &Object) -> Vec<(i64, String)> {
    let entry = |p: &Value, field: &str| {
        let protocol = match p["protocol"].str() {
            "" => "TCP",
            given => given,
        };
        (p[field].int_or(0), protocol.to_string())
    };
    if object.kind == Kind::SERVICE {
        return object.at("spec.ports").items().iter().map(|p| entry(p, "port")).collect();
    }
    let spec = super::common::pod_spec_path(object).map(|p| object.at(p).clone()).unwrap_or_default();
    let containers = spec["containers"].items().to_vec();
    containers.iter().flat_map(|c| c["ports"].items().to_vec()).map(|p| entry(&p, "containerPort")).collect()
}

fn service(cx: &mut Cx, args: &Args, object: &Object, dry: Dry) -> Res<Object> {
    let selector = selector(args, object)?;
    let known = declared(object);
    let wanted: Vec<i64> = match args.value("port") {
        "" => known.iter().map(|(n, _)| *n).collect(),
        text => {
            let bad = |t: &str| Fail::Plain(format!("strconv.ParseInt: parsing {t:?}: invalid syntax"));
            text.split(',').map(|t| t.trim().parse().map_err(|_| bad(t))).collect::<Res<_>>()?
        }
    };
    if wanted.is_empty() && args.value("cluster-ip") != "None" {
        return Err("couldn't find port via --port flag or introspection".into());
    }
    let mut ports = Vec::new();
    for (i, port) in wanted.iter().enumerate() {
        let declared = known.iter().find(|(n, _)| n == port).map(|(_, p)| p.clone());
        let protocol = match args.value("protocol") {
            "" => declared.unwrap_or_else(|| "TCP".into()),
            given => given.to_string(),
        };
        let target = match args.value("target-port") {
            "" => Value::from(*port),
            text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        };
        let mut entry = crate::map! { "port" => *port, "protocol" => protocol, "targetPort" => target };
        if wanted.len() > 1 {
            entry.set("name", format!("port-{}", i + 1));
        }
        ports.push(entry);
    }
    let mut spec = crate::map! { "ports" => Value::from(ports), "selector" => selector };
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        if !args.value(flag).is_empty() {
            spec.set(field, args.value(flag));
        }
    }
    if !args.value("external-ip").is_empty() {
        spec.set("externalIPs", crate::list![args.value("external-ip")]);
    }
    let name = match args.value("name") {
        "" => object.name(),
        given => given,
    };
    let mut meta = crate::map! { "name" => name };
    let labels = match args.value("labels") {
        "" => object.at("metadata.labels").clone(),
        given => pairs_map(given).map_err(Fail::Plain)?,
    };
    if !labels.is_empty() {
        meta.set("labels", labels);
    }
    if dry != Dry::Client || cx.base.explicit {
        meta.set("namespace", object.namespace());
    }
    let mut value = crate::map! {
        "metadata" => meta, "spec" => spec, "status" => crate::map! { "loadBalancer" => Value::map() },
    };
    if !args.value("overrides").is_empty() {
        let over = crate::api::yaml::read_value(args.value("overrides"), crate::api::yaml::Limits::default())
            .map_err(|e| Fail::Plain(e.to_string()))?;
        let how = match args.value("override-type") {
            "strategic" => PatchType::Strategic,
            "json" => PatchType::Json,
            _ => PatchType::Merge,
        };
        value = crate::api::patch::apply(Kind::SERVICE, how, &value, &over)?;
    }
    Ok(Object::new(Kind::SERVICE, value))
}
