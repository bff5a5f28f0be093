//! Nodes and pod sandboxes.

use super::latency::Call;
use super::root::{dev_base, fill_dev, lay_out, sandbox_tree};
use super::types::{ContainerId, NodeConfig, NodeId, SandboxConfig, SandboxId, Timed};
use super::{Node, Present, Range, Runtime, Sandbox};
use crate::api::Text;
use crate::fs::{
    Base, Content, Cred, FileData, FsKind, Mount, MountSource, MountTable, ROOT, Tree, TreeId, VirtualKind,
};
use crate::images::{Preset, find};
use crate::os::{CellId, MIN_MEMORY, Machine, NewCell, Spawn, Start, World};
use crate::rng::Rng;
use crate::time::Time;
use std::rc::Rc;

/// Programs of a node beyond a plain Debian system: (path, program).
const NODE_PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/kubectl", "kubectl"),
    ("/usr/local/bin/k", "kubectl"),
    ("/usr/bin/ssh", "ssh"),
    ("/usr/bin/scp", "scp"),
    ("/usr/bin/systemctl", "systemctl"),
    ("/usr/sbin/sysctl", "coreutils/sysctl"),
    ("/usr/local/bin/fault", "fault"),
    ("/usr/local/bin/traffic", "traffic"),
    ("/usr/local/bin/why", "why"),
    ("/usr/bin/journalctl", "journalctl"),
    ("/usr/bin/crictl", "crictl"),
    ("/usr/bin/vim", "vim"),
    ("/usr/bin/vi", "vim"),
    ("/usr/bin/nano", "coreutils/nano"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/wget", "wget"),
    ("/usr/bin/nc", "nc"),
    ("/usr/bin/nslookup", "nslookup"),
    ("/usr/bin/sudo", "coreutils/sudo"),
    ("/usr/bin/less", "coreutils/less"),
    ("/usr/bin/clear", "coreutils/clear"),
    ("/usr/bin/ps", "coreutils/ps"),
    ("/usr/bin/top", "coreutils/top"),
    ("/usr/bin/free", "coreutils/free"),
    ("/usr/bin/uptime", "coreutils/uptime"),
    ("/usr/bin/pgrep", "coreutils/pgrep"),
    ("/usr/bin/pkill", "coreutils/pkill"),
    ("/usr/bin/killall", "coreutils/killall"),
    ("/usr/bin/pidof", "coreutils/pidof"),
    ("/usr/bin/ping", "coreutils/ping"),
    ("/usr/sbin/ip", "coreutils/ip"),
];

/// What a login shell of a node begins with.
const BASHRC: &str = include_str!("bashrc.sh");

/// What a node's own files are based on.
const NODE_IMAGE: &str = "debian:12";

impl Runtime {
    /// Adds a node: its machine in the world, its root file tree, its images. The first one is the
    /// workstation: its programs reach the API server.
    pub fn add_node(&mut self, world: &mut World, config: NodeConfig) -> NodeId {
        let root = world.forest.add(self.node_tree(&config, world));
        let mount = |path, source, device, fs_type, size| Mount {
            path: Text::lit(path),
            source,
            read_only: false,
            device: Text::lit(device),
            fs_type: Text::lit(fs_type),
            options: Text::lit("relatime"),
            size,
        };
        let mounts = vec![
            mount("", MountSource::Tree(root, ROOT), "/dev/vda", "ext4", config.disk),
            mount("/proc", MountSource::Virtual(VirtualKind::Proc), "proc", "proc", 0),
            mount("/sys", MountSource::Virtual(VirtualKind::Sys), "sysfs", "sysfs", 0),
        ];
        let machine = Machine::new(&config.name, &config.ip, config.cpus, config.memory, config.disk);
        let machine = world.add_machine(machine, MountTable(Rc::new(mounts)));
        let id = NodeId(self.nodes.len() as u32);
        let own = world.machine(machine).cell;
        if let Some(cell) = world.cell_mut(own) {
            cell.api = id.0 == 0;
        }
        self.nodes.push(Rc::new(Node {
            name: config.name.clone(),
            machine,
            root,
            range: Range::parse(&config.pod_cidr),
            images: Default::default(),
            containers: Default::default(),
        }));
        for reference in &config.images {
            if let Ok(image) = self.look_up(reference) {
                self.add_image(id, &image, Present { from: Time::ZERO, preloaded: true });
            }
        }
        id
    }

    /// The files of a node: a Debian system with what administrators need. Shared by all nodes but for
    /// the host name.
    fn node_tree(&mut self, config: &NodeConfig, world: &World) -> Tree {
        let base = self.node_base();
        let mut tree = Tree::over(&base, FsKind::Ext4);
        let now = world.settings().epoch.0;
        let hostname = format!("{}\n", config.name);
        tree.put("/etc/hostname", Content::File(FileData::new(hostname.into_bytes())), 0o644, now);
        let hosts = format!("127.0.0.1\tlocalhost\n{}\t{}\n", config.ip, config.name);
        tree.put("/etc/hosts", Content::File(FileData::new(hosts.into_bytes())), 0o644, now);
        tree.used = 0;
        tree
    }

    fn node_base(&mut self) -> Rc<Base> {
        let key = Text::lit("node");
        if let Some(base) = self.bases.get(&key) {
            return base.clone();
        }
        let mut tree = Tree::new(FsKind::Ext4);
        if let Ok(image) = find(Preset::Internet, NODE_IMAGE, &[]) {
            lay_out(&mut tree, &image);
        }
        for dir in [
            "/proc",
            "/sys",
            "/dev",
            "/root",
            "/tmp",
            "/var/lib/kubelet/pods",
            "/var/log/pods",
            "/mnt",
            "/data",
        ] {
            tree.make_dirs(dir, super::root::IMAGE_TIME);
        }
        fill_dev(&mut tree, "/dev");
        for (path, program) in NODE_PROGRAMS {
            tree.put(path, Content::Program(Text::lit(program), 1 << 20), 0o755, super::root::IMAGE_TIME);
        }
        tree.put("/root/.bashrc", Content::File(FileData::lit(BASHRC)), 0o644, super::root::IMAGE_TIME);
        let base = tree.freeze();
        self.bases.insert(key, base.clone());
        base
    }

    /// The number of a node.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        // One that was removed may have had the same name before.
        self.nodes.iter().rposition(|n| n.name == name).map(|at| NodeId(at as u32))
    }

    /// The node's root file tree (hostPath volumes).
    pub fn node_root(&self, node: NodeId) -> TreeId {
        self.nodes.get(node.0 as usize).map_or(TreeId(u32::MAX), |n| n.root)
    }

    /// The cell of a node itself.
    pub fn node_cell(&self, world: &World, node: NodeId) -> Option<CellId> {
        self.nodes.get(node.0 as usize).map(|n| world.machine(n.machine).cell)
    }

    /// Makes a sandbox with its network; the address is known at once.
    ///
    /// `Err`: the text behind `Failed to create pod sandbox: `.
    pub fn run_pod_sandbox(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        config: SandboxConfig,
    ) -> Timed<Result<SandboxId, Text>> {
        self.clock = now;
        let owner = format!("sandbox {}/{}/{}/{}", config.namespace, config.name, config.uid, config.attempt);
        let mut rng = Rng::stream(self.settings.seed, &owner);
        let at = self.load.call(now, node, self.settings.shared_machine, Call::RunSandbox, &mut rng);
        let result = self.make_sandbox(world, node, config, &mut rng);
        Timed { at, result }
    }

    fn make_sandbox(
        &mut self,
        world: &mut World,
        node: NodeId,
        config: SandboxConfig,
        rng: &mut Rng,
    ) -> Result<SandboxId, Text> {
        let hex = Text::from(rng.hex(64));
        if config.memory_limit.is_some_and(|limit| limit <= MIN_MEMORY) {
            return Err(Text::lit(OOM_AT_INIT));
        }
        if !HANDLERS.contains(&config.handler.as_str()) {
            return Err(Text::from(format!(
                "rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for {:?} is configured",
                config.handler.as_str()
            )));
        }
        let n = self.node_mut(node).ok_or(Text::lit("no such node"))?;
        let machine = n.machine;
        let own = world.machine(machine).cell;
        let slot = match config.host_network {
            true => None,
            false => Some(n.range.take().ok_or_else(|| {
                Text::from(format!(
                    "rpc error: code = Unknown desc = failed to setup network for sandbox \"{hex}\": plugin \
                     type=\"bridge\" failed (add): failed to allocate for range 0: no IP addresses available \
                     in range set: {}-{}",
                    n.range.ip(1),
                    n.range.ip(n.range.size - 2)
                ))
            })?),
        };
        let ip = slot.map_or_else(|| world.machine(machine).ip.clone(), |s| n.range.ip(s));
        let net = match slot {
            Some(_) => world.add_netns(machine, &ip),
            None => world.net_of(own).unwrap_or_default(),
        };
        for (name, value) in &config.sysctls {
            world.set_parameter(net, name, value);
        }
        let now = world.settings().epoch.unix_micros(self.clock);
        let files = world.forest.add(sandbox_tree(&config.hostname, &ip, &config.resolv_conf, now));
        let owner = Text::from(format!("{}/{}", config.namespace, config.name));
        let pause = if config.host_pid {
            Some(own)
        } else if config.share_pid {
            Some(self.pause(world, node, net, &config.hostname, owner))
        } else {
            None
        };
        let id = SandboxId(self.number());
        let config = Rc::new(config);
        let sandbox = Sandbox {
            node,
            config,
            hex,
            ip,
            net,
            slot,
            files,
            pause,
            containers: Vec::new(),
            created: self.clock,
            stopped: false,
        };
        self.sandboxes.insert(id, sandbox);
        Ok(id)
    }

    /// The pause process that is number 1 of a shared process namespace.
    fn pause(&mut self, world: &mut World, node: NodeId, net: u32, hostname: &Text, owner: Text) -> CellId {
        let machine = self.nodes[node.0 as usize].machine;
        let mut tree = Tree::new(FsKind::Overlay);
        tree.put("/pause", Content::Program(Text::lit("pause"), 742_472), 0o755, super::root::IMAGE_TIME);
        let tree = world.forest.add(tree);
        let mount = Mount {
            path: Text::default(),
            source: MountSource::Tree(tree, ROOT),
            read_only: false,
            device: Text::lit("overlay"),
            fs_type: Text::lit("overlay"),
            options: Text::lit("relatime"),
            size: 0,
        };
        let mounts = MountTable(Rc::new(vec![mount]));
        let hostname = hostname.clone();
        let cell = world.add_cell(NewCell { machine, mounts, hostname, net, share_pids: None, owner });
        let spawn = Spawn {
            file: Text::lit("/pause"),
            argv: vec![Text::lit("/pause")],
            env: Vec::new(),
            cwd: Text::lit("/"),
            fds: Vec::new(),
            ignored: Vec::new(),
            new_group: true,
        };
        let start = Start {
            cell,
            spawn,
            fds: Vec::new(),
            cred: Cred { uid: 65535, gid: 65535, ..Cred::default() },
            at: self.clock,
        };
        let _ = world.start(start);
        cell
    }

    /// The sandbox's address.
    pub fn sandbox_ip(&self, id: SandboxId) -> Option<Text> {
        self.sandboxes.get(&id).map(|s| s.ip.clone())
    }

    /// The 64 hexadecimal digits of a sandbox.
    pub fn sandbox_hex(&self, id: SandboxId) -> Option<Text> {
        self.sandboxes.get(&id).map(|s| s.hex.clone())
    }

    /// The containers of a sandbox in order of creation.
    pub fn containers(&self, sandbox: SandboxId) -> Vec<ContainerId> {
        self.sandboxes.get(&sandbox).map_or(Vec::new(), |s| s.containers.clone())
    }

    /// Kills what still runs in it and takes its network down.
    pub fn stop_pod_sandbox(&mut self, world: &mut World, now: Time, id: SandboxId) {
        self.clock = now;
        world.advance_to(now);
        for container in self.containers(id) {
            if let Some(c) = self.containers.get(&container) {
                world.kill_cell(c.cell);
            }
        }
        self.collect(world, now);
        let Some(s) = self.sandboxes.get_mut(&id).filter(|s| !s.stopped) else { return };
        s.stopped = true;
        if let Some(slot) = s.slot {
            world.remove_netns(s.net);
            if let Some(n) = self.nodes.get_mut(s.node.0 as usize).map(Rc::make_mut) {
                n.range.taken.retain(|t| *t != slot);
            }
        }
        if let Some(pause) = s.pause.take().filter(|_| !s.config.host_pid) {
            if let Some(cell) = world.cell(pause)
                && let Some(MountSource::Tree(tree, _)) = cell.mounts.0.first().map(|m| m.source.clone())
            {
                world.forest.remove(tree);
            }
            world.remove_cell(pause);
        }
    }

    /// Removes a sandbox with its containers and their logs; stops it first if need be.
    pub fn remove_pod_sandbox(&mut self, world: &mut World, now: Time, id: SandboxId) {
        self.stop_pod_sandbox(world, now, id);
        for container in self.containers(id) {
            self.remove_container(world, container);
        }
        if let Some(s) = self.sandboxes.remove(&id) {
            world.forest.remove(s.files);
        }
    }

    pub(super) fn dev_base(&mut self) -> Rc<Base> {
        self.dev.get_or_insert_with(dev_base).clone()
    }
}

/// The handlers that containerd is configured with: the default one, by name or without.
const HANDLERS: [&str; 2] = ["", "runc"];

/// runc's answer when the pod's memory limit does not even hold its own set-up (recording 37).
const OOM_AT_INIT: &str = "rpc error: code = Unknown desc = failed to create containerd task: failed to create \
    shim task: OCI runtime create failed: runc create failed: unable to start container process: container init \
    was OOM-killed (memory limit too low?): unknown";

impl Range {
    fn parse(cidr: &str) -> Range {
        let (ip, bits) = cidr.split_once('/').unwrap_or((cidr, "24"));
        let base = ip.split('.').fold(0_u32, |n, part| (n << 8) | part.parse::<u8>().map_or(0, u32::from));
        let bits = bits.parse::<u32>().unwrap_or(24).clamp(8, 30);
        Range { base, size: 1 << (32 - bits), last: 1, taken: Vec::new() }
    }

    /// The next free address: the first host is the node's bridge, the last one is for broadcasts.
    fn take(&mut self) -> Option<u32> {
        let hosts = self.size - 3;
        let slot =
            (1..=hosts).map(|i| 2 + (self.last + hosts - 2 + i) % hosts).find(|s| !self.taken.contains(s))?;
        self.last = slot;
        self.taken.push(slot);
        Some(slot)
    }

    fn ip(&self, slot: u32) -> Text {
        let n = self.base + slot;
        Text::from(format!("{}.{}.{}.{}", n >> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_given_out_in_turn_and_again_at_the_end() {
        let mut range = Range::parse("10.224.1.0/29");
        let mut next = || range.take();
        assert_eq!([next(), next(), next(), next(), next()], [Some(2), Some(3), Some(4), Some(5), Some(6)]);
        assert_eq!(range.take(), None);
        range.taken.retain(|s| *s != 4);
        assert_eq!(range.take().map(|s| range.ip(s)), Some(Text::lit("10.224.1.4")));
    }
}
