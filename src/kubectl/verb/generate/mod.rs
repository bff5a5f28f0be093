//! `kubectl create KIND`: objects made from flags, one family of kinds a file.

pub mod access;
pub mod config;
pub mod network;
pub mod policy;
pub mod workloads;

use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::print::{self, Dry, Format};
use crate::kubectl::verb::{create, order};

/// The one name that a generator takes; words after `--` are not counted.
pub fn name(args: &Args) -> Res<String> {
    let before = args.dash.unwrap_or(args.rest.len());
    match &args.rest[..before] {
        [name] => Ok(name.clone()),
        other => Err(Fail::Usage(format!("exactly one NAME is required, got {}", other.len()))),
    }
}

/// The words after `--`.
pub fn command(args: &Args) -> Vec<String> {
    args.dash.map_or(vec![], |n| args.rest[n..].to_vec())
}

/// Flags that must be given.
pub fn required(args: &Args, names: &[&str]) -> Res<()> {
    let missing: Vec<String> = names.iter().filter(|n| !args.changed(n)).map(|n| format!("{n:?}")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Fail::Plain(format!("required flag(s) {} not set", missing.join(", "))))
}

/// A port as Go's `ParsePort` reads one.
fn port(text: &str) -> Res<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let why = if digits { "value out of range" } else { "invalid syntax" };
    text.parse::<u16>()
        .map(i64::from)
        .map_err(|_| Fail::Plain(format!("strconv.ParseUint: parsing {text:?}: {why}")))
}

/// Makes an object from its fields without `metadata`, and prints the result. `failed` goes before the
/// server's message, as the generators of most kinds do.
pub fn make(
    cx: &mut Cx,
    args: &Args,
    kind: Kind,
    name: &str,
    labels: Value,
    fields: Value,
    failed: &str,
) -> Outcome {
    let mut meta = crate::map! { "name" => name };
    if args.is("append-hash") {
        let whole = fields.clone().with("metadata", &meta).with("kind", kind.info().kind);
        meta.set("name", format!("{name}-{}", crate::kubectl::digest::name_suffix(&whole)));
    }
    if !labels.is_empty() {
        meta.set("labels", labels);
    }
    if cx.base.explicit && kind.info().namespaced {
        meta.set("namespace", cx.base.namespace.as_str());
    }
    finish(cx, args, Object::new(kind, fields.with("metadata", meta)), failed)
}

/// Sends a finished object and prints the result.
pub fn finish(cx: &mut Cx, args: &Args, mut object: Object, failed: &str) -> Outcome {
    let dry = Dry::of(args)?;
    let format = print::format(cx, args, print::MADE)?;
    if dry != Dry::Client && object.kind.info().namespaced && object.namespace().is_empty() {
        object.set("metadata.namespace", cx.base.namespace.as_str());
    }
    let made = create::post(cx, args, object, dry).map_err(|fail| match fail {
        Fail::Server(s) if !failed.is_empty() => Fail::Plain(format!("{failed} {}", s.message)),
        other => other,
    })?;
    if dry == Dry::Client && format == Format::Json {
        cx.print(&order::json(&made.value));
        return OK;
    }
    print::result(cx, &made, &format, "created", dry)?;
    OK
}
