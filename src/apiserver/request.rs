//! The REST-shaped seam: what a client asks, decoded, defaulted, admitted, validated and carried out.
//!
//! The order is upstream's: decode → default → mutating admission and registry strategy → validate →
//! quota → store. A dry run stops before the store.

use super::{ApiServer, DeleteOptions};
use crate::api::object::Key;
use crate::api::request::{PatchType, Verb};
use crate::api::status::Result;
use crate::api::{Kind, Object, Request, Response, Status, Text, Value};
use crate::api::{convert, custom, decode, defaults, fields, labels, patch, validation};
use crate::map;

/// The query with which a client asks for `metadata.managedFields`.
const MANAGED: &str = "showManagedFields";

impl ApiServer {
    /// Answers a request. Watches and the streams that nodes serve are not handled here but by the cluster.
    pub fn request(&mut self, request: &Request) -> Response {
        if request.kind.is_custom()
            && let Err(status) = self.serves(request)
        {
            return Response::Error(status);
        }
        if !has_subresource(request.kind, request.subresource) {
            return Response::Error(Status::new(
                404,
                "NotFound",
                "the server could not find the requested resource",
            ));
        }
        let result = match (request.verb, request.subresource) {
            (Verb::Get, "" | "status") => self.read(request).map(|o| Response::Object(o, vec![])),
            (Verb::Get, "scale") => self.read(request).map(|o| Response::Object(scale_of(&o), vec![])),
            (Verb::List, "") => self.select(request).map(|l| Response::List(l, self.store.revision())),
            (Verb::Create, "") => self.create_request(request),
            (Verb::Create, "binding") => self.bind_request(request),
            (Verb::Create, "eviction") => self.evict_request(request),
            (Verb::Create, "token") => self.token_request(request),
            (Verb::Update, _) => self.update_request(request),
            (Verb::Patch(how), _) => self.patch_request(request, how),
            (Verb::Delete, "") => self.delete_request(request),
            (Verb::DeleteCollection, "") => self.delete_collection(request),
            _ => Err(Status::not_simulated(&format!("{:?} of {}", request.verb, request.path()))),
        };
        match result {
            Ok(Response::Object(o, warnings)) if request.query(MANAGED).is_some() => {
                Response::Object(self.with_managed(o), warnings)
            }
            Ok(Response::List(list, revision)) if request.query(MANAGED).is_some() => {
                Response::List(list.into_iter().map(|o| self.with_managed(o)).collect(), revision)
            }
            Ok(response) => response,
            Err(status) => Response::Error(status),
        }
    }

    fn key(request: &Request) -> Key {
        let namespace = match &request.namespace {
            Some(ns) if request.kind.info().namespaced => ns.clone(),
            _ => Text::default(),
        };
        Key { kind: request.kind, namespace, name: request.name.clone() }
    }

    pub(super) fn read(&self, request: &Request) -> Result<Object> {
        let key = Self::key(request);
        if request.kind == Kind::COMPONENT_STATUS {
            let found = component_statuses().into_iter().find(|o| o.name() == &*key.name);
            return found.ok_or_else(|| Status::not_found(key.kind, &key.name));
        }
        self.store.get(&key).cloned().ok_or_else(|| Status::not_found(key.kind, &key.name))
    }

    /// The objects of a collection that the selectors of a request choose.
    pub fn select(&self, request: &Request) -> Result<Vec<Object>> {
        let label = labels::Selector::parse(&request.options.label_selector).map_err(Status::bad_request)?;
        let field = fields::Selector::parse(request.kind, &request.options.field_selector)?;
        let namespace = request.namespace.as_deref().filter(|_| request.kind.info().namespaced);
        if request.kind == Kind::COMPONENT_STATUS {
            let all = component_statuses().into_iter();
            return Ok(all.filter(|o| label.matches(o.at("metadata.labels")) && field.matches(o)).collect());
        }
        let chosen = self
            .list(request.kind, namespace)
            .filter(|o| label.matches(o.at("metadata.labels")) && field.matches(o));
        Ok(chosen.cloned().collect())
    }

    fn create_request(&mut self, request: &Request) -> Result<Response> {
        let (mut object, warnings) = self.decoded(request)?;
        self.place(request, &mut object)?;
        defaults::apply(&mut object);
        object.remove("metadata.resourceVersion");
        if request.kind == Kind::SERVICE {
            // Allocation needs a valid type and ports, so what is wrong with them is said first.
            refuse(&object, validation::create(&object))?;
        }
        let mut sent = object.clone();
        if object.kind == Kind::POD {
            // A template has the defaults of its fields, but not those of a whole pod.
            defaults::apply(&mut sent);
        }
        let object = self.completed(object)?;
        refuse(&object, self.violations(&object, validation::create(&object)))?;
        let warnings: Vec<Text> = warnings.into_iter().chain(validation::warnings(&object)).collect();
        if let Err(mut status) = self.admit_valid(&object).and_then(|()| self.check_absent(&object)) {
            status.warnings = warnings;
            return Err(status);
        }
        let warnings = [warnings, self.admission_warnings(None, &object)].concat();
        if request.options.dry_run {
            return Ok(Response::Object(object, warnings));
        }
        let made = self.put_created(object);
        match request.verb {
            Verb::Patch(_) => self.manage_apply(request, &Value::Null, &made),
            _ => {
                sent.set("metadata.name", made.name());
                self.manage_update(request, &Value::Null, &sent);
            }
        }
        if made.kind == Kind::CRD {
            self.establish(&made.key(), None);
        }
        Ok(Response::Object(made, warnings))
    }

    fn decoded(&self, request: &Request) -> Result<(Object, Vec<Text>)> {
        let validation = request.options.field_validation;
        if request.kind.is_custom() {
            return custom::decoded(request.kind, self.definition(request.kind)?, &request.body, validation);
        }
        decode::object(request.kind, &request.body, validation)
    }

    /// What is wrong with an object, its definition's schema and what others have taken included.
    fn violations(&self, object: &Object, found: Vec<validation::Error>) -> Vec<validation::Error> {
        let mut errors = validation::Errors { list: found };
        if let Ok(definition) = self.definition(object.kind) {
            let schema = custom::schema(definition, object.kind.info().api_version);
            validation::custom::object(object, schema, &mut errors);
        }
        if object.kind == Kind::SERVICE && errors.list.is_empty() {
            self.taken(object, &mut errors);
        }
        errors.list
    }

    /// Puts the object into the namespace of the request.
    fn place(&self, request: &Request, object: &mut Object) -> Result<()> {
        object.remove("metadata.managedFields");
        if !request.kind.info().namespaced {
            if !object.namespace().is_empty() {
                object.remove("metadata.namespace");
            }
            return Ok(());
        }
        let namespace = request.namespace.clone().filter(|n| !n.is_empty()).unwrap_or(Text::lit("default"));
        if object.namespace().is_empty() {
            object.set("metadata.namespace", namespace);
        } else if object.namespace() != &*namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(())
    }

    fn update_request(&mut self, request: &Request) -> Result<Response> {
        let (mut object, warnings) = if request.subresource == "scale" {
            (scaled(self.read(request)?, request.body.at("spec.replicas"))?, vec![])
        } else {
            self.decoded(request)?
        };
        if object.name() != &*request.name {
            let message = format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                object.name(),
                request.name
            );
            return Err(Status::bad_request(message));
        }
        self.place(request, &mut object)?;
        let old = self.read(request)?;
        self.finish_update(request, &old, object, warnings)
    }

    fn patch_request(&mut self, request: &Request, how: PatchType) -> Result<Response> {
        let old = match self.read(request) {
            Ok(old) => old,
            Err(status) if how != PatchType::Apply => return Err(status),
            Err(_) => {
                return self.create_request(request);
            }
        };
        if request.kind.is_custom() && how == PatchType::Strategic {
            const ACCEPTED: &str = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
            return Err(Status::new(415, "UnsupportedMediaType", ACCEPTED));
        }
        if request.subresource == "scale" {
            let patched = patch::apply(request.kind, how, &scale_of(&old).value, &request.body)?;
            let object = scaled(old.clone(), patched.at("spec.replicas"))?;
            return self.finish_update(request, &old, object, vec![]);
        }
        let kept = convert::kept(&request.body, &mut vec![]).filter(|_| how == PatchType::Apply);
        let body = kept.as_ref().unwrap_or(&request.body);
        let mut patched = patch::apply(request.kind, how, &old.value, body)?;
        if how == PatchType::Apply {
            patched = self.apply_managed(request, &old, patched)?;
        }
        if request.kind.is_custom() {
            let definition = self.definition(request.kind)?;
            let validation = request.options.field_validation;
            let (object, warnings) = custom::patched(request.kind, definition, &patched, validation)?;
            return self.finish_update(request, &old, object, warnings);
        }
        let strategic = if how == PatchType::Strategic { request.body.clone() } else { Value::Null };
        let (object, warnings) =
            decode::patched(request.kind, &patched, request.options.field_validation, &strategic)?;
        self.finish_update(request, &old, object, warnings)
    }

    fn finish_update(
        &mut self,
        request: &Request,
        old: &Object,
        mut object: Object,
        warnings: Vec<Text>,
    ) -> Result<Response> {
        let version = object.at("metadata.resourceVersion").str();
        // Another uid is another object, which validation tells first.
        let same = object.at("metadata.uid").str().is_empty() || object.uid() == old.uid();
        if same && !version.is_empty() && version != old.at("metadata.resourceVersion").str() {
            return Err(Status::conflict(old.kind, old.name(), super::write::MODIFIED));
        }
        object.remove("metadata.managedFields");
        defaults::apply(&mut object);
        let sent = object.clone();
        match request.subresource {
            "status" => {
                let status = object["status"].clone();
                object = old.clone();
                object.set("status", status);
            }
            "resize" => object = super::strategy::only_resources(old, &object),
            _ => {
                self.prepare_update(old, &mut object);
                self.admit_update(old, &mut object);
            }
        }
        let found = validation::update(old, &object, request.subresource);
        refuse(&object, self.violations(&object, found))?;
        self.admit_valid_update(old, &object, request.subresource)?;
        let warnings: Vec<Text> = warnings.into_iter().chain(validation::warnings(&object)).collect();
        let warnings = [warnings, self.admission_warnings(Some(old), &object)].concat();
        let answer = |o: Object| if request.subresource == "scale" { scale_of(&o) } else { o };
        if request.options.dry_run {
            Self::count_generation(old, &mut object);
            return Ok(Response::Object(answer(object), warnings));
        }
        let updated = self.update(object)?;
        match request.verb {
            Verb::Patch(PatchType::Apply) => self.manage_apply(request, &old.value, &updated),
            _ => self.manage_update(request, &old.value, &sent),
        }
        if updated.kind == Kind::CRD {
            self.establish(&updated.key(), Some(old));
        }
        Ok(Response::Object(answer(updated), warnings))
    }

    pub(super) fn delete_options(request: &Request) -> DeleteOptions {
        DeleteOptions {
            grace_period_seconds: request.options.grace_period_seconds,
            propagation_policy: request.options.propagation_policy.clone(),
            uid: request.options.uid.clone(),
        }
    }

    fn delete_request(&mut self, request: &Request) -> Result<Response> {
        let object = self.read(request)?;
        self.admit_delete(&object)?;
        if request.options.dry_run {
            return Ok(Response::Object(object, vec![]));
        }
        let key = Self::key(request);
        let last = self.delete(&key, &Self::delete_options(request))?;
        if key.kind == Kind::CRD {
            self.finalize_definition(&key);
        }
        if self.store.get(&object.key()).is_some() {
            return Ok(Response::Object(last, vec![]));
        }
        let info = request.kind.info();
        Ok(Response::Success(map! {
            "kind" => "Status", "apiVersion" => "v1", "metadata" => Value::map(), "status" => "Success",
            "details" => map! { "name" => object.name(), "kind" => info.plural, "group" => info.group(), "uid" => object.uid() },
        }))
    }

    fn delete_collection(&mut self, request: &Request) -> Result<Response> {
        let chosen = self.select(request)?;
        for object in &chosen {
            self.admit_delete(object)?;
            if !request.options.dry_run {
                self.delete(&object.key(), &Self::delete_options(request))?;
                if object.kind == Kind::CRD {
                    self.finalize_definition(&object.key());
                }
            }
        }
        Ok(Response::List(chosen, self.store.revision()))
    }

    fn bind_request(&mut self, request: &Request) -> Result<Response> {
        let node = request.body.at("target.name").text();
        self.bind(&Self::key(request), &node)?;
        Ok(Response::Success(
            map! { "kind" => "Status", "apiVersion" => "v1", "status" => "Success", "code" => 201 },
        ))
    }
}

/// Whether a kind has a subresource, as far as that depends on the kind.
fn has_subresource(kind: Kind, subresource: &str) -> bool {
    match subresource {
        _ if kind.is_custom() => true,
        "scale" => matches!(
            kind,
            Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::STATEFUL_SET | Kind::REPLICATION_CONTROLLER
        ),
        "resize" => kind == Kind::POD,
        "unknown" => false,
        _ => true,
    }
}

fn refuse(object: &Object, errors: Vec<validation::Error>) -> Result<()> {
    if errors.is_empty() { Ok(()) } else { Err(validation::invalid(object.kind, object.name(), &errors)) }
}

/// What `componentstatuses` answers: not stored, but looked up at each request.
fn component_statuses() -> Vec<Object> {
    ["controller-manager", "etcd-0", "scheduler"]
        .into_iter()
        .map(|name| {
            let healthy = map! { "type" => "Healthy", "status" => "True", "message" => "ok" };
            let value = map! { "metadata" => map! { "name" => name }, "conditions" => crate::list![healthy] };
            Object::new(Kind::COMPONENT_STATUS, value)
        })
        .collect()
}

/// The `autoscaling/v1` Scale of a workload.
fn scale_of(object: &Object) -> Object {
    let selector = labels::Selector::of_object(object.at("spec.selector")).to_string();
    let value = map! {
        "apiVersion" => "autoscaling/v1", "kind" => "Scale",
        "metadata" => map! {
            "name" => object.name(), "namespace" => object.namespace(), "uid" => object.uid(),
            "resourceVersion" => object.at("metadata.resourceVersion"), "creationTimestamp" => object.at("metadata.creationTimestamp"),
        },
        "spec" => map! { "replicas" => object.at("spec.replicas") },
        "status" => map! { "replicas" => object.at("status.replicas").int_or(0), "selector" => selector },
    };
    Object { kind: object.kind, value }
}

fn scaled(mut object: Object, replicas: &Value) -> Result<Object> {
    let Some(n) = replicas.as_int() else {
        return Err(Status::bad_request("spec.replicas: a whole number is needed"));
    };
    object.set("spec.replicas", n);
    Ok(object)
}
