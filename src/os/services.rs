//! Virtual addresses: the rules that kube-proxy writes on every machine, and the choice among endpoints.
//!
//! All proxies see the same changes, but none acts on them at once: a set of rules comes into force at an
//! instant of its own, on each machine a little later. Until then a machine sends connections by the rules
//! before. The choice is at random, or with `sessionAffinity: ClientIP` the one that the client had before.

use super::net::Net;
use super::world::MachineId;
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::rng::Rng;
use crate::time::{Span, Time};

/// How many clients with affinity are remembered; the one that came first goes.
const REMEMBERED: usize = 4_096;

/// An address that answers behind a virtual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub ip: Text,
    /// Its port.
    pub port: u16,
    /// The machine that it is on, if known.
    pub machine: Option<MachineId>,
}

/// What stands behind a virtual address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Those that connections are sent to. None: connections are refused.
    pub endpoints: Vec<Endpoint>,
    /// `sessionAffinity: ClientIP`: for how long a client stays with its endpoint.
    pub affinity: Option<Span>,
    /// Only endpoints on the same machine are used (`internalTrafficPolicy` or `externalTrafficPolicy`); where
    /// there is none, packets are dropped.
    pub local: bool,
}

/// The rules for one virtual address, oldest first, each with the instant at which it comes into force.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Vec<(Time, Service)>);

/// A client that stays with an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Stays {
    machine: MachineId,
    client: Text,
    address: (Text, u16),
    endpoint: Endpoint,
    last: Time,
}

/// What the rules of a machine say about a connection.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It goes there.
    To(Endpoint),
    /// It is refused: the service has no endpoint.
    Rejected,
    /// It is dropped: none of the endpoints is on this machine.
    Dropped,
}

impl Net {
    /// Sets what stands behind a virtual address from an instant on (at once where nothing did).
    pub fn set_service(&mut self, address: (Text, u16), service: Service, now: Time, from: Time) {
        let slowest = self.lags.iter().copied().max().unwrap_or(Span::ZERO);
        let rules = &mut self.services.entry(address).or_default().0;
        if let Some(newest) = rules.iter().rposition(|(at, _)| *at + slowest <= now) {
            rules.drain(..newest);
        }
        let from = if rules.is_empty() { Time::ZERO } else { from };
        match rules.last_mut() {
            Some((at, last)) if *at == from => *last = service,
            Some((_, last)) if *last == service => {}
            _ => rules.push((from, service)),
        }
    }

    /// Forgets a virtual address.
    pub fn remove_service(&mut self, address: &(Text, u16)) {
        self.services.remove(address);
    }

    /// Stops a machine's kube-proxy, whose rules stay as they are, or starts it: then they are up to date.
    pub fn set_proxy(&mut self, machine: MachineId, running: bool, now: Time) {
        let left: BTreeMap<(Text, u16), Service> = if running {
            BTreeMap::new()
        } else if self.proxy_runs(machine) {
            let rule =
                |at: &(Text, u16)| Some((at.clone(), self.service(machine, now, &at.0, at.1)?.clone()));
            self.services.keys().filter_map(rule).collect()
        } else {
            return;
        };
        self.stopped.retain(|(m, _)| *m != machine);
        if !running {
            self.stopped.push((machine, left));
        }
    }

    /// Whether a machine's kube-proxy runs.
    pub fn proxy_runs(&self, machine: MachineId) -> bool {
        self.left_behind(machine).is_none()
    }

    fn left_behind(&self, machine: MachineId) -> Option<&BTreeMap<(Text, u16), Service>> {
        self.stopped.iter().find(|(m, _)| *m == machine).map(|(_, rules)| rules)
    }

    /// Whether a machine has rules for a virtual address.
    pub(super) fn knows(&self, machine: MachineId, ip: &str, port: u16) -> bool {
        let address = (Text::from(ip), port);
        match self.left_behind(machine) {
            Some(rules) => rules.contains_key(&address),
            None => self.services.contains_key(&address),
        }
    }

    /// The rules of a machine for a virtual address, as they are in force there.
    pub fn service(&self, machine: MachineId, now: Time, ip: &str, port: u16) -> Option<&Service> {
        if let Some(rules) = self.left_behind(machine) {
            return rules.get(&(Text::from(ip), port));
        }
        let lag = self.lags.get(machine.0 as usize).copied().unwrap_or(Span::ZERO);
        let rules = &self.services.get(&(Text::from(ip), port))?.0;
        rules.iter().rev().find(|(at, _)| *at == Time::ZERO || *at + lag <= now).map(|(_, s)| s)
    }

    /// Where a machine sends a client's connection. `random` names the client and the number of its call.
    pub(super) fn choose(
        &mut self,
        machine: MachineId,
        client: &str,
        address: (&str, u16),
        now: Time,
        random: (u64, &str),
    ) -> Option<Verdict> {
        let service = self.service(machine, now, address.0, address.1)?;
        let near = |e: &&Endpoint| !service.local || e.machine == Some(machine);
        let usable: Vec<&Endpoint> = service.endpoints.iter().filter(near).collect();
        if usable.is_empty() {
            let nobody = service.endpoints.is_empty();
            return Some(if nobody { Verdict::Rejected } else { Verdict::Dropped });
        }
        let any = || usable[Rng::stream(random.0, random.1).below(usable.len() as u64) as usize].clone();
        let Some(time) = service.affinity else { return Some(Verdict::To(any())) };
        let known = self.stays.iter().position(|s| {
            s.machine == machine
                && *s.client == *client
                && (s.address.0.as_str(), s.address.1) == address
                && now.since(s.last) < time
                && usable.contains(&&s.endpoint)
        });
        let endpoint = known.map_or_else(any, |i| self.stays[i].endpoint.clone());
        if let Some(i) = known {
            self.stays.remove(i);
        } else if self.stays.len() >= REMEMBERED {
            self.stays.remove(0);
        }
        let (client, address) = (Text::from(client), (Text::from(address.0), address.1));
        self.stays.push(Stays { machine, client, address, endpoint: endpoint.clone(), last: now });
        Some(Verdict::To(endpoint))
    }
}
