//! Volumes that the kubelet writes: configMap, secret, downwardAPI, projected.
//!
//! Their files lie in a directory named by the time of writing; `..data` points to it and every top-level
//! name points into `..data`, so that a new version appears at once (pkg/volume/util/atomic_writer.go).

use super::super::pod::Pod;
use super::super::{Cx, Node, env};
use super::token;
use crate::api::{Kind, Text, Value};
use crate::collections::BTreeMap;
use crate::fs::{Content, FileData, FsKind, ROOT, Tree, TreeId};
use crate::rng::Rng;
use crate::time::civil;

/// `defaultMode` of all of them.
const DEFAULT_MODE: i64 = 0o644;

/// What a volume's files are to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    files: BTreeMap<Text, (Text, u16)>,
    in_memory: bool,
    changes: bool,
}

/// The fields of volumes of this sort, each with its plugin's directory.
const PLUGINS: [(&str, &str); 4] = [
    ("configMap", "configmap"),
    ("secret", "secret"),
    ("downwardAPI", "downward-api"),
    ("projected", "projected"),
];

/// Whether a volume is of this sort.
pub fn is_payload(volume: &Value) -> bool {
    !plugin(volume).is_empty()
}

/// The name of a volume's plugin as its directory shows it; empty for other sorts.
pub fn plugin(volume: &Value) -> &'static str {
    PLUGINS.iter().find(|(field, _)| volume[*field].is_some()).map_or("", |(_, plugin)| *plugin)
}

impl Payload {
    /// Whether what it is made of can change while the pod runs (a token's renewal is not shown).
    pub fn changes(&self) -> bool {
        self.changes
    }

    /// Reads a volume's sources. `Err`: what is behind `MountVolume.SetUp failed for volume "x" : `.
    pub fn read(node: &Node, pod: &Pod, cx: &Cx<'_>, volume: &Value) -> Result<Payload, String> {
        let mut payload = Payload { files: BTreeMap::new(), in_memory: true, changes: false };
        let projected = &volume["projected"];
        if projected.is_null() {
            for kind in ["configMap", "secret", "downwardAPI"] {
                if volume[kind].is_some() {
                    let mode = volume[kind]["defaultMode"].int_or(DEFAULT_MODE);
                    payload.add(node, pod, cx, kind, &volume[kind], mode)?;
                }
            }
            payload.in_memory = volume["configMap"].is_null();
            return Ok(payload);
        }
        let mode = projected["defaultMode"].int_or(DEFAULT_MODE);
        let mut errors = Vec::new();
        for source in projected["sources"].items() {
            for kind in ["secret", "configMap", "downwardAPI", "serviceAccountToken"] {
                if source[kind].is_some()
                    && let Err(why) = payload.add(node, pod, cx, kind, &source[kind], mode)
                {
                    errors.push(why);
                }
            }
        }
        match errors.len() {
            0 => Ok(payload),
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    fn add(
        &mut self,
        node: &Node,
        pod: &Pod,
        cx: &Cx<'_>,
        kind: &str,
        source: &Value,
        mode: i64,
    ) -> Result<(), String> {
        match kind {
            "serviceAccountToken" => {
                self.put(source["path"].str(), token::token(pod, cx, source), mode);
                Ok(())
            }
            "downwardAPI" => self.add_downward(node, pod, cx, source, mode),
            _ => self.add_object(pod, cx, kind == "secret", source, mode),
        }
    }

    fn add_object(
        &mut self,
        pod: &Pod,
        cx: &Cx<'_>,
        secret: bool,
        source: &Value,
        mode: i64,
    ) -> Result<(), String> {
        let (kind, noun) = if secret { (Kind::SECRET, "secret") } else { (Kind::CONFIG_MAP, "configmap") };
        let name =
            if secret && source["secretName"].is_some() { &source["secretName"] } else { &source["name"] };
        let name = name.str();
        let optional = source["optional"].is_true();
        self.changes |= name != "kube-root-ca.crt";
        let Some(object) = cx.api.get(kind, &pod.key.namespace, name) else {
            return if optional { Ok(()) } else { Err(format!("{noun} \"{name}\" not found")) };
        };
        let plain = |v: &Value| v.text();
        let coded = |v: &Value| Text::from(String::from_utf8_lossy(&env::base64(v.str())).into_owned());
        let mut data: BTreeMap<Text, Text> = BTreeMap::new();
        for (k, v) in object["data"].entries() {
            data.insert(k.clone(), if secret { coded(v) } else { plain(v) });
        }
        for (k, v) in object["binaryData"].entries() {
            data.insert(k.clone(), coded(v));
        }
        if source["items"].is_null() {
            for (k, v) in data {
                self.put(&k, v, mode);
            }
            return Ok(());
        }
        for item in source["items"].items() {
            let key = item["key"].str();
            match data.get(key) {
                Some(v) => self.put(item["path"].str(), v.clone(), item["mode"].int_or(mode)),
                None if optional => {}
                None if secret => return Err(format!("references non-existent secret key: {key}")),
                None => return Err(format!("configmap references non-existent config key: {key}")),
            }
        }
        Ok(())
    }

    fn add_downward(
        &mut self,
        node: &Node,
        pod: &Pod,
        cx: &Cx<'_>,
        source: &Value,
        mode: i64,
    ) -> Result<(), String> {
        let mut errors = Vec::new();
        for item in source["items"].items() {
            let field = item.at("fieldRef.fieldPath").str();
            let text = if item["fieldRef"].is_some() {
                self.changes |=
                    field.starts_with("metadata.labels") || field.starts_with("metadata.annotations");
                Ok(env::field(node, pod, field))
            } else {
                env::resource(node, pod, cx, &Value::Null, &item["resourceFieldRef"])
            };
            match text {
                Ok(text) => self.put(item["path"].str(), text, item["mode"].int_or(mode)),
                Err(why) => errors.push(why),
            }
        }
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    fn put(&mut self, path: &str, text: Text, mode: i64) {
        // Validation keeps paths inside the volume; a stray ".." is dropped all the same.
        let parts: Vec<&str> = path.split('/').filter(|p| !matches!(*p, "" | "." | "..")).collect();
        let mode = u16::try_from(mode & 0o7777).unwrap_or(0o644);
        self.files.insert(Text::from(parts.join("/")), (text, mode));
    }

    /// A tree with these files.
    pub fn tree(&self, cx: &Cx<'_>) -> Tree {
        let mut tree = Tree::new(if self.in_memory { FsKind::Tmpfs } else { FsKind::Ext4 });
        let mtime = cx.api.epoch.unix_micros(cx.api.now);
        if let Some(root) = tree.inode_mut(ROOT) {
            root.mode = if self.in_memory { 0o1777 } else { 0o777 };
            root.mtime = mtime;
        }
        self.write(&mut tree, cx);
        tree
    }

    /// Writes the files as a new version and points `..data` to it.
    fn write(&self, tree: &mut Tree, cx: &Cx<'_>) {
        let micros = cx.api.epoch.unix_micros(cx.api.now);
        let c = civil(micros);
        let mut rng = Rng::stream(cx.api.seed, &format!("volume {micros} {}", self.files.len()));
        let dir = format!(
            "..{:04}_{:02}_{:02}_{:02}_{:02}_{:02}.{}",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            rng.below(4_294_967_296)
        );
        tree.make_dirs(&format!("/{dir}"), micros);
        for (path, (text, mode)) in &self.files {
            let content = Content::File(FileData::new(text.as_bytes().to_vec()));
            tree.put(&format!("/{dir}/{path}"), content, *mode, micros);
        }
        tree.put("/..data", Content::Symlink(Text::from(dir)), 0o777, micros);
        for top in self.tops() {
            if tree.child(ROOT, &top).is_none() {
                let target = Text::from(format!("..data/{top}"));
                tree.put(&format!("/{top}"), Content::Symlink(target), 0o777, micros);
            }
        }
    }

    fn tops(&self) -> Vec<Text> {
        let mut tops: Vec<Text> =
            self.files.keys().map(|p| Text::from(p.split('/').next().unwrap_or(""))).collect();
        tops.dedup();
        tops
    }

    /// Replaces the files of a tree by these. Files of the old version stay where a subPath may hold them.
    pub fn rewrite(&self, cx: &mut Cx<'_>, tree: TreeId, old: &Payload) {
        let mtime = cx.api.epoch.unix_micros(cx.api.now);
        let Some(mut t) = cx.world.forest.get(tree).cloned() else { return };
        let former = match t.child(ROOT, "..data").and_then(|i| t.inode(i)).map(|i| i.content.clone()) {
            Some(Content::Symlink(dir)) => Some(dir),
            _ => None,
        };
        self.write(&mut t, cx);
        if let Some(dir) = former {
            // The directory is taken out of sight; its inodes stay for those who have them mounted or open.
            let _ = t.detach(ROOT, &dir, mtime);
        }
        let now = self.tops();
        for gone in old.tops().into_iter().filter(|o| !now.contains(o)) {
            let _ = t.unlink(ROOT, &gone, mtime);
        }
        if let Some(slot) = cx.world.forest.get_mut(tree) {
            *slot = t;
        }
    }
}
