//! Scenarios from links are hostile text: whatever they hold, they are refused with a reason or run, and
//! neither panic nor hang.

use podlab::api::{Value, json};
use podlab::rng::Rng;
use podlab::scenario::condition::Condition;
use podlab::scenario::{Input, LogEntry, Player, Scenario};
use podlab::time::{Span, Time};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many mutated scenarios are tried.
const TRIED: u64 = 250;
/// How long each is run, if it can be.
const RUN: Span = Span::secs(3);

fn sample() -> Value {
    let mut s = Scenario::default();
    s.cluster.nodes.truncate(2);
    s.cluster.images.push(podlab::scenario::format::ImageSpec {
        name: "own:1".into(),
        script: "sleep 5".into(),
        ports: vec![80],
        ..Default::default()
    });
    s.files.insert(
        "a.yaml".into(),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: own:1}]}\n"
            .into(),
    );
    let log = [
        Input::Open(0),
        Input::Line(0, "kubectl apply -f a.yaml".into()),
        Input::File("b.txt".into(), "b".into()),
        Input::Fault("kubelet worker01 stop".into()),
        Input::Keys(0, "ls".into()),
        Input::Interrupt(0),
        Input::Edited(0, None),
        Input::Eof(0),
    ];
    s.log =
        log.into_iter().enumerate().map(|(i, input)| LogEntry { at: 300_000 * i as u64, input }).collect();
    json::parse(&podlab_json(&s)).expect("our own text")
}

fn podlab_json(s: &Scenario) -> String {
    let text = s.to_yaml();
    let value =
        podlab::api::yaml::read_value(&text, podlab::api::yaml::Limits::default()).expect("our own YAML");
    json::print(&value)
}

/// A value that nobody expects; mostly of the same sort as the one that stands there.
fn nasty(old: &Value, rng: &mut Rng) -> Value {
    let sort = match old {
        _ if rng.below(4) == 0 => rng.below(18),
        Value::Int(_) => 1 + rng.below(3),
        Value::Float(_) => 4 + rng.below(2),
        Value::Str(_) => 6 + rng.below(9),
        Value::List(_) => 15,
        Value::Map(_) => 16,
        _ => 17,
    };
    match sort {
        0 => Value::Null,
        1 => Value::Int(-1),
        2 => Value::Int(i64::MAX),
        3 => Value::Int(0),
        4 => Value::Float(1e300),
        5 => Value::Float(-0.5),
        6 => Value::from(""),
        7 => Value::from("\u{202e}\u{0}\u{1b}]0;x\u{7}"),
        8 => Value::from("../../../etc/passwd"),
        9 => Value::from("9999-12-31T23:59:59Z"),
        10 => Value::from("0001-01-01T00:00:00Z"),
        11 => Value::from("999999999999999999999999Ei"),
        12 => Value::from("0.0.0.0/0"),
        13 => Value::from("10.0.0.0/32"),
        14 => Value::from("x".repeat(100_000)),
        15 => Value::list(),
        16 => Value::map(),
        _ => Value::Bool(true),
    }
}

/// Puts something nasty somewhere into a tree.
fn mutate(value: &mut Value, rng: &mut Rng) {
    let n = match value {
        Value::Map(m) => m.len(),
        Value::List(l) => l.len(),
        _ => 0,
    };
    if n == 0 || rng.below(6) == 0 {
        *value = nasty(value, rng);
        return;
    }
    let i = rng.below(n as u64) as usize;
    if value.as_map().is_some() {
        let key = value.entries().nth(i).map(|(k, _)| k.clone()).expect("counted");
        let mut inner = value.get(&key).clone();
        mutate(&mut inner, rng);
        value.map_mut().insert(key, inner);
    } else {
        mutate(&mut value.list_mut()[i], rng);
    }
}

fn runs(text: &str) {
    if let Ok(scenario) = Scenario::from_yaml(text)
        && let Ok(mut player) = Player::new(scenario)
    {
        player.seek(Time::ZERO + RUN);
        let _ = player.hash();
    }
}

#[test]
fn mutated_scenarios_are_refused_or_run() {
    let sample = sample();
    let mut ran = 0;
    for seed in 0..TRIED {
        let mut rng = Rng::stream(seed, "hostile");
        let mut tree = sample.clone();
        for _ in 0..=rng.below(3) {
            mutate(&mut tree, &mut rng);
        }
        let text = json::print(&tree);
        ran += u32::from(Scenario::from_yaml(&text).is_ok());
        let done = catch_unwind(AssertUnwindSafe(|| runs(&text)));
        assert!(done.is_ok(), "seed {seed}: {}", &text[..text.len().min(3_000)]);
    }
    assert!(ran > 40, "only {ran} could be run: the mutations are too wild to test anything");
}

#[test]
fn limits_are_told_not_reached() {
    let refused = |text: &str| Scenario::from_yaml(text).expect_err("refused").0;
    assert_eq!(refused("podlab: 1\nposition: 9999999999999999"), "position: at most 7 days after the start");
    let node = "{name: N, ip: 1.2.3.4, podCIDR: 10.0.0.0/24}";
    let many: Vec<String> = (0..6_000).map(|i| node.replace('N', &format!("n{i}"))).collect();
    assert_eq!(
        refused(&format!("podlab: 1\ncluster: {{nodes: [{}]}}", many.join(", "))),
        "cluster.nodes: at most 5000"
    );
    assert_eq!(
        refused("podlab: 1\nlog: [{at: 9999999999999999, open: 0}]"),
        "log[0].at: at most 7 days after the start"
    );
    assert!(refused(&"[".repeat(100_000)).len() < 500);
    assert!(refused("a: &a [*a]").len() < 500);
}

#[test]
fn conditions_of_any_text_are_read_or_refused() {
    let words = [
        "pod/web",
        "ready",
        "and",
        "(",
        ")",
        "never",
        "for",
        "10s",
        "=",
        "~",
        "\"",
        "'",
        "[",
        "{",
        "count",
        "after",
        "within",
        "of",
        "at",
        "least",
        "3",
        "times",
        "output",
        "file",
        "\u{1f600}",
        "@",
        "/",
    ];
    let mut rng = Rng::stream(3, "conditions");
    for _ in 0..3_000 {
        let text: Vec<&str> =
            (0..rng.below(14)).map(|_| words[rng.below(words.len() as u64) as usize]).collect();
        if let Err(e) = Condition::parse(&text.join(" ")) {
            assert!(!e.message.is_empty() && e.at <= text.join(" ").len());
        }
    }
}
