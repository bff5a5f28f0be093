//! `kubectl rollout`: status, history, undo, restart, pause, resume.

use super::common::live;
use crate::api::request::{Options, PatchType, StreamId};
use crate::api::{Kind, Object, Value, json};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::print::table::Table;
use crate::kubectl::print::{self, Dry, Format};
use crate::time::{Epoch, Span, Time};

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

fn objects(cx: &mut Cx, args: &Args) -> Res<Vec<Object>> {
    if args.rest.is_empty() && !crate::kubectl::files::given(args) {
        return Err("required resource not specified".into());
    }
    let found = if args.rest.len() == 1 && !args.rest[0].contains('/') {
        let kinds = crate::kubectl::resource::kinds_of(&cx.base.custom, &args.rest[0])?;
        let namespace = cx.base.namespace.clone();
        let mut all = Vec::new();
        for kind in kinds {
            all.extend(cx.list(kind, Some(&namespace), &super::scope(args).select)?.0);
        }
        all
    } else {
        let found = live(cx, args, &args.rest)?;
        Fail::join(found.fails)?;
        found.objects
    };
    Ok(found)
}

/// The objects of the files that can be read, where others cannot.
fn readable(cx: &mut Cx, args: &Args) -> Res<Vec<Object>> {
    Ok(live(cx, args, &args.rest)?.objects)
}

fn named(object: &Object) -> String {
    format!("{} {:?}", object.kind.info().qualified(), object.name())
}

/// `rollout status`.
pub fn status(cx: &mut Cx, args: &Args) -> Outcome {
    let found = objects(cx, args)?;
    let timeout = args.micros("timeout");
    let mut left = found;
    left.reverse();
    Ok(Done::Task(Box::new(Status {
        left,
        stream: None,
        watch: args.is("watch"),
        revision: args.int("revision"),
        until: (timeout > 0).then(|| cx.sys.now() + Span(timeout as u64)),
        fresh: true,
    })))
}

/// What a workload's rollout has come to: a sentence, and whether it is over.
fn progress(o: &Object, revision: i64) -> Res<(String, bool)> {
    let n = |path: &str| o.at(path).int_or(0);
    let observed = n("metadata.generation") <= n("status.observedGeneration");
    match o.kind {
        Kind::DEPLOYMENT => deployment(o, revision, observed),
        Kind::DAEMON_SET => {
            if o.at("spec.updateStrategy.type").str() == "OnDelete" {
                return Err("rollout status is only available for RollingUpdate strategy type".into());
            }
            let (want, updated) = (n("status.desiredNumberScheduled"), n("status.updatedNumberScheduled"));
            let name = o.name();
            Ok(if !observed {
                ("Waiting for daemon set spec update to be observed...".into(), false)
            } else if updated < want {
                (
                    format!(
                        "Waiting for daemon set {name:?} rollout to finish: {updated} out of {want} new pods have been updated..."
                    ),
                    false,
                )
            } else if n("status.numberAvailable") < want {
                let available = n("status.numberAvailable");
                (
                    format!(
                        "Waiting for daemon set {name:?} rollout to finish: {available} of {want} updated pods are available..."
                    ),
                    false,
                )
            } else {
                (format!("daemon set {name:?} successfully rolled out"), true)
            })
        }
        Kind::STATEFUL_SET => stateful_set(o, observed),
        _ => Err(Fail::Plain(format!("no status viewer has been implemented for {}", o.kind.info().kind))),
    }
}

fn deployment(o: &Object, revision: i64, observed: bool) -> Res<(String, bool)> {
    let n = |path: &str| o.at(path).int_or(0);
    if revision > 0 {
        let running: i64 = o.annotation(REVISION).unwrap_or("0").parse().unwrap_or(0);
        if running != revision {
            return Err(Fail::Plain(format!(
                "desired revision ({revision}) is different from the running revision ({running})"
            )));
        }
    }
    let name = o.name();
    if !observed {
        return Ok(("Waiting for deployment spec update to be observed...".into(), false));
    }
    if o.condition("Progressing")["reason"].str() == "ProgressDeadlineExceeded" {
        return Err(Fail::Plain(format!("deployment {name:?} exceeded its progress deadline")));
    }
    let (want, all, updated, available) = (
        o.at("spec.replicas").int_or(1),
        n("status.replicas"),
        n("status.updatedReplicas"),
        n("status.availableReplicas"),
    );
    let wait =
        |why: String| Ok((format!("Waiting for deployment {name:?} rollout to finish: {why}..."), false));
    if updated < want {
        return wait(format!("{updated} out of {want} new replicas have been updated"));
    }
    if all > updated {
        return wait(format!("{} old replicas are pending termination", all - updated));
    }
    if available < updated {
        return wait(format!("{available} of {updated} updated replicas are available"));
    }
    Ok((format!("deployment {name:?} successfully rolled out"), true))
}

fn stateful_set(o: &Object, observed: bool) -> Res<(String, bool)> {
    let n = |path: &str| o.at(path).int_or(0);
    if o.at("spec.updateStrategy.type").str() != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    if !observed {
        return Ok(("Waiting for statefulset spec update to be observed...".into(), false));
    }
    let want = o.at("spec.replicas").int_or(1);
    let ready = n("status.readyReplicas");
    if ready < want {
        return Ok((format!("Waiting for {} pods to be ready...", want - ready), false));
    }
    let partition = n("spec.updateStrategy.rollingUpdate.partition");
    let updated = n("status.updatedReplicas");
    if partition > 0 {
        if updated < want - partition {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...",
                want - partition
            );
            return Ok((text, false));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated..."), true));
    }
    let (current, update) = (o.at("status.currentRevision").str(), o.at("status.updateRevision").str());
    if current != update {
        let text = format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        );
        return Ok((text, false));
    }
    Ok((
        format!(
            "statefulset rolling update complete {} pods at revision {current}...",
            n("status.currentReplicas")
        ),
        true,
    ))
}

#[derive(Clone, Debug)]
struct Status {
    left: Vec<Object>,
    stream: Option<StreamId>,
    watch: bool,
    revision: i64,
    until: Option<Time>,
    fresh: bool,
}

impl Status {
    /// Tells of the object's state; true if that object is done with.
    fn tell(&mut self, cx: &mut Cx, object: &Object) -> Res<bool> {
        let (text, over) = progress(object, self.revision)?;
        cx.print(&format!("{text}\n"));
        Ok(over || !self.watch)
    }

    fn advance(&mut self, cx: &mut Cx) -> Res<bool> {
        let Some(object) = self.left.last().cloned() else { return Ok(false) };
        if std::mem::take(&mut self.fresh) {
            self.stream = Some(cx.watch_one(&object)?);
            return self.tell(cx, &object);
        }
        let Some(stream) = self.stream else { return Ok(true) };
        for event in cx.events(stream) {
            if event.kind == crate::api::request::WatchKind::Deleted {
                return Err("object has been deleted".into());
            }
            if self.tell(cx, &event.object)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Task for Status {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        while !self.left.is_empty() {
            match self.advance(cx) {
                Err(fail) => return Poll::Done(Err(fail)),
                Ok(true) => {
                    if let Some(stream) = self.stream.take() {
                        cx.close(stream);
                    }
                    self.left.pop();
                    self.fresh = true;
                }
                Ok(false) if self.until.is_some_and(|t| cx.sys.now() >= t) => {
                    return Poll::Done(Err("timed out waiting for the condition".into()));
                }
                Ok(false) => return Poll::api(self.until),
            }
        }
        Poll::Done(Ok(0))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// A revision: number, what made it, the object that keeps it, its template.
struct Revision {
    number: i64,
    cause: String,
    keeper: Object,
    template: Value,
}

/// The revisions of a workload, oldest first.
fn revisions(cx: &mut Cx, owner: &Object) -> Res<Vec<Revision>> {
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

fn historic(object: &Object) -> Res<()> {
    if matches!(object.kind, Kind::DEPLOYMENT | Kind::DAEMON_SET | Kind::STATEFUL_SET) {
        return Ok(());
    }
    let (kind, group) = (object.kind.info().kind, object.kind.info().group());
    let known = matches!(
        object.kind,
        Kind::POD | Kind::REPLICA_SET | Kind::REPLICATION_CONTROLLER | Kind::JOB | Kind::CRON_JOB
    );
    Err(Fail::Plain(if known {
        format!("no history viewer has been implemented for {kind:?}")
    } else {
        format!("error retrieving history for {kind:?}, no visitor method exists for {{{group} {kind}}}")
    }))
}

/// `rollout history`.
pub fn history(cx: &mut Cx, args: &Args) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let wanted = args.int("revision");
    if wanted < 0 {
        return Err(Fail::Plain(format!("revision must be a positive integer: {wanted}")));
    }
    let (found, broken) = some_objects(cx, args)?;
    for object in found {
        historic(&object)?;
        let all = revisions(cx, &object)?;
        if format != Format::Human {
            let chosen = all.iter().filter(|r| wanted == 0 || r.number == wanted);
            for r in chosen {
                let text = print::value(&r.keeper.value, &format, false)?;
                cx.print(&text);
            }
            continue;
        }
        let name = crate::kubectl::resource::label(&object);
        if wanted > 0 {
            let found = all.iter().find(|r| r.number == wanted);
            let r = found.ok_or(Fail::from("unable to find the specified revision"))?;
            let mut template = r.template.clone();
            if !r.cause.is_empty() && object.kind == Kind::DEPLOYMENT {
                template.slot("metadata.annotations").map_mut().insert(CAUSE, &r.cause);
            }
            let text = crate::kubectl::describe::template(&template);
            cx.print(&format!("{name} with revision #{wanted}\n{text}\n"));
            continue;
        }
        let mut table = Table::tight();
        table.row(vec!["REVISION".into(), "CHANGE-CAUSE".into()]);
        for r in &all {
            let cause = if r.cause.is_empty() { "<none>" } else { &r.cause };
            table.row(vec![r.number.to_string(), cause.to_string()]);
        }
        let text = table.take();
        cx.print(&format!("{name} \n{text}\n"));
    }
    broken.map_or(OK, Err)
}

/// The objects that are meant and can be read, and what is wrong with the others.
fn some_objects(cx: &mut Cx, args: &Args) -> Res<(Vec<Object>, Option<Fail>)> {
    match objects(cx, args) {
        Ok(found) => Ok((found, None)),
        Err(fail) if crate::kubectl::files::given(args) => Ok((readable(cx, args)?, Some(fail))),
        Err(fail) => Err(fail),
    }
}

/// `rollout undo`.
pub fn undo(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let to = args.int("to-revision");
    let (found, broken) = some_objects(cx, args)?;
    for object in found {
        if !matches!(object.kind, Kind::DEPLOYMENT | Kind::DAEMON_SET | Kind::STATEFUL_SET) {
            return Err(Fail::Plain(format!(
                "no rollbacker has been implemented for {:?}",
                object.kind.info().kind
            )));
        }
        if object.annotation(super::apply::LAST_APPLIED).is_some() {
            cx.eprint(&format!("Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", object.kind.info().plural, object.name()));
        }
        let word = undo_one(cx, &object, to, dry)?;
        print::result(cx, &object, &format, &word, dry)?;
    }
    broken.map_or(OK, Err)
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

fn undo_one(cx: &mut Cx, object: &Object, to: i64, dry: Dry) -> Res<String> {
    let all = revisions(cx, object)?;
    let target = match to {
        0 => {
            if all.len() < 2 {
                return Err(Fail::Plain(if object.kind == Kind::DEPLOYMENT {
                    format!("no rollout history found for deployment {:?}", object.name())
                } else {
                    "no last revision to roll back to".into()
                }));
            }
            &all[all.len() - 2]
        }
        n => all
            .iter()
            .find(|r| r.number == n)
            .ok_or_else(|| Fail::Plain(format!("unable to find specified revision {n} in history")))?,
    };
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
    if object.kind == Kind::DEPLOYMENT {
        let mut patch =
            vec![crate::map! { "op" => "replace", "path" => "/spec/template", "value" => template }];
        let mut notes = object.at("metadata.annotations").clone();
        if notes.is_null() {
            notes = Value::map();
        }
        for (k, v) in target.keeper.at("metadata.annotations").entries() {
            if !kept_note(k) {
                notes.map_mut().insert(k, v);
            }
        }
        if target.keeper.annotation(CAUSE).is_none() {
            notes.map_mut().remove(CAUSE);
        }
        patch.push(crate::map! { "op" => "replace", "path" => "/metadata/annotations", "value" => notes });
        cx.patch(object, PatchType::Json, Value::from(patch), options)?;
    } else {
        let patch =
            crate::list![crate::map! { "op" => "replace", "path" => "/spec/template", "value" => template }];
        cx.patch(object, PatchType::Json, patch, options)?;
    }
    Ok("rolled back".into())
}

/// Annotations that a rollback leaves as the Deployment has them.
fn kept_note(key: &str) -> bool {
    key == super::apply::LAST_APPLIED
        || key.starts_with("deployment.kubernetes.io/")
        || key == "deprecated.deployment.rollback.to"
}

fn same_template(a: &Value, b: &Value) -> bool {
    json::print(a) == json::print(b)
}

fn change(cx: &mut Cx, args: &Args, word: &str, edit: impl Fn(&Object, &str) -> Res<Value>) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let stamp = Epoch(cx.now()).rfc3339(Time::ZERO);
    let mut fails = Vec::new();
    let found = match objects(cx, args) {
        Ok(found) => found,
        Err(fail) if crate::kubectl::files::given(args) => {
            fails.push(fail);
            readable(cx, args)?
        }
        Err(fail) => return Err(fail),
    };
    for object in found {
        let done = edit(&object, &stamp)
            .and_then(|body| cx.patch(&object, PatchType::Strategic, body, Options::default()));
        match done {
            Ok(changed) => print::result(cx, &changed, &format, word, Dry::No)?,
            Err(Fail::Plain(text)) => fails.push(Fail::Plain(format!("error: {text}"))),
            Err(fail) => fails.push(fail),
        }
    }
    if fails.is_empty() { OK } else { Err(Fail::Many(fails)) }
}

/// `rollout restart`.
pub fn restart(cx: &mut Cx, args: &Args) -> Outcome {
    change(cx, args, "restarted", |object, stamp| {
        if !matches!(object.kind, Kind::DEPLOYMENT | Kind::DAEMON_SET | Kind::STATEFUL_SET) {
            return Err(Fail::Plain(format!("{} restarting is not supported", named(object))));
        }
        if object.at("spec.paused").is_true() {
            return Err(Fail::Plain(format!(
                "{} can't restart paused deployment (run rollout resume first)",
                named(object)
            )));
        }
        let mut body = Value::map();
        body.slot("spec.template.metadata.annotations")
            .map_mut()
            .insert("kubectl.kubernetes.io/restartedAt", stamp);
        Ok(body)
    })
}

/// `rollout pause`.
pub fn pause(cx: &mut Cx, args: &Args) -> Outcome {
    change(cx, args, "paused", |object, _| {
        if object.kind != Kind::DEPLOYMENT {
            return Err(Fail::Plain(format!("{} pausing is not supported", named(object))));
        }
        if object.at("spec.paused").is_true() {
            return Err(Fail::Plain(format!("{} is already paused", named(object))));
        }
        Ok(crate::map! { "spec" => crate::map! { "paused" => true } })
    })
}

/// `rollout resume`.
pub fn resume(cx: &mut Cx, args: &Args) -> Outcome {
    change(cx, args, "resumed", |object, _| {
        if object.kind != Kind::DEPLOYMENT {
            return Err(Fail::Plain(format!("{} resuming is not supported", named(object))));
        }
        if !object.at("spec.paused").is_true() {
            return Err(Fail::Plain(format!("{} is not paused", named(object))));
        }
        Ok(crate::map! { "spec" => crate::map! { "paused" => Value::Null } })
    })
}
