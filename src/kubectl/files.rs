//! Manifests: `-f` files, directories and standard input; documents; kubectl's own complaints about them.
//!
//! Only what kubectl checks itself is checked here (syntax, `apiVersion` and `kind`, the types of
//! metadata); the rest is the API server's. URLs are not fetched.

use crate::api::request::Origin;
use crate::api::{Kind, Object, Text, Value, convert, json, yaml};
use crate::kubectl::cx::{Cx, lower};
use crate::kubectl::discovery::unkept_kind;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, bare, slice, switch, text};
use crate::os::{Errno, FileType};

/// Flags of verbs that take manifests.
pub const FLAGS: &[Flag] = &[slice("filename", 'f'), text("kustomize", 'k', ""), switch("recursive", 'R')];

/// The flag that says how strictly fields are checked.
pub const VALIDATE: &[Flag] = &[bare("validate", "strict", "strict")];

/// The most documents that one command takes.
const DOCUMENT_LIMIT: usize = 20_000;
/// How deep directories and lists of lists may be nested.
const DEPTH_LIMIT: usize = 32;

/// What is said of a manifest that is somewhere else.
const NO_NETWORK: &str =
    "the internet, from which the manifest would come; paste its text into a file and name that";

/// An object of a manifest.
#[derive(Clone, Debug)]
pub struct Doc {
    /// Its kind.
    pub kind: Kind,
    /// The whole object; `kind` is as it was written.
    pub value: Value,
    /// The file's name, `STDIN` for standard input.
    pub source: String,
    /// The line at which its document begins, counted from 1.
    pub line: u32,
    /// Whether the namespace is not the manifest's own, but that of the command line.
    pub placed: bool,
}

impl Doc {
    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.value.at("metadata.name").str()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> &str {
        self.value.at("metadata.namespace").str()
    }

    /// Where it was read, for explanations; nowhere if it came by standard input.
    pub fn origin(&self, cx: &Cx) -> Option<Origin> {
        let path = match self.source.as_str() {
            "STDIN" => return None,
            path if path.starts_with('/') => path.to_string(),
            path => format!("{}/{}", cx.sys.cwd().trim_end_matches('/'), path.trim_start_matches("./")),
        };
        Some(Origin { path: Text::from(path), line: self.line })
    }

    /// As an object of its kind.
    pub fn object(&self) -> Object {
        Object { kind: self.kind, value: self.value.clone() }
    }
}

/// The documents of a command's files, and what is wrong with the others.
#[derive(Clone, Debug, Default)]
pub struct Docs {
    /// Documents in order.
    pub docs: Vec<Doc>,
    /// What is wrong with the others.
    pub fails: Vec<Fail>,
    custom: Vec<Kind>,
}

/// Whether the command names files at all.
pub fn given(args: &Args) -> bool {
    args.changed("filename") || args.changed("kustomize")
}

/// Reads the files that `-f` and `-k` name.
pub fn load(cx: &mut Cx, args: &Args) -> Res<Docs> {
    let mut out = Docs { custom: cx.base.custom.clone(), ..Docs::default() };
    let validate = match args.value("validate") {
        "true" | "strict" | "warn" => true,
        // Verbs without the flag do not validate: they only decode.
        "" | "false" | "ignore" => false,
        other => {
            return Err(Fail::Plain(format!(
                "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
            )));
        }
    };
    if args.changed("kustomize") {
        if args.changed("filename") {
            return Err("only one of -f or -k can be specified".into());
        }
        let text = crate::kubectl::kustomize::build(cx, args.value("kustomize"))?;
        out.stream(&text, args.value("kustomize"), validate);
        return out.placed(cx);
    }
    let mut sources = Vec::new();
    for path in args.values("filename") {
        if path == "-" {
            sources.push(path);
        } else if path.starts_with("http://") || path.starts_with("https://") {
            return Err(crate::kubectl::cx::not_simulated(NO_NETWORK));
        } else {
            expand(cx, &path, args.is("recursive"), &mut sources)?;
        }
    }
    for source in sources {
        let name = if source == "-" { "STDIN" } else { &source };
        match cx.read(&source) {
            Ok(bytes) => out.stream(&String::from_utf8_lossy(&bytes), name, validate),
            Err(fail) => out.fails.push(fail),
        }
    }
    out.placed(cx)
}

/// Adds the files that a path stands for.
fn expand(cx: &mut Cx, path: &str, recursive: bool, out: &mut Vec<String>) -> Res<()> {
    let stat = match cx.sys.stat(path) {
        Ok(stat) => stat,
        Err(Errno::ENOENT) => {
            let found = crate::kubectl::glob::expand(cx.sys, path)
                .map_err(|why| Fail::Plain(format!("pattern {path:?} is not valid: {why}")))?;
            if found.is_empty() || found == [path] {
                return Err(Fail::Plain(format!("the path {path:?} does not exist")));
            }
            return found.iter().try_for_each(|p| expand(cx, p, recursive, out));
        }
        Err(e) => {
            let why = format!("the path {path:?} cannot be accessed: stat {path}: {}", lower(e.text()));
            return Err(Fail::Plain(why));
        }
    };
    if stat.kind != FileType::Dir {
        out.push(path.to_string());
        return Ok(());
    }
    let before = out.len();
    walk(cx, &clean(path), recursive, 0, out);
    if out.len() == before {
        let why = format!("error reading [{path}]: recognized file extensions are [.json .yaml .yml]");
        return Err(Fail::Plain(why));
    }
    Ok(())
}

/// A path as Go's `filepath.Clean` shortens it, but for `..`.
fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|p| !matches!(*p, "" | ".")).collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    match format!("{root}{}", parts.join("/")) {
        empty if empty.is_empty() => ".".into(),
        path => path,
    }
}

fn walk(cx: &mut Cx, dir: &str, recursive: bool, depth: usize, out: &mut Vec<String>) {
    let names = cx.sys.read_dir(dir).unwrap_or_default();
    for name in names {
        let path =
            if dir == "." { name.to_string() } else { format!("{}/{name}", dir.trim_end_matches('/')) };
        let is_dir = cx.sys.stat(&path).is_ok_and(|s| s.kind == FileType::Dir);
        if is_dir && recursive && depth < DEPTH_LIMIT {
            walk(cx, &path, recursive, depth + 1, out);
        } else if !is_dir && [".json", ".yaml", ".yml"].iter().any(|e| name.ends_with(e)) {
            out.push(path);
        }
    }
}

impl Docs {
    /// Adds the documents of one file.
    fn stream(&mut self, text: &str, source: &str, validate: bool) {
        for document in yaml::read_documents(text, yaml::Limits::default()) {
            match document {
                Ok(document) => {
                    let line = document.first_line + 1;
                    if !self.document(document.value, source, line, validate) {
                        return;
                    }
                }
                Err(e) => return self.fails.push(Fail::Plain(format!("error parsing {source}: {e}"))),
            }
        }
    }

    /// Adds one document; false if the rest of the file is not looked at.
    fn document(&mut self, value: Value, source: &str, line: u32, validate: bool) -> bool {
        if value.is_null() || self.docs.len() >= DOCUMENT_LIMIT {
            return true;
        }
        if validate && let Err(why) = shape(&value) {
            let text = format!(
                "error validating {source:?}: error validating data: {why}; if you choose to ignore these errors, turn validation off with --validate=false"
            );
            self.fails.push(Fail::Plain(text));
            return false;
        }
        self.add(value, source, line, 0);
        true
    }

    fn add(&mut self, value: Value, source: &str, line: u32, depth: usize) {
        if let Some(why) = undecodable(&value) {
            return self.fails.push(Fail::Plain(format!("unable to decode {source:?}: {why}")));
        }
        let (version, kind) = (value["apiVersion"].str(), value["kind"].str());
        let is_list = kind.ends_with("List") && value["items"].as_list().is_some();
        if is_list && depth < DEPTH_LIMIT {
            for item in value["items"].items() {
                self.add(item.clone(), source, line, depth + 1);
            }
            return;
        }
        match find_kind(&self.custom, version, kind) {
            Some(kind) => self.docs.push(Doc { kind, value, source: source.into(), line, placed: false }),
            None => {
                if let Some(fail) = unkept_kind(version, kind) {
                    return self.fails.push(fail);
                }
                let meta = &value["metadata"];
                let text = format!(
                    "resource mapping not found for name: {:?} namespace: {:?} from {source:?}: no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first",
                    meta["name"].str(),
                    meta["namespace"].str(),
                );
                self.fails.push(Fail::Plain(text));
            }
        }
    }

    /// Gives namespaced objects their namespace.
    fn placed(mut self, cx: &Cx) -> Res<Docs> {
        let own = cx.base.namespace.clone();
        let mut kept = Vec::new();
        for mut doc in std::mem::take(&mut self.docs) {
            let given = doc.namespace().to_string();
            if !doc.kind.info().namespaced {
                kept.push(doc);
            } else if given.is_empty() {
                doc.value.set("metadata.namespace", own.as_str());
                doc.placed = true;
                kept.push(doc);
            } else if cx.base.explicit && given != own {
                self.fails.push(Fail::Plain(format!(
                    "the namespace from the provided object {given:?} does not match the namespace {own:?}. You must pass '--namespace={given}' to perform this operation."
                )));
            } else {
                kept.push(doc);
            }
        }
        self.docs = kept;
        Ok(self)
    }
}

/// The kind that a manifest means; the kind's name may be written in another case, which is the API
/// server's to refuse.
pub fn find_kind(custom: &[Kind], version: &str, kind: &str) -> Option<Kind> {
    let any_case = |k: &Kind| {
        let info = k.info();
        info.api_version == version && info.kind.eq_ignore_ascii_case(kind)
    };
    let known = custom.iter().copied();
    Kind::of(version, kind)
        .or_else(|| convert::kind_of(version, kind))
        .or_else(|| Kind::all().find(any_case))
        .or_else(|| known.clone().find(|k| k.info().api_version == version && k.info().kind == kind))
}

fn shape(value: &Value) -> Result<(), String> {
    if value.as_map().is_none() {
        return Err("invalid object to validate".into());
    }
    let missing: Vec<&str> =
        ["apiVersion", "kind"].into_iter().filter(|f| value[*f].str().is_empty()).collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("{one} not set")),
        _ => Err("[apiVersion not set, kind not set]".into()),
    }
}

/// What kubectl's own decoder says about metadata of a wrong type.
fn undecodable(value: &Value) -> Option<String> {
    if value.as_map().is_none() || value["kind"].str().is_empty() {
        return Some(format!("Object 'Kind' is missing in '{}'", json::print(value)));
    }
    let wrong = |v: &Value, field: &str, ty: &str| {
        Some(format!("json: cannot unmarshal {} into Go struct field {field} of type {ty}", json_type(v)))
    };
    let meta = &value["metadata"];
    if meta.is_null() {
        return None;
    }
    if meta.as_map().is_none() {
        return wrong(meta, "metadataOnlyObject.metadata", "v1.ObjectMeta");
    }
    // The first wrong field counts, and the fields come sorted.
    for (field, v) in meta.entries().filter(|(_, v)| v.is_some()) {
        let plain = ["generateName", "name", "namespace", "resourceVersion", "selfLink", "uid"];
        if plain.contains(&field.as_str()) && v.as_str().is_none() {
            return wrong(v, &format!("ObjectMeta.metadata.{field}"), "string");
        }
        if !matches!(field.as_str(), "labels" | "annotations") {
            continue;
        }
        if v.is_some() && v.as_map().is_none() {
            return wrong(v, &format!("ObjectMeta.metadata.{field}"), "map[string]string");
        }
        let bad = v.entries().find(|(_, v)| v.is_some() && v.as_str().is_none());
        if let Some((_, v)) = bad {
            return wrong(v, &format!("ObjectMeta.metadata.{field}"), "string");
        }
    }
    None
}

fn json_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_a_wrong_type_is_kubectls_own_error() {
        let v = crate::map! { "kind" => "Pod", "metadata" => crate::map! { "name" => 123 } };
        assert_eq!(
            undecodable(&v).as_deref(),
            Some(
                "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"
            )
        );
        assert_eq!(shape(&crate::map! { "kind" => "Pod" }).err().as_deref(), Some("apiVersion not set"));
        assert_eq!(shape(&Value::from("x")).err().as_deref(), Some("invalid object to validate"));
    }
}
