//! `kubectl config set-cluster` and `set-credentials`: entries of the kubeconfig file.

use super::base64;
use super::config::{config, save, unexpected};
use crate::api::Value;
use crate::kubectl::cx::{Cx, OK, Outcome, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};

/// Flags of `set-cluster` beyond the global ones that it writes down.
pub const CLUSTER: &[Flag] = &[switch("embed-certs", ' '), text("proxy-url", ' ', "")];
/// Flags of `set-credentials` beyond the global ones that it writes down.
pub const USER: &[Flag] = &[switch("embed-certs", ' ')];

/// Runs `set-cluster`.
pub fn set_cluster(cx: &mut Cx, args: &Args) -> Outcome {
    let fields = [
        ("server", "server"),
        ("tls-server-name", "tls-server-name"),
        ("proxy-url", "proxy-url"),
        ("certificate-authority", "certificate-authority"),
    ];
    let mut changes = given(cx, args, &fields)?;
    if args.changed("insecure-skip-tls-verify") {
        changes.set("insecure-skip-tls-verify", args.is("insecure-skip-tls-verify"));
    }
    put(cx, args, "clusters", "cluster", &changes)?;
    cx.print(&format!("Cluster {:?} set.\n", args.rest[0]));
    OK
}

/// Runs `set-credentials`.
pub fn set_credentials(cx: &mut Cx, args: &Args) -> Outcome {
    if args.changed("token") && (args.changed("username") || args.changed("password")) {
        return Err("you cannot specify more than one authentication method at the same time: --token or --username/--password".into());
    }
    let fields = [
        ("token", "token"),
        ("username", "username"),
        ("password", "password"),
        ("client-certificate", "client-certificate"),
        ("client-key", "client-key"),
    ];
    let changes = given(cx, args, &fields)?;
    put(cx, args, "users", "user", &changes)?;
    cx.print(&format!("User {:?} set.\n", args.rest[0]));
    OK
}

/// The fields that flags give; files are read where `--embed-certs` asks for it.
fn given(cx: &mut Cx, args: &Args, fields: &[(&str, &'static str)]) -> Res<Value> {
    if args.rest.len() != 1 {
        return Err(unexpected(cx, args));
    }
    let mut out = Value::map();
    for (flag, field) in fields.iter().filter(|(f, _)| args.changed(f)) {
        let value = args.value(flag);
        let is_file = field.starts_with("client-") || field.starts_with("certificate-");
        if is_file && args.is("embed-certs") {
            let bytes = cx.sys.read_file(value).map_err(|e| {
                Fail::Plain(format!("could not stat {flag} file {value}: stat {value}: {}", lower(e.text())))
            })?;
            out.set(&format!("{field}-data"), base64::encode(&bytes));
        } else {
            out.set(field, value);
        }
    }
    Ok(out)
}

/// Writes fields into an entry, which is made if there is none.
fn put(cx: &mut Cx, args: &Args, list: &'static str, part: &'static str, changes: &Value) -> Res<()> {
    let mut value = config(cx, args)?;
    let name = &args.rest[0];
    let mut entries = value[list].items().to_vec();
    if !entries.iter().any(|e| e["name"].str() == name) {
        entries.push(crate::map! { "name" => name, part => Value::map() });
    }
    for entry in entries.iter_mut().filter(|e| e["name"].str() == name) {
        for (field, v) in changes.entries() {
            entry.slot(part).map_mut().insert(field, v);
        }
    }
    value.set(list, Value::from(entries));
    save(cx, args, &value)
}
