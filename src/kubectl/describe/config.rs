//! ConfigMaps, Secrets, ServiceAccounts, Namespaces, ResourceQuotas, LimitRanges.

use super::{Writer, head, or, scalar};
use crate::api::{Kind, Object, Text, Value};
use crate::collections::BTreeSet;

/// A ConfigMap.
pub fn config_map(w: &mut Writer, c: &Object) {
    head(w, c);
    w.line(0, "\nData\n====");
    for (key, value) in c["data"].entries() {
        w.line(0, &format!("{key}:\n----\n{}\n", value.str()));
    }
    w.line(0, "\nBinaryData\n====");
    for (key, value) in c["binaryData"].entries() {
        w.line(0, &format!("{key}: {} bytes", base64_length(value.str())));
    }
    if w.events {
        w.line(0, "");
    }
    w.events(c);
}

/// How many bytes base64 text stands for.
fn base64_length(text: &str) -> usize {
    let n = text.bytes().filter(u8::is_ascii_graphic).count();
    (n / 4 * 3).saturating_sub(text.bytes().rev().take_while(|b| *b == b'=').count())
}

/// A Secret: sizes only.
pub fn secret(w: &mut Writer, s: &Object) {
    head(w, s);
    w.line(0, &format!("\nType:\t{}", s["type"].str()));
    w.line(0, "\nData\n====");
    for (key, value) in s["data"].entries() {
        if s["type"].str() == "kubernetes.io/service-account-token" && key.as_str() == "token" {
            w.field(0, key, "<hidden>");
        } else {
            w.field(0, key, &format!("{} bytes", base64_length(value.str())));
        }
    }
}

/// A ServiceAccount.
pub fn service_account(w: &mut Writer, s: &Object) {
    head(w, s);
    let names: Vec<String> =
        s["imagePullSecrets"].items().iter().map(|r| r["name"].str().to_string()).collect();
    w.column("Image pull secrets", &names);
    w.events(s);
}

/// A Namespace with its quotas and limits.
pub fn namespace(w: &mut Writer, n: &Object) {
    head(w, n);
    w.field(0, "Status", n.at("status.phase").str());
    if !n.at("status.conditions").is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t------------------\t------\t-------");
        for c in n.at("status.conditions").items() {
            let text = format!(
                "{}\t{}\t{}\t{}\t{}",
                c["type"].str(),
                c["status"].str(),
                super::date(&c["lastTransitionTime"]),
                c["reason"].str(),
                c["message"].str()
            );
            w.line(1, &text);
        }
    }
    let quotas = w.source.list(Kind::RESOURCE_QUOTA, Some(n.name()));
    if quotas.is_empty() {
        w.line(0, "\nNo resource quota.");
    } else {
        w.line(0, "\nResource Quotas");
        for q in &quotas {
            w.field(1, "Name", q.name());
            scopes(w, q, 1);
            w.line(1, "Resource\tUsed\tHard");
            w.line(1, "--------\t---\t---");
            hard(w, q, 1);
        }
    }
    let ranges = w.source.list(Kind::LIMIT_RANGE, Some(n.name()));
    if ranges.is_empty() {
        w.line(0, "\nNo LimitRange resource.");
        return;
    }
    w.line(0, "\nResource Limits");
    w.line(0, " Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    w.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    ranges.iter().for_each(|r| limits(w, r, " "));
}

fn scopes(w: &mut Writer, q: &Object, level: usize) {
    let names: Vec<&str> = q.at("spec.scopes").items().iter().map(Value::str).collect();
    if names.is_empty() {
        return;
    }
    w.field(level, "Scopes", &names.join(", "));
    for name in names {
        let about = match name {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        w.line(level, &format!(" * {about}"));
    }
}

fn hard(w: &mut Writer, q: &Object, level: usize) {
    for (name, limit) in q.at("status.hard").entries() {
        let used = q.at("status.used").get(name);
        w.line(level, &format!("{name}\t{}\t{}", scalar(used), scalar(limit)));
    }
}

/// A ResourceQuota.
pub fn resource_quota(w: &mut Writer, q: &Object) {
    w.field(0, "Name", q.name());
    w.field(0, "Namespace", q.namespace());
    scopes(w, q, 0);
    w.line(0, "Resource\tUsed\tHard");
    w.line(0, "--------\t----\t----");
    hard(w, q, 0);
}

/// A LimitRange.
pub fn limit_range(w: &mut Writer, r: &Object) {
    w.field(0, "Name", r.name());
    w.field(0, "Namespace", r.namespace());
    w.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    w.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    limits(w, r, "");
}

fn limits(w: &mut Writer, r: &Object, indent: &str) {
    for item in r.at("spec.limits").items() {
        let fields = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
        let names: BTreeSet<&Text> = fields.iter().flat_map(|f| item[*f].entries().map(|(k, _)| k)).collect();
        for name in names {
            let cells: Vec<String> =
                fields.iter().map(|f| or(&scalar(item[*f].get(name)), "-").to_string()).collect();
            w.line(0, &format!("{indent}{}\t{name}\t{}", item["type"].str(), cells.join("\t")));
        }
    }
}
