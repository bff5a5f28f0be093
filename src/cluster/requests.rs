//! Why a request to a Service failed: what the rules of the node, the endpoints and the process behind them
//! were at that instant.
//!
//! Connections of programs and requests of generators end here alike. The answer is a rule in the trace; its
//! values are instants at which things changed, read from the change log and the container runtime.

use super::Cluster;
use crate::api::{Kind, Object, Text};
use crate::collections::BTreeMap;
use crate::cri::{ContainerState, ContainerStatus};
use crate::os::MachineId;
use crate::time::{Span, Time};
use crate::trace::{Cause, Requested};
use crate::traffic::{Done, Outcome};
use crate::why::text::clock;

/// How far back in the change log causes are looked for.
const LOOKED_BACK: u64 = 20_000;
/// For how long the reason of a failure is taken to be that of the next ones like it.
const SAME: Span = Span::secs(2);

/// A request that failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// `services/default/web`.
    pub service: Text,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer, if any.
    pub status: u16,
    /// Who asked: an address, or a node's name.
    pub from: Text,
    /// The address from which it was asked, if known.
    pub source: Text,
    /// The endpoint that was chosen, if any.
    pub to: Option<(Text, u16)>,
    /// The machine whose rules chose.
    pub by: Option<MachineId>,
    /// Whether the connection stood.
    pub connected: bool,
    /// What to go back to where nothing else is known.
    pub otherwise: Cause,
}

/// What failures have in common that have one reason: the service, the outcome, the endpoint, whose rules.
type Like = (Text, &'static str, Option<(Text, u16)>, Option<u32>);

/// The reasons that were found lately: when, and the entry in the trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons(BTreeMap<Like, (Time, Cause)>);

type Values = Vec<(&'static str, Text)>;

impl Cluster {
    /// Tells the trace of a request of a generator that failed.
    pub(super) fn note_request(&mut self, done: &Done) {
        let Some((options, started)) =
            self.traffic.generator(&done.key).map(|g| (g.options.clone(), g.cause))
        else {
            return;
        };
        let failed = Failed {
            service: Text::from(format!("services/{}", done.key)),
            outcome: done.outcome,
            status: done.status,
            from: self.client_name(&options),
            source: self.client_address(&options),
            to: done.endpoint.clone(),
            by: done.by,
            connected: done.connected,
            otherwise: started,
        };
        let cause = self.reason(&failed);
        self.api.trace.requested(Requested {
            at: self.now,
            service: failed.service,
            pod: done.pod.clone(),
            outcome: done.outcome.name(),
            cause,
        });
    }

    /// The trace's entry that tells why a request failed: a new one, or that of the one before if it is like it.
    pub(super) fn reason(&mut self, failed: &Failed) -> Cause {
        let by = failed.by.map(|m| m.0);
        let like = (failed.service.clone(), failed.outcome.name(), failed.to.clone(), by);
        let now = self.now;
        self.reasons.0.retain(|_, (at, _)| now.since(*at) < SAME);
        if let Some((_, cause)) = self.reasons.0.get(&like) {
            return *cause;
        }
        let (rule, mut values, parent) = self.look_for(failed);
        values.push(("from", failed.from.clone()));
        values.push(("outcome", Text::lit(failed.outcome.name())));
        self.api.enter(self.now, parent.unwrap_or(failed.otherwise), Text::lit("kube-proxy"));
        let cause = self.api.rule(rule, &failed.service, values);
        self.reasons.0.insert(like, (self.now, cause));
        cause
    }

    fn look_for(&self, failed: &Failed) -> (&'static str, Values, Option<Cause>) {
        let service = failed.service.strip_prefix("services/").unwrap_or("");
        let node = failed.by.map(|m| self.world.machine(m).name.clone()).unwrap_or_default();
        if failed.outcome == Outcome::NoName {
            return ("service.no-name", vec![], self.last(|o| o.key().path() == *failed.service));
        }
        let Some((ip, port)) = &failed.to else { return self.nobody(failed, service, node) };
        let mut values = vec![("to", Text::from(format!("{ip}:{port}"))), ("node", node.clone())];
        let pod = self.network.pods.get(ip).cloned().unwrap_or_default();
        values.push(("pod", Text::from(crate::why::words::object(&pod))));
        let about = |o: &Object| o.kind == Kind::POD && *ip == o.at("status.podIP").str();
        let behind = self.last(about);
        if let Outcome::ClientError | Outcome::ServerError = failed.outcome {
            values.push(("status", Text::from(failed.status.to_string())));
            return ("service.status", values, behind);
        }
        let refused = || self.world.net.filter.refuses(&failed.source, ip, *port);
        if let Some(policies) = refused().filter(|_| !failed.connected) {
            return self.denied("service.denied", values, &policies);
        }
        if let Some(off) = self.off_or_cut(failed.by, ip) {
            let cause = self.last_fault(&off);
            values.push(("off", off));
            return ("service.unreachable", values, cause.or(behind));
        }
        let containers: Vec<&ContainerStatus> = self.runtime.at_address(ip).collect();
        let ended = containers.iter().filter_map(|c| Some((c.finished_at?, c))).max_by_key(|(at, _)| *at);
        let runs = containers.iter().any(|c| c.state == ContainerState::Running);
        if let Some((at, _)) = ended {
            values.push(("ended", Text::from(clock(at))));
        }
        if let Some(left) = self.left(service, ip) {
            values.push(("left", Text::from(clock(left))));
            let told = self.first(|o| about(o) && o.is_deleting());
            values.extend(told.map(|at| ("deleted", Text::from(clock(at)))));
            if failed.by.is_some_and(|m| !self.world.net.proxy_runs(m)) {
                return ("service.proxy-stopped", values, self.last_fault(&node).or(behind));
            }
            let follows = self.network.next_rules(left).map(|at| at + self.lag(failed.by));
            values.extend(follows.map(|at| ("follows", Text::from(clock(at)))));
            return ("service.rules-stale", values, behind);
        }
        if failed.connected {
            let rule = if failed.outcome == Outcome::Reset { "service.reset" } else { "service.no-answer" };
            return (rule, values, behind);
        }
        let listens = self.world.listens(ip).unwrap_or_default();
        if !runs && ended.is_some() {
            return ("service.process-ended", values, behind);
        }
        if failed.outcome == Outcome::Refused && runs {
            let ports: Vec<String> = listens.iter().map(u16::to_string).collect();
            values.push(("listens", Text::from(ports.join(", "))));
            return ("service.not-listening", values, behind);
        }
        if failed.outcome == Outcome::Refused {
            return ("service.refused", values, behind);
        }
        ("service.no-answer", values, behind)
    }

    /// For want of which policies' leave it failed, and what made the newest of them.
    fn denied(
        &self,
        rule: &'static str,
        mut values: Values,
        policies: &[Text],
    ) -> (&'static str, Values, Option<Cause>) {
        let path = |policy: &Text| format!("networkpolicies/{policy}");
        let names: Vec<String> = policies.iter().map(|p| crate::why::words::object(&path(p))).collect();
        values.push(("policies", Text::from(names.join(", "))));
        let one = |o: &Object| policies.iter().any(|p| o.key().path() == path(p));
        (rule, values, self.last(one))
    }

    /// Why there was no endpoint to send a request to.
    fn nobody(&self, failed: &Failed, service: &str, node: Text) -> (&'static str, Values, Option<Cause>) {
        let slice = |o: &Object| o.kind == Kind::ENDPOINT_SLICE && super::network::serves(o) == service;
        let behind = self.last(slice);
        let mut values = vec![("node", node.clone())];
        if failed.by.is_some_and(|m| !self.world.machine(m).powered) {
            values.push(("off", node.clone()));
            return ("service.entry-off", values, self.last_fault(&node).or(behind));
        }
        if !self.world.net.dns.answers {
            return ("service.no-dns", values, self.last_fault("dns"));
        }
        if let Some(policies) = self.world.net.filter.refuses_names(&failed.source) {
            return self.denied("service.names-denied", values, &policies);
        }
        let ready = self
            .api
            .list(Kind::ENDPOINT_SLICE, None)
            .any(|o| slice(o) && o["endpoints"].items().iter().any(super::network::is_ready));
        if !ready {
            return ("service.no-endpoint", values, behind);
        }
        if failed.outcome == Outcome::Timeout {
            return ("service.no-local", values, behind);
        }
        if failed.by.is_some_and(|m| !self.world.net.proxy_runs(m)) {
            return ("service.proxy-stopped", values, self.last_fault(&node).or(behind));
        }
        let since = self.last_change(slice).map(|c| c.0);
        values.extend(since.map(|at| ("since", Text::from(clock(at)))));
        let follows = since.and_then(|at| self.network.next_rules(at)).map(|at| at + self.lag(failed.by));
        values.extend(follows.map(|at| ("follows", Text::from(clock(at)))));
        ("service.rules-late", values, behind)
    }

    /// The machine that is off or cut off, if that keeps an address from being reached.
    fn off_or_cut(&self, by: Option<MachineId>, ip: &str) -> Option<Text> {
        let pod = self.api.list(Kind::POD, None).find(|p| p.at("status.podIP").str() == ip)?;
        let node = pod.at("spec.nodeName").text();
        let machine = self.world.find_machine(&node)?;
        let cuts = &self.world.net.cuts;
        let cut = by.is_some_and(|b| cuts.contains(&(b, machine)) || cuts.contains(&(machine, b)));
        (cut || !self.world.machine(machine).powered).then_some(node)
    }

    fn lag(&self, by: Option<MachineId>) -> Span {
        by.and_then(|m| self.world.net.lags.get(m.0 as usize)).copied().unwrap_or(Span::ZERO)
    }

    /// When an address left the ready endpoints of a service, if it is not among them.
    fn left(&self, service: &str, ip: &str) -> Option<Time> {
        let mine = |o: &Object| o.kind == Kind::ENDPOINT_SLICE && super::network::serves(o) == service;
        let ready = |o: &Object| {
            let endpoints = o["endpoints"].items().iter();
            endpoints.filter(|e| super::network::is_ready(e)).any(|e| e["addresses"][0].str() == ip)
        };
        if self.api.list(Kind::ENDPOINT_SLICE, None).any(|o| mine(o) && ready(o)) {
            return None;
        }
        let change = self.recent().find(|c| mine(&c.new) && c.old.as_ref().is_some_and(ready))?;
        Some(change.at)
    }

    fn recent(&self) -> impl Iterator<Item = &crate::apiserver::Change> {
        let store = &self.api.store;
        let end = store.cursor();
        (store.oldest().max(end.saturating_sub(LOOKED_BACK))..end).rev().filter_map(|c| store.change(c))
    }

    fn last_change(&self, concerns: impl Fn(&Object) -> bool) -> Option<(Time, Cause)> {
        self.recent().find(|c| concerns(&c.new)).map(|c| (c.at, c.cause))
    }

    /// What last changed an object that concerns.
    fn last(&self, concerns: impl Fn(&Object) -> bool) -> Option<Cause> {
        self.last_change(concerns).map(|(_, cause)| cause)
    }

    /// When the first of the latest changes that concern came.
    fn first(&self, concerns: impl Fn(&Object) -> bool) -> Option<Time> {
        self.recent().filter(|c| concerns(&c.new)).last().map(|c| c.at)
    }

    /// The newest fault that names a node.
    fn last_fault(&self, node: &str) -> Option<Cause> {
        use crate::trace::What;
        let trace = &self.api.trace;
        let end = trace.next().0;
        let from = end.saturating_sub(LOOKED_BACK as u32);
        (from..end).rev().map(Cause).find(|c| match trace.get(*c).map(|e| &e.what) {
            Some(What::Fault { text }) => text.split(' ').any(|w| w == node),
            _ => false,
        })
    }
}
