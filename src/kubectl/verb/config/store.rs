//! The configuration's files as the Go types hold them: entries sorted by name, the fields that are always
//! written, nothing that the types do not have. What is changed goes to the file it came from.

use crate::api::{Value, yaml};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::kubeconfig::{self, LISTS};

/// The files and what they come to together.
pub struct Store {
    files: Vec<(String, Value)>,
    /// The file for what has none yet.
    pub default: String,
    /// What they come to.
    pub value: Value,
}

/// What an entry holds: the part's name, and its fields that are always written.
pub fn part(list: &str) -> (&'static str, &'static [&'static str]) {
    match list {
        "clusters" => ("cluster", &["server"]),
        "contexts" => ("context", &["cluster", "user"]),
        _ => ("user", &[]),
    }
}

/// A configuration as the types have it.
pub fn normal(value: &Value) -> Value {
    let mut out = crate::map! {
        "apiVersion" => "v1", "kind" => "Config", "current-context" => value["current-context"].str(),
    };
    for list in LISTS {
        let (part, always) = part(list);
        let mut entries: Vec<Value> = Vec::new();
        for entry in value[*list].items() {
            let mut inner = Value::map();
            for field in always {
                inner.set(field, "");
            }
            for (field, held) in entry[part].entries() {
                let unset = held.is_empty() || held.as_bool() == Some(false);
                if !unset || always.contains(&field.as_str()) {
                    inner.map_mut().insert(field, held);
                }
            }
            entries.push(crate::map! { "name" => &entry["name"], part => inner });
        }
        entries.order_by_key(|e| e["name"].str().to_string());
        out.set(list, if entries.is_empty() { Value::Null } else { Value::from(entries) });
    }
    for field in ["preferences", "extensions"] {
        if !value[field].is_empty() {
            out.set(field, value[field].clone());
        }
    }
    out
}

impl Store {
    /// Reads the files that the command line means.
    pub fn open(cx: &mut Cx, args: &Args) -> Res<Store> {
        let env = cx.base.env.clone();
        let mut files = Vec::new();
        for path in kubeconfig::paths(args, &env) {
            let read = kubeconfig::read(&path, cx.sys)?;
            if read.is_some() {
                files.push((path, normal(&read)));
            }
        }
        let default = kubeconfig::path(args, &env, cx.sys);
        let merged = kubeconfig::load(args, &env, cx.sys)?;
        Ok(Store { files, default, value: normal(&merged) })
    }

    /// The file that has an entry, or the one for new ones.
    fn home(&self, list: &str, name: &str) -> String {
        let found = self.files.iter().find(|(_, v)| v[list].find("name", name).is_some());
        found.map_or_else(|| self.default.clone(), |(path, _)| path.clone())
    }

    fn file(&mut self, path: &str) -> &mut Value {
        let at = self.files.iter().position(|(p, _)| p == path).unwrap_or_else(|| {
            self.files.push((path.to_string(), normal(&Value::map())));
            self.files.len() - 1
        });
        &mut self.files[at].1
    }

    /// Writes what is new in a configuration to the files where it belongs.
    pub fn save(mut self, cx: &mut Cx, new: &Value) -> Res<()> {
        let new = normal(new);
        let before = self.files.clone();
        for list in LISTS {
            let old = self.value[*list].clone();
            for entry in new[*list].items() {
                let name = entry["name"].str();
                if *old.find("name", name) != *entry {
                    let home = self.home(list, name);
                    let file = self.file(&home);
                    let others = file[*list].items().iter().filter(|e| e["name"].str() != name);
                    let kept: Vec<Value> = others.cloned().chain([entry.clone()]).collect();
                    file.set(list, Value::from(kept));
                }
            }
            for gone in old.items().iter().filter(|e| new[*list].find("name", e["name"].str()).is_null()) {
                let name = gone["name"].str();
                let home = self.home(list, name);
                let file = self.file(&home);
                let kept: Vec<Value> =
                    file[*list].items().iter().filter(|e| e["name"].str() != name).cloned().collect();
                file.set(list, Value::from(kept));
            }
        }
        for field in ["current-context", "preferences"] {
            if new[field] != self.value[field] {
                let has = |v: &Value| !v[field].is_empty();
                let holder = self.files.iter().find(|(_, v)| has(v)).map(|(p, _)| p.clone());
                // What is taken away goes from the file that has it.
                let path = holder.filter(|_| new[field].is_empty()).unwrap_or_else(|| self.default.clone());
                self.file(&path).set(field, new[field].clone());
            }
        }
        for (path, value) in &self.files {
            let old = before.iter().find(|(p, _)| p == path);
            if old.is_none_or(|(_, v)| v != value) {
                write(cx, path, &normal(value))?;
            }
        }
        Ok(())
    }
}

fn write(cx: &mut Cx, file: &str, value: &Value) -> Res<()> {
    if let Some((dir, _)) = file.rsplit_once('/') {
        let _ = cx.sys.mkdir(dir, 0o755);
    }
    let text = yaml::print(value);
    let wrote = cx.sys.write_file(file, text.as_bytes(), false);
    wrote.map_err(|e| Fail::Plain(format!("open {file}: {}", lower(e.text()))))
}
