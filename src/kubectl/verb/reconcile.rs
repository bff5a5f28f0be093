//! `kubectl auth reconcile`: roles and bindings that grant at least what manifests say
//! (component-helpers/auth/rbac/reconciliation).

use crate::api::request::{Options, Verb as Method};
use crate::api::{Kind, Object, Request, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, switch};
use crate::kubectl::print::{self, Dry};

/// Flags.
pub const FLAGS: &[Flag] = &[switch("remove-extra-permissions", ' '), switch("remove-extra-subjects", ' ')];

/// The annotation by which an object stays as it is.
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if !files::given(args) {
        return Err("must specify one of -f and -k".into());
    }
    if !args.rest.is_empty() {
        return Err("no arguments are allowed".into());
    }
    let dry = match Dry::of(args)? {
        Dry::Server => return Err("--dry-run=server for command reconcile is not supported yet".into()),
        dry => dry,
    };
    let format = print::format(cx, args, print::MADE)?;
    let loaded = files::load(cx, args)?;
    let mut fails = loaded.fails;
    for doc in loaded.docs {
        let field = match doc.kind {
            Kind::ROLE | Kind::CLUSTER_ROLE => "rules",
            Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING => "subjects",
            _ => continue,
        };
        let removes =
            args.is(if field == "rules" { "remove-extra-permissions" } else { "remove-extra-subjects" });
        let wanted = doc.object();
        let plan = match plan(cx, &wanted, field, removes) {
            Ok(plan) => plan,
            Err(fail) => {
                fails.push(fail);
                continue;
            }
        };
        let done =
            if dry == Dry::No && !plan.protected { carry_out(cx, &plan) } else { Ok(plan.object.clone()) };
        match done {
            Ok(object) => {
                print::result(cx, &object, &format, "reconciled", dry)?;
                tell(cx, &plan, field, removes);
            }
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

/// What must be done to an object.
#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Nothing,
    Create,
    Update,
    Recreate,
}

struct Plan {
    object: Object,
    operation: Operation,
    missing: Vec<Value>,
    extra: Vec<Value>,
    protected: bool,
}

fn plan(cx: &mut Cx, wanted: &Object, field: &'static str, removes: bool) -> Res<Plan> {
    let ns = wanted.kind.info().namespaced.then(|| wanted.namespace());
    let read = cx.object(Request::new(Method::Get, wanted.kind, ns, wanted.name()));
    let all = wanted[field].items().to_vec();
    let old = match read {
        Err(fail) if fail.is_not_found() => {
            let (object, operation) = (wanted.clone(), Operation::Create);
            return Ok(Plan { object, operation, missing: all, extra: vec![], protected: false });
        }
        other => other?,
    };
    let (missing, extra) = match field {
        "rules" => (uncovered(&old[field], &wanted[field]), uncovered(&wanted[field], &old[field])),
        _ => (lacking(&old[field], &wanted[field]), lacking(&wanted[field], &old[field])),
    };
    let protected = old.annotation(AUTOUPDATE) == Some("false");
    let mut object = old.clone();
    let removed = removes && !extra.is_empty();
    if removed {
        object.set(field, Value::from(all));
    } else if !missing.is_empty() {
        let both = old[field].items().iter().chain(&missing).cloned();
        object.set(field, both.collect::<Value>());
    }
    let mut operation = if missing.is_empty() && !removed { Operation::Nothing } else { Operation::Update };
    for part in ["labels", "annotations"] {
        for (key, value) in wanted.at(&format!("metadata.{part}")).entries() {
            if old.at(&format!("metadata.{part}")).get(key) != value {
                object.slot(&format!("metadata.{part}")).map_mut().insert(key.clone(), value.clone());
                operation = Operation::Update;
            }
        }
    }
    if !wanted["aggregationRule"].is_null() && old["aggregationRule"] != wanted["aggregationRule"] {
        object.set("aggregationRule", wanted["aggregationRule"].clone());
        operation = Operation::Update;
    }
    let reference = |o: &Object| (o.at("roleRef.kind").text(), o.at("roleRef.name").text());
    if field == "subjects" && reference(&old) != reference(wanted) {
        // Whom a role is bound to may change, the role may not.
        return Ok(Plan {
            object: wanted.clone(),
            operation: Operation::Recreate,
            missing,
            extra,
            protected,
        });
    }
    Ok(Plan { object, operation, missing, extra, protected })
}

fn carry_out(cx: &mut Cx, plan: &Plan) -> Res<Object> {
    let object = &plan.object;
    let ns = object.kind.info().namespaced.then(|| object.namespace());
    let name = object.name();
    if plan.operation == Operation::Nothing {
        return Ok(object.clone());
    }
    if plan.operation == Operation::Update {
        return cx.object(Request::new(Method::Update, object.kind, ns, name).body(object.value.clone()));
    }
    if plan.operation == Operation::Recreate {
        cx.send(Request::new(Method::Delete, object.kind, ns, name))?;
    } else if let Some(ns) = ns {
        let space = crate::map! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => crate::map! { "name" => ns } };
        match cx.object(Request::new(Method::Create, Kind::NAMESPACE, None, "").body(space)) {
            Err(Fail::Server(s)) if s.reason != "AlreadyExists" => return Err(Fail::Server(s)),
            _ => {}
        }
    }
    let mut request = Request::new(Method::Create, object.kind, ns, "").body(object.value.clone());
    request.options = Options::default();
    cx.object(request)
}

/// Says what was needed, on standard error.
fn tell(cx: &mut Cx, plan: &Plan, field: &str, removes: bool) {
    let word = match plan.operation {
        Operation::Nothing => return,
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Recreate => "recreate",
    };
    let caveat = if plan.protected {
        ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)"
    } else {
        ""
    };
    let mut text = format!("\treconciliation required {word}{caveat}\n");
    let shown = |v: &Value| if field == "rules" { rule_text(v) } else { subject_text(v) };
    for (what, list) in [("missing", &plan.missing), ("extra", &plan.extra)] {
        if list.is_empty() || what == "extra" && !removes {
            continue;
        }
        let end = if what == "missing" { "added" } else { "removed" };
        text += &format!("\t{what} {field} {end}:\n");
        text.extend(list.iter().map(|v| format!("\t\t{}\n", shown(v))));
    }
    cx.eprint(&text);
}

fn words(value: &Value) -> String {
    value.items().iter().map(Value::str).collect::<Vec<_>>().join(" ")
}

fn rule_text(rule: &Value) -> String {
    let part = |name: &str, field: &str| format!("{name}:[{}]", words(&rule[field]));
    format!(
        "{{{} {} {} {} {}}}",
        part("Verbs", "verbs"),
        part("APIGroups", "apiGroups"),
        part("Resources", "resources"),
        part("ResourceNames", "resourceNames"),
        part("NonResourceURLs", "nonResourceURLs"),
    )
}

fn subject_text(subject: &Value) -> String {
    let s = |field: &str| subject[field].str();
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        s("kind"),
        s("apiGroup"),
        s("name"),
        s("namespace")
    )
}

fn lacking(have: &Value, want: &Value) -> Vec<Value> {
    let same =
        |a: &Value, b: &Value| ["kind", "name", "namespace"].iter().all(|f| a[*f].str() == b[*f].str());
    want.items().iter().filter(|w| !have.items().iter().any(|h| same(h, w))).cloned().collect()
}

/// The rules of `want`, each for one verb on one resource, that no rule of `have` covers.
fn uncovered(have: &Value, want: &Value) -> Vec<Value> {
    want.items().iter().flat_map(single).filter(|w| !have.items().iter().any(|h| covers(h, w))).collect()
}

/// A rule split into those for one verb on one resource or path.
fn single(rule: &Value) -> Vec<Value> {
    let of = |field: &str| rule[field].items().to_vec();
    let mut out = Vec::new();
    for verb in of("verbs") {
        for url in of("nonResourceURLs") {
            out.push(
                crate::map! { "nonResourceURLs" => crate::list![url], "verbs" => crate::list![verb.clone()] },
            );
        }
        for group in of("apiGroups") {
            for resource in of("resources") {
                let mut one = crate::map! {
                    "apiGroups" => crate::list![group.clone()], "resources" => crate::list![resource],
                    "verbs" => crate::list![verb.clone()],
                };
                if rule["resourceNames"].is_empty() {
                    out.push(one.clone());
                }
                for name in of("resourceNames") {
                    one.set("resourceNames", crate::list![name]);
                    out.push(one.clone());
                }
            }
        }
    }
    out
}

fn covers(rule: &Value, one: &Value) -> bool {
    let has = |field: &str| {
        let wanted = one[field][0].str();
        rule[field].items().iter().any(|v| v.str() == "*" || v.str() == wanted)
    };
    if !one["nonResourceURLs"].is_empty() {
        return has("verbs") && has("nonResourceURLs");
    }
    let names = &rule["resourceNames"];
    let named = names.is_empty() || !one["resourceNames"].is_empty() && has("resourceNames");
    has("verbs") && has("apiGroups") && has("resources") && named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn rules_are_covered_verb_by_verb_and_resource_by_resource() {
        let rule = |resources: Value, verbs: Value| {
            list![map! { "apiGroups" => list![""], "resources" => resources, "verbs" => verbs }]
        };
        let have = rule(list!["pods"], list!["get", "list"]);
        let want = rule(list!["pods", "services"], list!["get"]);
        let missing = uncovered(&have, &want);
        assert_eq!(
            missing.iter().map(rule_text).collect::<Vec<_>>(),
            ["{Verbs:[get] APIGroups:[] Resources:[services] ResourceNames:[] NonResourceURLs:[]}"]
        );
        assert!(uncovered(&rule(list!["*"], list!["*"]), &want).is_empty());
        let (jane, bob) =
            (map! { "kind" => "User", "name" => "jane" }, map! { "kind" => "User", "name" => "bob" });
        assert_eq!(lacking(&list![jane.clone()], &list![jane, bob.clone()]), [bob]);
    }
}
