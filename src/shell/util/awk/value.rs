//! Values, and what is done with them.

use crate::shell::util::format_float;
use crate::shell::util::regex::Regex;
use crate::shell::util::sort::leading_number;
use std::rc::Rc;

/// A value: a text, a number, or a text that looks like a number (fields).
#[derive(Clone, Debug)]
pub(super) enum Val {
    Num(f64),
    Str(Rc<str>),
    Input(Rc<str>),
}

impl Val {
    pub(super) fn num(&self) -> f64 {
        match self {
            Val::Num(n) => *n,
            Val::Str(s) | Val::Input(s) => leading_number(s),
        }
    }

    pub(super) fn text(&self) -> Rc<str> {
        match self {
            Val::Num(n) if *n == n.trunc() && n.abs() < 1e16 => format!("{}", *n as i64).into(),
            Val::Num(n) => format_float(*n, 'g', 6, false).into(),
            Val::Str(s) | Val::Input(s) => s.clone(),
        }
    }

    pub(super) fn numeric(&self) -> bool {
        match self {
            Val::Num(_) => true,
            Val::Str(_) => false,
            Val::Input(s) => s.trim().parse::<f64>().is_ok_and(f64::is_finite) || s.is_empty(),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Val::Num(n) => *n != 0.0,
            Val::Input(s) if self.numeric() && !s.is_empty() => self.num() != 0.0,
            Val::Str(s) | Val::Input(s) => !s.is_empty(),
        }
    }
}

pub(super) fn conversions(template: &str) -> Vec<char> {
    let mut out = Vec::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        for d in chars.by_ref() {
            if d.is_alphabetic() && !"lhjz".contains(d) {
                out.push(d);
                break;
            }
            if d == '%' {
                break;
            }
        }
    }
    out
}

pub(super) fn split_by(regex: &Regex, text: &str) -> Vec<Rc<str>> {
    let all: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut from): (Vec<Rc<str>>, _, _) = (Vec::new(), 0, 0);
    if all.is_empty() {
        return out;
    }
    while let Some(m) = regex.find(&all, at) {
        let (a, b) = m.whole();
        if b == a {
            at = b + 1;
            continue;
        }
        out.push(all[from..a].iter().collect::<String>().into());
        (at, from) = (b, b);
    }
    out.push(all[from..].iter().collect::<String>().into());
    out
}

pub(super) fn arithmetic(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    }
}
