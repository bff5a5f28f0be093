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

/// The files with the configuration, the most important first: that of the flag, those of `KUBECONFIG`, or
/// the one at home.
pub fn paths(args: &Args, env: &[(Text, Text)]) -> Vec<String> {
    let of = |name: &str| env.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
    let given = args.value("kubeconfig");
    if !given.is_empty() {
        return vec![given.to_string()];
    }
    let listed = of("KUBECONFIG").unwrap_or_default();
    let mut all: Vec<String> = Vec::new();
    for path in listed.split(':').filter(|p| !p.is_empty()) {
        if !all.iter().any(|p| p == path) {
            all.push(path.to_string());
        }
    }
    if all.is_empty() {
        all.push(format!("{}/.kube/config", of("HOME").unwrap_or_else(|| "/root".into())));
    }
    all
}

/// The file that takes what has no file yet: the first that exists, or the last.
pub fn path(args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> String {
    let mut all = paths(args, env);
    let found = all.iter().position(|p| sys.stat(p).is_ok());
    let last = all.len() - 1;
    all.swap_remove(found.unwrap_or(last))
}

/// The configuration of one file; null if there is none.
///
/// # Errors
/// Says what is wrong with the file.
pub fn read(file: &str, sys: &mut dyn Sys) -> Res<Value> {
    let Ok(bytes) = sys.read_file(file) else { return Ok(Value::Null) };
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

/// The configuration as it stands in the files; null if there is none. The first file that has an entry, or a
/// value, wins.
///
/// # Errors
/// Says what is wrong with a file.
pub fn load(args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> Res<Value> {
    let mut merged = Value::Null;
    for file in paths(args, env) {
        let next = read(&file, sys)?;
        merged = if merged.is_null() { next } else { merge(merged, &next) };
    }
    Ok(merged)
}

fn merge(mut first: Value, second: &Value) -> Value {
    for list in LISTS {
        let mut entries = first[*list].items().to_vec();
        let new =
            second[*list].items().iter().filter(|e| first[*list].find("name", e["name"].str()).is_null());
        entries.extend(new.cloned());
        if !entries.is_empty() {
            first.set(list, Value::from(entries));
        }
    }
    for (field, value) in second.entries().filter(|(f, _)| !LISTS.contains(&f.as_str())) {
        if first.get(field).is_empty() {
            first.set(field, value.clone());
        }
    }
    first
}

/// The lists of named entries.
pub const LISTS: &[&str] = &["clusters", "contexts", "users"];

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
