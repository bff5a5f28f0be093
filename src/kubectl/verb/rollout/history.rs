//! `kubectl rollout history`: the revisions that ReplicaSets and ControllerRevisions keep.

use super::{CAUSE, REVISION, each, has_revisions, without};
use crate::api::{Kind, Object, Value};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::print::table::Table;
use crate::kubectl::print::{self, Dry, Format};

/// A revision: number, what made it, the object that keeps it, its template.
pub(super) struct Revision {
    pub(super) number: i64,
    cause: String,
    pub(super) keeper: Object,
    pub(super) template: Value,
}

impl Revision {
    /// What `-o` shows of it: the ReplicaSet, or the workload as it was.
    fn kind(&self, owner: &Object) -> Kind {
        if owner.kind == Kind::DEPLOYMENT { self.keeper.kind } else { owner.kind }
    }
}

/// The revisions of a workload, oldest first.
pub(super) fn revisions(cx: &mut Cx, owner: &Object) -> Res<Vec<Revision>> {
    let kind = if owner.kind == Kind::DEPLOYMENT { Kind::REPLICA_SET } else { Kind::CONTROLLER_REVISION };
    let (all, _) = cx.list(kind, Some(owner.namespace()), &Default::default())?;
    let mut out: Vec<Revision> = all
        .into_iter()
        .filter(|o| o.controller()["uid"].str() == owner.uid())
        .map(|o| {
            let number = match kind {
                Kind::REPLICA_SET => o.annotation(REVISION).unwrap_or("0").parse().unwrap_or(0),
                _ => o.at("revision").int_or(0),
            };
            let path = if kind == Kind::REPLICA_SET { "spec.template" } else { "data.spec.template" };
            let mut template = o.at(path).clone();
            template.remove("$patch");
            Revision { number, cause: o.annotation(CAUSE).unwrap_or("").to_string(), template, keeper: o }
        })
        .collect();
    out.retain(|r| r.number > 0);
    out.order_by_key(|r| r.number);
    Ok(out)
}

/// A workload as a revision had it: what `-o` shows of StatefulSets and DaemonSets.
fn as_of(owner: &Object, revision: &Revision) -> Value {
    if owner.kind == Kind::DEPLOYMENT {
        return revision.keeper.value.clone();
    }
    let mut then = owner.value.clone();
    then.set("spec.template", revision.template.clone());
    then
}

fn find(all: &[Revision], wanted: i64) -> Res<&Revision> {
    all.iter().find(|r| r.number == wanted).ok_or(Fail::from("unable to find the specified revision"))
}

/// `rollout history`.
pub fn history(cx: &mut Cx, args: &Args) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let wanted = args.int("revision");
    if wanted < 0 && (!args.rest.is_empty() || crate::kubectl::files::given(args)) {
        return Err(Fail::Plain(format!("revision must be a positive integer: {wanted}")));
    }
    each(cx, args, |cx, object| {
        if !has_revisions(object.kind) {
            return Err(without(object.kind, "history viewer", "history"));
        }
        let all = revisions(cx, object)?;
        if format == Format::Human {
            return show(cx, object, &all, wanted);
        }
        let chosen = if wanted > 0 { std::slice::from_ref(find(&all, wanted)?) } else { &all[..] };
        for revision in chosen {
            let then = Object { kind: revision.kind(object), value: as_of(object, revision) };
            print::result(cx, &then, &format, "", Dry::No)?;
        }
        Ok(())
    })
}

fn show(cx: &mut Cx, object: &Object, all: &[Revision], wanted: i64) -> Res<()> {
    let name = crate::kubectl::resource::label(object);
    if all.is_empty() {
        cx.print(&format!("{name} \nNo rollout history found.\n"));
        return Ok(());
    }
    if wanted > 0 {
        let revision = find(all, wanted)?;
        let mut template = revision.template.clone();
        if !revision.cause.is_empty() && object.kind == Kind::DEPLOYMENT {
            template.slot("metadata.annotations").map_mut().insert(CAUSE, &revision.cause);
        }
        let text = crate::kubectl::describe::template(&template);
        cx.print(&format!("{name} with revision #{wanted}\n{text}\n"));
        return Ok(());
    }
    let mut table = Table::tight();
    table.row(vec!["REVISION".into(), "CHANGE-CAUSE".into()]);
    for r in all {
        let cause = if r.cause.is_empty() { "<none>" } else { &r.cause };
        table.row(vec![r.number.to_string(), cause.to_string()]);
    }
    let text = table.take();
    cx.print(&format!("{name} \n{text}\n"));
    Ok(())
}
