//! The world with small step machines in it.

use super::nobody::Nobody;
use super::*;
use crate::api::Text;
use crate::fs::{
    Content, Cred, Device, FileData, FsKind, Mount, MountSource, MountTable, ROOT, Tree, VirtualKind,
};
use crate::time::{Span, Time};

/// Test programs, by their names.
#[derive(Clone, Debug)]
enum Toy {
    /// Copies input to output until its end.
    Cat,
    /// Sleeps for ever.
    Sleep,
    /// Like `Sleep`, but ends with 7 at TERM.
    Polite(bool),
    /// Takes this much memory and stays.
    Eat(u64),
    /// Starts `/bin/sleep` as a child and says how it ended.
    Parent(bool),
    /// Listens on port 80 and greets one client.
    Serve(Option<Fd>),
    /// Reads that many zeros.
    Swallow(u64),
    /// Loops.
    Spin,
    /// Kills itself.
    Suicide,
    /// Prints a file.
    Show(Text),
}

impl Program for Toy {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match self {
            Toy::Cat => match sys.read(STDIN, 100) {
                Ok(bytes) if bytes.is_empty() => Step::Exit(0),
                Ok(bytes) => {
                    let _ = sys.write(STDOUT, &bytes);
                    Step::Yield
                }
                Err(Errno::EAGAIN) => Wait::readable(STDIN),
                Err(_) => Step::Exit(1),
            },
            Toy::Sleep => Wait::forever(),
            Toy::Polite(ready) => {
                if !*ready {
                    *ready = true;
                    sys.set_disposition(Signal::Term, Disposition::Catch);
                }
                if sys.take_signal() == Some(Signal::Term) { Step::Exit(7) } else { Wait::forever() }
            }
            Toy::Eat(bytes) => {
                sys.set_memory(*bytes);
                Wait::forever()
            }
            Toy::Parent(started) => {
                if !*started {
                    *started = true;
                    let spawn = spawn(&["/bin/sleep"]);
                    if let Err(e) = sys.spawn(spawn) {
                        let _ = sys.write(STDOUT, e.text().as_bytes());
                    }
                }
                match sys.reap(None) {
                    Ok(None) => Wait::child(),
                    other => {
                        let _ = sys.write(STDOUT, format!("{other:?}").as_bytes());
                        Step::Exit(0)
                    }
                }
            }
            Toy::Serve(fd) => {
                let fd = *fd.get_or_insert_with(|| sys.listen(80).expect("free"));
                match sys.accept(fd) {
                    Ok((conn, peer)) => {
                        let _ = sys.write(conn, format!("hello {peer}").as_bytes());
                        Step::Exit(0)
                    }
                    Err(_) => Wait::readable(fd),
                }
            }
            Toy::Swallow(left) => {
                let fd = sys.open("/dev/zero", program::Open::Read).expect("the device is there");
                let n = sys.read(fd, 64 << 10).expect("it has zeros without end").len() as u64;
                sys.close(fd);
                *left = left.saturating_sub(n);
                if *left == 0 { Step::Exit(0) } else { Step::Yield }
            }
            Toy::Spin => Step::Yield,
            Toy::Suicide => {
                let pid = i64::from(sys.pid());
                let _ = sys.kill(pid, Some(Signal::Kill));
                let _ = sys.write(STDOUT, b"never");
                Wait::forever()
            }
            Toy::Show(path) => {
                let text = match sys.read_file(path) {
                    Ok(bytes) => bytes,
                    Err(e) => e.text().as_bytes().to_vec(),
                };
                let _ = sys.write(STDOUT, &text);
                Step::Exit(0)
            }
        }
    }
}

fn toys(name: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    Some(Box::new(match name {
        "cat" => Toy::Cat,
        "sleep" => Toy::Sleep,
        "polite" => Toy::Polite(false),
        "eat" => Toy::Eat(spawn.argv.get(1)?.parse().ok()?),
        "parent" => Toy::Parent(false),
        "serve" => Toy::Serve(None),
        "spin" => Toy::Spin,
        "swallow" => Toy::Swallow(spawn.argv.get(1)?.parse().ok()?),
        "suicide" => Toy::Suicide,
        "show" => Toy::Show(spawn.argv.get(1)?.clone()),
        _ => return None,
    }))
}

fn spawn(argv: &[&str]) -> Spawn {
    Spawn {
        file: Text::from(argv[0]),
        argv: argv.iter().map(|a| Text::from(*a)).collect(),
        env: Vec::new(),
        cwd: Text::lit("/"),
        fds: vec![(1, 1)],
        ignored: Vec::new(),
        new_group: false,
    }
}

struct Lab {
    world: World,
    machine: MachineId,
    pods: u32,
}

fn mount(path: &'static str, source: MountSource) -> Mount {
    let device = Text::lit("overlay");
    let fs_type = device.clone();
    Mount {
        path: Text::lit(path),
        source,
        read_only: false,
        device,
        fs_type,
        options: Text::default(),
        size: 0,
    }
}

impl Lab {
    fn new() -> Lab {
        let mut world = World::new(Settings::default(), toys);
        let machine = Machine::new("worker01", "192.168.10.12", 2, 8 << 30, 0);
        let machine = world.add_machine(machine, MountTable::default());
        Lab { world, machine, pods: 0 }
    }

    fn pod(&mut self) -> CellId {
        self.pods += 1;
        let net = self.world.add_netns(self.machine, &format!("10.224.1.{}", self.pods));
        let mut tree = Tree::new(FsKind::Overlay);
        for toy in ["cat", "sleep", "polite", "eat", "parent", "serve", "spin", "suicide", "show", "swallow"]
        {
            tree.put(&format!("/bin/{toy}"), Content::Program(Text::from(toy), 100), 0o755, 0);
        }
        tree.put("/bin/text", Content::File(FileData::lit("no magic")), 0o755, 0);
        tree.put("/bin/script", Content::File(FileData::lit("#!/bin/show\n")), 0o755, 0);
        tree.put("/etc/plain", Content::File(FileData::lit("plain")), 0o644, 0);
        tree.put("/dev/zero", Content::Device(Device::Zero), 0o666, 0);
        tree.put("/dev/null", Content::Device(Device::Null), 0o666, 0);
        let tree = self.world.forest.add(tree);
        let mounts = vec![
            mount("", MountSource::Tree(tree, ROOT)),
            mount("/proc", MountSource::Virtual(VirtualKind::Proc)),
            mount("/sys", MountSource::Virtual(VirtualKind::Sys)),
        ];
        let mounts = MountTable(mounts.into());
        let (hostname, owner) = (Text::lit("pod"), Text::from(format!("pod{}", self.pods)));
        self.world.add_cell(NewCell { machine: self.machine, mounts, hostname, net, share_pids: None, owner })
    }

    /// Starts a process with a pipe as its output.
    fn start(&mut self, cell: CellId, argv: &[&str]) -> (ProcessId, Handle) {
        let (r, w) = self.world.pipe();
        let fds = vec![(1, w)];
        let start = Start { cell, spawn: spawn(argv), fds, cred: Cred::default(), at: Time::ZERO };
        let process = self.world.start(start).expect("the program exists");
        self.world.close(w);
        (process, r)
    }

    fn run(&mut self, at: Time) {
        self.world.run(at, &mut Nobody);
    }

    fn text(&mut self, handle: Handle) -> String {
        String::from_utf8(self.world.read(handle, 4096).unwrap_or_default()).expect("text")
    }

    fn codes(&mut self) -> Vec<i32> {
        self.world.take_exits().iter().map(|e| e.ended.code()).collect()
    }
}

#[test]
fn process_1_ignores_term_unless_it_handles_it_and_kill_from_inside() {
    let mut lab = Lab::new();
    let (a, b) = (lab.pod(), lab.pod());
    let (sleep, _) = lab.start(a, &["/bin/sleep"]);
    let (polite, _) = lab.start(b, &["/bin/polite"]);
    lab.run(Time::ZERO);
    lab.world.signal(sleep, Signal::Term);
    lab.world.signal(polite, Signal::Term);
    lab.run(Time(1));
    assert_eq!(lab.codes(), [7]);
    let (_, _) = lab.start(a, &["/bin/suicide"]);
    lab.run(Time(2));
    assert_eq!(lab.codes(), [137]);
    lab.world.signal(sleep, Signal::Kill);
    assert_eq!(lab.codes(), [137]);
}

#[test]
fn a_suicide_as_process_1_survives() {
    let mut lab = Lab::new();
    let a = lab.pod();
    let (_, out) = lab.start(a, &["/bin/suicide"]);
    lab.run(Time::ZERO);
    assert_eq!((lab.codes(), lab.text(out)), (vec![], "never".to_owned()));
}

#[test]
fn the_death_of_process_1_takes_the_others_along() {
    let mut lab = Lab::new();
    let a = lab.pod();
    let (first, _) = lab.start(a, &["/bin/sleep"]);
    let (_, out) = lab.start(a, &["/bin/parent"]);
    lab.run(Time::ZERO);
    lab.world.signal(first, Signal::Kill);
    assert_eq!(lab.codes(), [137, 137]);
    assert_eq!(lab.text(out), "");
}

#[test]
fn children_are_reaped_with_their_signal() {
    let mut lab = Lab::new();
    let a = lab.pod();
    lab.start(a, &["/bin/sleep"]);
    let (_, out) = lab.start(a, &["/bin/parent"]);
    lab.run(Time::ZERO);
    let child = *lab.world.st.in_cell(a).last().expect("it runs");
    lab.world.deliver(child, Signal::Term, true);
    lab.run(Time(1));
    assert_eq!(lab.text(out), "Ok(Some((13, Signal(Term))))");
}

#[test]
fn a_pipe_hands_on_data_and_its_end() {
    let mut lab = Lab::new();
    let cell = lab.pod();
    let (r, w) = lab.world.pipe();
    let (out, out_w) = lab.world.pipe();
    lab.world.watch(out);
    let start = Start {
        cell,
        spawn: spawn(&["/bin/cat"]),
        fds: vec![(0, r), (1, out_w)],
        cred: Cred::default(),
        at: Time(5),
    };
    lab.world.start(start).expect("there");
    lab.world.close(r);
    lab.world.close(out_w);
    lab.world.write(w, b"abc").expect("room");
    lab.run(Time::ZERO);
    assert_eq!(lab.world.next_due(), Some(Time(5)));
    lab.run(Time(5));
    assert_eq!(lab.world.take_ready(), [out]);
    assert_eq!(lab.text(out), "abc");
    assert_eq!(lab.world.read(out, 10), Err(Errno::EAGAIN));
    lab.world.close(w);
    lab.run(Time(6));
    assert_eq!(lab.world.read(out, 10), Ok(vec![]));
    assert_eq!(lab.codes(), [0]);
}

#[test]
fn control_c_ends_the_foreground_process() {
    let mut lab = Lab::new();
    let cell = lab.pod();
    lab.start(cell, &["/bin/sleep"]);
    let (master, slave) = lab.world.terminal((80, 24));
    let fds = vec![(0, slave), (1, slave), (2, slave)];
    let start = Start { cell, spawn: spawn(&["/bin/cat"]), fds, cred: Cred::default(), at: Time::ZERO };
    lab.world.start(start).expect("there");
    lab.world.close(slave);
    lab.run(Time::ZERO);
    lab.world.write(master, b"hi\n").expect("typed");
    lab.run(Time(1));
    assert_eq!(lab.text(master), "hi\r\nhi\r\n");
    lab.world.write(master, b"\x03").expect("typed");
    lab.run(Time(2));
    assert_eq!((lab.codes(), lab.text(master)), (vec![130], "^C".to_owned()));
}

#[test]
fn out_of_memory_kills_the_whole_container_or_only_the_biggest_process() {
    for (cgroup_v1, expected) in [(false, vec![137, 137]), (true, vec![137])] {
        let mut lab = Lab::new();
        lab.world.st.settings.cgroup_v1 = cgroup_v1;
        let cell = lab.pod();
        lab.world.cell_mut(cell).expect("there").memory_limit = Some(50 << 20);
        lab.start(cell, &["/bin/sleep"]);
        lab.start(cell, &["/bin/eat", "100000000"]);
        lab.run(Time::ZERO);
        assert_eq!(lab.codes(), expected);
        assert_eq!(lab.world.cell(cell).map(|c| c.oom_kills > 0), Some(true));
    }
}

#[test]
fn connections_are_served_refused_or_lost() {
    let mut lab = Lab::new();
    let (a, b) = (lab.pod(), lab.pod());
    lab.world.net.pod_prefix = Text::lit("10.224.");
    lab.start(a, &["/bin/serve"]);
    lab.run(Time::ZERO);
    let good = lab.world.dial(b, "10.224.1.1", 80).expect("dialled");
    let refused = lab.world.dial(b, "10.224.1.1", 81).expect("dialled");
    let lost = lab.world.dial(b, "10.224.1.99", 80).expect("dialled");
    assert_eq!(lab.world.read(good, 100), Err(Errno::EAGAIN));
    lab.run(Time::ZERO + Span::millis(1));
    assert_eq!(lab.world.read(refused, 100), Err(Errno::ECONNREFUSED));
    lab.run(Time::ZERO + Span::millis(2));
    assert_eq!(lab.text(good), "hello 10.224.1.2");
    assert_eq!(lab.world.read(good, 100), Ok(vec![]));
    assert_eq!(lab.world.read(lost, 100), Err(Errno::EAGAIN));
    lab.run(Time::ZERO + Span::secs(3));
    assert_eq!(lab.world.read(lost, 100), Err(Errno::EHOSTUNREACH));
}

#[test]
fn services_choose_an_endpoint_and_refuse_without_one() {
    let mut lab = Lab::new();
    let (a, b) = (lab.pod(), lab.pod());
    lab.start(a, &["/bin/serve"]);
    let key = (Text::lit("10.96.0.7"), 8000);
    lab.world.net.set_service(key.clone(), Service::default(), Time::ZERO, Time::ZERO);
    lab.run(Time::ZERO);
    let refused = lab.world.dial(b, "10.96.0.7", 8000).expect("dialled");
    lab.run(Time(1000));
    assert_eq!(lab.world.read(refused, 1), Err(Errno::ECONNREFUSED));
    let endpoint = Endpoint { ip: Text::lit("10.224.1.1"), port: 80, machine: None };
    let service = Service { endpoints: vec![endpoint.clone()], ..Service::default() };
    // The machine learns of the endpoint at 2 ms, and acts upon it half a millisecond later.
    lab.world.net.lags = vec![Span::micros(500)];
    lab.world.net.set_service(key.clone(), service, Time(1000), Time(2000));
    let early = lab.world.dial(b, "10.96.0.7", 8000).expect("dialled");
    lab.run(Time(2499));
    assert_eq!(lab.world.read(early, 1), Err(Errno::ECONNREFUSED));
    lab.run(Time(2500));
    let served = lab.world.dial(b, "10.96.0.7", 8000).expect("dialled");
    lab.run(Time(3000));
    lab.run(Time(4000));
    assert_eq!(lab.text(served), "hello 10.224.1.2");
    // Only endpoints of the same machine: this one is on another, so the packets are dropped.
    let elsewhere = Endpoint { machine: Some(MachineId(7)), ..endpoint };
    let local = Service { endpoints: vec![elsewhere], local: true, ..Service::default() };
    lab.world.net.set_service(key, local, Time(4000), Time(4000));
    lab.run(Time(5000));
    let dropped = lab.world.dial(b, "10.96.0.7", 8000).expect("dialled");
    lab.run(Time(200_000_000));
    assert_eq!(lab.world.read(dropped, 1), Err(Errno::ETIMEDOUT));
}

#[test]
fn a_client_with_affinity_stays_with_its_endpoint_until_its_time_is_over_or_the_endpoint_gone() {
    let mut net = Net::default();
    let endpoint = |n: u16| Endpoint { ip: Text::from(format!("10.224.1.{n}")), port: 80, machine: None };
    let address = (Text::lit("10.96.0.7"), 80);
    let service = |all: &[u16]| Service {
        endpoints: all.iter().map(|n| endpoint(*n)).collect(),
        affinity: Some(Span::secs(60)),
        local: false,
    };
    net.set_service(address.clone(), service(&[1, 2, 3, 4]), Time::ZERO, Time::ZERO);
    let mut calls = 0;
    let mut call = |net: &mut Net, client: &str, at: u64| {
        calls += 1;
        let owner = format!("{calls}");
        let chosen =
            net.choose(MachineId(0), client, ("10.96.0.7", 80), Time::ZERO + Span::secs(at), (7, &owner));
        match chosen {
            Some(services::Verdict::To(e)) => e,
            other => panic!("{other:?}"),
        }
    };
    let first = call(&mut net, "a", 0);
    // Each call renews the minute.
    for at in (30..300).step_by(30) {
        assert_eq!(call(&mut net, "a", at), first);
    }
    let clients: Vec<Endpoint> = (0..20).map(|n| call(&mut net, &format!("c{n}"), 300)).collect();
    assert!((1..=4).all(|n| clients.contains(&endpoint(n))), "{clients:?}");
    let rest: Vec<u16> = (1..=4).filter(|n| endpoint(*n) != first).collect();
    net.set_service(address, service(&rest), Time::ZERO, Time::ZERO + Span::secs(301));
    assert_ne!(call(&mut net, "a", 302), first);
    // After more than a minute of silence the choice is free again.
    let later: Vec<Endpoint> = (10..20).map(|n| call(&mut net, "a", 302 + n * 61)).collect();
    assert!(later.iter().any(|e| *e != later[0]), "{later:?}");
}

#[test]
fn an_endless_loop_does_not_stop_the_clock() {
    let mut lab = Lab::new();
    let a = lab.pod();
    lab.start(a, &["/bin/spin"]);
    lab.run(Time::ZERO);
    assert_eq!(lab.world.next_due(), Some(Time(5_000)));
    assert_eq!(lab.world.cpu_of(a), 1000);
}

#[test]
fn programs_that_cannot_be_started_say_why() {
    let mut lab = Lab::new();
    let cell = lab.pod();
    for (file, errno) in [
        ("/bin/nope", Errno::ENOENT),
        ("/etc/plain", Errno::EACCES),
        ("/bin", Errno::EACCES),
        ("/bin/text", Errno::ENOEXEC),
        ("nope", Errno::ENOENT),
        ("/bin/sleep/x", Errno::ENOTDIR),
    ] {
        let start = Start { cell, spawn: spawn(&[file]), fds: vec![], cred: Cred::default(), at: Time::ZERO };
        assert_eq!(lab.world.start(start), Err(errno), "{file}");
    }
}

#[test]
fn proc_and_sys_tell_about_processes_and_limits() {
    let mut lab = Lab::new();
    let cell = lab.pod();
    lab.world.cell_mut(cell).expect("there").memory_limit = Some(1 << 20);
    lab.world.cell_mut(cell).expect("there").cpu_limit = Some(500);
    lab.start(cell, &["/bin/sleep"]);
    for (path, text) in [
        ("/proc/1/cmdline", "/bin/sleep\0"),
        ("/sys/fs/cgroup/memory.max", "1048576\n"),
        ("/sys/fs/cgroup/cpu.max", "50000 100000\n"),
        ("/proc/self/comm", "show\n"),
        ("/proc/99/comm", "No such file or directory"),
        ("/proc", "Is a directory"),
    ] {
        let (_, out) = lab.start(cell, &["/bin/show", path]);
        lab.run(Time::ZERO);
        assert_eq!(lab.text(out), text, "{path}");
    }
    let (_, out) = lab.start(cell, &["/bin/script"]);
    lab.run(Time::ZERO);
    assert_eq!(lab.text(out), "#!/bin/show\n");
}

#[test]
fn what_is_read_costs_time_by_its_bytes() {
    let mut lab = Lab::new();
    let pod = lab.pod();
    lab.start(pod, &["/bin/swallow", "1073741824"]);
    let mut now = Time::ZERO;
    lab.run(now);
    while let Some(due) = lab.world.next_due() {
        now = due;
        lab.run(now);
    }
    // 8 KiB a step, 2,000 steps in 5 ms.
    let took = now.since(Time::ZERO).as_secs_f64();
    assert!((0.3..0.4).contains(&took), "{took} s");
}
