//! `set`: options, parameters, and the list of all variables.

use super::Outcome;
use super::declare::array_text;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use crate::shell::text::single_quoted;
use crate::shell::vars::Content;
use std::rc::Rc;

/// The letters and names of the options of `set`.
const OPTIONS: [(char, &str); 12] = [
    ('a', "allexport"),
    ('e', "errexit"),
    ('f', "noglob"),
    ('n', "noexec"),
    ('u', "nounset"),
    ('v', "verbose"),
    ('x', "xtrace"),
    ('C', "noclobber"),
    ('m', "monitor"),
    (' ', "pipefail"),
    ('E', "errtrace"),
    ('T', "functrace"),
];

impl Shell {
    fn option(&mut self, name: &str) -> Option<&mut bool> {
        let bash = self.flavour.is_bash();
        let o = &mut self.opts;
        Some(match name {
            "allexport" => &mut o.allexport,
            "errexit" => &mut o.errexit,
            "noglob" => &mut o.noglob,
            "noexec" => &mut o.noexec,
            "nounset" => &mut o.nounset,
            "verbose" => &mut o.verbose,
            "xtrace" => &mut o.xtrace,
            "noclobber" => &mut o.noclobber,
            "monitor" => &mut o.monitor,
            "pipefail" => &mut o.pipefail,
            "errtrace" if bash => &mut o.errtrace,
            "functrace" if bash => &mut o.functrace,
            _ => return None,
        })
    }

    /// Sets an option by its letter; false if there is none.
    pub(in crate::shell::interp) fn set_option(&mut self, letter: char, on: bool) -> bool {
        if matches!(letter, 'h' | 'b' | 'B' | 'H' | 'P' | 'k' | 't') && self.flavour.is_bash() {
            return true;
        }
        match OPTIONS.iter().find(|(l, _)| *l == letter && letter != ' ') {
            Some((_, name)) => self.set_option_named(name, on),
            None => false,
        }
    }

    /// Sets an option by its name; false if there is none.
    pub(in crate::shell::interp) fn set_option_named(&mut self, name: &str, on: bool) -> bool {
        if name == "pipefail" && self.flavour == Flavour::Dash {
            return false;
        }
        match self.option(name) {
            Some(option) => {
                *option = on;
                true
            }
            None => matches!(
                name,
                "posix"
                    | "vi"
                    | "emacs"
                    | "history"
                    | "braceexpand"
                    | "ignoreeof"
                    | "nolog"
                    | "hashall"
                    | "histexpand"
            ),
        }
    }

    /// Whether an option is on.
    pub(in crate::shell::interp) fn option_is_on(&mut self, name: &str) -> bool {
        self.option(name).is_some_and(|o| *o)
    }
}

pub fn set(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if argv.len() == 1 {
        list_variables(shell);
        return Outcome::Status(0);
    }
    let mut i = 1;
    while let Some(arg) = argv.get(i).cloned() {
        let on = arg.starts_with('-');
        if &*arg == "-" {
            shell.opts.xtrace = false;
            shell.opts.verbose = false;
        }
        if &*arg == "--" || &*arg == "-" {
            if &*arg == "--" || i + 1 < argv.len() {
                shell.params = argv[i + 1..].into();
            }
            return Outcome::Status(0);
        }
        if !on && !arg.starts_with('+') {
            shell.params = argv[i..].into();
            return Outcome::Status(0);
        }
        i += 1;
        for c in arg[1..].chars() {
            if c == 'o' {
                let Some(name) = argv.get(i).cloned() else {
                    list_options(shell, on);
                    return Outcome::Status(0);
                };
                i += 1;
                if !shell.set_option_named(&name, on) {
                    return match shell.flavour {
                        Flavour::Bash => Outcome::Fail(format!("{name}: invalid option name"), 2),
                        Flavour::Ash => {
                            shell.complain(&format!("illegal option -o {name}"));
                            Outcome::Status(1)
                        }
                        Flavour::Dash => Outcome::Fail(format!("Illegal option -o {name}"), 2),
                    };
                }
            } else if !shell.set_option(c, on) {
                let sign = &arg[..1];
                return match shell.flavour {
                    Flavour::Bash => {
                        shell.complain(&format!("{sign}{c}: invalid option"));
                        let usage =
                            "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n";
                        shell.print(2, usage.as_bytes());
                        Outcome::Status(2)
                    }
                    Flavour::Ash => Outcome::Fail(format!("illegal option {sign}{c}"), 2),
                    Flavour::Dash => Outcome::Fail(format!("Illegal option {sign}{c}"), 2),
                };
            }
        }
    }
    Outcome::Status(0)
}

/// The options as the shells list them, those without an effect here among them.
const ASH: &str = "errexit noglob ignoreeof monitor noexec xtrace verbose noclobber allexport notify nounset \
     errtrace vi pipefail";
const DASH: &str = "errexit noglob ignoreeof interactive monitor noexec stdin xtrace verbose vi emacs noclobber \
     allexport notify nounset privileged nolog debug";
const BASH: &str = "allexport braceexpand emacs errexit errtrace functrace hashall histexpand history ignoreeof \
     interactive-comments keyword monitor noclobber noexec noglob nolog notify nounset onecmd physical pipefail \
     posix privileged verbose vi xtrace";

fn list_options(shell: &mut Shell, table: bool) {
    let names = match shell.flavour {
        Flavour::Ash => ASH,
        Flavour::Dash => DASH,
        Flavour::Bash => BASH,
    };
    if table && shell.flavour == Flavour::Dash {
        shell.print(1, b"Current option settings\n");
    }
    for name in names.split_ascii_whitespace() {
        let interactive = shell.opts.interactive;
        let on = match name {
            "braceexpand" | "hashall" | "interactive-comments" => shell.flavour.is_bash(),
            "interactive" | "history" | "emacs" | "histexpand" => interactive,
            "stdin" => shell.opts.from_stdin,
            name => shell.option_is_on(name),
        };
        let line = match (table, shell.flavour.is_bash()) {
            (true, true) => format!("{name:<15}\t{}\n", if on { "on" } else { "off" }),
            (true, false) => format!("{name:<16}{}\n", if on { "on" } else { "off" }),
            (false, _) => format!("set {}o {name}\n", if on { '-' } else { '+' }),
        };
        shell.print(1, line.as_bytes());
    }
}

fn list_variables(shell: &mut Shell) {
    let mut text = String::new();
    for (name, var) in shell.vars.all() {
        match &var.value {
            Some(Content::Scalar(v)) => {
                let plain = shell.flavour.is_bash()
                    && v.chars().all(|c| c.is_alphanumeric() || "_./:-=,+@%".contains(c));
                let shown = if plain { v.to_string() } else { single_quoted(v) };
                text.push_str(&format!("{name}={shown}\n"));
            }
            Some(content) => text.push_str(&format!("{name}={}\n", array_text(content))),
            None => {}
        }
    }
    shell.print(1, text.as_bytes());
}
