//! `kubectl set`: image, env, resources, selector, serviceaccount, subject.

use super::common::{edit_containers, live, pod_spec_path, update};
use super::pairs_map;
use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, on, slice, switch, text};
use crate::kubectl::print::{self, Dry, Format};

/// Flags of them all.
pub const FLAGS: &[Flag] =
    &[switch("all", ' '), text("selector", 'l', ""), switch("local", ' '), text("field-manager", ' ', "")];
/// Flags of `env`.
pub const ENV: &[Flag] = &[
    array("env", 'e'),
    text("from", ' ', ""),
    slice("keys", ' '),
    text("prefix", ' ', ""),
    text("containers", 'c', "*"),
    switch("list", ' '),
    switch("resolve", ' '),
    on("overwrite"),
];
/// Flags of `resources`.
pub const RESOURCES: &[Flag] =
    &[text("containers", 'c', "*"), text("limits", ' ', ""), text("requests", ' ', "")];
/// Flags of `selector`.
pub const SELECTOR: &[Flag] = &[text("resource-version", ' ', "")];
/// Flags of `subject`.
pub const SUBJECT: &[Flag] = &[slice("user", ' '), slice("group", ' '), slice("serviceaccount", ' ')];

/// Splits resources from `NAME=VALUE` arguments (and, for env, `NAME-`).
fn split(args: &Args, removals: bool) -> (Vec<String>, Vec<String>) {
    let is_change = |w: &&String| w.contains('=') || removals && w.len() > 1 && w.ends_with('-');
    let (changes, rest): (Vec<_>, Vec<_>) = args.rest.iter().partition(is_change);
    (rest.into_iter().cloned().collect(), changes.into_iter().cloned().collect())
}

/// How the objects of one command are changed and printed.
struct Work<'a> {
    args: &'a Args,
    /// `image updated`.
    word: &'static str,
    /// What goes before the server's message, or nothing.
    failed: &'static str,
    /// Whether `--record` has an effect.
    records: bool,
}

impl Work<'_> {
    fn run(&self, cx: &mut Cx, words: &[String], edit: impl Fn(&mut Object) -> Res<()>) -> Outcome {
        let dry = Dry::of(self.args)?;
        let format = print::format(cx, self.args, print::MADE)?;
        let found = live(cx, self.args, words)?;
        let mut fails = found.fails;
        for object in found.objects {
            match self.one(cx, object, dry, &format, &edit) {
                Ok(()) => {}
                Err(fail) => fails.push(fail),
            }
        }
        Fail::join(fails)?;
        OK
    }

    fn one(
        &self,
        cx: &mut Cx,
        object: Object,
        dry: Dry,
        format: &Format,
        edit: &impl Fn(&mut Object) -> Res<()>,
    ) -> Res<()> {
        let mut new = object.clone();
        edit(&mut new)?;
        if self.records {
            super::record::note(&cx.base.path, self.args, &mut new.value);
        }
        let local = self.args.is("local");
        if new == object && !local && *format == Format::Human {
            return Ok(());
        }
        let dry_here = if local { Dry::Client } else { dry };
        let changed =
            update(cx, &object, new, PatchType::Strategic, dry_here).map_err(|fail| match fail {
                Fail::Server(s) if !self.failed.is_empty() => {
                    Fail::Plain(format!("{} {}", self.failed, s.message))
                }
                other => other,
            })?;
        print::result(cx, &changed, format, self.word, if local { Dry::No } else { dry })
    }
}

fn spec_of(object: &mut Object) -> Res<&mut Value> {
    match pod_spec_path(object) {
        Some(path) => Ok(object.slot(path)),
        None => {
            let info = object.kind.info();
            Err(Fail::Plain(format!(
                "the object is not a pod or does not have a pod template: {}",
                info.kind
            )))
        }
    }
}

/// `set image`.
pub fn image(cx: &mut Cx, args: &Args) -> Outcome {
    let (words, changes) = split(args, false);
    if changes.is_empty() {
        return Err("at least one image update is required".into());
    }
    let mut pairs = Vec::new();
    for change in &changes {
        let (name, image) = change.split_once('=').unwrap_or((change, ""));
        if name.is_empty() || image.is_empty() {
            return Err(Fail::Plain(format!("invalid parameter syntax {change}")));
        }
        pairs.push((name.to_string(), image.to_string()));
    }
    if pairs.iter().any(|(n, _)| n == "*") && pairs.len() > 1 {
        return Err("all containers are already specified by *, but saw more than one container_name=container_image pairs".into());
    }
    let work = Work { args, word: "image updated", failed: "", records: true };
    work.run(cx, &words, |object| {
        let spec = spec_of(object)?;
        for (name, image) in &pairs {
            let hits = edit_containers(spec, name, |c| c.set("image", image.as_str()));
            if hits == 0 {
                return Err(Fail::Plain(format!("unable to find container named {name:?}")));
            }
        }
        Ok(())
    })
}

/// The variables that `set env` adds, and the names that it removes.
fn variables(cx: &mut Cx, args: &Args, changes: &[String]) -> Res<(Vec<Value>, Vec<String>)> {
    let (mut set, mut gone) = (Vec::new(), Vec::new());
    for change in changes.iter().cloned().chain(args.values("env")) {
        match change.split_once('=') {
            Some((name, value)) => {
                if !crate::api::names::env_name(name).is_empty() {
                    return Err(Fail::Plain(format!("invalid environment variable: {name}")));
                }
                let mut v = crate::map! { "name" => name };
                if !value.is_empty() {
                    v.set("value", value);
                }
                set.push(v);
            }
            None if change == "-" => {
                for line in cx.base.stdin.lines() {
                    if let Some((n, v)) = line.split_once('=') {
                        set.push(crate::map! { "name" => n, "value" => v });
                    }
                }
            }
            None => gone.push(change.trim_end_matches('-').to_string()),
        }
    }
    if args.changed("from") {
        set.extend(from(cx, args)?);
    }
    Ok((set, gone))
}

fn from(cx: &mut Cx, args: &Args) -> Res<Vec<Value>> {
    let source = args.value("from").to_string();
    let (kind, name) = source.split_once('/').unwrap_or(("", &source));
    let kind = crate::kubectl::resource::kind_of(kind)?;
    let namespace = cx.base.namespace.clone();
    let object = cx.get(kind, &namespace, name)?;
    let (field, by) = match kind {
        Kind::SECRET => ("data", "secretKeyRef"),
        Kind::CONFIG_MAP => ("data", "configMapKeyRef"),
        _ => return Err(Fail::Plain(format!("unsupported resource specified in --from={source}"))),
    };
    let keys = args.values("keys");
    let prefix = args.value("prefix");
    let wanted = |k: &str| keys.is_empty() || keys.iter().any(|w| w == k);
    let env = |k: &str| {
        let name = k.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_");
        let mut reference = Value::map();
        reference.set(by, crate::map! { "key" => k, "name" => object.name() });
        crate::map! { "name" => format!("{prefix}{name}"), "valueFrom" => reference }
    };
    Ok(object.at(field).entries().filter(|(k, _)| wanted(k)).map(|(k, _)| env(k)).collect())
}

/// `set env`.
pub fn env(cx: &mut Cx, args: &Args) -> Outcome {
    let (words, changes) = split(args, true);
    if args.is("list") {
        return list_env(cx, args, &words);
    }
    if words.is_empty() && !crate::kubectl::files::given(args) {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    let (set, gone) = variables(cx, args, &changes)?;
    if set.is_empty() && gone.is_empty() {
        return Err("at least one environment variable must be provided".into());
    }
    let pattern = args.value("containers");
    let work = Work {
        args,
        word: "env updated",
        failed: "failed to patch env update to pod template:",
        records: false,
    };
    work.run(cx, &words, |object| {
        let spec = spec_of(object)?;
        let hits = edit_containers(spec, pattern, |c| {
            let mut env = c["env"].items().to_vec();
            for var in &set {
                match env.iter().position(|v| v["name"] == var["name"]) {
                    Some(i) => env[i] = var.clone(),
                    None => env.push(var.clone()),
                }
            }
            env.retain(|v| !gone.iter().any(|g| v["name"].str() == g));
            if env.is_empty() {
                c.remove("env");
            } else {
                c.set("env", Value::from(env));
            }
        });
        if hits == 0 {
            return Err(Fail::Plain(format!("no containers matching {pattern:?}")));
        }
        Ok(())
    })
}

fn list_env(cx: &mut Cx, args: &Args, words: &[String]) -> Outcome {
    let found = live(cx, args, words)?;
    let mut text = String::new();
    for mut object in found.objects {
        let (kind, name) = (object.kind.info().kind, object.name().to_string());
        let spec = spec_of(&mut object)?.clone();
        let mut copy = spec;
        edit_containers(&mut copy, args.value("containers"), |c| {
            text += &format!("# {kind} {name}, container {}\n", c["name"].str());
            for var in c["env"].items() {
                let from = &var["valueFrom"];
                let n = var["name"].str();
                text += &match () {
                    () if from["configMapKeyRef"].is_some() => {
                        let r = &from["configMapKeyRef"];
                        format!("# {n} from configmap {}, key {}\n", r["name"].str(), r["key"].str())
                    }
                    () if from["secretKeyRef"].is_some() => {
                        let r = &from["secretKeyRef"];
                        format!("# {n} from secret {}, key {}\n", r["name"].str(), r["key"].str())
                    }
                    () if from["fieldRef"].is_some() => {
                        format!("# {n} from field path {}\n", from.at("fieldRef.fieldPath").str())
                    }
                    () => format!("{n}={}\n", var["value"].str()),
                };
            }
        });
    }
    cx.print(&text);
    Fail::join(found.fails)?;
    OK
}

fn quantities(text: &str) -> Res<Value> {
    let mut out = Value::map();
    for pair in text.split(',').filter(|p| !p.is_empty()) {
        let Some((name, amount)) = pair.split_once('=') else {
            return Err(Fail::Plain(format!("invalid argument syntax {pair}, expected <resource>=<value>")));
        };
        if crate::api::quantity::Quantity::parse(amount).is_none() {
            return Err(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    .into(),
            );
        }
        out.map_mut().insert(name, amount);
    }
    Ok(out)
}

/// `set resources`.
pub fn resources(cx: &mut Cx, args: &Args) -> Outcome {
    let (limits, requests) = (quantities(args.value("limits"))?, quantities(args.value("requests"))?);
    if limits.is_empty() && requests.is_empty() {
        return Err(
            "you must specify an update to requests or limits (in the form of --requests/--limits)".into()
        );
    }
    let pattern = args.value("containers");
    let work = Work {
        args,
        word: "resource requirements updated",
        failed: "failed to patch resources update to pod template",
        records: true,
    };
    work.run(cx, &args.rest, |object| {
        let spec = spec_of(object)?;
        let hits = edit_containers(spec, pattern, |c| {
            for (field, amounts) in [("limits", &limits), ("requests", &requests)] {
                for (k, v) in amounts.entries() {
                    let map = c.slot("resources").slot(field).map_mut();
                    map.insert(k, v);
                }
            }
        });
        if hits == 0 {
            return Err(Fail::Plain(format!("no containers matching {pattern:?}")));
        }
        Ok(())
    })
}

/// `set serviceaccount`.
pub fn service_account(cx: &mut Cx, args: &Args) -> Outcome {
    let Some((account, words)) = args.rest.split_last() else {
        return Err("serviceaccount is required".into());
    };
    if words.is_empty() && !crate::kubectl::files::given(args) {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    let work = Work {
        args,
        word: "serviceaccount updated",
        failed: "failed to patch ServiceAccountName",
        records: true,
    };
    work.run(cx, words, |object| {
        let spec = spec_of(object)?;
        spec.set("serviceAccountName", account.as_str());
        if spec["serviceAccount"].is_some() {
            spec.set("serviceAccount", account.as_str());
        }
        Ok(())
    })
}

/// `set selector`.
pub fn selector(cx: &mut Cx, args: &Args) -> Outcome {
    let (words, changes) = split(args, false);
    if args.is("local") && !crate::kubectl::files::given(args) {
        return Err("you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'".into());
    }
    let [change] = changes.as_slice() else {
        return Err("one selector is required".into());
    };
    let labels = pairs_map(change).map_err(Fail::Plain)?;
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let found = live(cx, args, &words)?;
    let mut fails = found.fails;
    for object in found.objects {
        match one_selector(cx, args, object, &labels, dry) {
            Ok(changed) => {
                let shown = if args.is("local") { Dry::No } else { dry };
                print::result(cx, &changed, &format, "selector updated", shown)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn one_selector(cx: &mut Cx, args: &Args, object: Object, labels: &Value, dry: Dry) -> Res<Object> {
    if object.kind != Kind::SERVICE {
        return Err(Fail::Plain("setting a selector is only supported for Services".into()));
    }
    let mut new = object.clone();
    new.set("spec.selector", labels);
    if args.is("local") {
        // The object is printed from its Go type, whose status is always there.
        new.slot("status.loadBalancer").map_mut();
    }
    if args.is("local") || dry == Dry::Client {
        return Ok(new);
    }
    let mut body = Value::map();
    let mut selector = labels.clone();
    for (k, _) in object.at("spec.selector").entries() {
        if labels.get(k).is_null() {
            selector.map_mut().insert(k, Value::Null);
        }
    }
    body.set("spec.selector", selector);
    if args.changed("resource-version") {
        body.set("metadata.resourceVersion", args.value("resource-version"));
    }
    super::record::note(&cx.base.path, args, &mut body);
    let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
    cx.patch(&object, PatchType::Merge, body, options)
}

/// `set subject`.
pub fn subject(cx: &mut Cx, args: &Args) -> Outcome {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let mut new = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for who in args.values(flag) {
            new.push(crate::map! { "apiGroup" => GROUP, "kind" => kind, "name" => who });
        }
    }
    for account in args.values("serviceaccount") {
        let Some((ns, name)) = account.split_once(':') else {
            return Err("serviceaccount must be <namespace>:<name> for binding".into());
        };
        new.push(crate::map! { "kind" => "ServiceAccount", "name" => name, "namespace" => ns });
    }
    if new.is_empty() {
        return Err("you must specify at least one value of user, group or serviceaccount".into());
    }
    let work = Work { args, word: "subjects updated", failed: "", records: false };
    work.run(cx, &args.rest, |object| {
        let mut subjects = object.at("subjects").items().to_vec();
        for subject in &new {
            let key = |s: &Value| (s["kind"].text(), s["name"].text(), s["namespace"].text());
            if !subjects.iter().any(|s| key(s) == key(subject)) {
                subjects.push(subject.clone());
            }
        }
        object.set("subjects", Value::from(subjects));
        Ok(())
    })
}
