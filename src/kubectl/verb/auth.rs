//! `kubectl auth can-i` and `whoami`: the roles of the cluster, looked up as the authorizer does.
//!
//! Whoever types here is the cluster's administrator; `--as` asks for another user.

use crate::api::rbac::{self, Ask, MASTERS, PUBLIC_URLS, User};
use crate::api::{Kind, Object, Text, Value};
use crate::kubectl::cx::{Base, Cx, Done, OK, Outcome};
use crate::kubectl::discovery::named;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::print::table::Table;

/// Flags of `can-i`.
pub const CAN_I: &[Flag] = &[
    switch("all-namespaces", 'A'),
    switch("list", ' '),
    switch("quiet", 'q'),
    switch("no-headers", ' '),
    text("subresource", ' ', ""),
];

const ADMIN: &str = "kubernetes-admin";

fn who(args: &Args) -> User {
    match args.value("as") {
        "" => User { name: ADMIN.into(), groups: vec![MASTERS.into(), Text::lit("system:authenticated")] },
        name => User::impersonated(name, args.values("as-group")),
    }
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
    let yes = allowed(cx, args, &who, &ask)?;
    if !args.is("quiet") {
        cx.print(if yes { "yes\n" } else { "no\n" });
    }
    if yes { OK } else { Ok(Done::Exit(1)) }
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
    match named(&cx.base.custom, kind) {
        Some((plural, group, namespaced)) => {
            ask.group = group.into();
            ask.resource = plural.into();
            if !namespaced && !args.is("all-namespaces") {
                cx.eprint(&format!("Warning: resource '{kind}' is not namespace scoped"));
                if !ask.group.is_empty() {
                    cx.eprint(&format!(" in group '{}'", ask.group));
                }
                cx.eprint("\n\n");
            }
        }
        None => {
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

/// The rules that bind the asker, cluster-wide ones first. The administrator looks them up, as the API server
/// would.
fn rules(cx: &mut Cx, args: &Args, who: &User) -> Res<Vec<Value>> {
    let base = Base { user: None, ..cx.base.clone() };
    let mut cx = Cx { sys: &mut *cx.sys, output: &mut *cx.output, base: &base, origin: None };
    let mut out = Vec::new();
    let mut bindings = cx.list(Kind::CLUSTER_ROLE_BINDING, None, &Default::default())?.0;
    if !args.is("all-namespaces") {
        bindings.extend(cx.list(Kind::ROLE_BINDING, Some(&base.namespace), &Default::default())?.0);
    }
    let (roles, _) = cx.list(Kind::CLUSTER_ROLE, None, &Default::default())?;
    let roles: Vec<&Object> = roles.iter().collect();
    for binding in bindings.iter().filter(|b| rbac::binds(b, who)) {
        let name = binding.at("roleRef.name").str();
        let kind = if binding.at("roleRef.kind").str() == "Role" { Kind::ROLE } else { Kind::CLUSTER_ROLE };
        if let Ok(role) = cx.get(kind, &base.namespace, name) {
            out.extend(rbac::rules_of(&role, &roles));
        }
    }
    Ok(out)
}

fn allowed(cx: &mut Cx, args: &Args, who: &User, ask: &Ask) -> Res<bool> {
    if who.is_master() {
        return Ok(true);
    }
    if ask.verb == "get" && !ask.url.is_empty() && PUBLIC_URLS.iter().any(|p| rbac::url_matches(p, &ask.url))
    {
        return Ok(true);
    }
    Ok(rules(cx, args, who)?.iter().any(|rule| rbac::allows(rule, ask)))
}

fn list(cx: &mut Cx, args: &Args, who: &User) -> Outcome {
    let text = |v: &Value| format!("[{}]", v.items().iter().map(Value::str).collect::<Vec<_>>().join(" "));
    let mut table = Table::default();
    let row = |cells: [&str; 4]| cells.iter().map(|c| c.to_string()).collect();
    if !args.is("no-headers") {
        table.row(row(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]));
    }
    if who.is_master() {
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
    // Those that everybody has stand at their places already.
    let known = |group: &str| {
        who.is_master() && group == "*" || own.iter().any(|(_, g)| group == format!("{g}.k8s.io"))
    };
    for rule in rules(cx, args, who)? {
        for resource in rule["resources"].items() {
            for group in rule["apiGroups"].items().iter().filter(|g| !known(g.str())) {
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
    table.row(row(
        "Groups",
        &format!("[{}]", who.groups.iter().map(|g| g.as_str()).collect::<Vec<_>>().join(" ")),
    ));
    if who.name == ADMIN {
        let id = "[X509SHA256=91c1b67a9eaa4c1a0c68e7cda667e5847c8d9adb1557dc56c727e4328346db82]";
        table.row(row("Extra: authentication.kubernetes.io/credential-id", id));
    }
    let text = table.take();
    cx.print(&text);
    OK
}
