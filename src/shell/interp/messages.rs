//! What the shells say, each in its own words.

use super::Shell;
use super::frame::Kind;
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
        let (arg0, line) = (&*self.arg0, self.shown_line());
        let arg0 = match self.calls.last() {
            Some(call) if self.flavour.is_bash() && !self.opts.interactive => &*call.source,
            _ => arg0,
        };
        let named = |sep: &str| builtin.map(|b| format!("{b}{sep}")).unwrap_or_default();
        match self.flavour {
            Flavour::Ash if self.sourced.last().is_some() => {
                let file = self.sourced.last().map_or("", |f| f);
                format!("{arg0}: {file}: line {}: {}", self.line, named(": "))
            }
            Flavour::Ash if self.opts.command_string => match builtin {
                Some(b) => format!("{arg0}: {b}: line {line}: "),
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
        let mut ps4 = self.vars.get("PS4").unwrap_or("+ ").to_owned();
        if self.flavour.is_bash()
            && let Some(first) = ps4.chars().next()
        {
            // bash shows how deep substitutions, `eval` and traps are.
            let texts = self.frames.iter().filter(|f| matches!(&f.kind, Kind::Source(s) if s.is_nested()));
            ps4.insert_str(0, &String::from(first).repeat(self.nested as usize + texts.count()));
        }
        let line = format!("{ps4}{text}\n");
        self.print(2, line.as_bytes());
    }

    /// The letters of `$-`.
    pub(in crate::shell) fn flags(&self) -> String {
        let o = &self.opts;
        let bash = self.flavour.is_bash();
        // bash goes by the alphabet, the others by their table from its end.
        let order = if bash { "aefhimnuvxBCEHTcs" } else { "cuaCvxsnmife" };
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
            'E' => o.errtrace,
            'T' => o.functrace,
            'H' => o.interactive,
            'c' => o.command_string && self.flavour != Flavour::Dash,
            _ => o.from_stdin,
        };
        order.chars().filter(|c| on(*c)).collect()
    }

    /// What bash's `time` says, in the form of `TIMEFORMAT`.
    pub(super) fn report_time(&mut self, real: Span, used: Span) {
        const USUAL: &str = "\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS";
        let format = self.vars.get("TIMEFORMAT").unwrap_or(USUAL).to_owned();
        if format.is_empty() {
            return;
        }
        let text = timed(&format, real.as_secs_f64(), used.as_secs_f64()) + "\n";
        self.print(2, text.as_bytes());
    }
}

/// `TIMEFORMAT` with its `%[digits][l]R`, `U`, `S`, `P`.
fn timed(format: &str, real: f64, used: f64) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let digits = chars.next_if(char::is_ascii_digit).and_then(|d| d.to_digit(10)).map_or(3, |d| d.min(3));
        let digits = digits as usize;
        let long = chars.next_if_eq(&'l').is_some();
        let seconds = match chars.next() {
            Some('R') => real,
            Some('U') => used,
            Some('S') => 0.0,
            Some('P') => {
                out.push_str(&format!("{:.digits$}", if real > 0.0 { used * 100.0 / real } else { 0.0 }));
                continue;
            }
            other => {
                out.extend(other);
                continue;
            }
        };
        if long {
            out.push_str(&format!("{}m{:.digits$}s", (seconds / 60.0) as u64, seconds % 60.0));
        } else {
            out.push_str(&format!("{seconds:.digits$}"));
        }
    }
    out
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
