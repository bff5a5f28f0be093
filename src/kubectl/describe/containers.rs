//! Containers of pods and pod templates.

use super::{Writer, date, or, scalar};
use crate::api::{Object, Text, Value};
use crate::collections::Order;

/// What is known of containers besides their specification.
pub struct Known<'a> {
    /// The pod itself; `None` for templates.
    pub pod: Option<&'a Object>,
    /// The list in its status, e.g. `status.containerStatuses`.
    pub statuses: &'a Value,
    /// What precedes the section's name: nothing in pods, two spaces in templates.
    pub space: &'static str,
}

/// A section of containers.
pub fn section(w: &mut Writer, title: &str, containers: &Value, known: &Known) {
    let none = if containers.is_empty() { " <none>" } else { "" };
    w.line(0, &format!("{}{title}:{none}", known.space));
    for c in containers.items() {
        let indent = if known.space.is_empty() { "" } else { " " };
        w.line(1, &format!("{indent}{}:", c["name"].str()));
        let status = known.statuses.find("name", c["name"].str()).clone();
        basics(w, c, &status);
        command(w, c);
        if status.is_some() {
            state(w, "State", &status["state"]);
            if status.at("lastState.terminated").is_some() {
                state(w, "Last State", &status["lastState"]);
            }
            w.field(2, "Ready", if status["ready"].is_true() { "True" } else { "False" });
            w.field(2, "Restart Count", &status["restartCount"].int_or(0).to_string());
        }
        resources(w, 2, &c["resources"]);
        for (title, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if c[field].is_some() {
                w.field(2, title, &probe(&c[field]));
            }
        }
        environment_from(w, &c["envFrom"]);
        environment(w, c, known.pod);
        mounts(w, c);
    }
}

fn basics(w: &mut Writer, c: &Value, status: &Value) {
    if status.is_some() {
        w.field(2, "Container ID", status["containerID"].str());
    }
    w.field(2, "Image", c["image"].str());
    if status.is_some() {
        w.field(2, "Image ID", status["imageID"].str());
    }
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports: Vec<String> = c["ports"].items().iter().map(|p| port(p, field)).collect();
        let plural = if ports.len() > 1 { "s" } else { "" };
        w.field(2, &format!("{title}{plural}"), or(&ports.join(", "), "<none>"));
    }
}

fn port(p: &Value, field: &str) -> String {
    let name = if p["name"].is_empty() { String::new() } else { format!(" ({})", p["name"].str()) };
    format!("{}/{}{name}", p[field].int_or(0), or(p["protocol"].str(), "TCP"))
}

fn command(w: &mut Writer, c: &Value) {
    for (title, field) in [("Command", "command"), ("Args", "args")] {
        if !c[field].is_empty() {
            w.line(2, &format!("{title}:"));
            for line in c[field].items().iter().flat_map(|word| word.str().split('\n')) {
                w.line(3, line);
            }
        }
    }
}

fn state(w: &mut Writer, title: &str, state: &Value) {
    if state["running"].is_some() {
        w.field(2, title, "Running");
        w.field(3, "Started", &date(&state["running"]["startedAt"]));
    } else if state["terminated"].is_some() {
        let t = &state["terminated"];
        w.field(2, title, "Terminated");
        w.optional(3, "Reason", t["reason"].str());
        w.optional(3, "Message", t["message"].str());
        w.field(3, "Exit Code", &t["exitCode"].int_or(0).to_string());
        if t["signal"].int_or(0) > 0 {
            w.field(3, "Signal", &scalar(&t["signal"]));
        }
        // Go's zero time: nobody saw it.
        let seen = |stamp: &Value| match stamp {
            Value::Null => "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
            stamp => date(stamp),
        };
        w.field(3, "Started", &seen(&t["startedAt"]));
        w.field(3, "Finished", &seen(&t["finishedAt"]));
    } else {
        w.field(2, title, "Waiting");
        w.optional(3, "Reason", state["waiting"]["reason"].str());
    }
}

/// `Limits:` and `Requests:`.
pub fn resources(w: &mut Writer, level: usize, resources: &Value) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        if !resources[field].is_empty() {
            w.line(level, &format!("{title}:"));
            for (name, amount) in resources[field].entries() {
                w.field(level + 1, name, &scalar(amount));
            }
        }
    }
}

/// A probe in one line.
pub fn probe(p: &Value) -> String {
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        p["initialDelaySeconds"].int_or(0),
        p["timeoutSeconds"].int_or(0),
        p["periodSeconds"].int_or(0),
        p["successThreshold"].int_or(0),
        p["failureThreshold"].int_or(0)
    );
    if p["exec"].is_some() {
        let words: Vec<&str> = p["exec"]["command"].items().iter().map(Value::str).collect();
        format!("exec [{}] {times}", words.join(" "))
    } else if p["httpGet"].is_some() {
        let g = &p["httpGet"];
        let scheme = or(g["scheme"].str(), "http").to_lowercase();
        let path = g["path"].str();
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        format!("http-get {scheme}://{}:{}{slash}{path} {times}", g["host"].str(), scalar(&g["port"]))
    } else if p["tcpSocket"].is_some() {
        let t = &p["tcpSocket"];
        format!("tcp-socket {}:{} {times}", t["host"].str(), scalar(&t["port"]))
    } else if p["grpc"].is_some() {
        format!("grpc <pod>:{} {} {times}", scalar(&p["grpc"]["port"]), p["grpc"]["service"].str())
    } else {
        format!("unknown {times}")
    }
}

fn environment_from(w: &mut Writer, sources: &Value) {
    if sources.is_empty() {
        return;
    }
    w.line(2, "Environment Variables from:");
    for s in sources.items() {
        let (kind, from) = if s["configMapRef"].is_some() {
            ("ConfigMap", &s["configMapRef"])
        } else {
            ("Secret", &s["secretRef"])
        };
        let prefix = match s["prefix"].str() {
            "" => String::new(),
            p => format!(" with prefix '{p}'"),
        };
        w.line(
            3,
            &format!("{}\t{kind}{prefix}\tOptional: {}", from["name"].str(), from["optional"].is_true()),
        );
    }
}

fn environment(w: &mut Writer, c: &Value, pod: Option<&Object>) {
    w.line(2, if c["env"].is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for e in c["env"].items() {
        let name = e["name"].str();
        let from = &e["valueFrom"];
        if from.is_null() {
            for (i, line) in e["value"].str().split('\n').enumerate() {
                w.line(3, &if i == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") });
            }
        } else if from["fieldRef"].is_some() {
            let f = &from["fieldRef"];
            let value = pod.map(|p| field_value(p, f["fieldPath"].str())).unwrap_or_default();
            w.line(
                3,
                &format!("{name}:\t{value} ({}:{})", or(f["apiVersion"].str(), "v1"), f["fieldPath"].str()),
            );
        } else if from["resourceFieldRef"].is_some() {
            let resource = from["resourceFieldRef"]["resource"].str();
            w.line(3, &format!("{name}:\t{} ({resource})", resource_value(c, &from["resourceFieldRef"])));
        } else if from["secretKeyRef"].is_some() {
            let k = &from["secretKeyRef"];
            let optional = k["optional"].is_true();
            w.line(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {optional}",
                    k["key"].str(),
                    k["name"].str()
                ),
            );
        } else if from["configMapKeyRef"].is_some() {
            let k = &from["configMapKeyRef"];
            let optional = k["optional"].is_true();
            w.line(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {optional}",
                    k["key"].str(),
                    k["name"].str()
                ),
            );
        }
    }
}

/// The value of a `fieldRef`; status fields are empty here, as kubectl resolves metadata and spec only.
fn field_value(pod: &Object, path: &str) -> Text {
    if let Some(rest) = path.strip_prefix("metadata.labels['").and_then(|r| r.strip_suffix("']")) {
        return pod.at("metadata.labels").get(rest).text();
    }
    if let Some(rest) = path.strip_prefix("metadata.annotations['").and_then(|r| r.strip_suffix("']")) {
        return pod.at("metadata.annotations").get(rest).text();
    }
    match path {
        "metadata.name" | "metadata.namespace" | "metadata.uid" => pod.at(path).text(),
        _ => Text::default(),
    }
}

fn resource_value(c: &Value, reference: &Value) -> String {
    use crate::api::quantity::Quantity;
    let (field, name) = reference["resource"].str().split_once('.').unwrap_or(("", ""));
    let amount = c["resources"][field].get(name);
    if amount.is_null() {
        return if field == "limits" { "node allocatable".into() } else { "0".into() };
    }
    let divisor = Quantity::of(&reference["divisor"]);
    let of = |q: Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
    let unit = if divisor.is_zero() { of(Quantity::units(1)) } else { of(divisor) };
    let n = of(Quantity::of(amount));
    ((n + unit.max(1) - 1) / unit.max(1)).to_string()
}

fn mounts(w: &mut Writer, c: &Value) {
    w.line(2, if c["volumeMounts"].is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    let mut mounts: Vec<&Value> = c["volumeMounts"].items().iter().collect();
    mounts.order_by_key(|m| m["mountPath"].str().to_string());
    for m in mounts {
        let mut flags = vec![if m["readOnly"].is_true() { "ro".to_string() } else { "rw".to_string() }];
        if !m["subPath"].is_empty() {
            flags.push(format!("path=\"{}\"", m["subPath"].str()));
        }
        w.line(3, &format!("{} from {} ({})", m["mountPath"].str(), m["name"].str(), flags.join(",")));
    }
    if !c["volumeDevices"].is_empty() {
        w.line(2, "Devices:");
        for d in c["volumeDevices"].items() {
            w.line(3, &format!("{} from {}", d["devicePath"].str(), d["name"].str()));
        }
    }
}

/// A pod template, as the describers of workloads show it.
pub fn template(w: &mut Writer, template: &Value) {
    let spec = &template["spec"];
    let known = Known { pod: None, statuses: &Value::Null, space: "  " };
    w.line(0, "Pod Template:");
    w.labels("  Labels", template.at("metadata.labels"));
    if !template.at("metadata.annotations").is_empty() {
        w.annotations("  Annotations", template.at("metadata.annotations"));
    }
    w.optional(1, "Service Account", spec["serviceAccountName"].str());
    if !spec["initContainers"].is_empty() {
        section(w, "Init Containers", &spec["initContainers"], &known);
    }
    section(w, "Containers", &spec["containers"], &known);
    super::volumes::section(w, &spec["volumes"], "  ");
    spread(w, &spec["topologySpreadConstraints"], "  ");
    w.optional(1, "Priority Class Name", spec["priorityClassName"].str());
    w.labels("  Node-Selectors", &spec["nodeSelector"]);
    w.tolerations("  Tolerations", &spec["tolerations"]);
}

/// Topology spread constraints.
pub fn spread(w: &mut Writer, constraints: &Value, space: &str) {
    let lines: Vec<String> = constraints
        .items()
        .iter()
        .map(|c| {
            let mut line = format!(
                "{}:{} when max skew {} is exceeded",
                c["topologyKey"].str(),
                c["whenUnsatisfiable"].str(),
                c["maxSkew"].int_or(0)
            );
            if c["labelSelector"].is_some() {
                line += &format!(" for selector {}", super::selector(&c["labelSelector"]));
            }
            line
        })
        .collect();
    if !lines.is_empty() {
        w.column(&format!("{space}Topology Spread Constraints"), &lines);
    }
}
