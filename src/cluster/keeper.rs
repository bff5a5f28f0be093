//! The keeper of the machines: what `systemctl`, `fault`, `traffic`, `crictl` and `journalctl` ask for from inside.
//!
//! The programs only pass their words on; the cluster carries them out, or answers.

use super::Cluster;
use crate::api::Text;
use crate::os::{Answer, Program, STDERR, STDOUT, Spawn, Step, Sys, Wait};

/// The units of a machine that can be started and stopped.
const UNITS: &[&str] = &["kubelet", "containerd"];

/// `systemctl`, `fault`, `traffic`, `crictl` or `journalctl`, running.
#[derive(Clone, Debug)]
pub struct Asking {
    name: &'static str,
    words: Vec<Text>,
}

impl Asking {
    /// The program of a name with its arguments; `None` if it asks nobody.
    pub fn new(name: &str, spawn: &Spawn) -> Option<Asking> {
        let name = *["systemctl", "fault", "traffic", "crictl", "journalctl"].iter().find(|n| **n == name)?;
        Some(Asking { name, words: spawn.argv.iter().skip(1).cloned().collect() })
    }

    /// Carries out what changes something; `None` if it is a question.
    fn command(&self, sys: &mut dyn Sys) -> Option<i32> {
        let words: Vec<&str> = self.words.iter().map(Text::as_str).filter(|w| !w.starts_with('-')).collect();
        match (self.name, words.as_slice()) {
            ("fault", []) => Some(say(sys, super::FAULT_USAGE, 1)),
            ("systemctl", ["daemon-reload" | "reset-failed"]) => Some(0),
            ("systemctl", ["start" | "stop" | "restart" | "enable" | "disable", units @ ..]) => {
                let action = words[0];
                let mut code = 0;
                for unit in units.iter().map(|u| u.trim_end_matches(".service")) {
                    if !UNITS.contains(&unit) {
                        let text =
                            format!("Failed to {action} {unit}.service: Unit {unit}.service not found.\n");
                        code = say(sys, &text, 5);
                        continue;
                    }
                    match (action, self.words.iter().any(|w| w.as_str() == "--now")) {
                        ("enable", true) => sys.request_service(&format!("{unit} start")),
                        ("disable", true) => sys.request_service(&format!("{unit} stop")),
                        ("enable" | "disable", false) => {}
                        (action, _) => sys.request_service(&format!("{unit} {action}")),
                    }
                }
                Some(code)
            }
            _ => None,
        }
    }
}

fn say(sys: &mut dyn Sys, text: &str, code: i32) -> i32 {
    let _ = sys.write(STDERR, text.as_bytes());
    code
}

impl Program for Asking {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(code) = self.command(sys) {
            return Step::Exit(code);
        }
        let mut words = vec![Text::lit(self.name)];
        words.extend(self.words.iter().cloned());
        let Some(answer) = sys.ask(&words) else { return Wait::forever() };
        let _ = sys.write(STDOUT, answer.out.as_bytes());
        let _ = sys.write(STDERR, answer.err.as_bytes());
        Step::Exit(answer.code)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Cluster {
    /// Carries out what programs asked for. Returns whether there was anything.
    pub(super) fn serve_machines(&mut self) -> bool {
        let requests = self.world.take_service_requests();
        let questions = self.world.take_questions();
        let any = !requests.is_empty() || !questions.is_empty();
        for (machine, request) in requests {
            let node = self.world.machine(machine).name.clone();
            let lines = match request.split_once(' ') {
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
        for question in questions {
            let answer = match question.words.split_first() {
                Some((name, words)) if *name == "fault" => self.fault_answer(words),
                Some((name, words)) if *name == "traffic" => self.traffic_answer(words),
                _ => self.answer(&question),
            };
            self.world.answer(&question, answer);
        }
        any
    }

    /// Starts, stops or counts traffic for the program `traffic`.
    fn traffic_answer(&mut self, words: &[Text]) -> Answer {
        let words: Vec<&str> = words.iter().map(Text::as_str).collect();
        match self.traffic_words(&words, self.command) {
            Ok(out) => Answer { out, ..Answer::default() },
            Err(text) => Answer { code: 1, err: format!("{}\n", text.trim_end()), ..Answer::default() },
        }
    }

    /// Breaks or mends something for the program `fault`, which says what was wrong with its words.
    fn fault_answer(&mut self, words: &[Text]) -> Answer {
        let words: Vec<&str> = words.iter().map(Text::as_str).collect();
        match self.fault_quietly(&words.join(" "), self.command) {
            Ok(()) => Answer::default(),
            Err(text) => Answer { code: 1, err: format!("{}\n", text.trim_end()), ..Answer::default() },
        }
    }
}
