//! `kubectl scale` and `kubectl autoscale`.

use super::common::{live, named};
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
    if object.kind.is_custom() {
        // A definition need not have the subresource.
        let (ns, name) = (object.namespace(), object.name());
        cx.get_part(object.kind, ns, name, "scale").map_err(|fail| match fail {
            Fail::Server(mut s) if s.code == 404 => {
                s.message = format!("{} {name:?} not found", object.kind.info().qualified()).into();
                Fail::Server(s)
            }
            other => other,
        })?;
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
    let found = named(cx, args, &args.rest)?;
    let word = if dry == Dry::Client { "created" } else { "autoscaled" };
    let mut fails = found.fails;
    for object in found.objects {
        if !SCALABLE.contains(&object.kind) {
            let info = object.kind.info();
            fails.push(Fail::Plain(format!("cannot autoscale a {}: not a scalable resource", info.kind)));
            continue;
        }
        let hpa = autoscaler(args, &object);
        match super::create::post(cx, args, hpa, dry) {
            Ok(made) => print::result(cx, &made, &format, word, dry)?,
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
