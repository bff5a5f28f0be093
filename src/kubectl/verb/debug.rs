//! `kubectl debug`: an ephemeral container in a pod, a copy of the pod, or a pod on a node.
//!
//! Of the profiles, `general`, `legacy`, `netadmin` and `sysadmin` are what they are on a cluster that does not
//! restrict containers; `baseline` and `restricted` leave out the node's namespaces and root directory.

use super::{create, exec, pods};
use crate::api::request::{Options, PatchType, StreamId, Verb as Method};
use crate::api::{Kind, Object, Request, Value};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task, not_simulated};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, Flag, array, switch, text};
use crate::kubectl::print::{self, Dry, Format};
use crate::kubectl::resource::kind_of;

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
    let profile = args.value("profile");
    if !PROFILES.contains(&profile) {
        return Err(Fail::Plain(format!("unknown profile: {profile}")));
    }
    if args.changed("custom") {
        return Err(not_simulated("custom profiles of kubectl debug"));
    }
    let attach = args.is("attach") || args.is("stdin") || args.is("tty");
    if let Some((_, node)) = target.split_once('/').filter(|(k, _)| kind_of(k).ok() == Some(Kind::NODE)) {
        let (pod, name) = on_node(cx, args, node, command)?;
        return if attach { attached(cx, args, pod, name) } else { OK };
    }
    let pod = pods::pod(cx, target)?;
    let name = match args.value("container") {
        "" => {
            let name = format!("debugger-{}", suffix(cx));
            if !args.is("quiet") {
                cx.print(&format!("Defaulting debug container name to {name}.\n"));
            }
            name
        }
        given => given.to_string(),
    };
    let container = container(args, &name, command);
    let changed = if copy.is_empty() {
        ephemeral(cx, args, &pod, container)?
    } else {
        copied(cx, args, &pod, container, copy)?
    };
    if attach { attached(cx, args, changed, name) } else { OK }
}

const PROFILES: &[&str] = &["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"];

/// Waits for the container and attaches to it.
fn attached(cx: &mut Cx, args: &Args, pod: Object, name: String) -> Outcome {
    let stream = cx.watch_one(&pod)?;
    let (stdin, tty) = (args.is("stdin"), args.is("tty"));
    Ok(Done::Task(Box::new(Until { pod, name, stream, stdin, tty })))
}

/// Five letters and digits that make a name unique.
fn suffix(cx: &mut Cx) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut letter = || {
        let n = cx.sys.rng().below(LETTERS.len() as u64) as usize;
        char::from(LETTERS[n.min(LETTERS.len() - 1)])
    };
    (0..5).map(|_| letter()).collect()
}

/// Makes a pod on a node, with the node's root directory at `/host`.
fn on_node(cx: &mut Cx, args: &Args, node: &str, command: &[String]) -> Result<(Object, String), Fail> {
    if args.value("image").is_empty() {
        return Err("you must specify --image when not using --copy-to.".into());
    }
    let node = cx.get(Kind::NODE, "", node)?;
    let container_name = match args.value("container") {
        "" => "debugger".to_string(),
        given => given.to_string(),
    };
    let name = format!("node-debugger-{}-{}", node.name(), suffix(cx));
    if !args.is("quiet") {
        cx.print(&format!(
            "Creating debugging pod {name} with container {container_name} on node {}.\n",
            node.name()
        ));
    }
    let mut container = container(args, &container_name, command);
    container.remove("targetContainerName");
    let mut spec = crate::map! {
        "nodeName" => node.name(), "restartPolicy" => "Never",
        "tolerations" => crate::list![crate::map! { "operator" => "Exists" }],
    };
    if !matches!(args.value("profile"), "baseline" | "restricted") {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            spec.set(field, true);
        }
        let root = crate::map! { "name" => "host-root", "hostPath" => crate::map! { "path" => "/" } };
        spec.set("volumes", crate::list![root]);
        let mount = crate::map! { "mountPath" => "/host", "name" => "host-root" };
        container.set("volumeMounts", crate::list![mount]);
    }
    if args.value("profile") == "sysadmin" {
        container.set("securityContext.privileged", true);
    }
    spec.set("containers", crate::list![container]);
    let labels = crate::map! { "app.kubernetes.io/managed-by" => "kubectl-debug" };
    let meta = crate::map! { "name" => name, "labels" => labels };
    let pod = Object::new(Kind::POD, crate::map! { "metadata" => meta, "spec" => spec });
    let made = create::post(cx, args, pod, Dry::No)?;
    Ok((made, container_name))
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
