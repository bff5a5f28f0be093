//! Roles and their bindings.

use super::Writer;
use crate::api::{Object, Value};
use crate::collections::Order;

fn head(w: &mut Writer, o: &Object) {
    w.field(0, "Name", o.name());
    w.labels("Labels", o.at("metadata.labels"));
    w.annotations("Annotations", o.at("metadata.annotations"));
}

/// A Role or ClusterRole.
pub fn role(w: &mut Writer, r: &Object) {
    head(w, r);
    w.line(0, "PolicyRule:");
    w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    w.line(1, "---------\t-----------------\t--------------\t-----");
    let words = |v: &Value| v.items().iter().map(Value::str).collect::<Vec<_>>().join(" ");
    let mut lines = Vec::new();
    for rule in r["rules"].items() {
        let (names, verbs) = (words(&rule["resourceNames"]), words(&rule["verbs"]));
        for url in rule["nonResourceURLs"].items() {
            lines.push(format!("\t[{}]\t[{names}]\t[{verbs}]", url.str()));
        }
        let mut resources = Vec::new();
        for group in rule["apiGroups"].items() {
            for resource in rule["resources"].items() {
                resources.push(qualified(resource.str(), group.str()));
            }
        }
        lines.extend(resources.into_iter().map(|r| format!("{r}\t[]\t[{names}]\t[{verbs}]")));
    }
    // Upstream compacts the rules and sorts them by resource with the core group first.
    lines.order_by_key(|l| (l.split('\t').next().unwrap_or("").contains('.'), l.clone()));
    lines.iter().for_each(|l| w.line(1, l));
}

/// `deployments.apps/scale` of `deployments/scale` in group `apps`.
fn qualified(resource: &str, group: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_string(),
        (g, Some((r, sub))) => format!("{r}.{g}/{sub}"),
        (g, None) => format!("{resource}.{g}"),
    }
}

/// A RoleBinding or ClusterRoleBinding.
pub fn binding(w: &mut Writer, b: &Object) {
    head(w, b);
    w.line(0, "Role:");
    w.field(1, "Kind", b.at("roleRef.kind").str());
    w.field(1, "Name", b.at("roleRef.name").str());
    w.line(0, "Subjects:");
    w.line(1, "Kind\tName\tNamespace");
    w.line(1, "----\t----\t---------");
    for s in b["subjects"].items() {
        w.line(1, &format!("{}\t{}\t{}", s["kind"].str(), s["name"].str(), s["namespace"].str()));
    }
}
