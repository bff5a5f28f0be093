//! `perl`: versions, digits of π, and the smallest of scripts.
//!
//! A script given with `-e` may consist of `print` or `say` of one literal, `print bpi(N)` (with the `bignum`
//! pragma), `sleep N` and `exit N`, one after the other. Everything else is reported as not simulated.

use super::say::{Act, not_simulated, said, script};
use crate::os::{Program, STDOUT, Spawn};
use crate::time::Span;

/// Most digits of π that are computed.
const MAX_DIGITS: usize = 5_000;

/// How long 1,000 digits take; the time grows with the square of their number.
const THOUSAND_DIGITS: f64 = 1.5;

/// Starts the interpreter.
pub fn perl(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let (mut code, mut newline, mut args) = (None, false, spawn.argv.iter().skip(1));
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-v" | "--version" => {
                return said(&format!(
                    "\nThis is perl 5, version {}, subversion {} (v{version}) built for x86_64-linux-gnu\n",
                    version.split('.').nth(1).unwrap_or("0"),
                    version.split('.').nth(2).unwrap_or("0")
                ));
            }
            module if module.starts_with("-M") => {}
            flags if flags.starts_with('-') && flags[1..].chars().all(|c| "wleEn".contains(c)) => {
                newline |= flags.contains(['l', 'E']);
                if flags.contains(['e', 'E']) {
                    code = args.next();
                }
            }
            other => return not_simulated(&format!("perl {other}")),
        }
    }
    match code {
        Some(code) => acts(code, newline),
        // Without a script it reads one from standard input, which is at its end in a container.
        None => said(""),
    }
}

fn acts(code: &str, newline: bool) -> Box<dyn Program> {
    let mut acts = Vec::new();
    let end = if newline { "\n" } else { "" };
    for statement in code.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let words = statement.split_once([' ', '(']).unwrap_or((statement, ""));
        let argument = words.1.trim_end_matches(')').trim();
        match words.0 {
            "print" | "say" if argument.starts_with("bpi(") => {
                let digits = argument[4..].parse().unwrap_or(40).min(MAX_DIGITS);
                let thousands = digits as f64 / 1_000.0;
                acts.push(Act::Pause(Span::secs_f64(THOUSAND_DIGITS * thousands * thousands)));
                acts.push(Act::Say(STDOUT, format!("{}{end}", pi(digits))));
            }
            "print" | "say" => match literal(argument) {
                Some(text) => acts.push(Act::Say(STDOUT, format!("{text}{end}"))),
                None => return not_simulated(&format!("perl: {statement}")),
            },
            "sleep" if argument.parse::<u64>().is_ok() => {
                acts.push(Act::Pause(Span::secs(argument.parse().unwrap_or(0))));
            }
            "exit" if argument.is_empty() || argument.parse::<u8>().is_ok() => {
                acts.push(Act::Exit(i32::from(argument.parse::<u8>().unwrap_or(0))));
            }
            _ => return not_simulated(&format!("perl: {statement}")),
        }
    }
    script(acts)
}

/// The text of a string without variables.
fn literal(text: &str) -> Option<String> {
    if let Some(inside) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        return Some(inside.to_owned());
    }
    let inside = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'))?;
    (!inside.contains(['$', '@'])).then(|| inside.replace("\\n", "\n").replace("\\t", "\t"))
}

/// π with so many digits, rounded (the spigot of Rabinowitz and Wagon).
fn pi(digits: usize) -> String {
    let wanted = digits.max(1) + 2;
    let mut cells = vec![2u32; wanted * 10 / 3 + 2];
    let (mut out, mut held, mut nines): (Vec<u8>, Option<u8>, usize) = (Vec::new(), None, 0);
    while out.len() < wanted {
        let mut carry = 0u64;
        for i in (1..cells.len()).rev() {
            let x = u64::from(cells[i]) * 10 + carry;
            let by = 2 * i as u64 + 1;
            cells[i] = (x % by) as u32;
            carry = x / by * i as u64;
        }
        let x = u64::from(cells[0]) * 10 + carry;
        cells[0] = (x % 10) as u32;
        let digit = (x / 10) as u8;
        if digit == 9 {
            nines += 1;
            continue;
        }
        let over = digit == 10;
        out.extend(held.map(|h| h + u8::from(over)));
        out.extend(std::iter::repeat_n(if over { 0 } else { 9 }, nines));
        (held, nines) = (Some(if over { 0 } else { digit }), 0);
    }
    let mut kept = out[..digits.max(1)].to_vec();
    let mut up = out[digits.max(1)] >= 5;
    for digit in kept.iter_mut().rev() {
        if !up {
            break;
        }
        up = *digit == 9;
        *digit = if up { 0 } else { *digit + 1 };
    }
    let text: String = kept.iter().map(|d| char::from(b'0' + d)).collect();
    if text.len() == 1 { text } else { format!("{}.{}", &text[..1], &text[1..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pi_is_rounded_to_the_digits_asked_for() {
        assert_eq!(pi(1), "3");
        assert_eq!(pi(4), "3.142");
        assert_eq!(pi(30), "3.14159265358979323846264338328");
        // The six nines from the 762nd digit behind the point on.
        assert!(pi(775).ends_with("7211349999998372978"), "{}", pi(775));
        assert_eq!(pi(2_000).len(), 2_001);
    }
}
