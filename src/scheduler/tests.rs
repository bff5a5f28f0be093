//! Tests of the scheduler as a whole: exact texts. Random clusters are in tests/scheduling.rs.

use super::*;
use crate::agenda::Agenda;
use crate::api::{Object, Value};
use crate::time::Epoch;
use crate::{list, map};

/// An API server and a scheduler that sees its changes.
struct Sim {
    api: ApiServer,
    scheduler: Scheduler,
    agenda: Agenda<Timer>,
    cursor: u64,
}

impl Sim {
    fn new(seed: u64) -> Sim {
        let mut api = ApiServer::new(seed, Epoch(1_795_420_239_000_000));
        let namespace = map! { "metadata" => map! { "name" => "default" } };
        api.create(Object::new(Kind::NAMESPACE, namespace)).expect("new");
        let account = map! { "metadata" => map! { "name" => "default", "namespace" => "default" } };
        api.create(Object::new(Kind::SERVICE_ACCOUNT, account)).expect("new");
        let cursor = api.store.cursor();
        Sim { api, scheduler: Scheduler::new(seed, Text::lit("master01")), agenda: Agenda::new(), cursor }
    }

    /// A cluster like the course's: a tainted control plane and three workers with two CPUs each.
    fn course() -> Sim {
        let mut sim = Sim::new(1);
        let taint =
            list![map! { "key" => "node-role.kubernetes.io/control-plane", "effect" => "NoSchedule" }];
        sim.create(node("master01").with("spec.taints", taint));
        for name in ["worker01", "worker02", "worker03"] {
            sim.create(node(name));
        }
        sim
    }

    fn create(&mut self, value: Value) -> Key {
        let kind = Kind::of(value["apiVersion"].str(), value["kind"].str()).expect("a known kind");
        let object = self.api.create(Object::new(kind, value)).expect("a new object");
        object.key()
    }

    fn pod(&mut self, name: &str, spec: Value) -> Key {
        self.create(pod(name, spec))
    }

    fn run(&mut self, span: Span) {
        let end = self.api.now + span;
        loop {
            while let Some(change) = self.api.store.change(self.cursor).cloned() {
                self.cursor += 1;
                if Scheduler::KINDS.contains(&change.new.kind) {
                    let mut timers = Timers::new();
                    self.api.cause = change.cause;
                    self.scheduler.on_change(&change, &mut self.api, &mut timers);
                    self.take(timers);
                }
            }
            let Some(at) = self.agenda.next_time().filter(|t| *t <= end) else { break };
            let entry = self.agenda.pop_due(at).expect("due");
            self.api.now = at;
            self.api.cause = entry.cause;
            let mut timers = Timers::new();
            self.scheduler.on_timer(entry.what, &mut self.api, &mut timers);
            self.take(timers);
        }
        self.api.now = end;
    }

    fn take(&mut self, timers: Timers<Timer>) {
        for (at, cause, what) in timers.asked {
            self.agenda.set(at, cause, what);
        }
    }

    fn node_of(&self, pod: &Key) -> &str {
        self.api.store.get(pod).map_or("", |p| p.at("spec.nodeName").str())
    }

    fn message(&self, pod: &Key) -> &str {
        self.api.store.get(pod).map_or("", |p| p.condition("PodScheduled")["message"].str())
    }
}

fn node(name: &str) -> Value {
    map! {
        "apiVersion" => "v1", "kind" => "Node",
        "metadata" => map! { "name" => name, "labels" => map! { "kubernetes.io/hostname" => name } },
        "status" => map! { "allocatable" => map! { "cpu" => "2", "memory" => "24581684Ki", "pods" => "110" } },
    }
}

fn pod(name: &str, spec: Value) -> Value {
    let mut spec = spec;
    if spec["containers"].is_null() {
        spec.set("containers", list![map! { "name" => "c", "image" => "nginx" }]);
    }
    map! {
        "apiVersion" => "v1", "kind" => "Pod",
        "metadata" => map! { "name" => name, "namespace" => "default", "labels" => map! { "app" => "web" } },
        "spec" => spec, "status" => map! { "phase" => "Pending" },
    }
}

fn requests(cpu: &str, memory: &str) -> Value {
    let requests = map! { "cpu" => cpu, "memory" => memory };
    map! { "containers" => list![map! { "name" => "c", "resources" => map! { "requests" => requests } }] }
}

fn on(host: &str) -> Value {
    map! { "nodeSelector" => map! { "kubernetes.io/hostname" => host } }
}

fn affinity(kind: &str, app: &str) -> Value {
    let term = map! {
        "labelSelector" => map! { "matchLabels" => map! { "app" => app } },
        "topologyKey" => "kubernetes.io/hostname",
    };
    map! {}.with(&format!("affinity.{kind}.requiredDuringSchedulingIgnoredDuringExecution"), list![term])
}

#[test]
fn a_plain_pod_is_bound_to_a_worker_about_ten_milliseconds_after_its_creation() {
    let mut sim = Sim::course();
    let key = sim.pod("web", map! {});
    sim.run(Span::millis(10));
    assert!(sim.node_of(&key).starts_with("worker"), "{}", sim.node_of(&key));
    let event = sim.api.list(Kind::EVENT, None).next().expect("an event").clone();
    let message = format!("Successfully assigned default/web to {}", sim.node_of(&key));
    assert_eq!((event["reason"].str(), event["message"].str()), ("Scheduled", message.as_str()));
    assert_eq!(event["reportingComponent"].str(), "default-scheduler");
}

#[test]
fn the_reasons_of_unschedulable_pods_are_kubernetes_own_words() {
    const NOT_HELPFUL: &str = "no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.";
    let spread = map! {
        "maxSkew" => 1, "topologyKey" => "zone", "whenUnsatisfiable" => "DoNotSchedule",
        "labelSelector" => map! { "matchLabels" => map! { "app" => "web" } },
    };
    let claim = map! { "name" => "v", "persistentVolumeClaim" => map! { "claimName" => "nope" } };
    let cases = [
        (requests("1", "100Gi"), "1 node(s) had untolerated taint(s), 3 Insufficient memory."),
        (
            requests("50", "100Gi"),
            "1 node(s) had untolerated taint(s), 3 Insufficient cpu, 3 Insufficient memory.",
        ),
        (
            on("nowhere"),
            "1 node(s) had untolerated taint(s), 3 node(s) didn't match Pod's node affinity/selector.",
        ),
        (
            affinity("podAffinity", "none"),
            "1 node(s) had untolerated taint(s), 3 node(s) didn't match pod affinity rules.",
        ),
        (
            map! { "topologySpreadConstraints" => list![spread] },
            "1 node(s) had untolerated taint(s), 3 node(s) didn't match pod topology spread constraints (missing required label).",
        ),
    ];
    for (spec, reasons) in cases {
        let mut sim = Sim::course();
        let key = sim.pod("web", spec);
        sim.run(Span::secs(1));
        assert_eq!(sim.message(&key), format!("0/4 nodes are available: {reasons} {NOT_HELPFUL}"));
    }
    let mut sim = Sim::course();
    let key = sim.pod("web", map! { "volumes" => list![claim] });
    sim.run(Span::secs(1));
    assert_eq!(
        sim.message(&key),
        "0/4 nodes are available: persistentvolumeclaim \"nope\" not found. not found"
    );
}

#[test]
fn a_pod_of_higher_priority_evicts_one_of_lower_and_takes_its_place() {
    let mut sim = Sim::course();
    let merge = |mut a: Value, b: Value| {
        for (k, v) in b.entries() {
            a.map_mut().insert(k, v);
        }
        a
    };
    let hog = sim.pod("hog", merge(on("worker01"), requests("1500m", "1Mi")));
    sim.run(Span::secs(1));
    let poor = sim.pod("poor", merge(on("worker01"), requests("1", "1Mi")));
    sim.run(Span::secs(1));
    assert!(sim.message(&poor).ends_with(
        "preemption: 0/4 nodes are available: 1 No preemption victims found for incoming pod, 3 Preemption is not helpful for scheduling."
    ));
    let class = map! { "metadata" => map! { "name" => "high" }, "value" => 100_000 };
    sim.api.create(Object::new(Kind::PRIORITY_CLASS, class)).expect("new");
    let vip = merge(merge(on("worker01"), requests("1", "1Mi")), map! { "priorityClassName" => "high" });
    let vip = sim.pod("vip", vip);
    sim.run(Span::secs(1));
    assert_eq!(
        sim.message(&vip),
        "0/4 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector."
    );
    assert!(sim.api.store.get(&hog).expect("terminating").is_deleting());
    assert_eq!(sim.api.store.get(&vip).expect("there").at("status.nominatedNodeName").str(), "worker01");
    let now = crate::apiserver::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
    sim.api.delete(&hog, &now).expect("there");
    sim.run(Span::secs(1));
    assert_eq!((sim.node_of(&vip), sim.node_of(&poor)), ("worker01", "worker01"));
}

#[test]
fn a_pod_waits_at_its_gates_and_for_a_node_that_suits() {
    let mut sim = Sim::course();
    let gate = map! { "schedulingGates" => list![map! { "name" => "example.com/foo" }] };
    let gated = sim.pod("gated", gate);
    let picky = sim.pod("picky", map! { "nodeSelector" => map! { "disk" => "ssd" } });
    sim.run(Span::secs(60));
    assert_eq!((sim.node_of(&gated), sim.node_of(&picky)), ("", ""));
    sim.api.modify(&gated, |p| drop(p.remove("spec.schedulingGates"))).expect("there");
    let worker = Key::new(Kind::NODE, "", "worker02");
    sim.api.modify(&worker, |n| n.set("metadata.labels.disk", "ssd")).expect("there");
    sim.run(Span::millis(20));
    assert_eq!(sim.node_of(&picky), "worker02");
    assert!(sim.node_of(&gated).starts_with("worker"));
}
