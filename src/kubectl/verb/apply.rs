//! `kubectl apply`: client-side three-way merges with the last applied configuration.

use crate::api::patch::diff;
use crate::api::request::{Options, PatchType, Verb as Method};
use crate::api::{Object, Request, Value, json};
use crate::kubectl::cx::{Cx, Done, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files::{self, Doc};
use crate::kubectl::flags::{Args, Flag, array, int, on, span, switch, text};
use crate::kubectl::print::{self, Dry, Format};
use crate::kubectl::verb::common::{Pause, patch_type};
use crate::kubectl::verb::record;
use crate::time::Span;

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    switch("all", ' '),
    switch("all-namespaces", 'A'),
    switch("prune", ' '),
    array("prune-allowlist", ' '),
    text("applyset", ' ', ""),
    switch("server-side", ' '),
    switch("force-conflicts", ' '),
    text("field-manager", ' ', ""),
    switch("force", ' '),
    int("grace-period", ' ', "-1"),
    switch("wait", ' '),
    span("timeout", "0s"),
    text("cascade", ' ', "background"),
    on("overwrite"),
    on("openapi-patch"),
    text("subresource", ' ', ""),
];

/// The annotation that holds what was applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How long a conflict is tried again (upstream `maxPatchRetry`, `triesBeforeBackOff`, `backOffPeriod`).
const RETRIES_MS: u64 = 4_000;

/// What kubectl adds to a conflict of field managers.
const RESOLVE: &str = "\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("Unexpected args: [{}]", args.rest.join(" "))));
    }
    if !files::given(args) {
        return Err("must specify one of -f and -k".into());
    }
    let dry = Dry::of(args)?;
    let server_side = args.is("server-side");
    check(args, dry, server_side)?;
    super::prune::kinds(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let loaded = files::load(cx, args)?;
    let mut fails = loaded.fails;
    let mut docs: Vec<Doc> = loaded.docs.into_iter().filter(|d| super::selected(args, d)).collect();
    for doc in &mut docs {
        record::note(&cx.base.path, args, &mut doc.value);
    }
    if docs.is_empty() {
        Fail::join(fails)?;
        return Err("no objects passed to apply".into());
    }
    let (mut made, mut conflicts) = (Vec::new(), 0);
    for doc in &docs {
        cx.origin = doc.origin(cx);
        let done = if server_side { server(cx, args, doc, dry) } else { client(cx, args, doc, dry) };
        match done {
            Ok((object, word)) => {
                if format == Format::Human {
                    cx.print(&print::done(&object, word, dry));
                }
                made.push(object);
            }
            Err(fail) => {
                conflicts += u64::from(fail.is_conflict());
                fails.push(fail);
            }
        }
    }
    cx.origin = None;
    print_made(cx, &made, &format)?;
    if conflicts > 0 {
        let until = cx.sys.now() + Span::millis(RETRIES_MS * conflicts);
        return Ok(Done::Task(Box::new(Pause { until, result: Fail::join(fails).map(|()| 0) })));
    }
    if args.is("prune") && fails.is_empty() {
        return super::prune::run(cx, args, &made, dry);
    }
    Fail::join(fails)?;
    OK
}

fn check(args: &Args, dry: Dry, server_side: bool) -> Res<()> {
    if args.is("force-conflicts") && !server_side {
        return Err("--force-conflicts only works with --server-side".into());
    }
    if dry == Dry::Client && server_side {
        return Err(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
                .into(),
        );
    }
    if args.is("force") && server_side {
        return Err("--force cannot be used with --server-side".into());
    }
    if args.is("prune")
        && !args.is("all")
        && args.value("selector").is_empty()
        && args.value("applyset").is_empty()
    {
        return Err("all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector".into());
    }
    Ok(())
}

/// Several results go into one list.
fn print_made(cx: &mut Cx, made: &[Object], format: &Format) -> Res<()> {
    if *format == Format::Human || made.is_empty() {
        return Ok(());
    }
    let value = match made {
        [one] => one.value.clone(),
        many => {
            // A typed list, whose metadata is empty; that of `get` is not.
            let mut all = print::list(many);
            all.set("metadata", Value::map());
            all
        }
    };
    let text = print::value(&value, format, false)?;
    cx.print(&text);
    Ok(())
}

/// How errors name an object: `Resource: …, GroupVersionKind: …`.
pub fn info(doc: &Doc) -> String {
    let i = doc.kind.info();
    let version =
        if i.api_version.contains('/') { i.api_version.to_string() } else { format!("/{}", i.api_version) };
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: {:?}, Namespace: {:?}",
        i.plural,
        i.kind,
        doc.name(),
        doc.namespace()
    )
}

/// The object with its configuration written into the annotation.
pub fn annotated(value: &Value) -> Value {
    let mut value = value.clone();
    value.slot("metadata").map_mut();
    let notes = value.slot("metadata.annotations").map_mut();
    notes.remove(LAST_APPLIED);
    let text = format!("{}\n", json::print(&value));
    value.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text);
    value
}

fn validation(args: &Args) -> &'static str {
    super::validation(args.value("validate"))
}

fn client(cx: &mut Cx, args: &Args, doc: &Doc, dry: Dry) -> Res<(Object, &'static str)> {
    let generated = doc.value.at("metadata.generateName").str();
    if doc.name().is_empty() && !generated.is_empty() {
        return Err(Fail::Plain(format!("from {generated}: cannot use generate name with apply")));
    }
    let retrieving = format!(
        "error when retrieving current configuration of:\n{}\nfrom server for: {:?}",
        info(doc),
        doc.source
    );
    if doc.name().is_empty() {
        return Err(Fail::from("resource name may not be empty").context(&retrieving));
    }
    let wanted = annotated(&doc.value);
    let namespace = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let get = Request::new(Method::Get, doc.kind, namespace.as_deref(), doc.name());
    let live = match cx.object(get) {
        Ok(live) => live,
        Err(fail) if fail.is_not_found() => return create(cx, args, doc, wanted, dry),
        Err(fail) => return Err(fail.context(&retrieving)),
    };
    let before = match live.annotation(LAST_APPLIED) {
        Some(text) => json::parse(text).unwrap_or_default(),
        None => {
            let warning = format!(
                "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
                doc.kind.info().plural,
                doc.name()
            );
            cx.eprint(&warning);
            Value::Null
        }
    };
    let patch = diff::three_way(doc.kind, &before, &wanted, &live.value);
    if patch.is_empty() {
        return Ok((live, "unchanged"));
    }
    if dry == Dry::Client {
        return Ok((live, "configured"));
    }
    let options = Options {
        dry_run: dry == Dry::Server,
        field_validation: validation(args),
        field_manager: client_manager(args),
        ..Options::default()
    };
    let sent = cx.patch(&live, patch_type(live.kind), patch.clone(), options);
    match sent {
        Ok(object) => Ok((object, "configured")),
        Err(fail) if args.is("force") && fail.is_replaceable() => replace(cx, args, doc, &live, wanted, dry),
        Err(fail) => {
            let fail = fail.at_source("patching", &doc.source);
            let step = format!("applying patch:\n{}\nto:\n{}\nfor:", json::print(&patch), info(doc));
            Err(fail.at_source(&step, &doc.source))
        }
    }
}

/// The field manager of client-side apply.
fn client_manager(args: &Args) -> crate::api::Text {
    match args.value("field-manager") {
        "" => "kubectl-client-side-apply".into(),
        given => given.into(),
    }
}

fn create(cx: &mut Cx, args: &Args, doc: &Doc, wanted: Value, dry: Dry) -> Res<(Object, &'static str)> {
    if dry == Dry::Client {
        return Ok((Object { kind: doc.kind, value: doc.value.clone() }, "created"));
    }
    let namespace = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let mut request = Request::new(Method::Create, doc.kind, namespace.as_deref(), "").body(wanted);
    request.options = Options {
        dry_run: dry == Dry::Server,
        field_validation: validation(args),
        field_manager: client_manager(args),
        ..Options::default()
    };
    let made = cx.object(request).map_err(|f| f.at_source("creating", &doc.source))?;
    Ok((made, "created"))
}

/// `--force`: what cannot be changed is deleted and made anew.
fn replace(
    cx: &mut Cx,
    args: &Args,
    doc: &Doc,
    live: &Object,
    wanted: Value,
    dry: Dry,
) -> Res<(Object, &'static str)> {
    let namespace = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let mut request = Request::new(Method::Delete, doc.kind, namespace.as_deref(), live.name());
    request.options.grace_period_seconds = Some(0);
    cx.send(request)?;
    let made = create(cx, args, doc, wanted, dry);
    if made.is_err() {
        // What was there comes back; the failure is told all the same.
        let mut old = live.value.clone();
        old.remove("metadata.resourceVersion");
        let _ = cx.object(Request::new(Method::Create, doc.kind, namespace.as_deref(), "").body(old));
    }
    Ok((made?.0, "configured"))
}

fn server(cx: &mut Cx, args: &Args, doc: &Doc, dry: Dry) -> Res<(Object, &'static str)> {
    if doc.name().is_empty() {
        return Err("metadata.name is required".into());
    }
    let namespace = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let manager = match args.value("field-manager") {
        "" => "kubectl",
        given => given,
    };
    let mut request =
        Request::new(Method::Patch(PatchType::Apply), doc.kind, namespace.as_deref(), doc.name())
            .body(doc.value.clone())
            .subresource(match args.value("subresource") {
                "" => "",
                "status" => "status",
                "scale" => "scale",
                _ => "unknown",
            });
    request.options = Options {
        dry_run: dry == Dry::Server,
        field_validation: validation(args),
        field_manager: manager.into(),
        force: args.is("force-conflicts"),
        ..Options::default()
    };
    let object = cx.object(request).map_err(|fail| match fail {
        Fail::Server(status) if status.reason == *"Conflict" => {
            Fail::Plain(format!("{}\n{RESOLVE}", status.message))
        }
        other => other,
    })?;
    Ok((object, "serverside-applied"))
}
