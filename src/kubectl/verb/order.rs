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

/// Indented JSON of an object that kubectl has made.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    node(value, 0, &mut out);
    out.push('\n');
    out
}

fn rank(key: &str) -> usize {
    ORDER.iter().position(|o| *o == key).unwrap_or(ORDER.len())
}

fn node(value: &Value, depth: usize, out: &mut String) {
    let pad = "    ".repeat(depth + 1);
    let close = "    ".repeat(depth);
    match value {
        Value::Map(m) if !m.is_empty() => {
            let mut entries: Vec<_> = value.entries().collect();
            entries.order_by_key(|(k, _)| rank(k));
            out.push_str("{\n");
            for (i, (k, v)) in entries.iter().enumerate() {
                out.push_str(&format!("{}{pad}{}: ", if i > 0 { ",\n" } else { "" }, json::quote(k)));
                node(v, depth + 1, out);
            }
            out.push_str(&format!("\n{close}}}"));
        }
        Value::List(l) if !l.is_empty() => {
            out.push_str("[\n");
            for (i, v) in l.iter().enumerate() {
                out.push_str(&format!("{}{pad}", if i > 0 { ",\n" } else { "" }));
                node(v, depth + 1, out);
            }
            out.push_str(&format!("\n{close}]"));
        }
        other => out.push_str(&json::print(other)),
    }
}
