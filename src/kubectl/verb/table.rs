//! The table of verbs.

use super::*;
use crate::kubectl::{files, print};

const FILES: &[Flag] = files::FLAGS;
const DRY: &[Flag] = print::DRY;
const OUT: &[Flag] = print::FLAGS;

/// kubectl itself. The order is that in which cobra knows the commands, which suggestions follow.
pub static ROOT: Verb =
    Verb { sub: VERBS, about: "kubectl controls the Kubernetes cluster", ..Verb::new("kubectl", group) };

static VERBS: &[Verb] = &[
    Verb {
        flags: &[create::FLAGS, create::MAKE, files::VALIDATE, FILES, DRY, OUT],
        about: "Create a resource from a file or from stdin",
        usage: "-f FILENAME",
        ms: 90,
        ..Verb::new("create", create::run)
    },
    Verb { ..Verb::new("expose", todo) },
    Verb {
        flags: &[run::FLAGS, create::MAKE, DRY, OUT],
        about: "Run a particular image on the cluster",
        usage: "NAME --image=image [-- [COMMAND] [args...]]",
        ms: 65,
        ..Verb::new("run", run::run)
    },
    Verb { ..Verb::new("set", todo) },
    Verb { ..Verb::new("explain", todo) },
    Verb {
        meant: &["list", "ps"],
        flags: &[get::FLAGS, FILES, OUT],
        about: "Display one or many resources",
        usage: "TYPE [NAME | -l label] | TYPE/NAME ...",
        ms: 70,
        ..Verb::new("get", get::run)
    },
    Verb { ..Verb::new("edit", todo) },
    Verb {
        meant: &["rm", "remove"],
        flags: &[delete::FLAGS, FILES, DRY],
        about: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
        usage: "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
        ms: 60,
        ..Verb::new("delete", delete::run)
    },
    Verb { meant: &["rollingupdate"], ..Verb::new("rollout", todo) },
    Verb { meant: &["resize"], ..Verb::new("scale", todo) },
    Verb { ..Verb::new("autoscale", todo) },
    Verb { ..Verb::new("certificate", todo) },
    Verb { ..Verb::new("cluster-info", todo) },
    Verb { ..Verb::new("top", todo) },
    Verb { ..Verb::new("cordon", todo) },
    Verb { ..Verb::new("uncordon", todo) },
    Verb { ..Verb::new("drain", todo) },
    Verb { ..Verb::new("taint", todo) },
    Verb { ..Verb::new("describe", todo) },
    Verb {
        flags: &[logs::FLAGS],
        about: "Print the logs for a container in a pod",
        usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
        ms: 70,
        ..Verb::new("logs", logs::run)
    },
    Verb {
        flags: &[exec::ATTACH],
        about: "Attach to a running container",
        usage: "(POD | TYPE/NAME) -c CONTAINER",
        ms: 70,
        ..Verb::new("attach", exec::attach)
    },
    Verb {
        flags: &[exec::FLAGS],
        about: "Execute a command in a container",
        usage: "(POD | TYPE/NAME) [-c CONTAINER] -- COMMAND [args...]",
        ms: 80,
        ..Verb::new("exec", exec::run)
    },
    Verb { ..Verb::new("port-forward", todo) },
    Verb { ..Verb::new("proxy", todo) },
    Verb { ..Verb::new("cp", todo) },
    Verb { ..Verb::new("auth", todo) },
    Verb { ..Verb::new("debug", todo) },
    Verb { ..Verb::new("events", todo) },
    Verb { ..Verb::new("diff", todo) },
    Verb {
        flags: &[apply::FLAGS, files::VALIDATE, FILES, DRY, OUT],
        about: "Apply a configuration to a resource by file name or stdin",
        usage: "(-f FILENAME | -k DIRECTORY)",
        ms: 110,
        ..Verb::new("apply", apply::run)
    },
    Verb { ..Verb::new("patch", todo) },
    Verb { ..Verb::new("replace", todo) },
    Verb { ..Verb::new("wait", todo) },
    Verb { ..Verb::new("kustomize", todo) },
    Verb { ..Verb::new("label", todo) },
    Verb { ..Verb::new("annotate", todo) },
    Verb { ..Verb::new("completion", todo) },
    Verb { ..Verb::new("alpha", todo) },
    Verb { ..Verb::new("plugin", todo) },
    Verb { ..Verb::new("version", todo) },
    Verb { talks: false, about: "Modify kubeconfig files", sub: CONFIG, ..Verb::new("config", group) },
    Verb { ..Verb::new("api-versions", todo) },
    Verb { ..Verb::new("api-resources", todo) },
    Verb { ..Verb::new("options", todo) },
];

const fn config_verb(
    name: &'static str,
    run: fn(&mut Cx, &Args) -> Outcome,
    flags: &'static [&'static [Flag]],
) -> Verb {
    Verb { flags, ms: 50, talks: false, ..Verb::new(name, run) }
}

static CONFIG: &[Verb] = &[
    config_verb("current-context", config::current, &[]),
    config_verb("delete-context", config::edit, &[]),
    config_verb("get-clusters", config::names, &[]),
    config_verb("get-contexts", config::contexts, &[config::CONTEXTS]),
    config_verb("get-users", config::names, &[]),
    config_verb("rename-context", config::edit, &[]),
    config_verb("set", config::edit, &[]),
    config_verb("set-context", config::set_context, &[config::SET]),
    config_verb("unset", config::edit, &[]),
    config_verb("use-context", config::use_context, &[]),
    config_verb("view", config::view, &[config::VIEW, OUT]),
];

fn todo(_: &mut Cx, _: &Args) -> Outcome {
    Err(crate::kubectl::cx::not_simulated("this command"))
}
