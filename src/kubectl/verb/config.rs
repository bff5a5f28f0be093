//! `kubectl config`, and the context's namespace for everybody else.

use crate::api::{Text, Value, yaml};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::table::Table;
use crate::kubectl::print::{self};
use crate::os::Sys;

/// Flags of `view`.
pub const VIEW: &[Flag] =
    &[switch("minify", ' '), switch("raw", ' '), switch("flatten", ' '), switch("merge", ' ')];
/// Flags of `get-contexts`.
pub const CONTEXTS: &[Flag] = &[switch("no-headers", ' '), text("output", 'o', "")];
/// Flags of `set-context`.
pub const SET: &[Flag] = &[switch("current", ' ')];

/// The name of the context where there is no configuration file.
const NAME: &str = "kubernetes-admin@kubernetes";

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

fn load(args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> Value {
    let bytes = sys.read_file(&path(args, env)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let read = yaml::read_value(&text, yaml::Limits::default()).unwrap_or_default();
    if read.as_map().is_some() { read } else { standard() }
}

/// The configuration of the cluster's administrator.
fn standard() -> Value {
    crate::map! {
        "apiVersion" => "v1",
        "clusters" => crate::list![crate::map! {
            "cluster" => crate::map! {
                "certificate-authority-data" => "DATA+OMITTED",
                "server" => "https://192.168.10.10:6443",
            },
            "name" => "kubernetes",
        }],
        "contexts" => crate::list![crate::map! {
            "context" => crate::map! { "cluster" => "kubernetes", "user" => "kubernetes-admin" },
            "name" => NAME,
        }],
        "current-context" => NAME,
        "kind" => "Config",
        "users" => crate::list![crate::map! {
            "name" => "kubernetes-admin",
            "user" => crate::map! {
                "client-certificate-data" => "DATA+OMITTED",
                "client-key-data" => "DATA+OMITTED",
            },
        }],
    }
}

/// The namespace of the context that the command line or the file names.
pub fn context_namespace(args: &Args, env: &[(Text, Text)], sys: &mut dyn Sys) -> String {
    let config = load(args, env, sys);
    let name = match args.value("context") {
        "" => config["current-context"].str(),
        given => given,
    };
    let namespace = config["contexts"].find("name", name).at("context.namespace").str();
    if namespace.is_empty() { "default".into() } else { namespace.to_string() }
}

/// The configuration that the command line means.
pub fn config(cx: &mut Cx, args: &Args) -> Value {
    let env = cx.base.env.clone();
    load(args, &env, cx.sys)
}

/// Writes the configuration back.
pub fn save(cx: &mut Cx, args: &Args, value: &Value) -> Res<()> {
    let file = path(args, &cx.base.env);
    if let Some((dir, _)) = file.rsplit_once('/') {
        let _ = cx.sys.mkdir(dir, 0o755);
    }
    let text = yaml::print(value);
    cx.sys
        .write_file(&file, text.as_bytes(), false)
        .map_err(|e| Fail::Plain(format!("open {file}: {}", crate::kubectl::cx::lower(e.text()))))
}

/// Hides certificates and keys, as `config view` does without `--raw`.
fn omit_data(value: &mut Value) {
    for (list, part) in [("clusters", "cluster"), ("users", "user")] {
        for i in 0..value[list].items().len() {
            let Value::Map(fields) = value.at(&format!("{list}.{i}.{part}")).clone() else { continue };
            for (name, held) in fields.iter() {
                let shown = if name.ends_with("-data") { "DATA+OMITTED" } else { "REDACTED" };
                if held.is_some() && (name.ends_with("-data") || name.as_str() == "token") {
                    value.set(&format!("{list}.{i}.{part}.{name}"), shown);
                }
            }
        }
    }
}

/// `config view`.
pub fn view(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args);
    if !args.is("raw") {
        omit_data(&mut value);
    }
    if args.is("minify") {
        let current = value["current-context"].text();
        let context = value["contexts"].find("name", &current).clone();
        let keep = |list: &Value, name: &str| -> Value {
            list.items().iter().filter(|i| i["name"].str() == name).cloned().collect()
        };
        let (cluster, user) = (context.at("context.cluster").text(), context.at("context.user").text());
        let (clusters, users) = (keep(&value["clusters"], &cluster), keep(&value["users"], &user));
        value.set("contexts", crate::list![context]);
        value.set("clusters", clusters);
        value.set("users", users);
    }
    let format = match print::format(cx, args, print::MADE)? {
        print::Format::Human => print::Format::Yaml,
        other => other,
    };
    let text = print::value(&value, &format, false)?;
    cx.print(&text);
    OK
}

/// `config current-context`.
pub fn current(cx: &mut Cx, args: &Args) -> Outcome {
    let value = config(cx, args);
    match value["current-context"].str() {
        "" => Err("current-context is not set".into()),
        name => {
            cx.print(&format!("{name}\n"));
            OK
        }
    }
}

/// `config get-contexts`.
pub fn contexts(cx: &mut Cx, args: &Args) -> Outcome {
    let value = config(cx, args);
    let current = value["current-context"].text();
    if args.value("output") == "name" {
        let names: String =
            value["contexts"].items().iter().map(|c| format!("{}\n", c["name"].str())).collect();
        cx.print(&names);
        return OK;
    }
    let mut table = Table::default();
    let row = |cells: [&str; 5]| cells.iter().map(|c| c.to_string()).collect();
    if !args.is("no-headers") {
        table.row(row(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]));
    }
    let mut fails = Vec::new();
    for wanted in &args.rest {
        if value["contexts"].find("name", wanted).is_null() {
            fails.push(Fail::Plain(format!("context {wanted} not found")));
        }
    }
    for item in value["contexts"].items() {
        let name = item["name"].str();
        if !args.rest.is_empty() && !args.rest.iter().any(|r| r == name) {
            continue;
        }
        let mark = if name == current.as_str() { "*" } else { "" };
        let of = |field: &str| item.at("context").get(field).str().to_string();
        table.row(row([mark, name, &of("cluster"), &of("user"), &of("namespace")]));
    }
    let text = table.take();
    cx.print(&text);
    Fail::join(fails)?;
    OK
}

/// `config get-clusters` and `get-users`.
pub fn names(cx: &mut Cx, args: &Args) -> Outcome {
    let value = config(cx, args);
    let field = if cx.base.path.ends_with("users") { "users" } else { "clusters" };
    let all: String = value[field].items().iter().map(|c| format!("{}\n", c["name"].str())).collect();
    cx.print(&format!("NAME\n{all}"));
    OK
}

/// `config set-context`.
pub fn set_context(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args);
    let name = match (args.rest.as_slice(), args.is("current")) {
        ([], true) => value["current-context"].str().to_string(),
        ([name], false) => name.clone(),
        ([_], true) => return Err("you cannot specify both a context name and --current".into()),
        _ => return Err(Fail::Usage(format!("unexpected args: {:?}", args.rest))),
    };
    let known = value["contexts"].find("name", &name).is_some();
    let mut contexts: Vec<Value> = value["contexts"].items().to_vec();
    if !known {
        contexts.push(
            crate::map! { "context" => crate::map! { "cluster" => "", "user" => "" }, "name" => &name },
        );
    }
    for item in contexts.iter_mut().filter(|c| c["name"].str() == name) {
        for (flag, field) in [("namespace", "namespace"), ("cluster", "cluster"), ("user", "user")] {
            if args.changed(flag) {
                item.slot("context").map_mut().insert(field, args.value(flag));
            }
        }
    }
    value.set("contexts", Value::from(contexts));
    save(cx, args, &value)?;
    let word = if known { "modified" } else { "created" };
    cx.print(&format!("Context {name:?} {word}.\n"));
    OK
}

/// `config use-context`.
pub fn use_context(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args);
    let [name] = args.rest.as_slice() else {
        return Err(Fail::Usage(format!("unexpected args: [{}]", args.rest.join(" "))));
    };
    if value["contexts"].find("name", name).is_null() {
        return Err(Fail::Plain(format!("no context exists with the name: {name:?}")));
    }
    value.set("current-context", name.as_str());
    save(cx, args, &value)?;
    cx.print(&format!("Switched to context {name:?}.\n"));
    OK
}

/// `config set`, `unset`, `rename-context`, `delete-context`, `delete-cluster`, `delete-user`.
pub fn edit(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args);
    let verb = cx.base.path.rsplit(' ').next().unwrap_or("").to_string();
    let text = match (verb.as_str(), args.rest.as_slice()) {
        ("set", [key, to]) => {
            let path = named_path(&value, key);
            value.set(&path, to.as_str());
            format!("Property {key:?} set.\n")
        }
        ("unset", [key]) => {
            let path = named_path(&value, key);
            value.remove(&path);
            format!("Property {key:?} unset.\n")
        }
        ("delete-context", [name]) => {
            if value["contexts"].find("name", name).is_null() {
                return Err(Fail::Plain(format!(
                    "cannot delete context {name}, not in {}",
                    path(args, &cx.base.env)
                )));
            }
            let kept: Value =
                value["contexts"].items().iter().filter(|c| c["name"].str() != name).cloned().collect();
            value.set("contexts", kept);
            format!("deleted context {name} from {}\n", path(args, &cx.base.env))
        }
        ("delete-cluster" | "delete-user", [name]) => {
            let what = verb.trim_start_matches("delete-");
            let list = if what == "user" { "users" } else { "clusters" };
            let file = path(args, &cx.base.env);
            if value[list].find("name", name).is_null() {
                return Err(Fail::Plain(format!("cannot delete {what} {name}, not in {file}")));
            }
            let kept: Value =
                value[list].items().iter().filter(|c| c["name"].str() != name).cloned().collect();
            value.set(list, kept);
            format!("deleted {what} {name} from {file}\n")
        }
        ("delete-user", _) => return Err(Fail::Usage("user to delete is required".into())),
        ("rename-context", [from, to]) => {
            if value["contexts"].find("name", from).is_null() {
                return Err(Fail::Plain(format!(
                    "cannot rename the context {from:?}, it's not in {}",
                    path(args, &cx.base.env)
                )));
            }
            let mut all = value["contexts"].items().to_vec();
            for c in all.iter_mut().filter(|c| c["name"].str() == from) {
                c.set("name", to.as_str());
            }
            value.set("contexts", Value::from(all));
            if value["current-context"].str() == from {
                value.set("current-context", to.as_str());
            }
            format!("Context {from:?} renamed to {to:?}.\n")
        }
        _ => return Err(Fail::Usage(format!("unexpected args: [{}]", args.rest.join(" ")))),
    };
    save(cx, args, &value)?;
    cx.print(&text);
    OK
}

/// `contexts.NAME.namespace` as a path into the lists of the file.
fn named_path(config: &Value, key: &str) -> String {
    let Some((list, rest)) = key.split_once('.') else { return key.to_string() };
    let at = config[list].items().iter().position(|i| rest.starts_with(&format!("{}.", i["name"].str())));
    match at {
        Some(i) => {
            let name = config[list][i]["name"].str();
            let inner = list.trim_end_matches('s');
            format!("{list}.{i}.{inner}.{}", &rest[name.len() + 1..])
        }
        None => key.to_string(),
    }
}
