//! `kubectl apply --prune`: deletes what was applied once and is not in the files any more.

use crate::api::{Kind, Object};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Done, Outcome, Select};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::print::Dry;
use crate::kubectl::resource;
use crate::kubectl::verb::apply::LAST_APPLIED;
use crate::kubectl::verb::common::Pause;
use crate::kubectl::verb::delete::{How, Target};
use crate::time::Span;

/// The kinds that are pruned, in kubectl's order; namespaced ones first.
const KINDS: &[Kind] = &[
    Kind::CONFIG_MAP,
    Kind::ENDPOINTS,
    Kind::PERSISTENT_VOLUME_CLAIM,
    Kind::POD,
    Kind::REPLICATION_CONTROLLER,
    Kind::SECRET,
    Kind::SERVICE,
    Kind::JOB,
    Kind::CRON_JOB,
    Kind::INGRESS,
    Kind::DAEMON_SET,
    Kind::DEPLOYMENT,
    Kind::REPLICA_SET,
    Kind::STATEFUL_SET,
    Kind::NAMESPACE,
    Kind::PERSISTENT_VOLUME,
];

const NAMESPACED_ONLY: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.";

/// Deletes what the selector finds, was applied, and is not among `kept`.
pub fn run(cx: &mut Cx, args: &Args, kept: &[Object], dry: Dry) -> Outcome {
    let all = args.values("prune-allowlist").is_empty();
    if all {
        cx.klog('W', "prune.go:71", NAMESPACED_ONLY);
    }
    let found = candidates(cx, args, kept)?;
    for object in &found {
        if dry != Dry::Client {
            let mut how = How::plain(None);
            how.quiet(dry);
            crate::kubectl::verb::delete::one(cx, &Target::of(object), &how)?;
        }
        let text = format!("{} pruned{}\n", resource::label(object), dry.suffix());
        cx.print(&text);
    }
    let lists = if all { KINDS.len() } else { 0 };
    let over = (lists + found.len()).saturating_sub(BURST) as u64;
    let until = cx.sys.now() + Span::millis(over * SPACING_MS);
    Ok(Done::Task(Box::new(Pause { until, result: Ok(0) })))
}

/// What would be pruned: what the selector finds, was applied, and is not among `kept`.
pub fn candidates(cx: &mut Cx, args: &Args, kept: &[Object]) -> Res<Vec<Object>> {
    let select = Select { labels: args.value("selector").into(), fields: String::new() };
    let mut namespaces: Vec<String> = kept.iter().map(|o| o.namespace().to_string()).collect();
    namespaces.retain(|n| !n.is_empty());
    namespaces.order();
    namespaces.dedup();
    let mut out = Vec::new();
    for kind in kinds(args)? {
        let places: Vec<Option<&str>> = if kind.info().namespaced {
            namespaces.iter().map(|n| Some(n.as_str())).collect()
        } else {
            vec![None]
        };
        for place in places {
            let listed = cx.list(kind, place, &select)?.0;
            out.extend(listed.into_iter().filter(|object| {
                let mine = kept.iter().any(|k| k.uid() == object.uid());
                !mine && object.annotation(LAST_APPLIED).is_some() && !object.is_deleting()
            }));
        }
    }
    Ok(out)
}

/// The kinds that the flag names, or the usual ones; namespaced ones first.
pub fn kinds(args: &Args) -> Res<Vec<Kind>> {
    let listed = args.values("prune-allowlist");
    if listed.is_empty() {
        return Ok(KINDS.to_vec());
    }
    let mut out = Vec::new();
    for entry in listed {
        let parts: Vec<&str> = entry.split('/').collect();
        let [group, version, name] = parts.as_slice() else {
            return Err(Fail::Plain(format!(
                "invalid GroupVersionKind format: {entry}, please follow <group/version/kind>"
            )));
        };
        let group = if *group == "core" { "" } else { group };
        let api = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
        out.push(
            Kind::of(&api, name)
                .ok_or_else(|| Fail::Plain(format!("no matches for kind {name:?} in version {api:?}")))?,
        );
    }
    out.order_by_key(|k| !k.info().namespaced);
    Ok(out)
}

/// What client-go lets through at once (measured: the bucket of 10 fills up meanwhile), and how far apart
/// further requests are (5 a second), where a client sets no limits of its own, as this one does.
const BURST: usize = 12;
const SPACING_MS: u64 = 200;
