//! Containers from their making to their removal; what they use.

use super::latency::CREATE_CONTAINER;
use super::logs::Log;
use super::pulls::image_id;
use super::root::{Parts, image_paths, mounts};
use super::types::{
    ContainerConfig, ContainerId, ContainerState, ContainerStatus, NodeId, SandboxId, Security, Timed, Usage,
};
use super::{Container, Due, Runtime, Streams};
use crate::api::Text;
use crate::collections::Order;
use crate::fs::{Cap, Caps, Content, Cred, FileData, FsKind, Mount, MountTable, Tree, TreeId};
use crate::images::Image;
use crate::os::{CellId, NewCell, Signal, World};
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::rc::Rc;

/// containerd's capabilities for containers that are not privileged (oci `defaultUnixCaps`).
const DEFAULT_CAPS: Caps = Caps(0xa804_25fb);

/// How much of `/etc/passwd` and `/etc/group` is read.
const TABLE_BYTES: usize = 1 << 16;

/// The `PATH` of images that set none (containerd's default).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a container is made of before it has a cell.
struct Built {
    root: TreeId,
    dev: TreeId,
    mounts: Vec<Mount>,
    /// Why runc will not be able to set it up, if so.
    misfit: Option<Text>,
    cwd: Text,
    cred: Cred,
}

impl Runtime {
    /// Makes a container with its file system.
    ///
    /// `Err`: the text behind `Error: ` in the event (reason CreateContainerError).
    pub fn create_container(
        &mut self,
        world: &mut World,
        now: Time,
        sandbox: SandboxId,
        config: ContainerConfig,
    ) -> Timed<Result<ContainerId, Text>> {
        self.clock = now;
        world.advance_to(now);
        let at = now + CREATE_CONTAINER;
        Timed { at, result: self.make_container(world, now, sandbox, config) }
    }

    fn make_container(
        &mut self,
        world: &mut World,
        now: Time,
        sandbox: SandboxId,
        config: ContainerConfig,
    ) -> Result<ContainerId, Text> {
        let s = self.sandboxes.get(&sandbox).ok_or(Text::lit("sandbox not found"))?;
        let (node, sandbox_config) = (s.node, s.config.clone());
        let owner = format!("{}/{}/{}", s.config.uid, config.name, config.attempt);
        let hex = Text::from(Rng::stream(self.settings.seed, &format!("container {owner}")).hex(64));
        let Some((image, present)) = self.present(node, &config.image).map(|(i, p)| (i.clone(), p)) else {
            return Err(Text::from(format!("failed to resolve image \"{}\": not found", config.image)));
        };
        image_paths(&world.forest, &config.mounts)?;
        if let Some(why) = self.no_profile(world, node, &config.security) {
            return Err(why);
        }
        let spec_error = |why: Text| {
            Text::from(format!("failed to generate container \"{hex}\" spec: failed to generate spec: {why}"))
        };
        if command_of(&image, &config).is_empty() {
            return Err(spec_error(Text::lit("no command specified")));
        }
        let built = self.build(world, now, sandbox, &image, &config)?.map_err(spec_error)?;
        let cell = self.add_cell(world, sandbox, &config, built.mounts, Text::from(owner));
        let home = home(world, built.root, built.cred.uid);
        let env = environment(&image, &config, &sandbox_config.hostname, &home);
        let id = ContainerId(self.number());
        let status = ContainerStatus {
            id,
            sandbox,
            hex,
            name: config.name.clone(),
            attempt: config.attempt,
            image: config.image.clone(),
            image_id: image_id(&image, present),
            state: ContainerState::Created,
            created_at: now,
            started_at: None,
            finished_at: None,
            exit_code: 0,
            reason: "",
            message: Text::default(),
            signal: 0,
        };
        let container = Container {
            status,
            node,
            image,
            cell,
            root: built.root,
            dev: built.dev,
            env: env.into(),
            config: Rc::new(config),
            cwd: built.cwd,
            cred: built.cred,
            misfit: built.misfit,
            process: None,
            streams: Streams::default(),
            log: Log::default(),
            attached: Vec::new(),
        };
        self.containers.insert(id, container);
        if let Some(n) = self.node_mut(node) {
            n.containers.insert(id);
        }
        if let Some(s) = self.sandboxes.get_mut(&sandbox) {
            s.containers.push(id);
        }
        Ok(id)
    }

    /// Makes a container's files and mounts. The inner `Err` is that of its specification.
    fn build(
        &mut self,
        world: &mut World,
        now: Time,
        sandbox: SandboxId,
        image: &Image,
        config: &ContainerConfig,
    ) -> Result<Result<Built, Text>, Text> {
        let s = self.sandboxes.get(&sandbox).ok_or(Text::lit("sandbox not found"))?;
        let (node, files) = (s.node, s.files);
        let machine = self.nodes[node.0 as usize].machine;
        let base = self.base(image);
        let dev_base = self.dev_base();
        let mut tree = Tree::over(&base, FsKind::Overlay);
        let wall = world.settings().epoch.unix_micros(now);
        let cred = credentials(&tree, image, config)?;
        let cwd = [&config.working_dir, &image.working_dir].into_iter().find(|d| !d.is_empty());
        let cwd = cwd.cloned().unwrap_or(Text::lit("/"));
        let path = &config.termination_path;
        if !path.is_empty() && !path.starts_with("/dev/") && tree.lookup(path).is_none() {
            tree.put(path, Content::File(FileData::default()), 0o666, wall);
        }
        let root = world.forest.add(tree);
        let dev = world.forest.add(Tree::over(&dev_base, FsKind::Tmpfs));
        let figures = world.machine(machine);
        let parts = Parts {
            root,
            dev,
            sandbox: files,
            read_only_root: config.read_only_root,
            volumes: &config.mounts,
            disk: figures.disk,
            memory: config.memory_limit.unwrap_or(figures.memory),
            now: wall,
        };
        let (mounts, misfit) = match mounts(&mut world.forest, &parts) {
            Ok(made) => made,
            Err(why) => {
                world.forest.remove(root);
                world.forest.remove(dev);
                return Ok(Err(why));
            }
        };
        let no_dir = !make_working_dir(world, root, &mounts, &cwd, wall);
        let no_dir = || no_dir.then(|| format!("error during container init: mkdir {cwd}: not a directory"));
        let misfit = misfit.or_else(|| no_dir().map(Text::from));
        Ok(Ok(Built { root, dev, mounts, misfit, cwd, cred }))
    }

    /// Makes the cell in which a container's processes run.
    fn add_cell(
        &self,
        world: &mut World,
        sandbox: SandboxId,
        config: &ContainerConfig,
        mounts: Vec<Mount>,
        owner: Text,
    ) -> CellId {
        let s = &self.sandboxes[&sandbox];
        let share_pids = match config.target.filter(|_| !s.config.host_pid) {
            Some(target) => self.containers.get(&target).map(|c| c.cell),
            None => s.pause,
        };
        let new = NewCell {
            machine: self.nodes[s.node.0 as usize].machine,
            mounts: MountTable(Rc::new(mounts)),
            hostname: s.config.hostname.clone(),
            net: s.net,
            share_pids,
            owner,
        };
        let cell = world.add_cell(new);
        if let Some(c) = world.cell_mut(cell) {
            c.memory_limit = config.memory_limit;
            c.cpu_limit = config.cpu_limit;
            c.cpu_request = config.cpu_request;
            c.oom_score_adj = config.oom_score_adj;
            c.privileged = config.security.privileged;
            c.first_user = if s.config.own_users { first_user(sandbox) } else { 0 };
        }
        cell
    }

    /// Sends the image's stop signal now and KILL after `grace`; the exit comes as an event.
    /// With `grace` zero KILL comes at once.
    pub fn stop_container(&mut self, world: &mut World, now: Time, id: ContainerId, grace: Span) {
        self.clock = now;
        world.advance_to(now);
        let Some(c) = self.containers.get(&id) else { return };
        let Some(process) = c.process else { return };
        let signal = if grace == Span::ZERO { Signal::Kill } else { c.image.stop_signal };
        world.signal(process, signal);
        if grace > Span::ZERO {
            self.set_due(now + grace, Due::Kill(id));
        }
    }

    /// Removes a container with its writable layer and log; kills it first if need be.
    pub fn remove_container(&mut self, world: &mut World, id: ContainerId) {
        let Some(c) = self.containers.get(&id) else { return };
        if c.process.is_some() {
            world.kill_cell(c.cell);
            self.collect(world, self.clock);
        }
        let Some(c) = self.containers.remove(&id) else { return };
        if let Some(n) = self.node_mut(c.node) {
            n.containers.remove(&id);
        }
        world.remove_cell(c.cell);
        world.forest.remove(c.root);
        world.forest.remove(c.dev);
        if let Some(s) = self.sandboxes.get_mut(&c.status.sandbox) {
            s.containers.retain(|x| *x != id);
        }
    }

    /// The containers of a pod that still exist, oldest first.
    pub fn of_pod(&self, uid: &str) -> Vec<ContainerStatus> {
        let sandboxes = self.sandboxes.values().filter(|s| s.config.uid.as_str() == uid);
        let mut ids: Vec<ContainerId> = sandboxes.flat_map(|s| s.containers.iter().copied()).collect();
        ids.order();
        ids.into_iter().filter_map(|id| self.status(id)).collect()
    }

    /// Where a container's processes run.
    pub fn cell(&self, id: ContainerId) -> Option<CellId> {
        self.containers.get(&id).map(|c| c.cell)
    }

    /// A container's state.
    pub fn status(&self, id: ContainerId) -> Option<ContainerStatus> {
        self.containers.get(&id).map(|c| c.status.clone())
    }

    /// How much memory a container used when its processes were killed for it, in bytes.
    pub fn memory_wanted(&self, world: &World, id: ContainerId) -> Option<u64> {
        let cell = self.containers.get(&id)?.cell;
        world.cell(cell).map(|c| c.oom_memory).filter(|m| *m > 0)
    }

    /// Changes the limits of a running container (in-place resize).
    pub fn update_container(
        &mut self,
        world: &mut World,
        id: ContainerId,
        memory_limit: Option<u64>,
        cpu_limit: Option<u64>,
        cpu_request: u64,
    ) {
        let Some(cell_id) = self.containers.get(&id).map(|c| c.cell) else { return };
        let Some(cell) = world.cell_mut(cell_id) else { return };
        cell.memory_limit = memory_limit;
        cell.cpu_request = cpu_request;
        world.set_cpu_limit(cell_id, cpu_limit);
        if memory_limit.is_some_and(|limit| world.memory_of(cell_id) > limit) {
            world.out_of_memory(cell_id);
        }
    }

    /// Reads a file of the container (`terminationMessagePath`): at most its last `max` bytes.
    pub fn read_file(&self, world: &World, id: ContainerId, path: &str, max: usize) -> Option<Vec<u8>> {
        let bytes = world.read_file(self.containers.get(&id)?.cell, path).ok()?;
        let from = bytes.len().saturating_sub(max);
        Some(bytes[from..].to_vec())
    }

    /// What a container uses now.
    pub fn usage(&self, world: &World, id: ContainerId) -> Usage {
        let Some(c) = self.containers.get(&id) else { return Usage::default() };
        let layer = world.forest.get(c.root).map_or(0, |t| t.used);
        Usage { memory: world.memory_of(c.cell), cpu: world.cpu_of(c.cell), disk: layer + c.log.size() }
    }

    /// The processor time that a container has used.
    pub fn cpu_time(&self, world: &World, id: ContainerId) -> Span {
        self.containers.get(&id).map_or(Span::ZERO, |c| world.cpu_time_of(c.cell))
    }

    /// What a node uses now: its containers and images. (EmptyDirs and what people write into the node's
    /// own files are the kubelet's to add.)
    pub fn node_usage(&self, world: &World, node: NodeId) -> Usage {
        let Some(n) = self.nodes.get(node.0 as usize) else { return Usage::default() };
        let mut usage = Usage { memory: world.memory_used(n.machine), ..Usage::default() };
        for id in n.containers.iter() {
            let own = self.usage(world, *id);
            usage.cpu += own.cpu;
            usage.disk += own.disk;
        }
        usage.cpu += world.cpu_of(world.machine(n.machine).cell);
        usage.disk += self.image_bytes(node);
        usage.disk += world.forest.get(n.root).map_or(0, |t| t.used);
        usage
    }
}

/// The user of the node that is the superuser of a sandbox with users of its own: each gets the next 65536
/// (pkg/kubelet/userns).
fn first_user(sandbox: SandboxId) -> u32 {
    const USERS: u32 = 65_536;
    (1 + sandbox.0 % 16_000) * USERS
}

/// What process 1 is to run: the pod's command and args, or the image's.
pub(super) fn command_of(image: &Image, config: &ContainerConfig) -> Vec<Text> {
    let mut argv = if config.command.is_empty() { image.entrypoint.clone() } else { config.command.clone() };
    if !config.args.is_empty() {
        argv.extend(config.args.iter().cloned());
    } else if config.command.is_empty() {
        argv.extend(image.cmd.iter().cloned());
    }
    argv
}

/// runc makes the working directory where it is absent; whether there is one then.
fn make_working_dir(
    world: &mut World,
    root: crate::fs::TreeId,
    mounts: &[crate::fs::Mount],
    cwd: &str,
    now: i64,
) -> bool {
    let below = |m: &&crate::fs::Mount| !m.path.is_empty() && cwd.starts_with(m.path.as_str());
    let mounted = mounts.iter().any(|m| below(&m));
    let Some(tree) = world.forest.get_mut(root).filter(|_| !mounted) else { return true };
    match tree.lookup(cwd) {
        Some(ino) => tree.inode(ino).is_some_and(|i| matches!(i.content, Content::Dir(_))),
        None => {
            tree.make_dirs(cwd, now);
            true
        }
    }
}

/// The environment in the order that containerd writes it: the image's, HOSTNAME, the pod's, HOME.
fn environment(image: &Image, config: &ContainerConfig, hostname: &Text, home: &Text) -> Vec<(Text, Text)> {
    let mut env: Vec<(Text, Text)> = vec![(Text::lit("PATH"), Text::lit(PATH))];
    let mut set = |name: &Text, value: &Text| match env.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => *old = value.clone(),
        None => env.push((name.clone(), value.clone())),
    };
    for (name, value) in &image.env {
        set(name, value);
    }
    set(&Text::lit("HOSTNAME"), hostname);
    if config.tty {
        set(&Text::lit("TERM"), &Text::lit("xterm"));
    }
    for (name, value) in &config.env {
        set(name, value);
    }
    if !env.iter().any(|(n, _)| *n == "HOME") {
        env.push((Text::lit("HOME"), home.clone()));
    }
    env
}

/// The first row of a colon-separated file such as `/etc/passwd` whose field at a place is the one that is wanted.
fn row(tree: &Tree, path: &str, at: usize, wanted: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let data = tree.file(path).map(|d| d.read(0, TABLE_BYTES)).unwrap_or_default();
    let text = String::from_utf8_lossy(&data);
    let line = text.lines().find(|l| l.split(':').nth(at).is_some_and(&wanted))?;
    Some(line.split(':').map(str::to_owned).collect())
}

fn home(world: &World, root: crate::fs::TreeId, uid: u32) -> Text {
    let tree = world.forest.get(root);
    let row = tree.and_then(|t| row(t, "/etc/passwd", 2, |n| n.parse() == Ok(uid)));
    let home = row.as_ref().and_then(|r| r.get(5)).filter(|h| !h.is_empty());
    home.map_or(Text::lit(if uid == 0 { "/root" } else { "/" }), Text::from)
}

/// The user that process 1 runs as: the pod's, or the image's by `/etc/passwd` and `/etc/group`.
fn credentials(tree: &Tree, image: &Image, config: &ContainerConfig) -> Result<Cred, Text> {
    let (user, group) = image.user.split_once(':').unwrap_or((&image.user, ""));
    let field = |row: Option<Vec<String>>, at: usize| row.and_then(|r| r.get(at)?.parse::<u32>().ok());
    let uid = match config.user {
        Some(uid) => uid,
        None if user.is_empty() => 0,
        None => match user.parse() {
            Ok(uid) => uid,
            Err(_) => field(row(tree, "/etc/passwd", 0, |n| n == user), 2).ok_or_else(|| {
                Text::from(format!("unable to find user {user}: no matching entries in passwd file"))
            })?,
        },
    };
    let image_group = || group.parse().ok().or_else(|| field(row(tree, "/etc/group", 0, |n| n == group), 2));
    let gid = config.group.or_else(|| config.user.is_none().then(image_group).flatten());
    let gid = gid.or_else(|| field(row(tree, "/etc/passwd", 2, |n| n.parse() == Ok(uid)), 3)).unwrap_or(0);
    let rights = &config.security;
    let mut groups = if config.strict_groups { Vec::new() } else { image_groups(tree, uid) };
    groups.extend(config.groups.iter().filter(|g| !groups.contains(g)).copied().collect::<Vec<_>>());
    Ok(Cred {
        uid,
        gid,
        groups,
        caps: capabilities(rights),
        no_new_privs: rights.no_new_privs,
        filtered: rights.filtered && !rights.privileged,
        ..Cred::default()
    })
}

/// The groups of which the image's `/etc/group` makes a user a member (containerd's `WithAdditionalGIDs`).
fn image_groups(tree: &Tree, uid: u32) -> Vec<u32> {
    let name = row(tree, "/etc/passwd", 2, |n| n.parse() == Ok(uid)).and_then(|r| r.first().cloned());
    let Some(name) = name else { return Vec::new() };
    let data = tree.file("/etc/group").map(|d| d.read(0, TABLE_BYTES)).unwrap_or_default();
    let text = String::from_utf8_lossy(&data);
    let rows = text.lines().map(|l| l.split(':').collect::<Vec<_>>());
    let own = rows.filter(|r| r.get(3).is_some_and(|members| members.split(',').any(|m| m == name)));
    own.filter_map(|r| r.get(2)?.parse().ok()).collect()
}

/// The bounding set: containerd's own without what is dropped and with what is added; `ALL` comes first, so
/// that single ones can be taken from it or put back. Names that the kernel does not know have no effect.
fn capabilities(rights: &Security) -> Caps {
    if rights.privileged {
        return Caps::ALL;
    }
    let all = |list: &[Text]| list.iter().any(|n| n.eq_ignore_ascii_case("ALL"));
    let mut caps = DEFAULT_CAPS;
    if all(&rights.add) {
        caps = Caps::ALL;
    }
    if all(&rights.drop) {
        caps = Caps::NONE;
    }
    let named = |list: &[Text]| -> Vec<Cap> {
        list.iter().filter_map(|n| Cap::named(&n.to_ascii_uppercase())).collect()
    };
    caps = named(&rights.add).into_iter().fold(caps, Caps::with);
    named(&rights.drop).into_iter().fold(caps, Caps::without)
}
