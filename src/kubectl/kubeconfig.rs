//! The configuration file: which cluster, user and namespace a command line means, and what is wrong with
//! what it names. There is one cluster; a server of another address is one where nobody listens.

use crate::api::{Text, Value, yaml};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::os::Sys;

/// What is dialled where no configuration names a server.
pub const NOWHERE: &str = "http://localhost:8080";

/// Verbs that ask for the namespace before anything else, which words what is wrong with a context or a
/// cluster in another way.
const NAMESPACE_FIRST: &[&str] = &[
    "annotate",
    "attach",
    "cp",
    "debug",
    "delete",
    "describe",
    "edit",
    "events",
    "exec",
    "get",
    "label",
    "logs",
    "patch",
    "port-forward",
    "rollout",
    "scale",
    "set",
    "taint",
];

/// The file with the configuration.
pub fn path(args: &Args, env: &[(Text, Text)]) -> String {
    let of = |name: &str| env.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
    match args.value("kubeconfig") {
        "" => of("KUBECONFIG")
            .filter(|p| !p.is_empty())
            .map(|p| p.split(':').next().unwrap_or("").to_string())
            .unwrap_or_else(|| format!("{}/.kube/config", of("HOME").unwrap_or_else(|| "/root".into()))),
        given => given.to_string(),
    }
}

/// The configuration as it stands in the file; null if there is none.
///
/// # Errors
/// Says what is wrong with the file.
pub fn load(args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> Res<Value> {
    let file = path(args, env);
    let Ok(bytes) = sys.read_file(&file) else { return Ok(Value::Null) };
    let text = String::from_utf8_lossy(&bytes);
    let wrong = |why: String| Fail::Plain(format!("error loading config file {file:?}: {why}"));
    let read = yaml::read_value(&text, yaml::Limits::default()).map_err(|e| wrong(e.message))?;
    let (version, kind) = (read["apiVersion"].str(), read["kind"].str());
    if (!version.is_empty() || !kind.is_empty()) && (version, kind) != ("v1", "Config") {
        return Err(wrong(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50\""
        )));
    }
    Ok(read)
}

/// What a command line means by its flags and the configuration.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The namespace of the context.
    pub namespace: String,
    /// Where the server is said to be.
    pub server: String,
}

/// Finds out what the verb `path` (`kubectl get`) talks to.
///
/// # Errors
/// Says what the flags name that the configuration lacks.
pub fn target(verb: &str, args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> Res<Target> {
    let given = args.value("kubeconfig");
    let config = load(args, env, sys)?;
    if !given.is_empty() && config.is_null() {
        return Err(Fail::Plain(format!("stat {given}: no such file or directory")));
    }
    let early = NAMESPACE_FIRST.contains(&verb.split(' ').nth(1).unwrap_or_default());
    let name = chosen(args.value("context"), config["current-context"].str());
    let found = config["contexts"].find("name", name);
    if found.is_null() && !name.is_empty() {
        return Err(if early || args.value("context").is_empty() {
            let why = format!("context was not found for specified context: {name}");
            Fail::Raw(format!("Error in configuration: {why}"))
        } else {
            Fail::Plain(format!("context {name:?} does not exist"))
        });
    }
    // Verbs about bindings have a `--user` of their own.
    let user = if args.has_several("user") { "" } else { args.value("user") };
    if !user.is_empty() && config["users"].find("name", user).is_null() {
        return Err(Fail::Plain(format!("auth info {user:?} does not exist")));
    }
    let wanted = args.value("cluster");
    let cluster = config["clusters"].find("name", chosen(wanted, found.at("context.cluster").str()));
    if !wanted.is_empty() && cluster.is_null() {
        return Err(Fail::Plain(if early {
            format!("no server found for cluster {wanted:?}")
        } else {
            format!("cluster {wanted:?} does not exist")
        }));
    }
    let server = chosen(args.value("server"), chosen(cluster.at("cluster.server").str(), NOWHERE));
    let namespace = chosen(found.at("context.namespace").str(), "default");
    Ok(Target { namespace: namespace.into(), server: server.into() })
}

fn chosen<'a>(given: &'a str, otherwise: &'a str) -> &'a str {
    if given.is_empty() { otherwise } else { given }
}
