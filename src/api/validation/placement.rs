//! Where pods may go: affinity, tolerations, spread constraints, node selectors.

use super::{Errors, meta};
use crate::api::{Value, names};

/// `validateAffinity`
pub(super) fn affinity(affinity: &Value, path: &str, errors: &mut Errors) {
    let node = &affinity["nodeAffinity"];
    let required = &node["requiredDuringSchedulingIgnoredDuringExecution"];
    if required.is_some() {
        let path = format!("{path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
        node_selector(required, &path, errors);
    }
    for (i, term) in node["preferredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
        let path = format!("{path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[{i}]");
        weight(term, &path, errors);
        // Labels that no node can have are let through here.
        node_term(&term["preference"], false, &format!("{path}.preference"), errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let terms = &affinity[kind];
        for (i, term) in terms["requiredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
            let path = format!("{path}.{kind}.requiredDuringSchedulingIgnoredDuringExecution[{i}]");
            pod_term(term, &path, errors);
        }
        for (i, term) in terms["preferredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
            let path = format!("{path}.{kind}.preferredDuringSchedulingIgnoredDuringExecution[{i}]");
            weight(term, &path, errors);
            pod_term(&term["podAffinityTerm"], &format!("{path}.podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &Value, path: &str, errors: &mut Errors) {
    let weight = term["weight"].int_or(0);
    if !(1..=100).contains(&weight) {
        errors.invalid(format!("{path}.weight"), weight, "must be in the range 1-100");
    }
}

/// `ValidateNodeSelector`
pub(super) fn node_selector(selector: &Value, path: &str, errors: &mut Errors) {
    let path = format!("{path}.nodeSelectorTerms");
    let terms = selector["nodeSelectorTerms"].items();
    if terms.is_empty() {
        errors.required(path, "must have at least one node selector term");
        return;
    }
    for (i, term) in terms.iter().enumerate() {
        node_term(term, true, &format!("{path}[{i}]"), errors);
    }
}

fn node_term(term: &Value, strict: bool, path: &str, errors: &mut Errors) {
    for (i, e) in term["matchExpressions"].items().iter().enumerate() {
        let path = format!("{path}.matchExpressions[{i}]");
        operator(e, &path, errors);
        errors.complaints(&format!("{path}.key"), &e["key"], names::qualified(e["key"].str()));
        for (j, value) in e["values"].items().iter().enumerate().filter(|_| strict) {
            errors.complaints(&format!("{path}.values[{j}]"), value, names::label_value(value.str()));
        }
    }
    for (i, e) in term["matchFields"].items().iter().enumerate() {
        let path = format!("{path}.matchFields[{i}]");
        match e["operator"].str() {
            "In" | "NotIn" if e["values"].items().len() != 1 => {
                errors.required(
                    format!("{path}.values"),
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
                );
            }
            "In" | "NotIn" => {}
            _ => errors.invalid(format!("{path}.operator"), &e["operator"], "not a valid selector operator"),
        }
        if e["key"].str() != "metadata.name" {
            errors.invalid(format!("{path}.key"), &e["key"], "not a valid field selector key");
            continue;
        }
        for (j, value) in e["values"].items().iter().enumerate() {
            errors.complaints(&format!("{path}.values[{j}]"), value, names::dns_subdomain(value.str()));
        }
    }
}

fn operator(e: &Value, path: &str, errors: &mut Errors) {
    let count = e["values"].items().len();
    let values = format!("{path}.values");
    match e["operator"].str() {
        "In" | "NotIn" if count == 0 => {
            errors.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            errors.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if count != 1 => {
            errors.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ => errors.invalid(format!("{path}.operator"), &e["operator"], "not a valid selector operator"),
    }
}

fn pod_term(term: &Value, path: &str, errors: &mut Errors) {
    meta::selector(&term["labelSelector"], &format!("{path}.labelSelector"), errors);
    meta::selector(&term["namespaceSelector"], &format!("{path}.namespaceSelector"), errors);
    for name in term["namespaces"].items() {
        errors.complaints(&format!("{path}.namespace"), name, names::dns_label(name.str()));
    }
    label_keys(term, path, errors);
    let key = term["topologyKey"].str();
    if key.is_empty() {
        errors.required(format!("{path}.topologyKey"), "can not be empty");
    }
    errors.complaints(&format!("{path}.topologyKey"), key, names::qualified(key));
}

/// `ValidateMatchLabelKeysAndMismatchLabelKeys`
fn label_keys(of: &Value, path: &str, errors: &mut Errors) {
    let selector = &of["labelSelector"];
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        let at = format!("{path}.{list}");
        if selector.is_null() && !of[list].is_empty() {
            errors.forbidden(at, "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in of[list].items().iter().enumerate() {
            errors.complaints(&format!("{at}[{i}]"), key, names::qualified(key.str()));
        }
    }
    let matched = of["matchLabelKeys"].items();
    let mut seen: Vec<&str> = selector["matchLabels"].entries().map(|(k, _)| k.as_str()).collect();
    for e in selector["matchExpressions"].items() {
        let key = e["key"].str();
        if let Some(i) = matched.iter().rposition(|k| k.str() == key).filter(|_| seen.contains(&key)) {
            // Upstream forgets the name of the list.
            let words = "exists in both matchLabelKeys and labelSelector";
            errors.invalid(format!("{path}[{i}]"), key, words);
        }
        seen.push(key);
    }
    for (i, key) in matched.iter().enumerate() {
        if of["mismatchLabelKeys"].items().contains(key) {
            let words = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.invalid(format!("{path}.matchLabelKeys[{i}]"), key, words);
        }
    }
}

/// `ValidateTolerations`
pub(super) fn tolerations(tolerations: &Value, path: &str, errors: &mut Errors) {
    for (i, t) in tolerations.items().iter().enumerate() {
        let at = |field: &str| format!("{path}[{i}].{field}");
        let (key, operator) = (t["key"].str(), t["operator"].str());
        if !key.is_empty() {
            errors.complaints(&at("key"), key, names::qualified(key));
        } else if operator != "Exists" {
            errors.invalid(
                at("operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        if t["tolerationSeconds"].is_some() && t["effect"].str() != "NoExecute" {
            errors.invalid(
                at("effect"),
                t["effect"].str(),
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            );
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(t["value"].str());
                if !complaints.is_empty() {
                    errors.invalid(at("operator"), &t["value"], complaints.join(";"));
                }
            }
            "Exists" if !t["value"].str().is_empty() => {
                errors.invalid(
                    at("operator"),
                    &t["value"],
                    "value must be empty when `operator` is 'Exists'",
                );
            }
            "Exists" => {}
            // Comparison needs a feature gate that is off by default.
            "Lt" | "Gt" => errors.not_supported(at("operator"), operator, &["Equal", "Exists", "Lt", "Gt"]),
            _ => errors.not_supported(at("operator"), operator, &["Equal", "Exists"]),
        }
        let effect = t["effect"].str();
        if !effect.is_empty() {
            taint_effect(effect, &at("effect"), errors);
        }
    }
}

/// `validateTaintEffect`
pub(super) fn taint_effect(effect: &str, path: &str, errors: &mut Errors) {
    match effect {
        "NoSchedule" | "PreferNoSchedule" | "NoExecute" => {}
        "" => errors.required(path, ""),
        _ => errors.not_supported(path, effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    }
}

/// `validateTopologySpreadConstraints`
pub(super) fn spread(constraints: &Value, path: &str, errors: &mut Errors) {
    let items = constraints.items();
    for (i, c) in items.iter().enumerate() {
        let at = |field: &str| format!("{path}[{i}].{field}");
        if c["maxSkew"].int_or(0) <= 0 {
            errors.invalid(at("maxSkew"), c["maxSkew"].int_or(0), "must be greater than zero");
        }
        if c["topologyKey"].str().is_empty() {
            errors.required(at("topologyKey"), "can not be empty");
        }
        let action = c["whenUnsatisfiable"].str();
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            errors.not_supported(at("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let same = |o: &Value| {
            o["topologyKey"] == c["topologyKey"] && o["whenUnsatisfiable"] == c["whenUnsatisfiable"]
        };
        if items[i + 1..].iter().any(same) {
            let pair = format!("{{{}, {action}}}", c["topologyKey"].str());
            errors.duplicate(at("{topologyKey, whenUnsatisfiable}"), pair);
        }
        if let Some(n) = c["minDomains"].as_int() {
            if n <= 0 {
                errors.invalid(at("minDomains"), n, "must be greater than zero");
            }
            if action != "DoNotSchedule" {
                let words =
                    format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                errors.invalid(at("minDomains"), n, words);
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if c[field].is_some() && !matches!(c[field].str(), "Honor" | "Ignore") {
                errors.not_supported(at(field), &c[field], &["Honor", "Ignore"]);
            }
        }
        label_keys(c, &format!("{path}[{i}]"), errors);
        meta::selector(&c["labelSelector"], &at("labelSelector"), errors);
    }
}
