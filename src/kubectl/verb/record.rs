//! `--record`: the command line as the cause of a change, in an annotation.

use crate::api::Value;
use crate::api::request::{Options, PatchType};
use crate::kubectl::cx::Cx;
use crate::kubectl::fail::Res;
use crate::kubectl::flags::{Args, Flag, switch};

/// The flag.
pub const FLAG: &[Flag] = &[switch("record", ' ')];

const CAUSE: &str = "kubernetes.io/change-cause";

/// What pflag says of the flag, which is deprecated.
pub const DEPRECATED: &str = "Flag --record has been deprecated, --record will be removed in the future\n";

/// Flags whose values are not written down.
const SECRET: &[&str] = &["password", "token"];

fn cause(path: &str, args: &Args) -> String {
    let mut out = path.to_string();
    for word in &args.rest {
        out += &format!(" {word}");
    }
    for (name, value) in args.given() {
        let value = if SECRET.contains(&name) { "CLASSIFIED" } else { value };
        out += &format!(" --{name}={value}");
    }
    out
}

/// Writes the cause into an object that is to be sent, if that is wanted.
pub fn note(path: &str, args: &Args, value: &mut Value) {
    if args.is("record") {
        value.slot("metadata").map_mut();
        value.slot("metadata.annotations").map_mut().insert(CAUSE, cause(path, args));
    }
}

/// Writes the cause into an object that has been changed.
pub fn patch(cx: &mut Cx, args: &Args, object: &crate::api::Object) -> Res<()> {
    if args.is("record") && args.value("dry-run") == "none" {
        let mut body = Value::map();
        body.slot("metadata.annotations").map_mut().insert(CAUSE, cause(&cx.base.path, args));
        cx.patch(object, PatchType::Merge, body, Options::default())?;
    }
    Ok(())
}
