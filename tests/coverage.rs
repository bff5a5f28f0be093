//! Holds what is said about coverage to what the code does.

use podlab::api::schema::Type;
use podlab::kubectl::coverage;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that act upon pods.
const ACTING: &[&str] =
    &["apiserver", "cluster", "controllers", "cri", "images", "kubelet", "os", "scheduler"];

/// The types whose fields are looked at; what is embedded in Go is one type in the schema.
const TYPES: &[&str] = &[
    "PodSpec",
    "Container",
    "PodSecurityContext",
    "SecurityContext",
    "Lifecycle",
    "VolumeMount",
    "Volume",
    "EnvVarSource",
    "VolumeProjection",
    "Probe",
    "ContainerPort",
    "EnvFromSource",
    "ResourceRequirements",
    "TopologySpreadConstraint",
    "Affinity",
];

fn read(dir: &Path, out: &mut String) {
    for entry in fs::read_dir(dir).expect("a directory of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            *out += &fs::read_to_string(&path).expect("a source");
        }
    }
}

/// Whether some code reads a field: its name stands in a literal, alone or in a path; in the name of a domain it
/// is none.
fn named(code: &str, field: &str) -> bool {
    let domain = |at: usize| {
        let (before, after) = code.split_at(at);
        let word = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '/' | '-');
        let start = before.rfind(word).map_or(0, |n| n + 1);
        let end = at + after.find(word).unwrap_or(after.len());
        [".io", ".com", ".org"].iter().any(|tail| code[start..end].contains(tail))
    };
    code.match_indices(field).filter(|(i, _)| !domain(*i)).any(|(i, _)| {
        let before = code[..i].chars().next_back().unwrap_or(' ');
        let after = code[i + field.len()..].chars().next().unwrap_or(' ');
        matches!(before, '"' | '.' | '/') && !after.is_alphanumeric() && after != '_'
    })
}

#[test]
fn fields_are_said_to_be_stored_only_if_nothing_reads_them() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = String::new();
    ACTING.iter().for_each(|m| read(&root.join(m), &mut code));
    for kind in TYPES {
        let said = coverage::STORED_FIELDS.iter().find(|(t, _)| t == kind).map_or("", |(_, f)| f);
        let said: Vec<&str> = said.split(' ').filter(|f| !f.is_empty()).collect();
        let full = format!("io.k8s.api.core.v1.{kind}");
        let found = Type::named(kind).or_else(|| Type::named(&full)).expect("a type of the schema");
        let unread: Vec<&str> = found.fields().map(|f| f.name()).filter(|f| !named(&code, f)).collect();
        assert_eq!(said, unread, "{kind}");
    }
}

#[test]
fn readme_says_what_the_tables_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).expect("README.md");
    let (_, rest) = readme.split_once(coverage::BEGIN).expect("the beginning of the coverage");
    let (said, _) = rest.split_once(coverage::END).expect("the end of the coverage");
    assert_eq!(said.trim(), coverage::markdown().trim(), "`podlab coverage README.md` renews it");
}
