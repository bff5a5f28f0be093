//! A container's environment: `env`, `envFrom`, references to fields, resources, ConfigMaps and Secrets,
//! service variables, and `$(VAR)` expansion (pkg/kubelet/kubelet_pods.go `makeEnvironmentVariables`).

use super::pod::Pod;
use super::{Cx, Node};
use crate::api::quantity::Quantity;
use crate::api::{Kind, Text, Value};

/// The longest text that an expansion may make, so that variables that double each other stay small.
const MAX_EXPANDED: usize = 1 << 20;
/// pkg/fieldpath: memory and storage are given in bytes, processors in whole ones, unless a divisor says else.
const DEFAULT_DIVISOR: i128 = 1_000_000_000;

/// The variables of a container in order. `Err`: the message of CreateContainerConfigError.
pub fn build(node: &Node, pod: &Pod, cx: &Cx<'_>, spec: &Value) -> Result<Vec<(Text, Text)>, String> {
    let services = service_variables(pod, cx);
    let mut result: Vec<(Text, Text)> = Vec::new();
    for source in spec["envFrom"].items() {
        for (key, value) in all_of(pod, cx, source)? {
            put(&mut result, Text::from(format!("{}{key}", source["prefix"].str())), value);
        }
    }
    for var in spec["env"].items() {
        let name = var["name"].text();
        let value = if var["valueFrom"].is_some() {
            match from(node, pod, cx, spec, &var["valueFrom"])? {
                Some(value) => value,
                None => continue,
            }
        } else {
            let lookup = |n: &str| {
                let own = result.iter().rev().find(|(k, _)| *k == n);
                own.or_else(|| services.iter().find(|(k, _)| *k == n)).map(|(_, v)| v.to_string())
            };
            Text::from(expand(var["value"].str(), lookup))
        };
        put(&mut result, name, value);
    }
    for (name, value) in services {
        if !result.iter().any(|(k, _)| *k == name) {
            result.push((name, value));
        }
    }
    Ok(result)
}

fn put(list: &mut Vec<(Text, Text)>, name: Text, value: Text) {
    match list.iter_mut().find(|(k, _)| *k == name) {
        Some(old) => old.1 = value,
        None => list.push((name, value)),
    }
}

/// All entries of an `envFrom` source.
fn all_of(pod: &Pod, cx: &Cx<'_>, source: &Value) -> Result<Vec<(Text, Text)>, String> {
    for (field, kind, noun) in
        [("configMapRef", Kind::CONFIG_MAP, "configmap"), ("secretRef", Kind::SECRET, "secret")]
    {
        let r = &source[field];
        if r.is_null() {
            continue;
        }
        let name = r["name"].str();
        return match cx.api.get(kind, &pod.key.namespace, name) {
            Some(object) => {
                let value = |v: &Value| if kind == Kind::SECRET { decode(v.str()) } else { v.text() };
                Ok(object["data"].entries().map(|(k, v)| (k.clone(), value(v))).collect())
            }
            None if r["optional"].is_true() => Ok(Vec::new()),
            None => Err(format!("{noun} \"{name}\" not found")),
        };
    }
    Ok(Vec::new())
}

/// The value of a `valueFrom`; `None` if it is optional and absent.
fn from(node: &Node, pod: &Pod, cx: &Cx<'_>, spec: &Value, source: &Value) -> Result<Option<Text>, String> {
    if source["fieldRef"].is_some() {
        return Ok(Some(field(node, pod, source["fieldRef"]["fieldPath"].str())));
    }
    if source["resourceFieldRef"].is_some() {
        return resource(node, pod, cx, spec, &source["resourceFieldRef"]).map(Some);
    }
    if source["fileKeyRef"].is_some() {
        return from_file(pod, cx, &source["fileKeyRef"]);
    }
    for (field, kind, noun) in
        [("configMapKeyRef", Kind::CONFIG_MAP, "configmap"), ("secretKeyRef", Kind::SECRET, "secret")]
    {
        let r = &source[field];
        if r.is_null() {
            continue;
        }
        let (name, key) = (r["name"].str(), r["key"].str());
        let optional = r["optional"].is_true();
        let Some(object) = cx.api.get(kind, &pod.key.namespace, name) else {
            return if optional { Ok(None) } else { Err(format!("{noun} \"{name}\" not found")) };
        };
        return match &object["data"][key] {
            Value::Null if optional => Ok(None),
            Value::Null => {
                let noun = if kind == Kind::SECRET { "Secret" } else { "ConfigMap" };
                Err(format!("couldn't find key {key} in {noun} {}/{name}", pod.key.namespace))
            }
            v if kind == Kind::SECRET => Ok(Some(decode(v.str()))),
            v => Ok(Some(v.text())),
        };
    }
    Ok(Some(Text::default()))
}

/// The value of a variable that a file in a volume sets, as init containers write them.
fn from_file(pod: &Pod, cx: &Cx<'_>, r: &Value) -> Result<Option<Text>, String> {
    let (volume, path, key) = (r["volumeName"].str(), r["path"].str(), r["key"].str());
    let optional = r["optional"].is_true();
    let Some(text) = pod.volumes.text(cx, volume, path) else {
        return if optional { Ok(None) } else { Err("couldn't parse env file".to_string()) };
    };
    let value = text.lines().rev().find_map(|line| {
        let (name, value) = line.trim_start().split_once('=')?;
        let unquoted = |q: char| value.trim_end().strip_prefix(q)?.strip_suffix(q);
        (name == key).then(|| unquoted('\'').or_else(|| unquoted('"')).unwrap_or(value).to_string())
    });
    match value {
        Some(value) => Ok(Some(Text::from(value))),
        None if optional => Ok(None),
        None => Err(format!("environment variable key {key:?} not found in file")),
    }
}

/// A field of the pod (downward API).
pub fn field(node: &Node, pod: &Pod, path: &str) -> Text {
    let p = &pod.object;
    match path {
        "metadata.name" | "metadata.namespace" | "metadata.uid" | "spec.nodeName" => p.at(path).text(),
        "spec.serviceAccountName" => p.at(path).text(),
        "status.hostIP" | "status.hostIPs" => node.ip(),
        "status.podIP" | "status.podIPs" => {
            if p.at("spec.hostNetwork").is_true() {
                node.ip()
            } else {
                pod.seen.ip.clone()
            }
        }
        "metadata.labels" => listed(p.at("metadata.labels")),
        "metadata.annotations" => listed(p.at("metadata.annotations")),
        _ => {
            let inner = |prefix: &str| path.strip_prefix(prefix)?.strip_suffix("']");
            let label = inner("metadata.labels['").map(|k| p.at("metadata.labels")[k].text());
            let note = || inner("metadata.annotations['").map(|k| p.at("metadata.annotations")[k].text());
            label.or_else(note).unwrap_or_default()
        }
    }
}

/// A map as the downward API writes it: `key="value"` lines (Go's `%q`).
fn listed(map: &Value) -> Text {
    let lines: Vec<String> = map.entries().map(|(k, v)| format!("{k}={:?}", v.str())).collect();
    Text::from(lines.join("\n"))
}

/// A resource of a container (downward API); limits that are not set are the node's allocatable.
pub fn resource(
    node: &Node,
    pod: &Pod,
    cx: &Cx<'_>,
    spec: &Value,
    reference: &Value,
) -> Result<Text, String> {
    let other = reference["containerName"].str();
    let container = if other.is_empty() {
        spec
    } else {
        match pod.lookup(other) {
            Some(at) => pod.spec(at),
            None => return Err(format!("container {other} not found")),
        }
    };
    let (what, name) = reference["resource"].str().split_once('.').unwrap_or(("limits", ""));
    let own = &container["resources"][what][name];
    let quantity = if own.is_some() {
        Quantity::of(own)
    } else if what == "limits" {
        let node = cx.api.get(Kind::NODE, "", &node.name);
        node.map_or(Quantity::units(0), |n| Quantity::of(&n.at("status.allocatable")[name]))
    } else {
        Quantity::units(0)
    };
    let divisor = Quantity::of(&reference["divisor"]).nano;
    let divisor = if divisor == 0 { DEFAULT_DIVISOR } else { divisor };
    Ok(Text::from(((quantity.nano + divisor - 1) / divisor).to_string()))
}

/// `NAME_SERVICE_HOST` and so on for the services of the namespace and for the API server's
/// (pkg/kubelet/envvars).
fn service_variables(pod: &Pod, cx: &Cx<'_>) -> Vec<(Text, Text)> {
    let links = pod.object.at("spec.enableServiceLinks").as_bool() != Some(false);
    let own = cx.api.list(Kind::SERVICE, Some(&pod.key.namespace)).filter(|_| links);
    let mut services: Vec<&Value> = own.map(|s| &s.value).collect();
    if !services.iter().any(|s| s.at("metadata.name").str() == "kubernetes")
        && let Some(master) = cx.api.get(Kind::SERVICE, "default", "kubernetes")
    {
        services.push(&master.value);
    }
    let mut vars = Vec::new();
    for service in services {
        let ip = service.at("spec.clusterIP").str();
        if ip.is_empty() || ip == "None" {
            continue;
        }
        let name = upper(service.at("metadata.name").str());
        let ports = service.at("spec.ports").items();
        let mut push = |k: String, v: String| vars.push((Text::from(k), Text::from(v)));
        push(format!("{name}_SERVICE_HOST"), ip.to_string());
        push(format!("{name}_SERVICE_PORT"), ports.first().map_or(0, |p| p["port"].int_or(0)).to_string());
        for port in ports.iter().filter(|p| !p["name"].is_empty()) {
            let key = format!("{name}_SERVICE_PORT_{}", upper(port["name"].str()));
            push(key, port["port"].int_or(0).to_string());
        }
        for (i, port) in ports.iter().enumerate() {
            let protocol = if port["protocol"].is_empty() { "TCP" } else { port["protocol"].str() };
            let number = port["port"].int_or(0);
            let url = format!("{}://{ip}:{number}", protocol.to_ascii_lowercase());
            if i == 0 {
                push(format!("{name}_PORT"), url.clone());
            }
            let prefix = format!("{name}_PORT_{number}_{protocol}");
            push(prefix.clone(), url);
            push(format!("{prefix}_PROTO"), protocol.to_ascii_lowercase());
            push(format!("{prefix}_PORT"), number.to_string());
            push(format!("{prefix}_ADDR"), ip.to_string());
        }
    }
    vars
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// A Secret's value; what is no base64 or no text is kept as far as it goes.
fn decode(text: &str) -> Text {
    Text::from(String::from_utf8_lossy(&base64(text)).into_owned())
}

/// Base64 with padding, as Secrets hold it.
pub fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for b in text.bytes() {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(v);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

/// Expands `$(NAME)`: `$$` is a dollar, unknown names stay as they are (third_party/forked/golang/expansion).
pub fn expand(text: &str, mut lookup: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(&value),
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = after;
        } else {
            out.push('$');
        }
        if out.len() > MAX_EXPANDED {
            return out;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_expand_as_kubernetes_says() {
        let vars = |n: &str| (n == "A").then(|| "x".to_string());
        for (text, expected) in [
            ("$(A)-$(A)", "x-x"),
            ("$$(A)", "$(A)"),
            ("$(B) $A $", "$(B) $A $"),
            ("$(A", "$(A"),
            ("größe $(A)", "größe x"),
        ] {
            assert_eq!(expand(text, vars), expected, "{text}");
        }
    }

    #[test]
    fn secrets_decode() {
        assert_eq!(base64("YWRtaW4="), b"admin");
        assert_eq!(base64("cGFzcw=="), b"pass");
        assert_eq!(base64("%%"), b"");
    }
}
