//! `--help` texts, made from the verb table.

use crate::kubectl::flags::{Flag, GLOBAL, Type};
use crate::kubectl::verb::Verb;

/// The help of a verb; `path` is its name with its parents.
pub fn text(verb: &Verb, path: &str) -> String {
    let mut out = String::new();
    if !verb.about.is_empty() {
        out += &format!("{}.\n\n", verb.about);
    }
    if !verb.sub.is_empty() {
        out += "Available Commands:\n";
        let width = verb.sub.iter().map(|v| v.name.len()).max().unwrap_or(0);
        for sub in verb.sub {
            out += format!("  {:width$}   {}", sub.name, sub.about).trim_end();
            out.push('\n');
        }
        out.push('\n');
    }
    let own: Vec<&Flag> = verb.flags.iter().copied().flatten().collect();
    if !own.is_empty() {
        out += "Options:\n";
        for flag in own {
            out += &flag_line(flag);
        }
        out.push('\n');
    }
    let sub = if verb.sub.is_empty() { "" } else { " [command]" };
    out += format!("Usage:\n  {path}{sub} [flags] {}", verb.usage).trim_end();
    out +=
        "\n\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
    out
}

fn flag_line(flag: &Flag) -> String {
    let short = if flag.short == ' ' { "    ".to_string() } else { format!("-{}, ", flag.short) };
    let default = match flag.ty {
        Type::Str if flag.default.is_empty() => "''".to_string(),
        Type::Str => format!("'{}'", flag.default),
        Type::Array | Type::Slice => "[]".to_string(),
        _ => flag.default.to_string(),
    };
    format!("    {short}--{}={default}\n", flag.name)
}

/// `kubectl options`.
pub fn options() -> String {
    let lines: String = GLOBAL.iter().map(flag_line).collect();
    format!("The following options can be passed to any command:\n\n{lines}")
}
