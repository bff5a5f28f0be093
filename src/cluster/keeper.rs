//! The keeper of the machines: what `systemctl` and `fault` ask for from inside.
//!
//! Both programs only pass their words on; the cluster carries them out after the program has ended.

use super::Cluster;
use crate::api::Text;
use crate::os::{Program, STDERR, STDOUT, Spawn, Step, Sys};

/// What systemd says of units that these machines do not have.
const UNITS: &[&str] = &["kubelet", "containerd"];

/// `systemctl` or `fault`, running.
#[derive(Clone, Debug)]
pub struct Asking {
    name: &'static str,
    words: Vec<Text>,
}

impl Asking {
    /// The program of a name with its arguments.
    pub fn new(name: &str, spawn: &Spawn) -> Asking {
        let name = if name == "fault" { "fault" } else { "systemctl" };
        Asking { name, words: spawn.argv.iter().skip(1).cloned().collect() }
    }

    fn systemctl(&self, sys: &mut dyn Sys) -> i32 {
        let words: Vec<&str> = self.words.iter().map(Text::as_str).filter(|w| !w.starts_with('-')).collect();
        let (action, unit) = match words.as_slice() {
            [action, unit] => (*action, unit.trim_end_matches(".service")),
            _ => {
                return say(
                    sys,
                    "systemctl: not simulated: only start, stop, restart, status of kubelet and containerd\n",
                    1,
                );
            }
        };
        if !UNITS.contains(&unit) {
            return say(
                sys,
                &format!("Failed to {action} {unit}.service: Unit {unit}.service not found.\n"),
                5,
            );
        }
        match action {
            "start" | "stop" | "restart" => sys.request_service(&format!("{unit} {action}")),
            "status" | "is-active" => {
                let _ = sys.write(STDOUT, format!("not simulated: systemctl {action}\n").as_bytes());
            }
            _ => return say(sys, &format!("Unknown command verb {action}.\n"), 1),
        }
        0
    }
}

fn say(sys: &mut dyn Sys, text: &str, code: i32) -> i32 {
    let _ = sys.write(STDERR, text.as_bytes());
    code
}

impl Program for Asking {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if self.name == "systemctl" {
            return Step::Exit(self.systemctl(sys));
        }
        if self.words.is_empty() {
            return Step::Exit(say(sys, super::FAULT_USAGE, 1));
        }
        sys.request_service(&format!("fault {}", self.words.join(" ")));
        Step::Exit(0)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Cluster {
    /// Carries out what programs asked for. Returns whether there was anything.
    pub(super) fn serve_machines(&mut self) -> bool {
        let requests = self.world.take_service_requests();
        let any = !requests.is_empty();
        for (machine, request) in requests {
            let node = self.world.machine(machine).name.clone();
            let lines = match request.split_once(' ') {
                Some(("fault", line)) => vec![line.to_string()],
                Some((unit, action)) => {
                    let what = if unit == "containerd" { "runtime" } else { "kubelet" };
                    let actions = if action == "restart" { vec!["stop", "start"] } else { vec![action] };
                    actions.into_iter().map(|a| format!("{what} {node} {a}")).collect()
                }
                None => Vec::new(),
            };
            for line in lines {
                if let Err(text) = self.fault_quietly(&line, self.command) {
                    self.tell(&text);
                }
            }
        }
        any
    }
}
