//! `kubectl get --raw`: the text of a GET request as the API server answers it.
//!
//! Health checks, the version, the list of core versions, objects and collections by their paths. The
//! documents of discovery and OpenAPI and the metrics are not written.

use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Response, Status, Value, json};
use crate::kubectl::cx::{Cx, OK, Outcome, not_simulated};
use crate::kubectl::fail::Fail;
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

fn object(cx: &mut Cx, path: &str) -> Outcome {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let (version, rest) = match words.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => (version.to_string(), rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (format!("{group}/{version}"), rest),
        ["api" | "apis" | "openapi" | "metrics" | "logs", ..] => {
            return Err(not_simulated("kubectl get --raw of this"));
        }
        _ => return Err(missing()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", ns, rest @ ..] if !rest.is_empty() => (Some(*ns), rest),
        _ => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, "", ""),
        [plural, name] => (plural, *name, ""),
        [plural, name, sub @ ("status" | "scale")] => (plural, *name, *sub),
        _ => return Err(missing()),
    };
    let of = |k: &Kind| k.info().plural == *plural && k.info().api_version == version;
    let Some(kind) = cx.kinds().find(of) else {
        return Err(missing());
    };
    let verb = if name.is_empty() { Method::List } else { Method::Get };
    let mut request = Request::new(verb, kind, namespace, name);
    request.subresource = match subresource {
        "status" => "status",
        "scale" => "scale",
        _ => "",
    };
    let value = match cx.send(request)? {
        Response::Object(object, _) => object.value,
        Response::List(objects, revision) => collection(kind, objects, revision),
        other => return Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
    };
    cx.print(&format!("{}\n", json::print(&value)));
    OK
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
