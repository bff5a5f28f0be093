//! `kubectl kustomize` and `-k`: a directory's kustomization built into manifests.
//!
//! A layer is read (resources, bases, generators) and then changed in kustomize's order: patches, namespace,
//! prefix and suffix, labels, annotations, replicas, images. What refers to a renamed object follows. The
//! names of generated ConfigMaps and Secrets get their hash once everything is built, and the result is
//! sorted as kubectl does it, namespaces first.
//!
//! Left out, and said so: remote resources, Helm charts, components, replacements and vars, plugins
//! (`generators`, `transformers`, `validators`), own field specs (`configurations`, `openapi`, `crds`).

mod generate;
mod patches;
mod refs;
mod transform;

use crate::api::{Value, yaml};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, lower, not_simulated};
use crate::kubectl::digest;
use crate::kubectl::fail::{Fail, Res};
use crate::os::FileType;

const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What a kustomization may not contain, in words.
pub const LEFT_OUT: &str =
    "no remote resources, Helm charts, components, replacements, vars, generators, transformers, validators";

/// How deep bases may be nested.
const DEPTH_LIMIT: usize = 16;
/// The most objects of one build.
const OBJECT_LIMIT: usize = 20_000;

/// The fields of a kustomization; those marked `false` are known but not simulated.
const FIELDS: &[(&str, bool)] = &[
    ("apiVersion", true),
    ("kind", true),
    ("metadata", true),
    ("resources", true),
    ("bases", true),
    ("namePrefix", true),
    ("nameSuffix", true),
    ("namespace", true),
    ("commonLabels", true),
    ("labels", true),
    ("commonAnnotations", true),
    ("images", true),
    ("replicas", true),
    ("configMapGenerator", true),
    ("secretGenerator", true),
    ("generatorOptions", true),
    ("patches", true),
    ("patchesStrategicMerge", true),
    ("patchesJson6902", true),
    ("sortOptions", true),
    ("buildMetadata", false),
    ("components", false),
    ("configurations", false),
    ("crds", false),
    ("generators", false),
    ("helmCharts", false),
    ("helmGlobals", false),
    ("openapi", false),
    ("replacements", false),
    ("transformers", false),
    ("validators", false),
    ("vars", false),
];

/// Fields that have a successor, which kustomize names.
const DEPRECATED: &[(&str, &str)] = &[
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

/// An object on its way through the layers.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object.
    pub value: Value,
    /// The name that it had in its own file.
    pub origin: String,
    /// Whether its name gets a hash in the end.
    pub hashed: bool,
}

impl Resource {
    fn new(value: Value) -> Resource {
        let origin = value.at("metadata.name").str().to_string();
        Resource { value, origin, hashed: false }
    }

    fn kind(&self) -> &str {
        self.value["kind"].str()
    }

    fn name(&self) -> &str {
        self.value.at("metadata.name").str()
    }

    /// As kustomize's messages identify it: `Deployment.v1.apps/web.[noNs]`.
    fn id(&self) -> String {
        let (group, version) = group_version(&self.value);
        let group = if group.is_empty() { "[noGrp]" } else { group };
        let namespace = match self.value.at("metadata.namespace").str() {
            "" => "[noNs]",
            ns => ns,
        };
        format!("{}.{version}.{group}/{}.{namespace}", self.kind(), self.name())
    }
}

fn group_version(value: &Value) -> (&str, &str) {
    let version = value["apiVersion"].str();
    version.split_once('/').unwrap_or(("", version))
}

/// The manifests that a directory with a kustomization gives.
pub fn build(cx: &mut Cx, dir: &str) -> Res<String> {
    let mut all = layer(cx, dir, 0)?;
    let renamed = all
        .iter_mut()
        .filter(|r| r.hashed)
        .map(|r| {
            let name = format!("{}-{}", r.name(), digest::name_suffix(&r.value));
            rename(r, name)
        })
        .collect::<Vec<_>>();
    refs::follow(&mut all, &renamed);
    sort(&mut all);
    let documents: Vec<String> = all.iter().map(|r| yaml::print(&r.value)).collect();
    Ok(documents.join("---\n"))
}

/// Gives an object a new name.
fn rename(resource: &mut Resource, name: String) -> refs::Renamed {
    let renamed = refs::Renamed {
        kind: resource.kind().to_string(),
        from: resource.name().to_string(),
        to: name.clone(),
        namespace: resource.value.at("metadata.namespace").str().to_string(),
    };
    resource.value.set("metadata.name", name);
    renamed
}

/// One directory: its kustomization with what it stands upon.
fn layer(cx: &mut Cx, dir: &str, depth: usize) -> Res<Vec<Resource>> {
    if dir.contains("://") || dir.starts_with("git@") || dir.starts_with("github.com/") {
        return Err(not_simulated("fetching a kustomization from a URL"));
    }
    if depth > DEPTH_LIMIT {
        return Err(Fail::Plain(format!("bases are nested too deeply at '{dir}'")));
    }
    let root = absolute(cx, dir);
    match cx.sys.stat(&root) {
        Err(e) => {
            return Err(Fail::Plain(format!(
                "must build at directory: {}",
                no_directory(dir, &root, e.text())
            )));
        }
        Ok(stat) if stat.kind != FileType::Dir => {
            return Err(Fail::Plain(format!("must build at directory: '{root}': file is not directory")));
        }
        Ok(_) => {}
    }
    let file = kustomization(cx, &root)?;
    let mut all = resources(cx, &root, &file, depth)?;
    generate::run(cx, &root, &file, &mut all)?;
    patches::run(cx, &root, &file, &mut all)?;
    transform::run(&file, &mut all);
    Ok(all)
}

fn no_directory(dir: &str, root: &str, why: &str) -> String {
    format!("not a valid directory: evalsymlink failure on '{dir}' : lstat {root}: {}", lower(why))
}

/// A path from the root directory on.
fn absolute(cx: &Cx, path: &str) -> String {
    crate::os::program::logical(&cx.sys.cwd(), path)
}

/// Reads a directory's kustomization with its field names as they are meant.
fn kustomization(cx: &mut Cx, root: &str) -> Res<Value> {
    let found: Vec<String> =
        NAMES.iter().map(|n| format!("{root}/{n}")).filter(|p| cx.sys.stat(p).is_ok()).collect();
    let path = match found.as_slice() {
        [] => {
            return Err(Fail::Plain(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{root}'"
            )));
        }
        [one] => one,
        many => return Err(Fail::Plain(format!("Found multiple kustomization files: {}\n", many.join(" ")))),
    };
    let bytes = cx.read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Err("kustomization.yaml is empty".into());
    }
    let value = yaml::read_value(&text, yaml::Limits::default())
        .map_err(|e| Fail::Plain(format!("invalid Kustomization: {e}")))?;
    if value.as_map().is_none() {
        return Err("kustomization.yaml is empty".into());
    }
    let mut out = Value::map();
    for (key, v) in value.entries() {
        match FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            Some((name, true)) => out.map_mut().insert(*name, v),
            Some((name, false)) if !v.is_empty() => {
                return Err(not_simulated(&format!("{name} in a kustomization")));
            }
            Some(_) => {}
            None => {
                return Err(Fail::Plain(format!(
                    "invalid Kustomization: json: unknown field {:?}",
                    key.as_str()
                )));
            }
        }
    }
    for (old, new) in DEPRECATED.iter().filter(|(old, _)| out.get(old).is_some()) {
        cx.eprint(&format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"
        ));
    }
    Ok(out)
}

/// What the layer stands upon: files, directories with kustomizations of their own.
fn resources(cx: &mut Cx, root: &str, file: &Value, depth: usize) -> Res<Vec<Resource>> {
    let mut all: Vec<Resource> = Vec::new();
    let paths = file["resources"].items().iter().chain(file["bases"].items());
    for path in paths.map(Value::str) {
        if path.contains("://") || path.starts_with("git@") {
            return Err(not_simulated("fetching a kustomization from a URL"));
        }
        let at = absolute(cx, &format!("{root}/{path}"));
        let found = match cx.sys.stat(&at) {
            Err(e) => {
                let missing = format!("evalsymlink failure on '{at}' : lstat {at}: {}", lower(e.text()));
                return Err(Fail::Plain(format!(
                    "accumulating resources: accumulation err='accumulating resources from '{path}': {missing}': must build at directory: not a valid directory: {missing}"
                )));
            }
            Ok(stat) if stat.kind == FileType::Dir => layer(cx, &at, depth + 1)
                .map_err(|f| f.context("accumulating resources: accumulation err='accumulating resources"))?,
            Ok(_) => documents(cx, &at, path)?,
        };
        for resource in found {
            add(&mut all, resource)?;
        }
    }
    Ok(all)
}

fn add(all: &mut Vec<Resource>, resource: Resource) -> Res<()> {
    let id = resource.id();
    if all.iter().any(|r| r.id() == id) {
        return Err(Fail::Plain(format!("may not add resource with an already registered id: {id}")));
    }
    if all.len() >= OBJECT_LIMIT {
        return Err("the kustomization gives too many objects".into());
    }
    all.push(resource);
    Ok(())
}

fn documents(cx: &mut Cx, at: &str, path: &str) -> Res<Vec<Resource>> {
    let bytes = cx.read(at)?;
    let mut out = Vec::new();
    for document in yaml::read_documents(&String::from_utf8_lossy(&bytes), yaml::Limits::default()) {
        let value = document
            .map_err(|e| {
                Fail::Plain(format!(
                    "accumulating resources from '{path}': MalformedYAMLError: {e} in File: {path}"
                ))
            })?
            .value;
        if value.is_null() {
            continue;
        }
        let items = match value["kind"].str() {
            kind if kind.ends_with("List") && value["items"].as_list().is_some() => {
                value["items"].items().to_vec()
            }
            _ => vec![value],
        };
        for item in items {
            if item["kind"].str().is_empty() {
                return Err(Fail::Plain(format!(
                    "accumulating resources from '{path}': missing Resource metadata"
                )));
            }
            out.push(Resource::new(item));
        }
    }
    Ok(out)
}

/// Kinds that come first, and those that come last, in this order.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

fn sort(all: &mut [Resource]) {
    let key = |r: &Resource| {
        let rank = match (FIRST.iter().position(|k| *k == r.kind()), LAST.contains(&r.kind())) {
            (Some(i), _) => i,
            (None, false) => FIRST.len(),
            (None, true) => FIRST.len() + 1,
        };
        let (group, version) = group_version(&r.value);
        let namespace = r.value.at("metadata.namespace").str();
        (rank, format!("{group}_{version}_{}", r.kind()), namespace.to_string(), r.name().to_string())
    };
    all.order_by_key(key);
}
