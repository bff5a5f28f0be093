//! `kubectl debug`: an ephemeral container in a pod, a copy of the pod, or a pod on a node.

use super::profile::{self, PROFILES, Style};
use super::{create, run};
use crate::api::patch;
use crate::api::patch::diff::two_way;
use crate::api::request::{Options, PatchType, Verb as Method};
use crate::api::yaml::{Limits, read_value};
use crate::api::{Kind, Object, Request, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, on, switch, text};
use crate::kubectl::print::Dry;
use crate::kubectl::resource::kind_of;

/// Flags; those by which a copy keeps what a profile leaves out are beside the profiles.
pub const FLAGS: &[Flag] = &[
    text("image", ' ', ""),
    text("image-pull-policy", ' ', ""),
    text("container", 'c', ""),
    text("target", ' ', ""),
    text("copy-to", ' ', ""),
    switch("replace", ' '),
    switch("same-node", ' '),
    on("share-processes"),
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
    let custom = custom(cx, args)?;
    check(cx, args, targets, command)?;
    let job = Job { args, command, custom };
    for target in targets {
        let (pod, name) = match target.split_once('/') {
            Some((kind, node)) if kind_of(kind).ok() == Some(Kind::NODE) => job.on_node(cx, node)?,
            _ => {
                let pod = pod(cx, target)?;
                if args.value("copy-to").is_empty() {
                    job.ephemeral(cx, &pod)?
                } else {
                    job.copied(cx, &pod)?
                }
            }
        };
        let attach = if args.changed("attach") { args.is("attach") } else { args.is("stdin") };
        if attach && !name.is_empty() {
            return run::attach_to(cx, args, pod, name);
        }
    }
    OK
}

/// The pod that is to be looked into; workloads are not looked through.
fn pod(cx: &mut Cx, target: &str) -> Res<Object> {
    let (kind, name) = match target.split_once('/') {
        Some((kind, name)) => (kind_of(kind)?, name),
        None => (Kind::POD, target),
    };
    let namespace = cx.base.namespace.clone();
    let found = cx.get(kind, &namespace, name)?;
    if kind == Kind::POD {
        return Ok(found);
    }
    let (info, slash) = (kind.info(), if kind.info().group().is_empty() { "/" } else { "" });
    Err(Fail::Plain(format!("\"{slash}{}, Kind={}\" not supported by debug", info.api_version, info.kind)))
}

/// What is wrong with the flags (`DebugOptions.Validate`).
fn check(cx: &mut Cx, args: &Args, targets: &[String], command: &[String]) -> Res<()> {
    let (image, set_image) = (!args.value("image").is_empty(), !args.value("set-image").is_empty());
    let container = !args.value("container").is_empty();
    let profile = args.value("profile");
    let fail = |text: &str| Err(Fail::Plain(text.to_owned()));
    if !PROFILES.contains(&profile) {
        return fail(&format!("unknown profile: {profile}"));
    }
    if args.changed("attach") && args.is("attach") && !image && !container {
        return fail(
            "you must specify --container or create a new container using --image in order to attach.",
        );
    }
    if args.value("copy-to").is_empty() {
        if !image {
            return fail("you must specify --image when not using --copy-to.");
        }
    } else if !image && !set_image && command.is_empty() {
        return fail("you must specify --image, --set-image or command arguments.");
    } else if !command.is_empty() && !container && !image {
        return fail("you must specify an existing container or a new image when specifying args.");
    }
    if targets.is_empty() {
        return fail("NAME or filename is required for debug");
    }
    let policy = args.value("image-pull-policy");
    if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
        return fail(&format!("invalid image pull policy: {policy}"));
    }
    let target = args.value("target");
    if !target.is_empty() {
        if !args.value("copy-to").is_empty() {
            return fail("--target is incompatible with --copy-to. Use --share-processes instead.");
        }
        if !args.is("quiet") {
            cx.print(&format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"));
        }
    }
    if args.is("tty") && !args.is("stdin") {
        return fail("-i/--stdin is required for containers with -t/--tty=true");
    }
    if profile == "legacy" {
        cx.eprint("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n");
    }
    Ok(())
}

/// The container spec of `--custom`.
fn custom(cx: &mut Cx, args: &Args) -> Res<Option<Value>> {
    let path = args.value("custom");
    if path.is_empty() {
        return Ok(None);
    }
    let bytes = cx.sys.read_file(path).map_err(|e| {
        let why = e.text().to_ascii_lowercase();
        Fail::Plain(format!("must pass a container spec json file for custom profile: open {path}: {why}"))
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let spec = read_value(&text, Limits::default())
        .map_err(|e| Fail::Plain(format!("{path} does not contain a valid container spec: {e}")))?;
    if ["name", "command", "image", "lifecycle", "volumeDevices"].iter().any(|f| !spec[*f].is_empty()) {
        let text = "name, command, image, lifecycle and volume devices are not modifiable via custom profile";
        return Err(text.into());
    }
    Ok(Some(spec))
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

/// What one call asks for.
struct Job<'a> {
    args: &'a Args,
    command: &'a [String],
    custom: Option<Value>,
}

impl Job<'_> {
    /// The name of the debugging container.
    fn name(&self, cx: &mut Cx) -> String {
        match self.args.value("container") {
            "" => {
                let name = format!("debugger-{}", suffix(cx));
                if !self.args.is("quiet") {
                    cx.print(&format!("Defaulting debug container name to {name}.\n"));
                }
                name
            }
            given => given.to_string(),
        }
    }

    /// Completes a container by the flags.
    fn fill(&self, c: &mut Value) {
        let args = self.args;
        if !self.command.is_empty() {
            let field = if args.is("arguments-only") { "args" } else { "command" };
            if field == "command" {
                c.remove("args");
            }
            c.set(field, self.command.iter().map(String::as_str).collect::<Value>());
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
        for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
            if !args.value(flag).is_empty() {
                c.set(field, args.value(flag));
            }
        }
        for flag in ["stdin", "tty"] {
            if args.is(flag) {
                c.set(flag, true);
            } else {
                c.remove(flag);
            }
        }
    }

    fn fresh(&self, name: &str) -> Value {
        let mut c = crate::map! {
            "name" => name, "resources" => Value::map(), "terminationMessagePolicy" => "File",
        };
        self.fill(&mut c);
        c
    }

    /// Applies the profile, and the custom one on top of it.
    fn profile(&self, pod: &mut Value, name: &str, style: Style) -> Res<()> {
        profile::apply(self.args, pod, name, style);
        let Some(custom) = &self.custom else { return Ok(()) };
        let list = if style == Style::Ephemeral { "ephemeralContainers" } else { "containers" };
        for c in pod.slot("spec").slot(list).list_mut() {
            if c["name"].str() == name {
                // A strategic patch of a container is one of a pod with that container alone.
                let wrapped = |c: &Value| crate::map! { "spec" => crate::map! { "containers" => crate::list![c.clone()] } };
                let mut given = custom.clone();
                given.set("name", name);
                let how = PatchType::Strategic;
                let patched =
                    patch::apply(Kind::POD, how, &wrapped(c), &wrapped(&given)).map_err(Fail::from)?;
                *c = patched.at("spec.containers")[0].clone();
            }
        }
        Ok(())
    }

    /// Makes a pod on a node, with the node's root directory at `/host`.
    fn on_node(&self, cx: &mut Cx, node: &str) -> Res<(Object, String)> {
        let node = cx.get(Kind::NODE, "", node)?;
        let container = match self.args.value("container") {
            "" => "debugger".to_string(),
            given => given.to_string(),
        };
        let name = format!("node-debugger-{}-{}", node.name(), suffix(cx));
        if !self.args.is("quiet") {
            cx.print(&format!(
                "Creating debugging pod {name} with container {container} on node {}.\n",
                node.name()
            ));
        }
        let spec = crate::map! {
            "nodeName" => node.name(), "restartPolicy" => "Never",
            "tolerations" => crate::list![crate::map! { "operator" => "Exists" }],
            "containers" => crate::list![self.fresh(&container)],
        };
        let labels = crate::map! { "app.kubernetes.io/managed-by" => "kubectl-debug" };
        let meta = crate::map! { "name" => name, "labels" => labels };
        let mut pod = crate::map! { "metadata" => meta, "spec" => spec };
        self.profile(&mut pod, &container, Style::Node)?;
        let made = create::post(cx, self.args, Object::new(Kind::POD, pod), Dry::No)?;
        Ok((made, container))
    }

    fn ephemeral(&self, cx: &mut Cx, pod: &Object) -> Res<(Object, String)> {
        let name = self.name(cx);
        let mut container = self.fresh(&name);
        if !self.args.value("target").is_empty() {
            container.set("targetContainerName", self.args.value("target"));
        }
        let mut changed = pod.value.clone();
        let before = pod.at("spec.ephemeralContainers").items();
        // A name that is taken: what is merged is the profile and the container that has it.
        let new = (!before.iter().any(|c| c["name"].str() == name)).then_some(container);
        changed.set("spec.ephemeralContainers", before.iter().cloned().chain(new).collect::<Value>());
        self.profile(&mut changed, &name, Style::Ephemeral)?;
        warn_of_user(cx, &changed, "ephemeralContainers", &name);
        let mut request =
            Request::new(Method::Patch(PatchType::Strategic), pod.kind, Some(pod.namespace()), pod.name());
        request.subresource = "ephemeralcontainers";
        request.options = Options::default();
        let patched = cx.object(request.body(two_way(Kind::POD, &pod.value, &changed)))?;
        Ok((patched, name))
    }

    fn copied(&self, cx: &mut Cx, pod: &Object) -> Res<(Object, String)> {
        let args = self.args;
        let mut meta = crate::map! { "name" => args.value("copy-to"), "namespace" => pod.namespace() };
        for field in ["annotations", "labels"] {
            if pod["metadata"][field].is_some() {
                meta.set(field, &pod["metadata"][field]);
            }
        }
        let mut copy = crate::map! { "metadata" => meta, "spec" => &pod["spec"] };
        copy.slot("spec").remove("ephemeralContainers");
        if args.changed("share-processes") {
            copy.set("spec.shareProcessNamespace", args.is("share-processes"));
        }
        if !args.is("same-node") {
            copy.slot("spec").remove("nodeName");
        }
        let images: Vec<_> = args.value("set-image").split(',').filter_map(|p| p.split_once('=')).collect();
        for c in copy.slot("spec").slot("containers").list_mut() {
            let own = images.iter().find(|(n, _)| *n == c["name"].str());
            if let Some((_, image)) = own.or(images.iter().find(|(n, _)| *n == "*")) {
                c.set("image", *image);
            }
        }
        let wanted = args.value("container");
        let mut name = wanted.to_string();
        let list = copy.slot("spec").slot("containers").list_mut();
        match list.iter_mut().find(|c| !wanted.is_empty() && c["name"].str() == wanted) {
            Some(c) => self.fill(c),
            None if args.value("image").is_empty() && !images.is_empty() => {
                return Ok((self.create(cx, pod, copy)?, String::new()));
            }
            None if args.value("image").is_empty() => {
                return Err("you must specify image when creating new container".into());
            }
            None => {
                name = self.name(cx);
                list.push(self.fresh(&name));
            }
        }
        self.profile(&mut copy, &name, Style::Copy)?;
        warn_of_user(cx, &copy, "containers", &name);
        Ok((self.create(cx, pod, copy)?, name))
    }

    /// Makes the copy, in place of the original if that is asked for.
    fn create(&self, cx: &mut Cx, pod: &Object, copy: Value) -> Res<Object> {
        let made = create::post(cx, self.args, Object::new(Kind::POD, copy), Dry::No)?;
        if self.args.is("replace") {
            let mut how = super::delete::How::plain(Some(0));
            how.quiet(Dry::No);
            super::delete::one(cx, &super::delete::Target::of(pod), &how)?;
        }
        Ok(made)
    }
}

/// Capabilities do not help a user who is not root.
fn warn_of_user(cx: &mut Cx, pod: &Value, list: &str, name: &str) {
    let context = pod["spec"][list].find("name", name)["securityContext"].clone();
    let rights =
        context["privileged"].as_bool() == Some(true) || !context.at("capabilities.add").items().is_empty();
    if pod.at("spec.securityContext.runAsUser").int_or(0) != 0
        && context["runAsUser"].as_int() != Some(0)
        && rights
    {
        cx.eprint("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".\n");
    }
}
