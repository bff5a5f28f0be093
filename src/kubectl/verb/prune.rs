//! `kubectl apply --prune`: deletes what was applied once and is not in the files any more.

use crate::api::{Kind, Object};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Select};
use crate::kubectl::fail::Res;
use crate::kubectl::flags::Args;
use crate::kubectl::print::Dry;
use crate::kubectl::resource;
use crate::kubectl::verb::apply::LAST_APPLIED;
use crate::kubectl::verb::delete::{How, Target};

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

/// Deletes what the selector finds, was applied, and is not among `kept`.
pub fn run(cx: &mut Cx, args: &Args, kept: &[Object], dry: Dry) -> Res<()> {
    let select = Select { labels: args.value("selector").into(), fields: String::new() };
    let mut namespaces: Vec<String> = kept.iter().map(|o| o.namespace().to_string()).collect();
    namespaces.retain(|n| !n.is_empty());
    namespaces.order();
    namespaces.dedup();
    let listed = args.values("prune-allowlist");
    let allowed = |kind: Kind| {
        let i = kind.info();
        let group =
            if i.group().is_empty() { format!("core/{}", i.api_version) } else { i.api_version.to_string() };
        listed.is_empty() || listed.iter().any(|l| *l == format!("{group}/{}", i.kind))
    };
    for kind in KINDS.iter().copied().filter(|k| allowed(*k)) {
        let places: Vec<Option<&str>> = if kind.info().namespaced {
            namespaces.iter().map(|n| Some(n.as_str())).collect()
        } else {
            vec![None]
        };
        for place in places {
            for object in cx.list(kind, place, &select)?.0 {
                let mine = kept.iter().any(|k| k.uid() == object.uid());
                if mine || object.annotation(LAST_APPLIED).is_none() || object.is_deleting() {
                    continue;
                }
                if dry != Dry::Client {
                    let mut how = How::plain(None);
                    how.quiet(dry);
                    crate::kubectl::verb::delete::one(cx, &Target::of(&object), &how)?;
                }
                let text = format!("{} pruned{}\n", resource::label(&object), dry.suffix());
                cx.print(&text);
            }
        }
    }
    Ok(())
}
