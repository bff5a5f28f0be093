//! Faults: what can be broken and mended, each by a command line, at an exact instant.
//!
//! The same words serve the workstation's `fault` program, the page's menus and scenarios.

use super::Cluster;
use crate::api::object::Key;
use crate::api::{Kind, Text, duration};
use crate::cri::RegistryState;
use crate::kubelet::logs;
use crate::os::MachineId;
use crate::time::Span;
use crate::trace::{Cause, What};
use std::rc::Rc;

/// What a person may break, as the `fault` command says it when it is called wrongly.
pub const USAGE: &str = "\
usage: fault node NAME down|up            cut a machine's power, or give it back
       fault node NAME add [cpu=2] [memory=4Gi] [disk=100Gi] [pods=110] [label=K=V] [taint=K=V:EFFECT]
                                          a new machine joins the cluster
       fault node NAME resize [cpu=4] [memory=8Gi] [pods=110]
                                          other processors or memory; its kubelet starts anew
       fault node NAME remove             the machine goes for good, and its node is deleted
       fault kubelet NAME stop|start      stop or start the node agent
       fault runtime NAME stop|start      stop or start the container runtime
       fault proxy NAME stop|start        kube-proxy of a node: its rules stay as they are meanwhile
       fault kill [-n NS] POD [CONTAINER] kill process 1 of a container
       fault scheduler pause|resume       the scheduler sees and does nothing meanwhile
       fault controllers pause|resume     likewise the controller manager
       fault apiserver down|up            nobody answers at the API server's port
       fault etcd slow SPAN|normal        every write takes SPAN longer, e.g. 500ms
       fault dns down|up                  nobody answers for the cluster's names
       fault registry down|up             whether image registries answer
       fault registry slow FACTOR         pulls take FACTOR times as long
       fault network cut NODE NODE        new connections between two workers' pods time out
       fault network mend                 all nodes reach each other again
";

/// The label of a node that runs the control plane.
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// The longest delay of etcd: beyond its own request timeout of 5 s and some writes would fail.
const ETCD_DELAY: Span = Span::secs(5);

/// What is broken at the moment, beside what components know themselves.
#[derive(Clone, Debug, Default)]
pub struct Broken {
    /// The scheduler is paused.
    pub scheduler: bool,
    /// The controller manager is paused.
    pub controllers: bool,
}

impl Cluster {
    /// Breaks or mends something now.
    ///
    /// # Errors
    /// Says what is wrong with the command line, and what there is.
    pub fn fault(&mut self, line: &str) -> Result<(), String> {
        self.fault_quietly(line, Cause::START)?;
        self.settle();
        Ok(())
    }

    /// As [`Cluster::fault`], for callers that are settling already, on behalf of a command.
    ///
    /// # Errors
    /// Likewise.
    pub(super) fn fault_quietly(&mut self, line: &str, asked: Cause) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = words.strip_prefix(&["fault"]).unwrap_or(&words);
        self.api.enter(self.now, asked, Text::lit("fault"));
        let cause = self.api.note(What::Fault { text: Text::from(words.join(" ")) });
        match words {
            ["node", name, power @ ("down" | "up")] => {
                let node = self.node_number(name)?;
                self.power(node, *power == "up", cause);
            }
            ["node", name, "add", words @ ..] => self.add_machine(name, words, cause)?,
            ["node", name, "resize", words @ ..] => self.resize_machine(name, words, cause)?,
            ["node", name, "remove"] => self.remove_machine(name, cause)?,
            ["kubelet", name, what @ ("stop" | "start")] => {
                let node = self.node_number(name)?;
                self.with_kubelet(node, cause, |k, e| {
                    k.set_running(*what == "start", e.api, e.world, e.runtime, e.timers)
                });
            }
            ["runtime", name, what @ ("stop" | "start")] => {
                let node = self.node_number(name)?;
                self.with_kubelet(node, cause, |k, e| {
                    k.set_runtime_running(*what == "start", e.api, e.world, e.runtime, e.timers);
                });
            }
            ["proxy", name, what @ ("stop" | "start")] => {
                let node = MachineId(u32::try_from(self.node_number(name)?).unwrap_or(u32::MAX));
                self.world.net.set_proxy(node, *what == "start", self.now);
            }
            ["dns", what @ ("down" | "up")] => {
                if !self.spec.settings.dns {
                    return Err("fault: this cluster has no DNS (settings: {dns: false})".into());
                }
                self.world.net.dns.answers = *what == "up";
            }
            ["scheduler", what @ ("pause" | "resume")] => self.broken.scheduler = *what == "pause",
            ["controllers", what @ ("pause" | "resume")] => self.broken.controllers = *what == "pause",
            ["apiserver", what @ ("down" | "up")] => self.set_api_server(*what == "up", cause),
            ["etcd", "normal"] => self.api.etcd_delay = Span::ZERO,
            ["etcd", "slow", span] => {
                let nanos = duration::parse(span).ok().and_then(|n| u64::try_from(n).ok());
                let delay =
                    nanos.map(|n| Span::micros(n / 1_000)).filter(|d| *d > Span::ZERO && *d <= ETCD_DELAY);
                self.api.etcd_delay = delay.ok_or_else(|| {
                    format!("fault: \"{span}\" is not a span like 500ms, at most {}s", ETCD_DELAY.as_secs())
                })?;
            }
            ["registry", what @ ("down" | "up")] => {
                self.runtime.set_registry(if *what == "up" { RegistryState::Up } else { RegistryState::Down })
            }
            ["registry", "slow", factor] => match factor.parse::<f64>() {
                Ok(f) if (0.01..=10_000.0).contains(&f) => self.runtime.set_registry(RegistryState::Slow(f)),
                _ => return Err(format!("fault: \"{factor}\" is not a factor between 0.01 and 10000")),
            },
            ["network", "cut", a, b] => self.cut(a, b)?,
            ["network", "mend"] => self.world.net.cuts.clear(),
            ["kill", "-n", namespace, rest @ ..] => self.kill(namespace, rest)?,
            ["kill", rest @ ..] => {
                let namespace = self.home();
                self.kill(&namespace, rest)?;
            }
            _ => return Err(USAGE.to_string()),
        }
        Ok(())
    }

    pub(super) fn node_number(&self, name: &str) -> Result<usize, String> {
        self.node_index.get(name).copied().ok_or_else(|| {
            let names: Vec<&str> = self.node_index.keys().map(Text::as_str).collect();
            format!("fault: there is no node \"{name}\"; there are {}", names.join(", "))
        })
    }

    /// New connections between two workers are lost from now on; those that are open stay open. Kubelets
    /// reach the API server by other means, so a control plane cannot be cut off.
    fn cut(&mut self, a: &str, b: &str) -> Result<(), String> {
        let (from, to) = (self.node_number(a)?, self.node_number(b)?);
        if from == to {
            return Err(format!("fault: a cut is between two nodes, and \"{a}\" is one"));
        }
        for name in [a, b] {
            let node = self.api.store.get(&Key::new(Kind::NODE, "", name));
            if node.is_some_and(|n| n.label(CONTROL_PLANE).is_some()) {
                return Err(format!(
                    "not simulated: a network cut of the control plane's node \"{name}\" \
                     (\"fault kubelet NAME stop\" stops what a node reports)"
                ));
            }
        }
        let machine = |node: usize| MachineId(u32::try_from(node).unwrap_or(u32::MAX));
        let pair = (machine(from.min(to)), machine(from.max(to)));
        if !self.world.net.cuts.contains(&pair) {
            self.world.net.cuts.push(pair);
        }
        Ok(())
    }

    /// While nobody answers, pods run on, scheduler and controllers wait, and kubelets keep what they have to say.
    /// Afterwards they say it at their next heartbeats, and every node counts as heard of just now.
    fn set_api_server(&mut self, up: bool, cause: Cause) {
        if self.api.down != up {
            return;
        }
        self.api.down = !up;
        if up {
            self.controllers.heard_of_nodes(self.now);
            for node in 0..self.kubelets.len() {
                self.with_kubelet(node, cause, |k, e| k.api_server_is_back(e.api.now, e.api.cause, e.timers));
            }
        }
    }

    /// A machine without power runs nothing; when it boots, its kubelet starts.
    pub(super) fn power(&mut self, node: usize, on: bool, cause: Cause) {
        let machine = MachineId(u32::try_from(node).unwrap_or(u32::MAX));
        if !on {
            self.with_kubelet(node, cause, |k, e| k.set_running(false, e.api, e.world, e.runtime, e.timers));
        }
        let boots = on && !self.world.machine(machine).powered;
        self.world.power(machine, on);
        if on {
            self.world.net.set_proxy(machine, true, self.now);
            self.with_kubelet(node, cause, |k, e| {
                if boots {
                    k.booted();
                }
                k.set_running(true, e.api, e.world, e.runtime, e.timers);
            });
        }
    }

    fn kill(&mut self, namespace: &str, words: &[&str]) -> Result<(), String> {
        let (pod, container) = match words {
            [pod] => (*pod, None),
            [pod, container] => (*pod, Some(*container)),
            _ => return Err(USAGE.to_string()),
        };
        let name = pod.strip_prefix("pod/").unwrap_or(pod);
        let key = Key::new(Kind::POD, namespace, name);
        let Some(object) = self.api.store.get(&key) else {
            return Err(format!("fault: pods \"{name}\" not found in namespace \"{namespace}\""));
        };
        let kubelet = self
            .node_index
            .get(object.at("spec.nodeName").str())
            .and_then(|n| self.kubelets.get(*n))
            .map(Rc::as_ref);
        let asked = logs::Asked { container: container.unwrap_or(""), previous: false };
        let found = logs::running_container(object, kubelet, &self.runtime, &asked, "exec");
        let id = found.map_err(|s| format!("fault: {}", s.message))?;
        self.runtime.stop_container(&mut self.world, self.now, id, Span::ZERO);
        Ok(())
    }
}
