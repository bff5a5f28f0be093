//! Custom resources at the server: which kinds the definitions in the store serve, and what happens to a
//! definition itself (apiextensions-apiserver's naming, establishing and finalizing controllers, which act
//! at once here).

use super::{ApiServer, DeleteOptions};
use crate::api::object::Key;
use crate::api::status::Result;
use crate::api::{Kind, Object, Request, Status, Text, Value, custom};
use crate::{list, map};

/// Keeps a definition until its objects are gone.
const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

impl ApiServer {
    /// The custom kinds that are served, with their definitions.
    pub fn custom_kinds(&self) -> impl Iterator<Item = (Kind, &Object)> {
        let established = |d: &&Object| d.condition_true("Established");
        self.list(Kind::CRD, None).filter(established).filter_map(|d| custom::kind_of(d).map(|k| (k, d)))
    }

    /// All kinds that are served.
    pub fn kinds(&self) -> Vec<Kind> {
        Kind::all().chain(self.custom_kinds().map(|(kind, _)| kind)).collect()
    }

    /// The kind that an `apiVersion` and `kind` name, if it is served.
    pub fn kind_named(&self, api_version: &str, kind: &str) -> Option<Kind> {
        let of_definition =
            |(k, d): &(Kind, &Object)| k.info().kind == kind && custom::serves(d, api_version);
        Kind::of(api_version, kind).or_else(|| self.custom_kinds().find(of_definition).map(|(k, _)| k))
    }

    /// The definition of a custom kind.
    ///
    /// # Errors
    /// 404 without a name if no definition serves it.
    pub(super) fn definition(&self, kind: Kind) -> Result<&Object> {
        let found = self.custom_kinds().find(|(k, _)| *k == kind).map(|(_, definition)| definition);
        found.ok_or_else(|| Status::new(404, "NotFound", "the server could not find the requested resource"))
    }

    /// Refuses a request for a custom kind, or a subresource of it, that no definition serves.
    pub(super) fn serves(&self, request: &Request) -> Result<()> {
        let definition = self.definition(request.kind)?;
        let named = custom::subresources(definition);
        if matches!(request.subresource, "status" | "scale") && named[request.subresource].is_null() {
            return Err(Status::not_found(request.kind, &request.name));
        }
        Ok(())
    }

    /// Whether a custom kind has the `status` subresource.
    pub(super) fn has_status(&self, kind: Kind) -> bool {
        self.definition(kind).is_ok_and(|d| custom::subresources(d)["status"].is_some())
    }

    /// Accepts the names of a stored definition and begins to serve it, or follows a change of it.
    pub(super) fn establish(&mut self, key: &Key, before: Option<&Object>) {
        let Some(definition) = self.store.get(key).cloned() else { return };
        if definition.is_deleting() {
            return;
        }
        if let Some(old) = before.and_then(custom::kind_of)
            && let Some(new) = custom::kind_of(&definition)
            && old != new
        {
            self.store.rekind(old, new);
        }
        let mut status = definition["status"].clone();
        let mut conditions = status["conditions"].clone();
        for (kind, reason, message) in [
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ] {
            let condition = map! {
                "type" => kind, "status" => "True", "reason" => Text::lit(reason), "message" => Text::lit(message),
            };
            self.set_condition(&mut conditions, condition);
        }
        status.set("conditions", conditions);
        status.set("acceptedNames", definition.at("spec.names"));
        let storage = definition.at("spec.versions").items().iter().find(|v| v["storage"].is_true());
        let mut stored: Vec<Value> = status["storedVersions"].items().to_vec();
        if let Some(name) = storage.map(|v| v["name"].clone()).filter(|n| !stored.contains(n)) {
            stored.push(name);
        }
        status.set("storedVersions", Value::from(stored));
        // The key was read above, so both writes find it.
        let _ = self.update_status(key, status);
        let _ = self.modify(key, |d| {
            if d.at("metadata.finalizers").is_empty() {
                d.set("metadata.finalizers", list![FINALIZER]);
            }
        });
    }

    /// Deletes the objects of a definition that is going, and the definition once they are gone.
    pub(super) fn finalize_definition(&mut self, key: &Key) {
        let Some(definition) = self.store.get(key).filter(|d| d.is_deleting()) else { return };
        let Some(kind) = custom::kind_of(definition) else { return };
        let objects: Vec<Key> = self.list(kind, None).filter(|o| !o.is_deleting()).map(Object::key).collect();
        for object in objects {
            // An owner's deletion may have taken it already.
            let _ = self.delete(&object, &DeleteOptions::default());
        }
        if self.list(kind, None).next().is_none() {
            let _ = self.modify(key, |d| {
                d.slot("metadata.finalizers").list_mut().retain(|f| f.str() != FINALIZER);
            });
        }
    }

    /// After the last object of a kind has gone, its definition may go.
    pub(super) fn object_gone(&mut self, kind: Kind) {
        let waits = |d: &&Object| d.is_deleting() && custom::kind_of(d) == Some(kind);
        let waiting = self.list(Kind::CRD, None).find(waits).map(Object::key);
        if let Some(key) = waiting.filter(|_| self.list(kind, None).next().is_none()) {
            self.finalize_definition(&key);
        }
    }
}

/// What the server fills in of a definition: the singular name, the list's kind, no conversion.
pub(super) fn complete(definition: &mut Object) {
    let kind = definition.at("spec.names.kind").text();
    if definition.at("spec.names.singular").str().is_empty() {
        definition.set("spec.names.singular", kind.to_lowercase());
    }
    if definition.at("spec.names.listKind").str().is_empty() && !kind.is_empty() {
        definition.set("spec.names.listKind", format!("{kind}List"));
    }
    if definition.at("spec.conversion").is_null() {
        definition.set("spec.conversion", map! { "strategy" => "None" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Response;
    use crate::api::request::{PatchType, Verb};
    use crate::api::yaml::{Limits, read_value};
    use crate::time::Epoch;

    fn api() -> ApiServer {
        let mut api = ApiServer::new(1, Epoch(1_795_420_239_000_000));
        let namespace = map! { "metadata" => map! { "name" => "default" } };
        api.create(Object::new(Kind::NAMESPACE, namespace)).expect("new");
        api
    }

    const CUPS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: cups.tea.example}
spec:
  group: tea.example
  scope: Namespaced
  names: {plural: cups, kind: Cup}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {grams: {type: integer}}}}}}}
";

    fn define(api: &mut ApiServer) -> Kind {
        let body = read_value(CUPS, Limits::default()).expect("YAML");
        let made = api.request(&Request::new(Verb::Create, Kind::CRD, None, "").body(body));
        assert!(matches!(made, Response::Object(..)), "{made:?}");
        api.kind_named("tea.example/v1", "Cup").expect("established")
    }

    fn cup(grams: Value) -> Value {
        map! {
            "apiVersion" => "tea.example/v1", "kind" => "Cup", "metadata" => map! { "name" => "a" },
            "spec" => map! { "grams" => grams },
        }
    }

    fn message(response: Response) -> String {
        match response {
            Response::Error(status) => status.message.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn objects_live_as_long_as_their_definition() {
        let mut api = api();
        let kind = define(&mut api);
        let create = |grams| Request::new(Verb::Create, kind, Some("default"), "").body(cup(grams));
        assert_eq!(
            message(api.request(&create(Value::from("two")))),
            "Cup.tea.example \"a\" is invalid: spec.grams: Invalid value: \"string\": spec.grams in body must be of type integer: \"string\""
        );
        let Response::Object(made, _) = api.request(&create(Value::from(2))) else { panic!("valid") };
        assert_eq!((made.at("metadata.generation").int_or(0), made.at("spec.grams").int_or(0)), (1, 2));
        let patch = |how| {
            let body = map! { "spec" => map! { "grams" => 3 } };
            Request::new(Verb::Patch(how), kind, Some("default"), "a").body(body)
        };
        let refused = api.request(&patch(PatchType::Strategic));
        assert!(message(refused).starts_with("the body of the request was in an unknown format"));
        let Response::Object(patched, _) = api.request(&patch(PatchType::Merge)) else { panic!("valid") };
        assert_eq!(patched.at("metadata.generation").int_or(0), 2);
        api.request(&Request::new(Verb::Delete, Kind::CRD, None, "cups.tea.example"));
        assert_eq!((api.list(kind, None).count(), api.list(Kind::CRD, None).count()), (0, 0));
        assert_eq!(
            message(api.request(&Request::new(Verb::List, kind, Some("default"), ""))),
            "the server could not find the requested resource"
        );
    }

    #[test]
    fn a_finalizer_of_an_object_keeps_its_definition() {
        let mut api = api();
        let kind = define(&mut api);
        let mut held = cup(Value::from(1));
        held.set("metadata.finalizers", list!["tea.example/wash"]);
        api.request(&Request::new(Verb::Create, kind, Some("default"), "").body(held));
        api.request(&Request::new(Verb::Delete, Kind::CRD, None, "cups.tea.example"));
        assert!(api.get(Kind::CRD, "", "cups.tea.example").is_some_and(|d| d.is_deleting()));
        let free = map! { "metadata" => map! { "finalizers" => Value::Null } };
        api.request(&Request::new(Verb::Patch(PatchType::Merge), kind, Some("default"), "a").body(free));
        assert!(api.get(Kind::CRD, "", "cups.tea.example").is_none());
    }
}
