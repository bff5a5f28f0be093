//! What the flags of a verb must not ask for at once: a table, read before the verb runs.

use crate::kubectl::fail::Fail;
use crate::kubectl::files;
use crate::kubectl::flags::Args;

/// A combination that verbs refuse.
struct Rule {
    /// The verbs, parted by commas: `label`, `set image`.
    verbs: &'static str,
    /// What holds together. `flag` is set, `flag=value` has that value, `!flag` is not set, `@` stands for
    /// arguments, `-f` for files.
    when: &'static str,
    /// What is said then.
    text: &'static str,
}

const fn rule(verbs: &'static str, when: &'static str, text: &'static str) -> Rule {
    Rule { verbs, when, text }
}

const LOCAL: &str = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
const ALL: &str = "cannot set --all and --selector at the same time";
const FIELDS: &str = "cannot set --all and --field-selector at the same time";
const LIST: &str = "--list and --output may not be specified together";
const RAW_OUTPUT: &str = "--raw and --output are mutually exclusive";
const RAW_RECURSIVE: &str = "--raw and --recursive are mutually exclusive";
const RAW_FILTER: &str =
    "--raw may not be specified with other flags that filter the server request or alter the output";
const CAN_LIST: &str =
    "list option can't be specified with neither quiet, all-namespaces nor subresource options";

/// In the order in which the verbs look.
const RULES: &[Rule] = &[
    rule("get", "raw @", "arguments may not be passed when --raw is specified"),
    rule("get", "raw watch", RAW_FILTER),
    rule("get", "raw watch-only", RAW_FILTER),
    rule("get", "raw selector", RAW_FILTER),
    rule("get", "raw output", RAW_OUTPUT),
    rule(
        "get",
        "output-watch-events !watch !watch-only",
        "--output-watch-events option can only be used with --watch or --watch-only",
    ),
    rule("create", "raw edit", "--raw and --edit are mutually exclusive"),
    rule("create,replace", "raw recursive", RAW_RECURSIVE),
    rule("create", "raw selector", "--raw and --selector (-l) are mutually exclusive"),
    rule("create,replace", "raw output", RAW_OUTPUT),
    rule("replace", "force dry-run=client", "--dry-run can not be used when --force is set"),
    rule("replace", "force dry-run=server", "--dry-run can not be used when --force is set"),
    rule("delete", "all selector", ALL),
    rule("delete", "all field-selector", FIELDS),
    rule("delete", "raw interactive", "--interactive can not be used with --raw"),
    rule("delete", "raw recursive", RAW_RECURSIVE),
    rule("delete", "raw output", RAW_OUTPUT),
    rule("apply", "dry-run=server force", "--dry-run=server cannot be used with --force"),
    rule("apply", "all selector", ALL),
    rule("apply", "applyset !prune", "--applyset requires --prune"),
    rule("apply", "prune force", "--force cannot be used with --prune"),
    rule("apply", "prune applyset all", "--all is incompatible with --applyset"),
    rule("apply", "prune applyset selector", "--selector is incompatible with --applyset"),
    rule("apply", "prune applyset prune-allowlist", "--prune-allowlist is incompatible with --applyset"),
    rule("apply", "subresource !server-side", "--subresource can only be specified for --server-side"),
    rule("label,annotate", "list output", LIST),
    rule("set env,set resources,set subject,label,annotate", "all selector", ALL),
    rule("label,annotate", "all field-selector", FIELDS),
    rule(
        "label,annotate,set env,set resources,set subject,set serviceaccount,patch",
        "local dry-run=server",
        LOCAL,
    ),
    rule("set env", "list output", LIST),
    rule(
        "set env",
        "keys !from",
        "when specifying --keys, a configmap or secret must be provided with --from",
    ),
    rule("set image", "all selector", ALL),
    rule("set image", "local dry-run=server", LOCAL),
    rule("patch", "patch patch-file", "cannot specify --patch and --patch-file together"),
    rule("patch", "patch local @", "cannot specify --local and server resources"),
    rule("autoscale", "cpu-percent cpu", "--cpu-percent and --cpu are mutually exclusive"),
    rule("debug", "replace !copy-to", "--replace may only be used with --copy-to."),
    rule("debug", "same-node !copy-to", "--same-node may only be used with --copy-to."),
    rule("debug", "set-image !copy-to", "--set-image may only be used with --copy-to."),
    rule("top pod", "@ selector", "only one of NAME or selector can be provided"),
    rule("top pod", "@ field-selector", "only one of NAME or selector can be provided"),
    rule("auth can-i", "list @", "list option must be specified with no arguments"),
    rule("auth can-i", "list quiet", CAN_LIST),
    rule("auth can-i", "list all-namespaces", CAN_LIST),
    rule("auth can-i", "list subresource", CAN_LIST),
    rule("auth can-i", "@ no-headers !list", "--no-headers cannot be set without --list specified"),
    rule("proxy", "unix-socket port", "cannot set --unix-socket and --port at the same time"),
];

/// The failure for a combination of flags that the verb of this path refuses.
pub fn broken(path: &str, args: &Args) -> Option<Fail> {
    let verb = path.split_once(' ').map_or("", |(_, v)| v);
    let holds = |rule: &&Rule| {
        rule.verbs.split(',').any(|v| v == verb) && rule.when.split(' ').all(|word| is(args, word))
    };
    RULES.iter().find(holds).map(|rule| Fail::from(rule.text)).or_else(|| raw(verb, args))
}

fn is(args: &Args, word: &str) -> bool {
    if let Some(flag) = word.strip_prefix('!') {
        return !is(args, flag);
    }
    match (word, word.split_once('=')) {
        ("@", _) => !args.rest.is_empty(),
        ("-f", _) => files::given(args),
        (_, Some((flag, value))) => args.value(flag) == value,
        (flag, None) => args.changed(flag) && !matches!(args.value(flag), "" | "false"),
    }
}

/// `--raw` needs a path, as Go's `url.ParseRequestURI` reads one.
fn raw(verb: &str, args: &Args) -> Option<Fail> {
    let path = args.value("raw");
    let wrong = matches!(verb, "get" | "create" | "replace" | "delete")
        && args.changed("raw")
        && !path.is_empty()
        && !path.starts_with('/')
        && !path.contains("://");
    wrong.then(|| {
        Fail::Plain(format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubectl::flags::GLOBAL;
    use crate::kubectl::verb::find;

    fn said(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        let found = find(&words);
        let tables = found.verb.flags.iter().copied().chain([GLOBAL]).collect();
        let args = Args::parse(&found.words, tables).expect(line);
        broken(&found.path, &args).map(|f| f.message())
    }

    #[test]
    fn contradictory_flags_are_refused_and_others_are_not() {
        for (line, text) in [
            ("label pods --all -l a=b x=y", Some(ALL)),
            ("label pods -l a=b x=y", None),
            ("annotate pods --list -o yaml", Some(LIST)),
            ("set image deploy/x --local --dry-run=server a=b", Some(LOCAL)),
            ("get pods --output-watch-events", Some(RULES[5].text)),
            ("get pods --output-watch-events --watch-only", None),
            ("get --raw /api pods", Some(RULES[0].text)),
            ("auth can-i get pods --no-headers", Some("--no-headers cannot be set without --list specified")),
            ("get --raw api", Some("--raw must be a valid URL path: parse \"api\": invalid URI for request")),
        ] {
            assert_eq!(said(line).as_deref(), text, "{line}");
        }
    }
}
