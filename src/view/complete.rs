//! Completion of the words of Podlab's own programs: `fault`, `traffic` and `why`.

use crate::api::{Kind, Text};
use crate::cluster::Cluster;

/// The programs, for completion as a first word.
pub const OWN: &[&str] = &["fault", "traffic", "why"];

/// What may stand behind the words before.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "apiserver",
            "controllers",
            "dns",
            "etcd",
            "kill",
            "kubelet",
            "network",
            "node",
            "proxy",
            "registry",
            "runtime",
            "scheduler",
        ],
    ),
    ("apiserver", &["down", "up"]),
    ("controllers", &["pause", "resume"]),
    ("dns", &["down", "up"]),
    ("etcd", &["slow", "normal"]),
    ("etcd slow", &["500ms"]),
    ("kill", &["PODS"]),
    ("kubelet", &["NODES"]),
    ("kubelet *", &["stop", "start"]),
    ("network", &["cut", "mend"]),
    ("network cut", &["NODES"]),
    ("network cut *", &["NODES"]),
    ("node", &["NODES"]),
    ("node *", &["down", "up", "add", "resize", "remove"]),
    ("node * add", MACHINE),
    ("node * add *", MACHINE),
    ("node * add * *", MACHINE),
    ("node * resize", &["cpu=4", "memory=8Gi", "pods=110"]),
    ("node * resize *", &["cpu=4", "memory=8Gi", "pods=110"]),
    ("proxy", &["NODES"]),
    ("proxy *", &["stop", "start"]),
    ("registry", &["down", "up", "slow"]),
    ("registry slow", &["20"]),
    ("runtime", &["NODES"]),
    ("runtime *", &["stop", "start"]),
    ("scheduler", &["pause", "resume"]),
];

/// What a new machine may be given.
const MACHINE: &[&str] =
    &["cpu=4", "memory=8Gi", "disk=100Gi", "pods=110", "label=disk=ssd", "taint=dedicated=x:NoSchedule"];

/// The flags of `traffic start`.
const FLAGS: &[&str] = &["--from", "--namespace", "--path", "--port", "--rate", "--timeout"];

/// Candidates for the word behind the words of a line that begins with one of [`OWN`].
pub fn own(cluster: &Cluster, before: &[String]) -> Vec<String> {
    let words: Vec<&str> = before.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fault", rest @ ..] => fault(cluster, rest),
        ["traffic"] => vec!["start".into(), "stop".into()],
        ["traffic", "start", rest @ ..] => match rest.last() {
            None => names(cluster, Kind::SERVICE),
            Some(&"--from") => {
                let mut all = names(cluster, Kind::NODE);
                all.push("outside".into());
                all.extend(names(cluster, Kind::POD).iter().map(|p| format!("pod/{p}")));
                all
            }
            Some(&"-n" | &"--namespace") => names(cluster, Kind::NAMESPACE),
            Some(_) => FLAGS.iter().map(|f| (*f).to_string()).collect(),
        },
        ["traffic", "stop"] => {
            let running = cluster.traffic().generators().filter(|(_, g)| g.stopped.is_none());
            running.map(|(_, g)| g.options.service.to_string()).collect()
        }
        ["why"] => {
            let of = |kind: Kind, short: &str| {
                names(cluster, kind).iter().map(|n| format!("{short}/{n}")).collect::<Vec<_>>()
            };
            let kinds = [
                (Kind::POD, "pod"),
                (Kind::SERVICE, "svc"),
                (Kind::DEPLOYMENT, "deploy"),
                (Kind::NODE, "node"),
            ];
            kinds.into_iter().flat_map(|(kind, short)| of(kind, short)).collect()
        }
        ["why", ..] => vec!["--dropped".into(), "--zh".into()],
        _ => Vec::new(),
    }
}

fn fault(cluster: &Cluster, words: &[&str]) -> Vec<String> {
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split_whitespace().collect();
        parts.len() == words.len() && parts.iter().zip(words).all(|(p, w)| *p == "*" || p == w)
    };
    let Some((_, next)) = FAULTS.iter().find(|(pattern, _)| fits(pattern)) else { return Vec::new() };
    match *next {
        ["NODES"] => names(cluster, Kind::NODE),
        ["PODS"] => names(cluster, Kind::POD),
        words => words.iter().map(|w| (*w).to_string()).collect(),
    }
}

/// The names of a kind's objects, of namespaced ones those in the context's namespace.
fn names(cluster: &Cluster, kind: Kind) -> Vec<String> {
    let home = if cluster.spec().namespace.is_empty() { "default" } else { &cluster.spec().namespace };
    let namespace = kind.info().namespaced.then_some(home);
    cluster.api.list(kind, namespace).map(|o| Text::from(o.name()).to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::ClusterSpec;

    #[test]
    fn words_of_faults_and_traffic_are_completed() {
        let mut cluster = Cluster::new(&ClusterSpec::default()).expect("the default");
        for line in ["kubectl create service clusterip web --tcp=80", "traffic start web"] {
            cluster.start_job(line, "/root", false);
            cluster.run_until(cluster.now() + crate::time::Span::secs(1));
        }
        let own =
            |line: &str| own(&cluster, &line.split(' ').map(String::from).collect::<Vec<_>>()).join(" ");
        for (line, want) in [
            ("fault node", "master01 worker01 worker02 worker03"),
            ("fault node worker01", "down up add resize remove"),
            ("fault node worker01 resize", "cpu=4 memory=8Gi pods=110"),
            ("fault network cut worker01", "master01 worker01 worker02 worker03"),
            ("fault etcd", "slow normal"),
            ("fault nothing", ""),
            ("traffic", "start stop"),
            ("traffic start", "kubernetes web"),
            ("traffic start web --from", "master01 worker01 worker02 worker03 outside"),
            ("traffic stop", "web"),
            ("why svc/web", "--dropped --zh"),
        ] {
            assert_eq!(own(line), want, "{line}");
        }
    }

    #[test]
    fn every_fault_that_is_completed_is_one() {
        let usage = crate::cluster::FAULT_USAGE;
        for (_, words) in FAULTS.iter().take(1) {
            for word in *words {
                assert!(usage.contains(&format!("fault {word} ")), "{word}");
            }
        }
    }
}
