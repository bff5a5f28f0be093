//! `kubectl taint`, `cordon`, `uncordon` and `drain`.

use super::common::split_changes;
use crate::api::request::{Options, PatchType, StreamId, Verb as Method, WatchKind};
use crate::api::{Kind, Object, Request, Value};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::print::Dry;
use crate::kubectl::resource;
use crate::time::{Span, Time};

/// Flags of `taint`.
pub const TAINT: &[Flag] = &[
    switch("overwrite", ' '),
    switch("all", ' '),
    text("selector", 'l', ""),
    text("field-manager", ' ', ""),
];
/// Flags of `cordon` and `uncordon`.
pub const CORDON: &[Flag] = &[text("selector", 'l', "")];
/// Flags of `drain`.
pub const DRAIN: &[Flag] = &[
    text("selector", 'l', ""),
    text("pod-selector", ' ', ""),
    switch("force", ' '),
    switch("ignore-daemonsets", ' '),
    switch("delete-emptydir-data", ' '),
    switch("delete-local-data", ' '),
    switch("disable-eviction", ' '),
    int("grace-period", ' ', "-1"),
    int("skip-wait-for-delete-timeout", ' ', "0"),
    int("chunk-size", ' ', "500"),
    span("timeout", "0s"),
];

/// A taint as written on the command line.
#[derive(Clone, Debug, PartialEq)]
struct Spec {
    key: String,
    value: String,
    effect: String,
    remove: bool,
}

fn spec(word: &str) -> Res<Spec> {
    let (body, remove) = match word.strip_suffix('-') {
        Some(body) => (body, true),
        None => (word, false),
    };
    let (head, effect) = body.split_once(':').unwrap_or((body, ""));
    let (key, value) = head.split_once('=').unwrap_or((head, ""));
    if effect.is_empty() && !remove || effect.contains(':') {
        return Err(Fail::Usage(format!("invalid taint spec: {word}")));
    }
    if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
        return Err(Fail::Usage(format!("invalid taint effect: {effect}, unsupported taint effect")));
    }
    if let Some(why) = crate::api::names::qualified(key).first() {
        return Err(Fail::Usage(format!("invalid taint spec: {word}, {why}")));
    }
    Ok(Spec { key: key.into(), value: value.into(), effect: effect.into(), remove })
}

/// Runs `taint`.
pub fn taint(cx: &mut Cx, args: &Args) -> Outcome {
    let is_taint = |w: &str| w.contains('=') || w.contains(':') || w.len() > 1 && w.ends_with('-');
    let (words, changes) = split_changes(&args.rest, is_taint, "taint")?;
    if words.is_empty() {
        return Err("one or more resources must be specified as <resource> <name>".into());
    }
    if changes.is_empty() {
        return Err("at least one taint update is required".into());
    }
    let kind = resource::kind_of(words[0].split('/').next().unwrap_or(""))?;
    if kind != Kind::NODE {
        return Err(Fail::Plain(format!("invalid resource type {}, only node type is supported", words[0])));
    }
    let specs = changes.iter().map(|c| spec(c)).collect::<Res<Vec<Spec>>>()?;
    let dry = Dry::of(args)?;
    let found = resource::read(cx, &words, &super::scope(args))?;
    let mut fails = found.fails;
    for node in found.objects {
        match change(cx, args, &node, &specs, dry) {
            Ok(word) => cx.print(&format!("{} {word}\n", resource::label(&node))),
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn change(cx: &mut Cx, args: &Args, node: &Object, specs: &[Spec], dry: Dry) -> Res<&'static str> {
    let mut taints: Vec<Value> = node.at("spec.taints").items().to_vec();
    let same = |t: &Value, s: &Spec| {
        t["key"].str() == s.key && (s.effect.is_empty() || t["effect"].str() == s.effect)
    };
    let (adding, removing) = (specs.iter().any(|s| !s.remove), specs.iter().any(|s| s.remove));
    let mut overwrote = false;
    for s in specs {
        let had = taints.iter().any(|t| same(t, s));
        if s.remove {
            if !had {
                let effect = if s.effect.is_empty() { String::new() } else { format!(":{}", s.effect) };
                return Err(Fail::Plain(format!("taint \"{}{effect}\" not found", s.key)));
            }
            taints.retain(|t| !same(t, s));
            continue;
        }
        if had && !args.is("overwrite") {
            return Err(Fail::Plain(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                node.name(),
                s.key
            )));
        }
        overwrote |= had;
        taints.retain(|t| !same(t, s));
        let mut t = crate::map! { "key" => &s.key, "effect" => &s.effect };
        if !s.value.is_empty() {
            t.set("value", &s.value);
        }
        taints.push(t);
    }
    if dry != Dry::Client {
        let list = if taints.is_empty() { Value::Null } else { Value::from(taints) };
        let body = crate::map! { "spec" => crate::map! { "taints" => list } };
        let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
        cx.patch(node, PatchType::Merge, body, options)?;
    }
    Ok(match (adding, removing) {
        _ if overwrote || adding && removing => "modified",
        (true, _) => "tainted",
        _ => "untainted",
    })
}

fn nodes(cx: &mut Cx, args: &Args) -> Res<(Vec<Object>, Vec<Fail>)> {
    let verb = cx.base.path.rsplit(' ').next().unwrap_or("").to_string();
    let selector = args.value("selector");
    if args.rest.is_empty() && selector.is_empty() {
        return Err(Fail::Usage(format!("USAGE: {verb} NODE [flags]")));
    }
    if !args.rest.is_empty() && !selector.is_empty() {
        return Err(Fail::Plain("error: cannot specify both a node name and a --selector option".into()));
    }
    if args.rest.is_empty() {
        let select = Select { labels: selector.into(), fields: String::new() };
        return Ok((cx.list(Kind::NODE, None, &select)?.0, vec![]));
    }
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for name in &args.rest {
        let name = name.split_once('/').map_or(name.as_str(), |(_, n)| n);
        match cx.get(Kind::NODE, "", name) {
            Ok(node) => found.push(node),
            Err(fail) => fails.push(fail),
        }
    }
    Ok((found, fails))
}

/// Sets `spec.unschedulable` and says so.
fn cordoned(cx: &mut Cx, node: &Object, wanted: bool, dry: Dry) -> Res<()> {
    let word = if wanted { "cordoned" } else { "uncordoned" };
    if node.at("spec.unschedulable").is_true() == wanted {
        cx.print(&format!("node/{} already {word}{}\n", node.name(), dry.suffix()));
        return Ok(());
    }
    if dry != Dry::Client {
        let value = if wanted { Value::from(true) } else { Value::Null };
        let body = crate::map! { "spec" => crate::map! { "unschedulable" => value } };
        let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
        cx.patch(node, PatchType::Strategic, body, options).map_err(|f| {
            Fail::Plain(format!(
                "unable to {} node {:?}: {}",
                &word[..word.len() - 2],
                node.name(),
                f.message()
            ))
        })?;
    }
    cx.print(&format!("node/{} {word}{}\n", node.name(), dry.suffix()));
    Ok(())
}

fn both(cx: &mut Cx, args: &Args, wanted: bool) -> Outcome {
    let dry = Dry::of(args)?;
    let (found, mut fails) = nodes(cx, args)?;
    if !fails.is_empty() {
        Fail::join(fails)?;
        return OK;
    }
    for node in found {
        if let Err(fail) = cordoned(cx, &node, wanted, dry) {
            fails.push(fail);
        }
    }
    Fail::join(fails)?;
    OK
}

/// Runs `cordon`.
pub fn cordon(cx: &mut Cx, args: &Args) -> Outcome {
    both(cx, args, true)
}

/// Runs `uncordon`.
pub fn uncordon(cx: &mut Cx, args: &Args) -> Outcome {
    both(cx, args, false)
}

/// Runs `drain`.
pub fn drain(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let (found, fails) = nodes(cx, args)?;
    Fail::join(fails)?;
    for node in &found {
        cordoned(cx, node, true, dry)?;
    }
    let timeout = args.micros("timeout");
    let task = Drain {
        args: args.clone(),
        dry,
        nodes: found.iter().map(|n| n.name().to_string()).collect(),
        leaving: vec![],
        blocked: vec![],
        node: String::new(),
        retry: None,
        until: (timeout > 0).then(|| cx.sys.now() + Span(timeout as u64)),
    };
    Ok(Done::Task(Box::new(task)))
}

/// A node that is being drained, and those that come after it.
#[derive(Clone, Debug)]
struct Drain {
    args: Args,
    dry: Dry,
    nodes: Vec<String>,
    node: String,
    /// Pods on their way out, with the watch that tells.
    leaving: Vec<(Object, StreamId)>,
    /// Pods whose eviction was refused for now.
    blocked: Vec<Object>,
    retry: Option<Time>,
    until: Option<Time>,
}

/// How long drain waits before it tries a refused eviction again (drain.go).
const RETRY: Span = Span::secs(5);

/// The pods of a node that must go, and why some may not.
struct Plan {
    go: Vec<Object>,
    errors: Vec<String>,
    warnings: Vec<String>,
}

fn names(pods: &[&Object]) -> String {
    pods.iter().map(|p| format!("{}/{}", p.namespace(), p.name())).collect::<Vec<_>>().join(", ")
}

fn plan(args: &Args, pods: &[Object]) -> Plan {
    let mut out = Plan { go: vec![], errors: vec![], warnings: vec![] };
    let (mut daemons, mut local, mut bare): (Vec<&Object>, Vec<&Object>, Vec<&Object>) = Default::default();
    for pod in pods {
        if pod.annotation("kubernetes.io/config.mirror").is_some() {
            continue;
        }
        let over = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let owner = pod.controller()["kind"].str();
        if owner == "DaemonSet" && !over {
            daemons.push(pod);
            continue;
        }
        let has_local = pod.at("spec.volumes").items().iter().any(|v| v["emptyDir"].is_some());
        if has_local && !over {
            local.push(pod);
        }
        if owner.is_empty() && !over {
            bare.push(pod);
        }
        out.go.push(pod.clone());
    }
    let force_data = args.is("delete-emptydir-data") || args.is("delete-local-data");
    if !bare.is_empty() {
        if args.is("force") {
            out.warnings.push(format!("deleting Pods that declare no controller: {}", names(&bare)));
        } else {
            out.errors.push(format!(
                "cannot delete Pods that declare no controller (use --force to override): {}",
                names(&bare)
            ));
        }
    }
    if !local.is_empty() && !force_data {
        out.errors.push(format!(
            "cannot delete Pods with local storage (use --delete-emptydir-data to override): {}",
            names(&local)
        ));
    }
    if !daemons.is_empty() {
        if args.is("ignore-daemonsets") {
            out.warnings.insert(0, format!("ignoring DaemonSet-managed Pods: {}", names(&daemons)));
        } else {
            out.errors.push(format!(
                "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {}",
                names(&daemons)
            ));
        }
    }
    out
}

impl Drain {
    /// Begins with the next node; `None` if there is none.
    fn begin(&mut self, cx: &mut Cx) -> Option<Res<()>> {
        if self.nodes.is_empty() {
            return None;
        }
        self.node = self.nodes.remove(0);
        Some(self.node_pods(cx))
    }

    fn node_pods(&mut self, cx: &mut Cx) -> Res<()> {
        let select = Select {
            labels: self.args.value("pod-selector").into(),
            fields: format!("spec.nodeName={}", self.node),
        };
        let (pods, _) = cx.list(Kind::POD, None, &select)?;
        let plan = plan(&self.args, &pods);
        if !plan.errors.is_empty() {
            let why = if plan.errors.len() == 1 {
                plan.errors[0].clone()
            } else {
                format!("[{}]", plan.errors.join(", "))
            };
            let text = format!(
                "error: unable to drain node {:?} due to error: {why}, continuing command...\nThere are pending nodes to be drained:\n {}\n{}\n",
                self.node,
                self.node,
                plan.errors.join("\n")
            );
            return Err(Fail::Raw(text));
        }
        if !plan.warnings.is_empty() {
            cx.eprint(&format!("Warning: {}\n", plan.warnings.join("; ")));
        }
        for pod in plan.go {
            cx.print(&format!("evicting pod {}/{}{}\n", pod.namespace(), pod.name(), self.dry.suffix()));
            if self.dry != Dry::Client {
                self.evict(cx, pod)?;
            }
        }
        Ok(())
    }

    fn evict(&mut self, cx: &mut Cx, pod: Object) -> Res<()> {
        if pod.is_deleting() {
            let stream = cx.watch_one(&pod)?;
            self.leaving.push((pod, stream));
            return Ok(());
        }
        let grace = self.args.int("grace-period");
        let grace = (grace >= 0).then_some(grace);
        let ns = pod.namespace().to_string();
        let request = if self.args.is("disable-eviction") {
            let mut r = Request::new(Method::Delete, Kind::POD, Some(&ns), pod.name());
            r.options.grace_period_seconds = grace;
            r
        } else {
            let mut body = crate::map! {
                "apiVersion" => "policy/v1", "kind" => "Eviction",
                "metadata" => crate::map! { "name" => pod.name(), "namespace" => &ns },
            };
            if let Some(g) = grace {
                body.set("deleteOptions.gracePeriodSeconds", g);
            }
            let mut r = Request::new(Method::Create, Kind::POD, Some(&ns), pod.name());
            r.subresource = "eviction";
            r.body(body)
        };
        let mut request = request;
        request.options.dry_run = self.dry == Dry::Server;
        match cx.send(request) {
            Ok(_) if self.dry == Dry::No => {
                let stream = cx.watch_one(&pod)?;
                self.leaving.push((pod, stream));
            }
            Ok(_) => {}
            Err(Fail::Server(s)) if s.code == 429 => {
                cx.eprint(&format!(
                    "error when evicting pods/{:?} -n {:?} (will retry after 5s): {}\n",
                    pod.name(),
                    ns,
                    s.message
                ));
                self.blocked.push(pod);
                self.retry = Some(cx.sys.now() + RETRY);
            }
            Err(fail) if fail.is_not_found() => {}
            Err(fail) => {
                return Err(Fail::Plain(format!(
                    "error when evicting pods/{:?} -n {ns:?}: {}",
                    pod.name(),
                    fail.message()
                )));
            }
        }
        Ok(())
    }

    fn progress(&mut self, cx: &mut Cx) -> Res<()> {
        for (pod, stream) in std::mem::take(&mut self.leaving) {
            let gone = cx.events(stream).iter().any(|e| e.kind == WatchKind::Deleted)
                || cx.get(Kind::POD, pod.namespace(), pod.name()).map_or(true, |p| p.uid() != pod.uid());
            if gone {
                cx.close(stream);
                let word = if self.args.is("disable-eviction") { "deleted" } else { "evicted" };
                cx.print(&format!("pod/{} {word}\n", pod.name()));
            } else {
                self.leaving.push((pod, stream));
            }
        }
        if self.retry.is_some_and(|t| cx.sys.now() >= t) {
            self.retry = None;
            for pod in std::mem::take(&mut self.blocked) {
                cx.print(&format!("evicting pod {}/{}\n", pod.namespace(), pod.name()));
                self.evict(cx, pod)?;
            }
        }
        Ok(())
    }
}

impl Task for Drain {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        loop {
            if let Err(fail) = self.progress(cx) {
                return Poll::Done(Err(fail));
            }
            if !self.leaving.is_empty() || !self.blocked.is_empty() {
                if self.until.is_some_and(|t| cx.sys.now() >= t) {
                    let text = format!(
                        "error: unable to drain node {:?} due to error: global timeout reached: {}, continuing command...\nThere are pending nodes to be drained:\n {}\nerror: global timeout reached\n",
                        self.node,
                        self.args.value("timeout"),
                        self.node
                    );
                    return Poll::Done(Err(Fail::Raw(text)));
                }
                let until = [self.retry, self.until].into_iter().flatten().min();
                return Poll::api(until);
            }
            if !self.node.is_empty() {
                cx.print(&format!("node/{} drained{}\n", self.node, self.dry.suffix()));
            }
            match self.begin(cx) {
                None => return Poll::Done(Ok(0)),
                Some(Err(fail)) => return Poll::Done(Err(fail)),
                Some(Ok(())) => {}
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
