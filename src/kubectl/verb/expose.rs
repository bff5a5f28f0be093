//! `kubectl expose`: a Service for the pods of an object, its selector and ports read off the object.

use super::common::{named, pod_spec_path};
use super::pairs_map;
use crate::api::request::PatchType;
use crate::api::{Kind, Object, Value, yaml};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::{self, Dry};

/// Flags.
pub const FLAGS: &[Flag] = &[
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

/// How long a Service's name may be (RFC 1035); longer names of what is exposed are cut.
const NAME_LIMIT: usize = 63;

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    // `--selector` is the new service's.
    let found = named(cx, &args.without("selector"), &args.rest)?;
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

/// The labels by which the Service finds its pods.
fn selector(args: &Args, object: &Object) -> Res<Value> {
    let kind = object.kind;
    let known = [Kind::REPLICATION_CONTROLLER, Kind::SERVICE, Kind::POD, Kind::DEPLOYMENT, Kind::REPLICA_SET];
    if !known.contains(&kind) {
        let (kind, group) = (kind.info().kind, kind.info().group());
        let dot = if group.is_empty() { "" } else { "." };
        return Err(Fail::Plain(format!("cannot expose a {kind}{dot}{group}")));
    }
    if !args.value("selector").is_empty() {
        return pairs_map(args.value("selector")).map_err(Fail::Plain);
    }
    let with_selector_object = matches!(kind, Kind::DEPLOYMENT | Kind::REPLICA_SET);
    let labels = match kind {
        Kind::POD => object.at("metadata.labels"),
        _ if with_selector_object => object.at("spec.selector.matchLabels"),
        _ => object.at("spec.selector"),
    };
    let why = match kind {
        _ if with_selector_object && labels.is_empty() => {
            let word = kind.info().singular;
            format!("invalid {word}: no selectors, therefore cannot be exposed")
        }
        _ if with_selector_object && !object.at("spec.selector.matchExpressions").is_empty() => {
            let shown = crate::api::labels::format_object(object.at("spec.selector"));
            format!("couldn't convert expressions - {shown:?} to map-based selector format")
        }
        Kind::POD if labels.is_empty() => "the pod has no labels and cannot be exposed".into(),
        Kind::SERVICE if labels.is_empty() => "the service has no pod selector set".into(),
        _ => return Ok(labels.clone()),
    };
    Err(Fail::Plain(format!("couldn't retrieve selectors via --selector flag or introspection: {why}")))
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
    let containers = match pod_spec_path(object) {
        Some(path) => object.at(path)["containers"].items(),
        None => &[],
    };
    let ports = containers.iter().flat_map(|c| c["ports"].items());
    ports.map(|p| entry(p, "containerPort")).collect()
}

/// The Service's ports: one for each number, or several where the object declares it for several protocols.
fn ports(args: &Args, object: &Object) -> Res<Vec<Value>> {
    let known = declared(object);
    let wanted: Vec<i64> = match args.value("port") {
        "" => known.iter().map(|(n, _)| *n).collect(),
        text => {
            let bad = |t: &str| Fail::Plain(format!("strconv.Atoi: parsing {t:?}: invalid syntax"));
            text.split(',').map(|t| t.parse().map_err(|_| bad(t))).collect::<Res<_>>()?
        }
    };
    if wanted.is_empty() && args.value("cluster-ip") != "None" {
        return Err("couldn't find port via --port flag or introspection".into());
    }
    let mut ports = Vec::new();
    for (i, port) in wanted.iter().enumerate() {
        let protocols: Vec<&str> = match args.value("protocol") {
            "" => known.iter().filter(|(n, _)| n == port).map(|(_, p)| p.as_str()).collect(),
            given => vec![given],
        };
        let target = match args.value("target-port") {
            "" => Value::from(*port),
            text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        };
        let mut add = |protocol: &str, name: Option<String>| {
            let mut entry = crate::map! { "port" => *port, "protocol" => protocol, "targetPort" => &target };
            if let Some(name) = name {
                entry.set("name", name);
            }
            ports.push(entry);
        };
        let name = format!("port-{}", i + 1);
        match protocols.as_slice() {
            [] => add("TCP", (wanted.len() > 1).then_some(name)),
            [one] => add(one, (wanted.len() > 1).then_some(name)),
            many => many.iter().for_each(|p| add(p, Some(format!("{name}-{}", p.to_lowercase())))),
        }
    }
    Ok(ports)
}

fn service(cx: &mut Cx, args: &Args, object: &Object, dry: Dry) -> Res<Object> {
    let selector = selector(args, object)?;
    let mut spec = crate::map! { "ports" => Value::from(ports(args, object)?), "selector" => selector };
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
    let name: String = match args.value("name") {
        "" => object.name().chars().take(NAME_LIMIT).collect(),
        given => given.into(),
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
        let over = yaml::read_value(args.value("overrides"), yaml::Limits::default())
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
