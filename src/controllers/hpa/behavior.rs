//! How far a recommendation is followed: the stabilisation windows, the rates at which pods may come and go, and
//! the bounds.
//!
//! Without `spec.behavior` the rates are fixed: at most twice as many pods (or four) at a time, and fewer only when
//! no more were recommended for five minutes.

use super::Memory;
use crate::api::Value;
use crate::time::{Span, Time};

/// `--horizontal-pod-autoscaler-downscale-stabilization`, in seconds.
const DOWNSCALE_WINDOW: i64 = 300;
/// Upstream `scaleUpLimitFactor` and `scaleUpLimitMinimum`.
const UP_FACTOR: i64 = 2;
const UP_MINIMUM: i64 = 4;
/// Most recommendations and changes that are kept (an hour's, the longest window, at one every 15 s).
const KEPT: usize = 240;

const HIGHEST: (&str, &str) = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const LOWEST: (&str, &str) = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const FREE: (bool, &str, &str) =
    (false, "DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_MANY: (&str, &str) =
    ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) =
    ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const UP_LIMIT: (&str, &str) =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const DOWN_LIMIT: (&str, &str) =
    ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");

/// What is left of a recommendation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// The size to have.
    pub replicas: i64,
    /// Reason and message, if earlier recommendations hold it back.
    pub stabilised: Option<(&'static str, &'static str)>,
    /// Whether rates or bounds hold it back, with reason and message.
    pub limited: (bool, &'static str, &'static str),
}

/// Holds a recommendation back, and remembers it.
pub fn normalise(spec: &Value, memory: &mut Memory, size: i64, wanted: i64, now: Time) -> Normal {
    let (min, max) = (spec["minReplicas"].int_or(1), spec["maxReplicas"].int_or(1));
    let behavior = &spec["behavior"];
    let window = |direction: &str, default: i64| {
        let seconds = behavior[direction]["stabilizationWindowSeconds"].int_or(default);
        Span::secs(seconds.unsigned_abs())
    };
    let (up, down) = (window("scaleUp", 0), window("scaleDown", DOWNSCALE_WINDOW));
    let recent = |window: Span| memory.recommendations.iter().filter(move |(at, _)| *at + window > now);
    let least = recent(up).map(|(_, n)| *n).fold(wanted, i64::min);
    let most = recent(down).map(|(_, n)| *n).fold(wanted, i64::max);
    let steady = if behavior.is_null() { most } else { size.max(least).min(most) };
    memory.recommendations.push((now, wanted));
    let longest = up.max(down);
    memory.recommendations.retain(|(at, _)| *at + longest > now);
    trim(&mut memory.recommendations);

    let why = if behavior.is_some() && wanted >= size { LOWEST } else { HIGHEST };
    let stabilised = (steady != wanted).then_some(why);
    let (replicas, (reason, message)) = if behavior.is_null() {
        fixed(size, steady, min, max)
    } else {
        rated(behavior, memory, size, steady, (min, max), now)
    };
    let limited = if replicas == steady { FREE } else { (true, reason, message) };
    Normal { replicas, stabilised, limited }
}

fn trim<T>(list: &mut Vec<T>) {
    let over = list.len().saturating_sub(KEPT);
    list.drain(..over);
}

/// By the rates of autoscalers that have no behaviour of their own.
fn fixed(size: i64, wanted: i64, min: i64, max: i64) -> (i64, (&'static str, &'static str)) {
    let limit = (UP_FACTOR * size).max(UP_MINIMUM);
    let (most, why) = if max > limit { (limit, UP_LIMIT) } else { (max, TOO_MANY) };
    if wanted < min { (min, TOO_FEW) } else { (wanted.min(most), why) }
}

/// By the policies of a behaviour.
fn rated(
    behavior: &Value,
    memory: &Memory,
    size: i64,
    wanted: i64,
    (min, max): (i64, i64),
    now: Time,
) -> (i64, (&'static str, &'static str)) {
    if wanted > size {
        let limit = limit(&behavior["scaleUp"], true, memory, size, now).max(size);
        let (most, why) = if max > limit { (limit, UP_LIMIT) } else { (max, TOO_MANY) };
        (wanted.min(most), why)
    } else if wanted < size {
        let limit = limit(&behavior["scaleDown"], false, memory, size, now).min(size);
        let (least, why) = if min < limit { (limit, DOWN_LIMIT) } else { (min, TOO_FEW) };
        (wanted.max(least), why)
    } else {
        (wanted, TOO_FEW)
    }
}

/// The size that the policies of one direction allow.
fn limit(rules: &Value, up: bool, memory: &Memory, size: i64, now: Time) -> i64 {
    let select = rules["selectPolicy"].str();
    if select == "Disabled" {
        return size;
    }
    let proposals = rules["policies"].items().iter().map(|policy| {
        let period = Span::secs(policy["periodSeconds"].int_or(0).unsigned_abs());
        let within = |events: &[(Time, i64)]| -> i64 {
            events.iter().filter(|(at, _)| *at + period > now).map(|(_, n)| n).sum()
        };
        let before = size - within(&memory.ups) + within(&memory.downs);
        let value = policy["value"].int_or(0);
        match (policy["type"].str(), up) {
            ("Pods", true) => before + value,
            ("Pods", false) => before - value,
            // Up is rounded up, as one pod could never become more otherwise; down is cut off.
            (_, true) => (before * (100 + value) + 99).div_euclid(100),
            (_, false) => before * (100 - value) / 100,
        }
    });
    // The greatest change is the highest number on the way up and the lowest on the way down.
    let highest = (select == "Min") != up;
    let chosen = if highest { proposals.max() } else { proposals.min() };
    chosen.unwrap_or(size)
}

/// Remembers a change of the size, which policies of a behaviour look back at.
pub fn remember(spec: &Value, memory: &mut Memory, from: i64, to: i64, now: Time) {
    let behavior = &spec["behavior"];
    if behavior.is_null() {
        return;
    }
    let (direction, events, n) = if to > from {
        ("scaleUp", &mut memory.ups, to - from)
    } else {
        ("scaleDown", &mut memory.downs, from - to)
    };
    let periods = behavior[direction]["policies"].items().iter().map(|p| p["periodSeconds"].int_or(0));
    let longest = Span::secs(periods.max().unwrap_or(0).unsigned_abs());
    events.retain(|(at, _)| *at + longest >= now);
    events.push((now, n));
    trim(events);
}
