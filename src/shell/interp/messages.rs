//! What the shells say, each in its own words.

use super::Shell;
use crate::shell::Flavour;
use crate::time::Span;

impl Shell {
    /// Prints an error with the shell's name (and the builtin's) before it.
    pub(super) fn complain(&mut self, text: &str) {
        let message = format!("{}{text}\n", self.error_prefix());
        self.print(2, message.as_bytes());
    }

    /// What stands before an error text.
    pub(super) fn error_prefix(&self) -> String {
        let builtin = self.builtin.as_deref();
        let (arg0, line) = (&*self.arg0, self.line);
        let named = |sep: &str| builtin.map(|b| format!("{b}{sep}")).unwrap_or_default();
        match self.flavour {
            Flavour::Ash if self.opts.command_string => match builtin {
                Some(b) => format!("{arg0}: {b}: line 0: "),
                None => format!("{arg0}: "),
            },
            Flavour::Ash if self.opts.interactive || self.opts.from_stdin => match builtin {
                Some(b) if !self.opts.interactive => format!("{arg0}: {b}: line {line}: "),
                _ => format!("{arg0}: {}", named(": ")),
            },
            Flavour::Ash => format!("{arg0}: {}line {line}: ", named(": ")),
            Flavour::Bash if self.opts.interactive => format!("{arg0}: {}", named(": ")),
            Flavour::Bash => format!("{arg0}: line {line}: {}", named(": ")),
            Flavour::Dash => format!("{arg0}: {line}: {}", named(": ")),
        }
    }

    /// The text about a read-only variable.
    pub(in crate::shell) fn readonly_text(&self, name: &str) -> String {
        if self.flavour.is_bash() {
            format!("{name}: readonly variable")
        } else {
            format!("{name}: is read only")
        }
    }

    /// A line of `set -x`.
    pub(super) fn trace(&mut self, text: &str) {
        let ps4 = self.vars.get("PS4").unwrap_or("+ ").to_owned();
        let line = format!("{ps4}{text}\n");
        self.print(2, line.as_bytes());
    }

    /// The letters of `$-`.
    pub(in crate::shell) fn flags(&self) -> String {
        let o = &self.opts;
        let bash = self.flavour.is_bash();
        // bash goes by the alphabet, the others by their table from its end.
        let order = if bash { "aefhimnuvxBCHcs" } else { "cuaCvxsnmife" };
        let on = |c: char| match c {
            'a' => o.allexport,
            'e' => o.errexit,
            'f' => o.noglob,
            'h' | 'B' => bash,
            'i' => o.interactive,
            'm' => o.monitor,
            'n' => o.noexec,
            'u' => o.nounset,
            'v' => o.verbose,
            'x' => o.xtrace,
            'C' => o.noclobber,
            'H' => o.interactive,
            'c' => o.command_string && self.flavour != Flavour::Dash,
            _ => o.from_stdin,
        };
        order.chars().filter(|c| on(*c)).collect()
    }

    /// The lines of bash's `time`.
    pub(super) fn report_time(&mut self, real: Span, used: Span) {
        let line = |name: &str, s: f64| format!("{name}\t{}m{:.3}s\n", (s / 60.0) as u64, s % 60.0);
        let (real, used) = (real.as_secs_f64(), used.as_secs_f64());
        let text = format!("\n{}{}{}", line("real", real), line("user", used), line("sys", 0.0));
        self.print(2, text.as_bytes());
    }
}

/// What a signal is called when it has ended a job.
pub fn signal_text(signal: crate::os::program::Signal) -> &'static str {
    use crate::os::program::Signal::*;
    match signal {
        Hup => "Hangup",
        Int => "Interrupt",
        Quit => "Quit",
        Abrt => "Aborted",
        Kill => "Killed",
        Segv => "Segmentation fault",
        Usr1 => "User defined signal 1",
        Usr2 => "User defined signal 2",
        Pipe => "Broken pipe",
        Alrm => "Alarm clock",
        Term => "Terminated",
        Stop | Tstp => "Stopped",
        _ => "Signal",
    }
}
