//! `--raw`: requests by their paths, and the text of the answers.
//!
//! Health checks, the version, discovery, objects and collections by their paths. The documents of OpenAPI and
//! the metrics are not written.

use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Response, Status, Value, json};
use crate::kubectl::cx::{Cx, OK, Outcome, not_simulated};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::{list, map};

/// Runs it.
pub fn get(cx: &mut Cx, path: &str) -> Outcome {
    let path = path.split_once('?').map_or(path, |(p, _)| p);
    let trimmed = path.trim_end_matches('/');
    match trimmed {
        "/healthz" | "/livez" | "/readyz" => cx.print("ok"),
        "/version" => cx.print(&super::info::server_version()),
        "/api" => {
            let server = map! { "clientCIDR" => "0.0.0.0/0", "serverAddress" => crate::kubectl::SERVER };
            let versions = map! {
                "kind" => "APIVersions", "versions" => list!["v1"], "serverAddressByClientCIDRs" => list![server],
            };
            cx.print(&format!("{}\n", json::print(&versions)));
        }
        _ => match discovery(cx, trimmed) {
            Some(document) => cx.print(&format!("{document}\n")),
            None => return object(cx, trimmed),
        },
    }
    OK
}

/// What a path of the API names.
struct Place {
    kind: Kind,
    namespace: Option<String>,
    name: String,
    subresource: &'static str,
}

fn place(cx: &mut Cx, path: &str) -> Res<Place> {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let (version, rest) = match words.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => (version.to_string(), rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (format!("{group}/{version}"), rest),
        ["api" | "apis" | "openapi" | "metrics" | "logs", ..] => {
            return Err(not_simulated("--raw requests for this path"));
        }
        _ => return Err(missing()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", ns, rest @ ..] if !rest.is_empty() => (Some(ns.to_string()), rest),
        _ => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, "", ""),
        [plural, name] => (plural, *name, ""),
        [plural, name, sub] => (plural, *name, *sub),
        _ => return Err(missing()),
    };
    let of = |k: &Kind| k.info().plural == *plural && k.info().api_version == version;
    let kind = cx.kinds().find(of).ok_or_else(missing)?;
    let known = ["", "status", "scale", "eviction", "binding", "token"];
    let subresource = known.into_iter().find(|s| *s == subresource).ok_or_else(missing)?;
    Ok(Place { kind, namespace, name: name.to_string(), subresource })
}

fn object(cx: &mut Cx, path: &str) -> Outcome {
    let at = place(cx, path)?;
    let verb = if at.name.is_empty() { Method::List } else { Method::Get };
    let request = Request::new(verb, at.kind, at.namespace.as_deref(), &at.name).subresource(at.subresource);
    let value = match cx.send(request)? {
        Response::Object(object, _) => object.value,
        Response::List(objects, revision) => collection(at.kind, objects, revision),
        other => return Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
    };
    cx.print(&format!("{}\n", ordered(&value)));
    OK
}

/// `kubectl create --raw` and `replace --raw`: sends the bytes of the one file that is named.
pub fn send(cx: &mut Cx, args: &Args, verb: Method) -> Outcome {
    let files = args.values("filename");
    let [file] = files.as_slice() else {
        return Err("--raw can only use a single local file or stdin".into());
    };
    let bytes = cx.read(file)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = place(cx, args.value("raw").trim_end_matches('/'))?;
    let body = json::parse(&text).map_err(|_| unrecognized(at.kind, &text))?;
    answered(cx, &at, verb, body)
}

/// `kubectl delete --raw`.
pub fn delete(cx: &mut Cx, path: &str) -> Outcome {
    let at = place(cx, path.trim_end_matches('/'))?;
    let verb = if at.name.is_empty() { Method::DeleteCollection } else { Method::Delete };
    answered(cx, &at, verb, Value::Null)
}

fn answered(cx: &mut Cx, at: &Place, verb: Method, body: Value) -> Outcome {
    let request =
        Request::new(verb, at.kind, at.namespace.as_deref(), &at.name).body(body).subresource(at.subresource);
    let value = match cx.send(request)? {
        Response::Object(object, warnings) => {
            cx.warn(&warnings);
            object.value
        }
        Response::Success(value) => value,
        Response::List(objects, revision) => collection(at.kind, objects, revision),
        other => return Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
    };
    cx.print(&format!("{}\n", ordered(&value)));
    OK
}

/// `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION`: what the server serves. Subresources are left out.
fn discovery(cx: &mut Cx, path: &str) -> Option<String> {
    let kinds: Vec<Kind> = cx.kinds().collect();
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let quoted = |version: &str| {
        let short = version.rsplit('/').next().unwrap_or("");
        format!("{{\"groupVersion\":{},\"version\":{}}}", json::quote(version), json::quote(short))
    };
    let group = |version: &str| {
        let name = version.split('/').next().unwrap_or("");
        let served = quoted(version);
        format!("\"name\":{},\"versions\":[{served}],\"preferredVersion\":{served}", json::quote(name))
    };
    let mut versions: Vec<&'static str> = Vec::new();
    for kind in &kinds {
        let version = kind.info().api_version;
        if version.contains('/') && !versions.contains(&version) {
            versions.push(version);
        }
    }
    match words.as_slice() {
        ["apis"] => {
            let groups: Vec<String> = versions.iter().map(|v| format!("{{{}}}", group(v))).collect();
            Some(format!(
                "{{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{}]}}",
                groups.join(",")
            ))
        }
        ["apis", name] => {
            let version = versions.iter().find(|v| v.split('/').next() == Some(name))?;
            Some(format!("{{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",{}}}", group(version)))
        }
        ["api", _] | ["apis", _, _] => {
            let version = words[1..].join("/");
            let served: Vec<String> =
                kinds.iter().filter(|k| k.info().api_version == version).map(|k| resource(*k)).collect();
            let head = if words[0] == "apis" {
                "\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\""
            } else {
                "\"kind\":\"APIResourceList\""
            };
            let list = served.join(",");
            (!served.is_empty()).then(|| {
                format!("{{{head},\"groupVersion\":{},\"resources\":[{list}]}}", json::quote(&version))
            })
        }
        _ => None,
    }
}

/// A resource as discovery tells of it.
fn resource(kind: Kind) -> String {
    let info = kind.info();
    let list = |words: &[&str]| words.iter().map(|w| json::quote(w)).collect::<Vec<_>>().join(",");
    let mut text = format!(
        "{{\"name\":{},\"singularName\":{},\"namespaced\":{},\"kind\":{},\"verbs\":[{}]",
        json::quote(info.plural),
        json::quote(info.singular),
        info.namespaced,
        json::quote(info.kind),
        list(&["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]),
    );
    if !info.short.is_empty() {
        text += &format!(",\"shortNames\":[{}]", list(info.short));
    }
    if info.in_all {
        text += ",\"categories\":[\"all\"]";
    }
    text + "}"
}

/// What the server says of a body that is no JSON.
fn unrecognized(kind: Kind, text: &str) -> Fail {
    const SHOWN: usize = 30;
    let first = text.trim_start().chars().next().map_or_else(String::new, |c| format!("{c:?}"));
    let hex: String = text.bytes().take(SHOWN).map(|b| format!("{b:02x}")).collect();
    let more = if text.len() > SHOWN { " ..." } else { "" };
    Fail::Server(Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: invalid character {first} looking for beginning of value ({hex}{more})",
        kind.info().kind
    )))
}

/// An object as JSON with its first fields in the order of the Go types.
fn ordered(value: &Value) -> String {
    const FIRST: &[&str] = &[
        "kind",
        "apiVersion",
        "metadata",
        "items",
        "spec",
        "status",
        "message",
        "reason",
        "details",
        "code",
    ];
    let known = FIRST.iter().filter_map(|f| value.as_map()?.get(f).map(|v| (*f, v)));
    let others = value.entries().filter(|(k, _)| !FIRST.contains(&k.as_str())).map(|(k, v)| (k.as_str(), v));
    let fields: Vec<String> =
        known.chain(others).map(|(k, v)| format!("{}:{}", json::quote(k), json::print(v))).collect();
    format!("{{{}}}", fields.join(","))
}

/// A collection as the server writes it: the items without their own kinds.
fn collection(kind: Kind, objects: Vec<Object>, revision: u64) -> Value {
    let bare = |o: Object| {
        let mut value = o.value;
        value.remove("kind");
        value.remove("apiVersion");
        value
    };
    map! {
        "kind" => format!("{}List", kind.info().kind), "apiVersion" => kind.info().api_version,
        "metadata" => map! { "resourceVersion" => revision.to_string() },
        "items" => objects.into_iter().map(bare).collect::<Value>(),
    }
}

fn missing() -> Fail {
    Fail::Server(Status::new(404, "NotFound", "the server could not find the requested resource"))
}
