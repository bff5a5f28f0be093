//! `kubectl taint`: adds taints to nodes and takes them away.

use super::common::split_changes;
use crate::api::request::{Options, PatchType};
use crate::api::{Kind, Object, Value, names};
use crate::kubectl::cx::{Cx, OK, Outcome, Select};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::{self, Dry};
use crate::kubectl::resource;

/// Flags.
pub const FLAGS: &[Flag] = &[
    switch("overwrite", ' '),
    switch("all", ' '),
    text("selector", 'l', ""),
    text("field-manager", ' ', ""),
];

/// A taint as written on the command line; no effect stands for all of them.
#[derive(Clone, Debug, PartialEq)]
struct Spec {
    key: String,
    value: String,
    effect: String,
}

impl Spec {
    fn is(&self, taint: &Value) -> bool {
        taint["key"].str() == self.key && taint["effect"].str() == self.effect
    }

    fn value(&self) -> Value {
        let mut taint = crate::map! { "key" => &self.key, "effect" => &self.effect };
        if !self.value.is_empty() {
            taint.set("value", &self.value);
        }
        taint
    }
}

/// What a command line asks for.
#[derive(Default)]
struct Change {
    add: Vec<Spec>,
    remove: Vec<Spec>,
}

fn spec(word: &str) -> Result<Spec, String> {
    let bad = || Err(format!("invalid taint spec: {word}"));
    let why = |whys: Vec<String>| Err(format!("invalid taint spec: {word}, {}", whys.join("; ")));
    let parts: Vec<&str> = word.split(':').collect();
    let (key, value, effect) = match parts.as_slice() {
        [key] => (*key, "", ""),
        [head, effect] => {
            if !matches!(*effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
            }
            match head.split('=').collect::<Vec<_>>().as_slice() {
                [key] => (*key, "", *effect),
                [key, value] => (*key, *value, *effect),
                _ => return bad(),
            }
        }
        _ => return bad(),
    };
    let wrong = names::label_value(value);
    if !wrong.is_empty() {
        return why(wrong);
    }
    let wrong = names::qualified(key);
    if !wrong.is_empty() {
        return why(wrong);
    }
    Ok(Spec { key: key.into(), value: value.into(), effect: effect.into() })
}

fn parse(words: &[String]) -> Result<Change, String> {
    let mut change = Change::default();
    for word in words {
        if let Some(body) = word.strip_suffix('-') {
            change.remove.push(Spec { value: String::new(), ..spec(body)? });
            continue;
        }
        let new = spec(word)?;
        if new.effect.is_empty() {
            return Err(format!("invalid taint spec: {word}"));
        }
        if change.add.iter().any(|s| s.key == new.key && s.effect == new.effect) {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                new.key, new.value, new.effect
            ));
        }
        change.add.push(new);
    }
    Ok(change)
}

/// Why a change cannot be meant, if so.
fn contradiction(change: &Change) -> Res<()> {
    let pairs = change.add.iter().flat_map(|a| change.remove.iter().map(move |r| (a, r)));
    let both: Vec<String> = pairs
        .filter(|(a, r)| a.key == r.key && (r.effect.is_empty() || a.effect == r.effect))
        .map(|(_, r)| format!("{}={}", r.key, r.effect))
        .collect();
    if both.is_empty() {
        return Ok(());
    }
    Err(Fail::Plain(format!(
        "can not both modify and remove the following taint(s) in the same command: {}",
        both.join(", ")
    )))
}

/// Runs `taint`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let is_taint = |w: &str| w.contains('=') || w.contains(':') || w.ends_with('-');
    let (words, changes) = split_changes(&args.rest, is_taint, "taint")?;
    if words.is_empty() {
        return Err("one or more resources must be specified as <resource> <name>".into());
    }
    if changes.is_empty() {
        return Err("at least one taint update is required".into());
    }
    let change = parse(&changes).map_err(Fail::Usage)?;
    let format = print::format(cx, args, print::MADE)?;
    let kind = words[0].to_lowercase();
    if resource::kind_of(&kind)? != Kind::NODE {
        return Err(Fail::Plain(format!("invalid resource type {kind}, only node types are supported")));
    }
    contradiction(&change)?;
    let dry = Dry::of(args)?;
    let (found, mut fails) = nodes(cx, args, &words[1..])?;
    for node in found {
        if let Err(fail) = one(cx, args, &node, &change, dry, &format) {
            fails.push(fail);
        }
    }
    Fail::join(fails)?;
    OK
}

fn nodes(cx: &mut Cx, args: &Args, names: &[String]) -> Res<(Vec<Object>, Vec<Fail>)> {
    let selector = args.value("selector");
    if args.is("all") && !selector.is_empty() {
        return Err("setting 'all' parameter with a non empty selector is prohibited".into());
    }
    if args.is("all") || !selector.is_empty() {
        let select = Select { labels: selector.into(), fields: String::new() };
        return Ok((cx.list(Kind::NODE, None, &select)?.0, Vec::new()));
    }
    if names.is_empty() {
        return Err("at least one resource name must be specified since 'all' parameter is not set".into());
    }
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for name in names {
        match cx.get(Kind::NODE, "", name) {
            Ok(node) => found.push(node),
            Err(fail) => fails.push(fail),
        }
    }
    Ok((found, fails))
}

fn one(
    cx: &mut Cx,
    args: &Args,
    node: &Object,
    change: &Change,
    dry: Dry,
    format: &print::Format,
) -> Res<()> {
    let (word, taints) = plan(node, change, args.is("overwrite"))?;
    let mut then = node.clone();
    then.set("spec.taints", taints.clone());
    if dry != Dry::Client {
        let body = crate::map! { "spec" => crate::map! { "taints" => taints } };
        let options = Options { dry_run: dry == Dry::Server, ..Options::default() };
        then = cx.patch(node, PatchType::Merge, body, options)?;
    }
    print::result(cx, &then, format, word, Dry::No)
}

/// The taints that a node comes to have, and what to call that; nothing is sent yet.
fn plan(node: &Object, change: &Change, overwrite: bool) -> Res<(&'static str, Value)> {
    let old = node.at("spec.taints").items();
    let had: Vec<&str> =
        change.add.iter().filter(|s| old.iter().any(|t| s.is(t))).map(|s| s.key.as_str()).collect();
    if !overwrite && !had.is_empty() {
        return Err(Fail::Plain(format!(
            "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
            node.name(),
            had.join(",")
        )));
    }
    let mut taints: Vec<Value> = change.add.iter().map(Spec::value).collect();
    taints.extend(old.iter().filter(|t| !change.add.iter().any(|s| s.is(t))).cloned());
    let added = taints.len() != old.len();
    let (mut removed, mut missing) = (false, Vec::new());
    for gone in &change.remove {
        let before = taints.len();
        taints.retain(|t| t["key"].str() != gone.key || !gone.effect.is_empty() && !gone.is(t));
        removed = taints.len() != before;
        if !removed {
            let effect = if gone.effect.is_empty() { String::new() } else { format!(":{}", gone.effect) };
            missing.push(format!("taint {:?} not found", format!("{}{effect}", gone.key)));
        }
    }
    match missing.as_slice() {
        [] => {}
        [one] => return Err(Fail::Plain(one.clone())),
        many => return Err(Fail::Plain(format!("[{}]", many.join(", ")))),
    }
    let word = match (added, removed) {
        (true, true) => "modified",
        _ if overwrite => "modified",
        (true, false) => "tainted",
        _ => "untainted",
    };
    Ok((word, if taints.is_empty() { Value::Null } else { Value::from(taints) }))
}
