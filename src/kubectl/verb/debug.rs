//! `kubectl debug`: an ephemeral container in a pod, or a copy of the pod. Debugging nodes is not simulated.

use super::{create, exec, pods};
use crate::api::request::{Options, PatchType, StreamId, Verb as Method};
use crate::api::{Object, Request, Value};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task, not_simulated};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, Flag, array, switch, text};
use crate::kubectl::print::{self, Dry, Format};

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("image", ' ', ""),
    text("image-pull-policy", ' ', ""),
    text("container", 'c', ""),
    text("target", ' ', ""),
    text("copy-to", ' ', ""),
    switch("replace", ' '),
    switch("same-node", ' '),
    switch("share-processes", ' '),
    text("set-image", ' ', ""),
    switch("arguments-only", ' '),
    array("env", ' '),
    switch("stdin", 'i'),
    switch("tty", 't'),
    switch("attach", ' '),
    switch("quiet", 'q'),
    text("profile", ' ', "general"),
    text("custom", ' ', ""),
];

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let before = args.dash.unwrap_or(args.rest.len());
    let (targets, command) = args.rest.split_at(before);
    let copy = args.value("copy-to");
    if args.value("image").is_empty() && copy.is_empty() {
        return Err("you must specify --image when not using --copy-to.".into());
    }
    let [target] = targets else {
        return Err("NAME is required for debug".into());
    };
    if target.starts_with("node/") || target.starts_with("nodes/") || target.starts_with("no/") {
        return Err(not_simulated("debugging a node"));
    }
    let pod = pods::pod(cx, target)?;
    let name = match args.value("container") {
        "" => {
            let suffix: String = (0..5)
                .map(|_| {
                    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
                    let n = cx.sys.rng().below(LETTERS.len() as u64) as usize;
                    char::from(LETTERS[n.min(LETTERS.len() - 1)])
                })
                .collect();
            let name = format!("debugger-{suffix}");
            if !args.is("quiet") {
                cx.print(&format!("Defaulting debug container name to {name}.\n"));
            }
            name
        }
        given => given.to_string(),
    };
    let container = container(args, &name, command);
    let attach = args.is("attach") || args.is("stdin") || args.is("tty");
    let changed = if copy.is_empty() {
        ephemeral(cx, args, &pod, container)?
    } else {
        copied(cx, args, &pod, container, copy)?
    };
    if !attach {
        return OK;
    }
    let stream = cx.watch_one(&changed)?;
    Ok(Done::Task(Box::new(Until {
        pod: changed,
        name,
        stream,
        stdin: args.is("stdin"),
        tty: args.is("tty"),
    })))
}

fn container(args: &Args, name: &str, command: &[String]) -> Value {
    let mut c = crate::map! { "name" => name, "image" => args.value("image"), "resources" => Value::map() };
    if !command.is_empty() {
        let field = if args.is("arguments-only") { "args" } else { "command" };
        c.set(field, command.iter().map(String::as_str).collect::<Value>());
    }
    for (flag, field) in [("image-pull-policy", "imagePullPolicy"), ("target", "targetContainerName")] {
        if !args.value(flag).is_empty() {
            c.set(field, args.value(flag));
        }
    }
    for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
        if args.is(flag) {
            c.set(field, true);
        }
    }
    let env: Value = args
        .values("env")
        .iter()
        .filter_map(|e| e.split_once('='))
        .map(|(k, v)| crate::map! { "name" => k, "value" => v })
        .collect();
    if !env.is_empty() {
        c.set("env", env);
    }
    c
}

fn ephemeral(cx: &mut Cx, args: &Args, pod: &Object, container: Value) -> Result<Object, Fail> {
    if !args.value("target").is_empty() && !args.is("quiet") {
        cx.eprint(&format!("Targeting container {:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n", args.value("target")));
    }
    let body = crate::map! { "spec" => crate::map! { "ephemeralContainers" => crate::list![container] } };
    let mut request =
        Request::new(Method::Patch(PatchType::Strategic), pod.kind, Some(pod.namespace()), pod.name());
    request.subresource = "ephemeralcontainers";
    request.options = Options::default();
    cx.object(request.body(body))
}

fn copied(cx: &mut Cx, args: &Args, pod: &Object, container: Value, name: &str) -> Result<Object, Fail> {
    let mut copy = pod.clone();
    let mut meta = crate::map! { "name" => name, "namespace" => pod.namespace() };
    let notes = pod.at("metadata.annotations");
    if notes.is_some() {
        meta.set("annotations", notes);
    }
    copy.set("metadata", meta);
    copy.value.remove("status");
    if !args.is("same-node") {
        copy.value.remove("spec.nodeName");
    }
    if args.is("share-processes") || args.value("set-image").is_empty() {
        copy.set("spec.shareProcessNamespace", true);
    }
    for pair in args.value("set-image").split(',').filter(|p| !p.is_empty()) {
        let (which, image) = pair.split_once('=').unwrap_or((pair, ""));
        super::common::edit_containers(copy.slot("spec"), which, |c| c.set("image", image));
    }
    if !args.value("image").is_empty() {
        let list = copy.slot("spec.containers").list_mut();
        match list.iter().position(|c| c["name"] == container["name"]) {
            Some(i) => list[i] = container,
            None => list.push(container),
        }
    }
    let made = create::post(cx, args, copy, Dry::No)?;
    if args.is("replace") {
        let target = super::delete::Target::of(pod);
        super::delete::one(cx, &target, &super::delete::How::plain(None))?;
    }
    print::result(cx, &made, &Format::Name, "created", Dry::No).map(|()| made)
}

/// Waits until the debug container runs, then attaches.
#[derive(Clone, Debug)]
struct Until {
    pod: Object,
    name: String,
    stream: StreamId,
    stdin: bool,
    tty: bool,
}

impl Task for Until {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        for event in cx.events(self.stream) {
            self.pod = event.object;
        }
        let fields = ["status.ephemeralContainerStatuses", "status.containerStatuses"];
        let running =
            fields.iter().any(|f| self.pod.at(f).find("name", &self.name).at("state.running").is_some());
        if !running {
            return Poll::api(None);
        }
        if self.stdin {
            cx.eprint("If you don't see a command prompt, try pressing enter.\n");
        }
        match exec::open(cx, &self.pod.clone(), &self.name, "attach", vec![], self.stdin, self.tty) {
            Ok(session) => Poll::Next(Box::new(session)),
            Err(fail) => Poll::Done(Err(fail)),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
