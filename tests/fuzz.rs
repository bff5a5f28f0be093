//! No command line and no manifest panics, hangs or shows an internal error: thousands of generated lines
//! with mutated manifests are typed on real clusters, a fresh one every hundred lines.
//!
//! `PODLAB_FUZZ=100000 cargo test fuzz` types that many; `PODLAB_SEED=N` only the batch of one seed. A
//! failure prints the seed and the line.

use podlab::cluster::Cluster;
use podlab::rng::Rng;
use podlab::scenario::format::ClusterSpec;
use podlab::time::Span;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Lines of a normal run.
const LINES: u64 = 1_500;
/// Lines on one cluster.
const BATCH: u64 = 100;
/// How long a line may go on in virtual time before Ctrl-C.
const PATIENCE: Span = Span::secs(20);
/// How long a line may take on the machine that tests.
const HANG: Duration = Duration::from_secs(60);

const VERBS: &[&str] = &[
    "get",
    "describe",
    "delete",
    "create",
    "apply",
    "run",
    "logs",
    "exec",
    "explain",
    "label",
    "annotate",
    "patch",
    "scale",
    "edit",
    "replace",
    "expose",
    "autoscale",
    "rollout status",
    "rollout history",
    "rollout undo",
    "rollout pause",
    "rollout resume",
    "rollout restart",
    "set image",
    "set env",
    "set resources",
    "set selector",
    "set serviceaccount",
    "wait",
    "top",
    "cordon",
    "uncordon",
    "drain",
    "taint",
    "cp",
    "port-forward",
    "attach",
    "debug",
    "diff",
    "events",
    "auth can-i",
    "auth whoami",
    "config view",
    "config set-context",
    "config use-context",
    "config get-contexts",
    "cluster-info",
    "api-resources",
    "api-versions",
    "version",
    "options",
    "help",
    "completion bash",
    "create deployment",
    "create configmap",
    "create secret generic",
    "create service clusterip",
    "create job",
    "create cronjob",
    "create namespace",
    "create role",
    "create rolebinding",
    "create clusterrole",
    "create ingress",
    "create quota",
    "create pdb",
    "create priorityclass",
    "create token",
    "apply view-last-applied",
    "apply set-last-applied",
    "kustomize",
    "certificate approve",
    "proxy",
    "plugin list",
    "",
    "gte",
];
const KINDS: &[&str] = &[
    "pod",
    "pods",
    "po",
    "deploy",
    "deployments.apps",
    "deployment.v1.apps",
    "rs",
    "svc",
    "service",
    "node",
    "no",
    "ns",
    "cm",
    "secret",
    "job",
    "cronjob",
    "ds",
    "sts",
    "pvc",
    "pv",
    "ing",
    "netpol",
    "hpa",
    "quota",
    "limits",
    "sa",
    "role",
    "clusterrole",
    "rolebinding",
    "crd",
    "events",
    "ep",
    "endpointslices",
    "all",
    "pod,svc",
    "pods,nodes,nope",
    "nope",
    "sc",
    "pc",
    "pdb",
    "lease",
    "cs",
    "csr",
    "PODS",
    ".",
    "/",
    "pods/",
];
const NAMES: &[&str] = &[
    "web",
    "p",
    "worker01",
    "master01",
    "default",
    "kube-system",
    "nope",
    "Bad_Name",
    "a/b",
    "web-",
    "-x",
    "deploy/web",
    "pod/p",
    "svc/web",
    "node/worker01",
    "cm/c",
    "''",
    "'a b'",
    "é",
    "$(echo web)",
    "p:/x",
    "web=nginx:1",
    "a=b",
    "a-",
    "k=v:NoSchedule",
    "c=x",
    "8080:80",
    "spec.containers",
    "pod.spec.nope",
    "app=web,env!=x",
    "0",
    "99999999999999999999",
    "*",
];
const FLAGS: &[&str] = &[
    "-o",
    "-o yaml",
    "-o json",
    "-o wide",
    "-o name",
    "-o jsonpath={.items[*].metadata.name}",
    "-o jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end}'",
    "-o jsonpath='{.spec[?(@.a==1)]}'",
    "-o jsonpath='{..}'",
    "-o jsonpath='{.a[-1:0:-2]}'",
    "-o jsonpath='{'",
    "-o custom-columns=A:.a,B:.metadata.name",
    "-o custom-columns=x",
    "-o go-template='{{.metadata.name}}'",
    "-o go-template='{{range .items}}x{{end}}'",
    "-o go-template='{{if'",
    "-o nope",
    "-n kube-system",
    "-n nope",
    "-A",
    "--all",
    "-l app=web",
    "-l 'a in (b,c)'",
    "-l '!x'",
    "-l 'a=='",
    "-l '=,'",
    "--field-selector status.phase=Running",
    "--field-selector x=y",
    "--sort-by=.metadata.name",
    "--sort-by={.x",
    "--sort-by=.status",
    "--show-labels",
    "-L app",
    "--no-headers",
    "-w",
    "--watch-only",
    "--dry-run=client",
    "--dry-run=server",
    "--dry-run=x",
    "-f m.yaml",
    "-f .",
    "-f -",
    "-f nope.yaml",
    "-f '*.yaml'",
    "-k .",
    "--force",
    "--grace-period=0",
    "--grace-period=-5",
    "--now",
    "--wait=false",
    "--timeout=3s",
    "--timeout=x",
    "--cascade=orphan",
    "--cascade=x",
    "--image=nginx",
    "--image=",
    "--image='A B'",
    "--replicas=3",
    "--replicas=-1",
    "--replicas=99999999999",
    "--port=80",
    "--port=99999",
    "--port=x",
    "--type=merge",
    "--type=json",
    "--type=x",
    "-p '{\"spec\":{\"replicas\":2}}'",
    "-p '{'",
    "-p 'spec: [1'",
    "-p '[{\"op\":\"remove\",\"path\":\"/spec\"}]'",
    "-p '{\"metadata\":null}'",
    "-p '{\"spec\":null}'",
    "--server-side",
    "--force-conflicts",
    "--prune",
    "--validate=false",
    "--validate=x",
    "--save-config",
    "--overwrite",
    "--record",
    "--restart=Never",
    "--restart=x",
    "--rm",
    "-i",
    "-it",
    "-c c",
    "-c nope",
    "--tail=5",
    "--tail=x",
    "-p",
    "--previous",
    "--since=1h",
    "--since=x",
    "--all-containers",
    "--max-log-requests=0",
    "-- ls",
    "-- sh -c 'exit 3'",
    "-- sleep 100",
    "--",
    "--for=condition=Ready",
    "--for=delete",
    "--for=jsonpath={.a}=b",
    "--for=",
    "--for=x",
    "--to-revision=1",
    "--to-revision=99",
    "--revision=1",
    "--min=1",
    "--max=3",
    "--cpu-percent=50",
    "--requests=cpu=1",
    "--limits=cpu=x",
    "--env=A=b",
    "--env=x",
    "--labels=a=b",
    "--labels=x",
    "--from-literal=a=b",
    "--from-literal=x",
    "--from-file=m.yaml",
    "--schedule='* * * * *'",
    "--schedule=x",
    "--verb=get",
    "--resource=pods",
    "--as=bob",
    "--as-group=x",
    "--context=x",
    "--request-timeout=1",
    "-v=6",
    "-v=9",
    "--recursive",
    "--api-version=apps/v1",
    "--subresource=status",
    "--subresource=x",
    "--bogus",
    "-Q",
    "-h",
    "--help",
    "--ignore-daemonsets",
    "--chunk-size=1",
    "--template='{{.}}'",
    "--show-managed-fields",
    "--allow-missing-template-keys=false",
    "--raw=/api/v1/pods",
    "--raw=/x",
    "--cpu=50%",
    "--tcp=80:80",
    "--rule='a/b=c:80'",
    "--hard=cpu=1",
    "--hard=x",
    "--min-available=1",
    "--value=x",
    "--overrides='{\"spec\":{\"x\":1}}'",
    "--overrides='{'",
    "--expose",
    "--command",
    "--target-port=x",
    "--name=x",
];
const MANIFESTS: &[&str] = &[
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: fz\n  labels: {app: web}\nspec:\n  containers:\n  - name: c\n    image: busybox:1.28\n    command: [sh, -c, sleep 5]\n    ports:\n    - containerPort: 80\n    resources:\n      limits: {cpu: 500m, memory: 1Gi}\n    livenessProbe:\n      httpGet: {path: /, port: 80}\n    volumeMounts:\n    - {name: v, mountPath: /v}\n  volumes:\n  - name: v\n    emptyDir: {}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: c, image: 'nginx:1.14.2'}]\n",
    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: cj}\nspec:\n  schedule: '*/1 * * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: OnFailure\n          containers: [{name: c, image: busybox, command: ['false']}]\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports:\n  - {name: http, port: 80, targetPort: 80, nodePort: 30080}\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data: {a: b}\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n  data: {a: Yg==}\n",
    "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: '2', requests.cpu: '1'}}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec:\n  limits:\n  - type: Container\n    default: {cpu: 100m}\n    max: {memory: 1Gi}\n",
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules:\n  - host: a.b\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}\n",
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: tests.ex.com}\nspec:\n  group: ex.com\n  scope: Namespaced\n  names: {plural: tests, singular: test, kind: Test, shortNames: [tt]}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties: {spec: {type: object, properties: {n: {type: integer, minimum: 1}}}}\n",
    "apiVersion: ex.com/v1\nkind: Test\nmetadata: {name: t}\nspec: {n: 3}\n",
    "{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"pvc\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}",
];
const SNIPPETS: &[&str] = &[
    "\t",
    "\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "|",
    ">",
    "#",
    "---\n",
    "~",
    "!!int ",
    "0x",
    "1e999",
    "-1",
    "null",
    "true",
    "99999999999999999999",
    "é",
    "\u{0}",
    "x",
    "spec",
    "name",
    "1Ei",
    "-5Gi",
    "{}",
    "[]",
];

fn pick<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.below(list.len() as u64) as usize]
}

/// A manifest with some bytes, words or lines changed.
fn manifest(rng: &mut Rng) -> String {
    let mut text: Vec<char> = pick(rng, MANIFESTS).chars().collect();
    for _ in 0..rng.below(5) {
        let at = rng.below(text.len() as u64 + 1) as usize;
        match rng.below(4) {
            0 => {
                let end = (at + rng.below(6) as usize).min(text.len());
                text.drain(at..end);
            }
            1 => {
                let from = rng.below(text.len() as u64 + 1) as usize;
                let to = (from + rng.below(30) as usize).min(text.len());
                let copy = text[from..to].to_vec();
                text.splice(at..at, copy);
            }
            _ => {
                let snippet: Vec<char> = pick(rng, SNIPPETS).chars().collect();
                text.splice(at..at, snippet);
            }
        }
    }
    text.into_iter().collect()
}

fn line(rng: &mut Rng) -> String {
    let mut words = vec!["kubectl".to_string(), pick(rng, VERBS).into()];
    if rng.below(4) > 0 {
        words.push(pick(rng, KINDS).into());
    }
    for _ in 0..rng.below(3) {
        words.push(pick(rng, NAMES).into());
    }
    for _ in 0..rng.below(4) {
        words.push(pick(rng, FLAGS).into());
    }
    if rng.below(8) == 0 {
        let at = rng.below(words.len() as u64) as usize;
        words.remove(at);
    }
    // Without an input of its own a command would wait for the person at the terminal.
    let line = words.join(" ");
    if rng.below(3) == 0 { format!("cat m.yaml | {line}") } else { format!("{line} < m.yaml") }
}

/// Watches from outside that no line hangs, which no assertion in the same thread could tell.
pub(super) struct Watchdog(Arc<Mutex<(String, Instant, bool)>>);

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        let state = Arc::new(Mutex::new((String::new(), Instant::now(), true)));
        let seen = Arc::clone(&state);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(500));
                let held = seen.lock().expect("never poisoned: nothing panics while it is held");
                if !held.2 {
                    return;
                }
                if held.1.elapsed() > HANG {
                    eprintln!("hangs: {}", held.0);
                    std::process::exit(101);
                }
            }
        });
        Watchdog(state)
    }

    pub(super) fn begin(&self, what: &str) {
        *self.0.lock().expect("never poisoned") = (what.to_string(), Instant::now(), true);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Ok(mut held) = self.0.lock() {
            if std::thread::panicking() {
                eprintln!("panics: {}", held.0);
            }
            held.2 = false;
        }
    }
}

/// Runs a line to its end, or until patience does.
pub(super) fn type_line(cluster: &mut Cluster, line: &str) -> (String, Option<i32>) {
    let job = cluster.start_job(line, "/root", false);
    let limit = cluster.now() + PATIENCE;
    cluster.run_until_job(job, limit);
    if cluster.job_status(job).is_none() {
        cluster.interrupt_job(job);
        cluster.run_until(limit + Span::secs(2));
    }
    let (out, err) = cluster.job_output(job);
    let status = cluster.job_status(job);
    cluster.forget_job(job);
    (out + &err, status)
}

fn batch(seed: u64, lines: u64, dog: &Watchdog) {
    let mut rng = Rng::stream(seed, "fuzz");
    let mut cluster =
        Cluster::new(&ClusterSpec { seed, ..ClusterSpec::default() }).expect("the default cluster");
    dog.begin(&format!("seed {seed}: preparation"));
    for line in [
        "kubectl create deployment web --image=nginx:1.14.2",
        "kubectl expose deployment web --port=80",
        "kubectl run p --image=busybox:1.28 --labels=app=web -- sleep 1000",
        "kubectl create configmap c --from-literal=a=b",
    ] {
        assert_eq!(type_line(&mut cluster, line).1, Some(0), "seed {seed}: {line}");
    }
    for _ in 0..lines {
        let text = manifest(&mut rng);
        cluster.write_file("/root/m.yaml", text.as_bytes());
        let line = line(&mut rng);
        dog.begin(&format!("seed {seed}: {line}\n{text}"));
        let (output, status) = type_line(&mut cluster, &line);
        let about = format!("seed {seed}: {line}\n{text}\n-> {output}");
        assert!(status.is_some(), "does not end: {about}");
        for bad in ["unexpected answer of the server", "panicked", "the invariant", "RUST_BACKTRACE"] {
            assert!(!output.contains(bad), "{bad}: {about}");
        }
    }
    dog.begin(&format!("seed {seed}: the end"));
    let (output, status) = type_line(&mut cluster, "kubectl get nodes");
    assert!(status == Some(0) && output.contains("worker03"), "seed {seed}: {output}");
}

/// A number of the environment.
pub(super) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

#[test]
fn no_line_panics_hangs_or_shows_an_internal_error() {
    let dog = Watchdog::new();
    if let Some(seed) = number("PODLAB_SEED") {
        return batch(seed, BATCH, &dog);
    }
    let lines = number("PODLAB_FUZZ").unwrap_or(LINES);
    for seed in 1..=lines.div_ceil(BATCH) {
        batch(seed, BATCH.min(lines - (seed - 1) * BATCH), &dog);
    }
}
