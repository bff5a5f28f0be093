//! What is simulated and what is not: kinds, verbs, flags, fields. README, the page and `podlab coverage`
//! print what is made here from the tables that the code itself uses.

use crate::api::kind::Depth;
use crate::api::{Kind, Value};
use crate::kubectl::verb::{Cover, REFUSED, ROOT, Verb, WITHOUT_EFFECT};

/// Fields of pods that are accepted, checked and shown, but on which nothing acts: the type and its fields.
/// A test holds this list to what kubelet, scheduler and controllers read.
pub const STORED_FIELDS: &[(&str, &str)] = &[
    ("PodSpec", "resourceClaims schedulingGroup"),
    ("Container", "volumeDevices"),
    ("PodSecurityContext", "fsGroupChangePolicy seLinuxChangePolicy seLinuxOptions windowsOptions"),
    ("SecurityContext", "procMount seLinuxOptions windowsOptions"),
    ("VolumeMount", "mountPropagation"),
    (
        "Volume",
        "awsElasticBlockStore azureDisk azureFile cephfs cinder fc flexVolume flocker gcePersistentDisk glusterfs iscsi nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume",
    ),
];

/// Where the coverage begins and ends in README.
pub const BEGIN: &str = "<!-- coverage: printed by `podlab coverage` -->";
/// See [`BEGIN`].
pub const END: &str = "<!-- end of coverage -->";

/// The coverage as Markdown.
pub fn markdown() -> String {
    let mut out = String::new();
    for (title, depth) in [("Kinds, simulated", Depth::Simulated), ("Kinds, stored only", Depth::StoredOnly)]
    {
        let names: Vec<&str> =
            Kind::all().map(Kind::info).filter(|i| i.depth == depth).map(|i| i.kind).collect();
        out += &format!("**{title}:** {}.\n\n", names.join(", "));
    }
    let mut rows = Vec::new();
    each(&ROOT, "", &mut |path, verb| rows.push((path.to_string(), verb.cover)));
    let named = |wanted: Cover| {
        let found: Vec<String> =
            rows.iter().filter(|(_, c)| *c == wanted).map(|(p, _)| format!("`{p}`")).collect();
        found.join(", ")
    };
    out += &format!("**Verbs, simulated:** {}.\n\n**Verbs, simplified:**\n\n", named(Cover::Simulated));
    for (path, cover) in &rows {
        if let Cover::Simplified(note) = cover {
            out += &format!("- `{path}`: {note}\n");
        }
    }
    out += &format!("\n**Verbs, absent** (they say so): {}.\n\n", named(Cover::Absent));
    let flags: Vec<String> = REFUSED
        .iter()
        .map(|(verb, flag)| {
            format!("`{}--{flag}`", if verb.is_empty() { String::new() } else { format!("{verb} ") })
        })
        .collect();
    out += &format!("**Flags, absent** (they say so): {}.\n\n", flags.join(", "));
    let idle: Vec<String> = WITHOUT_EFFECT.iter().map(|f| format!("`--{f}`")).collect();
    out += &format!("**Flags without effect** (one cluster, one way to it): {}.\n\n", idle.join(", "));
    out += "**Fields of pods, stored only:**\n\n";
    for (kind, fields) in STORED_FIELDS {
        let fields: Vec<String> = fields.split(' ').map(|f| format!("`{f}`")).collect();
        out += &format!("- {kind}: {}\n", fields.join(", "));
    }
    out
}

/// The coverage as data, for the page.
pub fn value() -> Value {
    let kinds: Value = Kind::all()
        .map(Kind::info)
        .map(|i| {
            let depth = if i.depth == Depth::Simulated { "simulated" } else { "stored" };
            crate::map! { "kind" => i.kind, "apiVersion" => i.api_version, "depth" => depth }
        })
        .collect();
    let mut verbs = Vec::new();
    each(&ROOT, "", &mut |path, verb| {
        let (depth, note) = match verb.cover {
            Cover::Simulated => ("simulated", ""),
            Cover::Simplified(note) => ("simplified", note),
            Cover::Absent => ("absent", ""),
        };
        verbs.push(crate::map! { "verb" => path, "depth" => depth, "note" => note });
    });
    let fields: Value = STORED_FIELDS
        .iter()
        .map(|(kind, fields)| crate::map! { "type" => *kind, "fields" => fields.split(' ').collect::<Value>() })
        .collect();
    crate::map! { "kinds" => kinds, "verbs" => Value::from(verbs), "storedFields" => fields }
}

/// Visits the verbs that do something themselves.
fn each(verb: &Verb, path: &str, visit: &mut dyn FnMut(&str, &Verb)) {
    for sub in verb.sub {
        let path = if path.is_empty() { sub.name.to_string() } else { format!("{path} {}", sub.name) };
        let group = !sub.sub.is_empty() && sub.flags.is_empty() && sub.cover == Cover::Simulated;
        if !group {
            visit(&path, sub);
        }
        each(sub, &path, visit);
    }
}
