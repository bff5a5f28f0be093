//! A node for tests: one kubelet over the real API server, runtime and operating system, with actors that
//! read their part from their command line instead of real programs.
//!
//! An actor's last argument is its script: `3s` waits, `exit 1` ends, `term` makes TERM end it with 0,
//! `file P` makes a file, `has P` ends with 0 if the file exists and with 1 otherwise, `forever` waits.

use super::{Kubelet, KubeletTimer, NodeSettings};
use crate::agenda::{Agenda, Timers};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, DeleteOptions};
use crate::collections::Order;
use crate::cri::{NodeConfig, Runtime};
use crate::map;
use crate::os::nobody::Nobody;
use crate::os::{Disposition, Program, Signal, Spawn, Step, Sys, Wait, World};
use crate::time::{Epoch, Span, Time};
use crate::trace::Cause;

/// The image of actors.
pub const IMAGE: &str = "harbor.wego.red/library/busyboxplus:latest";

#[derive(Clone, Debug)]
struct Actor {
    words: Vec<String>,
    at: usize,
    until: Option<Time>,
}

impl Program for Actor {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if sys.take_signal().is_some() {
            return Step::Exit(0);
        }
        if let Some(until) = self.until {
            if sys.now() < until {
                return Wait::until(until);
            }
            self.until = None;
        }
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        let argument = self.words.get(self.at + 1).cloned().unwrap_or_default();
        self.at += 1;
        match word.as_str() {
            "" => return Step::Exit(0),
            "exit" => return Step::Exit(argument.parse().unwrap_or(255)),
            "forever" => {
                self.at -= 1;
                return Wait::forever();
            }
            "term" => sys.set_disposition(Signal::Term, Disposition::Catch),
            "file" => {
                self.at += 1;
                let _ = sys.write_file(&argument, b"", false);
            }
            "has" => return Step::Exit(i32::from(sys.stat(&argument).is_err())),
            wait => {
                let secs: f64 = wait.trim_end_matches('s').parse().unwrap_or(0.0);
                self.until = Some(sys.now() + Span::secs_f64(secs));
            }
        }
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

#[allow(clippy::unnecessary_wraps)]
fn actor(_name: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    let script = spawn.argv.last().cloned().unwrap_or_default();
    let words = script.split_whitespace().map(str::to_string).collect();
    Some(Box::new(Actor { words, at: 0, until: None }))
}

/// A cluster of one node.
pub struct Lab {
    /// The API server.
    pub api: ApiServer,
    world: World,
    runtime: Runtime,
    kubelet: Kubelet,
    agenda: Agenda<KubeletTimer>,
    cursor: u64,
}

impl Lab {
    /// A node that is up.
    pub fn new() -> Lab {
        let epoch = Epoch(1_795_420_239_000_000);
        let mut api = ApiServer::new(7, epoch);
        let mut world = World::new(crate::os::Settings { epoch, ..Default::default() }, actor);
        let mut runtime = Runtime::new(crate::cri::Settings { preset: lab_preset(), ..Default::default() });
        let config = NodeConfig {
            name: Text::lit("worker01"),
            ip: Text::lit("192.168.10.12"),
            pod_cidr: Text::lit("10.224.1.0/24"),
            cpus: 2,
            memory: 24_684_084 * 1024,
            disk: 264_212_084 * 1024,
            images: vec![Text::lit(IMAGE)],
        };
        let id = runtime.add_node(&mut world, config.clone());
        let settings = NodeSettings {
            name: config.name,
            id,
            ip: config.ip,
            cpus: 2,
            memory: config.memory,
            disk: config.disk,
            max_pods: 110,
            ..NodeSettings::default()
        };
        let kubelet = Kubelet::new(&settings, 7);
        let status = kubelet.initial_status("2026-11-23T06:56:30Z", &runtime);
        let node = map! { "metadata" => map! { "name" => "worker01" }, "status" => status };
        api.create(Object::new(Kind::NODE, node)).expect("new");
        api.create(Object::new(Kind::NAMESPACE, map! { "metadata" => map! { "name" => "default" } }))
            .expect("new");
        let account = map! { "metadata" => map! { "name" => "default", "namespace" => "default" } };
        api.create(Object::new(Kind::SERVICE_ACCOUNT, account)).expect("new");
        let cursor = api.store.cursor();
        let mut lab = Lab { api, world, runtime, kubelet, agenda: Agenda::new(), cursor };
        lab.act(|k, lab, timers| k.start(&mut lab.api, &mut lab.world, &mut lab.runtime, timers));
        lab
    }

    fn act(&mut self, act: impl FnOnce(&mut Kubelet, &mut Lab, &mut Timers<KubeletTimer>)) {
        let mut kubelet = self.kubelet.clone();
        let mut timers = Timers::new();
        let now = self.api.now;
        self.api.enter(now, Cause::START, kubelet.actor());
        act(&mut kubelet, self, &mut timers);
        self.kubelet = kubelet;
        for (at, cause, timer) in timers.asked {
            self.agenda.set(at, cause, timer);
        }
    }

    /// Creates a pod on the node. The service-account volume is left out.
    pub fn create(&mut self, name: &str, spec: Value) {
        let spec = spec.with("nodeName", "worker01").with("automountServiceAccountToken", false);
        let pod = map! {
            "metadata" => map! { "name" => name, "namespace" => "default" },
            "spec" => spec, "status" => map! { "phase" => "Pending" },
        };
        self.api.create(Object::new(Kind::POD, pod)).expect("new");
        self.settle();
    }

    /// Deletes a pod gracefully.
    pub fn delete(&mut self, name: &str) {
        let key = crate::api::object::Key::new(Kind::POD, "default", name);
        self.api.delete(&key, &DeleteOptions::default()).expect("exists");
        self.settle();
    }

    /// Lets time pass until `secs` after the start.
    pub fn run(&mut self, secs: f64) {
        let end = Time::ZERO + Span::secs_f64(secs);
        loop {
            let due = [self.agenda.next_time(), self.world.next_due(), self.runtime.next_due()];
            let next = due.into_iter().flatten().min().unwrap_or(Time::NEVER);
            if next > end {
                break;
            }
            self.api.now = self.api.now.max(next);
            self.settle();
        }
        self.api.now = end;
        self.settle();
    }

    fn settle(&mut self) {
        for _ in 0..1000 {
            let mut busy = false;
            let now = self.api.now;
            self.world.advance_to(now);
            while let Some(entry) = self.agenda.pop_due(now) {
                busy = true;
                self.act(|k, lab, timers| {
                    k.on_timer(entry.what, &mut lab.api, &mut lab.world, &mut lab.runtime, timers);
                });
                self.show();
            }
            busy |= self.world.run(now, &mut Nobody);
            self.runtime.settle(&mut self.world, now);
            for event in self.runtime.take_events() {
                busy = true;
                self.act(|k, lab, timers| {
                    k.on_runtime_event(&event, &mut lab.api, &mut lab.world, &mut lab.runtime, timers);
                });
            }
            busy |= self.show();
            if !busy {
                return;
            }
        }
        panic!("does not settle");
    }

    fn show(&mut self) -> bool {
        let mut busy = false;
        while let Some(change) = self.api.store.change(self.cursor).cloned() {
            self.cursor += 1;
            busy = true;
            if change.new.kind == Kind::POD {
                self.act(|k, lab, timers| {
                    k.on_change(&change, &mut lab.api, &mut lab.world, &mut lab.runtime, timers);
                });
            }
        }
        busy
    }

    /// What `kubectl get pods -w` showed of a pod: `0.3 0/1 Pending 0`, one line for each change.
    pub fn timeline(&self, pod: &str) -> Vec<String> {
        let mut lines: Vec<(Time, String)> = Vec::new();
        for i in 0..self.cursor {
            let Some(change) = self.api.store.change(i) else { continue };
            if change.new.kind != Kind::POD || change.new.name() != pod {
                continue;
            }
            let word = if change.kind == WatchKind::Deleted {
                "deleted".to_string()
            } else {
                let line = crate::kubectl::print::pod::line(&change.new);
                format!("{}/{} {} {}", line.ready, line.total, line.status, line.restarts)
            };
            if lines.last().is_none_or(|l| l.1 != word) {
                lines.push((change.at, word));
            }
        }
        lines.into_iter().map(|(at, word)| format!("{:.1} {word}", at.secs())).collect()
    }

    /// The events of a pod: `Started x2`, in order of their first instant.
    pub fn events(&self, pod: &str) -> Vec<String> {
        let of = |e: &&Object| e.at("involvedObject.name").str() == pod;
        let mut events: Vec<&Object> = self.api.list(Kind::EVENT, None).filter(of).collect();
        events.order_by_key(|e| e.at("metadata.creationTimestamp").text());
        events.iter().map(|e| format!("{} x{}", e["reason"].str(), e["count"].int_or(1))).collect()
    }

    /// What `kubectl logs` would show of a container: its instance's lines, or a sentence in their place.
    pub fn logs(&self, pod: &str, previous: bool) -> String {
        let object = self.pod(pod).expect("the pod exists");
        let asked = super::logs::Asked { container: "", previous };
        match super::logs::log(object, Some(&self.kubelet), &self.runtime, &asked) {
            Ok(super::logs::Log::Of(id)) => {
                let lines = self.runtime.log(id, 0).0;
                lines.iter().map(|l| l.bytes.to_string()).collect::<Vec<_>>().join("\n")
            }
            Ok(super::logs::Log::Instead(text)) => text,
            Err(status) => status.message.to_string(),
        }
    }

    /// The pod as it is.
    pub fn pod(&self, name: &str) -> Option<&Object> {
        self.api.get(Kind::POD, "default", name)
    }
}

fn lab_preset() -> crate::images::Preset {
    crate::images::Preset::Lab
}

/// A container that plays a script.
pub fn player(name: &str, script: &str) -> Value {
    map! { "name" => name, "image" => IMAGE, "imagePullPolicy" => "IfNotPresent",
    "command" => crate::list!["/bin/sh", "-c", script] }
}

/// A pod of players.
pub fn pod(policy: &str, players: Vec<Value>) -> Value {
    map! { "restartPolicy" => policy, "terminationGracePeriodSeconds" => 30, "containers" => Value::from(players) }
}
