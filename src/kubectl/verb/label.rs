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

const CAUSE: &str = "kubernetes.io/change-cause";

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
    let change = if what == "label" { labels(&changes)? } else { annotations(&changes) };
    let files = crate::kubectl::files::given(args);
    let (yaml, json) = if what == "label" { ("pod.yaml", "pod.json") } else { ("rsrc.yaml", "rsrc.json") };
    if args.is("local") && !words.is_empty() {
        return Err(Fail::Plain(format!(
            "can only use local files by -f {yaml} or --filename={json} when --local=true is set"
        )));
    }
    if args.is("local") && !files {
        return Err(Fail::Plain(format!(
            "one or more files must be specified as -f {yaml} or --filename={json}"
        )));
    }
    if words.is_empty() && !files {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    if changes.is_empty() && !args.is("list") {
        return Err(Fail::Plain(format!("at least one {what} update is required")));
    }
    let both: Vec<&str> = change.remove.iter().filter(|k| change.sets(k)).map(String::as_str).collect();
    if !both.is_empty() {
        return Err(Fail::Plain(format!(
            "can not both modify and remove the following annotation(s) in the same command: {}",
            both.join(", ")
        )));
    }
    let found = live(cx, args, &words)?;
    let mut fails = found.fails;
    let several = !found.single;
    if several && !args.value("resource-version").is_empty() {
        return Err("--resource-version may only be used with a single resource".into());
    }
    for object in found.objects {
        let done = if args.is("list") {
            list(cx, args, object, &change, what, several)
        } else {
            one(cx, args, object, &change, what, &format, dry)
        };
        if let Err(fail) = done {
            fails.push(fail);
        }
    }
    Fail::join(fails)?;
    OK
}

impl Change {
    fn sets(&self, key: &str) -> bool {
        self.set.iter().any(|(k, _)| k == key)
    }

    fn put(&mut self, key: &str, value: &str) {
        self.set.retain(|(k, _)| k != key);
        self.set.push((key.to_string(), value.to_string()));
    }
}

fn labels(changes: &[String]) -> Res<Change> {
    let mut out = Change { set: vec![], remove: vec![] };
    for word in changes {
        match word.split('=').collect::<Vec<_>>().as_slice() {
            [key] => out.remove.push(key.strip_suffix('-').unwrap_or(key).to_string()),
            [key, value] => {
                let wrong = names::label_value(value);
                if !wrong.is_empty() {
                    return Err(Fail::Plain(format!("invalid label value: {word:?}: {}", wrong.join(";"))));
                }
                out.put(key, value);
            }
            _ => return Err(Fail::Plain(format!("invalid label spec: {word}"))),
        }
    }
    if out.remove.iter().any(|k| out.sets(k)) {
        return Err("can not both modify and remove a label in the same command".into());
    }
    Ok(out)
}

fn annotations(changes: &[String]) -> Change {
    let mut out = Change { set: vec![], remove: vec![] };
    for word in changes {
        match word.split_once('=').filter(|(key, _)| !key.is_empty()) {
            Some((key, value)) => out.put(key, value),
            None => out.remove.push(word.strip_suffix('-').unwrap_or(word).to_string()),
        }
    }
    out
}

fn field(what: &str) -> &'static str {
    if what == "label" { "metadata.labels" } else { "metadata.annotations" }
}

fn list(cx: &mut Cx, args: &Args, object: Object, change: &Change, what: &str, several: bool) -> Res<()> {
    kept(args, object.at(field(what)), change, what)?;
    let info = object.kind.info();
    let mut text = String::new();
    if several {
        let group = info.group();
        text += &format!("Listing {what}s for {}.{group}/{}:\n", info.kind, object.name());
    }
    let pad = if several { " " } else { "" };
    for (k, v) in applied(object, change, what).at(field(what)).entries() {
        text += &format!("{pad}{k}={}\n", v.str());
    }
    cx.print(&text);
    Ok(())
}

/// Refuses to overwrite without `--overwrite`.
fn kept(args: &Args, have: &Value, change: &Change, what: &str) -> Res<()> {
    if args.is("overwrite") {
        return Ok(());
    }
    let clash = |(key, value): &&(String, String)| {
        let old = have.get(key);
        old.is_some() && old.str() != value
    };
    let clashes: Vec<String> = change
        .set
        .iter()
        .filter(|(key, _)| what == "label" || key != CAUSE)
        .filter(clash)
        .map(|(key, _)| format!("'{key}' already has a value ({})", have.get(key).str()))
        .collect();
    if clashes.is_empty() {
        return Ok(());
    }
    if what != "label" {
        return Err(Fail::Plain(format!(
            "--overwrite is false but found the following declared annotation(s): {}",
            clashes.join("; ")
        )));
    }
    let fails = clashes.iter().map(|c| Fail::Plain(format!("{c}, and --overwrite is false")));
    Fail::join(fails.collect())
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
    let trial = args.is("local") || dry == Dry::Client;
    let mut patch = Value::map();
    for (key, value) in &change.set {
        patch.slot(field(what)).map_mut().insert(key, value);
    }
    for key in &change.remove {
        if what == "label" && !trial && have.get(key).is_null() {
            cx.print(&format!("label {key:?} not found.\n"));
        }
        patch.slot(field(what)).map_mut().insert(key, Value::Null);
    }
    kept(args, &have, change, what)?;
    if args.changed("resource-version") {
        patch.set("metadata.resourceVersion", args.value("resource-version"));
    }
    super::record::note(&cx.base.path, args, &mut patch);
    let word = word(&have, change, what);
    let changed = match dry {
        _ if trial => applied(object, change, what),
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
        (true, true) => "modified",
        (true, false) => "labeled",
        (false, true) => "unlabeled",
        _ => "not labeled",
    }
}
