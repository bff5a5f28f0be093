//! Our shells and utilities against real ones, script by script.
//!
//! `tests/shell/*.txt` hold scripts separated by lines of `---`. Each is run by busybox's `sh` with busybox's
//! utilities, or by `dash` or `bash` with Debian's, in an empty directory, and by ours in a container of busybox's
//! or Debian's image; output, errors and exit codes must be the same bytes. The scripts named in `differs.txt`
//! (shell, file, place in it) differ for the reason that stands there; one that no longer differs must be taken
//! out. Where the real program is not installed, or is of another version, the comparison is left out with a
//! line that says so. `PODLAB_SHELL=ash:posix:12` compares those whose names begin so, also those that are known
//! to differ; `PODLAB_SHELL_FILE=/path/to/scripts.txt` compares those of another file.

use podlab::api::Text;
use podlab::api::request::{Channel, Client, Request, Response, StreamEnd, StreamId, WatchEvent};
use podlab::fs::{Content, Cred, Device, FsKind, Mount, MountSource, MountTable, ROOT, Tree, VirtualKind};
use podlab::images::{Preset, build, find};
use podlab::os::{CellId, Machine, NewCell, ProcessId, Settings, Signal, Spawn, Start, World};
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
    fn new(preset: Preset, image: &str) -> Lab {
        let settings = Settings { epoch: Epoch(1_795_421_092_000_000), ..Settings::default() };
        let mut world = World::new(settings, |id, spawn| {
            podlab::shell::program(id, spawn).or_else(|| podlab::images::program(id, spawn))
        });
        let machine = world
            .add_machine(Machine::new("worker01", "192.168.10.12", 2, 8 << 30, 0), MountTable::default());
        let net = world.add_netns(machine, "10.224.2.219");
        let mut tree = Tree::new(FsKind::Overlay);
        build(&find(preset, image, &[]).expect("known"), &mut tree, 0);
        tree.put("/dev/null", Content::Device(Device::Null), 0o666, 0);
        tree.put("/dev/zero", Content::Device(Device::Zero), 0o666, 0);
        for (path, fd) in
            [("/dev/fd", ""), ("/dev/stdin", "/0"), ("/dev/stdout", "/1"), ("/dev/stderr", "/2")]
        {
            let target = Text::from(format!("/proc/self/fd{fd}"));
            tree.put(path, Content::Symlink(target), 0o777, 0);
        }
        if preset == Preset::Internet {
            // The machine of the real programs has more packages than the bare image.
            for name in ["free", "hexdump", "pgrep", "pidof", "pkill", "ps", "top", "uptime", "xxd"] {
                let program = Content::Program(Text::from(format!("coreutils/{name}")), 100_000);
                tree.put(&format!("/usr/bin/{name}"), program, 0o755, 0);
            }
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
    fn run(self, shell: &str, path: &'static str, script: &str) -> Outcome {
        self.run_with(shell, path, script, |_, _, _| {})
    }

    /// The same; between the instants at which something happens the world is given away.
    fn run_with(
        mut self,
        shell: &str,
        path: &'static str,
        script: &str,
        mut between: impl FnMut(&mut World, ProcessId, Time),
    ) -> Outcome {
        let (out, out_w) = self.world.pipe();
        let (err, err_w) = self.world.pipe();
        let null = self.world.null();
        let env = [("HOME", "/root"), ("PATH", path), ("LC_ALL", "C")];
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
                Some(due) if outcome.code < 0 || due <= now => {
                    between(&mut self.world, process, now);
                    now = now.max(due);
                }
                _ => break,
            }
        }
        if outcome.code < 0 {
            self.world.signal(process, Signal::Kill);
            outcome.stderr.push_str("(did not end)\n");
        }
        outcome.stderr = without_pids(&outcome.stderr);
        outcome
    }
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where busybox's applets are; the real ones' links are below a directory of the test, which is not shown.
const BUSYBOX_PATH: &str = "/bin:/sbin:/usr/bin:/usr/sbin";

/// A shell that is compared.
struct Subject {
    name: &'static str,
    /// The files of scripts.
    files: &'static [&'static str],
    preset: Preset,
    image: &'static str,
    /// What the real program's `version` must contain: the error texts are those of a certain version.
    version: (&'static str, &'static [&'static str], &'static str),
}

const SUBJECTS: &[Subject] = &[
    Subject {
        name: "ash",
        files: &["posix", "entry", "util", "busybox"],
        preset: Preset::Lab,
        image: "busybox",
        version: ("busybox", &[], "BusyBox v1.35"),
    },
    Subject {
        name: "dash",
        files: &["posix", "entry", "util", "gnu"],
        preset: Preset::Internet,
        image: "debian:12",
        version: ("ls", &["--version"], "coreutils) 9.1"),
    },
    Subject {
        name: "bash",
        files: &["posix", "bash"],
        preset: Preset::Internet,
        image: "debian:12",
        version: ("bash", &["--version"], "version 5.2"),
    },
];

/// A tree of links to busybox, each where busybox itself would install it.
fn busybox_links(at: &Path) -> Option<String> {
    let list = Command::new("busybox").arg("--list-full").output().ok()?;
    let busybox = PATH.split(':').map(|d| Path::new(d).join("busybox")).find(|p| p.exists())?;
    let _ = fs::remove_dir_all(at);
    let names = String::from_utf8_lossy(&list.stdout).into_owned();
    for path in names.lines().chain(["bin/busybox"]).map(|name| at.join(name)) {
        fs::create_dir_all(path.parent()?).ok()?;
        std::os::unix::fs::symlink(&busybox, path).ok()?;
    }
    Some(at.to_string_lossy().into_owned())
}

fn real(shell: &str, links: Option<&str>, dir: &Path, script: &str) -> Outcome {
    let below = |root| BUSYBOX_PATH.split(':').map(|d| format!("{root}{d}")).collect::<Vec<_>>().join(":");
    let path = links.map_or(PATH.to_owned(), below);
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
    let text = |b: &[u8]| {
        let text = String::from_utf8_lossy(b).replace(&*place, DIR);
        links.map_or(text.clone(), |root| text.replace(root, ""))
    };
    let code = output.status.code().or(output.status.signal().map(|s| 128 + s)).unwrap_or(-1);
    Outcome { stdout: text(&output.stdout), stderr: without_pids(&text(&output.stderr)), code }
}

/// bash's lines about processes that a signal has ended, without the processes' numbers.
fn without_pids(text: &str) -> String {
    let line = |line: &str| {
        let place = line.find(": line ").and_then(|n| Some(n + 7 + line[n + 7..].find(": ")? + 2));
        let Some((head, tail)) = place.map(|n| line.split_at(n)) else { return line.to_owned() };
        let pid = tail.trim_start().bytes().take_while(u8::is_ascii_digit).count();
        match tail.trim_start()[pid..].strip_prefix(' ') {
            Some(rest) if pid > 0 && rest.starts_with(char::is_uppercase) => format!("{head}PID {rest}"),
            _ => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Usage texts are not compared beyond their first line: ours are shorter.
fn without_usage(text: &str) -> String {
    let mut out = String::new();
    let mut usage = false;
    for line in text.lines() {
        let message = line.split_once(": ").is_some_and(|(name, _)| {
            !name.contains([' ', '\t']) && name.starts_with(char::is_lowercase) && name != "or"
        });
        let first = line.starts_with("BusyBox v") || !usage && line.starts_with("Usage: ");
        usage = first || usage && !message;
        if !usage || first {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn scripts(name: &str) -> Vec<String> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shell/{name}.txt"));
    let file = if name.contains('/') { PathBuf::from(name) } else { own };
    let text = fs::read_to_string(file).expect("a file of scripts");
    text.split("\n---\n").map(|s| s.trim_end_matches('\n').to_owned()).filter(|s| !s.is_empty()).collect()
}

/// The scripts that differ, each with the reason.
fn known() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("shell/differs.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|l| l.split_once(' ').unwrap_or((l, ""))).collect()
}

/// The lines in which two outcomes differ: the real one's with `-`, ours with `+`.
fn differences(theirs: &Outcome, ours: &Outcome) -> String {
    let mut out = String::new();
    let errors = [&theirs.stderr, &ours.stderr].map(|t| without_usage(t));
    for (what, a, b) in [("stdout", &theirs.stdout, &ours.stdout), ("stderr", &errors[0], &errors[1])] {
        if a == b {
            continue;
        }
        let (a, b): (Vec<_>, Vec<_>) = (a.split('\n').collect(), b.split('\n').collect());
        let shorter = a.len().min(b.len());
        let before = (0..shorter).take_while(|i| a[*i] == b[*i]).count();
        let after = (1..=shorter - before).take_while(|i| a[a.len() - *i] == b[b.len() - *i]).count();
        out += &format!("--- {what} from line {}\n", before + 1);
        let marked = |mark: &str, of: &[&str], upto: usize| -> String {
            of[before..upto].iter().map(|l| format!("{mark}{}\n", l.escape_debug())).collect()
        };
        out += &marked("-", &a, a.len() - after);
        out += &marked("+", &b, b.len() - after);
    }
    if theirs.code != ours.code {
        out += &format!("--- code\n-{}\n+{}\n", theirs.code, ours.code);
    }
    out
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
    let links = (subject.name == "ash").then(|| busybox_links(&base.join("bin")).expect("busybox was found"));
    let (shell, path) = if links.is_some() { ("sh", BUSYBOX_PATH) } else { (subject.name, PATH) };
    let chosen = std::env::var("PODLAB_SHELL").ok();
    let known = known();
    let lab = Lab::new(subject.preset, subject.image);
    let mut wrong = Vec::new();
    let other = std::env::var("PODLAB_SHELL_FILE").ok();
    let files = subject.files.iter().map(|f| (*f).to_owned());
    let files: Vec<String> = other.map_or_else(|| files.collect(), |f| vec![f]);
    for file in &files {
        for (i, script) in scripts(file).iter().enumerate() {
            let name = format!("{}:{file}:{i}", subject.name);
            if chosen.as_ref().is_some_and(|c| !name.starts_with(&**c)) {
                continue;
            }
            let theirs = real(shell, links.as_deref(), &base.join("t"), script);
            let ours = lab.clone().run(shell, path, script);
            let differences = differences(&theirs, &ours);
            match known.iter().any(|(k, _)| *k == name) {
                true if chosen.is_none() && differences.is_empty() => {
                    wrong.push(format!("=== {name} no longer differs\n"));
                }
                true if chosen.is_none() => {}
                _ if differences.is_empty() => {}
                _ => wrong.push(format!("=== {name}\n{script}\n{differences}")),
            }
        }
    }
    let _ = fs::remove_dir_all(&base);
    assert!(wrong.is_empty(), "{} scripts differ\n{}", wrong.len(), wrong.concat());
}

/// A checkpoint is a copy: what becomes of the original must not touch it.
#[test]
fn scripts_go_on_in_a_copy_as_they_would_have_in_the_original() {
    for (subject, files) in [(&SUBJECTS[0], ["entry", "util"]), (&SUBJECTS[2], ["bash", "entry"])] {
        let lab = Lab::new(subject.preset, subject.image);
        let (shell, path) = if subject.name == "ash" { ("sh", BUSYBOX_PATH) } else { (subject.name, PATH) };
        for (i, script) in files.iter().flat_map(|f| scripts(f)).enumerate() {
            let whole = lab.clone().run(shell, path, &script);
            let copied = lab.clone().run_with(shell, path, &script, |world, process, now| {
                let copy = world.clone();
                world.signal(process, Signal::Kill);
                world.run(now, &mut Nobody);
                *world = copy;
            });
            assert_eq!(whole, copied, "script {i} of {} {files:?}\n{script}", subject.name);
        }
    }
}

#[test]
fn every_known_difference_says_why() {
    for (name, reason) in known() {
        assert!(reason.split(' ').count() > 3, "{name} has no reason: {reason}");
        let mut parts = name.split(':');
        let subject = parts.next().and_then(|n| SUBJECTS.iter().find(|s| s.name == n));
        let file = parts.next().filter(|f| subject.is_some_and(|s| s.files.contains(f)));
        let place = parts.next().and_then(|n| n.parse::<usize>().ok());
        assert!(place.is_some_and(|n| n < scripts(file.expect("a file of the shell")).len()), "{name}");
    }
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
