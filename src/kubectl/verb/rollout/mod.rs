//! `kubectl rollout`: status, history, undo, restart, pause, resume. What fails for one object leaves the
//! others their turn.

mod history;
mod status;
mod undo;

pub use history::history;
pub use status::status;
pub use undo::undo;

use super::common::live;
use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::print::{self, Dry};
use crate::time::{Epoch, Time};

/// Flags of them all.
pub const FLAGS: &[Flag] = &[text("selector", 'l', ""), text("field-manager", ' ', "")];
/// Flags of `status`.
pub const STATUS: &[Flag] = &[
    Flag { bare: Some("true"), default: "true", ..switch("watch", 'w') },
    span("timeout", "0s"),
    int("revision", ' ', "0"),
];
/// Flags of `history`.
pub const HISTORY: &[Flag] = &[int("revision", ' ', "0")];
/// Flags of `undo`.
pub const UNDO: &[Flag] = &[int("to-revision", ' ', "0")];

const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// The objects that are meant and can be read, and what is wrong with the others.
fn objects(cx: &mut Cx, args: &Args) -> Res<(Vec<Object>, Vec<Fail>)> {
    if args.rest.is_empty() && !crate::kubectl::files::given(args) {
        return Err("required resource not specified".into());
    }
    if args.rest.len() != 1 || args.rest[0].contains('/') {
        let found = live(cx, args, &args.rest)?;
        return Ok((found.objects, found.fails));
    }
    let namespace = cx.base.namespace.clone();
    let mut all = Vec::new();
    for kind in crate::kubectl::resource::kinds_of(&cx.base.custom, &args.rest[0])? {
        all.extend(cx.list(kind, Some(&namespace), &super::scope(args).select)?.0);
    }
    Ok((all, Vec::new()))
}

/// A kind with its group as Go prints them: `ReplicaSet.apps`.
fn group_kind(kind: Kind) -> String {
    let (name, group) = (kind.info().kind, kind.info().group());
    if group.is_empty() { name.to_string() } else { format!("{name}.{group}") }
}

/// That a kind has no such helper; those that no workload's visitor knows are told apart.
fn without(kind: Kind, helper: &str, looking: &str) -> Fail {
    let known = matches!(
        kind,
        Kind::POD | Kind::REPLICA_SET | Kind::REPLICATION_CONTROLLER | Kind::JOB | Kind::CRON_JOB
    );
    let (name, group) = (kind.info().kind, kind.info().group());
    Fail::Plain(if known {
        format!("no {helper} has been implemented for {:?}", group_kind(kind))
    } else {
        format!(
            "error retrieving {looking} for {:?}, no visitor method exists for {{{group} {name}}}",
            group_kind(kind)
        )
    })
}

/// Whether a kind keeps revisions.
fn has_revisions(kind: Kind) -> bool {
    matches!(kind, Kind::DEPLOYMENT | Kind::DAEMON_SET | Kind::STATEFUL_SET)
}

/// That nothing was meant, which is no failure.
fn nothing(cx: &mut Cx) {
    let text = format!("No resources found in {} namespace.\n", cx.base.namespace);
    cx.eprint(&text);
}

/// Does something to each object that is meant; failures are gathered.
fn each(cx: &mut Cx, args: &Args, mut act: impl FnMut(&mut Cx, &Object) -> Res<()>) -> Outcome {
    let (found, mut fails) = objects(cx, args)?;
    for object in &found {
        if let Err(fail) = act(cx, object) {
            fails.push(fail);
        }
    }
    Fail::join(fails)?;
    OK
}

/// What an edit of an object comes to, or why it is refused.
type Edit = Result<Value, &'static str>;

/// Changes each object by a patch; `same` is what an edit that changes nothing comes to.
fn change(
    cx: &mut Cx,
    args: &Args,
    word: &str,
    edit: impl Fn(&Object) -> Edit,
    same: impl Fn(&Object) -> bool,
) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let (found, mut fails) = objects(cx, args)?;
    if found.is_empty() && fails.is_empty() {
        nothing(cx);
        return OK;
    }
    // What could not be read comes as an aggregate of its own, whose parts bear no `error:`.
    let unread = !fails.is_empty();
    for object in &found {
        let body = match edit(object) {
            Err(why) => {
                let named = format!("{} {:?}", object.kind.info().qualified(), object.name());
                fails.push(Fail::Plain(format!("error: {named} {why}")));
                continue;
            }
            Ok(_) if same(object) => {
                fails.push(Fail::Plain(format!("failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another", object.name())));
                continue;
            }
            Ok(body) => body,
        };
        match cx.patch(object, PatchType::Strategic, body, Options::default()) {
            Ok(changed) => print::result(cx, &changed, &format, word, Dry::No)?,
            Err(fail) => fails.push(Fail::Plain(format!("failed to patch: {}", fail.message()))),
        }
    }
    if unread {
        return Err(Fail::Many(fails));
    }
    Fail::join(fails)?;
    OK
}

/// `rollout restart`.
pub fn restart(cx: &mut Cx, args: &Args) -> Outcome {
    let stamp = Epoch(cx.now()).rfc3339(Time::ZERO);
    let edit = |object: &Object| {
        if !has_revisions(object.kind) {
            return Err("restarting is not supported");
        }
        if object.at("spec.paused").is_true() {
            return Err("can't restart paused deployment (run rollout resume first)");
        }
        let mut body = Value::map();
        body.slot("spec.template.metadata.annotations").map_mut().insert(RESTARTED, &stamp);
        Ok(body)
    };
    let same =
        |object: &Object| object.at("spec.template.metadata.annotations")[RESTARTED].str() == stamp.as_str();
    change(cx, args, "restarted", edit, same)
}

/// `rollout pause`.
pub fn pause(cx: &mut Cx, args: &Args) -> Outcome {
    let edit = |object: &Object| match object.kind {
        Kind::DEPLOYMENT if object.at("spec.paused").is_true() => Err("is already paused"),
        Kind::DEPLOYMENT => Ok(crate::map! { "spec" => crate::map! { "paused" => true } }),
        _ => Err("pausing is not supported"),
    };
    change(cx, args, "paused", edit, |_| false)
}

/// `rollout resume`.
pub fn resume(cx: &mut Cx, args: &Args) -> Outcome {
    let edit = |object: &Object| match object.kind {
        Kind::DEPLOYMENT if !object.at("spec.paused").is_true() => Err("is not paused"),
        Kind::DEPLOYMENT => Ok(crate::map! { "spec" => crate::map! { "paused" => Value::Null } }),
        _ => Err("resuming is not supported"),
    };
    change(cx, args, "resumed", edit, |_| false)
}
