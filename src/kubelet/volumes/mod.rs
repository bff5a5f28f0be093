//! Volumes of pods: mounting with retries, the pod's waiting for them, refreshing, and what a container gets.
//!
//! Mirrors pkg/kubelet/volumemanager in behaviour: a reconciler mounts what is wanted and tries again after
//! 0.5 s, 1 s, 2 s …; a pod's sync looks every 0.3 s whether all its volumes are there. ConfigMap, Secret,
//! projected and downward API volumes are written anew by every sync whose sources have changed.
//!
//! Left out: attaching, CSI, volumes of other machines (they say `not simulated`).

mod hostpath;
mod payload;
mod token;

pub use hostpath::host_path;

use super::pod::Pod;
use super::worker::{self, Requeue};
use super::{Cx, Node, causes, hosts};
use crate::api::{Kind, Text, Value};
use crate::collections::BTreeMap;
use crate::cri::Mount;
use crate::fs::{Content, FsKind, ROOT, Tree, TreeId};
use crate::time::{Span, Time};
use payload::Payload;

/// From the first sight of a pod to the reconciler's first try (measured: 0.12–0.25 s to the first
/// FailedMount).
const FIRST_TRY: Span = Span::millis(130);
/// pkg/kubelet/volumemanager `podAttachAndMountRetryInterval`, and what the last look takes.
const POLL: Span = Span::millis(300);
const LOOK: Span = Span::millis(8);
/// pkg/util/goroutinemap/exponentialbackoff `initialDurationBeforeRetry` and `maxDurationBeforeRetry`.
const RETRY: Span = Span::millis(500);
const MAX_RETRY: Span = Span::secs(122);
/// pkg/kubelet/volumemanager `podAttachAndMountTimeout`: then the sync gives up for now.
const TIMEOUT: Span = Span::secs(123);

/// The plugin of images.
const IMAGE: &str = "image";

/// How much of a file of variables is read, in bytes.
const FILE_BYTES: usize = 1 << 20;

/// The volumes of a pod.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    mounted: BTreeMap<Text, Mounted>,
    retries: BTreeMap<Text, Retry>,
    since: Option<Time>,
    ready: Option<Time>,
    settled: bool,
    refreshed: bool,
    hosts: Option<TreeId>,
}

#[derive(Clone, Debug)]
struct Mounted {
    tree: TreeId,
    /// The place in the tree that is the volume; empty for the whole tree.
    path: Text,
    /// Whether the tree goes with the pod.
    own: bool,
    /// Whose directory of the pod's volumes it lies in.
    plugin: &'static str,
    /// Where the runtime has mounted an image.
    place: Text,
    read_only: bool,
    payload: Option<Payload>,
}

#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Time,
    wait: Span,
}

impl Volumes {
    /// Whether periodic syncs can bring new contents.
    pub fn refreshed(&self) -> bool {
        self.refreshed
    }

    /// The trees of disk-backed emptyDirs, which count as the pod's use of ephemeral storage.
    pub fn scratch<'a>(&'a self, spec: &'a Value) -> impl Iterator<Item = (Text, TreeId)> + 'a {
        let disk = |v: &&Value| v["emptyDir"].is_some() && v["emptyDir"]["medium"].str() != "Memory";
        spec["volumes"].items().iter().filter(disk).filter_map(|v| {
            let name = v["name"].text();
            self.mounted.get(&name).map(|m| (name, m.tree))
        })
    }

    /// The text of a file in a volume.
    pub fn text(&self, cx: &Cx<'_>, volume: &str, path: &str) -> Option<String> {
        let mounted = self.mounted.get(volume)?;
        let full = format!("{}/{path}", mounted.path);
        let data = cx.world.forest.get(mounted.tree)?.file(&full)?;
        Some(String::from_utf8_lossy(&data.read(0, FILE_BYTES)).into_owned())
    }

    /// Unmounts everything.
    pub fn tear_down(&mut self, cx: &mut Cx<'_>) {
        for m in std::mem::take(&mut self.mounted).into_values() {
            if m.own {
                cx.world.forest.remove(m.tree);
            }
        }
        if let Some(tree) = self.hosts.take() {
            cx.world.forest.remove(tree);
        }
    }
}

/// Mounts what is not mounted yet and refreshes what has changed; says what the sync has to do.
pub fn mount(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) -> Wait {
    let wanted = pod.object.at("spec.volumes").clone();
    let now = cx.api.now;
    if wanted.is_empty() {
        return Wait::Done;
    }
    if pod.volumes.settled {
        refresh(node, pod, cx, &wanted);
        return Wait::Done;
    }
    let since = *pod.volumes.since.get_or_insert(now);
    if now < since + FIRST_TRY {
        return Wait::Until(since + FIRST_TRY);
    }
    let missing = try_all(node, pod, cx, &wanted);
    match missing {
        None => {
            let polls = now.since(since).0.div_ceil(POLL.0).max(1);
            let ready = *pod.volumes.ready.get_or_insert(since + Span(polls * POLL.0) + LOOK);
            if now < ready {
                return Wait::Until(ready);
            }
            pod.volumes.settled = true;
            Wait::Done
        }
        Some(_) if now >= since + TIMEOUT => {
            pod.volumes.since = None;
            timed_out(node, pod, cx, &wanted);
            Wait::Failed
        }
        Some(at) => Wait::Until(at.min(since + TIMEOUT)),
    }
}

/// What a sync has to do about its pod's volumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// All are there.
    Done,
    /// Look again then.
    Until(Time),
    /// Give up for now.
    Failed,
}

fn timed_out(node: &Node, pod: &Pod, cx: &mut Cx<'_>, wanted: &Value) {
    let missing = wanted.items().iter().map(|v| v["name"].text());
    let missing: Vec<Text> = missing.filter(|n| !pod.volumes.mounted.contains_key(n)).collect();
    let list: Vec<&str> = missing.iter().map(Text::as_str).collect();
    let message = format!(
        "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded",
        list.join(" ")
    );
    causes::not_mounted(pod, cx, &Text::from(list.join(" ")), &message);
    node.event(pod, cx, "", "Warning", "FailedMount", &message);
}

/// Tries the volumes that are due; returns when the next one is, or `None` when all are mounted.
fn try_all(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, wanted: &Value) -> Option<Time> {
    let now = cx.api.now;
    let mut next: Option<Time> = None;
    for volume in wanted.items() {
        let name = volume["name"].text();
        if pod.volumes.mounted.contains_key(&name) || volume["image"].is_some() {
            continue;
        }
        let before = pod.volumes.retries.get(&name).copied();
        let mut due = before.map_or(now, |r| r.at);
        if due <= now {
            match set_up(node, pod, cx, volume) {
                Ok(mounted) => {
                    if mounted.own {
                        give_to_group(pod, cx, mounted.tree, mounted.payload.is_some());
                    }
                    pod.volumes.refreshed |= mounted.payload.as_ref().is_some_and(Payload::changes);
                    pod.volumes.mounted.insert(name.clone(), mounted);
                    pod.volumes.retries.remove(&name);
                    continue;
                }
                Err(why) => {
                    let message = format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
                    causes::not_mounted(pod, cx, &name, &message);
                    node.event(pod, cx, "", "Warning", "FailedMount", &message);
                    let wait = before.map_or(RETRY, |r| Span(r.wait.0 * 2).min(MAX_RETRY));
                    due = now + wait + LOOK;
                    pod.volumes.retries.insert(name, Retry { at: due, wait });
                }
            }
        }
        next = Some(next.map_or(due, |n| n.min(due)));
    }
    next
}

fn set_up(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, volume: &Value) -> Result<Mounted, String> {
    let own = |tree, plugin, payload| Mounted {
        tree,
        path: Text::default(),
        own: true,
        plugin,
        place: Text::default(),
        read_only: false,
        payload,
    };
    let dir = &volume["emptyDir"];
    if dir.is_some() {
        let memory = dir["medium"].str() == "Memory";
        let mut tree = Tree::new(if memory { FsKind::Tmpfs } else { FsKind::Ext4 });
        if let Some(root) = tree.inode_mut(ROOT) {
            root.mode = 0o777;
            root.mtime = cx.api.epoch.unix_micros(cx.api.now);
        }
        if memory {
            // Its own limit or the pod's, whichever is less (pkg/volume/emptydir `calculateEmptyDirMemorySize`).
            let limits = [super::config::bytes(&dir["sizeLimit"]), hosts::memory_limit(pod)];
            tree.limit = limits.into_iter().flatten().min();
        }
        return Ok(own(cx.world.forest.add(tree), "empty-dir", None));
    }
    if volume["hostPath"].is_some() {
        let path = host_path(node, cx, &volume["hostPath"])?;
        let tree = cx.cri.node_root(node.cri);
        return Ok(on_node(tree, path, false));
    }
    if volume["persistentVolumeClaim"].is_some() {
        return claim(node, pod, cx, &volume["persistentVolumeClaim"]);
    }
    if volume["ephemeral"].is_some() {
        let name = format!("{}-{}", pod.key.name, volume["name"].str());
        return claim(node, pod, cx, &crate::map! { "claimName" => name });
    }
    if !payload::is_payload(volume) {
        let empty = crate::api::value::Map::new();
        let map = volume.as_map().unwrap_or(&empty);
        let kind = map.iter().map(|(k, _)| k.as_str()).find(|k| *k != "name").unwrap_or("");
        return if kind.is_empty() {
            // A volume without a source is an emptyDir (pkg/apis/core/v1/defaults.go).
            set_up(node, pod, cx, &crate::map! { "emptyDir" => Value::map() })
        } else {
            Err(unsupported(kind, &volume[kind]))
        };
    }
    let payload = Payload::read(node, pod, cx, volume)?;
    let tree = cx.world.forest.add(payload.tree(cx));
    Ok(own(tree, payload::plugin(volume), Some(payload)))
}

/// What is said of a volume that cannot be mounted whatever one does.
fn unsupported(kind: &str, source: &Value) -> String {
    match kind {
        "csi" if source.is_some() => format!(
            "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name {} not found in the list of \
             registered CSI drivers",
            source["driver"].str()
        ),
        "gitRepo" => {
            "git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling \
                      the feature-gate `GitRepoVolumeDriver`"
                .to_string()
        }
        kind => format!("not simulated: volumes of type {kind}"),
    }
}

/// Gives a volume's files to the pod's `fsGroup` (pkg/volume/volume_linux.go): the group may read them, and
/// write unless the volume is read-only; what is made in its directories later belongs to the group, too.
fn give_to_group(pod: &Pod, cx: &mut Cx<'_>, tree: TreeId, read_only: bool) {
    let group = pod.object.at("spec.securityContext.fsGroup").as_int();
    let Some(group) = group.and_then(|g| u32::try_from(g).ok()) else { return };
    let Some(tree) = cx.world.forest.get_mut(tree) else { return };
    tree.change_all(|inode| {
        let dir = matches!(inode.content, Content::Dir(_));
        inode.gid = group;
        if !matches!(inode.content, Content::Symlink(_)) {
            inode.mode |= if read_only { 0o440 } else { 0o660 } | if dir { 0o2110 } else { 0 };
        }
    });
}

/// Mounts an image that is on the node.
pub fn mount_image(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &Text, image: &str) {
    if pod.volumes.mounted.contains_key(name) {
        return;
    }
    let Some(files) = cx.cri.image_files(node.cri, image) else { return };
    let tree = cx.world.forest.add(files);
    let place = pod.newest_sandbox().and_then(|s| cx.cri.image_place(s, node.cri, image)).unwrap_or_default();
    let path = Text::default();
    let mounted = Mounted { tree, path, own: true, plugin: IMAGE, place, read_only: true, payload: None };
    pod.volumes.mounted.insert(name.clone(), mounted);
}

/// A place in the node's own files.
fn on_node(tree: TreeId, path: Text, read_only: bool) -> Mounted {
    Mounted { tree, path, own: false, plugin: "", place: Text::default(), read_only, payload: None }
}

/// The volume behind a claim.
fn claim(node: &mut Node, pod: &Pod, cx: &mut Cx<'_>, source: &Value) -> Result<Mounted, String> {
    let name = source["claimName"].str();
    let namespace = &pod.key.namespace;
    let claim = cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, namespace, name);
    let claim = claim.ok_or_else(|| format!("persistentvolumeclaim \"{name}\" not found"))?;
    let volume = claim.at("spec.volumeName").text();
    if volume.is_empty() {
        return Err(format!("PVC {namespace}/{name} is not bound"));
    }
    let pv = cx.api.get(Kind::PERSISTENT_VOLUME, "", &volume).cloned();
    let pv = pv.ok_or_else(|| format!("persistentvolume \"{volume}\" not found"))?;
    let spec = &pv["spec"];
    let place = if spec["hostPath"].is_some() {
        spec["hostPath"].clone()
    } else if spec["local"].is_some() {
        crate::map! { "path" => &spec["local"]["path"], "type" => "Directory" }
    } else {
        let others = ["capacity", "claimRef", "nodeAffinity"];
        let mut fields =
            spec.entries().filter(|(k, v)| v.as_map().is_some() && !others.contains(&k.as_str()));
        return Err(unsupported(fields.next().map_or("", |(k, _)| k.as_str()), &Value::Null));
    };
    let path = host_path(node, cx, &place)?;
    let tree = cx.cri.node_root(node.cri);
    let read_only = source["readOnly"].is_true();
    Ok(on_node(tree, path, read_only))
}

/// Writes volumes anew whose sources have changed since.
fn refresh(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, wanted: &Value) {
    if !pod.volumes.refreshed {
        return;
    }
    for volume in wanted.items() {
        let name = volume["name"].text();
        let Some(old) = pod.volumes.mounted.get(&name).and_then(|m| m.payload.clone()) else { continue };
        if !old.changes() {
            continue;
        }
        match Payload::read(node, pod, cx, volume) {
            Ok(new) if new == old => {}
            Ok(new) => {
                if let Some(mounted) = pod.volumes.mounted.get_mut(&name) {
                    new.rewrite(cx, mounted.tree, &old);
                    let tree = mounted.tree;
                    mounted.payload = Some(new);
                    give_to_group(pod, cx, tree, true);
                }
            }
            Err(why) => {
                let message = format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
                causes::not_mounted(pod, cx, &name, &message);
                node.event(pod, cx, "", "Warning", "FailedMount", &message);
            }
        }
    }
}

/// The mounts of a container. `Err`: the message of CreateContainerConfigError.
pub fn mounts(
    node: &Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    spec: &Value,
    env: &[(Text, Text)],
) -> Result<Vec<Mount>, String> {
    let mut mounts = Vec::new();
    let mut has_hosts = false;
    let home = format!("/var/lib/kubelet/pods/{}", pod.uid);
    for (i, m) in spec["volumeMounts"].items().iter().enumerate() {
        let Some(volume) = pod.volumes.mounted.get(m["name"].str()) else { continue };
        let mut path = volume.path.to_string();
        let sub = sub_path(m, env)?;
        if sub.starts_with('/') {
            return Err(format!("error SubPath `{sub}` must not be an absolute path"));
        }
        if sub.split('/').any(|part| part == "..") {
            return Err(format!("unable to provision SubPath `{sub}`: must not contain '..'"));
        }
        if !sub.is_empty() {
            path = format!("{}/{sub}", path.trim_end_matches('/'));
            let mtime = cx.api.epoch.unix_micros(cx.api.now);
            let image = volume.plugin == IMAGE;
            if let Some(tree) = cx.world.forest.get_mut(volume.tree).filter(|_| !image)
                && tree.lookup(&path).is_none()
            {
                let ino = tree.make_dirs(&path, mtime);
                if let Some(dir) = tree.inode_mut(ino) {
                    dir.mode = 0o750;
                }
            }
        }
        let host_path = match (sub.is_empty(), volume.own) {
            _ if volume.plugin == IMAGE => volume.place.to_string(),
            (false, _) => format!("{home}/volume-subpaths/{}/{}/{i}", m["name"].str(), spec["name"].str()),
            (true, true) => format!("{home}/volumes/kubernetes.io~{}/{}", volume.plugin, m["name"].str()),
            (true, false) => path.clone(),
        };
        let payload = volume.payload.is_some();
        has_hosts |= m["mountPath"].str() == "/etc/hosts";
        mounts.push(Mount {
            path: m["mountPath"].text(),
            tree: volume.tree,
            sub_path: Text::from(path),
            read_only: m["readOnly"].is_true() || volume.read_only || payload,
            host_path: Text::from(host_path),
        });
    }
    if !has_hosts && !pod.object.at("spec.hostNetwork").is_true() && !node.heart.is_lazy() {
        let tree = hosts_tree(pod, cx);
        mounts.push(Mount {
            path: Text::lit("/etc/hosts"),
            tree,
            sub_path: Text::lit("/etc-hosts"),
            read_only: false,
            host_path: Text::from(format!("{home}/etc-hosts")),
        });
    }
    Ok(mounts)
}

/// The pod's own directory on the node: its `/etc/hosts`, shared by its containers.
fn hosts_tree(pod: &mut Pod, cx: &mut Cx<'_>) -> TreeId {
    let text = hosts::etc_hosts(pod, &pod.seen.ip);
    *pod.volumes.hosts.get_or_insert_with(|| {
        let mut tree = Tree::new(FsKind::Ext4);
        let mtime = cx.api.epoch.unix_micros(cx.api.now);
        let content = crate::fs::Content::File(crate::fs::FileData::new(text.into_bytes()));
        tree.put("/etc-hosts", content, 0o644, mtime);
        cx.world.forest.add(tree)
    })
}

fn sub_path(mount: &Value, env: &[(Text, Text)]) -> Result<String, String> {
    let expr = mount["subPathExpr"].str();
    if expr.is_empty() {
        return Ok(mount["subPath"].str().to_string());
    }
    let missing = std::cell::Cell::new(false);
    let sub = super::env::expand(expr, |n| {
        let found = env.iter().rev().find(|(k, _)| *k == n).map(|(_, v)| v.to_string());
        missing.set(missing.get() || found.is_none());
        found
    });
    if missing.get() {
        return Err(format!("missing value for \"{}\"", expr.trim_matches(|c| "$()".contains(c))));
    }
    Ok(sub)
}

/// Ends the sync of a pod whose volumes did not come.
pub fn give_up(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    worker::complete(node, pod, cx, Requeue::Error(None), false);
}
