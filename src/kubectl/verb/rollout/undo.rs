//! `kubectl rollout undo`: the template of an earlier revision put back.

use super::history::{Revision, revisions};
use super::{each, has_revisions, without};
use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value, json};
use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::print::{self, Dry};

/// `rollout undo`.
pub fn undo(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let to = args.int("to-revision");
    each(cx, args, |cx, object| {
        if object.annotation(crate::kubectl::verb::apply::LAST_APPLIED).is_some() {
            cx.eprint(&format!("Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", object.kind.info().plural, object.name()));
        }
        if !has_revisions(object.kind) {
            return Err(without(object.kind, "rollbacker", "rollbacker"));
        }
        let word = undo_one(cx, object, to, dry)?;
        print::result(cx, object, &format, &word, dry)
    })
}

fn without_hash(template: &Value) -> Value {
    let mut t = template.clone();
    if let Some(labels) = t.at("metadata.labels").as_map().cloned() {
        let mut labels = labels;
        labels.remove("pod-template-hash");
        t.set("metadata.labels", labels);
    }
    t
}

/// The revision to go back to: the one of that number, or (0) the last but one.
fn target<'r>(object: &Object, all: &'r [Revision], to: i64) -> Res<&'r Revision> {
    if to != 0 {
        let found = all.iter().find(|r| r.number == to);
        return found
            .ok_or_else(|| Fail::Plain(format!("unable to find specified revision {to} in history")));
    }
    let before = all.len().checked_sub(2).and_then(|at| all.get(at));
    before.ok_or_else(|| {
        Fail::Plain(if object.kind == Kind::DEPLOYMENT {
            format!("no rollout history found for deployment {:?}", object.name())
        } else {
            "no last revision to roll back to".into()
        })
    })
}

fn undo_one(cx: &mut Cx, object: &Object, to: i64, dry: Dry) -> Res<String> {
    let all = revisions(cx, object)?;
    let target = target(object, &all, to)?;
    if dry != Dry::Client && object.at("spec.paused").is_true() {
        return Err("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again".into());
    }
    let template = without_hash(&target.template);
    if dry == Dry::Client {
        let text = crate::kubectl::describe::template(&target.template);
        return Ok(if object.kind == Kind::DEPLOYMENT { text } else { format!("will roll back to {text}") });
    }
    if same_template(&template, object.at("spec.template")) {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
    let mut patch = vec![crate::map! { "op" => "replace", "path" => "/spec/template", "value" => template }];
    if object.kind == Kind::DEPLOYMENT {
        let notes = notes(object, &target.keeper);
        patch.push(crate::map! { "op" => "replace", "path" => "/metadata/annotations", "value" => notes });
    }
    let sent = cx.patch(object, PatchType::Json, Value::from(patch), options);
    sent.map_err(|f| Fail::Plain(format!("failed restoring revision {to}: {}", f.message())))?;
    Ok("rolled back".into())
}

/// The annotations of a Deployment that goes back: those of the revision, but for its own bookkeeping.
fn notes(object: &Object, keeper: &Object) -> Value {
    let mut notes = Value::map();
    for (k, v) in object.at("metadata.annotations").entries().filter(|(k, _)| kept_note(k)) {
        notes.map_mut().insert(k, v);
    }
    for (k, v) in keeper.at("metadata.annotations").entries().filter(|(k, _)| !kept_note(k)) {
        notes.map_mut().insert(k, v);
    }
    notes
}

/// Annotations that a rollback leaves as the Deployment has them.
fn kept_note(key: &str) -> bool {
    key == crate::kubectl::verb::apply::LAST_APPLIED
        || key.starts_with("deployment.kubernetes.io/")
        || key == "deprecated.deployment.rollback.to"
}

fn same_template(a: &Value, b: &Value) -> bool {
    json::print(a) == json::print(b)
}
