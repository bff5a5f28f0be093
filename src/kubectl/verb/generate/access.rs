//! Roles, their bindings, service accounts and tokens.

use super::{finish, make, name};
use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Value};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::discovery::named;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, slice, span, text};
use crate::kubectl::verb::pairs_map;

/// Flags of `create role`.
pub const ROLE: &[Flag] = &[slice("verb", ' '), slice("resource", ' '), slice("resource-name", ' ')];
/// Further flags of `create clusterrole`.
pub const CLUSTER_ROLE: &[Flag] = &[slice("non-resource-url", ' '), text("aggregation-rule", ' ', "")];
/// Flags of the bindings.
pub const BINDING: &[Flag] = &[
    text("clusterrole", ' ', ""),
    text("role", ' ', ""),
    slice("user", ' '),
    slice("group", ' '),
    slice("serviceaccount", ' '),
];
/// Flags of `create token`.
pub const TOKEN: &[Flag] = &[slice("audience", ' '), span("duration", "0s")];

const GROUP: &str = "rbac.authorization.k8s.io";
const VERBS: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];

fn list(all: &[String]) -> Value {
    all.iter().map(String::as_str).collect()
}

/// (group, resource with subresource) of `deployments.apps/scale`.
fn resource(cx: &Cx, arg: &str) -> Res<(String, String)> {
    let (name, sub) = arg.split_once('/').map_or((arg, ""), |(n, s)| (n, s));
    if name == "*" {
        return Ok((String::new(), "*".into()));
    }
    let missing = || {
        Fail::Raw(match name.split_once('.') {
            Some((r, g)) => format!("the server doesn't have a resource type {r:?} in group {g:?}"),
            None => format!("the server doesn't have a resource type {name:?}"),
        })
    };
    let (plural, group, _) = named(&cx.base.custom, name).ok_or_else(missing)?;
    let sub = if sub.is_empty() { String::new() } else { format!("/{sub}") };
    Ok((group.to_string(), format!("{plural}{sub}")))
}

fn rules(cx: &mut Cx, args: &Args) -> Res<Value> {
    let verbs = args.values("verb");
    let verbs = if verbs.iter().any(|v| v == "*") { vec!["*".to_string()] } else { verbs };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for arg in args.values("resource") {
        let (group, resource) = resource(cx, &arg)?;
        match groups.iter_mut().find(|(g, _)| *g == group) {
            Some((_, all)) => all.push(resource),
            None => groups.push((group, vec![resource])),
        }
    }
    for verb in verbs.iter().filter(|v| !VERBS.contains(&v.as_str())) {
        cx.eprint(&format!("Warning: '{verb}' is not a standard resource verb\n"));
    }
    groups.order();
    let mut out = Vec::new();
    for (group, resources) in groups {
        let mut rule = crate::map! {
            "apiGroups" => crate::list![group], "resources" => list(&resources), "verbs" => list(&verbs),
        };
        if !args.values("resource-name").is_empty() {
            rule.set("resourceNames", list(&args.values("resource-name")));
        }
        out.push(rule);
    }
    let urls = args.values("non-resource-url");
    if !urls.is_empty() {
        out.push(crate::map! { "nonResourceURLs" => list(&urls), "verbs" => list(&verbs) });
    }
    Ok(Value::from(out))
}

/// `create role`.
pub fn role(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    if args.values("verb").is_empty() {
        return Err("at least one verb must be specified".into());
    }
    if args.values("resource").is_empty() {
        return Err("at least one resource must be specified".into());
    }
    let rules = rules(cx, args)?;
    make(cx, args, Kind::ROLE, &name, Value::Null, crate::map! { "rules" => rules }, "failed to create role:")
}

/// `create clusterrole`.
pub fn cluster_role(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let failed = "failed to create clusterrole:";
    let aggregation = args.value("aggregation-rule");
    if !aggregation.is_empty() {
        if !args.values("resource").is_empty() || !args.values("verb").is_empty() {
            return Err("aggregation rule must be specified without other rules".into());
        }
        let labels = pairs_map(aggregation).map_err(Fail::Plain)?;
        let fields = crate::map! {
            "aggregationRule" => crate::map! {
                "clusterRoleSelectors" => crate::list![crate::map! { "matchLabels" => labels }],
            },
            "rules" => Value::Null,
        };
        return make(cx, args, Kind::CLUSTER_ROLE, &name, Value::Null, fields, failed);
    }
    if args.values("verb").is_empty() {
        return Err("at least one verb must be specified".into());
    }
    if args.values("resource").is_empty() && args.values("non-resource-url").is_empty() {
        return Err("one of resource or nonResourceURL must be specified".into());
    }
    let rules = rules(cx, args)?;
    make(cx, args, Kind::CLUSTER_ROLE, &name, Value::Null, crate::map! { "rules" => rules }, failed)
}

fn binding(cx: &mut Cx, args: &Args, kind: Kind, failed: &str) -> Outcome {
    let name = name(args)?;
    let (cluster_role, role) = (args.value("clusterrole"), args.value("role"));
    if kind == Kind::CLUSTER_ROLE_BINDING && cluster_role.is_empty() {
        return Err("exactly one clusterrole must be specified".into());
    }
    if cluster_role.is_empty() == role.is_empty() {
        return Err("exactly one of clusterrole or role must be specified".into());
    }
    let (ref_kind, ref_name) = if role.is_empty() { ("ClusterRole", cluster_role) } else { ("Role", role) };
    let mut subjects = Vec::new();
    for (flag, subject) in [("user", "User"), ("group", "Group")] {
        for who in args.values(flag) {
            subjects.push(crate::map! { "apiGroup" => GROUP, "kind" => subject, "name" => who });
        }
    }
    for account in args.values("serviceaccount") {
        let Some((ns, who)) = account.split_once(':').filter(|(n, w)| !n.is_empty() && !w.is_empty()) else {
            return Err("serviceaccount must be <namespace>:<name>".into());
        };
        subjects.push(crate::map! { "kind" => "ServiceAccount", "name" => who, "namespace" => ns });
    }
    let mut fields = crate::map! { "roleRef" => crate::map! { "apiGroup" => GROUP, "kind" => ref_kind, "name" => ref_name } };
    if !subjects.is_empty() {
        fields.set("subjects", Value::from(subjects));
    }
    make(cx, args, kind, &name, Value::Null, fields, failed)
}

/// `create rolebinding`.
pub fn role_binding(cx: &mut Cx, args: &Args) -> Outcome {
    binding(cx, args, Kind::ROLE_BINDING, "failed to create rolebinding:")
}

/// `create clusterrolebinding`.
pub fn cluster_role_binding(cx: &mut Cx, args: &Args) -> Outcome {
    binding(cx, args, Kind::CLUSTER_ROLE_BINDING, "failed to create clusterrolebinding:")
}

/// `create serviceaccount`.
pub fn service_account(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let mut object =
        Object::new(Kind::SERVICE_ACCOUNT, crate::map! { "metadata" => crate::map! { "name" => &name } });
    if cx.base.explicit {
        object.set("metadata.namespace", cx.base.namespace.as_str());
    }
    finish(cx, args, object, "failed to create serviceaccount:")
}

/// `create token`.
pub fn token(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let namespace = cx.base.namespace.clone();
    let mut request =
        Request::new(Method::Create, Kind::SERVICE_ACCOUNT, Some(&namespace), &name).subresource("token");
    request.body = crate::map! { "spec" => crate::map! { "audiences" => list(&args.values("audience")) } };
    let made = cx.object(request).map_err(|f| match f {
        Fail::Server(s) if s.reason == "NotFound" => {
            Fail::Plain(format!("failed to create token: {}", s.message))
        }
        other => other,
    })?;
    cx.print(&format!("{}\n", made.at("status.token").str()));
    OK
}
