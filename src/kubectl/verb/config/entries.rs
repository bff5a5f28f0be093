//! `kubectl config set-cluster` and `set-credentials`: entries of the kubeconfig file.

use super::store::{Store, part};
use super::{edit, unexpected};
use crate::api::Value;
use crate::kubectl::cx::{Cx, OK, Outcome, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, slice, switch, text};
use crate::kubectl::verb::base64;

/// Flags of `set-cluster` beyond the global ones that it writes down.
pub const CLUSTER: &[Flag] = &[switch("embed-certs", ' '), text("proxy-url", ' ', "")];
/// Flags of `set-credentials` beyond the global ones that it writes down.
pub const USER: &[Flag] = &[
    switch("embed-certs", ' '),
    text("auth-provider", ' ', ""),
    slice("auth-provider-arg", ' '),
    text("exec-command", ' ', ""),
    text("exec-api-version", ' ', ""),
    text("exec-interactive-mode", ' ', ""),
    switch("exec-provide-cluster-info", ' '),
    slice("exec-arg", ' '),
    array("exec-env", ' '),
];

/// The fields that are set, and (null) those that are cleared.
type Fields = Vec<(&'static str, Value)>;

/// Runs `set-cluster`.
pub fn set_cluster(cx: &mut Cx, args: &Args) -> Outcome {
    let [name] = args.rest.as_slice() else { return Err(unexpected(cx, args)) };
    if name.is_empty() {
        return Err("you must specify a non-empty cluster name".into());
    }
    let authority = args.value("certificate-authority");
    let insecure = args.is("insecure-skip-tls-verify");
    if insecure && !authority.is_empty() {
        return Err("you cannot specify a certificate authority and insecure mode at the same time".into());
    }
    let embed = args.is("embed-certs");
    if embed && authority.is_empty() {
        return Err("you must specify a --certificate-authority to embed".into());
    }
    let mut fields: Fields = Vec::new();
    for field in ["server", "tls-server-name", "proxy-url"] {
        if args.changed(field) {
            fields.push((field, Value::from(args.value(field))));
        }
    }
    if args.changed("insecure-skip-tls-verify") {
        fields.push(("insecure-skip-tls-verify", Value::from(insecure)));
        if insecure {
            fields.push(("certificate-authority", Value::Null));
            fields.push(("certificate-authority-data", Value::Null));
        }
    }
    let store = Store::open(cx, args)?;
    if args.changed("certificate-authority") {
        fields.push(("insecure-skip-tls-verify", Value::Null));
        let names = ("certificate-authority", "certificate-authority-data");
        file(cx, args, &store, names, &mut fields)?;
    }
    save(cx, store, "clusters", name, fields)?;
    cx.print(&format!("Cluster {name:?} set.\n"));
    OK
}

/// Runs `set-credentials`.
pub fn set_credentials(cx: &mut Cx, args: &Args) -> Outcome {
    let [name] = args.rest.as_slice() else { return Err(unexpected(cx, args)) };
    let (token, basic) = (
        !args.value("token").is_empty(),
        !args.value("username").is_empty() || !args.value("password").is_empty(),
    );
    let mode = args.value("exec-interactive-mode");
    if !matches!(mode, "" | "IfAvailable" | "Never" | "Always") {
        return Err("invalid interactive mode type, can be only IfAvailable, Never, Always".into());
    }
    if name.is_empty() {
        return Err("you must specify a non-empty user name".into());
    }
    if token && basic {
        return Err("you cannot specify more than one authentication method at the same time: --token, --username/--password".into());
    }
    let files = [("client-certificate", "client-certificate-data"), ("client-key", "client-key-data")];
    if args.is("embed-certs") && files.iter().all(|(f, _)| args.value(f).is_empty()) {
        return Err("you must specify a --client-certificate or --client-key to embed".into());
    }
    let store = Store::open(cx, args)?;
    let old = store.value["users"].find("name", name)["user"].clone();
    let mut fields: Fields = Vec::new();
    for names in files.into_iter().filter(|(f, _)| args.changed(f)) {
        file(cx, args, &store, names, &mut fields)?;
    }
    for field in ["token", "username", "password"] {
        if args.changed(field) {
            fields.push((field, Value::from(args.value(field))));
        }
    }
    if basic {
        fields.push(("token", Value::Null));
    } else if token {
        fields.extend([("username", Value::Null), ("password", Value::Null)]);
    }
    fields.push(("auth-provider", provider(args, &old["auth-provider"])));
    fields.push(("exec", exec(args, &old["exec"])));
    save(cx, store, "users", name, fields)?;
    cx.print(&format!("User {name:?} set.\n"));
    OK
}

/// `KEY=VALUE` and `KEY-`: what is set, and what is taken away.
fn pairs(given: &[String]) -> impl Iterator<Item = (&str, Option<&str>)> {
    given.iter().map(|word| match word.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (word.trim_end_matches('-'), None),
    })
}

fn provider(args: &Args, old: &Value) -> Value {
    let mut out = old.clone();
    let name = args.value("auth-provider");
    if !name.is_empty() && old["name"].str() != name {
        out = crate::map! { "config" => Value::map(), "name" => name };
    }
    if out.is_null() {
        return out;
    }
    for (key, value) in pairs(&args.values("auth-provider-arg")) {
        let config = out.slot("config").map_mut();
        match value {
            Some(value) => config.insert(key, value),
            None => {
                config.remove(key);
            }
        }
    }
    out
}

fn exec(args: &Args, old: &Value) -> Value {
    let mut out = old.clone();
    if args.changed("exec-command") {
        let env = if old.is_null() { Value::Null } else { old["env"].clone() };
        if out.is_null() {
            out = crate::map! { "provideClusterInfo" => false };
        }
        out.set("command", args.value("exec-command"));
        out.set("args", Value::Null);
        out.set("env", env);
    }
    if out.is_null() {
        return out;
    }
    for (flag, field) in [("exec-api-version", "apiVersion"), ("exec-interactive-mode", "interactiveMode")] {
        if args.changed(flag) {
            out.set(field, args.value(flag));
        }
    }
    if !args.values("exec-arg").is_empty() {
        out.set("args", args.values("exec-arg").iter().map(String::as_str).collect::<Value>());
    }
    if args.changed("exec-provide-cluster-info") {
        out.set("provideClusterInfo", args.is("exec-provide-cluster-info"));
    }
    let given = args.values("exec-env");
    if !given.is_empty() {
        let mut env = out["env"].items().to_vec();
        for (name, value) in pairs(&given) {
            let Some(value) = value else {
                env.retain(|e| e["name"].str() != name);
                continue;
            };
            match env.iter_mut().find(|e| e["name"].str() == name) {
                Some(entry) => entry.set("value", value),
                None => env.push(crate::map! { "name" => name, "value" => value }),
            }
        }
        out.set("env", Value::from(env));
    }
    out
}

/// A certificate or key: its path, or with `--embed-certs` what the file holds.
fn file(
    cx: &mut Cx,
    args: &Args,
    store: &Store,
    (path, data): (&'static str, &'static str),
    fields: &mut Fields,
) -> Res<()> {
    let given = args.value(path);
    if !args.is("embed-certs") {
        fields.push((path, Value::from(beside(cx, &store.default, given))));
        fields.push((data, Value::Null));
        return Ok(());
    }
    let bytes = cx.sys.read_file(given).map_err(|e| {
        Fail::Plain(format!("could not stat {path} file {given}: stat {given}: {}", lower(e.text())))
    })?;
    fields.push((path, Value::Null));
    fields.push((data, Value::from(base64::encode(&bytes))));
    Ok(())
}

/// A path as the file writes it: from its own directory where the other lies below that, else whole.
fn beside(cx: &Cx, config: &str, path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let cwd = cx.sys.cwd().to_string();
    let whole = |path: &str| {
        let joined = if path.starts_with('/') {
            path.to_string()
        } else {
            format!("{}/{path}", cwd.trim_end_matches('/'))
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in joined.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    };
    let path = whole(path);
    let config = whole(config);
    let dir = config.rsplit_once('/').map_or("", |(dir, _)| dir);
    match path.strip_prefix(&format!("{dir}/")) {
        Some(rest) => rest.to_string(),
        None => path,
    }
}

/// Writes fields into an entry, which is made if there is none.
fn save(cx: &mut Cx, store: Store, list: &'static str, name: &str, fields: Fields) -> Res<()> {
    let mut config = store.value.clone();
    if config[list].find("name", name).is_null() {
        let (part, _) = part(list);
        let mut entries = config[list].items().to_vec();
        entries.push(crate::map! { "name" => name, part => Value::map() });
        config.set(list, Value::from(entries));
    }
    for (field, value) in fields {
        edit::put(&mut config, list, name, field, value);
    }
    store.save(cx, &config)
}
