//! The order of fields in the JSON of objects that kubectl has made itself: that of the Go types, while
//! everything that comes from the server is sorted by name.

use crate::api::{Value, json};
use crate::collections::Order;

/// Field names in the order of the Go types; fields of one type never stand in another order here.
const ORDER: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "labels",
    "annotations",
    "ownerReferences",
    "spec",
    "immutable",
    "data",
    "binaryData",
    "stringData",
    "type",
    "hard",
    "scopes",
    "schedule",
    "timeZone",
    "startingDeadlineSeconds",
    "concurrencyPolicy",
    "suspend",
    "jobTemplate",
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "replicas",
    "selector",
    "template",
    "strategy",
    "volumes",
    "initContainers",
    "containers",
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "protocol",
    "port",
    "targetPort",
    "nodePort",
    "containerPort",
    "envFrom",
    "env",
    "value",
    "resources",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "dnsPolicy",
    "nodeSelector",
    "serviceAccountName",
    "clusterIP",
    "externalName",
    "stdin",
    "stdinOnce",
    "tty",
    "imagePullPolicy",
    "status",
];

/// The same for the configuration file.
const CONFIG: &[&str] = &[
    "kind",
    "apiVersion",
    "preferences",
    "clusters",
    "users",
    "contexts",
    "current-context",
    "name",
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority",
    "certificate-authority-data",
    "proxy-url",
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "username",
    "password",
    "cluster",
    "user",
    "namespace",
    "auth-provider",
    "exec",
    "command",
    "args",
    "env",
];

/// Indented JSON of an object that kubectl has made.
pub fn json(value: &Value) -> String {
    ordered(value, ORDER)
}

/// Indented JSON of a configuration.
pub fn config_json(value: &Value) -> String {
    ordered(value, CONFIG)
}

fn ordered(value: &Value, order: &[&str]) -> String {
    let mut out = String::new();
    node(value, 0, order, &mut out);
    out.push('\n');
    out
}

fn node(value: &Value, depth: usize, order: &[&str], out: &mut String) {
    let rank = |key: &str| order.iter().position(|o| *o == key).unwrap_or(order.len());
    let pad = "    ".repeat(depth + 1);
    let close = "    ".repeat(depth);
    match value {
        Value::Map(m) if !m.is_empty() => {
            let mut entries: Vec<_> = value.entries().collect();
            entries.order_by_key(|(k, _)| rank(k));
            out.push_str("{\n");
            for (i, (k, v)) in entries.iter().enumerate() {
                out.push_str(&format!("{}{pad}{}: ", if i > 0 { ",\n" } else { "" }, json::quote(k)));
                node(v, depth + 1, order, out);
            }
            out.push_str(&format!("\n{close}}}"));
        }
        Value::List(l) if !l.is_empty() => {
            out.push_str("[\n");
            for (i, v) in l.iter().enumerate() {
                out.push_str(&format!("{}{pad}", if i > 0 { ",\n" } else { "" }));
                node(v, depth + 1, order, out);
            }
            out.push_str(&format!("\n{close}]"));
        }
        other => out.push_str(&json::print(other)),
    }
}
