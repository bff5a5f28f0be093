//! Tests of the controllers with a stand-in for scheduler and kubelets.

use super::*;
use crate::agenda::Agenda;
use crate::api::Value;
use crate::apiserver::DeleteOptions;
use crate::rng::Rng;
use crate::time::{Epoch, Span, Time};
use crate::{list, map};

/// What is due: a controller's timer, or something that the stand-in does to a pod.
#[derive(Clone, Debug)]
enum Due {
    Controllers(Timer),
    Start(Key),
    Finish(Key),
    Remove(Key, String),
}

/// An API server, the controllers and a fake node on which pods start after half a second.
struct Sim {
    api: ApiServer,
    controllers: Controllers,
    agenda: Agenda<Due>,
    cursor: u64,
    random: Rng,
    /// Whether pods become ready.
    healthy: bool,
    /// What is checked after every change.
    invariant: fn(&ApiServer),
}

impl Sim {
    fn new(seed: u64) -> Sim {
        let api = ApiServer::new(seed, Epoch(1_795_420_239_000_000));
        let mut sim = Sim {
            api,
            controllers: Controllers::new(seed),
            agenda: Agenda::new(),
            cursor: 0,
            random: Rng::stream(seed, "test"),
            healthy: true,
            invariant: |_| {},
        };
        for name in ["default", "kube-system"] {
            sim.create(
                map! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => map! { "name" => name } },
            );
        }
        sim.run(Span::secs(1));
        sim
    }

    fn create(&mut self, value: Value) -> Key {
        let kind = Kind::of(value["apiVersion"].str(), value["kind"].str()).expect("a known kind");
        self.api.create(Object::new(kind, value)).expect("a new object").key()
    }

    fn get(&self, key: &Key) -> &Object {
        self.api.store.get(key).expect("there")
    }

    fn pods(&self) -> Vec<Object> {
        self.api.list(Kind::POD, None).cloned().collect()
    }

    fn events(&self) -> Vec<String> {
        self.api
            .list(Kind::EVENT, None)
            .map(|e| format!("{} {}", e["reason"].str(), e["message"].str()))
            .collect()
    }

    fn run(&mut self, span: Span) {
        let end = self.api.now + span;
        loop {
            while let Some(change) = self.api.store.change(self.cursor).cloned() {
                self.cursor += 1;
                (self.invariant)(&self.api);
                self.watch_pod(&change);
                let mut timers = Timers::new();
                self.api.enter(self.api.now, change.cause, "kube-controller-manager");
                self.controllers.on_change(&change, &mut self.api, &mut timers);
                self.take(timers);
            }
            let Some(at) = self.agenda.next_time().filter(|t| *t <= end) else { break };
            let entry = self.agenda.pop_due(at).expect("due");
            self.api.enter(at, entry.cause, "kube-controller-manager");
            match entry.what {
                Due::Controllers(timer) => {
                    let mut timers = Timers::new();
                    self.controllers.on_timer(timer, &mut self.api, &mut timers);
                    self.take(timers);
                }
                Due::Start(key) => self.start(&key),
                Due::Finish(key) => self.finish(&key),
                Due::Remove(key, uid) => self.remove(&key, uid),
            }
        }
        self.api.now = end;
    }

    fn take(&mut self, timers: Timers<Timer>) {
        for (at, cause, what) in timers.asked {
            self.agenda.set(at, cause, Due::Controllers(what));
        }
    }

    fn later(&mut self, millis: u64, what: Due) {
        let jitter = Span::millis(self.random.below(400));
        let at: Time = self.api.now + Span::millis(millis) + jitter;
        self.agenda.set(at, self.api.cause, what);
    }

    fn watch_pod(&mut self, change: &Change) {
        let pod = &change.new;
        if pod.kind != Kind::POD || change.kind == WatchKind::Deleted {
            return;
        }
        if change.kind == WatchKind::Added {
            self.later(300, Due::Start(pod.key()));
        }
        if pod.is_deleting() && !change.old.as_ref().is_some_and(|o| o.is_deleting()) {
            self.later(500, Due::Remove(pod.key(), pod.uid().to_string()));
        }
    }

    fn start(&mut self, key: &Key) {
        let Some(pod) = self.api.store.get(key).cloned() else { return };
        if pod.is_deleting() {
            return;
        }
        if pod.at("spec.nodeName").is_empty() {
            self.api.bind(key, "worker01").expect("unbound");
        }
        let ready = if self.healthy { "True" } else { "False" };
        let mut status = self.get(key)["status"].clone();
        status.set("phase", "Running");
        status.set("podIP", "10.224.1.7");
        let condition = map! { "type" => "Ready", "status" => ready };
        self.api.set_condition(status.slot("conditions"), condition);
        self.api.update_status(key, status).expect("there");
        if pod.at("spec.restartPolicy").str() != "" && pod.at("spec.restartPolicy").str() != "Always" {
            self.later(1000, Due::Finish(key.clone()));
        }
    }

    fn finish(&mut self, key: &Key) {
        let phase = if self.healthy { "Succeeded" } else { "Failed" };
        if self.api.store.get(key).is_some() {
            let _ = self.api.modify(key, |p| p.set("status.phase", phase));
        }
    }

    fn remove(&mut self, key: &Key, uid: String) {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(uid.into()),
            ..DeleteOptions::default()
        };
        let _ = self.api.delete(key, &options);
    }
}

fn template(image: &str) -> Value {
    map! {
        "metadata" => map! { "labels" => map! { "app" => "web" } },
        "spec" => map! { "containers" => list![map! { "name" => "c", "image" => image }] },
    }
}

fn deployment(replicas: i64, image: &str) -> Value {
    map! {
        "apiVersion" => "apps/v1", "kind" => "Deployment",
        "metadata" => map! { "name" => "web", "namespace" => "default" },
        "spec" => map! {
            "replicas" => replicas, "progressDeadlineSeconds" => 600, "revisionHistoryLimit" => 10,
            "selector" => map! { "matchLabels" => map! { "app" => "web" } },
            "strategy" => map! {
                "type" => "RollingUpdate",
                "rollingUpdate" => map! { "maxSurge" => "25%", "maxUnavailable" => "25%" },
            },
            "template" => template(image),
        },
    }
}

#[test]
fn a_deployment_rolls_out_within_its_bounds_and_says_so_in_kubernetes_words() {
    let mut sim = Sim::new(1);
    let key = sim.create(deployment(4, "nginx:1"));
    sim.run(Span::secs(5));
    let status = &sim.get(&key)["status"];
    assert_eq!(status["availableReplicas"].int_or(0), 4, "{status:?}");
    sim.invariant = |api| {
        let sets = || api.list(Kind::REPLICA_SET, None);
        let total: i64 = sets().map(|s| s.at("spec.replicas").int_or(0)).sum();
        let ready = api.list(Kind::POD, None).filter(|p| pods::is_active(p) && pods::is_ready(p)).count();
        assert!(total <= 5, "surge exceeded: {total}");
        assert!(ready >= 3, "too few available: {ready}");
    };
    sim.api.modify(&key, |d| d.set("spec.template", template("nginx:2"))).expect("there");
    sim.run(Span::secs(30));
    let object = sim.get(&key);
    let progressing = object.condition("Progressing");
    assert_eq!(progressing["reason"].str(), "NewReplicaSetAvailable");
    assert!(progressing["message"].str().ends_with("\" has successfully progressed."));
    assert_eq!(object.condition("Available")["message"].str(), "Deployment has minimum availability.");
    assert_eq!(object.annotation("deployment.kubernetes.io/revision"), Some("2"));
    let images: Vec<Object> = sim.pods();
    assert_eq!(images.len(), 4);
    assert!(images.iter().all(|p| p.at("spec.containers.0.image").str() == "nginx:2"));
    let events = sim.events();
    assert!(events.iter().any(
        |e| e.starts_with("ScalingReplicaSet Scaled up replica set web-") && e.ends_with(" from 0 to 4")
    ));
}

#[test]
fn a_rollout_that_makes_no_progress_is_noticed_at_its_deadline() {
    let mut sim = Sim::new(2);
    sim.healthy = false;
    let key = sim.create(deployment(1, "nginx:bad"));
    sim.run(Span::secs(599));
    assert_eq!(sim.get(&key).condition("Progressing")["status"].str(), "True");
    sim.run(Span::secs(3));
    let progressing = sim.get(&key).condition("Progressing");
    assert_eq!(
        (progressing["status"].str(), progressing["reason"].str()),
        ("False", "ProgressDeadlineExceeded")
    );
}

#[test]
fn a_replica_set_replaces_lost_pods_and_keeps_to_the_rate_limit() {
    let mut sim = Sim::new(3);
    sim.create(deployment(50, "nginx:1"));
    sim.run(Span::millis(500));
    let early = sim.pods().len();
    assert!((29..45).contains(&early), "{early} pods after half a second");
    sim.run(Span::secs(20));
    let pods = sim.pods();
    assert_eq!(pods.len(), 50);
    sim.api.delete(&pods[0].key(), &DeleteOptions::default()).expect("there");
    sim.run(Span::secs(5));
    assert_eq!(sim.pods().len(), 50);
}

#[test]
fn endpoints_follow_the_readiness_of_pods_and_leave_when_they_are_deleted() {
    let mut sim = Sim::new(4);
    sim.create(deployment(2, "nginx:1"));
    sim.create(map! {
        "apiVersion" => "v1", "kind" => "Service",
        "metadata" => map! { "name" => "web", "namespace" => "default" },
        "spec" => map! { "selector" => map! { "app" => "web" }, "ports" => list![map! { "port" => 80 }] },
    });
    sim.run(Span::secs(3));
    let ready = |sim: &Sim| {
        let slice = sim.api.list(Kind::ENDPOINT_SLICE, None).next().expect("a slice").clone();
        slice["endpoints"].items().iter().filter(|e| e["conditions"]["ready"].is_true()).count()
    };
    assert_eq!(ready(&sim), 2);
    let pod = sim.pods()[0].key();
    let mut status = sim.get(&pod)["status"].clone();
    sim.api.set_condition(status.slot("conditions"), map! { "type" => "Ready", "status" => "False" });
    sim.api.update_status(&pod, status).expect("there");
    sim.run(Span::millis(50));
    assert_eq!(ready(&sim), 1);
}

#[test]
fn deleting_a_deployment_takes_its_sets_and_pods_and_a_namespace_goes_after_five_seconds() {
    let mut sim = Sim::new(5);
    let key = sim.create(deployment(3, "nginx:1"));
    sim.run(Span::secs(3));
    sim.api.delete(&key, &DeleteOptions::default()).expect("there");
    sim.run(Span::secs(3));
    assert_eq!((sim.pods().len(), sim.api.list(Kind::REPLICA_SET, None).count()), (0, 0));
    let namespace = sim
        .create(map! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => map! { "name" => "dev" } });
    sim.run(Span::secs(1));
    assert!(sim.api.get(Kind::SERVICE_ACCOUNT, "dev", "default").is_some());
    sim.api.delete(&namespace, &DeleteOptions::default()).expect("there");
    sim.run(Span::millis(4900));
    assert!(sim.api.store.get(&namespace).is_some());
    sim.run(Span::millis(200));
    assert!(sim.api.store.get(&namespace).is_none());
}

fn job(spec: Value) -> Value {
    let mut spec = spec;
    let mut template = template("busybox");
    template.set("spec.restartPolicy", "Never");
    spec.set("template", template);
    map! {
        "apiVersion" => "batch/v1", "kind" => "Job",
        "metadata" => map! { "name" => "pi", "namespace" => "default" }, "spec" => spec,
    }
}

#[test]
fn a_job_completes_and_counts_each_pod_once() {
    let mut sim = Sim::new(6);
    let key = sim.create(job(map! { "completions" => 3, "parallelism" => 2, "backoffLimit" => 6 }));
    sim.run(Span::secs(20));
    let status = &sim.get(&key)["status"];
    assert_eq!((status["succeeded"].int_or(0), status["active"].int_or(0)), (3, 0));
    let conditions: Vec<&str> = status["conditions"].items().iter().map(|c| c["type"].str()).collect();
    assert_eq!(conditions, ["SuccessCriteriaMet", "Complete"]);
    assert_eq!(status["conditions"][1]["message"].str(), "Reached expected number of succeeded pods");
    assert!(sim.events().contains(&"Completed Job completed".to_string()));
    assert!(sim.pods().iter().all(|p| p.at("metadata.finalizers").is_empty()));
}

#[test]
fn a_failing_job_retries_with_back_off_and_gives_up_at_its_limit() {
    let mut sim = Sim::new(7);
    sim.healthy = false;
    let key = sim.create(job(map! { "completions" => 1, "parallelism" => 1, "backoffLimit" => 1 }));
    sim.run(Span::secs(8));
    assert_eq!(sim.pods().len(), 1);
    sim.run(Span::secs(30));
    assert_eq!(sim.pods().len(), 2);
    assert_eq!(sim.get(&key).condition("Failed")["reason"].str(), "BackoffLimitExceeded");
}

#[test]
fn a_stateful_set_makes_its_pods_in_order_and_replaces_them_from_the_top() {
    let mut sim = Sim::new(8);
    let key = sim.create(map! {
        "apiVersion" => "apps/v1", "kind" => "StatefulSet",
        "metadata" => map! { "name" => "db", "namespace" => "default" },
        "spec" => map! {
            "replicas" => 2, "serviceName" => "db", "template" => template("redis:1"),
            "selector" => map! { "matchLabels" => map! { "app" => "web" } },
        },
    });
    sim.run(Span::millis(200));
    let names = |sim: &Sim| sim.pods().iter().map(|p| p.name().to_string()).collect::<Vec<_>>();
    assert_eq!(names(&sim), ["db-0"]);
    sim.run(Span::secs(5));
    assert_eq!(names(&sim), ["db-0", "db-1"]);
    assert!(
        sim.events().contains(&"SuccessfulCreate create Pod db-1 in StatefulSet db successful".to_string())
    );
    sim.api.modify(&key, |s| s.set("spec.template", template("redis:2"))).expect("there");
    sim.run(Span::secs(20));
    let status = &sim.get(&key)["status"];
    assert_eq!(status["currentRevision"], status["updateRevision"]);
    assert!(sim.pods().iter().all(|p| p.at("spec.containers.0.image").str() == "redis:2"));
}

#[test]
fn a_claim_takes_the_smallest_volume_that_suits_it() {
    let mut sim = Sim::new(9);
    for (name, size) in [("large", "10Gi"), ("small", "2Gi"), ("tiny", "1Mi")] {
        let spec = map! { "capacity" => map! { "storage" => size }, "accessModes" => list!["ReadWriteOnce"] };
        sim.create(map! { "apiVersion" => "v1", "kind" => "PersistentVolume", "metadata" => map! { "name" => name }, "spec" => spec });
    }
    let resources = map! { "requests" => map! { "storage" => "1Gi" } };
    let claim = sim.create(map! {
        "apiVersion" => "v1", "kind" => "PersistentVolumeClaim",
        "metadata" => map! { "name" => "data", "namespace" => "default" },
        "spec" => map! { "accessModes" => list!["ReadWriteOnce"], "resources" => resources, "storageClassName" => "" },
    });
    sim.run(Span::secs(1));
    let claim = sim.get(&claim);
    assert_eq!((claim.at("status.phase").str(), claim.at("spec.volumeName").str()), ("Bound", "small"));
}

#[test]
fn a_silent_node_is_marked_after_its_grace_and_its_pods_go_when_their_toleration_ends() {
    let mut sim = Sim::new(10);
    let ready = map! { "type" => "Ready", "status" => "True", "lastHeartbeatTime" => "2026-11-23T07:50:39Z" };
    let node = sim.create(map! {
        "apiVersion" => "v1", "kind" => "Node", "metadata" => map! { "name" => "worker01" },
        "status" => map! { "conditions" => list![ready] },
    });
    let tolerations =
        list![map! { "operator" => "Exists", "effect" => "NoExecute", "tolerationSeconds" => 20 }];
    sim.create(map! {
        "apiVersion" => "v1", "kind" => "Pod", "metadata" => map! { "name" => "web", "namespace" => "default" },
        "spec" => map! { "containers" => list![map! { "name" => "c", "image" => "nginx" }], "tolerations" => tolerations },
    });
    sim.run(Span::secs(45));
    // Were it the only node, nobody would be driven away.
    let ready = map! { "type" => "Ready", "status" => "True", "lastHeartbeatTime" => "2026-11-23T07:51:24Z" };
    sim.create(map! {
        "apiVersion" => "v1", "kind" => "Node", "metadata" => map! { "name" => "worker02" },
        "status" => map! { "conditions" => list![ready] },
    });
    sim.run(Span::secs(4));
    assert_eq!(sim.get(&node).condition("Ready")["status"].str(), "True");
    sim.run(Span::secs(8));
    assert_eq!(sim.get(&node).condition("Ready")["status"].str(), "Unknown");
    assert_eq!(sim.get(&node).at("spec.taints").items().len(), 2);
    assert!(!pods::is_ready(&sim.pods()[0]));
    sim.run(Span::secs(25));
    assert!(sim.pods().is_empty());
    assert!(sim.events().contains(&"TaintManagerEviction Marking for deletion Pod default/web".to_string()));
}
