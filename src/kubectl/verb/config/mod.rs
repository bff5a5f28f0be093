//! `kubectl config`: shows and changes the configuration file.

mod edit;
mod entries;
mod store;

pub use edit::{delete, rename, set, unset};
pub use entries::{CLUSTER, USER, set_cluster, set_credentials};

use crate::api::Value;
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, on, switch, text};
use crate::kubectl::print;
use crate::kubectl::print::table::Table;
use crate::kubectl::verb::base64;
use store::Store;

/// Flags of `view`.
pub const VIEW: &[Flag] = &[switch("minify", ' '), switch("raw", ' '), switch("flatten", ' '), on("merge")];
/// Flags of `get-contexts`.
pub const CONTEXTS: &[Flag] = &[switch("no-headers", ' '), text("output", 'o', "")];
/// Flags of `set`.
pub const SET_VALUE: &[Flag] = &[switch("set-raw-bytes", ' ')];
/// Flags of `set-context`.
pub const SET: &[Flag] = &[switch("current", ' ')];

/// Hides certificates and keys, as `config view` does without `--raw`.
fn omit_data(value: &mut Value) {
    for (list, part) in [("clusters", "cluster"), ("users", "user")] {
        for i in 0..value[list].items().len() {
            let Value::Map(fields) = value.at(&format!("{list}.{i}.{part}")).clone() else { continue };
            for (name, held) in fields.iter() {
                let shown = if name.ends_with("-data") { "DATA+OMITTED" } else { "REDACTED" };
                if held.is_some()
                    && (name.ends_with("-data") || matches!(name.as_str(), "token" | "password"))
                {
                    value.set(&format!("{list}.{i}.{part}.{name}"), shown);
                }
            }
        }
    }
}

/// `config view`.
pub fn view(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("unexpected arguments: [{}]", args.rest.join(" "))));
    }
    let format = match print::format(cx, args, print::MADE)? {
        print::Format::Human => print::Format::Yaml,
        other => other,
    };
    if args.changed("merge") && !args.is("merge") && args.value("kubeconfig").is_empty() {
        return Err("if merge==false a precise file must be specified".into());
    }
    let mut value = Store::open(cx, args)?.value;
    if args.is("minify") {
        if !args.value("context").is_empty() {
            value.set("current-context", args.value("context"));
        }
        value = minified(&value)?;
    }
    if args.is("flatten") {
        flatten(cx, args, &mut value)?;
    } else if !args.is("raw") {
        omit_data(&mut value);
    }
    let text = match format {
        print::Format::Name => "config/<unknown>\n".to_string(),
        print::Format::Json => super::order::config_json(&value),
        format => print::value(&value, &format, false)?,
    };
    cx.print(&text);
    OK
}

/// What the current context needs, and nothing else.
fn minified(value: &Value) -> Res<Value> {
    let current = value["current-context"].str();
    if current.is_empty() {
        return Err("current-context must exist in order to minify".into());
    }
    let context = value["contexts"].find("name", current);
    if context.is_null() {
        return Err(Fail::Plain(format!("cannot locate context {current}")));
    }
    let mut out = value.clone();
    out.set("contexts", crate::list![context]);
    for (list, what) in [("clusters", "cluster"), ("users", "user")] {
        let name = context["context"][what].str();
        let entry = value[list].find("name", name);
        if !name.is_empty() && entry.is_null() {
            return Err(Fail::Plain(format!("cannot locate {what} {name}")));
        }
        out.set(list, if entry.is_null() { Value::Null } else { crate::list![entry] });
    }
    Ok(out)
}

/// Puts what files hold in the place of their paths.
fn flatten(cx: &mut Cx, args: &Args, value: &mut Value) -> Res<()> {
    let file = Store::open(cx, args)?.default;
    let dir = file.rsplit_once('/').map_or(".", |(dir, _)| dir).to_string();
    let paths = ["certificate-authority", "client-certificate", "client-key"];
    for (list, part) in [("clusters", "cluster"), ("users", "user")] {
        for i in 0..value[list].items().len() {
            for field in paths {
                let at = format!("{list}.{i}.{part}.{field}");
                let path = value.at(&at).str().to_string();
                if path.is_empty() {
                    continue;
                }
                let whole = if path.starts_with('/') { path } else { format!("{dir}/{path}") };
                let bytes = cx.sys.read_file(&whole).map_err(|e| {
                    Fail::Plain(format!("open {whole}: {}", crate::kubectl::cx::lower(e.text())))
                })?;
                value.remove(&at);
                value.set(&format!("{at}-data"), base64::encode(&bytes));
            }
        }
    }
    Ok(())
}

/// `config current-context`.
pub fn current(cx: &mut Cx, args: &Args) -> Outcome {
    let value = Store::open(cx, args)?.value;
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
    let value = Store::open(cx, args)?.value;
    let current = value["current-context"].text();
    let output = args.value("output");
    if !matches!(output, "" | "name" | "wide") {
        return Err(Fail::Plain(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    if output == "name" {
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
    let value = Store::open(cx, args)?.value;
    let field = if cx.base.path.ends_with("users") { "users" } else { "clusters" };
    let all: String = value[field].items().iter().map(|c| format!("{}\n", c["name"].str())).collect();
    cx.print(&format!("NAME\n{all}"));
    OK
}

/// `config set-context`.
pub fn set_context(cx: &mut Cx, args: &Args) -> Outcome {
    let store = Store::open(cx, args)?;
    let mut value = store.value.clone();
    let name = match (args.rest.as_slice(), args.is("current")) {
        ([], true) if value["current-context"].is_empty() => return Err("no current context is set".into()),
        ([], true) => value["current-context"].str().to_string(),
        ([name], false) if !name.is_empty() => name.clone(),
        ([_], true) => return Err("you cannot specify both a context name and --current".into()),
        ([_] | [], false) => return Err("you must specify a non-empty context name or --current".into()),
        _ => return Err(unexpected(cx, args)),
    };
    let known = value["contexts"].find("name", &name).is_some();
    if !known {
        edit::put(&mut value, "contexts", &name, "cluster", Value::from(""));
    }
    for field in ["namespace", "cluster", "user"] {
        if args.changed(field) {
            edit::put(&mut value, "contexts", &name, field, Value::from(args.value(field)));
        }
    }
    store.save(cx, &value)?;
    let word = if known { "modified" } else { "created" };
    cx.print(&format!("Context {name:?} {word}.\n"));
    OK
}

/// `config use-context`.
pub fn use_context(cx: &mut Cx, args: &Args) -> Outcome {
    let [name] = args.rest.as_slice() else {
        return Err(unexpected(cx, args));
    };
    if name.is_empty() {
        return Err("empty context names are not allowed".into());
    }
    let store = Store::open(cx, args)?;
    let mut value = store.value.clone();
    if value["contexts"].find("name", name).is_null() {
        return Err(Fail::Plain(format!("no context exists with the name: {name:?}")));
    }
    value.set("current-context", name.as_str());
    store.save(cx, &value)?;
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
