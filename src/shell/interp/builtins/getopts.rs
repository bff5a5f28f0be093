//! `getopts`.

use super::Outcome;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use std::rc::Rc;

pub fn getopts(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let (Some(spec), Some(name)) = (argv.get(1).cloned(), argv.get(2).cloned()) else {
        return Outcome::Fail("usage: getopts optstring var [arg]".into(), 2);
    };
    let args: Vec<Rc<str>> = if argv.len() > 3 { argv[3..].to_vec() } else { shell.params.to_vec() };
    let optind: usize = shell.vars.get("OPTIND").and_then(|o| o.parse().ok()).unwrap_or(1).max(1);
    let (last, mut at) = shell.getopts;
    if last != optind {
        at = 0;
    }
    let mut index = optind;
    let word = args.get(index - 1).cloned().unwrap_or_default();
    let chars: Vec<char> = word.chars().collect();
    if at == 0 {
        if chars.len() < 2 || chars[0] != '-' || &*word == "--" {
            index += usize::from(&*word == "--");
            return finish_options(shell, &name, "?", index, 0, 1);
        }
        at = 1;
    }
    let c = chars.get(at).copied().unwrap_or('?');
    at += 1;
    let more = at < chars.len();
    let silent = spec.starts_with(':');
    let place = spec.find(c).filter(|_| c != ':');
    let takes = place.is_some_and(|p| spec[p + c.len_utf8()..].starts_with(':'));
    let _ = shell.vars.unset("OPTARG", None);
    let mut result = c.to_string();
    if place.is_none() {
        result = "?".into();
        if silent {
            let _ = shell.vars.set("OPTARG", &c.to_string());
        } else {
            let line = match shell.flavour {
                Flavour::Bash => format!("{}: illegal option -- {c}\n", shell.arg0),
                _ => format!("Illegal option -{c}\n"),
            };
            shell.print(2, line.as_bytes());
        }
    } else if takes {
        let value: Option<String> = if more {
            Some(chars[at..].iter().collect())
        } else {
            let value = args.get(index).map(|a| a.to_string());
            index += usize::from(value.is_some());
            value
        };
        at = chars.len();
        match value {
            Some(value) => {
                let _ = shell.vars.set("OPTARG", &value);
            }
            None => {
                result = if silent { ":" } else { "?" }.into();
                if silent {
                    let _ = shell.vars.set("OPTARG", &c.to_string());
                } else {
                    let line = match shell.flavour {
                        Flavour::Bash => format!("{}: option requires an argument -- {c}\n", shell.arg0),
                        _ => format!("No arg for -{c} option\n"),
                    };
                    shell.print(2, line.as_bytes());
                }
            }
        }
    }
    if at >= chars.len() {
        index += 1;
        at = 0;
    }
    finish_options(shell, &name, &result, index, at, 0)
}

fn finish_options(
    shell: &mut Shell,
    name: &str,
    result: &str,
    index: usize,
    at: usize,
    status: i32,
) -> Outcome {
    let _ = shell.vars.set(name, result);
    let _ = shell.vars.set("OPTIND", &index.to_string());
    shell.getopts = (index, at);
    Outcome::Status(status)
}
