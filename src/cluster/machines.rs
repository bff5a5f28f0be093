//! Machines that come, change and go while the cluster runs: what a person does in the server room, or in the
//! cloud's console.
//!
//! A new machine boots, its kubelet registers the node, and everything else follows from that object. Changed
//! processors and memory are seen when the kubelet starts anew, which it does at once; pods that no longer fit
//! then fail. A machine that is removed has no power any more, and somebody deletes its node.

use super::{Cluster, bootstrap, network};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Text, Value, names};
use crate::apiserver::DeleteOptions;
use crate::os::MachineId;
use crate::scenario::format::{NODES, NodeSpec};
use crate::trace::Cause;
use std::rc::Rc;

/// What a new machine has unless its words say else: a small one of a cloud.
const CPU: &str = "2";
const MEMORY: &str = "4Gi";
const DISK: &str = "100Gi";
/// The most pods that a node may be said to take (kubelet configuration `maxPods`, of which 110 are usual).
const MOST_PODS: u32 = 1_000;

/// What the words behind `add` and `resize` ask for.
#[derive(Default)]
struct Asked {
    cpu: Option<String>,
    memory: Option<String>,
    disk: Option<String>,
    pods: Option<u32>,
    labels: Vec<(Text, Text)>,
    taints: Vec<Value>,
}

impl Asked {
    fn parse(words: &[&str], joining: bool) -> Result<Asked, String> {
        let mut asked = Asked::default();
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(format!("fault: \"{word}\" is not like cpu=4 or memory=8Gi"));
            };
            match name {
                "cpu" => asked.cpu = Some(whole(name, value, bootstrap::MOST_CPUS)?),
                "memory" => asked.memory = Some(whole(name, value, u64::MAX)?),
                "disk" if joining => asked.disk = Some(whole(name, value, u64::MAX)?),
                "pods" => asked.pods = Some(pods(value)?),
                "label" if joining => asked.labels.push(label(value)?),
                "taint" if joining => asked.taints.push(
                    bootstrap::taint(value)
                        .ok_or_else(|| format!("fault: \"{value}\" is not like key=value:NoSchedule"))?,
                ),
                _ => return Err(format!("fault: a machine has no \"{name}\" that could be given here")),
            }
        }
        Ok(asked)
    }
}

/// A quantity of which there is at least one whole.
fn whole(name: &str, value: &str, most: u64) -> Result<String, String> {
    let amount = Quantity::parse(value).and_then(|q| u64::try_from(q.value()).ok());
    match amount {
        Some(n) if n > 0 && n <= most => Ok(value.to_string()),
        _ => Err(format!("fault: {name}={value}: \"{value}\" is not a quantity like 2 or 24Gi")),
    }
}

fn pods(value: &str) -> Result<u32, String> {
    let number = value.parse::<u32>().ok().filter(|n| (1..=MOST_PODS).contains(n));
    number.ok_or_else(|| format!("fault: pods={value}: not a number from 1 to {MOST_PODS}"))
}

fn label(value: &str) -> Result<(Text, Text), String> {
    let (key, value) = value.split_once('=').unwrap_or((value, ""));
    let complaints = names::qualified(key).into_iter().chain(names::label_value(value)).next();
    complaints
        .map_or(Ok((Text::from(key), Text::from(value))), |c| Err(format!("fault: label={key}={value}: {c}")))
}

impl Cluster {
    /// `fault node NAME add …`: a new machine joins.
    pub(super) fn add_machine(&mut self, name: &str, words: &[&str], cause: Cause) -> Result<(), String> {
        if self.node_index.contains_key(name) {
            return Err(format!("fault: there is a machine \"{name}\" already"));
        }
        if let Some(complaint) = names::dns_subdomain(name).into_iter().next() {
            return Err(format!("fault: \"{name}\": {complaint}"));
        }
        if self.kubelets.len() >= NODES {
            return Err(format!("fault: at most {NODES} machines"));
        }
        let asked = Asked::parse(words, true)?;
        let spec = NodeSpec {
            name: name.to_string(),
            ip: self.next_address().ok_or("fault: there is no address left in the nodes' network")?,
            pod_cidr: self.next_range().ok_or("fault: there is no range of addresses left for its pods")?,
            cpu: asked.cpu.unwrap_or_else(|| CPU.into()),
            memory: asked.memory.unwrap_or_else(|| MEMORY.into()),
            ephemeral_storage: asked.disk.unwrap_or_else(|| DISK.into()),
            pods: asked.pods.unwrap_or_else(|| NodeSpec::default().pods),
            ..NodeSpec::default()
        };
        let mut kubelet = bootstrap::machine(self, &spec).map_err(|(_, text)| format!("fault: {text}"))?;
        kubelet.equip(|settings| {
            settings.labels = asked.labels;
            settings.taints = asked.taints.into_iter().collect();
        });
        let node = self.kubelets.len();
        self.kubelets.push(Rc::new(kubelet.switched_off()));
        self.node_index.insert(Text::from(name), node);
        self.world.net.lags.push(network::lag(self.spec.seed, name));
        Rc::make_mut(&mut self.spec).nodes.push(spec);
        self.with_kubelet(node, cause, |k, e| k.set_running(true, e.api, e.world, e.runtime, e.timers));
        Ok(())
    }

    /// `fault node NAME resize …`: its machine is given other processors or memory, and its kubelet starts anew.
    pub(super) fn resize_machine(&mut self, name: &str, words: &[&str], cause: Cause) -> Result<(), String> {
        let node = self.node_number(name)?;
        let asked = Asked::parse(words, false)?;
        if words.is_empty() {
            return Err("fault: resize to what? e.g. cpu=4 memory=8Gi".into());
        }
        let amount = |text: Option<String>| text.and_then(|t| Quantity::parse(&t)).map(|q| q.value() as u64);
        let (cpus, memory) = (amount(asked.cpu), amount(asked.memory));
        if let Some(kubelet) = self.kubelets.get_mut(node).map(Rc::make_mut) {
            kubelet.equip(|s| {
                s.cpus = cpus.and_then(|n| u32::try_from(n).ok()).unwrap_or(s.cpus);
                s.memory = memory.unwrap_or(s.memory);
                s.max_pods = asked.pods.unwrap_or(s.max_pods);
            });
            let settings = kubelet.settings();
            self.world.equip(machine_id(node), settings.cpus, settings.memory);
        }
        for running in [false, true] {
            self.with_kubelet(node, cause, |k, e| {
                if k.is_running() != running && self_powered(e.world, node) {
                    k.set_running(running, e.api, e.world, e.runtime, e.timers);
                }
            });
        }
        Ok(())
    }

    /// `fault node NAME remove`: the machine goes for good, and its node is deleted.
    pub(super) fn remove_machine(&mut self, name: &str, cause: Cause) -> Result<(), String> {
        let node = self.node_number(name)?;
        if node == 0 {
            return Err(format!(
                "not simulated: a cluster without \"{name}\", on which the workstation and the control plane run"
            ));
        }
        if self.api.down {
            return Err("fault: the API server, which would delete the node, is down".into());
        }
        self.power(node, false, cause);
        self.world.scrap(machine_id(node));
        self.node_index.remove(name);
        // Somebody may have deleted the node already.
        let _ = self.api.delete(&Key::new(Kind::NODE, "", name), &DeleteOptions::default());
        Ok(())
    }

    /// The address behind the last one of the nodes.
    fn next_address(&self) -> Option<String> {
        let last = self.spec.nodes.iter().filter_map(|n| address(&n.ip)).max()?;
        let next = last.checked_add(1)?;
        // The first and the last address of a network are no machine's.
        let next = if next & 255 == 255 { next.checked_add(2)? } else { next };
        Some(dotted(next))
    }

    /// The range behind the last one of the nodes' pods, of the same size.
    fn next_range(&self) -> Option<String> {
        let ranges = self.spec.nodes.iter().filter_map(|n| n.pod_cidr.split_once('/'));
        let ranges = ranges.filter_map(|(ip, bits)| Some((address(ip)?, bits.parse::<u32>().ok()?)));
        let (last, bits) = ranges.max()?;
        let next = last.checked_add(1_u32.checked_shl(32_u32.checked_sub(bits)?)?)?;
        (next >> 16 == last >> 16).then(|| format!("{}/{bits}", dotted(next)))
    }
}

fn machine_id(node: usize) -> MachineId {
    MachineId(u32::try_from(node).unwrap_or(u32::MAX))
}

fn self_powered(world: &crate::os::World, node: usize) -> bool {
    world.machine(machine_id(node)).powered
}

/// An IPv4 address as a number.
fn address(text: &str) -> Option<u32> {
    let parts: Vec<u8> = text.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    Some(u32::from_be_bytes(parts.try_into().ok()?))
}

fn dotted(number: u32) -> String {
    number.to_be_bytes().map(|b| b.to_string()).join(".")
}
