//! Role-based access control as pure functions: whom a binding binds, what a rule allows
//! (plugin/pkg/auth/authorizer/rbac and pkg/apis/rbac/v1/evaluation_helpers.go).

use crate::api::labels::Selector;
use crate::api::{Object, Text, Value};

/// The group that may do everything.
pub const MASTERS: &str = "system:masters";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct User {
    /// `jane`, `system:serviceaccount:dev:builder`.
    pub name: Text,
    /// Groups, those that the server adds included.
    pub groups: Vec<Text>,
}

impl User {
    /// A user as impersonation makes it: the groups that every user and every service account has are added.
    pub fn impersonated(name: &str, groups: Vec<String>) -> User {
        let mut groups: Vec<Text> = groups.into_iter().map(Text::from).collect();
        if let Some(account) = name.strip_prefix("system:serviceaccount:") {
            groups.push(Text::lit("system:serviceaccounts"));
            if let Some((ns, _)) = account.split_once(':') {
                groups.push(Text::from(format!("system:serviceaccounts:{ns}")));
            }
        }
        groups.push(Text::lit("system:authenticated"));
        User { name: Text::from(name), groups }
    }

    /// Whether the user is in the group that may do everything.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|g| g == MASTERS)
    }
}

/// What is asked for: a verb on a resource, or on a path.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// `get`, `list`, …
    pub verb: String,
    /// The API group.
    pub group: String,
    /// The plural, with `/SUBRESOURCE` where there is one.
    pub resource: String,
    /// The object's name, if one is named.
    pub name: String,
    /// A path that is no resource; empty otherwise.
    pub url: String,
}

/// Whether a binding names the user or one of the user's groups. `namespace` is the binding's own.
pub fn binds(binding: &Object, user: &User) -> bool {
    binding.at("subjects").items().iter().any(|s| match s["kind"].str() {
        "User" => s["name"].str() == &*user.name,
        "Group" => user.groups.iter().any(|g| s["name"].str() == &**g),
        "ServiceAccount" => {
            let namespace = match s["namespace"].str() {
                "" => binding.namespace(),
                given => given,
            };
            &*user.name == format!("system:serviceaccount:{namespace}:{}", s["name"].str()).as_str()
        }
        _ => false,
    })
}

/// How far roles may take in roles that take in roles.
const AGGREGATION_DEPTH: usize = 8;

/// The rules of a role; one with an `aggregationRule` has those of the ClusterRoles with its labels.
pub fn rules_of(role: &Object, all: &[&Object]) -> Vec<Value> {
    aggregated(role, all, AGGREGATION_DEPTH)
}

fn aggregated(role: &Object, all: &[&Object], depth: usize) -> Vec<Value> {
    if role["aggregationRule"].is_null() || depth == 0 {
        return role["rules"].items().to_vec();
    }
    let mut rules: Vec<Value> = Vec::new();
    for selector in role.at("aggregationRule.clusterRoleSelectors").items().iter().map(Selector::of_object) {
        let others = all.iter().filter(|o| o.name() != role.name());
        for other in others.filter(|o| selector.matches(o.at("metadata.labels"))) {
            let taken = aggregated(other, all, depth - 1);
            rules.extend(taken.into_iter().filter(|r| !rules.contains(r)).collect::<Vec<_>>());
        }
    }
    rules
}

/// The label of what every cluster has from the start.
pub const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// The paths that every user may read (ClusterRoles `system:discovery` and `system:public-info-viewer`).
pub const PUBLIC_URLS: &[&str] = &[
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

/// Whether an entry of `nonResourceURLs` covers a path.
pub fn url_matches(pattern: &str, path: &str) -> bool {
    pattern == "*" || pattern == path || pattern.strip_suffix('*').is_some_and(|p| path.starts_with(p))
}

/// Whether a rule allows what is asked for.
pub fn allows(rule: &Value, ask: &Ask) -> bool {
    let has = |list: &Value, wanted: &str| list.items().iter().any(|v| v.str() == "*" || v.str() == wanted);
    if !has(&rule["verbs"], &ask.verb) {
        return false;
    }
    if !ask.url.is_empty() {
        return rule["nonResourceURLs"].items().iter().any(|p| url_matches(p.str(), &ask.url));
    }
    let subresource = ask.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let resource = has(&rule["resources"], &ask.resource)
        || subresource.is_some_and(|any| rule["resources"].items().iter().any(|r| r.str() == any));
    let names = &rule["resourceNames"];
    has(&rule["apiGroups"], &ask.group)
        && resource
        && (names.is_empty() || names.items().iter().any(|n| n.str() == ask.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use crate::{list, map};

    fn ask(verb: &str, group: &str, resource: &str, name: &str) -> Ask {
        let [verb, group, resource, name] = [verb, group, resource, name].map(String::from);
        Ask { verb, group, resource, name, url: String::new() }
    }

    #[test]
    fn rules_name_verbs_groups_resources_and_objects() {
        let rule = map! {
            "verbs" => list!["get", "list"], "apiGroups" => list!["", "apps"],
            "resources" => list!["pods", "deployments", "*/scale"],
        };
        for (verb, group, resource, wanted) in [
            ("get", "", "pods", true),
            ("delete", "", "pods", false),
            ("list", "apps", "deployments", true),
            ("get", "batch", "jobs", false),
            ("get", "", "pods/log", false),
            ("get", "apps", "statefulsets/scale", true),
        ] {
            assert_eq!(allows(&rule, &ask(verb, group, resource, "")), wanted, "{verb} {group} {resource}");
        }
        let named = map! {
            "verbs" => list!["*"], "apiGroups" => list!["*"], "resources" => list!["*"], "resourceNames" => list!["a"],
        };
        assert!(
            allows(&named, &ask("get", "", "pods", "a")) && !allows(&named, &ask("list", "", "pods", ""))
        );
    }

    #[test]
    fn urls_match_by_prefix() {
        let rule = map! { "verbs" => list!["get"], "nonResourceURLs" => list!["/healthz", "/logs/*"] };
        let url = |u: &str| Ask { verb: "get".into(), url: u.into(), ..Ask::default() };
        assert!(allows(&rule, &url("/logs/kubelet")) && allows(&rule, &url("/healthz")));
        assert!(!allows(&rule, &url("/healthz/ping")) && !allows(&rule, &url("/metrics")));
    }

    #[test]
    fn bindings_bind_users_groups_and_accounts() {
        let binding = |kind: &str, name: &str| {
            let subject = map! { "kind" => kind, "name" => name };
            Object::new(
                Kind::ROLE_BINDING,
                map! { "metadata" => map! { "name" => "b", "namespace" => "dev" }, "subjects" => list![subject] },
            )
        };
        let account = User::impersonated("system:serviceaccount:dev:builder", vec![]);
        assert!(binds(&binding("ServiceAccount", "builder"), &account));
        assert!(binds(&binding("Group", "system:serviceaccounts:dev"), &account));
        assert!(!binds(&binding("User", "builder"), &account));
        let jane = User::impersonated("jane", vec!["ops".into()]);
        assert!(binds(&binding("User", "jane"), &jane) && binds(&binding("Group", "ops"), &jane));
        assert!(!jane.is_master() && User::impersonated("x", vec![MASTERS.into()]).is_master());
    }
}
