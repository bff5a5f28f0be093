//! Authorization: RBAC for requests that are made in another user's name (`--as`).
//!
//! Whoever types at the workstation is the cluster's administrator (`system:masters`), whom RBAC does not
//! restrict; impersonated users and service accounts may do what roles and bindings grant.

use super::ApiServer;
use crate::api::rbac::{self, Ask, User};
use crate::api::request::{Request, Verb};
use crate::api::status::Result;
use crate::api::{Kind, Object, Status};

impl ApiServer {
    /// Refuses a request that its user may not make.
    ///
    /// # Errors
    /// `Forbidden` in the authorizer's words.
    pub fn authorize(&self, request: &Request) -> Result<()> {
        let Some(user) = request.options.user.as_ref().filter(|u| !u.is_master()) else {
            return Ok(());
        };
        let info = request.kind.info();
        let mut resource = info.plural.to_string();
        if !request.subresource.is_empty() {
            resource = format!("{resource}/{}", request.subresource);
        }
        let ask = Ask {
            verb: verb_name(request.verb).into(),
            group: info.group().into(),
            resource,
            name: request.name.to_string(),
            url: String::new(),
        };
        let namespace = request.namespace.as_deref().filter(|_| info.namespaced);
        if self.rules_of(user, namespace).iter().any(|rule| rbac::allows(rule, &ask)) {
            return Ok(());
        }
        let place = match namespace.filter(|n| !n.is_empty()) {
            Some(ns) => format!("in the namespace \"{ns}\""),
            None => "at the cluster scope".into(),
        };
        let name = if ask.name.is_empty() { String::new() } else { format!(" \"{}\"", ask.name) };
        let message = format!(
            "{}{name} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            info.qualified(),
            user.name,
            ask.verb,
            ask.resource,
            ask.group
        );
        Err(Status::new(403, "Forbidden", message).about(request.kind, &request.name))
    }

    /// The rules that hold for a user, in a namespace or in the whole cluster.
    pub fn rules_of(&self, user: &User, namespace: Option<&str>) -> Vec<crate::api::Value> {
        let mut rules = Vec::new();
        let everywhere = self.list(Kind::CLUSTER_ROLE_BINDING, None);
        let here = namespace.into_iter().flat_map(|ns| self.list(Kind::ROLE_BINDING, Some(ns)));
        for binding in everywhere.chain(here).filter(|b| rbac::binds(b, user)) {
            self.role_rules(binding, &mut rules);
        }
        rules
    }

    fn role_rules(&self, binding: &Object, rules: &mut Vec<crate::api::Value>) {
        let name = binding.at("roleRef.name").str();
        let role = match binding.at("roleRef.kind").str() {
            "Role" => self.get(Kind::ROLE, binding.namespace(), name),
            _ => self.get(Kind::CLUSTER_ROLE, "", name),
        };
        if let Some(role) = role {
            let all: Vec<&Object> = self.list(Kind::CLUSTER_ROLE, None).collect();
            rules.extend(rbac::rules_of(role, &all));
        }
    }
}

fn verb_name(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::List => "list",
        Verb::Watch => "watch",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Patch(_) => "patch",
        Verb::Delete => "delete",
        Verb::DeleteCollection => "deletecollection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Epoch;
    use crate::{list, map};

    #[test]
    fn an_impersonated_user_may_do_what_roles_grant() {
        let mut api = ApiServer::new(1, Epoch(1_795_420_239_000_000));
        let mut add = |kind, value| api.create(Object::new(kind, value)).expect("new");
        add(Kind::NAMESPACE, map! { "metadata" => map! { "name" => "dev" } });
        add(
            Kind::ROLE,
            map! { "metadata" => map! { "name" => "reader", "namespace" => "dev" }, "rules" => list![map! {
                "apiGroups" => list![""], "resources" => list!["pods"], "verbs" => list!["get", "list"],
            }] },
        );
        add(
            Kind::ROLE_BINDING,
            map! {
                "metadata" => map! { "name" => "jane", "namespace" => "dev" },
                "roleRef" => map! { "kind" => "Role", "name" => "reader" },
                "subjects" => list![map! { "kind" => "User", "name" => "jane" }],
            },
        );
        let ask = |verb, kind, ns: Option<&str>, name: &str, user: &str| {
            let mut request = Request::new(verb, kind, ns, name);
            request.options.user = Some(User::impersonated(user, vec![]));
            api.authorize(&request).map_err(|s| s.message.to_string())
        };
        assert_eq!(ask(Verb::List, Kind::POD, Some("dev"), "", "jane"), Ok(()));
        assert_eq!(
            ask(Verb::Delete, Kind::POD, Some("dev"), "a", "jane"),
            Err("pods \"a\" is forbidden: User \"jane\" cannot delete resource \"pods\" in API group \"\" in the namespace \"dev\"".into())
        );
        assert_eq!(
            ask(Verb::List, Kind::DEPLOYMENT, None, "", "bob"),
            Err("deployments.apps is forbidden: User \"bob\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope".into())
        );
        let admin = Request::new(Verb::List, Kind::SECRET, None, "");
        assert_eq!(api.authorize(&admin), Ok(()));
    }
}
