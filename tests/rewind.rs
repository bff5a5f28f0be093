//! Going back shows what a fresh run would have shown: every view, what commands print, and the event-log hash,
//! at random instants of twenty scenarios.
//!
//! `PODLAB_INSTANTS=500 cargo test rewind` looks at that many instants; the usual number is a few dozen.

use podlab::api::Kind;
use podlab::rng::Rng;
use podlab::scenario::{Input, LogEntry, Player, Scenario};
use podlab::time::{Span, Time};
use podlab::view;
use std::fs;
use std::path::Path;

/// How many instants are looked at where nobody says.
const INSTANTS: usize = 40;
/// How long each scenario is played.
const PLAYED: Span = Span::secs(150);

/// The views that a page shows, with what they are asked for.
const VIEWS: &[(&str, &str)] = &[
    ("table", "{\"kind\":\"pods\",\"wide\":true}"),
    ("table", "{\"kind\":\"nodes\",\"wide\":true}"),
    ("kinds", ""),
    ("events", ""),
    ("lanes", ""),
    ("map", ""),
    ("services", ""),
    ("health", ""),
    ("files", ""),
    ("scheduling", "pods/default/web"),
    ("scheduling", ""),
    ("why.zh", "deployments/default/front"),
    ("why", "services/default/shop"),
    ("why", "nodes/worker02"),
    ("map", "worker01"),
];

/// The views of one pod.
const OF_A_POD: &[&str] = &[
    "lanes",
    "flow",
    "flow.zh",
    "why",
    "why.zh",
    "scheduling",
    "versions",
    "version",
    "written",
    "processes",
    "place",
];
/// Of how many pods those views are looked at.
const PODS: usize = 2;

/// What is typed at each instant, on a copy.
const COMMANDS: &[&str] = &[
    "kubectl get all -A -o wide",
    "kubectl get events --sort-by=.lastTimestamp",
    "kubectl describe pods",
    "kubectl get pods -o yaml",
    "for p in $(kubectl get pods -o name); do kubectl logs $p --all-containers --tail=5; done; ls -l; date",
    "why pod/web",
];

/// What is done after an example's manifest was applied.
const LATER: &[&[&str]] = &[
    &["kubectl delete pod web --wait=false", "fault node worker02 down"],
    &["fault kubelet worker01 stop", "fault kubelet worker01 start"],
    &[
        "kubectl create deployment more --image=nginx:1.14.2 --replicas=3",
        "kubectl set image deploy/more nginx=nginx:1.99",
    ],
    &["kubectl cordon worker01; kubectl taint node worker02 a=b:NoExecute", "kubectl get pods -w"],
    &[
        "kubectl create job once --image=busybox:1.28 -- sh -c 'sleep 4; exit 1'",
        "for i in 1 2 3 4 5; do sleep 3; kubectl get pods; done",
    ],
    &[
        "kubectl create cronjob often --image=busybox:1.28 --schedule='* * * * *' -- date",
        "kubectl run tmp --image=busybox:1.28 -it --rm -- sh",
    ],
];

fn scenarios() -> Vec<(String, Scenario)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/examples");
    let all = fs::read_dir(dir).expect("the examples").map(|e| e.expect("an entry").path());
    let mut all: Vec<_> = all.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    all.sort();
    let mut found = Vec::new();
    for n in 0..20 {
        let path = &all[n % all.len()];
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut s = Scenario::default();
        s.cluster.seed = 1 + n as u64;
        s.files.insert(name.clone(), fs::read_to_string(path).expect("a manifest"));
        let mut log =
            vec![(0, Input::Open(0)), (1_200_000, Input::Line(0, format!("kubectl apply -f {name}")))];
        let later = LATER[n % LATER.len()];
        for (i, line) in later.iter().enumerate() {
            let at = 20_000_000 + 31_000_000 * i as u64;
            log.push((
                at,
                line.strip_prefix("fault ")
                    .map_or(Input::Line(0, (*line).into()), |f| Input::Fault(f.into())),
            ));
        }
        log.push((90_000_000, Input::Interrupt(0)));
        log.push((95_000_000, Input::File("late.txt".into(), "late\n".into())));
        s.log = log.into_iter().map(|(at, input)| LogEntry { at, input }).collect();
        found.push((format!("{name} with {later:?}"), s));
    }
    found
}

/// Everything that can be seen of a player.
fn seen(player: &mut Player) -> Vec<(String, String)> {
    let mut all = vec![("hash".to_string(), player.hash()), ("now".into(), player.now().0.to_string())];
    for (name, argument) in VIEWS {
        all.push((format!("view {name} {argument}"), view::show(player.cluster(), name, argument)));
    }
    let pods: Vec<_> = player.cluster().api.list(Kind::POD, None).take(PODS).collect();
    for pod in pods {
        let path = pod.key().path();
        let container = pod.at("spec.containers.0.name").str();
        for name in OF_A_POD {
            let argument = match *name {
                "version" | "written" => format!("{path}@{}", pod.resource_version()),
                "place" => format!("{path} {container} /"),
                _ => path.clone(),
            };
            all.push((format!("view {name} {argument}"), view::show(player.cluster(), name, &argument)));
        }
    }
    all.push(("totals".into(), format!("{:?}", view::totals(&player.cluster().api))));
    for line in COMMANDS {
        all.push((format!("$ {line}"), view::query(player.cluster(), line)));
    }
    all.push(("next".into(), format!("{:?}", player.next_due())));
    all.push(("output".into(), format!("{:?}", player.output())));
    all
}

#[test]
fn going_back_equals_a_fresh_run() {
    let instants = std::env::var("PODLAB_INSTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(INSTANTS);
    let scenarios = scenarios();
    let mut rng = Rng::stream(7, "rewind");
    for (name, scenario) in &scenarios {
        let mut played = Player::new(scenario.clone()).expect("valid");
        played.seek(Time::ZERO + PLAYED);
        for _ in 0..instants.div_ceil(scenarios.len()) {
            let at = Time(rng.below(PLAYED.0));
            played.seek(at);
            let mut fresh = Player::new(scenario.clone()).expect("valid");
            fresh.seek(at);
            for (now, then) in seen(&mut played).into_iter().zip(seen(&mut fresh)) {
                assert_eq!(now.1, then.1, "{name} at {at:?}: {}", now.0);
            }
        }
        // Going on from the past arrives where the first run did.
        let mut first = Player::new(scenario.clone()).expect("valid");
        first.seek(Time::ZERO + PLAYED);
        played.seek(Time::ZERO + PLAYED);
        assert_eq!(played.hash(), first.hash(), "{name}");
    }
}

#[test]
fn what_is_done_in_the_past_undoes_the_future_that_was_seen() {
    let mut player = Player::new(Scenario::default()).expect("valid");
    player.apply(Input::Open(0)).expect("opened");
    player.apply(Input::Line(0, "kubectl create deployment web --image=nginx".into())).expect("typed");
    player.seek(Time::ZERO + PLAYED);
    player.seek(Time::ZERO + Span::secs(40));
    assert!(!player.in_past(), "no input is undone, but what was seen is");
    player.apply(Input::Line(0, "kubectl scale deployment web --replicas=5".into())).expect("typed");
    player.seek(Time::ZERO + PLAYED);
    let mut fresh = Player::new(player.scenario()).expect("valid");
    for secs in [149, 100, 41, 120, 39, 150] {
        let at = Time::ZERO + Span::secs(secs);
        player.seek(at);
        fresh.seek(at);
        assert_eq!(player.hash(), fresh.hash(), "at {secs} s");
        assert_eq!(player.output(), fresh.output(), "at {secs} s");
        let mut first = Player::new(player.scenario()).expect("valid");
        first.seek(at);
        assert_eq!(player.hash(), first.hash(), "a first run to {secs} s");
        assert_eq!(player.output(), first.output(), "a first run to {secs} s");
    }
}

#[test]
fn a_fork_goes_its_own_way_and_an_overwrite_forgets() {
    let (_, scenario) = scenarios().swap_remove(0);
    let mut player = Player::new(scenario).expect("valid");
    player.seek(Time::ZERO + PLAYED);
    let whole = player.hash();
    player.seek(Time::ZERO + Span::secs(30));
    let mut fork = Player::new(player.fork()).expect("valid");
    fork.seek(player.now());
    assert!(!fork.in_past() && player.in_past());
    fork.apply(Input::Line(0, "kubectl create ns other".into())).expect("typed");
    fork.seek(Time::ZERO + PLAYED);
    player.seek(Time::ZERO + PLAYED);
    assert_eq!(player.hash(), whole, "the first timeline is as it was");
    assert_ne!(fork.hash(), whole);
    player.seek(Time::ZERO + Span::secs(30));
    player.apply(Input::Line(0, "kubectl create ns other".into())).expect("typed");
    player.seek(Time::ZERO + PLAYED);
    assert_eq!(player.hash(), fork.hash(), "overwriting and forking come to the same");
}
