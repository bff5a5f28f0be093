//! `kubectl config`: shows and changes the configuration file.

use crate::api::{Value, yaml};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::kubeconfig::{load, path};
use crate::kubectl::print::table::Table;
use crate::kubectl::print::{self};
use crate::kubectl::verb::base64;

/// Flags of `view`.
pub const VIEW: &[Flag] =
    &[switch("minify", ' '), switch("raw", ' '), switch("flatten", ' '), switch("merge", ' ')];
/// Flags of `get-contexts`.
pub const CONTEXTS: &[Flag] = &[switch("no-headers", ' '), text("output", 'o', "")];
/// Flags of `set`.
pub const SET_VALUE: &[Flag] = &[switch("set-raw-bytes", ' ')];
/// Flags of `set-context`.
pub const SET: &[Flag] = &[switch("current", ' ')];

/// The configuration that the command line means.
pub fn config(cx: &mut Cx, args: &Args) -> Res<Value> {
    let env = cx.base.env.clone();
    let config = load(args, &env, cx.sys)?;
    Ok(if config.is_empty() { empty() } else { config })
}

/// What is shown and written to where there is no file yet.
fn empty() -> Value {
    crate::map! {
        "apiVersion" => "v1", "clusters" => Value::Null, "contexts" => Value::Null, "current-context" => "",
        "kind" => "Config", "users" => Value::Null,
    }
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
    let mut value = config(cx, args)?;
    if !args.is("raw") {
        omit_data(&mut value);
    }
    if args.is("minify") {
        let current = match args.value("context") {
            "" => value["current-context"].text(),
            given => given.into(),
        };
        let context = value["contexts"].find("name", &current).clone();
        if context.is_null() {
            return Err(Fail::Plain(format!("cannot locate context {current}")));
        }
        let keep = |list: &Value, name: &str| -> Value {
            let kept: Vec<Value> = list.items().iter().filter(|i| i["name"].str() == name).cloned().collect();
            if kept.is_empty() { Value::Null } else { Value::from(kept) }
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
    let value = config(cx, args)?;
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
    let value = config(cx, args)?;
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
    let value = config(cx, args)?;
    let field = if cx.base.path.ends_with("users") { "users" } else { "clusters" };
    let all: String = value[field].items().iter().map(|c| format!("{}\n", c["name"].str())).collect();
    cx.print(&format!("NAME\n{all}"));
    OK
}

/// `config set-context`.
pub fn set_context(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args)?;
    let name = match (args.rest.as_slice(), args.is("current")) {
        ([], true) => value["current-context"].str().to_string(),
        ([name], false) => name.clone(),
        ([_], true) => return Err("you cannot specify both a context name and --current".into()),
        ([], false) => return Err("you must specify a non-empty context name or --current".into()),
        _ => return Err(unexpected(cx, args)),
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
    let mut value = config(cx, args)?;
    let [name] = args.rest.as_slice() else {
        return Err(unexpected(cx, args));
    };
    if value["contexts"].find("name", name).is_null() {
        return Err(Fail::Plain(format!("no context exists with the name: {name:?}")));
    }
    value.set("current-context", name.as_str());
    save(cx, args, &value)?;
    cx.print(&format!("Switched to context {name:?}.\n"));
    OK
}

/// Prints the verb's help.
fn help(cx: &mut Cx) {
    let words: Vec<String> = cx.base.path.split(' ').skip(1).map(String::from).collect();
    let found = super::find(&words);
    let text = crate::kubectl::help::text(found.verb, &found.path);
    cx.print(&text);
}

/// The failure for a number of arguments that a verb does not take: its help, and the arguments.
pub fn unexpected(cx: &mut Cx, args: &Args) -> Fail {
    help(cx);
    let word = if cx.base.path.ends_with("credentials") { "unexpected" } else { "Unexpected" };
    Fail::Plain(format!("{word} args: [{}]", args.rest.join(" ")))
}

/// `config set`, `unset`, `rename-context`, `delete-context`, `delete-cluster`, `delete-user`.
pub fn edit(cx: &mut Cx, args: &Args) -> Outcome {
    let mut value = config(cx, args)?;
    let verb = cx.base.path.rsplit(' ').next().unwrap_or("").to_string();
    let text = match (verb.as_str(), args.rest.as_slice()) {
        ("set", [key, to]) => {
            let path = named_path(&value, key);
            let to = if !key.ends_with("-data") {
                to.clone()
            } else if args.is("set-raw-bytes") {
                base64::encode(to.as_bytes())
            } else {
                base64::decode(to).ok_or_else(|| Fail::from("illegal base64 data at input byte 0"))?;
                to.clone()
            };
            value.set(&path, to);
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
        ("delete-context" | "delete-cluster", _) => {
            help(cx);
            return OK;
        }
        _ => return Err(unexpected(cx, args)),
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
