//! The table of verbs.

use super::*;
use crate::kubectl::{files, print};

const FILES: &[Flag] = files::FLAGS;
const DRY: &[Flag] = print::DRY;
const OUT: &[Flag] = print::FLAGS;
const RECORD: &[Flag] = record::FLAG;

/// kubectl itself. The order is that in which cobra knows the commands, which suggestions follow.
pub static ROOT: Verb = Verb {
    alone: Alone::Helps,
    sub: VERBS,
    about: "kubectl controls the Kubernetes cluster",
    ..Verb::new("kubectl", group)
};

type Run = fn(&mut Cx, &Args) -> Outcome;
type Flags = &'static [&'static [Flag]];

/// A verb with its wall time in milliseconds.
const fn verb(
    name: &'static str,
    about: &'static str,
    usage: &'static str,
    ms: u64,
    flags: Flags,
    run: Run,
) -> Verb {
    Verb { about, usage, ms, flags, ..Verb::new(name, run) }
}

/// A verb that exists, but is not simulated.
const fn absent(name: &'static str, about: &'static str, usage: &'static str, flags: Flags) -> Verb {
    Verb { cover: Cover::Absent, ..verb(name, about, usage, 50, flags, info::absent) }
}

/// A verb that only has others below it.
const fn parent(name: &'static str, about: &'static str, sub: &'static [Verb]) -> Verb {
    Verb { about, sub, ..Verb::new(name, group) }
}

const TARGET: &str = "(-f FILENAME | TYPE NAME)";

static VERBS: &[Verb] = &[
    Verb {
        sub: CREATE,
        ..verb(
            "create",
            "Create a resource from a file or from stdin",
            "-f FILENAME",
            90,
            &[create::FLAGS, create::MAKE, files::VALIDATE, FILES, DRY, OUT, RECORD],
            create::run,
        )
    },
    verb(
        "expose",
        "Take a replication controller, service, deployment or pod and expose it as a new service",
        TARGET,
        90,
        &[expose::FLAGS, FILES, DRY, OUT, RECORD],
        expose::run,
    ),
    verb(
        "run",
        "Run a particular image on the cluster",
        "NAME --image=image [-- [COMMAND] [args...]]",
        65,
        &[run::FLAGS, create::MAKE, DRY, OUT, RECORD],
        run::run,
    ),
    parent("set", "Set specific features on objects", SET),
    verb(
        "explain",
        "Get documentation for a resource",
        "TYPE[.FIELD...]",
        70,
        &[show::EXPLAIN],
        show::explained,
    ),
    Verb {
        meant: &["list", "ps"],
        ..verb(
            "get",
            "Display one or many resources",
            "TYPE [NAME | -l label] | TYPE/NAME ...",
            70,
            &[get::FLAGS, FILES, OUT],
            get::run,
        )
    },
    verb(
        "edit",
        "Edit a resource on the server",
        TARGET,
        100,
        &[edit::FLAGS, files::VALIDATE, FILES, RECORD],
        edit::run,
    ),
    Verb {
        meant: &["rm", "remove"],
        ..verb(
            "delete",
            "Delete resources by file names, stdin, resources and names, or by resources and label selector",
            "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
            60,
            &[delete::FLAGS, FILES, DRY],
            delete::run,
        )
    },
    Verb {
        meant: &["rollingupdate"],
        alone: Alone::FailsOnOutput,
        ..parent("rollout", "Manage the rollout of a resource", ROLLOUT)
    },
    Verb {
        meant: &["resize"],
        ..verb(
            "scale",
            "Set a new size for a deployment, replica set, or replication controller",
            "--replicas=COUNT (-f FILENAME | TYPE NAME)",
            60,
            &[scale::SCALE, FILES, DRY, OUT, RECORD],
            scale::run,
        )
    },
    verb(
        "autoscale",
        "Auto-scale a deployment, replica set, stateful set, or replication controller",
        "(-f FILENAME | TYPE NAME) [--min=MINPODS] --max=MAXPODS",
        80,
        &[scale::AUTOSCALE, FILES, DRY, OUT, RECORD],
        scale::autoscale,
    ),
    Verb {
        alone: Alone::Helps,
        cover: Cover::Simplified("nothing signs what is approved"),
        ..parent("certificate", "Modify certificate resources", CERTIFICATE)
    },
    Verb {
        sub: CLUSTER_INFO,
        cover: Cover::Simplified("dump leaves out the logs"),
        ..verb("cluster-info", "Display cluster information", "", 60, &[], info::cluster)
    },
    Verb {
        usage: "[flags]",
        cover: Cover::Simplified(
            "only where a scenario runs a metrics server (`settings: {metricsServer: true}`); what nodes use beside their containers is not counted",
        ),
        ..parent("top", "Display resource (CPU/memory) usage", TOP)
    },
    verb("cordon", "Mark node as unschedulable", "NODE", 60, &[node::CORDON, DRY], node::cordon),
    verb("uncordon", "Mark node as schedulable", "NODE", 70, &[node::CORDON, DRY], node::uncordon),
    verb("drain", "Drain node in preparation for maintenance", "NODE", 70, &[drain::FLAGS, DRY], drain::run),
    verb(
        "taint",
        "Update the taints on one or more nodes",
        "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ...",
        60,
        &[taint::FLAGS, files::VALIDATE, DRY, OUT],
        taint::run,
    ),
    verb(
        "describe",
        "Show details of a specific resource or group of resources",
        "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
        70,
        &[show::DESCRIBE, FILES],
        show::run,
    ),
    Verb {
        cover: Cover::Simplified("no --insecure-skip-tls-verify-backend"),
        ..verb(
            "logs",
            "Print the logs for a container in a pod",
            "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
            70,
            &[logs::FLAGS],
            logs::run,
        )
    },
    verb(
        "attach",
        "Attach to a running container",
        "(POD | TYPE/NAME) -c CONTAINER",
        70,
        &[exec::ATTACH],
        exec::attach,
    ),
    verb(
        "exec",
        "Execute a command in a container",
        "(POD | TYPE/NAME) [-c CONTAINER] -- COMMAND [args...]",
        80,
        &[exec::FLAGS],
        exec::run,
    ),
    Verb {
        cover: Cover::Simplified(
            "what is sent and answered is shown by programs of the workstation, such as curl",
        ),
        ..verb(
            "port-forward",
            "Forward one or more local ports to a pod",
            "TYPE/NAME [LOCAL_PORT:]REMOTE_PORT ...",
            60,
            &[forward::FLAGS],
            forward::run,
        )
    },
    absent("proxy", "Run a proxy to the Kubernetes API server", "[--port=PORT]", &[PROXY]),
    Verb {
        cover: Cover::Simplified("files and directories; owners and times are not kept"),
        ..verb(
            "cp",
            "Copy files and directories to and from containers",
            "SRC DEST",
            100,
            &[copy::FLAGS],
            copy::run,
        )
    },
    Verb { usage: "[flags]", ..parent("auth", "Inspect authorization", AUTH) },
    verb(
        "debug",
        "Create debugging sessions for troubleshooting workloads and nodes",
        "(POD | TYPE/NAME) --image=image",
        100,
        &[debug::FLAGS, profile::KEEP, FILES],
        debug::run,
    ),
    verb(
        "events",
        "List events",
        "[(-o|--output=)json|yaml|name] [--for TYPE/NAME] [--watch]",
        60,
        &[events::FLAGS, OUT],
        events::run,
    ),
    verb(
        "diff",
        "Diff the live version against a would-be applied version",
        "-f FILENAME",
        110,
        &[compare::FLAGS, FILES],
        compare::run,
    ),
    Verb {
        sub: APPLY,
        cover: Cover::Simplified(
            "managed fields of controllers and kubelets are read off the object, and shown by get alone; no --applyset",
        ),
        ..verb(
            "apply",
            "Apply a configuration to a resource by file name or stdin",
            "(-f FILENAME | -k DIRECTORY)",
            110,
            &[apply::FLAGS, files::VALIDATE, FILES, DRY, OUT, RECORD],
            apply::run,
        )
    },
    verb(
        "patch",
        "Update fields of a resource",
        "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
        70,
        &[patch::PATCH, FILES, DRY, OUT, RECORD],
        patch::run,
    ),
    verb(
        "replace",
        "Replace a resource by file name or stdin",
        "-f FILENAME",
        90,
        &[patch::REPLACE, files::VALIDATE, FILES, DRY, OUT, RECORD],
        patch::replace,
    ),
    verb(
        "wait",
        "Wait for a specific condition on one or many resources",
        "([-f FILENAME] | resource.group/resource.name) [--for=...]",
        60,
        &[wait::FLAGS, FILES, OUT],
        wait::run,
    ),
    Verb {
        talks: false,
        cover: Cover::Simplified(crate::kubectl::kustomize::LEFT_OUT),
        ..verb(
            "kustomize",
            "Build a kustomization target from a directory or URL",
            "DIR",
            50,
            &[kustomize::FLAGS],
            kustomize::run,
        )
    },
    verb(
        "label",
        "Update the labels on a resource",
        "[--overwrite] TYPE NAME KEY_1=VAL_1 ...",
        70,
        &[label::FLAGS, FILES, DRY, OUT, RECORD],
        label::label,
    ),
    verb(
        "annotate",
        "Update the annotations on a resource",
        "[--overwrite] TYPE NAME KEY_1=VAL_1 ...",
        70,
        &[label::FLAGS, FILES, DRY, OUT, RECORD],
        label::annotate,
    ),
    Verb {
        talks: false,
        ..verb(
            "completion",
            "Output shell completion code for the specified shell",
            "SHELL",
            45,
            &[],
            info::completion,
        )
    },
    absent("alpha", "Commands for features in alpha", "", &[]),
    Verb {
        talks: false,
        usage: "[flags]",
        ..parent("plugin", "Provides utilities for interacting with plugins", PLUGIN)
    },
    verb(
        "version",
        "Print the client and server version information",
        "",
        50,
        &[info::VERSION],
        info::version,
    ),
    Verb { talks: false, ..parent("config", "Modify kubeconfig files", CONFIG) },
    verb(
        "api-versions",
        "Print the supported API versions on the server, in the form of \"group/version\"",
        "",
        60,
        &[],
        info::versions,
    ),
    verb(
        "api-resources",
        "Print the supported API resources on the server",
        "",
        60,
        &[info::RESOURCES],
        info::resources,
    ),
    Verb {
        talks: false,
        ..verb(
            "options",
            "List of global command-line options (applies to all commands)",
            "",
            40,
            &[],
            info::options,
        )
    },
];

const PROXY: &[Flag] = &[
    crate::kubectl::flags::int("port", 'p', "8001"),
    crate::kubectl::flags::text("address", ' ', "127.0.0.1"),
    crate::kubectl::flags::text("www", 'w', ""),
];

const fn maker(name: &'static str, about: &'static str, flags: Flags, run: Run) -> Verb {
    Verb { aliases: &[], ..verb(name, about, "NAME", 80, flags, run) }
}

macro_rules! made {
    ($($own:expr),*) => { &[$($own,)* create::MAKE, files::VALIDATE, DRY, OUT] };
}

static CREATE: &[Verb] = &[
    maker(
        "clusterrole",
        "Create a cluster role",
        made![generate::access::ROLE, generate::access::CLUSTER_ROLE],
        generate::access::cluster_role,
    ),
    maker(
        "clusterrolebinding",
        "Create a cluster role binding for a particular cluster role",
        made![generate::access::BINDING],
        generate::access::cluster_role_binding,
    ),
    Verb {
        aliases: &["cm"],
        ..maker(
            "configmap",
            "Create a config map from a local file, directory or literal value",
            made![generate::config::SOURCES],
            generate::config::config_map,
        )
    },
    Verb {
        aliases: &["cj"],
        ..maker(
            "cronjob",
            "Create a cron job with the specified name",
            made![generate::workloads::CRON_JOB],
            generate::workloads::cron_job,
        )
    },
    Verb {
        aliases: &["deploy"],
        ..maker(
            "deployment",
            "Create a deployment with the specified name",
            made![generate::workloads::DEPLOYMENT],
            generate::workloads::deployment,
        )
    },
    Verb {
        aliases: &["ing"],
        ..maker(
            "ingress",
            "Create an ingress with the specified name",
            made![generate::network::INGRESS],
            generate::network::ingress,
        )
    },
    maker(
        "job",
        "Create a job with the specified name",
        made![generate::workloads::JOB],
        generate::workloads::job,
    ),
    Verb {
        aliases: &["ns"],
        ..maker(
            "namespace",
            "Create a namespace with the specified name",
            made![],
            generate::policy::namespace,
        )
    },
    Verb {
        aliases: &["pdb"],
        ..maker(
            "poddisruptionbudget",
            "Create a pod disruption budget with the specified name",
            made![generate::policy::PDB],
            generate::policy::budget,
        )
    },
    Verb {
        aliases: &["pc"],
        ..maker(
            "priorityclass",
            "Create a priority class with the specified name",
            made![generate::policy::PRIORITY],
            generate::policy::priority,
        )
    },
    Verb {
        aliases: &["resourcequota"],
        ..maker(
            "quota",
            "Create a quota with the specified name",
            made![generate::policy::QUOTA],
            generate::policy::quota,
        )
    },
    maker("role", "Create a role with single rule", made![generate::access::ROLE], generate::access::role),
    maker(
        "rolebinding",
        "Create a role binding for a particular role or cluster role",
        made![generate::access::BINDING],
        generate::access::role_binding,
    ),
    Verb {
        usage: "(docker-registry | generic | tls)",
        ..parent("secret", "Create a secret using a specified subcommand", SECRET)
    },
    Verb {
        aliases: &["svc"],
        usage: "[flags]",
        ..parent("service", "Create a service using a specified subcommand", SERVICE)
    },
    Verb {
        aliases: &["sa"],
        ..maker(
            "serviceaccount",
            "Create a service account with the specified name",
            made![],
            generate::access::service_account,
        )
    },
    maker(
        "token",
        "Request a service account token",
        made![generate::access::TOKEN],
        generate::access::token,
    ),
];

static SECRET: &[Verb] = &[
    maker(
        "docker-registry",
        "Create a secret for use with a Docker registry",
        made![generate::config::DOCKER],
        generate::config::docker,
    ),
    maker(
        "generic",
        "Create a secret from a local file, directory, or literal value",
        made![generate::config::SOURCES, generate::config::GENERIC],
        generate::config::secret,
    ),
    maker("tls", "Create a TLS secret", made![generate::config::TLS], generate::config::tls),
];

static SERVICE: &[Verb] = &[
    maker(
        "clusterip",
        "Create a ClusterIP service",
        made![generate::network::CLUSTER_IP],
        generate::network::cluster_ip,
    ),
    maker(
        "externalname",
        "Create an ExternalName service",
        made![generate::network::EXTERNAL],
        generate::network::external_name,
    ),
    maker(
        "loadbalancer",
        "Create a LoadBalancer service",
        made![generate::network::BALANCER],
        generate::network::load_balancer,
    ),
    maker(
        "nodeport",
        "Create a NodePort service",
        made![generate::network::NODE_PORT],
        generate::network::node_port,
    ),
];

static APPLY: &[Verb] = &[
    verb(
        "edit-last-applied",
        "Edit latest last-applied-configuration annotations of a resource/object",
        TARGET,
        60,
        &[last::EDIT, FILES],
        edit::last_applied,
    ),
    verb(
        "set-last-applied",
        "Set the last-applied-configuration annotation on a live object to match the contents of a file",
        "-f FILENAME",
        90,
        &[last::SET, FILES, DRY, OUT],
        last::set,
    ),
    verb(
        "view-last-applied",
        "View the latest last-applied-configuration annotations of a resource",
        TARGET,
        70,
        &[last::VIEW, FILES],
        last::view,
    ),
];

static ROLLOUT: &[Verb] = &[
    verb(
        "history",
        "View rollout history",
        TARGET,
        70,
        &[rollout::FLAGS, rollout::HISTORY, FILES, OUT],
        rollout::history,
    ),
    verb(
        "pause",
        "Mark the provided resource as paused",
        TARGET,
        80,
        &[rollout::FLAGS, FILES, OUT],
        rollout::pause,
    ),
    verb("restart", "Restart a resource", TARGET, 80, &[rollout::FLAGS, FILES, OUT], rollout::restart),
    verb("resume", "Resume a paused resource", TARGET, 80, &[rollout::FLAGS, FILES, OUT], rollout::resume),
    verb(
        "status",
        "Show the status of the rollout",
        TARGET,
        60,
        &[rollout::FLAGS, rollout::STATUS, FILES],
        rollout::status,
    ),
    verb(
        "undo",
        "Undo a previous rollout",
        TARGET,
        80,
        &[rollout::FLAGS, rollout::UNDO, FILES, DRY, OUT],
        rollout::undo,
    ),
];

static SET: &[Verb] = &[
    verb(
        "env",
        "Update environment variables on a pod template",
        TARGET,
        80,
        &[set::FLAGS, set::ENV, FILES, DRY, OUT],
        set::env,
    ),
    verb(
        "image",
        "Update the image of a pod template",
        TARGET,
        80,
        &[set::FLAGS, FILES, DRY, OUT, RECORD],
        set::image,
    ),
    verb(
        "resources",
        "Update resource requests/limits on objects with pod templates",
        TARGET,
        80,
        &[set::FLAGS, set::RESOURCES, FILES, DRY, OUT, RECORD],
        set::resources,
    ),
    verb(
        "selector",
        "Set the selector on a resource",
        TARGET,
        60,
        &[set::FLAGS, set::SELECTOR, FILES, DRY, OUT, RECORD],
        set::selector,
    ),
    Verb {
        aliases: &["sa"],
        ..verb(
            "serviceaccount",
            "Update the service account of a resource",
            TARGET,
            80,
            &[set::FLAGS, FILES, DRY, OUT, RECORD],
            set::service_account,
        )
    },
    verb(
        "subject",
        "Update the user, group, or service account in a role binding or cluster role binding",
        TARGET,
        80,
        &[set::FLAGS, set::SUBJECT, FILES, DRY, OUT],
        set::subject,
    ),
];

static TOP: &[Verb] = &[
    Verb {
        aliases: &["nodes", "no"],
        ..verb(
            "node",
            "Display resource (CPU/memory) usage of nodes",
            "[NAME | -l label]",
            60,
            &[info::TOP],
            top::nodes,
        )
    },
    Verb {
        aliases: &["pods", "po"],
        ..verb(
            "pod",
            "Display resource (CPU/memory) usage of pods",
            "[NAME | -l label]",
            60,
            &[info::TOP],
            top::pods,
        )
    },
];

static CERTIFICATE: &[Verb] = &[
    verb(
        "approve",
        "Approve a certificate signing request",
        "(-f FILENAME | NAME)",
        60,
        &[certificate::FLAGS, FILES, OUT],
        certificate::run,
    ),
    verb(
        "deny",
        "Deny a certificate signing request",
        "(-f FILENAME | NAME)",
        60,
        &[certificate::FLAGS, FILES, OUT],
        certificate::run,
    ),
];

static CLUSTER_INFO: &[Verb] = &[verb(
    "dump",
    "Dump relevant information for debugging and diagnosis",
    "",
    90,
    &[dump::DUMP],
    dump::run,
)];

static AUTH: &[Verb] = &[
    verb(
        "can-i",
        "Check whether an action is allowed",
        "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
        60,
        &[auth::CAN_I],
        auth::can_i,
    ),
    verb(
        "reconcile",
        "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
        "-f FILENAME",
        70,
        &[reconcile::FLAGS, FILES, DRY, OUT],
        reconcile::run,
    ),
    verb("whoami", "Experimental: Check self subject attributes", "", 60, &[OUT], auth::whoami),
];

static PLUGIN: &[Verb] = &[verb(
    "list",
    "List all visible plugin executables on a user's PATH",
    "",
    60,
    &[PLUGIN_LIST],
    plugin::list,
)];

const PLUGIN_LIST: &[Flag] = &[crate::kubectl::flags::switch("name-only", ' ')];

const fn config_verb(name: &'static str, about: &'static str, flags: Flags, run: Run) -> Verb {
    Verb { talks: false, ..verb(name, about, "", 50, flags, run) }
}

static CONFIG: &[Verb] = &[
    config_verb("current-context", "Display the current-context", &[], config::current),
    config_verb("delete-cluster", "Delete the specified cluster from the kubeconfig", &[], config::delete),
    config_verb("delete-context", "Delete the specified context from the kubeconfig", &[], config::delete),
    config_verb("delete-user", "Delete the specified user from the kubeconfig", &[], config::delete),
    config_verb("get-clusters", "Display clusters defined in the kubeconfig", &[], config::names),
    config_verb("get-contexts", "Describe one or many contexts", &[config::CONTEXTS], config::contexts),
    config_verb("get-users", "Display users defined in the kubeconfig", &[], config::names),
    config_verb("rename-context", "Rename a context from the kubeconfig file", &[], config::rename),
    config_verb("set", "Set an individual value in a kubeconfig file", &[config::SET_VALUE], config::set),
    config_verb("set-cluster", "Set a cluster entry in kubeconfig", &[config::CLUSTER], config::set_cluster),
    config_verb("set-context", "Set a context entry in kubeconfig", &[config::SET], config::set_context),
    config_verb(
        "set-credentials",
        "Set a user entry in kubeconfig",
        &[config::USER],
        config::set_credentials,
    ),
    config_verb("unset", "Unset an individual value in a kubeconfig file", &[], config::unset),
    Verb {
        aliases: &["use"],
        ..config_verb("use-context", "Set the current-context in a kubeconfig file", &[], config::use_context)
    },
    config_verb(
        "view",
        "Display merged kubeconfig settings or a specified kubeconfig file",
        &[config::VIEW, OUT],
        config::view,
    ),
];
