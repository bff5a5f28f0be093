//! `kubectl rollout status`: sentences on how far a workload's rollout has come, until it is over.

use super::{REVISION, group_kind, nothing, objects};
use crate::api::request::StreamId;
use crate::api::{Kind, Object};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::time::{Span, Time};

/// `rollout status`.
pub fn status(cx: &mut Cx, args: &Args) -> Outcome {
    let revision = args.int("revision");
    if revision < 0 && (!args.rest.is_empty() || crate::kubectl::files::given(args)) {
        return Err(Fail::Plain(format!("revision must be a positive integer: {revision}")));
    }
    let (mut left, fails) = objects(cx, args)?;
    if left.is_empty() && fails.is_empty() {
        nothing(cx);
        return OK;
    }
    let timeout = args.micros("timeout");
    left.reverse();
    Ok(Done::Task(Box::new(Status {
        left,
        stream: None,
        watch: args.is("watch"),
        revision,
        timeout: (timeout > 0).then_some(Span(timeout as u64)),
        until: None,
        fresh: true,
        fails,
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
        _ => Err(Fail::Plain(format!("no status viewer has been implemented for {}", group_kind(o.kind)))),
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
    let updated = n("status.updatedReplicas");
    if o.at("spec.updateStrategy.rollingUpdate").is_some() {
        let numbered = want - n("spec.updateStrategy.rollingUpdate.partition");
        if updated < numbered {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {numbered} new pods have been updated..."
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
    /// How long each object may take.
    timeout: Option<Span>,
    until: Option<Time>,
    fresh: bool,
    fails: Vec<Fail>,
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
            self.until = self.timeout.map(|span| cx.sys.now() + span);
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
                Err(fail) => self.fails.push(fail),
                Ok(true) => {}
                Ok(false) if self.until.is_some_and(|t| cx.sys.now() >= t) => {
                    self.fails.push("timed out waiting for the condition".into());
                }
                Ok(false) => return Poll::api(self.until),
            }
            if let Some(stream) = self.stream.take() {
                cx.close(stream);
            }
            self.left.pop();
            self.fresh = true;
        }
        Poll::Done(Fail::join(std::mem::take(&mut self.fails)).map(|()| 0))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
