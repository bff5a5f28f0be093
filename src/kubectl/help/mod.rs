//! `--help`: texts made from the verb table, in the layout of kubectl's own help.
//!
//! `verbs.txt` says more about verbs than their table does and gives examples; `flags.txt` describes flags,
//! for all verbs or (`VERB/FLAG`, with the last word of the verb's name) for one.

use crate::collections::Order;
use crate::kubectl::flags::{Flag, GLOBAL, Type};
use crate::kubectl::verb::Verb;

const VERBS: &str = include_str!("verbs.txt");
const FLAGS: &str = include_str!("flags.txt");

/// The help of a verb; `path` is its name with its parents.
pub fn text(verb: &Verb, path: &str) -> String {
    if path == "kubectl" {
        return root(verb.sub);
    }
    let (long, examples) = more(path);
    let about = if verb.about.is_empty() { String::new() } else { format!("{}.", verb.about) };
    let mut out = format!("{about}\n\n");
    if !long.is_empty() {
        out += &format!(" {long}\n\n");
    }
    if !verb.aliases.is_empty() {
        out += &format!("Aliases:\n  {}, {}\n\n", verb.name, verb.aliases.join(", "));
    }
    if !examples.is_empty() {
        out += &format!("Examples:\n{examples}\n");
    }
    if !verb.sub.is_empty() {
        out += &subcommands(verb);
    }
    let mut own: Vec<&Flag> = verb.flags.iter().copied().flatten().collect();
    own.order_by_key(|f| f.name);
    own.dedup_by_key(|f| f.name);
    if !own.is_empty() {
        out += "Options:\n";
        out += &own.iter().map(|f| flag_lines(f, verb.name)).collect::<Vec<_>>().join("\n");
        out.push('\n');
    }
    out += &usage(verb, path);
    out
}

fn subcommands(verb: &Verb) -> String {
    let width = width(verb.sub);
    let mut out = "Available Commands:\n".to_string();
    for sub in verb.sub {
        out += format!("  {:width$}   {}", sub.name, sub.about).trim_end();
        out.push('\n');
    }
    out.push('\n');
    out
}

/// The column of the names: cobra's least width, or the longest name.
fn width(verbs: &[Verb]) -> usize {
    verbs.iter().map(|v| v.name.len()).max().unwrap_or(0).max(11)
}

fn usage(verb: &Verb, path: &str) -> String {
    let line = match verb.usage {
        "" if verb.sub.is_empty() => format!("{path} [flags]"),
        "" => format!("{path} SUBCOMMAND"),
        usage => format!("{path} {usage}"),
    };
    let mut out = format!("Usage:\n  {line} [options]\n\n");
    if !verb.sub.is_empty() {
        out += &format!("Use \"{path} <command> --help\" for more information about a given command.\n");
    }
    out + "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
}

/// What `verbs.txt` says of a verb: a paragraph and examples.
fn more(path: &str) -> (String, String) {
    let name = path.strip_prefix("kubectl ").unwrap_or(path);
    let (mut long, mut examples) = (String::new(), String::new());
    let section = VERBS.lines().skip_while(|l| l.strip_prefix("= ") != Some(name)).skip(1);
    for line in section.take_while(|l| !l.starts_with("= ")) {
        if let Some(note) = line.strip_prefix("> ") {
            let gap = if examples.is_empty() { "" } else { "\n" };
            examples += &format!("{gap}  # {note}\n");
        } else if examples.is_empty() {
            long += line;
        } else {
            examples += &format!("  {line}\n");
        }
    }
    (long, examples)
}

/// A flag with its default and its description.
fn flag_lines(flag: &Flag, verb: &str) -> String {
    let short = if flag.short == ' ' { String::new() } else { format!("-{}, ", flag.short) };
    let default = match flag.ty {
        Type::Str if flag.default.is_empty() => "''".to_string(),
        Type::Str => format!("'{}'", flag.default),
        Type::Array | Type::Slice => "[]".to_string(),
        _ => flag.default.to_string(),
    };
    format!("    {short}--{}={default}:\n\t{}\n", flag.name, describe(flag.name, verb))
}

/// What a flag does.
fn describe(flag: &str, verb: &str) -> &'static str {
    let find = |key: &str| FLAGS.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(": "));
    find(&format!("{verb}/{flag}")).or_else(|| find(flag)).unwrap_or("")
}

/// `kubectl options`.
pub fn options() -> String {
    let lines: Vec<String> = GLOBAL.iter().map(|f| flag_lines(f, "")).collect();
    format!("The following options can be passed to any command:\n\n{}\n", lines.join("\n"))
}

/// What `kubectl` alone says: its verbs in groups.
fn root(verbs: &[Verb]) -> String {
    let mut out = "kubectl controls the Kubernetes cluster manager.\n\n".to_string();
    let width = width(verbs);
    for (title, names) in GROUPS {
        out += &format!("{title}:\n");
        for verb in names.split(' ').filter_map(|n| verbs.iter().find(|v| v.name == n)) {
            out += &format!("  {:width$}   {}\n", verb.name, verb.about);
        }
        out.push('\n');
    }
    out + "Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
}

const GROUPS: &[(&str, &str)] = &[
    ("Basic Commands (Beginner)", "create expose run set"),
    ("Basic Commands (Intermediate)", "explain get edit delete"),
    ("Deploy Commands", "rollout scale autoscale"),
    ("Cluster Management Commands", "certificate cluster-info top cordon uncordon drain taint"),
    (
        "Troubleshooting and Debugging Commands",
        "describe logs attach exec port-forward proxy cp auth debug events",
    ),
    ("Advanced Commands", "diff apply patch replace wait kustomize"),
    ("Settings Commands", "label annotate completion"),
    ("Other Commands", "alpha api-resources api-versions config plugin version"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubectl::verb::ROOT;

    fn each(verb: &Verb, path: &str, visit: &mut dyn FnMut(&Verb, &str)) {
        visit(verb, path);
        for sub in verb.sub {
            each(sub, &format!("{path} {}", sub.name), visit);
        }
    }

    #[test]
    fn every_flag_of_every_verb_is_described() {
        let mut missing = Vec::new();
        each(&ROOT, "kubectl", &mut |verb, path| {
            for flag in verb.flags.iter().copied().chain([GLOBAL]).flatten() {
                if describe(flag.name, verb.name).is_empty() {
                    missing.push(format!("{path} --{}", flag.name));
                }
            }
        });
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_section_of_the_texts_belongs_to_a_verb() {
        let mut known = Vec::new();
        each(&ROOT, "kubectl", &mut |_, path| known.push(path.to_string()));
        for name in VERBS.lines().filter_map(|l| l.strip_prefix("= ")).filter(|n| *n != "kubectl") {
            assert!(known.contains(&format!("kubectl {name}")), "{name}");
        }
    }

    #[test]
    fn help_is_laid_out_as_kubectl_lays_it_out() {
        let verb = ROOT.sub.iter().find(|v| v.name == "cordon").expect("cordon is a verb");
        let text = text(verb, "kubectl cordon");
        assert!(text.starts_with("Mark node as unschedulable.\n\nExamples:\n  # A node gets no new pods\n  kubectl cordon worker01\n\nOptions:\n    --dry-run='none':\n\t"), "{text}");
        assert!(text.ends_with("Usage:\n  kubectl cordon NODE [options]\n\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n"), "{text}");
    }
}
