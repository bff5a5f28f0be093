//! Namespaces, quotas, disruption budgets, priority classes.

use super::{make, name};
use crate::api::labels::Selector;
use crate::api::{Kind, Value};
use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, Flag, int, switch, text};

/// Flags of `create quota`.
pub const QUOTA: &[Flag] = &[text("hard", ' ', ""), text("scopes", ' ', "")];
/// Flags of `create poddisruptionbudget`.
pub const PDB: &[Flag] =
    &[text("selector", ' ', ""), text("min-available", ' ', ""), text("max-unavailable", ' ', "")];
/// Flags of `create priorityclass`.
pub const PRIORITY: &[Flag] = &[
    int("value", ' ', "0"),
    switch("global-default", ' '),
    text("description", ' ', ""),
    text("preemption-policy", ' ', "PreemptLowerPriority"),
];

/// `create namespace`.
pub fn namespace(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let fields = crate::map! { "spec" => Value::map(), "status" => Value::map() };
    make(cx, args, Kind::NAMESPACE, &name, Value::Null, fields, "")
}

/// `create quota`.
pub fn quota(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let mut spec = Value::map();
    let hard = args.value("hard");
    if !hard.is_empty() {
        let mut map = Value::map();
        for pair in hard.split(',') {
            let Some((k, v)) = pair.split_once('=').filter(|(_, v)| !v.contains('=')) else {
                return Err(Fail::Plain(format!(
                    "Invalid argument syntax {pair}, expected <resource>=<value>"
                )));
            };
            if crate::api::quantity::Quantity::parse(v).is_none() {
                return Err("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".into());
            }
            map.map_mut().insert(k, v);
        }
        spec.set("hard", map);
    }
    if !args.value("scopes").is_empty() {
        spec.set("scopes", args.value("scopes").split(',').collect::<Value>());
    }
    let fields = crate::map! { "spec" => spec, "status" => Value::map() };
    make(cx, args, Kind::RESOURCE_QUOTA, &name, Value::Null, fields, "failed to create quota:")
}

fn int_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

/// `create poddisruptionbudget`.
pub fn budget(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let (least, most) = (args.value("min-available"), args.value("max-unavailable"));
    if args.value("selector").is_empty() {
        return Err("a selector must be specified".into());
    }
    if least.is_empty() && most.is_empty() {
        return Err("one of min-available or max-unavailable must be specified".into());
    }
    if !least.is_empty() && !most.is_empty() {
        return Err("min-available and max-unavailable cannot be both specified".into());
    }
    let number = |text: &str| {
        let digits = text.strip_suffix('%').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    for (flag, text) in [("min-available", least), ("max-unavailable", most)] {
        if !text.is_empty() && !number(text) {
            return Err(Fail::Plain(format!("invalid format specified for {flag}")));
        }
    }
    let mut spec = crate::map! { "selector" => Selector::parse_object(args.value("selector"))? };
    if least.is_empty() {
        spec.set("maxUnavailable", int_or_text(most));
    } else {
        spec.set("minAvailable", int_or_text(least));
    }
    let status = crate::map! { "currentHealthy" => 0, "desiredHealthy" => 0, "disruptionsAllowed" => 0, "expectedPods" => 0 };
    let fields = crate::map! { "spec" => spec, "status" => status };
    make(cx, args, Kind::PDB, &name, Value::Null, fields, "failed to create poddisruptionbudgets:")
}

/// `create priorityclass`.
pub fn priority(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let mut fields =
        crate::map! { "value" => args.int("value"), "preemptionPolicy" => args.value("preemption-policy") };
    if args.is("global-default") {
        fields.set("globalDefault", true);
    }
    if !args.value("description").is_empty() {
        fields.set("description", args.value("description"));
    }
    make(cx, args, Kind::PRIORITY_CLASS, &name, Value::Null, fields, "failed to create priorityclass:")
}
