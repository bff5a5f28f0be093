//! `kubectl config set` and `unset` by a path of names, and the verbs that rename and delete entries.

use super::store::{Store, part};
use super::{Args, help, unexpected};
use crate::api::Value;
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::kubeconfig::LISTS;
use crate::kubectl::verb::base64;

/// What a field holds.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Text,
    Bytes,
    Truth,
}

/// The fields of entries that a path can name (clientcmd's types).
const FIELDS: &[(&str, &str, Holds)] = &[
    ("clusters", "server", Holds::Text),
    ("clusters", "tls-server-name", Holds::Text),
    ("clusters", "insecure-skip-tls-verify", Holds::Truth),
    ("clusters", "certificate-authority", Holds::Text),
    ("clusters", "certificate-authority-data", Holds::Bytes),
    ("clusters", "proxy-url", Holds::Text),
    ("clusters", "disable-compression", Holds::Truth),
    ("contexts", "cluster", Holds::Text),
    ("contexts", "user", Holds::Text),
    ("contexts", "namespace", Holds::Text),
    ("users", "client-certificate", Holds::Text),
    ("users", "client-certificate-data", Holds::Bytes),
    ("users", "client-key", Holds::Text),
    ("users", "client-key-data", Holds::Bytes),
    ("users", "token", Holds::Text),
    ("users", "tokenFile", Holds::Text),
    ("users", "as", Holds::Text),
    ("users", "as-uid", Holds::Text),
    ("users", "username", Holds::Text),
    ("users", "password", Holds::Text),
];

/// A path that was understood.
enum Step {
    /// A field of the configuration itself.
    Top(String, Holds),
    /// A list, or an entry of it.
    Entry(&'static str, Option<String>),
    /// A field of an entry.
    Field(&'static str, String, &'static str, Holds),
}

fn steps(key: &str) -> Res<Step> {
    let mut parts = key.split('.');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let Some(list) = LISTS.iter().find(|l| **l == first) else {
        return match (first, rest.as_slice()) {
            ("current-context", []) => Ok(Step::Top(key.into(), Holds::Text)),
            ("preferences", ["colors"]) => Ok(Step::Top(key.into(), Holds::Truth)),
            ("current-context", _) => {
                Err(Fail::Plain(format!("unable to parse one or more field values of {key}")))
            }
            _ => Err(Fail::Plain(format!("unable to parse {key} after [] at api.Config"))),
        };
    };
    if rest.is_empty() {
        return Ok(Step::Entry(list, None));
    }
    // A name may have dots: it goes on until a part that is a field's name.
    let field = |word: &str| FIELDS.iter().find(|(l, f, _)| l == list && *f == word);
    let end = rest.iter().skip(1).position(|p| field(p).is_some()).map_or(rest.len(), |at| at + 1);
    let name = rest[..end].join(".");
    match rest[end..].first().and_then(|p| field(p)) {
        None => Ok(Step::Entry(list, Some(name))),
        Some(_) if rest.len() > end + 1 => {
            Err(Fail::Plain(format!("unable to parse one or more field values of {key}")))
        }
        Some((_, field, holds)) => Ok(Step::Field(list, name, field, *holds)),
    }
}

/// A value as a field holds it.
fn held(args: &Args, holds: Holds, text: &str) -> Res<Value> {
    Ok(match holds {
        Holds::Text => Value::from(text),
        Holds::Bytes if args.is("set-raw-bytes") => Value::from(base64::encode(text.as_bytes())),
        Holds::Bytes => {
            let wrong = "error decoding input value: illegal base64 data at input byte 0";
            base64::decode(text).ok_or(Fail::from(wrong))?;
            Value::from(text)
        }
        Holds::Truth => match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Value::from(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Value::from(false),
            _ => {
                let text = format!("strconv.ParseBool: parsing {text:?}: invalid syntax");
                return Err(Fail::Plain(text));
            }
        },
    })
}

/// Sets a field of an entry, which is made if there is none.
pub fn put(config: &mut Value, list: &'static str, name: &str, field: &str, value: Value) {
    let (part, _) = part(list);
    let mut entries = config[list].items().to_vec();
    if !entries.iter().any(|e| e["name"].str() == name) {
        entries.push(crate::map! { "name" => name, part => Value::map() });
    }
    for entry in entries.iter_mut().filter(|e| e["name"].str() == name) {
        entry.slot(part).map_mut().insert(field, value.clone());
    }
    config.set(list, Value::from(entries));
}

fn remove(config: &mut Value, list: &'static str, name: &str) {
    let kept: Vec<Value> = config[list].items().iter().filter(|e| e["name"].str() != name).cloned().collect();
    config.set(list, Value::from(kept));
}

/// `config set`.
pub fn set(cx: &mut Cx, args: &Args) -> Outcome {
    let [key, to] = args.rest.as_slice() else { return Err(unexpected(cx, args)) };
    if to.is_empty() {
        return Err("you cannot use set to unset a property".into());
    }
    let store = Store::open(cx, args)?;
    let mut config = store.value.clone();
    match steps(key)? {
        Step::Top(path, holds) => config.set(&path, held(args, holds, to)?),
        Step::Field(list, name, field, holds) => {
            put(&mut config, list, &name, field, held(args, holds, to)?);
        }
        Step::Entry(list, _) => {
            // Go prints the map with the addresses of its entries.
            let names = config[list].items().iter().enumerate();
            let shown: Vec<String> = names
                .map(|(i, e)| format!("{}:0x{:x}", e["name"].str(), 0xc0_0041_0000_u64 + 128 * i as u64))
                .collect();
            return Err(Fail::Plain(format!("can't set a map to a value: map[{}]", shown.join(" "))));
        }
    }
    store.save(cx, &config)?;
    cx.print(&format!("Property {key:?} set.\n"));
    OK
}

/// `config unset`.
pub fn unset(cx: &mut Cx, args: &Args) -> Outcome {
    let [key] = args.rest.as_slice() else { return Err(unexpected(cx, args)) };
    let store = Store::open(cx, args)?;
    let mut config = store.value.clone();
    match steps(key)? {
        Step::Top(path, _) => config.set(&path, Value::Null),
        Step::Entry(list, None) => config.set(list, Value::Null),
        Step::Entry(list, Some(name)) => remove(&mut config, list, &name),
        Step::Field(list, name, field, _) => {
            if config[list].find("name", &name).is_null() {
                return Err(Fail::Plain(format!("current map key `{name}` is invalid")));
            }
            put(&mut config, list, &name, field, Value::Null);
        }
    }
    store.save(cx, &config)?;
    cx.print(&format!("Property {key:?} unset.\n"));
    OK
}

/// `config rename-context`.
pub fn rename(cx: &mut Cx, args: &Args) -> Outcome {
    let [from, to] = args.rest.as_slice() else { return Err(unexpected(cx, args)) };
    if to.is_empty() {
        return Err("You must specify a new non-empty context name".into());
    }
    let store = Store::open(cx, args)?;
    let mut config = store.value.clone();
    let file = &store.default;
    let found = config["contexts"].find("name", from).clone();
    if found.is_null() {
        return Err(Fail::Plain(format!("cannot rename the context {from:?}, it's not in {file}")));
    }
    if config["contexts"].find("name", to).is_some() {
        return Err(Fail::Plain(format!(
            "cannot rename the context {from:?}, the context {to:?} already exists in {file}"
        )));
    }
    remove(&mut config, "contexts", from);
    for (field, value) in found["context"].entries() {
        put(&mut config, "contexts", to, field, value.clone());
    }
    if config["current-context"].str() == from {
        config.set("current-context", to.as_str());
    }
    store.save(cx, &config)?;
    cx.print(&format!("Context {from:?} renamed to {to:?}.\n"));
    OK
}

/// `config delete-context`, `delete-cluster` and `delete-user`.
pub fn delete(cx: &mut Cx, args: &Args) -> Outcome {
    let what = cx.base.path.rsplit("delete-").next().unwrap_or_default().to_string();
    let list = match what.as_str() {
        "context" => "contexts",
        "cluster" => "clusters",
        _ => "users",
    };
    let [name] = args.rest.as_slice() else {
        if list == "users" {
            return Err(Fail::Usage("user to delete is required".into()));
        }
        help(cx);
        return OK;
    };
    let store = Store::open(cx, args)?;
    let mut config = store.value.clone();
    let file = store.default.clone();
    if config[list].find("name", name).is_null() {
        return Err(Fail::Plain(format!("cannot delete {what} {name}, not in {file}")));
    }
    if list == "contexts" && config["current-context"].str() == name {
        cx.eprint("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n");
    }
    remove(&mut config, list, name);
    store.save(cx, &config)?;
    cx.print(&format!("deleted {what} {name} from {file}\n"));
    OK
}
