//! `kubectl apply view-last-applied` and `set-last-applied`.

use super::apply::{LAST_APPLIED, annotated};
use super::common::live;
use crate::api::request::{Options, PatchType};
use crate::api::{Value, json, yaml};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::Fail;
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::{self, Dry};

/// Flags of `view-last-applied`.
pub const VIEW: &[Flag] = &[text("output", 'o', "yaml"), text("selector", 'l', ""), switch("all", ' ')];
/// Flags of `edit-last-applied`.
pub const EDIT: &[Flag] = &[
    text("output", 'o', "yaml"),
    switch("windows-line-endings", ' '),
    text("field-manager", ' ', "kubectl-client-side-apply"),
];
/// Flags of `set-last-applied`.
pub const SET: &[Flag] = &[switch("create-annotation", ' ')];

/// Runs `view-last-applied`.
pub fn view(cx: &mut Cx, args: &Args) -> Outcome {
    let output = args.value("output").to_string();
    if !matches!(output.as_str(), "yaml" | "json") {
        return Err(Fail::Usage(format!(
            "Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"
        )));
    }
    let found = live(cx, args, &args.rest)?;
    Fail::join(found.fails)?;
    for object in found.objects {
        let Some(text) = object.annotation(LAST_APPLIED) else {
            return Err(Fail::Plain(format!(
                "no last-applied-configuration annotation found on resource: {}",
                object.name()
            )));
        };
        let value = json::parse(text).unwrap_or_default();
        let text = if output == "json" {
            format!("{}\n", json::print_with_indent(&value, "  "))
        } else {
            yaml::print(&value)
        };
        cx.print(&text);
    }
    OK
}

/// Runs `set-last-applied`.
pub fn set(cx: &mut Cx, args: &Args) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let loaded = files::load(cx, args)?;
    Fail::join(loaded.fails)?;
    for doc in loaded.docs {
        let object = cx.get(doc.kind, doc.namespace(), doc.name())?;
        if object.annotation(LAST_APPLIED).is_none() && !args.is("create-annotation") {
            return Err(Fail::Plain(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                doc.name()
            )));
        }
        let wanted = annotated(&doc.value);
        let mut body = Value::map();
        let text = wanted.at("metadata.annotations").get(LAST_APPLIED).clone();
        body.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text);
        let changed = match dry {
            Dry::Client => object,
            _ => {
                let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
                cx.patch(&object, PatchType::Merge, body, options)?
            }
        };
        print::result(cx, &changed, &format, "configured", dry)?;
    }
    OK
}
