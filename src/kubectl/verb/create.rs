//! `kubectl create -f`: makes the objects of manifests; its subcommands are in `generate`.

use crate::api::request::{Options, Verb as Method};
use crate::api::{Object, Request};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::{self, Dry};

/// Flags of everything that makes objects.
pub const MAKE: &[Flag] = &[switch("save-config", ' '), text("field-manager", ' ', "kubectl-create")];

/// Flags of `create` itself.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    switch("edit", ' '),
    text("raw", ' ', ""),
    switch("windows-line-endings", ' '),
];

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if !files::given(args) {
        if !args.rest.is_empty() {
            return Err(Fail::Usage(format!("Unexpected args: [{}]", args.rest.join(" "))));
        }
        return Err("must specify one of -f and -k".into());
    }
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("Unexpected args: [{}]", args.rest.join(" "))));
    }
    if args.changed("raw") {
        if args.is("edit") {
            return Err("--raw and --edit are mutually exclusive".into());
        }
        return super::raw::send(cx, args, Method::Create);
    }
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let loaded = files::load(cx, args)?;
    let mut fails = loaded.fails;
    let found = !loaded.docs.is_empty();
    let mut printed = false;
    for doc in loaded.docs.into_iter().filter(|d| super::selected(args, d)) {
        cx.origin = doc.origin(cx);
        let made = post(cx, args, doc.object(), dry).map_err(|f| f.at_source("creating", &doc.source));
        match made {
            Ok(object) => {
                let many = std::mem::replace(&mut printed, true);
                if many && format == print::Format::Yaml {
                    cx.print("---\n");
                }
                print::result(cx, &object, &format, "created", dry)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    if !found && fails.is_empty() {
        return Err("no objects passed to create".into());
    }
    Fail::join(fails)?;
    OK
}

/// Sends an object to be made; with `--dry-run=client` it is only given back.
pub fn post(cx: &mut Cx, args: &Args, object: Object, dry: Dry) -> Res<Object> {
    let mut object = object;
    super::record::note(&cx.base.path, args, &mut object.value);
    if args.is("save-config") {
        object.value = super::apply::annotated(&object.value);
    }
    if dry == Dry::Client {
        return Ok(object);
    }
    if object.kind.info().namespaced && object.namespace().is_empty() {
        object.set("metadata.namespace", cx.base.namespace.as_str());
    }
    let namespace = object.kind.info().namespaced.then(|| object.namespace().to_string());
    let mut request = Request::new(Method::Create, object.kind, namespace.as_deref(), "").body(object.value);
    request.options = Options {
        dry_run: dry == Dry::Server,
        field_validation: super::validation(args.value("validate")),
        field_manager: args.value("field-manager").into(),
        ..Options::default()
    };
    cx.object(request)
}
