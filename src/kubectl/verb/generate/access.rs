//! Roles, their bindings, service accounts and tokens.

use super::{finish, make, name};
use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Value};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::discovery::named;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, slice, span, text};
use crate::kubectl::print;
use crate::kubectl::verb::pairs_map;
use crate::os::STDOUT;

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
pub const TOKEN: &[Flag] = &[
    array("audience", ' '),
    span("duration", "0s"),
    text("bound-object-kind", ' ', ""),
    text("bound-object-name", ' ', ""),
    text("bound-object-uid", ' ', ""),
];
/// The kinds that a token can be bound to.
const BOUND: &[&str] = &["Node", "Pod", "Secret"];

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

/// The verbs for paths that are no resources.
const PATH_VERBS: &[&str] = &["*", "get", "post", "put", "delete", "patch", "head", "options"];

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
    if !groups.is_empty() {
        for verb in verbs.iter().filter(|v| !VERBS.contains(&v.as_str())) {
            cx.eprint(&format!("Warning: '{verb}' is not a standard resource verb\n"));
        }
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
        paths(&urls, &verbs)?;
        out.push(crate::map! { "nonResourceURLs" => list(&urls), "verbs" => list(&verbs) });
    }
    Ok(Value::from(out))
}

/// Checks paths that are no resources, and the verbs for them.
fn paths(urls: &[String], verbs: &[String]) -> Res<()> {
    if let Some(verb) = verbs.iter().find(|v| !PATH_VERBS.contains(&v.as_str())) {
        return Err(Fail::Plain(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|u| *u != "*") {
        if !url.starts_with('/') {
            return Err("nonResourceURL should start with /".into());
        }
        if url[..url.len() - 1].contains('*') {
            return Err("nonResourceURL only supports wildcard matches when '*' is at the end".into());
        }
    }
    Ok(())
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
        let others = ["non-resource-url", "verb", "resource", "resource-name"];
        if others.iter().any(|f| !args.values(f).is_empty()) {
            return Err("aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames".into());
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
    if kind == Kind::CLUSTER_ROLE_BINDING {
        super::required(args, &["clusterrole"])?;
    }
    let name = name(args)?;
    let (cluster_role, role) = (args.value("clusterrole"), args.value("role"));
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
        let Some((ns, who)) =
            account.split_once(':').filter(|(n, w)| !n.is_empty() && !w.is_empty() && !w.contains(':'))
        else {
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

/// What is asked for with a token (`TokenRequestSpec`).
fn token_spec(args: &Args) -> Res<Value> {
    let micros = args.micros("duration");
    if micros < 0 {
        return Err("--duration must be greater than or equal to 0".into());
    }
    if micros % 1_000_000 != 0 {
        return Err("--duration cannot be expressed in units less than seconds".into());
    }
    let audiences = args.values("audience");
    if audiences.iter().any(String::is_empty) {
        return Err("--audience must not be an empty string".into());
    }
    let mut spec = crate::map! { "audiences" => list(&audiences) };
    if micros > 0 {
        spec.set("expirationSeconds", micros / 1_000_000);
    }
    let (kind, name, uid) =
        (args.value("bound-object-kind"), args.value("bound-object-name"), args.value("bound-object-uid"));
    if kind.is_empty() {
        for (flag, value) in [("name", name), ("uid", uid)] {
            if !value.is_empty() {
                return Err(Fail::Plain(format!(
                    "--bound-object-{flag} can only be set if --bound-object-kind is provided"
                )));
            }
        }
        return Ok(spec);
    }
    if !BOUND.contains(&kind) {
        return Err(Fail::Plain(format!("supported --bound-object-kind values are {}", BOUND.join(", "))));
    }
    if name.is_empty() {
        return Err("--bound-object-name is required if --bound-object-kind is provided".into());
    }
    let mut bound = crate::map! { "apiVersion" => "v1", "kind" => kind, "name" => name };
    if !uid.is_empty() {
        bound.set("uid", uid);
    }
    spec.set("boundObjectRef", bound);
    Ok(spec)
}

/// `create token`.
pub fn token(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let format = print::format(cx, args, print::MADE)?;
    let spec = token_spec(args)?;
    let namespace = cx.base.namespace.clone();
    let mut request =
        Request::new(Method::Create, Kind::SERVICE_ACCOUNT, Some(&namespace), &name).subresource("token");
    request.body = crate::map! { "spec" => spec };
    let made =
        cx.object(request).map_err(|f| Fail::Plain(format!("failed to create token: {}", f.message())))?;
    if format != print::Format::Human {
        let text = print::value(&made.value, &format, false)?;
        cx.print(&text);
        return OK;
    }
    // A line end is for people alone.
    let end = if cx.sys.is_tty(STDOUT) { "\n" } else { "" };
    cx.print(&format!("{}{end}", made.at("status.token").str()));
    OK
}
