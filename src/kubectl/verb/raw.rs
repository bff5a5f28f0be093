//! `kubectl get --raw` and `create --raw`: requests by their paths, and the text of the answers.
//!
//! Health checks, the version, the list of core versions, objects and collections by their paths. The
//! documents of discovery and OpenAPI and the metrics are not written.

use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Response, Status, Value, json};
use crate::kubectl::cx::{Cx, OK, Outcome, not_simulated};
use crate::kubectl::fail::{Fail, Res};
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
        _ => return object(cx, trimmed),
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

/// `kubectl create --raw`: sends a file's bytes in a POST request.
pub fn create(cx: &mut Cx, path: &str, file: &str) -> Outcome {
    let bytes = cx.read(file)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = place(cx, path.trim_end_matches('/'))?;
    let body = json::parse(&text).map_err(|_| unrecognized(at.kind, &text))?;
    let request = Request::new(Method::Create, at.kind, at.namespace.as_deref(), &at.name)
        .body(body)
        .subresource(at.subresource);
    let value = match cx.send(request)? {
        Response::Object(object, warnings) => {
            cx.warn(&warnings);
            object.value
        }
        Response::Success(value) => value,
        other => return Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
    };
    cx.print(&format!("{}\n", ordered(&value)));
    OK
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
