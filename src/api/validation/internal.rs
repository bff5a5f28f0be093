//! How upstream prints its internal types in messages: every field by its Go name, in Go's order, also those
//! that are not set; and the unified diff of two such prints that refusals of updates carry.

use crate::api::schema::{Container, Field, Shape, Type};
use crate::api::{Value, json};
use crate::collections::Order;
use std::fmt::Write as _;

/// The order of fields where the internal type differs from the versioned one.
const POD_SPEC: &[&str] = &[
    "volumes",
    "initContainers",
    "containers",
    "ephemeralContainers",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "activeDeadlineSeconds",
    "dnsPolicy",
    "nodeSelector",
    "serviceAccountName",
    "automountServiceAccountToken",
    "nodeName",
    "securityContext",
    "imagePullSecrets",
    "hostname",
    "subdomain",
    "setHostnameAsFQDN",
    "affinity",
    "schedulerName",
    "tolerations",
    "hostAliases",
    "priorityClassName",
    "priority",
    "preemptionPolicy",
    "dnsConfig",
    "readinessGates",
    "runtimeClassName",
    "overhead",
    "enableServiceLinks",
    "topologySpreadConstraints",
    "os",
    "schedulingGates",
    "resourceClaims",
    "resources",
    "hostnameOverride",
    "schedulingGroup",
];
/// These stand in the pod's security context there.
const HOST_FIELDS: &[&str] = &["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];
/// Lines that are compared one by one; larger differences are shown as one block.
const MAX_CELLS: usize = 4_000_000;
/// Lines of context around a difference.
const CONTEXT: usize = 3;

/// The unified diff of two values of a type as upstream prints them.
pub(super) fn diff(old: &Value, new: &Value, type_name: &str) -> String {
    let Some(t) = Type::named(type_name) else { return String::new() };
    let print = |value: &Value| {
        let mut out = String::new();
        structure(&mut out, value, t, 0);
        out
    };
    unified(&print(old), &print(new))
}

/// The unified diff of two sources of persistent volumes, which are a struct of their own only upstream.
pub(super) fn diff_of_sources(old: &Value, new: &Value) -> String {
    // The order of the internal type.
    const FIELDS: &[&str] = &[
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "hostPath",
        "glusterfs",
        "nfs",
        "rbd",
        "quobyte",
        "iscsi",
        "flexVolume",
        "cinder",
        "cephfs",
        "fc",
        "flocker",
        "azureFile",
        "vsphereVolume",
        "azureDisk",
        "photonPersistentDisk",
        "portworxVolume",
        "scaleIO",
        "local",
        "storageos",
        "csi",
    ];
    let Some(t) = Type::named("PersistentVolumeSpec") else { return String::new() };
    let print = |value: &Value| {
        let mut out = String::from("{");
        for (i, f) in FIELDS.iter().filter_map(|name| t.field(name)).enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            line(&mut out, 1);
            let _ = write!(out, "\"{}\": ", go_name(f.name()));
            field(&mut out, value.get(f.name()), f, 1);
        }
        out + "\n}"
    };
    unified(&print(old), &print(new))
}

/// A value of a type as upstream shows its internal type in field errors: compact JSON with Go's names.
pub(super) fn compact(value: &Value, type_name: &str) -> String {
    let Some(t) = Type::named(type_name) else { return json::print(value) };
    let mut out = String::new();
    structure(&mut out, value, t, 0);
    // One line for each field, of the form `"Name": VALUE`.
    out.lines().map(|line| line.trim_start_matches(' ').replacen("\": ", "\":", 1)).collect()
}

fn line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', level));
}

fn structure(out: &mut String, value: &Value, t: Type, level: usize) {
    let is_pod = t.name() == "PodSpec";
    let mut fields: Vec<Field> = t.fields().collect();
    if is_pod {
        fields = POD_SPEC.iter().filter_map(|name| t.field(name)).collect();
    } else {
        // The internal type has `Quobyte` behind `RBD`, the versioned one behind `VsphereVolume`.
        let rbd = t.field("rbd").map_or(0, |f| 2 * f.order());
        fields.order_by_key(|f| if f.name() == "quobyte" { rbd + 1 } else { 2 * f.order() });
    }
    out.push('{');
    for (i, field) in fields.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        line(out, level + 1);
        let _ = write!(out, "\"{}\": ", go_name(field.name()));
        if is_pod && field.name() == "securityContext" {
            security_context(out, value, t, field, level + 1);
        } else {
            self::field(out, value.get(field.name()), field, level + 1);
        }
    }
    line(out, level);
    out.push('}');
}

/// The host's namespaces and the security context in one struct.
fn security_context(out: &mut String, spec: &Value, pod: Type, field: Field, level: usize) {
    out.push('{');
    for name in HOST_FIELDS {
        line(out, level + 1);
        let _ = write!(out, "\"{}\": ", go_name(name));
        if let Some(f) = pod.field(name) {
            self::field(out, spec.get(name), f, level + 1);
        }
        out.push(',');
    }
    let mut inner = String::new();
    if let Some(t) = field.fields() {
        structure(&mut inner, &spec["securityContext"], t, level);
    }
    out.push_str(inner.strip_prefix('{').unwrap_or(&inner));
}

fn field(out: &mut String, value: &Value, field: Field, level: usize) {
    match field.container() {
        Container::Plain => single(out, value, field, level),
        _ if value.is_null() => out.push_str("null"),
        Container::List if value.is_empty() => out.push_str("[]"),
        Container::List => {
            out.push('[');
            for (i, item) in value.items().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, level + 1);
                single(out, item, field, level + 1);
            }
            line(out, level);
            out.push(']');
        }
        Container::Map | Container::MapOfLists => plain(out, value, level),
    }
}

fn single(out: &mut String, value: &Value, field: Field, level: usize) {
    match field.shape() {
        // The types of meta/v1 are their own internal types.
        Shape::Struct(t) if matches!(t.name(), "LabelSelector" | "ObjectMeta" | "Condition") => {
            plain(out, value, level)
        }
        Shape::Struct(_) if value.is_null() && field.pointer() => out.push_str("null"),
        Shape::Struct(t) => structure(out, value, t, level),
        _ if value.is_some() => plain(out, value, level),
        _ if field.pointer() => out.push_str("null"),
        Shape::Str => out.push_str("\"\""),
        Shape::Bool => out.push_str("false"),
        Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString => out.push('0'),
        Shape::Quantity => out.push_str("\"0\""),
        _ => out.push_str("null"),
    }
}

fn plain(out: &mut String, value: &Value, level: usize) {
    let indent = format!("\n{}", " ".repeat(level));
    out.push_str(&json::print_with_indent(value, " ").replace('\n', &indent));
}

/// A field's name in Go: capitalised, with Go's capitals in abbreviations.
fn go_name(name: &str) -> String {
    for (prefix, capitals) in [
        ("dns", "DNS"),
        ("tty", "TTY"),
        ("http", "HTTP"),
        ("tcp", "TCP"),
        ("grpc", "GRPC"),
        ("seLinux", "SELinux"),
        ("fsGroup", "FSGroup"),
        ("fsType", "FSType"),
        ("gce", "GCE"),
        ("aws", "AWS"),
        ("nfs", "NFS"),
        ("iscsi", "ISCSI"),
        ("rbd", "RBD"),
        ("cephfs", "CephFS"),
        ("fc", "FC"),
        ("storageos", "StorageOS"),
        ("csi", "CSI"),
        ("api", "API"),
        ("uid", "UID"),
        ("pdName", "PDName"),
        ("iqn", "IQN"),
    ] {
        if let Some(rest) = name.strip_prefix(prefix)
            && !rest.starts_with(|c: char| c.is_ascii_lowercase())
        {
            return format!("{capitals}{rest}");
        }
    }
    match name {
        "os" => String::from("OS"),
        "ip" => String::from("IP"),
        _ => name[..1].to_uppercase() + &name[1..],
    }
}

/// A run of lines that both texts share: where it begins in each, and its length.
struct Shared {
    old: usize,
    new: usize,
    length: usize,
}

fn shared_runs(old: &[&str], new: &[&str]) -> Vec<Shared> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let suffix = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old_rest[..old_rest.len() - suffix], &new_rest[..new_rest.len() - suffix]);
    let mut runs = vec![Shared { old: 0, new: 0, length: prefix }];
    if a.len().saturating_mul(b.len()) <= MAX_CELLS {
        // Longest common subsequence: `table[i][j]` for the ends of both texts from i and j on.
        let width = b.len() + 1;
        let mut table = vec![0u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                let (right, down) = (table[i * width + j + 1], table[(i + 1) * width + j]);
                table[i * width + j] =
                    if a[i] == b[j] { table[(i + 1) * width + j + 1] + 1 } else { right.max(down) };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                runs.push(Shared { old: prefix + i, new: prefix + j, length: 1 });
                (i, j) = (i + 1, j + 1);
            } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
    runs.push(Shared { old: old.len() - suffix, new: new.len() - suffix, length: suffix });
    runs.push(Shared { old: old.len(), new: new.len(), length: 0 });
    runs
}

/// A unified diff without file names, as go-difflib prints it.
fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // Changes as (from, to) in the old and the new text.
    let mut changes: Vec<(usize, usize, usize, usize)> = vec![];
    let (mut i, mut j) = (0, 0);
    for run in shared_runs(&old, &new) {
        if run.old > i || run.new > j {
            changes.push((i, run.old, j, run.new));
        }
        (i, j) = (run.old + run.length, run.new + run.length);
    }
    let mut out = String::new();
    let mut at = 0;
    while at < changes.len() {
        let mut end = at + 1;
        while end < changes.len() && changes[end].0 - changes[end - 1].1 <= 2 * CONTEXT {
            end += 1;
        }
        hunk(&mut out, &changes[at..end], &old, &new);
        at = end;
    }
    out
}

fn hunk(out: &mut String, changes: &[(usize, usize, usize, usize)], old: &[&str], new: &[&str]) {
    let (first, last) = (changes[0], changes[changes.len() - 1]);
    let before = first.0.min(CONTEXT);
    let after = (old.len() - last.1).min(CONTEXT);
    let (old_from, new_from) = (first.0 - before, first.2 - before);
    let (old_length, new_length) = (last.1 + after - old_from, last.3 + after - new_from);
    let _ = writeln!(out, "@@ -{},{old_length} +{},{new_length} @@", old_from + 1, new_from + 1);
    let mut i = old_from;
    for (a, b, c, d) in changes {
        for text in &old[i..*a] {
            let _ = writeln!(out, " {text}");
        }
        for text in &old[*a..*b] {
            let _ = writeln!(out, "-{text}");
        }
        for text in &new[*c..*d] {
            let _ = writeln!(out, "+{text}");
        }
        i = *b;
    }
    for text in &old[i..i + after] {
        let _ = writeln!(out, " {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    #[test]
    fn a_diff_shows_gos_names_and_lines() {
        let value = |t: &str| read_value(t, Limits::default()).expect("YAML");
        let old = value(
            "containers:\n- {name: c1, image: x, resources: {}}\nrestartPolicy: Always\nterminationGracePeriodSeconds: 30\ndnsPolicy: ClusterFirst\n",
        );
        let new = value(
            "containers:\n- {name: c1, image: x, resources: {}}\nrestartPolicy: Never\nterminationGracePeriodSeconds: 30\ndnsPolicy: ClusterFirst\n",
        );
        assert_eq!(
            diff(&old, &new, "PodSpec"),
            "@@ -35,7 +35,7 @@\n   }\n  ],\n  \"EphemeralContainers\": null,\n- \"RestartPolicy\": \"Always\",\n+ \"RestartPolicy\": \"Never\",\n  \"TerminationGracePeriodSeconds\": 30,\n  \"ActiveDeadlineSeconds\": null,\n  \"DNSPolicy\": \"ClusterFirst\",\n"
        );
    }
}
