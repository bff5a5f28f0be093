//! What verbs that change live objects share.

use crate::api::labels::Selector;
use crate::api::patch::diff;
use crate::api::request::{Options, PatchType};
use crate::api::{Object, Value};
use crate::kubectl::cx::{Cx, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::Args;
use crate::kubectl::print::Dry;
use crate::kubectl::resource::{self, Found};
use crate::os::Wait;
use crate::time::Time;

/// The objects that files or these arguments name, those of files as they stand there.
pub fn named(cx: &mut Cx, args: &Args, words: &[String]) -> Res<Found> {
    if !files::given(args) {
        return live(cx, args, words);
    }
    let loaded = files::load(cx, args)?;
    let objects: Vec<Object> = loaded.docs.iter().map(files::Doc::object).collect();
    Ok(Found { single: objects.len() == 1, objects, fails: loaded.fails })
}

/// What is said of names where the server must not be asked.
const LOCAL: &str = "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/// The live objects that files or these arguments name.
pub fn live(cx: &mut Cx, args: &Args, words: &[String]) -> Res<Found> {
    if args.is("local") && (!words.is_empty() || !files::given(args)) {
        return Err(LOCAL.into());
    }
    if !files::given(args) {
        return resource::read(cx, words, &super::scope(args));
    }
    let loaded = files::load(cx, args)?;
    let mut found = Found { fails: loaded.fails, single: loaded.docs.len() == 1, ..Found::default() };
    for doc in &loaded.docs {
        if args.is("local") {
            let mut object = doc.object();
            if doc.placed {
                object.remove("metadata.namespace");
            }
            found.objects.push(object);
            continue;
        }
        match cx.get(doc.kind, doc.namespace(), doc.name()) {
            Ok(object) if !chosen(args, &object) => {}
            Ok(object) => found.objects.push(object),
            Err(fail) => found.fails.push(fail),
        }
    }
    Ok(found)
}

/// How changes to an object are sent: custom kinds know no strategic merge patches.
pub fn patch_type(kind: crate::api::Kind) -> PatchType {
    if kind.is_custom() { PatchType::Merge } else { PatchType::Strategic }
}

/// Whether `-l` lets an object through.
pub fn chosen(args: &Args, object: &Object) -> bool {
    let text = args.value("selector");
    text.is_empty() || Selector::parse(text).is_ok_and(|s| s.matches(object.at("metadata.labels")))
}

/// Sends what makes `old` into `new` as a patch; with `--dry-run=client` nothing is sent.
pub fn update(cx: &mut Cx, old: &Object, new: Object, how: PatchType, dry: Dry) -> Res<Object> {
    if dry == Dry::Client {
        return Ok(new);
    }
    let body = match how {
        PatchType::Strategic => diff::two_way(old.kind, &old.value, &new.value),
        _ => diff::merge_two_way(&old.value, &new.value),
    };
    let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
    cx.patch(old, how, body, options)
}

/// Splits `TYPE NAME… CHANGE…`: what looks like a change goes to the second list.
pub fn split_changes(
    words: &[String],
    is_change: impl Fn(&str) -> bool,
    what: &str,
) -> Res<(Vec<String>, Vec<String>)> {
    let (mut resources, mut changes) = (Vec::new(), Vec::new());
    for word in words {
        if is_change(word) {
            changes.push(word.clone());
        } else if changes.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Fail::Plain(format!(
                "all resources must be specified before {what} changes: {word}"
            )));
        }
    }
    Ok((resources, changes))
}

/// The pod template's spec of a workload, or a pod's own spec, by its path.
pub fn pod_spec_path(object: &Object) -> Option<&'static str> {
    use crate::api::Kind;
    Some(match object.kind {
        Kind::POD => "spec",
        Kind::CRON_JOB => "spec.jobTemplate.spec.template.spec",
        Kind::DEPLOYMENT
        | Kind::REPLICA_SET
        | Kind::REPLICATION_CONTROLLER
        | Kind::STATEFUL_SET
        | Kind::DAEMON_SET
        | Kind::JOB => "spec.template.spec",
        _ => return None,
    })
}

/// The containers (and init containers) of a pod spec whose name matches a pattern with `*`.
pub fn edit_containers(spec: &mut Value, pattern: &str, mut edit: impl FnMut(&mut Value)) -> usize {
    let mut hits = 0;
    for field in ["initContainers", "containers"] {
        if spec[field].is_empty() {
            continue;
        }
        for c in spec.slot(field).list_mut() {
            if wildcard(pattern, c["name"].str()) {
                hits += 1;
                edit(c);
            }
        }
    }
    hits
}

/// Whether a name matches a pattern in which `*` stands for anything.
fn wildcard(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            tail.is_empty() || (0..=rest.len()).any(|i| rest.get(i..).is_some_and(|r| r == tail))
        }),
    }
}

/// A verb's end that comes later: the client itself waits.
#[derive(Clone, Debug)]
pub struct Pause {
    /// Until when.
    pub until: Time,
    /// The end.
    pub result: Res<i32>,
}

impl Task for Pause {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        if cx.sys.now() < self.until {
            return Poll::Wait(Wait { until: Some(self.until), ..Wait::default() });
        }
        Poll::Done(self.result.clone())
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
