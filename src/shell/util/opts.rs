//! Command lines of utilities: letters and long names, in any order with operands.

use super::{Ctx, Style};
use crate::api::Text;

/// A parsed command line.
#[derive(Clone, Debug, Default)]
pub struct Opts {
    given: Vec<(char, Text)>,
    /// The operands.
    pub rest: Vec<Text>,
}

impl Opts {
    /// Whether an option was given.
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(l, _)| *l == letter)
    }

    /// The value of an option, the last one given.
    pub fn get(&self, letter: char) -> Option<&Text> {
        self.given.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| v)
    }

    /// All values of an option.
    pub fn all(&self, letter: char) -> impl Iterator<Item = &Text> {
        self.given.iter().filter(move |(l, _)| *l == letter).map(|(_, v)| v)
    }

    /// Which of some letters was given last.
    pub fn last_of(&self, letters: &str) -> Option<char> {
        self.given.iter().rev().map(|(l, _)| *l).find(|l| letters.contains(*l))
    }
}

/// Parses `ctx.args` by a specification: letters, `x:` takes a value, `x::` may have one attached; long names
/// stand behind a space as `name=x`. A leading `+` stops at the first operand. On an error its text is
/// printed and the exit status returned.
pub fn parse(ctx: &mut Ctx, spec: &str) -> Result<Opts, i32> {
    let args = ctx.args.clone();
    parse_args(ctx, spec, &args[1.min(args.len())..])
}

/// The same for other words than the whole command line.
pub fn parse_args(ctx: &mut Ctx, spec: &str, args: &[Text]) -> Result<Opts, i32> {
    let (letters, long) = spec.split_once(' ').unwrap_or((spec, ""));
    let in_order = letters.starts_with('+');
    let letters = letters.trim_start_matches('+');
    let mut opts = Opts::default();
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        i += 1;
        if &**arg == "--" {
            opts.rest.extend_from_slice(&args[i..]);
            break;
        }
        if let Some(name) = arg.strip_prefix("--") {
            let (name, value) = match name.split_once('=') {
                Some((n, v)) => (n, Some(Text::from(v))),
                None => (name, None),
            };
            let mut found: Vec<char> = Vec::new();
            for entry in long.split(' ') {
                if let Some((n, letter)) = entry.split_once('=') {
                    if n == name {
                        found = letter.chars().collect();
                        break;
                    }
                    if n.starts_with(name) {
                        found.extend(letter.chars().next());
                    }
                }
            }
            let Some(letter) = found.first().copied().filter(|_| found.len() == 1) else {
                // These two applets of busybox know no long options at all.
                let short = ctx.busybox() && matches!(called(ctx), "head" | "hexdump");
                let text = if short {
                    "invalid option -- '-'".into()
                } else {
                    format!("unrecognized option '--{name}'")
                };
                return Err(unknown(ctx, &text));
            };
            let value = match (takes(letters, letter), value) {
                (1, None) => {
                    i += 1;
                    match args.get(i - 1) {
                        Some(v) => v.clone(),
                        None => return Err(unknown(ctx, &format!("option '--{name}' requires an argument"))),
                    }
                }
                (_, value) => value.unwrap_or_default(),
            };
            opts.given.push((letter, value));
            continue;
        }
        if !arg.starts_with('-') || arg.len() == 1 {
            opts.rest.push(arg.clone());
            if in_order {
                opts.rest.extend_from_slice(&args[i..]);
                break;
            }
            continue;
        }
        let chars = arg[1..].char_indices();
        for (at, c) in chars {
            if c == ':' || !letters.contains(c) {
                return Err(unknown(ctx, &format!("invalid option -- '{c}'")));
            }
            let rest = &arg[1 + at + c.len_utf8()..];
            let value = match takes(letters, c) {
                0 => {
                    opts.given.push((c, Text::default()));
                    continue;
                }
                2 => Text::from(rest),
                _ if !rest.is_empty() => Text::from(rest),
                _ => {
                    i += 1;
                    match args.get(i - 1) {
                        Some(v) => v.clone(),
                        None => return Err(unknown(ctx, &format!("option requires an argument -- '{c}'"))),
                    }
                }
            };
            opts.given.push((c, value));
            break;
        }
    }
    Ok(opts)
}

/// 0: no value, 1: a value, 2: a value that is attached.
fn takes(letters: &str, letter: char) -> u32 {
    let Some(at) = letters.find(letter) else { return 0 };
    let rest = &letters[at + letter.len_utf8()..];
    if rest.starts_with("::") { 2 } else { u32::from(rest.starts_with(':')) }
}

fn called<'a>(ctx: &'a Ctx) -> &'a str {
    ctx.args.first().map_or("", |a| a.rsplit('/').next().unwrap_or(""))
}

/// Complains about a command line.
fn unknown(ctx: &mut Ctx, text: &str) -> i32 {
    let name = called(ctx).to_owned();
    // What may be a mode is no option to busybox's chmod, which then misses an operand.
    if !(ctx.busybox() && name == "chmod") {
        ctx.fail(text);
    }
    match ctx.style {
        Style::Busybox => {
            super::usage::print(ctx, &name);
            if matches!(name.as_str(), "grep" | "egrep" | "fgrep" | "sort" | "diff" | "cmp") { 2 } else { 1 }
        }
        _ => {
            super::help::hint(ctx, &name);
            match name.as_str() {
                "ls" | "grep" | "sort" | "diff" => 2,
                "env" | "timeout" | "nohup" | "nice" | "stdbuf" => 125,
                _ => 1,
            }
        }
    }
}
