//! `kubectl auth can-i` and `whoami`: the roles of the cluster, looked up as the authorizer does.
//!
//! Everybody who types here is the cluster's administrator; requests are restricted only where `--as`
//! names another user.

use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Status, Value};
use crate::kubectl::cx::{Cx, Done, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::table::Table;
use crate::kubectl::resource::kind_of;

/// Flags of `can-i`.
pub const CAN_I: &[Flag] = &[
    switch("all-namespaces", 'A'),
    switch("list", ' '),
    switch("quiet", 'q'),
    switch("no-headers", ' '),
    text("subresource", ' ', ""),
];

const ADMIN: &str = "kubernetes-admin";
const MASTERS: &str = "system:masters";

/// Who asks: name and groups.
#[derive(Clone, Debug)]
pub struct Who {
    name: String,
    groups: Vec<String>,
}

/// The user whose identity the flags ask for.
pub fn who(args: &Args) -> Who {
    match args.value("as") {
        "" => Who { name: ADMIN.into(), groups: vec![MASTERS.into(), "system:authenticated".into()] },
        name => {
            let mut groups = args.values("as-group");
            if let Some(account) = name.strip_prefix("system:serviceaccount:") {
                groups.push("system:serviceaccounts".into());
                if let Some((ns, _)) = account.split_once(':') {
                    groups.push(format!("system:serviceaccounts:{ns}"));
                }
            }
            groups.push("system:authenticated".into());
            Who { name: name.into(), groups }
        }
    }
}

/// What is asked for.
struct Ask {
    verb: String,
    group: String,
    resource: String,
    name: String,
    url: String,
}

/// Refuses a request that no role allows, in the API server's words.
pub fn authorize(cx: &mut Cx, who: &Who, request: &Request) -> Res<()> {
    let info = request.kind.info();
    let verb = match request.verb {
        Method::Get => "get",
        Method::List => "list",
        Method::Watch => "watch",
        Method::Create => "create",
        Method::Update => "update",
        Method::Patch(_) => "patch",
        Method::Delete => "delete",
        Method::DeleteCollection => "deletecollection",
    };
    let namespace = request.namespace.as_deref().filter(|n| info.namespaced && !n.is_empty());
    let resource = match request.subresource {
        "" => info.plural.to_string(),
        part => format!("{}/{part}", info.plural),
    };
    let ask = Ask {
        verb: verb.into(),
        group: info.group().into(),
        resource,
        name: request.name.to_string(),
        url: String::new(),
    };
    if allowed(cx, namespace, who, &ask)? {
        return Ok(());
    }
    let name = if ask.name.is_empty() { String::new() } else { format!(" {:?}", ask.name) };
    let scope = match namespace {
        Some(ns) => format!("in the namespace {ns:?}"),
        None => "at the cluster scope".into(),
    };
    let text = format!(
        "{}{name} is forbidden: User {:?} cannot {verb} resource {:?} in API group {:?} {scope}",
        info.qualified(),
        who.name,
        ask.resource,
        ask.group
    );
    Err(Fail::Server(Status::new(403, "Forbidden", text)))
}

/// Runs `can-i`.
pub fn can_i(cx: &mut Cx, args: &Args) -> Outcome {
    let who = who(args);
    if args.is("list") {
        return list(cx, args, &who);
    }
    let [verb, what, rest @ ..] = args.rest.as_slice() else {
        return Err(Fail::Raw("error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.".into()));
    };
    if rest.len() > 1 {
        return Err(Fail::Raw("error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.".into()));
    }
    let ask = ask(cx, args, verb, what, rest)?;
    let namespace = cx.base.namespace.clone();
    let namespace = (!args.is("all-namespaces")).then_some(namespace.as_str());
    let yes = unrestricted(cx, |cx| allowed(cx, namespace, &who, &ask))?;
    if !args.is("quiet") {
        cx.print(if yes { "yes\n" } else { "no\n" });
    }
    if yes { OK } else { Ok(Done::Exit(1)) }
}

/// Does something as the cluster's administrator.
fn unrestricted<T>(cx: &mut Cx, work: impl FnOnce(&mut Cx) -> T) -> T {
    let before = std::mem::replace(&mut cx.checking, true);
    let out = work(cx);
    cx.checking = before;
    out
}

fn ask(cx: &mut Cx, args: &Args, verb: &str, what: &str, rest: &[String]) -> Res<Ask> {
    let mut ask = Ask {
        verb: verb.into(),
        group: String::new(),
        resource: String::new(),
        name: String::new(),
        url: String::new(),
    };
    if what.starts_with('/') {
        ask.url = what.to_string();
        return Ok(ask);
    }
    let (kind, name) = what.split_once('/').unwrap_or((what, ""));
    ask.name = rest.first().cloned().unwrap_or_else(|| name.to_string());
    match kind_of(kind) {
        Ok(k) => {
            ask.group = k.info().group().into();
            ask.resource = k.info().plural.into();
            if !k.info().namespaced && !args.is("all-namespaces") {
                cx.eprint(&format!("Warning: resource '{kind}' is not namespace scoped"));
                if !ask.group.is_empty() {
                    cx.eprint(&format!(" in group '{}'", ask.group));
                }
                cx.eprint("\n\n");
            }
        }
        Err(_) => {
            let (resource, group) = kind.split_once('.').unwrap_or((kind, ""));
            if kind != "*" {
                let text = match group {
                    "" => format!("Warning: the server doesn't have a resource type '{resource}'\n\n"),
                    g => format!(
                        "Warning: the server doesn't have a resource type '{resource}' in group '{g}'\n\n"
                    ),
                };
                cx.eprint(&text);
            }
            ask.resource = resource.into();
            ask.group = group.into();
        }
    }
    if !args.value("subresource").is_empty() {
        ask.resource = format!("{}/{}", ask.resource, args.value("subresource"));
    }
    Ok(ask)
}

/// The rules that bind the asker, cluster-wide ones first.
fn rules(cx: &mut Cx, namespace: Option<&str>, who: &Who) -> Res<Vec<Value>> {
    let mut out = Vec::new();
    let mut bindings = cx.list(Kind::CLUSTER_ROLE_BINDING, None, &Default::default())?.0;
    if namespace.is_some() {
        bindings.extend(cx.list(Kind::ROLE_BINDING, namespace, &Default::default())?.0);
    }
    for binding in bindings.iter().filter(|b| binds(b, who)) {
        let name = binding.at("roleRef.name").str();
        let kind = if binding.at("roleRef.kind").str() == "Role" { Kind::ROLE } else { Kind::CLUSTER_ROLE };
        match cx.get(kind, namespace.unwrap_or_default(), name) {
            Ok(role) => out.extend(role.at("rules").items().iter().cloned()),
            Err(_) if matches!(name, "cluster-admin" | "admin" | "edit" | "view") => out.push(standard(name)),
            Err(_) => {}
        }
    }
    Ok(out)
}

/// The roles that every cluster has, where the store does not hold them.
fn standard(name: &str) -> Value {
    let verbs = match name {
        "view" => crate::list!["get", "list", "watch"],
        _ => crate::list!["*"],
    };
    crate::map! { "apiGroups" => crate::list!["*"], "resources" => crate::list!["*"], "verbs" => verbs }
}

fn binds(binding: &Object, who: &Who) -> bool {
    binding.at("subjects").items().iter().any(|s| match s["kind"].str() {
        "User" => s["name"].str() == who.name,
        "Group" => who.groups.iter().any(|g| s["name"].str() == g),
        "ServiceAccount" => {
            who.name == format!("system:serviceaccount:{}:{}", s["namespace"].str(), s["name"].str())
        }
        _ => false,
    })
}

const PUBLIC_URLS: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

fn matches(list: &Value, wanted: &str) -> bool {
    list.items().iter().any(|v| {
        let v = v.str();
        v == "*" || v == wanted || v.strip_suffix('*').is_some_and(|p| !p.is_empty() && wanted.starts_with(p))
    })
}

fn allowed(cx: &mut Cx, namespace: Option<&str>, who: &Who, ask: &Ask) -> Res<bool> {
    if who.groups.iter().any(|g| g == MASTERS) {
        return Ok(true);
    }
    if !ask.url.is_empty() && ask.verb == "get" {
        let public: Value = PUBLIC_URLS.iter().copied().collect();
        if matches(&public, &ask.url) {
            return Ok(true);
        }
    }
    Ok(rules(cx, namespace, who)?.iter().any(|rule| {
        if !matches(&rule["verbs"], &ask.verb) {
            return false;
        }
        if !ask.url.is_empty() {
            return matches(&rule["nonResourceURLs"], &ask.url);
        }
        let names = &rule["resourceNames"];
        matches(&rule["apiGroups"], &ask.group)
            && matches(&rule["resources"], &ask.resource)
            && (names.is_empty() || names.items().iter().any(|n| n.str() == ask.name))
    }))
}

fn list(cx: &mut Cx, args: &Args, who: &Who) -> Outcome {
    let text = |v: &Value| format!("[{}]", v.items().iter().map(Value::str).collect::<Vec<_>>().join(" "));
    let mut table = Table::default();
    let row = |cells: [&str; 4]| cells.iter().map(|c| c.to_string()).collect();
    if !args.is("no-headers") {
        table.row(row(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]));
    }
    if who.groups.iter().any(|g| g == MASTERS) {
        table.row(row(["*.*", "[]", "[]", "[*]"]));
        table.row(row(["", "[*]", "[]", "[*]"]));
    }
    let own = [
        ("selfsubjectreviews", "authentication"),
        ("selfsubjectaccessreviews", "authorization"),
        ("selfsubjectrulesreviews", "authorization"),
    ];
    for (resource, group) in own {
        table.row(row([&format!("{resource}.{group}.k8s.io"), "[]", "[]", "[create]"]));
    }
    let own = cx.base.namespace.clone();
    let namespace = (!args.is("all-namespaces")).then_some(own.as_str());
    for rule in unrestricted(cx, |cx| rules(cx, namespace, who))? {
        for resource in rule["resources"].items() {
            for group in rule["apiGroups"].items() {
                let name = match group.str() {
                    "" => resource.str().to_string(),
                    g => format!("{}.{g}", resource.str()),
                };
                table.row(row([&name, "[]", &text(&rule["resourceNames"]), &text(&rule["verbs"])]));
            }
        }
    }
    for url in PUBLIC_URLS {
        table.row(row(["", &format!("[{url}]"), "[]", "[get]"]));
    }
    let text = table.take();
    cx.print(&text);
    OK
}

/// Runs `whoami`.
pub fn whoami(cx: &mut Cx, args: &Args) -> Outcome {
    let who = who(args);
    let mut table = Table::default();
    let row = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
    table.row(row("ATTRIBUTE", "VALUE"));
    table.row(row("Username", &who.name));
    table.row(row("Groups", &format!("[{}]", who.groups.join(" "))));
    if who.name == ADMIN {
        let id = "[X509SHA256=91c1b67a9eaa4c1a0c68e7cda667e5847c8d9adb1557dc56c727e4328346db82]";
        table.row(row("Extra: authentication.kubernetes.io/credential-id", id));
    }
    let text = table.take();
    cx.print(&text);
    OK
}
