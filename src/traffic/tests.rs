//! Options, counting and spreads; what requests meet is in the transcripts.

use super::request::Done;
use super::tally::{Outcome, Spread, Tally};
use super::{From, Options, Traffic, seconds};
use crate::api::Text;
use crate::time::{Span, Time};
use crate::trace::Cause;

fn done(at: u64, took: u64, outcome: Outcome, pod: &str) -> Done {
    let status = if outcome == Outcome::Served { 200 } else { 0 };
    Done {
        key: Text::lit("default/web"),
        sent: Time(at - took),
        took: Span::micros(took),
        outcome,
        status,
        endpoint: None,
        by: None,
        pod: Text::from(pod),
        connected: true,
    }
}

#[test]
fn options_are_read_and_mistakes_named() {
    let o = Options::parse(
        &["svc/web", "--rate=2.5", "--from", "pod/c", "-n", "shop", "--timeout", "500ms"],
        "default",
    )
    .expect("valid");
    assert_eq!((o.key().as_str(), o.rate, o.timeout), ("shop/web", 2.5, Span::millis(500)));
    assert_eq!((o.from.clone(), o.named()), (From::Pod(Text::lit("c")), "web -n shop".into()));
    for (words, said) in [
        (&["web", "--rate", "0"][..], "traffic: --rate: \"0\" is not a number between 0.01 and 50"),
        (&["web", "--rate", "NaN"], "traffic: --rate: \"NaN\" is not a number between 0.01 and 50"),
        (&["web", "--rate"], "traffic: a value is missing behind --rate"),
        (&["web", "api"], "traffic: one Service at a time, not also \"api\""),
        (&["pod/web"], "traffic: \"pod/web\" is not a Service"),
        (&["web", "--path", "x y"], "traffic: --path: \"x y\" is not a path like /healthz"),
        (&["web", "--path", "/\r\nA: b"], "traffic: --path: \"/\r\nA: b\" is not a path like /healthz"),
        (&["web", "--timeout", "1h"], "traffic: --timeout: \"1h\" is not a span like 500ms, at most 60s"),
        (&["web", "--timeout", "-1s"], "traffic: --timeout: \"-1s\" is not a span like 500ms, at most 60s"),
    ] {
        assert_eq!(Options::parse(words, "default").expect_err("wrong"), said);
    }
    assert!(
        Options::parse(&["--loud"], "default")
            .expect_err("wrong")
            .starts_with("traffic: unknown flag --loud\nusage")
    );
}

#[test]
fn requests_are_spread_evenly_and_the_same_under_the_same_seed() {
    let sent = |seed: u64| {
        let mut traffic = Traffic::default();
        let options = Options::parse(&["web", "--rate", "4"], "default").expect("valid");
        traffic.start(options, seed, Time::ZERO, Cause::START).expect("started");
        let mut sent = Vec::new();
        while let Some(at) = traffic.next_due().filter(|t| *t < Time::ZERO + Span::secs(100)) {
            sent.extend(traffic.due(at).iter().map(|_| at.0));
        }
        sent
    };
    let one = sent(1);
    // One in each quarter of a second.
    let slots: Vec<u64> = one.iter().map(|at| at / 250_000).collect();
    assert_eq!(slots, (0..400).collect::<Vec<u64>>());
    assert_eq!(one, sent(1));
    assert_ne!(one, sent(2));
}

#[test]
fn a_generator_is_started_once_and_can_be_stopped() {
    let mut traffic = Traffic::default();
    let options = || Options::parse(&["web"], "default").expect("valid");
    traffic.start(options(), 1, Time::ZERO, Cause::START).expect("started");
    assert_eq!(
        traffic.start(options(), 1, Time::ZERO, Cause::START),
        Err("traffic: there is traffic to service web already; \"traffic stop web\" ends it".into())
    );
    assert!(traffic.stop("default/web", Time(5)) && !traffic.stop("default/web", Time(6)));
    assert_eq!(traffic.next_due(), None);
    traffic.start(options(), 1, Time(10), Cause::START).expect("it begins anew");
}

#[test]
fn counts_over_time_stay_within_their_bound_and_lose_nothing() {
    let mut tally = Tally::new(Time::ZERO);
    for i in 1..=10_000_u64 {
        let outcome = if i % 100 == 0 { Outcome::Refused } else { Outcome::Served };
        tally.count(&done(
            i * 1_000_000,
            1_200,
            outcome,
            if i % 2 == 0 { "pods/default/a" } else { "pods/default/b" },
        ));
    }
    assert_eq!((tally.counts.served(), tally.counts.failed()), (9_900, 100));
    assert_eq!(tally.counts.failures(), "100 refused");
    assert_eq!(tally.width, Span::secs(32));
    for pod in tally.pods.values() {
        let served: u32 = pod.bins.iter().map(|b| b.served).sum();
        let failed: u32 = pod.bins.iter().map(|b| b.failed).sum();
        assert!(pod.bins.len() <= 600 && pod.bins.windows(2).all(|w| w[0].number < w[1].number));
        assert_eq!((u64::from(served), u64::from(failed)), (pod.counts.served(), pod.counts.failed()));
    }
    let (lately, spread) = tally.lately(Time::ZERO + Span::secs(10_000));
    assert_eq!((lately.served(), lately.failed()), (10, 1));
    assert_eq!(spread.quantile(0.5), Some(Span::micros(1_200)));
    let failures = tally.ticks().iter().filter(|t| t.at.0 % 100_000_000 == 0).count();
    assert_eq!(failures, 100, "every failure has its instant");
}

#[test]
fn quantiles_are_the_spans_that_so_many_stayed_within() {
    let mut tally = Tally::new(Time::ZERO);
    for i in 1..=100 {
        tally.count(&done(2_000_000, i * 1_000, Outcome::Served, ""));
    }
    let at = |part| tally.spread.quantile(part).map(seconds);
    assert_eq!((at(0.5).as_deref(), at(0.99).as_deref()), (Some("50ms"), Some("99ms")));
    assert_eq!(Spread::default().quantile(0.5), None);
    assert_eq!(seconds(Span::micros(1_234_567)), "1.23s");
}
