//! `kubectl cordon` and `uncordon`: whether pods may be put on a node.

use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome, Select};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, text};
use crate::kubectl::print::Dry;

/// Flags of both.
pub const CORDON: &[Flag] = &[text("selector", 'l', "")];

/// The nodes that are named or selected.
pub fn nodes(cx: &mut Cx, args: &Args) -> Res<Vec<Object>> {
    let verb = cx.base.path.rsplit(' ').next().unwrap_or("").to_string();
    let selector = args.value("selector");
    if args.rest.is_empty() && selector.is_empty() {
        return Err(Fail::Usage(format!("USAGE: {verb} NODE [flags]")));
    }
    if !args.rest.is_empty() && !selector.is_empty() {
        return Err(Fail::Usage("error: cannot specify both a node name and a --selector option".into()));
    }
    if args.rest.is_empty() {
        let select = Select { labels: selector.into(), fields: String::new() };
        return Ok(cx.list(Kind::NODE, None, &select)?.0);
    }
    let mut found = Vec::new();
    for name in &args.rest {
        let name = name.split_once('/').map_or(name.as_str(), |(_, n)| n);
        found.push(cx.get(Kind::NODE, "", name)?);
    }
    Ok(found)
}

/// Sets `spec.unschedulable` and says so, or why not, which is no failure of the verb.
pub fn cordoned(cx: &mut Cx, node: &Object, wanted: bool, dry: Dry) {
    let word = if wanted { "cordoned" } else { "uncordoned" };
    let name = node.name();
    if node.at("spec.unschedulable").is_true() == wanted {
        cx.print(&format!("node/{name} already {word}{}\n", dry.suffix()));
        return;
    }
    if dry != Dry::Client {
        let value = if wanted { Value::from(true) } else { Value::Null };
        let body = crate::map! { "spec" => crate::map! { "unschedulable" => value } };
        let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
        if let Err(fail) = cx.patch(node, PatchType::Strategic, body, options) {
            let verb = word.trim_end_matches("ed");
            cx.eprint(&format!("error: unable to {verb} node {name:?}: {}\n", fail.message()));
            return;
        }
    }
    cx.print(&format!("node/{name} {word}{}\n", dry.suffix()));
}

fn both(cx: &mut Cx, args: &Args, wanted: bool) -> Outcome {
    let dry = Dry::of(args)?;
    for node in nodes(cx, args)? {
        cordoned(cx, &node, wanted, dry);
    }
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
