//! The runtime with small programs in its containers.

use super::*;
use crate::images::Preset;
use crate::os::nobody::Nobody;
use crate::os::{self, Disposition, Program, STDOUT, Signal, Spawn, Step, Sys, Wait, World};
use crate::time::Span;

/// Does what its arguments say, one after the other: `say TEXT`, `eat BYTES`, `exit CODE`, `catch`, `wait`.
#[derive(Clone, Debug)]
struct Script(Vec<Text>);

impl Program for Script {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if sys.take_signal() == Some(Signal::Term) {
            return Step::Exit(0);
        }
        let number = |words: &[Text]| words.get(1).and_then(|w| w.parse().ok()).unwrap_or(0);
        let words = self.0.clone();
        match words.first().map(Text::as_str) {
            Some("say") => {
                let _ = sys.write(STDOUT, format!("{}\n", words[1]).as_bytes());
            }
            Some("eat") => sys.set_memory(number(&words)),
            Some("exit") => return Step::Exit(number(&words) as i32),
            Some("catch") => {
                sys.set_disposition(Signal::Term, Disposition::Catch);
                self.0.remove(0);
                return Step::Yield;
            }
            _ => return Wait::forever(),
        }
        self.0.drain(..2);
        Step::Yield
    }
}

fn programs(_: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    Some(Box::new(Script(spawn.argv[1..].to_vec())))
}

struct Lab {
    world: World,
    runtime: Runtime,
    now: Time,
}

const BUSYBOX: &str = "harbor.wego.red/library/busyboxplus:latest";

impl Lab {
    fn new() -> Lab {
        let mut world = World::new(os::Settings::default(), programs);
        let mut runtime = Runtime::new(Settings { preset: Preset::Lab, ..Settings::default() });
        runtime.add_node(
            &mut world,
            NodeConfig {
                name: Text::lit("worker01"),
                ip: Text::lit("192.168.10.12"),
                pod_cidr: Text::lit("10.224.1.0/24"),
                cpus: 2,
                memory: 24 << 30,
                disk: 250 << 30,
                images: vec![Text::lit(BUSYBOX)],
            },
        );
        Lab { world, runtime, now: Time::ZERO }
    }

    fn pass(&mut self, span: Span) {
        let until = self.now + span;
        loop {
            let ran = self.world.run(self.now, &mut Nobody);
            if self.runtime.settle(&mut self.world, self.now) || ran {
                continue;
            }
            let next = [self.world.next_due(), self.runtime.next_due()].into_iter().flatten().min();
            match next.filter(|t| *t <= until) {
                Some(t) => self.now = t,
                None => break,
            }
        }
        self.now = until;
    }

    fn create(&mut self, change: impl FnOnce(&mut ContainerConfig)) -> ContainerId {
        let config =
            SandboxConfig { name: Text::lit("web"), hostname: Text::lit("web"), ..SandboxConfig::default() };
        let sandbox = self.runtime.run_pod_sandbox(&mut self.world, self.now, NodeId(0), config);
        let sandbox = sandbox.result.expect("there are addresses");
        let mut config =
            ContainerConfig { name: Text::lit("c"), image: Text::lit(BUSYBOX), ..ContainerConfig::default() };
        change(&mut config);
        self.runtime.create_container(&mut self.world, self.now, sandbox, config).result.expect("created")
    }

    fn start(&mut self, argv: &[&str]) -> ContainerId {
        let id = self.create(|c| c.command = argv.iter().map(|a| Text::from(*a)).collect());
        let started = self.runtime.start_container(&mut self.world, self.now, id);
        started.result.expect("it starts");
        self.pass(Span::secs(1));
        id
    }

    fn outcome(&self, id: ContainerId) -> (ContainerState, i32, &'static str) {
        let s = self.runtime.status(id).expect("there");
        (s.state, s.exit_code, s.reason)
    }
}

#[test]
fn a_container_runs_logs_and_ends() {
    let mut lab = Lab::new();
    let id = lab.start(&["sh", "say", "hello", "exit", "3"]);
    assert_eq!(lab.outcome(id), (ContainerState::Exited, 3, "Error"));
    let (lines, next) = lab.runtime.log(id, 0);
    assert_eq!((lines[0].bytes.as_str(), next), ("hello", 1));
    assert!(
        matches!(lab.runtime.take_events()[..], [RuntimeEvent::ContainerExited { container, .. }] if container == id)
    );
}

#[test]
fn a_stop_waits_for_the_grace_period_only_if_term_is_ignored() {
    let mut lab = Lab::new();
    let (deaf, polite) = (lab.start(&["sh", "wait"]), lab.start(&["sh", "catch", "wait"]));
    for id in [deaf, polite] {
        lab.runtime.stop_container(&mut lab.world, lab.now, id, Span::secs(30));
    }
    let stopped = lab.now;
    lab.pass(Span::secs(29));
    assert_eq!(lab.outcome(polite), (ContainerState::Exited, 0, "Completed"));
    assert_eq!(lab.outcome(deaf).0, ContainerState::Running);
    lab.pass(Span::secs(2));
    assert_eq!(lab.outcome(deaf), (ContainerState::Exited, 137, "Error"));
    assert_eq!(lab.runtime.status(deaf).and_then(|s| s.finished_at), Some(stopped + Span::secs(30)));
}

#[test]
fn a_command_that_cannot_start_is_told_in_runcs_words() {
    for (command, why) in [
        ("nosuch", "exec: \"nosuch\": executable file not found in $PATH"),
        ("/bin/nosuch", "exec: \"/bin/nosuch\": stat /bin/nosuch: no such file or directory"),
        ("/etc/passwd", "exec: \"/etc/passwd\": permission denied"),
    ] {
        let mut lab = Lab::new();
        let id = lab.create(|c| c.command = vec![Text::lit(command)]);
        let error = lab.runtime.start_container(&mut lab.world, lab.now, id).result;
        let text = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
             failed: unable to start container process: {why}: unknown"
        );
        assert_eq!(error, Err(Text::from(text)));
        assert_eq!(lab.outcome(id), (ContainerState::Exited, 128, "StartError"));
    }
}

#[test]
fn exec_has_streams_an_exit_code_and_error_texts() {
    let mut lab = Lab::new();
    let id = lab.start(&["sh", "wait"]);
    let argv = ["sh", "say", "inside", "exit", "4"].map(Text::from).to_vec();
    let config = ExecConfig { argv, ..ExecConfig::default() };
    let session = lab.runtime.exec(&mut lab.world, lab.now, id, config).expect("it starts");
    lab.pass(Span::millis(1));
    assert_eq!(lab.runtime.take_output(&mut lab.world, session), (b"inside\n".to_vec(), vec![]));
    assert_eq!(lab.runtime.session_end(session), Some(SessionEnd::Exit(4)));
    let config = ExecConfig { argv: vec![Text::lit("nosuch")], ..ExecConfig::default() };
    let error = lab.runtime.exec(&mut lab.world, lab.now, id, config).expect_err("it is absent");
    assert!(error.starts_with("failed to exec in container: failed to start exec \""), "{error}");
    assert!(
        error.ends_with(
            "\": OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": \
             executable file not found in $PATH: unknown"
        ),
        "{error}"
    );
    let argv = vec![Text::lit("sh"), Text::lit("wait")];
    let config = ExecConfig { argv, timeout: Some(Span::secs(1)), ..ExecConfig::default() };
    let session = lab.runtime.exec(&mut lab.world, lab.now, id, config).expect("it starts");
    lab.pass(Span::secs(1));
    assert_eq!(lab.runtime.session_end(session), Some(SessionEnd::TimedOut));
}

#[test]
fn too_much_memory_is_oomkilled() {
    let mut lab = Lab::new();
    let id = lab.create(|c| {
        c.command = ["sh", "eat", "300000000", "wait"].map(Text::from).to_vec();
        c.memory_limit = Some(200 << 20);
    });
    lab.runtime.start_container(&mut lab.world, lab.now, id).result.expect("it starts");
    lab.pass(Span::secs(1));
    assert_eq!(lab.outcome(id), (ContainerState::Exited, 137, "OOMKilled"));
}

#[test]
fn probes_fail_in_gos_words() {
    let mut lab = Lab::new();
    let id = lab.start(&["sh", "wait"]);
    let sandbox = lab.runtime.status(id).expect("there").sandbox;
    let ip = lab.runtime.sandbox_ip(sandbox).expect("it has one");
    assert_eq!(ip, "10.224.1.2");
    let timeout = Span::secs(1);
    let tcp = lab.runtime.tcp_dial(&mut lab.world, lab.now, NodeId(0), &ip, 80, timeout);
    let request = HttpGet { ip, port: 8080, path: Text::lit("/healthz"), timeout, ..HttpGet::default() };
    let http = lab.runtime.http_get(&mut lab.world, lab.now, NodeId(0), request);
    lab.pass(Span::secs(2));
    let failed = |text: &'static str| Some(SessionEnd::Failed(Text::lit(text)));
    assert_eq!(lab.runtime.session_end(tcp), failed("dial tcp 10.224.1.2:80: connect: connection refused"));
    let text =
        "Get \"http://10.224.1.2:8080/healthz\": dial tcp 10.224.1.2:8080: connect: connection refused";
    assert_eq!(lab.runtime.session_end(http), failed(text));
}

#[test]
fn pulls_take_time_by_size_and_fail_with_containerds_texts() {
    let mut lab = Lab::new();
    let image = "harbor.wego.red/library/nginx:1.16.1";
    assert_eq!(lab.runtime.image_status(NodeId(0), image), None);
    let pull = lab.runtime.pull_image(lab.now, NodeId(0), image);
    assert!(pull.result.result.is_ok() && (0.15..0.5).contains(&pull.at.secs()), "{pull:?}");
    lab.now = pull.at;
    lab.pass(Span::ZERO);
    assert!(lab.runtime.image_status(NodeId(0), image).is_some());
    let again = lab.runtime.pull_image(lab.now, NodeId(0), image);
    assert!(again.at.since(lab.now) < Span::millis(50));
    let absent = lab.runtime.pull_image(lab.now, NodeId(0), "nosuchimage").result.result;
    let text = "rpc error: code = NotFound desc = failed to pull and unpack image \
                \"docker.io/library/nosuchimage:latest\": failed to resolve reference \
                \"docker.io/library/nosuchimage:latest\": docker.io/library/nosuchimage:latest: not found";
    assert_eq!(absent, Err(Text::lit(text)));
}

#[test]
fn what_is_mounted_is_seen_and_shared() {
    let mut lab = Lab::new();
    let mut tree = crate::fs::Tree::new(crate::fs::FsKind::Ext4);
    tree.put("/a", crate::fs::Content::File(crate::fs::FileData::lit("shared")), 0o644, 0);
    let tree = lab.world.forest.add(tree);
    let mount = |path, sub: &'static str| Mount {
        host_path: Text::default(),
        path: Text::lit(path),
        tree,
        sub_path: Text::lit(sub),
        read_only: false,
    };
    let id = lab.create(|c| {
        c.command = vec![Text::lit("sh")];
        c.mounts = vec![mount("/deep/er/data", ""), mount("/one", "a"), mount("/var/run/x", "")];
    });
    let read = |path: &str| {
        lab.runtime.read_file(&lab.world, id, path, 99).map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    assert_eq!(read("/deep/er/data/a"), Some("shared".to_owned()));
    assert_eq!(read("/one"), Some("shared".to_owned()));
    assert_eq!(read("/run/x/a").or_else(|| read("/var/run/x/a")), Some("shared".to_owned()));
    assert_eq!(read("/etc/hostname"), Some("web\n".to_owned()));
    assert_eq!(read("/nope"), None);
}

#[test]
fn removing_a_sandbox_leaves_nothing_behind() {
    let mut lab = Lab::new();
    let id = lab.start(&["sh", "wait"]);
    let sandbox = lab.runtime.status(id).expect("there").sandbox;
    lab.runtime.remove_pod_sandbox(&mut lab.world, lab.now, sandbox);
    assert_eq!((lab.runtime.status(id), lab.runtime.sandbox_ip(sandbox)), (None, None));
    assert!(lab.runtime.by_process.is_empty() && lab.runtime.by_handle.is_empty());
}
