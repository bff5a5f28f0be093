//! `kubectl kustomize`.

use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::kustomize::build;

/// Flags of `kubectl kustomize`.
pub const FLAGS: &[Flag] = &[text("output", 'o', ""), switch("enable-helm", ' ')];

/// Runs `kubectl kustomize`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.rest.len() > 1 {
        return Err("specify one path to kustomization.yaml".into());
    }
    let dir = args.rest.first().map_or(".", String::as_str).to_string();
    let text = build(cx, &dir)?;
    match args.value("output") {
        "" => cx.print(&text),
        file => cx
            .sys
            .write_file(file, text.as_bytes(), false)
            .map_err(|e| Fail::Plain(format!("open {file}: {}", crate::kubectl::cx::lower(e.text()))))?,
    }
    crate::kubectl::cx::OK
}
