//! `kubectl drain`: evicts the pods of nodes, one node after another.
//!
//! Evictions of a node go on side by side: each pod is asked for again every second until it is gone, and a
//! refused eviction is tried again after five.

use super::node::{cordoned, nodes};
use crate::api::labels::Selector;
use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::print::Dry;
use crate::os::Wait;
use crate::time::{Span, Time};

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    text("pod-selector", ' ', ""),
    switch("force", ' '),
    switch("ignore-daemonsets", ' '),
    switch("delete-emptydir-data", ' '),
    switch("disable-eviction", ' '),
    int("grace-period", ' ', "-1"),
    int("skip-wait-for-delete-timeout", ' ', "0"),
    int("chunk-size", ' ', "500"),
    span("timeout", "0s"),
];

/// How long drain waits before it tries a refused eviction again (drain.go).
const RETRY: Span = Span::secs(5);
/// How often it looks whether a pod is gone (drain.go).
const LOOK: Span = Span::secs(1);

const DAEMON: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const LOCAL: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const BARE: &str = "Pods that declare no controller (use --force to override)";

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    if Selector::parse(args.value("pod-selector")).is_err() {
        return Err("--pod-selector=<pod_selector> must be a valid label selector".into());
    }
    let found = nodes(cx, args)?;
    for node in &found {
        cordoned(cx, node, true, dry);
    }
    let timeout = args.micros("timeout");
    let task = Drain {
        args: args.clone(),
        dry,
        nodes: found.iter().map(|n| n.name().to_string()).collect(),
        timeout: (timeout > 0).then_some(Span(timeout as u64)),
        until: None,
        going: Vec::new(),
        errors: Vec::new(),
        pending: Vec::new(),
        fatal: Vec::new(),
        begun: false,
    };
    Ok(Done::Task(Box::new(task)))
}

/// Nodes that are being drained: the first of them now.
#[derive(Clone, Debug)]
struct Drain {
    args: Args,
    dry: Dry,
    nodes: Vec<String>,
    timeout: Option<Span>,
    /// When the node has had its time.
    until: Option<Time>,
    going: Vec<Going>,
    /// What went wrong with pods of this node.
    errors: Vec<String>,
    /// Nodes that could not be drained, and why.
    pending: Vec<String>,
    fatal: Vec<String>,
    begun: bool,
}

/// A pod that must go, and when to look after it next.
#[derive(Clone, Debug)]
struct Going {
    pod: Object,
    at: Time,
    /// Whether the server has agreed, so that it only has to end.
    leaving: bool,
}

/// What becomes of a pod.
enum Fate {
    Go,
    Warn(&'static str),
    Stay,
    WarnStay(&'static str),
    Error(String),
}

/// The pods of a node that must go, what to warn of, and why others may not.
#[derive(Default)]
struct Plan {
    go: Vec<Object>,
    errors: Vec<String>,
    warnings: Vec<String>,
}

/// Several errors as Go's aggregate words them.
fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

impl Drain {
    fn fate(&self, cx: &mut Cx, pod: &Object) -> Fate {
        if self.overdue(cx, pod) {
            return Fate::Stay;
        }
        let over = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let owner = pod.controller();
        if owner["kind"].str() == "DaemonSet" && !over {
            match cx.get(Kind::DAEMON_SET, pod.namespace(), owner["name"].str()) {
                Ok(_) if self.args.is("ignore-daemonsets") => {
                    return Fate::WarnStay("ignoring DaemonSet-managed Pods");
                }
                Ok(_) => return Fate::Error(DAEMON.into()),
                // A later filter's word is the one that counts, and none has anything against them.
                Err(fail) if fail.is_not_found() && self.args.is("force") => {}
                Err(fail) => return Fate::Error(fail.message()),
            }
        }
        if pod.annotation("kubernetes.io/config.mirror").is_some() {
            return Fate::Stay;
        }
        let local = pod.at("spec.volumes").items().iter().any(|v| v["emptyDir"].is_some());
        if local && !over && !self.args.is("delete-emptydir-data") {
            return Fate::Error(LOCAL.into());
        }
        if over || owner.is_some() {
            return Fate::Go;
        }
        if self.args.is("force") {
            Fate::Warn("deleting Pods that declare no controller")
        } else {
            Fate::Error(BARE.into())
        }
    }

    /// Whether a pod should have been gone for longer than `--skip-wait-for-delete-timeout`.
    fn overdue(&self, cx: &Cx, pod: &Object) -> bool {
        let most = self.args.int("skip-wait-for-delete-timeout");
        let deadline = crate::time::parse_rfc3339(pod.at("metadata.deletionTimestamp").str());
        most > 0 && deadline.is_some_and(|at| (cx.now() - at) / 1_000_000 > most)
    }

    fn plan(&self, cx: &mut Cx, node: &str) -> Res<Plan> {
        let select = Select {
            labels: self.args.value("pod-selector").into(),
            fields: format!("spec.nodeName={node}"),
        };
        let (pods, _) = cx.list(Kind::POD, None, &select)?;
        let mut plan = Plan::default();
        let (mut warnings, mut errors): (Vec<(String, String)>, Vec<(String, String)>) = Default::default();
        for pod in pods {
            let name = format!("{}/{}", pod.namespace(), pod.name());
            match self.fate(cx, &pod) {
                Fate::Go => plan.go.push(pod),
                Fate::Stay => {}
                Fate::Warn(why) => {
                    note(&mut warnings, why.into(), name);
                    plan.go.push(pod);
                }
                Fate::WarnStay(why) => note(&mut warnings, why.into(), name),
                Fate::Error(why) => note(&mut errors, format!("cannot delete {why}"), name),
            }
        }
        plan.warnings = warnings.into_iter().map(|(why, pods)| format!("{why}: {pods}")).collect();
        plan.errors = errors.into_iter().map(|(why, pods)| format!("{why}: {pods}")).collect();
        Ok(plan)
    }

    /// Begins with a node.
    fn begin(&mut self, cx: &mut Cx, node: &str) {
        self.begun = true;
        self.until = self.timeout.map(|span| cx.sys.now() + span);
        let plan = match self.plan(cx, node) {
            Ok(plan) => plan,
            Err(fail) => {
                self.errors.push(fail.message());
                return;
            }
        };
        if !plan.errors.is_empty() {
            self.errors = plan.errors;
            return;
        }
        if !plan.warnings.is_empty() {
            cx.eprint(&format!("Warning: {}\n", plan.warnings.join("; ")));
        }
        for pod in plan.go {
            if self.dry == Dry::Client {
                cx.print(&format!("evicting pod {}/{} (dry run)\n", pod.namespace(), pod.name()));
            } else {
                self.going.push(Going { pod, at: cx.sys.now(), leaving: false });
            }
        }
    }

    /// Looks after the pods whose time has come.
    fn look(&mut self, cx: &mut Cx) {
        let before = self.errors.len();
        for mut going in std::mem::take(&mut self.going) {
            if cx.sys.now() < going.at {
                self.going.push(going);
                continue;
            }
            if !going.leaving {
                if self.evict(cx, &mut going) {
                    self.going.push(going);
                }
            } else if self.remains(cx, &going) {
                going.at = cx.sys.now() + LOOK;
                self.going.push(going);
            }
        }
        if self.errors.len() > before && self.args.is("disable-eviction") {
            self.going.clear();
        }
    }

    /// Whether a pod that is on its way out is still to be waited for.
    fn remains(&mut self, cx: &mut Cx, going: &Going) -> bool {
        let (namespace, name) = (going.pod.namespace(), going.pod.name());
        let request = Request::new(Method::Get, Kind::POD, Some(namespace), name);
        let (done, failed) = if self.args.is("disable-eviction") {
            ("deleted", "deletion failed")
        } else {
            ("evicted", "eviction failed")
        };
        match cx.object(request) {
            Ok(now) if now.uid() == going.pod.uid() => {
                let skipped = self.overdue(cx, &now);
                if skipped {
                    let most = self.args.int("skip-wait-for-delete-timeout");
                    cx.print(&format!(
                        "pod {name:?} has DeletionTimestamp older than {most} seconds, skipping\n"
                    ));
                }
                !skipped
            }
            Ok(_) => {
                cx.print(&format!("pod/{name} {done}\n"));
                false
            }
            Err(fail) if fail.is_not_found() => {
                cx.print(&format!("pod/{name} {done}\n"));
                false
            }
            Err(fail) => {
                cx.print(&format!("pod/{name} {failed}\n"));
                self.errors.push(waiting(&going.pod, &fail.message()));
                false
            }
        }
    }

    /// Asks for a pod's end; false if nothing is left to do for it.
    fn evict(&mut self, cx: &mut Cx, going: &mut Going) -> bool {
        let deleting = self.args.is("disable-eviction");
        let (namespace, name) = (going.pod.namespace().to_string(), going.pod.name().to_string());
        if !deleting {
            cx.print(&format!("evicting pod {namespace}/{name}{}\n", self.dry.suffix()));
            if let Some(span) = self.timeout.filter(|_| self.until.is_some_and(|t| cx.sys.now() >= t)) {
                self.errors.push(format!(
                    "error when evicting pods/{name:?} -n {namespace:?}: global timeout reached: {}",
                    crate::api::duration::print(span.0 as i64 * 1_000)
                ));
                return false;
            }
        }
        match cx.send(self.request(&going.pod)) {
            Ok(_) if self.dry == Dry::Server => false,
            Ok(_) => {
                going.leaving = true;
                true
            }
            Err(fail) if fail.is_not_found() => deleting,
            Err(Fail::Server(s)) if s.code == 429 && !deleting => {
                cx.eprint(&format!(
                    "error when evicting pods/{name:?} -n {namespace:?} (will retry after 5s): {}\n",
                    s.message
                ));
                going.at = cx.sys.now() + RETRY;
                true
            }
            Err(fail) if deleting => {
                self.errors.push(fail.message());
                false
            }
            Err(fail) => {
                let why = fail.message();
                self.errors.push(format!("error when evicting pods/{name:?} -n {namespace:?}: {why}"));
                false
            }
        }
    }

    fn request(&self, pod: &Object) -> Request {
        let grace = self.args.int("grace-period");
        let grace = (grace >= 0).then_some(grace);
        let (namespace, name) = (pod.namespace(), pod.name());
        let mut request = if self.args.is("disable-eviction") {
            let mut request = Request::new(Method::Delete, Kind::POD, Some(namespace), name);
            request.options.grace_period_seconds = grace;
            request
        } else {
            let mut body = crate::map! {
                "apiVersion" => "policy/v1", "kind" => "Eviction",
                "metadata" => crate::map! { "name" => name, "namespace" => namespace },
            };
            if let Some(g) = grace {
                body.set("deleteOptions.gracePeriodSeconds", g);
            }
            Request::new(Method::Create, Kind::POD, Some(namespace), name).subresource("eviction").body(body)
        };
        request.options.dry_run = self.dry == Dry::Server;
        request
    }

    /// Gives up on the pods that are still going when the time is over.
    fn expire(&mut self, cx: &Cx) {
        if self.until.is_none_or(|t| cx.sys.now() < t) {
            return;
        }
        let deleting = self.args.is("disable-eviction");
        let late: Vec<Going> = self.going.iter().filter(|g| g.leaving).cloned().collect();
        self.going.retain(|g| !g.leaving);
        if deleting && !late.is_empty() {
            self.errors.push("context deadline exceeded".into());
        } else {
            self.errors.extend(late.iter().map(|g| waiting(&g.pod, "context deadline exceeded")));
        }
    }

    /// Ends with a node.
    fn end(&mut self, cx: &mut Cx, node: &str, planned: bool) {
        self.begun = false;
        if self.errors.is_empty() {
            cx.print(&format!("node/{node} drained{}\n", self.dry.suffix()));
            return;
        }
        let errors = std::mem::take(&mut self.errors);
        let why = aggregate(&errors);
        if planned && let Ok(plan) = self.plan(cx, node) {
            let mut text = String::new();
            if !plan.go.is_empty() {
                text = format!("There are pending pods in node {node:?} when an error occurred: {why}\n");
                text.extend(plan.go.iter().map(|p| format!("pod/{}\n", p.name())));
            }
            if !plan.errors.is_empty() {
                text += "Following errors occurred while getting the list of pods to delete:\n";
                text += &aggregate(&plan.errors);
            }
            cx.eprint(&text);
        }
        cx.eprint(&format!(
            "error: unable to drain node {node:?} due to error: {why}, continuing command...\n"
        ));
        self.pending.push(node.to_string());
        let plain = planned && self.args.is("disable-eviction");
        self.fatal.push(if plain { format!("error: {why}") } else { errors.join("\n") });
    }

    /// What the verb comes to when all nodes have had their turn.
    fn verdict(&self, cx: &mut Cx) -> Res<i32> {
        if self.pending.is_empty() {
            return Ok(0);
        }
        let mut text = "There are pending nodes to be drained:\n".to_string();
        text.extend(self.pending.iter().map(|n| format!(" {n}\n")));
        cx.eprint(&text);
        Err(Fail::Raw(self.fatal.join("\n")))
    }
}

/// Adds a pod to those of which the same is said.
fn note(said: &mut Vec<(String, String)>, what: String, pod: String) {
    match said.iter_mut().find(|(w, _)| *w == what) {
        Some((_, pods)) => {
            pods.push_str(", ");
            pods.push_str(&pod);
        }
        None => said.push((what, pod)),
    }
}

fn waiting(pod: &Object, why: &str) -> String {
    format!(
        "error when waiting for pod {:?} in namespace {:?} to terminate: {why}",
        pod.name(),
        pod.namespace()
    )
}

impl Task for Drain {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        while let Some(node) = self.nodes.first().cloned() {
            let fresh = !self.begun;
            if fresh {
                self.begin(cx, &node);
            }
            let planned = !fresh || !self.going.is_empty();
            self.look(cx);
            self.expire(cx);
            if let Some(next) = self.going.iter().map(|g| g.at).min() {
                let late = self.going.iter().any(|g| g.leaving);
                let next = self.until.filter(|_| late).map_or(next, |t| t.min(next));
                return Poll::Wait(Wait { until: Some(next), ..Wait::default() });
            }
            self.end(cx, &node, planned);
            self.nodes.remove(0);
        }
        Poll::Done(self.verdict(cx))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
