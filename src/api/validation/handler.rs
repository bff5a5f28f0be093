//! Probes and lifecycle hooks.

use super::Errors;
use crate::api::{Value, names};
use crate::collections::Order;

/// What the checks need to know of the pod.
#[derive(Clone, Copy)]
pub(super) struct Pod<'a> {
    /// `terminationGracePeriodSeconds`
    pub grace: i64,
    /// `os.name`, if `os` is set.
    pub os: Option<&'a str>,
}

/// The lifecycle and the probes of a container that may have them.
pub(super) fn check(c: &Value, path: &str, pod: Pod, errors: &mut Errors) {
    let lifecycle = &c["lifecycle"];
    for hook in ["postStart", "preStop"] {
        if lifecycle[hook].is_some() {
            let at = format!("{path}.lifecycle.{hook}");
            handler(&lifecycle[hook], &["exec", "httpGet", "tcpSocket", "sleep"], &at, pod.grace, errors);
        }
    }
    if lifecycle["stopSignal"].is_some() {
        stop_signal(lifecycle["stopSignal"].str(), &format!("{path}.lifecycle.stopSignal"), pod.os, errors);
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        probe(&c[name], name, &format!("{path}.{name}"), pod.grace, errors);
    }
}

/// The signals of Linux that a container may be stopped with, sorted as upstream lists them.
fn signals() -> Vec<String> {
    const PLAIN: &str = "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT";
    const MORE: &str = "SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ";
    let numbered = |base: &str, last: u32| {
        let mut names: Vec<String> = (1..=last).map(|n| format!("{base}{n}")).collect();
        names.order();
        names
    };
    let mut all: Vec<String> = PLAIN.split(' ').map(String::from).collect();
    all.push(String::from("RTMAX"));
    all.extend(numbered("RTMAX-", 14));
    all.push(String::from("RTMIN"));
    all.extend(numbered("RTMIN+", 15));
    all.extend(MORE.split(' ').map(String::from));
    all.into_iter().map(|name| format!("SIG{name}")).collect()
}

fn stop_signal(signal: &str, path: &str, os: Option<&str>, errors: &mut Errors) {
    match os {
        None => errors.forbidden(path, "may not be set for containers with empty `spec.os.name`"),
        Some("windows") if !matches!(signal, "SIGKILL" | "SIGTERM") => {
            errors.not_supported(path, signal, &["SIGKILL", "SIGTERM"]);
        }
        Some("linux") => {
            let known = signals();
            if !known.iter().any(|s| s == signal) {
                errors.not_supported(path, signal, &known.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        Some(_) => {}
    }
}

fn probe(p: &Value, name: &str, path: &str, grace: i64, errors: &mut Errors) {
    if p.is_null() {
        return;
    }
    handler(p, &["exec", "httpGet", "tcpSocket", "grpc"], path, grace, errors);
    for field in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        errors.nonnegative(format!("{path}.{field}"), &p[field]);
    }
    let own_grace = &p["terminationGracePeriodSeconds"];
    let field = format!("{path}.terminationGracePeriodSeconds");
    if own_grace.as_int().is_some_and(|n| n <= 0) {
        errors.invalid(field.as_str(), own_grace, "must be greater than 0");
    }
    if name == "readinessProbe" {
        if own_grace.is_some() {
            errors.invalid(field, own_grace, "must not be set for readinessProbes");
        }
    } else if p["successThreshold"].int_or(1) != 1 {
        errors.invalid(format!("{path}.successThreshold"), &p["successThreshold"], "must be 1");
    }
}

/// `validateHandler`
fn handler(h: &Value, kinds: &[&str], path: &str, grace: i64, errors: &mut Errors) {
    let mut first = true;
    for kind in kinds {
        let action = &h[*kind];
        if action.is_null() {
            continue;
        }
        let path = format!("{path}.{kind}");
        if !std::mem::take(&mut first) {
            errors.forbidden(path, "may not specify more than 1 handler type");
            continue;
        }
        match *kind {
            "exec" if action["command"].is_empty() => errors.required(format!("{path}.command"), ""),
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" | "grpc" => port(&action["port"], &format!("{path}.port"), errors),
            "sleep" => {
                let seconds = action["seconds"].int_or(0);
                if seconds < 0 || seconds > grace {
                    let detail =
                        format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.invalid(path, seconds, detail);
                }
            }
            _ => {}
        }
    }
    if first {
        errors.required(path, "must specify a handler type");
    }
}

fn http_get(get: &Value, path: &str, errors: &mut Errors) {
    if get["path"].str().is_empty() {
        errors.required(format!("{path}.path"), "");
    }
    port(&get["port"], &format!("{path}.port"), errors);
    if !matches!(get["scheme"].str(), "HTTP" | "HTTPS") {
        errors.not_supported(format!("{path}.scheme"), &get["scheme"], &["HTTP", "HTTPS"]);
    }
    for header in get["httpHeaders"].items() {
        let name = header["name"].str();
        errors.complaints(&format!("{path}.httpHeaders"), name, names::http_header(name));
    }
}

/// `ValidatePortNumOrName`
pub(super) fn port(port: &Value, path: &str, errors: &mut Errors) {
    match port.as_str() {
        Some(name) => errors.complaints(path, name, names::port_name(name)),
        None => errors.complaints(path, port.int_or(0), names::port_number(port.int_or(0))),
    }
}
