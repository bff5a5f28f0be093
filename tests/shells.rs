//! Our shells and utilities against real ones, script by script.
//!
//! `tests/shell/*.txt` hold scripts separated by lines of `---`. Each is run by busybox's `sh` with busybox's
//! utilities, or by `dash` or `bash` with Debian's, in an empty directory, and by ours in a container of the
//! laboratory's image; output, errors and exit codes must be the same bytes. The scripts named in `differs.txt`
//! (shell, file, place in it) still differ and are left out. Where the real program is not installed, or is of
//! another version, the comparison is left out with a line that says so. `PODLAB_SHELL=ash:posix:12` runs those
//! whose names begin so, also those that are known to differ.

use podlab::api::Text;
use podlab::api::request::{Channel, Client, Request, Response, StreamEnd, StreamId, WatchEvent};
use podlab::fs::{Content, Cred, Device, FsKind, Mount, MountSource, MountTable, ROOT, Tree, VirtualKind};
use podlab::images::{Preset, build, find};
use podlab::os::{CellId, Machine, NewCell, Settings, Signal, Spawn, Start, World};
use podlab::time::{Epoch, Span, Time};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The directory in which scripts run.
const DIR: &str = "/work/t";
/// How long a script may take in virtual time.
const LIMIT: Span = Span::secs(30);

/// An API server that is not there.
struct Nobody;

impl Client for Nobody {
    fn request(&mut self, _: Request) -> Response {
        Response::List(Vec::new(), 0)
    }
    fn watch_next(&mut self, _: StreamId) -> Vec<WatchEvent> {
        Vec::new()
    }
    fn stream_end(&mut self, _: StreamId) -> Option<StreamEnd> {
        None
    }
    fn stream_read(&mut self, _: StreamId) -> Vec<(Channel, Vec<u8>)> {
        Vec::new()
    }
    fn stream_write(&mut self, _: StreamId, _: &[u8]) {}
    fn stream_close_input(&mut self, _: StreamId) {}
    fn close(&mut self, _: StreamId) {}
}

/// What a script did.
#[derive(Debug, PartialEq)]
struct Outcome {
    stdout: String,
    stderr: String,
    code: i32,
}

/// A container of an image, ready to be copied.
#[derive(Clone)]
struct Lab {
    world: World,
    cell: CellId,
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
    fn new(image: &str) -> Lab {
        let settings = Settings { epoch: Epoch(1_795_421_092_000_000), ..Settings::default() };
        let mut world = World::new(settings, |id, spawn| {
            podlab::shell::program(id, spawn).or_else(|| podlab::images::program(id, spawn))
        });
        let machine = world
            .add_machine(Machine::new("worker01", "192.168.10.12", 2, 8 << 30, 0), MountTable::default());
        let net = world.add_netns(machine, "10.224.2.219");
        let mut tree = Tree::new(FsKind::Overlay);
        build(&find(Preset::Lab, image, &[]).expect("known"), &mut tree, 0);
        tree.put("/dev/null", Content::Device(Device::Null), 0o666, 0);
        tree.put("/dev/zero", Content::Device(Device::Zero), 0o666, 0);
        for (path, fd) in [("/dev/stdin", "0"), ("/dev/stdout", "1"), ("/dev/stderr", "2")] {
            let target = Text::from(format!("/proc/self/fd/{fd}"));
            tree.put(path, Content::Symlink(target), 0o777, 0);
        }
        tree.put(DIR, Content::Dir(Default::default()), 0o755, 0);
        let tree = world.forest.add(tree);
        let mounts = MountTable(
            vec![
                mount("", MountSource::Tree(tree, ROOT)),
                mount("/proc", MountSource::Virtual(VirtualKind::Proc)),
                mount("/sys", MountSource::Virtual(VirtualKind::Sys)),
            ]
            .into(),
        );
        let cell = world.add_cell(NewCell {
            machine,
            mounts,
            hostname: Text::lit("lab"),
            net,
            share_pids: None,
            owner: Text::lit("c"),
        });
        Lab { world, cell }
    }

    /// Runs a script to its end, or until the limit of time, where it is killed.
    fn run(mut self, shell: &str, script: &str) -> Outcome {
        let (out, out_w) = self.world.pipe();
        let (err, err_w) = self.world.pipe();
        let null = self.world.null();
        let env = [("HOME", "/root"), ("PATH", PATH), ("LC_ALL", "C")];
        let spawn = Spawn {
            file: Text::from(shell),
            argv: [shell, "-c", script].iter().map(|a| Text::from(*a)).collect(),
            env: env.iter().map(|(n, v)| (Text::lit(n), Text::lit(v))).collect(),
            cwd: Text::lit(DIR),
            fds: Vec::new(),
            ignored: Vec::new(),
            new_group: false,
        };
        let fds = vec![(0, null), (1, out_w), (2, err_w)];
        let start = Start { cell: self.cell, spawn, fds, cred: Cred::default(), at: Time::ZERO };
        // A process that is there first, as the pause process is in a pod: the script is no init.
        let mut first = start.clone();
        first.spawn.file = Text::lit("sleep");
        first.spawn.argv = vec![Text::lit("sleep"), Text::lit("1000")];
        first.fds = vec![(0, null), (1, null), (2, null)];
        self.world.start(first).expect("sleep exists");
        let process = self.world.start(start).expect("the shell exists");
        self.world.close(out_w);
        self.world.close(err_w);
        let mut outcome = Outcome { stdout: String::new(), stderr: String::new(), code: -1 };
        let mut now = Time::ZERO;
        loop {
            self.world.run(now, &mut Nobody);
            for (handle, text) in [(out, &mut outcome.stdout), (err, &mut outcome.stderr)] {
                while let Ok(bytes) = self.world.read(handle, 1 << 16) {
                    if bytes.is_empty() {
                        break;
                    }
                    text.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
            for exit in self.world.take_exits() {
                if exit.process == process {
                    outcome.code = exit.ended.code();
                }
            }
            match self.world.next_due().filter(|d| *d <= Time::ZERO + LIMIT) {
                Some(due) if outcome.code < 0 || due <= now => now = now.max(due),
                _ => break,
            }
        }
        if outcome.code < 0 {
            self.world.signal(process, Signal::Kill);
            outcome.stderr.push_str("(did not end)\n");
        }
        outcome
    }
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A shell that is compared.
struct Subject {
    name: &'static str,
    /// The files of scripts.
    files: &'static [&'static str],
    image: &'static str,
    /// What the real program's `version` must contain: the error texts are those of a certain version.
    version: (&'static str, &'static [&'static str], &'static str),
}

const SUBJECTS: &[Subject] = &[
    Subject {
        name: "ash",
        files: &["posix", "util", "busybox"],
        image: "busybox",
        version: ("busybox", &[], "BusyBox v1.35"),
    },
    Subject {
        name: "dash",
        files: &["posix", "util", "gnu"],
        image: "nginx",
        version: ("ls", &["--version"], "coreutils) 9.1"),
    },
    Subject {
        name: "bash",
        files: &["posix", "bash"],
        image: "nginx",
        version: ("bash", &["--version"], "version 5.2"),
    },
];

/// A directory of links to busybox, under the names of its applets.
fn busybox_links(at: &Path) -> Option<String> {
    let list = Command::new("busybox").arg("--list").output().ok()?;
    let busybox = PATH.split(':').map(|d| Path::new(d).join("busybox")).find(|p| p.exists())?;
    let _ = fs::remove_dir_all(at);
    fs::create_dir_all(at).ok()?;
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        std::os::unix::fs::symlink(&busybox, at.join(name)).ok()?;
    }
    Some(at.to_string_lossy().into_owned())
}

fn real(shell: &str, path: &str, dir: &Path, script: &str) -> Outcome {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).expect("a directory for scripts");
    let output = Command::new("env")
        .args(["-i", "HOME=/root", "LC_ALL=C", &format!("PATH={path}")])
        .args(["timeout", "-s", "KILL", "20", shell, "-c", script])
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("env runs");
    let place = dir.to_string_lossy();
    let text = |b: &[u8]| String::from_utf8_lossy(b).replace(&*place, DIR);
    let code = output.status.code().or(output.status.signal().map(|s| 128 + s)).unwrap_or(-1);
    Outcome { stdout: text(&output.stdout), stderr: text(&output.stderr), code }
}

/// Usage texts are not compared beyond their first line: ours are shorter.
fn without_usage(text: &str) -> String {
    let mut out = String::new();
    let mut usage = false;
    for line in text.lines() {
        let message = line
            .split_once(": ")
            .is_some_and(|(name, _)| !name.contains([' ', '\t']) && !matches!(name, "Usage" | "or"));
        usage = line.starts_with("BusyBox v") || usage && !message;
        if !usage || line.starts_with("BusyBox v") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn scripts(name: &str) -> Vec<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shell/{name}.txt"));
    let text = fs::read_to_string(file).expect("a file of scripts");
    text.split("\n---\n").map(|s| s.trim_end_matches('\n').to_owned()).filter(|s| !s.is_empty()).collect()
}

fn compare(subject: &Subject) {
    let (program, args, wanted) = subject.version;
    let said = Command::new(program).args(args).output();
    let said = said.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    if !said.contains(wanted)
        || Command::new(subject.name).arg("--version").output().is_err() && subject.name != "ash"
    {
        println!("skipped: {} is not compared, for there is no {wanted} here", subject.name);
        return;
    }
    let base = std::env::temp_dir().join(format!("podlab-{}-{}", subject.name, std::process::id()));
    let (shell, path) = match subject.name {
        "ash" => ("sh", busybox_links(&base.join("bin")).expect("busybox was found")),
        name => (name, PATH.to_owned()),
    };
    let chosen = std::env::var("PODLAB_SHELL").ok();
    let known = include_str!("shell/differs.txt");
    let lab = Lab::new(subject.image);
    let mut wrong = Vec::new();
    for file in subject.files {
        for (i, script) in scripts(file).iter().enumerate() {
            let name = format!("{}:{file}:{i}", subject.name);
            if chosen.as_ref().is_some_and(|c| !name.starts_with(&**c)) {
                continue;
            }
            if chosen.is_none() && known.lines().any(|k| k == name) {
                continue;
            }
            let theirs = real(shell, &path, &base.join("t"), script);
            let ours = lab.clone().run(shell, script);
            let same = ours.code == theirs.code && ours.stdout == theirs.stdout;
            if !same || without_usage(&ours.stderr) != without_usage(&theirs.stderr) {
                wrong.push(format!("=== {name}\n{script}\n--- real {theirs:#?}\n--- ours {ours:#?}\n"));
            }
        }
    }
    let _ = fs::remove_dir_all(&base);
    assert!(wrong.is_empty(), "{} scripts differ\n{}", wrong.len(), wrong.concat().replace("\\n", "\n    "));
}

#[test]
fn busybox_ash_and_its_utilities_do_what_the_real_ones_do() {
    compare(&SUBJECTS[0]);
}

#[test]
fn dash_and_gnu_utilities_do_what_the_real_ones_do() {
    compare(&SUBJECTS[1]);
}

#[test]
fn bash_does_what_the_real_one_does() {
    compare(&SUBJECTS[2]);
}
