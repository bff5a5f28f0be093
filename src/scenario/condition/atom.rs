//! What a condition asks of one instant: the tests of objects, and how values compare.

use super::{Count, Objects, Op, Reading, Requests, Test};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value};
use crate::collections::{BTreeMap, BTreeSet};
use crate::kubectl::print::pod;
use crate::traffic::Counts;
use std::cmp::Ordering;

/// The objects that a condition looks at, as they were at some instant.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub objects: BTreeMap<Key, Object>,
    /// Everything that has ever been there.
    pub seen: BTreeSet<Key>,
    /// The requests to Services, by `namespace/service`.
    pub traffic: BTreeMap<Text, Counts>,
}

impl Requests {
    /// Reads the requests to all Services that are meant.
    pub(super) fn read(&self, reading: Count, state: &State, home: &str) -> String {
        let namespace = self.namespace.as_deref().unwrap_or(home);
        let meant = |key: &Text| {
            key.split_once('/')
                .is_some_and(|(ns, name)| (namespace == "*" || ns == namespace) && fits(&self.name, name))
        };
        let (mut served, mut failed, mut outcome) = (0, 0, 0);
        for (_, counts) in state.traffic.iter().filter(|(key, _)| meant(key)) {
            served += counts.served();
            failed += counts.failed();
            if let Count::Outcome(o) = reading {
                outcome += counts.0[o as usize];
            }
        }
        match reading {
            Count::All => (served + failed).to_string(),
            Count::Failed => failed.to_string(),
            Count::Outcome(_) => outcome.to_string(),
            Count::Success if served + failed == 0 => String::new(),
            Count::Success => format!("{:.3}", 100.0 * served as f64 / (served + failed) as f64),
        }
    }
}

/// Whether a text (of the run) and a wanted one compare so: by amount where both are quantities.
pub(super) fn compare(have: &str, op: Op, want: &str) -> bool {
    let order = match (Quantity::parse(have), Quantity::parse(want)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => have.cmp(want),
    };
    match op {
        Op::Is => order == Ordering::Equal,
        Op::IsNot => order != Ordering::Equal,
        Op::Contains => have.contains(want),
        // A value that is not there is neither more nor less than anything.
        _ if have.is_empty() => false,
        Op::Less => order == Ordering::Less,
        Op::AtMost => order != Ordering::Greater,
        Op::More => order == Ordering::Greater,
        Op::AtLeast => order != Ordering::Less,
    }
}

/// Whether `*` in a pattern can stand for parts of the name so that they are equal.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            match rest.find(part) {
                Some(i) => rest = &rest[i + str::len(part)..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => rest.ends_with(part),
    }
}

impl Objects {
    fn means(&self, key: &Key, home: &str) -> bool {
        let namespace = self.namespace.as_deref().unwrap_or(home);
        key.kind == self.kind
            && (key.namespace.is_empty() || namespace == "*" || key.namespace == namespace)
            && fits(&self.name, &key.name)
    }

    /// The objects that are meant; `home` is the namespace of the context.
    pub(super) fn find<'a>(&self, state: &'a State, home: &str) -> Vec<&'a Object> {
        let labels = |o: &Object| self.selector.as_ref().is_none_or(|s| s.matches(o.at("metadata.labels")));
        let range = state.objects.range(Key::new(self.kind, "", "")..);
        let own = range.take_while(|(k, _)| k.kind == self.kind);
        own.filter(|(k, o)| self.means(k, home) && labels(o)).map(|(_, o)| o).collect()
    }

    fn ever(&self, state: &State, home: &str) -> bool {
        state.seen.iter().any(|k| self.means(k, home))
    }
}

/// Whether the objects pass a test.
pub(super) fn holds(of: &Objects, any: bool, test: &Test, state: &State, home: &str) -> bool {
    let found = of.find(state, home);
    match test {
        Test::Absent => found.is_empty(),
        Test::Gone => found.is_empty() && of.ever(state, home),
        // Events outlive what they are about.
        Test::Event { reason, text, op, value } => {
            let about = |e: &&Object| {
                let o = &e["involvedObject"];
                let key = Key::new(of.kind, o["namespace"].text(), o["name"].text());
                o["kind"].str() == of.kind.info().kind
                    && of.means(&key, home)
                    && e["reason"].str() == reason
                    && text.as_ref().is_none_or(|t| e["message"].str().contains(t.as_str()))
            };
            let events = state.objects.iter().filter(|(k, _)| k.kind == Kind::EVENT).map(|(_, o)| o);
            let count: i64 = events.filter(about).map(|e| e["count"].int_or(1)).sum();
            compare(&count.to_string(), *op, value)
        }
        _ if any => found.iter().any(|o| passes(o, test, state)),
        _ => !found.is_empty() && found.iter().all(|o| passes(o, test, state)),
    }
}

/// Whether one object passes a test.
pub(super) fn passes(object: &Object, test: &Test, state: &State) -> bool {
    match test {
        Test::Exists => true,
        Test::Deleting => object.is_deleting(),
        Test::Ready => ready(object, state),
        Test::Value { of, op, value } => {
            let set_only = matches!(of, Reading::Path(_, true));
            let have = read(object, of, state);
            if set_only {
                !matches!(have.as_str(), "" | "false" | "null")
            } else {
                compare(&have, *op, value)
            }
        }
        Test::Absent | Test::Gone | Test::Event { .. } => false,
    }
}

/// Whether an object has come to what its owner wanted of it.
fn ready(o: &Object, state: &State) -> bool {
    let status = &o["status"];
    let current = status["observedGeneration"].int_or(i64::MAX) >= o.at("metadata.generation").int_or(0);
    match o.kind {
        Kind::POD | Kind::NODE => o.condition_true("Ready") && !o.is_deleting(),
        Kind::JOB => o.condition_true("Complete"),
        Kind::SERVICE => endpoints(o, state) > 0,
        Kind::PERSISTENT_VOLUME_CLAIM => status["phase"].str() == "Bound",
        Kind::DAEMON_SET => {
            let wanted = status["desiredNumberScheduled"].int_or(0);
            current && wanted > 0 && status["numberReady"].int_or(0) == wanted
        }
        Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::STATEFUL_SET => {
            let wanted = o.at("spec.replicas").int_or(1);
            let total = status["replicas"].int_or(0);
            let updated =
                if o.kind == Kind::REPLICA_SET { total } else { status["updatedReplicas"].int_or(0) };
            current && status["readyReplicas"].int_or(0) == wanted && total == wanted && updated == wanted
        }
        _ => o.condition_true("Ready") || o.condition_true("Available"),
    }
}

/// How many ready addresses stand behind a Service.
fn endpoints(service: &Object, state: &State) -> usize {
    let slices = state.objects.iter().filter(|(k, o)| {
        k.kind == Kind::ENDPOINT_SLICE
            && k.namespace == service.namespace()
            && o.label("kubernetes.io/service-name") == Some(service.name())
    });
    slices
        .flat_map(|(_, o)| o["endpoints"].items())
        .filter(|e| e.at("conditions.ready").as_bool() != Some(false))
        .count()
}

fn read(o: &Object, what: &Reading, state: &State) -> String {
    match what {
        Reading::Status if o.kind == Kind::POD => pod::line(o).status,
        Reading::Status if o.kind == Kind::NODE => {
            (if o.condition_true("Ready") { "Ready" } else { "NotReady" }).to_string()
        }
        Reading::Status => o.at("status.phase").str().to_string(),
        Reading::Restarts => pod::line(o).restarts.to_string(),
        Reading::Last => {
            let statuses = o.at("status.containerStatuses").items();
            let last = |s: &Value| s.at("lastState.terminated.reason").str().to_string();
            statuses.iter().map(last).find(|r| !r.is_empty()).unwrap_or_default()
        }
        Reading::Image => {
            let containers =
                if o.kind == Kind::POD { "spec.containers" } else { "spec.template.spec.containers" };
            o.at(containers)[0]["image"].str().to_string()
        }
        Reading::Endpoints => endpoints(o, state).to_string(),
        Reading::Condition(kind) => o.condition(kind)["status"].str().to_string(),
        Reading::Path(path, _) => path.print(&o.value, true).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_parts_of_names() {
        for (pattern, name, want) in [
            ("web", "web", true),
            ("web", "web-1", false),
            ("web-*", "web-1", true),
            ("*", "", true),
            ("*-b-*", "a-b-c", true),
            ("*-b-*", "a-c", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn values_compare_by_amount_where_they_are_amounts() {
        for (have, op, want, result) in [
            ("250Mi", Op::More, "200Mi", true),
            ("1Gi", Op::Is, "1024Mi", true),
            ("10", Op::Less, "9", false),
            ("", Op::Less, "9", false),
            ("", Op::IsNot, "9", true),
            ("Running", Op::Contains, "unn", true),
            ("b", Op::AtLeast, "a", true),
        ] {
            assert_eq!(compare(have, op, want), result, "{have} {op:?} {want}");
        }
    }
}
