//! Parameters that the shell keeps itself: `$?`, `$#`, `RANDOM`, `SECONDS`, `BASH_…`.

use crate::rng::Rng;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use std::rc::Rc;

impl Shell {
    /// A number that the shell keeps and that changes by itself.
    pub(super) fn counted(&mut self, name: &str) -> Option<i64> {
        Some(match name {
            "RANDOM" if self.flavour.extended() => i64::from(self.random()),
            "SECONDS" if self.flavour.is_bash() => {
                let (since, base) = self.seconds;
                base.saturating_add(self.now.since(since).as_secs() as i64)
            }
            "LINENO" if self.flavour != Flavour::Dash => i64::from(self.shown_line()),
            _ => return None,
        })
    }

    /// An assignment to what the shell keeps itself: the seed of `RANDOM`, the beginning of `SECONDS`.
    pub(in crate::shell) fn reset_counter(&mut self, name: &str, value: &str) {
        let number: i64 = value.trim().parse().unwrap_or(0);
        match name {
            "RANDOM" if self.flavour.extended() => self.rng = Rng::stream(number as u64, "RANDOM"),
            "SECONDS" if self.flavour.is_bash() => self.seconds = (self.now, number),
            _ => {}
        }
    }

    /// A special parameter or a positional one.
    pub(super) fn special(&self, name: &str) -> Option<Rc<str>> {
        let text = match name {
            "?" => self.status.to_string(),
            "#" => self.params.len().to_string(),
            "$" => self.main_pid.to_string(),
            "!" => return self.last_background.map(|p| p.to_string().into()),
            "-" => self.flags(),
            "0" => return Some(self.zero.clone()),
            "PPID" => self.parent_pid.to_string(),
            "BASH_SUBSHELL" if self.flavour.is_bash() => self.level.to_string(),
            "BASH_COMMAND" if self.flavour.is_bash() => return Some(self.command_text()),
            "BASH" if self.flavour.is_bash() => "/usr/bin/bash".into(),
            "GROUPS" if self.flavour.is_bash() => "0".into(),
            "BASHPID" if self.flavour.is_bash() => self.main_pid.to_string(),
            "UID" | "EUID" if self.flavour.is_bash() => self.uid.to_string(),
            "FUNCNAME" if self.flavour.is_bash() => return self.calls.last().map(|c| c.name.clone()),
            "BASH_VERSION" if self.flavour.is_bash() => "5.2.15(1)-release".into(),
            "SHLVL" if self.flavour.is_bash() => self.vars.get("SHLVL").unwrap_or("1").into(),
            _ => {
                let n: usize = name.parse().ok()?;
                return self.params.get(n.checked_sub(1)?).cloned();
            }
        };
        Some(text.into())
    }

    fn random(&mut self) -> u32 {
        // The generator of the shell's own, advanced by every use.
        (self.rng.next_u64() >> 33) as u32 & 0x7fff
    }
}
