//! The programs of images in a small world.

mod nginx;
mod others;
mod stress;

use crate::api::Text;
use crate::fs::{
    Content, Cred, Device, FsKind, Mount, MountSource, MountTable, ROOT, Tree, TreeId, VirtualKind,
};
use crate::images::{Preset, build, find};
use crate::os::nobody::Nobody;
use crate::os::{CellId, Handle, Machine, NetId, NewCell, ProcessId, Settings, Signal, Spawn, Start, World};
use crate::time::{Epoch, Span, Time};

/// A pod with containers.
struct Lab {
    world: World,
    net: NetId,
    machine: crate::os::MachineId,
    now: Time,
}

/// A container.
#[derive(Clone, Copy)]
struct Container {
    cell: CellId,
    tree: TreeId,
}

fn mount(path: &'static str, source: MountSource) -> Mount {
    let device = Text::lit("overlay");
    Mount {
        path: Text::lit(path),
        source,
        read_only: false,
        fs_type: device.clone(),
        device,
        options: Text::default(),
        size: 0,
    }
}

impl Lab {
    fn new() -> Lab {
        // 2026-11-23T08:04:52Z, an instant of recording 11.
        Lab::with(Settings { epoch: Epoch(1_795_421_092_000_000), ..Settings::default() })
    }

    fn with(settings: Settings) -> Lab {
        let mut world = World::new(settings, super::program);
        let machine = world
            .add_machine(Machine::new("worker01", "192.168.10.12", 2, 8 << 30, 0), MountTable::default());
        let net = world.add_netns(machine, "10.224.2.219");
        Lab { world, net, machine, now: Time::ZERO }
    }

    fn container(&mut self, preset: Preset, image: &str) -> Container {
        let image = find(preset, image, &[]).expect("known");
        let mut tree = Tree::new(FsKind::Overlay);
        build(&image, &mut tree, 0);
        tree.put("/dev/null", Content::Device(Device::Null), 0o666, 0);
        for (path, fd) in [("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2")] {
            tree.put(path, Content::Symlink(Text::lit(fd)), 0o777, 0);
        }
        let tree = self.world.forest.add(tree);
        let mounts = MountTable(
            vec![
                mount("", MountSource::Tree(tree, ROOT)),
                mount("/proc", MountSource::Virtual(VirtualKind::Proc)),
                mount("/sys", MountSource::Virtual(VirtualKind::Sys)),
            ]
            .into(),
        );
        let cell = self.world.add_cell(NewCell {
            machine: self.machine,
            mounts,
            hostname: Text::lit("web"),
            net: self.net,
            share_pids: None,
            owner: Text::lit("c"),
        });
        Container { cell, tree }
    }

    /// Starts a command; its output and errors come out of one pipe.
    fn start(&mut self, container: Container, argv: &[&str]) -> (ProcessId, Handle) {
        self.start_with(container, argv, &[])
    }

    /// The same with an environment, `NAME=VALUE`.
    fn start_with(&mut self, container: Container, argv: &[&str], env: &[&str]) -> (ProcessId, Handle) {
        let (r, w) = self.world.pipe();
        let null = self.world.null();
        let spawn = Spawn {
            file: Text::from(argv[0]),
            argv: argv.iter().map(|a| Text::from(*a)).collect(),
            env: env
                .iter()
                .filter_map(|e| e.split_once('=').map(|(n, v)| (Text::from(n), Text::from(v))))
                .collect(),
            cwd: Text::lit("/"),
            fds: Vec::new(),
            ignored: Vec::new(),
            new_group: false,
        };
        let start = Start {
            cell: container.cell,
            spawn,
            fds: vec![(0, null), (1, w), (2, w)],
            cred: Cred::default(),
            at: self.now,
        };
        let process = self.world.start(start).expect("the program exists");
        self.world.close(w);
        (process, r)
    }

    fn put(&mut self, container: Container, path: &str, text: &str) {
        let tree = self.world.forest.get_mut(container.tree).expect("there");
        let data = crate::fs::FileData::new(text.as_bytes().to_vec());
        tree.put(path, Content::File(data), 0o644, 0);
    }

    /// Lets this much time pass.
    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        self.world.run(self.now, &mut Nobody);
        while let Some(due) = self.world.next_due().filter(|d| *d <= end) {
            self.now = self.now.max(due);
            self.world.run(self.now, &mut Nobody);
        }
        self.now = end;
        self.world.run(end, &mut Nobody);
    }

    fn text(&mut self, handle: Handle) -> String {
        let bytes = self.world.read(handle, 1 << 16).unwrap_or_default();
        String::from_utf8(bytes).expect("text")
    }

    /// Sends a request from the node and returns the answer.
    fn ask(&mut self, container: Container, port: u16, request: &str) -> String {
        let handle = self.world.dial(container.cell, "10.224.2.219", port).expect("dialled");
        self.pass(Span::millis(5));
        if self.world.write(handle, request.as_bytes()).is_err() {
            return "refused".to_owned();
        }
        let mut out = String::new();
        for _ in 0..4 {
            self.pass(Span::millis(5));
            out.push_str(&self.text(handle));
        }
        self.world.close(handle);
        out
    }

    fn signal(&mut self, process: ProcessId, signal: Signal) {
        self.world.signal(process, signal);
        self.pass(Span::millis(5));
    }

    fn codes(&mut self) -> Vec<i32> {
        self.world.take_exits().iter().map(|e| e.ended.code()).collect()
    }
}
