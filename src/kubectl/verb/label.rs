//! `kubectl label` and `kubectl annotate`.

use super::common::{live, split_changes};
use crate::api::request::{Options, PatchType};
use crate::api::{Object, Value, names};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::{self, Dry, Format};

/// Flags.
pub const FLAGS: &[Flag] = &[
    switch("overwrite", ' '),
    switch("list", ' '),
    switch("local", ' '),
    switch("all", ' '),
    switch("all-namespaces", 'A'),
    text("selector", 'l', ""),
    text("field-selector", ' ', ""),
    text("resource-version", ' ', ""),
    text("field-manager", ' ', ""),
];

/// `label`.
pub fn label(cx: &mut Cx, args: &Args) -> Outcome {
    run(cx, args, "label")
}

/// `annotate`.
pub fn annotate(cx: &mut Cx, args: &Args) -> Outcome {
    run(cx, args, "annotation")
}

struct Change {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

fn run(cx: &mut Cx, args: &Args, what: &'static str) -> Outcome {
    let is_change = |w: &str| w.contains('=') && !w.starts_with('=') || w.len() > 1 && w.ends_with('-');
    let (words, changes) = split_changes(&args.rest, is_change, what)?;
    let format = print::format(cx, args, print::MADE)?;
    let dry = Dry::of(args)?;
    if words.is_empty() && !crate::kubectl::files::given(args) {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    if changes.is_empty() && !args.is("list") {
        return Err(Fail::Plain(format!("at least one {what} update is required")));
    }
    let change = parse(&changes, what)?;
    let found = live(cx, args, &words)?;
    let mut fails = found.fails;
    let several = found.objects.len() > 1;
    for object in found.objects {
        if args.is("list") {
            list(cx, &object, what, several);
            continue;
        }
        match one(cx, args, object, &change, what, &format, dry) {
            Ok(()) => {}
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn parse(changes: &[String], what: &str) -> Res<Change> {
    let mut out = Change { set: vec![], remove: vec![] };
    for word in changes {
        if let Some((key, value)) = word.split_once('=') {
            if what == "label"
                && let Some(why) = names::label_value(value).first()
            {
                return Err(Fail::Plain(format!("invalid label value: {word:?}: {why}")));
            }
            out.set.retain(|(k, _)| k != key);
            out.set.push((key.to_string(), value.to_string()));
        } else {
            out.remove.push(word.trim_end_matches('-').to_string());
        }
    }
    if let Some(both) = out.remove.iter().find(|k| out.set.iter().any(|(s, _)| s == *k)) {
        let many = if what == "label" { "label" } else { "annotation" };
        return Err(Fail::Plain(format!(
            "can not both modify and remove a {many} in the same command: {both}"
        )));
    }
    Ok(out)
}

fn field(what: &str) -> &'static str {
    if what == "label" { "metadata.labels" } else { "metadata.annotations" }
}

fn list(cx: &mut Cx, object: &Object, what: &str, several: bool) {
    let info = object.kind.info();
    let mut text = String::new();
    if several {
        let group = info.group();
        text += &format!("Listing {what}s for {}.{group}/{}:\n", info.kind, object.name());
    }
    let pad = if several { " " } else { "" };
    for (k, v) in object.at(field(what)).entries() {
        text += &format!("{pad}{k}={}\n", v.str());
    }
    cx.print(&text);
}

fn one(
    cx: &mut Cx,
    args: &Args,
    object: Object,
    change: &Change,
    what: &str,
    format: &Format,
    dry: Dry,
) -> Res<()> {
    let have = object.at(field(what)).clone();
    if !args.is("overwrite") {
        for (key, value) in &change.set {
            let old = have.get(key);
            if old.is_some() && old.str() != value {
                let was = old.str();
                return Err(Fail::Plain(if what == "label" {
                    format!("'{key}' already has a value ({was}), and --overwrite is false")
                } else {
                    format!(
                        "--overwrite is false but found the following declared annotation(s): '{key}' already has a value ({was})"
                    )
                }));
            }
        }
    }
    let mut patch = Value::map();
    for (key, value) in &change.set {
        patch.slot(field(what)).map_mut().insert(key, value);
    }
    for key in &change.remove {
        if what == "label" && have.get(key).is_null() {
            cx.print(&format!("label {key:?} not found.\n"));
        }
        patch.slot(field(what)).map_mut().insert(key, Value::Null);
    }
    if args.changed("resource-version") {
        patch.set("metadata.resourceVersion", args.value("resource-version"));
    }
    super::record::note(&cx.base.path, args, &mut patch);
    let word = word(&have, change, what);
    let changed = match dry {
        _ if args.is("local") || dry == Dry::Client => applied(object, change, what),
        _ if what == "label" && word == "not labeled" => object,
        _ => {
            let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
            cx.patch(&object, PatchType::Merge, patch, options)?
        }
    };
    print::result(cx, &changed, format, word, dry)
}

fn applied(mut object: Object, change: &Change, what: &str) -> Object {
    let map = object.slot(field(what)).map_mut();
    for (k, v) in &change.set {
        map.insert(k, v);
    }
    for k in &change.remove {
        map.remove(k);
    }
    object
}

fn word(have: &Value, change: &Change, what: &str) -> &'static str {
    if what != "label" {
        return "annotated";
    }
    let set = change.set.iter().any(|(k, v)| have.get(k).as_str() != Some(v));
    let removed = change.remove.iter().any(|k| have.get(k).is_some());
    match (set, removed) {
        (true, _) => "labeled",
        (false, true) => "unlabeled",
        _ => "not labeled",
    }
}
