//! The scheduler against a brute-force oracle, over random clusters and pods.
//!
//! The oracle is written from the documented rules alone and shares no code with the scheduler: cordons, taints
//! and tolerations, node selectors, required node affinity, requests, host ports, the number of pods, affinity and
//! anti-affinity between pods, topology spread constraints, and claims. Nominated pods of at least the same priority
//! are counted as if they were there already, and a node must do without them, too. It judges every scheduling cycle:
//! the feasible nodes, the placement, and what preemption evicts.
//!
//! A failure prints its case; `PODLAB_SEED=N cargo test scheduling` runs just that one, and
//! `PODLAB_CASES=10000 cargo test scheduling` runs that many.

#[path = "scheduling/disks.rs"]
mod disks;
#[path = "scheduling/oracle.rs"]
mod oracle;
#[path = "scheduling/relations.rs"]
mod relations;

use oracle::{Machine, Wish, fits, machine, wish};
use podlab::agenda::{Agenda, Timers};
use podlab::api::object::Key;
use podlab::api::{Kind, Object, Text, Value};
use podlab::apiserver::{ApiServer, DeleteOptions};
use podlab::map;
use podlab::rng::Rng;
use podlab::scheduler::{Scheduler, Timer};
use podlab::time::{Epoch, Span, Time};
use relations::{NAMESPACES, Placed};
use std::collections::BTreeMap;

/// How many random clusters are run where nobody says.
const CASES: u64 = 300;
/// Longer than pods wait for a helpful change before they are tried anyway (five minutes, looked at every 30 s).
const PATIENCE: Span = Span::secs(400);

fn cases() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|s| s.parse().ok());
    match number("PODLAB_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("PODLAB_CASES").unwrap_or(CASES)).collect(),
    }
}

/// What happened in all cases, so that a test that never meets its subject fails.
#[derive(Debug, Default)]
struct Tally {
    cycles: u64,
    placed: u64,
    refused: u64,
    choices: u64,
    preemptions: u64,
    victims: u64,
    nominated: u64,
    /// Cycles of pods with relations or claims that some nodes suit and some do not.
    related: u64,
    claiming: u64,
}

/// A pod as the store shows it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    node: String,
    nominated: String,
    deleting: bool,
    decided: Option<Time>,
}

type Pods = BTreeMap<String, Seen>;

/// An API server and a scheduler, and what the test itself knows of the nodes and pods that it made.
struct Sim {
    case: u64,
    rng: Rng,
    api: ApiServer,
    scheduler: Scheduler,
    agenda: Agenda<Timer>,
    cursor: u64,
    machines: BTreeMap<String, Machine>,
    wishes: BTreeMap<String, Wish>,
    store: disks::Store,
    tally: Tally,
}

impl Sim {
    fn new(case: u64) -> Sim {
        let mut api = ApiServer::new(case, Epoch(1_795_420_239_000_000));
        let mut make = |kind, value| drop(api.create(Object::new(kind, value)).expect("new"));
        for (name, team) in NAMESPACES {
            let labels = map! { "team" => *team };
            make(Kind::NAMESPACE, map! { "metadata" => map! { "name" => *name, "labels" => labels } });
            let account = map! { "name" => "default", "namespace" => *name };
            make(Kind::SERVICE_ACCOUNT, map! { "metadata" => account });
        }
        for (name, provisioner, mode) in disks::CLASSES {
            let class = map! {
                "metadata" => map! { "name" => *name }, "provisioner" => *provisioner,
                "volumeBindingMode" => *mode,
            };
            make(Kind::STORAGE_CLASS, class);
        }
        for (name, value, policy) in oracle::CLASSES {
            let class = map! {
                "metadata" => map! { "name" => *name }, "value" => *value, "preemptionPolicy" => *policy,
            };
            make(Kind::PRIORITY_CLASS, class);
        }
        let cursor = api.store.cursor();
        let mut sim = Sim {
            case,
            rng: Rng::stream(case, "scheduling"),
            api,
            scheduler: Scheduler::new(case, Text::lit("master01")),
            agenda: Agenda::new(),
            cursor,
            machines: BTreeMap::new(),
            wishes: BTreeMap::new(),
            store: disks::Store::default(),
            tally: Tally::default(),
        };
        for i in 0..=sim.rng.below(6) {
            let m = machine(&mut sim.rng, &format!("n{i}"));
            sim.api.create(Object::new(Kind::NODE, m.object())).expect("a new node");
            sim.machines.insert(m.name.clone(), m);
        }
        sim
    }

    fn create_pod(&mut self, node: Option<String>) {
        let name = format!("p{}", self.wishes.len());
        let mut wish = wish(&mut self.rng, self.machines.len() as u64);
        if node.is_none() && oracle::one_in(&mut self.rng, 4) {
            wish.claims = self.claim(&name, wish.namespace);
        }
        wish.node = node;
        self.api.create(Object::new(Kind::POD, wish.object(&name))).expect("a new pod");
        self.wishes.insert(name, wish);
    }

    /// One random thing that people, controllers or kubelets do.
    fn disturb(&mut self) {
        let pods: Vec<String> = self.pods().into_keys().collect();
        let names: Vec<String> = self.machines.keys().cloned().collect();
        let name = names[self.rng.below(names.len() as u64) as usize].clone();
        match self.rng.below(14) {
            0 => self.change_machine(&name, |m, _| m.cordoned = !m.cordoned),
            1 => self.change_machine(&name, |m, rng| m.taints = oracle::taints(rng)),
            2 => self.change_machine(&name, |m, rng| m.labels = oracle::labels(rng)),
            3 => self.change_machine(&name, |m, rng| m.offers = oracle::capacity(rng)),
            4 if !pods.is_empty() => {
                let pod = pods[self.rng.below(pods.len() as u64) as usize].clone();
                self.api.delete(&self.key(&pod), &DeleteOptions::default()).expect("it is there");
            }
            5 if !pods.is_empty() => {
                let pod = pods[self.rng.below(pods.len() as u64) as usize].clone();
                let key = self.key(&pod);
                let object = self.api.store.get(&key).expect("it is there");
                if !object.at("spec.nodeName").is_empty() {
                    let status = object["status"].clone().with("phase", "Succeeded");
                    self.api.update_status(&key, status).expect("it is there");
                }
            }
            6 => self.create_pod(Some(name)),
            7 => self.bury(),
            8 => {
                let disk = disks::disk(&mut self.rng, self.machines.len() as u64);
                self.add_disk(disk);
            }
            _ => self.create_pod(None),
        }
    }

    fn key(&self, name: &str) -> Key {
        Key::new(Kind::POD, self.wish(name).namespace, name)
    }

    /// Claims for a pod: some that exist in one of several states, now and then one that does not.
    fn claim(&mut self, pod: &str, namespace: &'static str) -> Vec<String> {
        let nodes = self.machines.len() as u64;
        let mut names = Vec::new();
        for i in 0..=self.rng.below(2) {
            let name = format!("{pod}-{i}");
            names.push(name.clone());
            let class = oracle::pick(&mut self.rng, &["local", "local", "later", "now", "now", "missing"]);
            if class == "missing" {
                continue;
            }
            let mut claim = disks::Claim { class, gib: 1 + self.rng.below(3), disk: None };
            if class == "now" && !oracle::one_in(&mut self.rng, 4) {
                let disk = disks::Disk { owner: Some(name.clone()), ..disks::disk(&mut self.rng, nodes) };
                claim.disk = Some(self.add_disk(disk));
            }
            let object = claim.object(&name, namespace);
            let made = Object::new(Kind::PERSISTENT_VOLUME_CLAIM, object.clone());
            self.api.create(made).expect("a new claim");
            let key = Key::new(Kind::PERSISTENT_VOLUME_CLAIM, namespace, name.as_str());
            self.api.update_status(&key, object["status"].clone()).expect("it is there");
            self.store.claims.insert(format!("{namespace}/{name}"), claim);
        }
        names
    }

    fn add_disk(&mut self, disk: disks::Disk) -> String {
        let name = format!("d{}", self.store.disks.len());
        let object = disk.object(&name);
        self.api.create(Object::new(Kind::PERSISTENT_VOLUME, object.clone())).expect("a new volume");
        let key = Key::new(Kind::PERSISTENT_VOLUME, "", name.as_str());
        self.api.update_status(&key, object["status"].clone()).expect("it is there");
        self.store.disks.insert(name.clone(), disk);
        name
    }

    /// The binder and the provisioner: claims whose node or volume the scheduler has picked are bound.
    fn bind_claims(&mut self) {
        let unbound = self.store.claims.iter().filter(|(_, c)| c.disk.is_none());
        for path in unbound.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            let (namespace, name) = path.split_once('/').expect("a path");
            let key = Key::new(Kind::PERSISTENT_VOLUME_CLAIM, namespace, name);
            let claim = self.api.store.get(&key).expect("it is there").clone();
            let picked = self.api.list(Kind::PERSISTENT_VOLUME, None).find(|v| {
                let of = v.at("spec.claimRef");
                of["name"].str() == name && of["namespace"].str() == namespace
            });
            let picked = picked.map(|v| v.name().to_string());
            let chosen = claim.at("metadata.annotations").get("volume.kubernetes.io/selected-node").text();
            let disk = match picked {
                Some(disk) => disk,
                None if !chosen.is_empty() => {
                    let host = Some(chosen.to_string());
                    let owner = Some(name.to_string());
                    self.add_disk(disks::Disk { class: "later", gib: 9, zone: None, host, owner })
                }
                None => continue,
            };
            self.store.disks.get_mut(&disk).expect("one of ours").owner = Some(name.to_string());
            self.store.claims.get_mut(&path).expect("one of ours").disk = Some(disk.clone());
            let volume = Key::new(Kind::PERSISTENT_VOLUME, "", disk.as_str());
            self.api.update_status(&volume, map! { "phase" => "Bound" }).expect("it is there");
            self.api.modify(&key, |c| c.set("spec.volumeName", disk.as_str())).expect("it is there");
            self.api.update_status(&key, map! { "phase" => "Bound" }).expect("it is there");
        }
    }

    fn change_machine(&mut self, name: &str, change: fn(&mut Machine, &mut Rng)) {
        let m = self.machines.get_mut(name).expect("one of ours");
        change(m, &mut self.rng);
        let new = m.object();
        let set = |n: &mut Value| {
            n.set("metadata.labels", new.at("metadata.labels").clone());
            n.set("spec", new["spec"].clone());
            n.set("status", new["status"].clone());
        };
        self.api.modify(&Key::new(Kind::NODE, "", name), set).expect("it is there");
    }

    /// Pods that are going are gone, as if their kubelets had finished.
    fn bury(&mut self) {
        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        for (name, _) in self.pods().into_iter().filter(|(_, p)| p.deleting) {
            self.api.delete(&self.key(&name), &now).expect("it is there");
        }
    }

    fn run(&mut self, span: Span) {
        let end = self.api.now + span;
        loop {
            self.show_changes();
            let Some(at) = self.agenda.next_time().filter(|t| *t <= end) else { break };
            let entry = self.agenda.pop_due(at).expect("due");
            self.api.now = at;
            self.api.cause = entry.cause;
            let before = self.pods();
            let mut timers = Timers::new();
            self.scheduler.on_timer(entry.what, &mut self.api, &mut timers);
            self.take(timers);
            // As many disks as there were before the cycle are what it had to go by.
            let store = self.store.clone();
            self.bind_claims();
            self.show_changes();
            self.judge(&before, &store);
        }
        self.api.now = end;
    }

    fn show_changes(&mut self) {
        while let Some(change) = self.api.store.change(self.cursor).cloned() {
            self.cursor += 1;
            if Scheduler::KINDS.contains(&change.new.kind) {
                let mut timers = Timers::new();
                self.api.cause = change.cause;
                self.scheduler.on_change(&change, &mut self.api, &mut timers);
                self.take(timers);
            }
        }
    }

    fn take(&mut self, timers: Timers<Timer>) {
        for (at, cause, what) in timers.asked {
            self.agenda.set(at, cause, what);
        }
    }

    /// All pods that have not ended.
    fn pods(&self) -> Pods {
        let living = |p: &&Object| !matches!(p.at("status.phase").str(), "Succeeded" | "Failed");
        let seen = |p: &Object| Seen {
            node: p.at("spec.nodeName").str().to_string(),
            nominated: p.at("status.nominatedNodeName").str().to_string(),
            deleting: p.is_deleting(),
            decided: self.scheduler.last_decision(&p.key()).map(|d| d.at),
        };
        self.api.list(Kind::POD, None).filter(living).map(|p| (p.name().to_string(), seen(p))).collect()
    }

    fn wish(&self, name: &str) -> &Wish {
        &self.wishes[name]
    }

    /// What is placed for a pod that looks at a node: all bound pods but those there that `keep` does not keep.
    fn bound(&self, pods: &Pods, node: &str, keep: &dyn Fn(&str, &Seen) -> bool) -> Vec<Placed<'_>> {
        let counts = |(name, seen): &(&String, &Seen)| seen.node != node || keep(name, seen);
        let placed = |(name, seen): (&String, &Seen)| {
            let node = self.machines.get(&seen.node)?;
            Some(Placed { pod: self.wish(name), node, deleting: seen.deleting })
        };
        pods.iter().filter(counts).filter_map(placed).collect()
    }

    /// The pods of at least the same priority that are nominated to a node.
    fn nominees(&self, pods: &Pods, pod: &str, node: &Machine) -> Vec<Placed<'_>> {
        let counts = |(name, seen): &(&String, &Seen)| {
            let respected = self.wish(name).priority >= self.wish(pod).priority;
            seen.node.is_empty() && name.as_str() != pod && seen.nominated == node.name && respected
        };
        let node = &self.machines[&node.name];
        let placed = |(name, _): (&String, &Seen)| Placed { pod: self.wish(name), node, deleting: false };
        pods.iter().filter(counts).map(placed).collect()
    }

    /// Whether a node takes `pod` beside the pods there that `keep` keeps, with and without those nominated to it.
    fn takes(
        &self,
        store: &disks::Store,
        pods: &Pods,
        pod: &str,
        node: &Machine,
        keep: &dyn Fn(&str, &Seen) -> bool,
    ) -> bool {
        let machines: Vec<&Machine> = self.machines.values().collect();
        let wish = self.wish(pod);
        let suits = |placed: &[Placed<'_>]| {
            let here: Vec<&Wish> =
                placed.iter().filter(|p| p.node.name == node.name).map(|p| p.pod).collect();
            fits(wish, node, &here) && relations::suits(wish, node, &machines, placed)
        };
        let bound = self.bound(pods, &node.name, keep);
        let all: Vec<Placed<'_>> = bound.iter().copied().chain(self.nominees(pods, pod, node)).collect();
        store.reachable(wish.namespace, &wish.claims, node) && suits(&bound) && suits(&all)
    }

    /// The nodes that take `pod` beside the pods that `keep` keeps.
    fn feasible(
        &self,
        store: &disks::Store,
        pods: &Pods,
        pod: &str,
        keep: &dyn Fn(&str, &Seen) -> bool,
    ) -> Vec<String> {
        let takes = |m: &&Machine| self.takes(store, pods, pod, m, keep);
        self.machines.values().filter(takes).map(|m| m.name.clone()).collect()
    }

    /// Holds what a scheduling cycle did to the oracle's opinion.
    fn judge(&mut self, before: &Pods, store: &disks::Store) {
        let after = self.pods();
        let untouched = |name: &str| before[name].decided == after[name].decided;
        let tried: Vec<&String> = before.keys().filter(|name| !untouched(name)).collect();
        let [pod] = tried[..] else {
            assert!(tried.is_empty(), "case {}: one cycle tried {tried:?}", self.case);
            assert_eq!(*before, after, "case {}: pods changed outside a cycle", self.case);
            return;
        };
        self.tally.cycles += 1;
        let wish = self.wish(pod);
        let relates = !(wish.attracts.is_empty() && wish.repels.is_empty() && wish.spread.is_empty());
        let claims = !wish.claims.is_empty();
        let context = format!("case {} at {}: {pod} {:?}", self.case, self.api.timestamp(), self.wish(pod));
        assert_eq!(before[pod].node, "", "{context}: it was bound already");
        let feasible = self.feasible(store, before, pod, &|_, _| true);
        let some = !feasible.is_empty() && feasible.len() < self.machines.len();
        self.tally.related += u64::from(relates && some);
        self.tally.claiming += u64::from(claims && some);
        let decision = self.scheduler.last_decision(&self.key(pod)).expect("it was just made");
        let passed = decision.verdicts.iter().filter(|v| v.rejection.is_none());
        let mut passed: Vec<String> = passed.map(|v| v.node.to_string()).collect();
        passed.sort();
        let nominated = &before[pod].nominated;
        let expected = if feasible.contains(nominated) { vec![nominated.clone()] } else { feasible.clone() };
        assert_eq!(passed, expected, "{context}: feasible nodes");
        assert_eq!(
            after[pod].node.is_empty(),
            feasible.is_empty(),
            "{context}: bound if and only if possible"
        );
        let evicted: Vec<&String> =
            before.keys().filter(|name| after[*name].deleting && !before[*name].deleting).collect();
        if feasible.is_empty() {
            self.judge_preemption(store, before, &after, pod, &evicted, &context);
            self.tally.refused += 1;
        } else {
            assert!(expected.contains(&after[pod].node), "{context}: went to {}", after[pod].node);
            assert!(evicted.is_empty(), "{context}: evicted {evicted:?} though it had a node");
            self.tally.placed += 1;
            self.tally.choices += u64::from(feasible.len() > 1);
            self.tally.nominated += u64::from(!nominated.is_empty());
        }
    }

    /// Preemption takes place where it can help, evicts only what is less important, and no more than it must.
    fn judge_preemption(
        &mut self,
        store: &disks::Store,
        before: &Pods,
        after: &Pods,
        pod: &str,
        evicted: &[&String],
        context: &str,
    ) {
        let priority = self.wish(pod).priority;
        let lower = |name: &str| self.wish(name).priority < priority;
        let possible = self.feasible(store, before, pod, &|name, _| !lower(name));
        let goal = &after[pod].nominated;
        if before[pod].nominated.is_empty() {
            let may = !self.wish(pod).never_preempts && !possible.is_empty();
            assert_eq!(!goal.is_empty(), may, "{context}: nominated to \"{goal}\", possible: {possible:?}");
        }
        for victim in evicted {
            let other = self.wish(victim);
            assert!(lower(victim), "{context}: evicted {victim} of priority {}", other.priority);
            assert_eq!(before[*victim].node, *goal, "{context}: evicted {victim} from another node");
        }
        if evicted.is_empty() {
            return;
        }
        assert!(possible.contains(goal), "{context}: evicted from {goal}, possible: {possible:?}");
        let going = |name: &str, seen: &Seen| lower(name) && seen.deleting;
        let stays = |name: &str, seen: &Seen| !evicted.iter().any(|v| *v == name) && !going(name, seen);
        let machine = &self.machines[goal];
        let enough = self.takes(store, before, pod, machine, &stays);
        assert!(enough, "{context}: evicted {evicted:?} in vain");
        if !before.iter().any(|(name, seen)| seen.node == *goal && going(name, seen)) {
            for victim in evicted {
                let spared = |n: &str, s: &Seen| n == victim.as_str() || stays(n, s);
                let enough = self.takes(store, before, pod, machine, &spared);
                assert!(!enough, "{context}: evicted {victim} without need");
            }
        }
        self.tally.preemptions += 1;
        self.tally.victims += evicted.len() as u64;
    }

    /// In the end, nobody waits who could run.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.bury();
            self.run(PATIENCE);
        }
        let pods = self.pods();
        for (name, _) in pods.iter().filter(|(_, p)| p.node.is_empty()) {
            let feasible = self.feasible(&self.store, &pods, name, &|_, _| true);
            assert!(feasible.is_empty(), "case {}: {name} waits though {feasible:?} would do", self.case);
        }
    }
}

fn run(case: u64) -> Tally {
    let mut sim = Sim::new(case);
    for _ in 0..sim.rng.below(8) {
        let node = format!("n{}", sim.rng.below(sim.machines.len() as u64));
        sim.create_pod(Some(node));
    }
    for _ in 0..10 + sim.rng.below(20) {
        sim.disturb();
        let pause = Span::millis(sim.rng.below(4_000));
        sim.run(pause);
    }
    sim.settle();
    sim.tally
}

#[test]
fn every_scheduling_cycle_agrees_with_a_brute_force_oracle() {
    let cases = cases();
    let mut sum = Tally::default();
    for case in &cases {
        let t = run(*case);
        sum.cycles += t.cycles;
        sum.placed += t.placed;
        sum.refused += t.refused;
        sum.choices += t.choices;
        sum.preemptions += t.preemptions;
        sum.victims += t.victims;
        sum.nominated += t.nominated;
        sum.related += t.related;
        sum.claiming += t.claiming;
    }
    println!("{} cases: {sum:?}", cases.len());
    if cases.len() as u64 >= CASES {
        let met =
            [sum.placed, sum.refused, sum.choices, sum.preemptions, sum.nominated, sum.related, sum.claiming];
        assert!(met.iter().all(|n| *n >= CASES / 10), "the cases are too tame: {sum:?}");
    }
}
