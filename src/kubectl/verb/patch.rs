//! `kubectl patch` and `kubectl replace`.

use super::common::live;
use super::delete::{self, How, Target, Vanish};
use crate::api::request::{Options, PatchType, Verb as Method};
use crate::api::{Object, Request, Value, json, yaml};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files::{self, Doc};
use crate::kubectl::flags::{Args, Flag, bare, int, on, span, switch, text};
use crate::kubectl::print::{self, Dry, Format};

/// Flags of `patch`.
pub const PATCH: &[Flag] = &[
    text("patch", 'p', ""),
    text("patch-file", ' ', ""),
    text("type", ' ', "strategic"),
    switch("local", ' '),
    text("subresource", ' ', ""),
    text("field-manager", ' ', ""),
];

/// Flags of `replace`.
pub const REPLACE: &[Flag] = &[
    switch("force", ' '),
    int("grace-period", ' ', "-1"),
    span("timeout", "0s"),
    on("wait"),
    bare("cascade", "background", "background"),
    switch("save-config", ' '),
    text("raw", ' ', ""),
    text("subresource", ' ', ""),
    text("field-manager", ' ', "kubectl-replace"),
];

/// Runs `patch`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.changed("patch") && args.changed("patch-file") {
        return Err("cannot specify --patch and --patch-file together".into());
    }
    if args.value("patch").is_empty() && args.value("patch-file").is_empty() {
        return Err("must specify --patch or --patch-file containing the contents of the patch".into());
    }
    let how = match args.value("type").to_lowercase().as_str() {
        "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => {
            let given = args.value("type");
            return Err(Fail::Plain(format!("--type must be one of [json merge strategic], not {given:?}")));
        }
    };
    let text = match args.value("patch-file") {
        "" => args.value("patch").to_string(),
        file => {
            let bytes = cx
                .read(file)
                .map_err(|f| Fail::Plain(format!("unable to read patch file: {}", f.message())))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let body = parse(&text)?;
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let found = live(cx, args, &args.rest)?;
    let mut fails = found.fails;
    for object in found.objects {
        match one(cx, args, &object, how, &body, dry) {
            Ok(changed) => {
                super::record::patch(cx, args, &changed)?;
                let same = changed.value.at("metadata.resourceVersion")
                    == object.at("metadata.resourceVersion")
                    && dry == Dry::No
                    && !args.is("local");
                let word = if same { "patched (no change)" } else { "patched" };
                print::result(cx, &changed, &format, word, Dry::No)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

/// Reads a patch; what is no JSON may be YAML. The complaint is the server's.
fn parse(text: &str) -> Res<Value> {
    if text.trim_start().starts_with(['{', '[']) {
        return json::parse(text).map_err(|e| Fail::Server(crate::api::Status::bad_request(e.to_string())));
    }
    let value = yaml::read_value(text, yaml::Limits::default())
        .map_err(|e| Fail::Plain(format!("unable to parse {text:?}: {e}")))?;
    match value {
        Value::Map(_) | Value::List(_) => Ok(value),
        Value::Str(_) => Err(Fail::Server(crate::api::Status::bad_request(
            "json: cannot unmarshal string into Go value of type map[string]interface {}",
        ))),
        _ => Err(Fail::Server(crate::api::Status::bad_request(
            "json: cannot unmarshal number into Go value of type map[string]interface {}",
        ))),
    }
}

fn one(cx: &mut Cx, args: &Args, object: &Object, how: PatchType, body: &Value, dry: Dry) -> Res<Object> {
    if args.is("local") || dry == Dry::Client {
        return local(object, how, body);
    }
    let options = Options { dry_run: dry == Dry::Server, field_validation: "Warn", ..Options::default() };
    let ns = object.kind.info().namespaced.then(|| object.namespace().to_string());
    let mut request =
        Request::new(Method::Patch(how), object.kind, ns.as_deref(), object.name()).body(body.clone());
    request.options = options;
    request.subresource = match args.value("subresource") {
        "status" => "status",
        "scale" => "scale",
        "resize" => "resize",
        "" => "",
        other => {
            return Err(Fail::Plain(format!(
                "invalid subresource value: {other:?}. Must be one of [status scale resize]"
            )));
        }
    };
    let info = object.kind.info();
    cx.object(request).map_err(|fail| match fail {
        Fail::Server(s) if s.code == 415 => Fail::Plain(format!(
            "application/strategic-merge-patch+json is not supported by {}, Kind={}: {}",
            info.api_version, info.kind, s.message
        )),
        other => other,
    })
}

/// The patch applied here, without the server.
fn local(object: &Object, how: PatchType, body: &Value) -> Res<Object> {
    let value = crate::api::patch::apply(object.kind, how, &object.value, body)?;
    Ok(Object { kind: object.kind, value })
}

/// Runs `replace`.
pub fn replace(cx: &mut Cx, args: &Args) -> Outcome {
    let force = args.is("force");
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("Unexpected args: [{}]", args.rest.join(" "))));
    }
    if args.int("grace-period") >= 0 && !force {
        return Err("--grace-period must have --force specified".into());
    }
    if args.changed("timeout") && !force {
        return Err("--timeout must have --force specified".into());
    }
    if !files::given(args) {
        return Err("must specify one of -f and -k".into());
    }
    if args.changed("raw") {
        return super::raw::send(cx, args, Method::Update);
    }
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let loaded = files::load(cx, args)?;
    let mut fails = loaded.fails;
    if force {
        return by_force(cx, args, loaded.docs, fails, format);
    }
    for doc in loaded.docs {
        cx.origin = doc.origin(cx);
        match put(cx, args, &doc, dry).map_err(|f| f.at_source("replacing", &doc.source)) {
            Ok(object) => print::result(cx, &object, &format, "replaced", dry)?,
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn put(cx: &mut Cx, args: &Args, doc: &Doc, dry: Dry) -> Res<Object> {
    let ns = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let mut value = doc.value.clone();
    super::record::note(&cx.base.path, args, &mut value);
    let had = value.at("metadata.annotations").get(super::apply::LAST_APPLIED).is_some();
    if args.is("save-config") || had {
        value = super::apply::annotated(&value);
    }
    if dry == Dry::Client {
        return Ok(doc.object());
    }
    if doc.name().is_empty() {
        return Err("resource name may not be empty".into());
    }
    let mut request = Request::new(Method::Update, doc.kind, ns.as_deref(), doc.name()).body(value);
    request.options = Options {
        dry_run: dry == Dry::Server,
        field_validation: super::validation(args.value("validate")),
        ..Options::default()
    };
    cx.object(request)
}

fn by_force(cx: &mut Cx, args: &Args, docs: Vec<Doc>, fails: Vec<Fail>, format: Format) -> Outcome {
    Fail::join(fails)?;
    let grace = args.int("grace-period");
    let mut gone = Vec::new();
    for doc in &docs {
        match delete::one(cx, &Target::of(&doc.object()), &How::plain((grace >= 0).then_some(grace))) {
            Ok(g) => gone.extend(g),
            Err(fail) if fail.is_not_found() => {}
            Err(fail) => return Err(fail),
        }
    }
    let validate = super::validation(args.value("validate"));
    Ok(Done::Task(Box::new(Anew { gone: Vanish::new(gone, 0), docs, format, validate })))
}

/// Makes objects anew once their predecessors are gone.
#[derive(Clone, Debug)]
struct Anew {
    gone: Vanish,
    docs: Vec<Doc>,
    format: Format,
    validate: &'static str,
}

impl Anew {
    fn create(&self, cx: &mut Cx) -> Res<i32> {
        let mut fails = Vec::new();
        for doc in &self.docs {
            cx.origin = doc.origin(cx);
            let ns = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
            let mut value = doc.value.clone();
            for field in ["metadata.uid", "metadata.resourceVersion"] {
                value.remove(field);
            }
            let mut request = Request::new(Method::Create, doc.kind, ns.as_deref(), "").body(value);
            request.options.field_validation = self.validate;
            match cx.object(request) {
                Ok(object) => print::result(cx, &object, &self.format, "replaced", Dry::No)?,
                Err(fail) => fails.push(fail),
            }
        }
        Fail::join(fails).map(|()| 0)
    }
}

impl Task for Anew {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        match self.gone.poll(cx) {
            Poll::Done(Ok(_)) => Poll::Done(self.create(cx)),
            other => other,
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
