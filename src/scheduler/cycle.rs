//! One scheduling cycle: find a node for a pod, bind it, or say why not.

use super::cache::NodeInfo;
use super::decision::{Decision, NODES, Verdict};
use super::events::Event;
use super::framework::{Plugin, Rejection, State, filter, score, total};
use super::plugins::default_preemption::{Plan, preempt};
use super::plugins::volume_binding::{Delayed, SELECTED_NODE};
use super::pod_info::PodInfo;
use super::queue::Queued;
use super::{Scheduler, rules};
use crate::api::object::Key;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, DeleteOptions};
use crate::collections::{BTreeMap, Order};

use crate::map;
use std::rc::Rc;

/// Upstream `minFeasibleNodesToFind`: so many nodes are always looked for.
const MIN_FEASIBLE: usize = 100;

/// A pod whose node is chosen and whose volumes are being bound.
#[derive(Clone, Debug)]
pub struct Binding {
    node: Text,
    claims: Vec<Key>,
    verdicts: Vec<Verdict>,
}

/// What filtering found.
struct Search {
    feasible: Vec<usize>,
    rejections: Vec<(usize, Rejection)>,
    looked_at: usize,
}

impl Scheduler {
    /// Tries the next pod of the queue.
    pub(super) fn schedule_one(&mut self, api: &mut ApiServer) {
        let Some(queued) = self.queue.pop() else { return };
        Scheduler::act_for(api, queued.cause);
        let Some(pod) = api.store.get(&queued.info.key).cloned() else { return };
        if pod.is_deleting() || !pod.at("spec.nodeName").is_empty() || pod.uid() != queued.info.uid.as_str() {
            return;
        }
        let info = queued.info.clone();
        let state = match State::new(&info, &mut self.cache, api) {
            Ok(state) => state,
            Err(rejection) => return self.reject_everywhere(queued, &pod, rejection, api),
        };
        let search = self.search(&info, &state, api);
        if search.feasible.is_empty() {
            return self.no_node(queued, &pod, search, &state, api);
        }
        let (node, verdicts) = self.select(&info, search, api);
        self.place(&info, &pod, node, verdicts, &state, api);
    }

    /// Runs the filters until enough nodes are found, beginning where the last search ended.
    fn search(&mut self, pod: &PodInfo, state: &State, api: &ApiServer) -> Search {
        let n = self.cache.nodes.len();
        let wanted = feasible_wanted(n);
        let mut search = Search { feasible: Vec::new(), rejections: Vec::new(), looked_at: 0 };
        // A pod that evicted others for its node gets that node if it suits.
        let nominated = self.nominated.get(&pod.key).and_then(|(node, _)| self.cache.position(node));
        if let Some(i) = nominated
            && self.filter_with_nominated(pod, &self.cache.nodes[i], state, api).is_none()
        {
            search.feasible.push(i);
            return search;
        }
        for step in 0..n {
            let i = (self.next_start + step) % n;
            search.looked_at += 1;
            match self.filter_with_nominated(pod, &self.cache.nodes[i], state, api) {
                Some(rejection) => search.rejections.push((i, rejection)),
                None => search.feasible.push(i),
            }
            if search.feasible.len() == wanted {
                break;
            }
        }
        if n > 0 {
            self.next_start = (self.next_start + search.looked_at) % n;
        }
        search
    }

    /// Runs the filters as if pods of at least the same priority that are nominated to the node were on it,
    /// and, as those may never come, also without them.
    fn filter_with_nominated(
        &self,
        pod: &PodInfo,
        node: &NodeInfo,
        state: &State,
        api: &ApiServer,
    ) -> Option<Rejection> {
        let here: Vec<&Rc<PodInfo>> = self
            .nominated
            .iter()
            .filter(|(key, (name, p))| **key != pod.key && *name == node.name && p.priority >= pod.priority)
            .map(|(_, (_, p))| p)
            .collect();
        if !here.is_empty() {
            let (mut fuller, mut fuller_state): (NodeInfo, State) = (node.clone(), state.clone());
            for p in here {
                fuller.add(p);
                fuller_state.update(pod, p, &fuller, 1, api);
            }
            if let Some(rejection) = filter(pod, &fuller, &fuller_state) {
                return Some(rejection);
            }
        }
        filter(pod, node, state)
    }

    /// Scores the feasible nodes and picks one of the best by lot.
    fn select(&mut self, pod: &PodInfo, search: Search, api: &ApiServer) -> (usize, Vec<Verdict>) {
        let Search { feasible, rejections, .. } = search;
        let mut verdicts = self.verdicts(rejections);
        let mut kept = |i: usize, scores| {
            if verdicts.len() < NODES {
                verdicts.push(Verdict { node: self.cache.nodes[i].name.clone(), rejection: None, scores });
            }
        };
        if let [only] = feasible[..] {
            kept(only, None);
            return (only, verdicts);
        }
        let scores = score(pod, &mut self.cache, &feasible, api);
        let best = scores.iter().map(total).max().unwrap_or(0);
        let mut ties = Vec::new();
        let cache = &self.cache;
        for (i, s) in feasible.iter().zip(&scores) {
            if total(s) == best {
                ties.push(*i);
            }
            if verdicts.len() < NODES {
                let node = cache.nodes[*i].name.clone();
                verdicts.push(Verdict { node, rejection: None, scores: Some(*s) });
            }
        }
        (ties[self.random.below(ties.len() as u64) as usize], verdicts)
    }

    fn verdicts(&self, rejections: Vec<(usize, Rejection)>) -> Vec<Verdict> {
        let name = |i: usize| self.cache.nodes[i].name.clone();
        let verdict =
            |(i, r): (usize, Rejection)| Verdict { node: name(i), rejection: Some(r), scores: None };
        rejections.into_iter().take(NODES).map(verdict).collect()
    }

    /// Binds the pod, or its volumes first.
    fn place(
        &mut self,
        info: &Rc<PodInfo>,
        pod: &Object,
        node: usize,
        verdicts: Vec<Verdict>,
        state: &State,
        api: &mut ApiServer,
    ) {
        let name = self.cache.nodes[node].name.clone();
        self.nominated.remove(&info.key);
        self.cache.put_pod(info.clone(), &name);
        if state.volumes.delayed.is_empty() {
            return self.bind(pod, &name, verdicts, api);
        }
        api.rule(rules::WAIT_FOR_VOLUMES, &info.key.path(), vec![("node", name.clone())]);
        let place = self.cache.node(&name).expect("the node was just chosen").clone();
        let claims = state.volumes.delayed.iter().map(|d| d.claim.clone()).collect();
        self.binding.insert(info.key.clone(), Binding { node: name, claims, verdicts });
        for (delayed, volume) in state.volumes.choose(&place).unwrap_or_default() {
            bind_volume(delayed, volume, &place, api);
        }
    }

    fn bind(&mut self, pod: &Object, node: &Text, verdicts: Vec<Verdict>, api: &mut ApiServer) {
        let key = pod.key();
        api.rule(rules::BIND, &key.path(), vec![("node", node.clone())]);
        if api.bind(&key, node).is_err() {
            self.cache.remove_pod(&key);
            return;
        }
        let note = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
        let event = Event { kind: "Normal", reason: "Scheduled", action: "Binding", note: &note };
        self.recorder.record(api, pod, &event);
        let at = api.now;
        let decision = Decision { at, node: Some(node.clone()), message: Text::default(), verdicts };
        self.decisions.put(key, decision);
    }

    /// Binds the pods whose volumes are all bound now.
    pub(super) fn finish_bindings(&mut self, api: &mut ApiServer) {
        let bound = |claim: &Key| api.store.get(claim).is_some_and(|c| c.at("status.phase").str() == "Bound");
        let ready: Vec<Key> = self
            .binding
            .iter()
            .filter(|(_, b)| b.claims.iter().all(bound))
            .map(|(key, _)| key.clone())
            .collect();
        for key in ready {
            if let (Some(b), Some(pod)) = (self.binding.remove(&key), api.store.get(&key).cloned()) {
                self.bind(&pod, &b.node, b.verdicts, api);
            }
        }
    }

    /// No node can take the pod, whatever is on it: what it needs does not exist.
    fn reject_everywhere(&mut self, queued: Queued, pod: &Object, rejection: Rejection, api: &mut ApiServer) {
        let n = self.cache.nodes.len();
        let why = rejection.reasons.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
        // "not found" is the answer of the plugin for dynamic resources, which has prepared nothing then.
        let message = format!("0/{n} nodes are available: {why}. not found");
        let plugins = vec![rejection.plugin];
        let all = (0..n).map(|i| (i, rejection.clone())).collect();
        let verdicts = self.verdicts(all);
        self.unschedulable(queued, pod, plugins, message, verdicts, None, api);
    }

    /// No node passed the filters: try preemption, say why, and wait.
    fn no_node(&mut self, queued: Queued, pod: &Object, search: Search, state: &State, api: &mut ApiServer) {
        let n = self.cache.nodes.len();
        let info = &queued.info;
        let mut message = format!("0/{n} nodes are available:");
        let reasons = search.rejections.iter().flat_map(|(_, r)| r.reasons.iter().map(Text::as_str));
        let counted = counted(reasons);
        if counted.is_empty() {
            message = String::from("no nodes available to schedule pods");
        } else {
            message += &format!(" {counted}.");
        }
        let nominated = pod.at("status.nominatedNodeName").str();
        let fits = |node: &NodeInfo, state: &State, api: &ApiServer| {
            self.filter_with_nominated(info, node, state, api).is_none()
        };
        let plan = preempt(info, nominated, &search.rejections, state, &self.cache, &fits, api);
        let mut victims = None;
        match plan {
            Plan::NotEligible(why) => message += &format!(" no new claims to deallocate, preemption: {why}"),
            Plan::Nothing(_) if n == 0 => {}
            Plan::Nothing(reasons) => {
                let list = reasons.iter().map(|(r, k)| format!("{k} {r}"));
                let mut list: Vec<String> = list.collect();
                list.order();
                let list = list.join(", ");
                message +=
                    &format!(" no new claims to deallocate, preemption: 0/{n} nodes are available: {list}.");
            }
            Plan::Evict { node, victims: v } => victims = Some((node, v)),
        }
        let mut plugins: Vec<Plugin> = search.rejections.iter().map(|(_, r)| r.plugin).collect();
        plugins.order();
        plugins.dedup();
        let verdicts = self.verdicts(search.rejections);
        self.unschedulable(queued, pod, plugins, message, verdicts, victims, api);
    }

    /// Records that a pod cannot be scheduled, and evicts for it if that was planned.
    #[allow(clippy::too_many_arguments)]
    fn unschedulable(
        &mut self,
        queued: Queued,
        pod: &Object,
        plugins: Vec<Plugin>,
        message: String,
        verdicts: Vec<Verdict>,
        eviction: Option<(Text, Vec<Rc<PodInfo>>)>,
        api: &mut ApiServer,
    ) {
        let info = queued.info.clone();
        let text = Text::from(message.as_str());
        api.rule(rules::UNSCHEDULABLE, &info.key.path(), vec![("message", text.clone())]);
        let decision = Decision { at: api.now, node: None, message: text, verdicts };
        self.decisions.put(info.key.clone(), decision);
        let because = api.cause;
        self.queue.put_back(queued, plugins, api.now);
        let event =
            Event { kind: "Warning", reason: "FailedScheduling", action: "Scheduling", note: &message };
        self.recorder.record(api, pod, &event);
        if let Some((node, victims)) = &eviction {
            self.drop_nominations(&info, node, api);
            self.nominated.insert(info.key.clone(), (node.clone(), info.clone()));
            self.evict(&info, node, victims, api);
        }
        api.cause = because;
        let node = eviction.map(|(node, _)| node);
        write_condition(pod, &message, node, api);
    }

    /// Pods of lower priority that were to have the node may no longer fit there.
    fn drop_nominations(&mut self, preemptor: &PodInfo, node: &Text, api: &mut ApiServer) {
        let outdone = |name: &Text, p: &PodInfo| name == node && p.priority < preemptor.priority;
        let all = self.nominated.iter().filter(|(_, (name, p))| outdone(name, p));
        let keys: Vec<Key> = all.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.nominated.remove(&key);
            let Some(pod) = api.store.get(&key) else { continue };
            let mut status = pod["status"].clone();
            status.remove("nominatedNodeName");
            // The pod may have gone in the meantime, which serves as well.
            let _ = api.update_status(&key, status);
        }
    }

    fn evict(&mut self, preemptor: &PodInfo, node: &Text, victims: &[Rc<PodInfo>], api: &mut ApiServer) {
        api.rule(rules::PREEMPT, &preemptor.key.path(), vec![("node", node.clone())]);
        for victim in victims {
            let Some(object) = api.store.get(&victim.key).cloned() else { continue };
            if object.is_deleting() {
                continue;
            }
            let target = map! {
                "type" => "DisruptionTarget", "status" => "True", "reason" => "PreemptionByScheduler",
                "observedGeneration" => object.at("metadata.generation"), "lastProbeTime" => Value::Null,
                "message" => "default-scheduler: preempting to accommodate a higher priority pod",
            };
            let mut status = object["status"].clone();
            api.set_condition(status.slot("conditions"), target);
            // The victim may have gone in the meantime, which serves as well.
            let _ = api.update_status(&victim.key, status);
            let _ = api.delete(&victim.key, &DeleteOptions::default());
            let note = format!("Preempted by pod {} on node {node}", preemptor.uid);
            let event = Event { kind: "Normal", reason: "Preempted", action: "Preempting", note: &note };
            self.recorder.record(api, &object, &event);
        }
    }
}

/// How many feasible nodes are enough (upstream `numFeasibleNodesToFind`, adaptive percentage).
fn feasible_wanted(nodes: usize) -> usize {
    if nodes < MIN_FEASIBLE {
        return nodes;
    }
    let percent = 50_usize.saturating_sub(nodes / 125).max(5);
    (nodes * percent / 100).max(MIN_FEASIBLE)
}

/// `1 Insufficient cpu, 2 node(s) had …`: reasons with their counts, sorted as text.
fn counted<'a>(reasons: impl Iterator<Item = &'a str>) -> String {
    let mut counts = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut texts: Vec<String> = counts.into_iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    texts.order();
    texts.join(", ")
}

fn write_condition(pod: &Object, message: &str, nominated: Option<Text>, api: &mut ApiServer) {
    let Some(current) = api.store.get(&pod.key()).cloned() else { return };
    let condition = map! {
        "type" => "PodScheduled", "status" => "False", "reason" => "Unschedulable", "message" => message,
        "lastProbeTime" => Value::Null, "observedGeneration" => current.at("metadata.generation"),
    };
    let mut status = current["status"].clone();
    api.set_condition(status.slot("conditions"), condition);
    if let Some(node) = nominated {
        status.set("nominatedNodeName", node);
    }
    // A pod that has gone needs no condition.
    let _ = api.update_status(&pod.key(), status);
}

/// Reserves a free volume for a claim, or asks the provisioner for one on the node.
fn bind_volume(delayed: &Delayed, volume: Option<&Object>, node: &NodeInfo, api: &mut ApiServer) {
    let Some(claim) = api.store.get(&delayed.claim).cloned() else { return };
    let written = match volume {
        Some(volume) => {
            let reference = map! {
                "apiVersion" => "v1", "kind" => "PersistentVolumeClaim", "name" => claim.name(),
                "namespace" => claim.namespace(), "uid" => claim.uid(),
                "resourceVersion" => claim.at("metadata.resourceVersion"),
            };
            api.modify(&Key::new(Kind::PERSISTENT_VOLUME, "", volume.name()), |v| {
                v.set("spec.claimRef", reference);
            })
        }
        None => api.modify(&delayed.claim, |c| {
            let annotations = c.slot("metadata.annotations").map_mut();
            annotations.insert(SELECTED_NODE, &node.name);
        }),
    };
    // If either has gone, the claim's next change brings the pod back into the queue.
    let _ = written;
}
