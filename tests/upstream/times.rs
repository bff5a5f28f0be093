//! `age.tsv`, `duration.tsv` and `time.tsv`.

use super::rows;
use podlab::api::{duration, timestamp};
use podlab::time::{Epoch, Time};

#[test]
fn durations_are_read_and_printed_as_gos_tests_say() {
    for row in rows(include_str!("duration.tsv")) {
        let [kind, text, what] = row.as_slice() else { panic!("{row:?}") };
        let nanos = || what.parse::<i64>().expect("nanoseconds");
        match kind.as_str() {
            "read" => assert_eq!(duration::parse(text), Ok(nanos()), "{text}"),
            "refuse" => assert_eq!(duration::parse(text), Err(what.clone()), "{text}"),
            _ => assert_eq!(duration::print(nanos()), *text),
        }
    }
}

#[test]
fn ages_are_those_of_upstreams_tests() {
    for row in rows(include_str!("age.tsv")) {
        let [kind, nanos, text] = row.as_slice() else { panic!("{row:?}") };
        let seconds = nanos.parse::<i64>().expect("nanoseconds") / 1_000_000_000;
        let age = if kind == "long" { duration::human(seconds) } else { duration::short_human(seconds) };
        assert_eq!(age, *text, "{kind} {nanos}");
    }
}

#[test]
fn time_stamps_are_read_as_go_reads_them() {
    for row in rows(include_str!("time.tsv")) {
        let [kind, text, what] = row.as_slice() else { panic!("{row:?}") };
        let micro = kind.ends_with("micro");
        let written = timestamp::parse(text, micro).map(|at| match micro {
            true => Epoch(at).rfc3339_micro(Time::ZERO),
            false => Epoch(at).rfc3339(Time::ZERO),
        });
        match kind.starts_with("refuse") {
            true => assert_eq!(written, Err(what.clone())),
            false => assert_eq!(written, Ok(what.clone()), "{text}"),
        }
    }
}
