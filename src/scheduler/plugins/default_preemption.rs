//! DefaultPreemption: when no node takes a pod, look for one that would if pods of lower priority went.
//!
//! [`preempt`] only plans; the scheduler carries the plan out. On each node that might help, all pods of
//! lower priority are taken away, and as many as possible are given back, those guarded by a disruption
//! budget first. The best node costs the fewest budget violations, the least important victims, the fewest
//! of them, the youngest (upstream `pickOneNodeForPreemption`).

use crate::api::object::Key;
use crate::api::{Kind, Text, Value, selector};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, Order};

use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{Rejection, State};
use crate::scheduler::pod_info::PodInfo;
use std::cmp::Reverse;
use std::rc::Rc;

/// Upstream `defaultMinCandidateNodesPercentage` and `…Absolute`: how many candidates are compared.
const MIN_CANDIDATES_PERCENT: usize = 10;
const MIN_CANDIDATES: usize = 100;
/// Said of nodes where evicting cannot help.
pub const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
/// Said of nodes without suitable pods to evict.
pub const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

/// The outcome of looking for victims.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Evict these pods; the pod is nominated to run on the node.
    Evict {
        /// The node.
        node: Text,
        /// The pods to be evicted.
        victims: Vec<Rc<PodInfo>>,
    },
    /// Nothing helps; how many nodes for which reason.
    Nothing(BTreeMap<&'static str, usize>),
    /// The pod may not preempt now.
    NotEligible(&'static str),
}

/// Whether the incoming pod fits on a node as it would be then, nominated pods counted.
pub type Fits<'a> = &'a dyn Fn(&NodeInfo, &State, &ApiServer) -> bool;

/// Looks for a node where evicting pods of lower priority would make room.
pub fn preempt(
    pod: &PodInfo,
    nominated: &str,
    rejections: &[(usize, Rejection)],
    state: &State,
    cache: &Cache,
    fits: Fits<'_>,
    api: &ApiServer,
) -> Plan {
    if pod.spec["preemptionPolicy"].str() == "Never" {
        return Plan::NotEligible("not eligible due to preemptionPolicy=Never.");
    }
    if waits_for_victims(pod, nominated, rejections, cache) {
        return Plan::NotEligible("not eligible due to a terminating pod on the nominated node.");
    }
    let mut reasons = BTreeMap::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let wanted = (cache.nodes.len() * MIN_CANDIDATES_PERCENT / 100).max(MIN_CANDIDATES);
    let mut budgets = None;
    for (i, rejection) in rejections {
        if rejection.unresolvable {
            *reasons.entry(NOT_HELPFUL).or_insert(0) += 1;
        } else if candidates.len() < wanted {
            let budgets = budgets.get_or_insert_with(|| Budget::all(api));
            match Candidate::on(pod, *i, state, cache, fits, budgets, api) {
                Some(candidate) => candidates.push(candidate),
                None => *reasons.entry(NO_VICTIMS).or_insert(0) += 1,
            }
        }
    }
    match candidates.into_iter().min_by_key(Candidate::cost) {
        Some(best) => Plan::Evict { node: cache.nodes[best.node].name.clone(), victims: best.victims },
        None => Plan::Nothing(reasons),
    }
}

/// Whether victims of an earlier preemption for this pod are still ending.
fn waits_for_victims(
    pod: &PodInfo,
    nominated: &str,
    rejections: &[(usize, Rejection)],
    cache: &Cache,
) -> bool {
    let Some(i) = cache.position(nominated) else { return false };
    if rejections.iter().any(|(n, r)| *n == i && r.unresolvable) {
        return false;
    }
    cache.nodes[i].pods.values().any(|p| p.deleting && p.priority < pod.priority)
}

struct Candidate {
    node: usize,
    victims: Vec<Rc<PodInfo>>,
    violations: usize,
}

impl Candidate {
    fn on(
        pod: &PodInfo,
        i: usize,
        state: &State,
        cache: &Cache,
        fits: Fits<'_>,
        budgets: &[Budget],
        api: &ApiServer,
    ) -> Option<Candidate> {
        let mut node = NodeInfo::clone(&cache.nodes[i]);
        let mut state = state.clone();
        let mut lower: Vec<Rc<PodInfo>> =
            node.pods.values().filter(|p| p.priority < pod.priority).cloned().collect();
        if lower.is_empty() {
            return None;
        }
        for victim in &lower {
            node.remove(victim);
            state.update(pod, victim, &node, -1, api);
        }
        if !fits(&node, &state, api) {
            return None;
        }
        // Those most worth keeping get the first chance to stay.
        lower.order_by(|a, b| (Reverse(a.priority), &a.started).cmp(&(Reverse(b.priority), &b.started)));
        let mut left: Vec<(Key, i64)> = Vec::new();
        let (violating, free): (Vec<_>, Vec<_>) =
            lower.into_iter().partition(|p| Budget::violates(budgets, p, &mut left));
        let mut victims = Vec::new();
        let mut violations = 0;
        for (guarded, pods) in [(true, violating), (false, free)] {
            for p in pods {
                if !reprieve(pod, &p, &mut node, &mut state, fits, api) {
                    violations += usize::from(guarded);
                    victims.push(p);
                }
            }
        }
        victims.order_by(|a, b| (Reverse(a.priority), &a.started).cmp(&(Reverse(b.priority), &b.started)));
        Some(Candidate { node: i, victims, violations })
    }

    /// Smaller is better; the last is the youngest start, which is turned round.
    fn cost(&self) -> (usize, i64, i64, usize, Reverse<Text>) {
        let highest = self.victims.first().map_or(i64::MIN, |v| v.priority);
        // Upstream shifts priorities so that more victims always sum up to more.
        let sum = self.victims.iter().map(|v| v.priority + i64::from(i32::MAX) + 1).sum();
        let top = self.victims.iter().filter(|v| v.priority == highest);
        let earliest = top.map(|v| v.started.clone()).min().unwrap_or_default();
        (self.violations, highest, sum, self.victims.len(), Reverse(earliest))
    }
}

/// Puts a pod back if the incoming one still fits then.
fn reprieve(
    pod: &PodInfo,
    other: &Rc<PodInfo>,
    node: &mut NodeInfo,
    state: &mut State,
    fits: Fits<'_>,
    api: &ApiServer,
) -> bool {
    node.add(other);
    state.update(pod, other, node, 1, api);
    let stays = fits(node, state, api);
    if !stays {
        node.remove(other);
        state.update(pod, other, node, -1, api);
    }
    stays
}

struct Budget {
    key: Key,
    selector: Value,
    allowed: i64,
    disrupted: Value,
}

impl Budget {
    fn all(api: &ApiServer) -> Vec<Budget> {
        let read = |b: &crate::api::Object| Budget {
            key: b.key(),
            selector: b.at("spec.selector").clone(),
            allowed: b.at("status.disruptionsAllowed").int_or(0),
            disrupted: b.at("status.disruptedPods").clone(),
        };
        api.list(Kind::PDB, None).map(read).collect()
    }

    /// Whether evicting the pod, on top of those asked about before, would break a budget.
    fn violates(budgets: &[Budget], pod: &PodInfo, used: &mut Vec<(Key, i64)>) -> bool {
        let mut violates = false;
        for b in budgets {
            let concerns = b.key.namespace == pod.key.namespace
                && !pod.labels.is_empty()
                && !b.selector.is_empty()
                && selector::matches(&b.selector, &pod.labels)
                && b.disrupted.get(&pod.key.name).is_null();
            if concerns {
                let i = used.iter().position(|(k, _)| *k == b.key).unwrap_or_else(|| {
                    used.push((b.key.clone(), 0));
                    used.len() - 1
                });
                used[i].1 += 1;
                violates |= used[i].1 > b.allowed;
            }
        }
        violates
    }
}
