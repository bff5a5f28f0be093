//! `kubectl wait`.

use super::common::live;
use crate::api::jsonpath::{JsonPath, relaxed};
use crate::api::request::{StreamId, WatchKind};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, array, on, span, switch, text};
use crate::kubectl::print::columns::scalar;
use crate::kubectl::resource::{self, Want, label};
use crate::time::{Span, Time};

/// Flags.
pub const FLAGS: &[Flag] = &[
    array("for", ' '),
    span("timeout", "30s"),
    switch("all", ' '),
    switch("all-namespaces", 'A'),
    switch("local", ' '),
    text("selector", 'l', ""),
    text("field-selector", ' ', ""),
    on("wait"),
];

/// What is waited for.
#[derive(Clone, Debug)]
enum Goal {
    Delete,
    Create,
    Condition(String, String),
    Path(JsonPath, Option<String>),
}

fn goal(text: &str) -> Res<Goal> {
    let (kind, rest) = text.split_once('=').unwrap_or((text, ""));
    match kind {
        "delete" if rest.is_empty() => Ok(Goal::Delete),
        "create" if rest.is_empty() => Ok(Goal::Create),
        "condition" => {
            let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
            Ok(Goal::Condition(name.to_string(), value.to_string()))
        }
        "jsonpath" => path(rest),
        _ => Err(Fail::Plain(format!("unrecognized condition: {text:?}"))),
    }
}

/// `{.status.phase}=Running`, `.status.phase`.
fn path(text: &str) -> Res<Goal> {
    let end = if text.starts_with('{') { text.find('}').map_or(text.len(), |i| i + 1) } else { 0 };
    let equals = text[end..].find('=').map(|i| i + end);
    let (path, value) = match equals {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    };
    if value == Some("") {
        return Err("jsonpath wait value cannot be empty".into());
    }
    let template = relaxed(path.trim_matches('\'')).map_err(Fail::Plain)?;
    let parsed = JsonPath::parse(&template)
        .map_err(|why| Fail::Plain(format!("error parsing jsonpath {template}, {why}")))?;
    Ok(Goal::Path(parsed, value.map(|v| v.trim_matches(['\'', '"']).to_string())))
}

impl Goal {
    fn met(&self, object: &Object) -> bool {
        match self {
            Goal::Delete => false,
            Goal::Create => true,
            Goal::Condition(name, want) => {
                let all = object.at("status.conditions").items();
                let found = all.iter().find(|c| c["type"].str().eq_ignore_ascii_case(name));
                found.is_some_and(|c| current(c, object) && c["status"].str().eq_ignore_ascii_case(want))
            }
            Goal::Path(path, want) => {
                let found: Vec<Value> =
                    path.find(&object.value, true).unwrap_or_default().into_iter().flatten().collect();
                match (found.as_slice(), want) {
                    ([], _) => false,
                    (_, None) => true,
                    ([one], Some(want)) => scalar(one) == *want,
                    _ => false,
                }
            }
        }
    }
}

/// Whether a condition speaks of the object's present generation.
fn current(condition: &Value, object: &Object) -> bool {
    let seen = condition["observedGeneration"].as_int().or(object.at("status.observedGeneration").as_int());
    seen.is_none_or(|n| n >= object.at("metadata.generation").int_or(0))
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let wanted = args.values("for");
    let [wanted] = wanted.as_slice() else {
        if wanted.is_empty() {
            return Err("unrecognized condition: []".into());
        }
        return Err(Fail::Plain(format!("unrecognized condition: {:?}", wanted.join(" "))));
    };
    let goal = goal(wanted)?;
    let timeout = args.micros("timeout");
    let until = cx.sys.now() + Span(if timeout < 0 { 7 * 86_400_000_000 } else { timeout as u64 });
    if matches!(goal, Goal::Create) {
        return create(cx, args, until, timeout == 0);
    }
    let found = live(cx, args, &args.rest)?;
    let mut fails = found.fails;
    if matches!(goal, Goal::Delete) {
        fails.retain(|f| !f.is_not_found());
    }
    if found.objects.is_empty() && !fails.is_empty() {
        return Fail::join(fails).map(|()| Done::Exit(0));
    }
    if found.objects.is_empty() && !matches!(goal, Goal::Delete) {
        return Err("no matching resources found".into());
    }
    Ok(Done::Task(Box::new(Waiting {
        goal,
        left: found.objects,
        until,
        now_only: timeout == 0,
        stream: None,
        fails,
    })))
}

/// Waits for named objects to exist.
fn create(cx: &mut Cx, args: &Args, until: Time, now_only: bool) -> Outcome {
    let names = if files::given(args) {
        let loaded = files::load(cx, args)?;
        Fail::join(loaded.fails)?;
        loaded.docs.iter().map(|d| (d.kind, d.name().to_string())).collect()
    } else {
        match resource::parse(&cx.base.custom, &args.rest)? {
            Want::Names(names) => names,
            Want::Types(_) => {
                return Err("resource name must be provided for --for=create".into());
            }
        }
    };
    Ok(Done::Task(Box::new(Appear { names, until, now_only, stream: None })))
}

/// Waits for objects that may not exist yet.
#[derive(Clone, Debug)]
struct Appear {
    names: Vec<(Kind, String)>,
    until: Time,
    now_only: bool,
    stream: Option<StreamId>,
}

impl Task for Appear {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        let namespace = cx.base.namespace.clone();
        while let Some((kind, name)) = self.names.first().cloned() {
            if let Ok(object) = cx.get(kind, &namespace, &name) {
                cx.print(&format!("{} condition met\n", label(&object)));
                if let Some(stream) = self.stream.take() {
                    cx.close(stream);
                }
                self.names.remove(0);
                continue;
            }
            if self.now_only || cx.sys.now() >= self.until {
                let about = format!("{}/{name}", kind.info().plural);
                let why = format!("timed out waiting for the condition on {about}");
                return Poll::Done(Err(Fail::Plain(why)));
            }
            if self.stream.is_none() {
                let select = Select { fields: format!("metadata.name={name}"), ..Select::default() };
                self.stream = cx.watch(kind, Some(&namespace), &select, 0).ok();
            }
            return Poll::api(Some(self.until));
        }
        Poll::Done(Ok(0))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// Waits for objects one after another.
#[derive(Clone, Debug)]
struct Waiting {
    goal: Goal,
    left: Vec<Object>,
    until: Time,
    now_only: bool,
    stream: Option<StreamId>,
    fails: Vec<Fail>,
}

impl Waiting {
    /// Whether the first object has come so far; the watch is opened on the way.
    fn look(&mut self, cx: &mut Cx) -> Res<bool> {
        let Some(object) = self.left.first().cloned() else { return Ok(false) };
        let Some(stream) = self.stream else {
            let live = match cx.get(object.kind, object.namespace(), object.name()) {
                Ok(live) => live,
                Err(f) if f.is_not_found() && matches!(self.goal, Goal::Delete) => return Ok(true),
                Err(f) => return Err(f),
            };
            if matches!(self.goal, Goal::Delete) && live.uid() != object.uid() {
                return Ok(true);
            }
            self.stream = Some(cx.watch_one(&live)?);
            return Ok(self.goal.met(&live));
        };
        for event in cx.events(stream) {
            let deleted = event.kind == WatchKind::Deleted;
            if matches!(self.goal, Goal::Delete) && deleted || !deleted && self.goal.met(&event.object) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next(&mut self, cx: &mut Cx) {
        if let Some(stream) = self.stream.take() {
            cx.close(stream);
        }
        self.left.remove(0);
    }
}

impl Task for Waiting {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        while let Some(object) = self.left.first().cloned() {
            match self.look(cx) {
                Ok(true) => {
                    if !matches!(self.goal, Goal::Delete) || self.stream.is_some() {
                        cx.print(&format!("{} condition met\n", label(&object)));
                    }
                    self.next(cx);
                }
                Err(fail) => {
                    self.fails.push(fail);
                    self.next(cx);
                }
                Ok(false) if self.now_only || cx.sys.now() >= self.until => {
                    let about = format!("{}/{}", object.kind.info().plural, object.name());
                    let why = if self.now_only {
                        format!("condition not met for {about}")
                    } else {
                        format!("timed out waiting for the condition on {about}")
                    };
                    self.fails.push(Fail::Plain(why));
                    self.next(cx);
                }
                Ok(false) => return Poll::api(Some(self.until)),
            }
        }
        Poll::Done(Fail::join(std::mem::take(&mut self.fails)).map(|()| 0))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
