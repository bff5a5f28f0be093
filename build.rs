//! Writes the table of fields behind strict decoding, defaults, patches and `kubectl explain`.
//!
//! Source of types, fields and descriptions: the JSON schemas of `k8s-openapi` (Kubernetes v1.36). What
//! OpenAPI does not tell (Go's type names, `omitempty`, patch strategies, enumerations) comes from
//! `src/api/schema/go-types.txt` and `enum-values.txt`. Output in `OUT_DIR`: `schema.rs` (static tables of
//! small numbers) and `descriptions.txt` (texts in the table's order, each ended by NUL).
#![allow(missing_docs)]

use k8s_openapi::schemars::SchemaGenerator;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

macro_rules! roots {
    ($generator:ident, $roots:ident; $($($path:ident)::+;)*) => {
        $({
            use k8s_openapi::Resource as _;
            type T = k8s_openapi::$($path)::+;
            $generator.subschema_for::<T>();
            let name = <T as k8s_openapi::schemars::JsonSchema>::schema_name().to_string();
            $roots.push((T::API_VERSION, T::KIND, name));
        })*
    };
}

/// Named types without fields whose descriptions `kubectl explain` appends to a field's own; the same list
/// stands in src/api/schema/descriptions.rs.
const SCALARS: &[&str] = &[
    "Quantity",
    "IntOrString",
    "Time",
    "MicroTime",
    "FieldsV1",
    "RawExtension",
    "JSON",
    "JSONSchemaPropsOrArray",
];

/// What `go-types.txt` tells of a field.
#[derive(Default, Clone)]
struct GoField {
    order: usize,
    go: String,
    omitempty: bool,
    omitzero: bool,
    embedded: String,
    stands_for: String,
    strategy: String,
    merge_key: String,
    list: String,
    list_keys: String,
    enumeration: String,
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/api/schema/go-types.txt");
    println!("cargo:rerun-if-changed=src/api/schema/enum-values.txt");
    let mut generator = SchemaGenerator::default();
    let mut roots: Vec<(&str, &str, String)> = vec![];
    roots! { generator, roots;
        api::core::v1::ComponentStatus; api::certificates::v1::CertificateSigningRequest;
        api::core::v1::ConfigMap; api::core::v1::Endpoints; api::core::v1::Event; api::core::v1::LimitRange;
        api::core::v1::Namespace; api::core::v1::Node; api::core::v1::PersistentVolumeClaim;
        api::core::v1::PersistentVolume; api::core::v1::Pod; api::core::v1::PodTemplate;
        api::core::v1::ReplicationController; api::core::v1::ResourceQuota; api::core::v1::Secret;
        api::core::v1::ServiceAccount; api::core::v1::Service; api::core::v1::Binding;
        api::admissionregistration::v1::MutatingWebhookConfiguration;
        api::admissionregistration::v1::ValidatingWebhookConfiguration;
        apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
        kube_aggregator::pkg::apis::apiregistration::v1::APIService;
        api::apps::v1::ControllerRevision; api::apps::v1::DaemonSet; api::apps::v1::Deployment;
        api::apps::v1::ReplicaSet; api::apps::v1::StatefulSet;
        api::autoscaling::v2::HorizontalPodAutoscaler; api::autoscaling::v1::Scale;
        api::batch::v1::CronJob; api::batch::v1::Job; api::coordination::v1::Lease;
        api::discovery::v1::EndpointSlice; api::networking::v1::IngressClass; api::networking::v1::Ingress;
        api::networking::v1::NetworkPolicy; api::node::v1::RuntimeClass;
        api::policy::v1::PodDisruptionBudget; api::policy::v1::Eviction;
        api::rbac::v1::ClusterRoleBinding; api::rbac::v1::ClusterRole; api::rbac::v1::RoleBinding;
        api::rbac::v1::Role; api::scheduling::v1::PriorityClass; api::storage::v1::CSIDriver;
        api::storage::v1::CSINode; api::storage::v1::StorageClass; api::storage::v1::VolumeAttachment;
    }
    let definitions = generator.take_definitions(true);
    let go = read_go_types(&fs::read_to_string("src/api/schema/go-types.txt").expect("in the repository"));
    let enums = read_enums(&fs::read_to_string("src/api/schema/enum-values.txt").expect("in the repository"));
    let mut tables = Tables::default();
    for (name, schema) in &definitions {
        if schema.get("properties").is_some() {
            tables.type_names.push(name.clone());
        }
    }
    for (name, schema) in &definitions {
        if schema.get("properties").is_some() {
            tables.add_type(name, schema, go.get(&go_key(name)), &enums);
        }
    }
    for name in SCALARS {
        let schema = definitions.iter().find(|(n, _)| n.rsplit('.').next() == Some(name)).map(|(_, s)| s);
        let text = schema.and_then(|s| s.get("description")).and_then(Value::as_str).unwrap_or("");
        tables.describe(text);
    }
    let out = env::var("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("schema.rs"), tables.print(&roots)).expect("OUT_DIR is writable");
    fs::write(Path::new(&out).join("descriptions.txt"), &tables.descriptions).expect("OUT_DIR is writable");
}

/// `io.k8s.api.core.v1.Pod` → `core/v1.Pod`.
fn go_key(name: &str) -> String {
    let parts: Vec<&str> = name.rsplitn(4, '.').collect();
    let package = if parts[2] == "networking" { "networking" } else { parts[2] };
    format!("{package}/{}.{}", parts[1], parts[0])
}

fn read_go_types(text: &str) -> BTreeMap<String, BTreeMap<String, GoField>> {
    let mut types: BTreeMap<String, BTreeMap<String, GoField>> = BTreeMap::new();
    let mut current = String::new();
    for (order, line) in text.lines().enumerate().filter(|(_, l)| !l.starts_with('#')) {
        let Some(line) = line.strip_prefix(' ') else {
            current = String::from(line);
            continue;
        };
        let mut words = line.split(' ');
        let name = words.next().expect("a field has a name");
        let go = String::from(words.next().expect("a field has a type"));
        let mut field = GoField { order, go, ..GoField::default() };
        for word in words {
            let (tag, rest) = word.split_once(':').unwrap_or((word, ""));
            let (first, second) = rest.split_once(':').unwrap_or((rest, ""));
            match tag {
                "o" => field.omitempty = true,
                "z" => field.omitzero = true,
                "in" => field.embedded = String::from(rest),
                "is" => field.stands_for = String::from(rest),
                "patch" => (field.strategy, field.merge_key) = (first.into(), second.into()),
                "list" => (field.list, field.list_keys) = (first.into(), second.into()),
                "enum" => field.enumeration = String::from(rest),
                _ => panic!("go-types.txt: {line}"),
            }
        }
        types.entry(current.clone()).or_default().insert(String::from(name), field);
    }
    types
}

fn read_enums(text: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut enums: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        match line.strip_prefix(' ').and_then(|l| l.split_once('\t')) {
            Some((value, meaning)) => {
                enums.entry(current.clone()).or_default().push((value.into(), meaning.into()));
            }
            None => current = String::from(line),
        }
    }
    enums
}

/// A set of strings that rows refer to by number; number 0 is the empty string.
struct Pool {
    numbers: BTreeMap<String, usize>,
    list: Vec<String>,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { numbers: BTreeMap::from([(String::new(), 0)]), list: vec![String::new()] }
    }
}

impl Pool {
    fn number(&mut self, s: &str) -> usize {
        if let Some(n) = self.numbers.get(s) {
            return *n;
        }
        self.list.push(String::from(s));
        self.numbers.insert(String::from(s), self.list.len() - 1);
        self.list.len() - 1
    }
}

#[derive(Default)]
struct Tables {
    type_names: Vec<String>,
    strings: Pool,
    keys: BTreeSet<String>,
    types: String,
    fields: String,
    field_count: usize,
    descriptions: String,
}

impl Tables {
    fn describe(&mut self, text: &str) {
        self.descriptions.push_str(text);
        self.descriptions.push('\0');
    }

    fn add_type(
        &mut self,
        name: &str,
        schema: &Value,
        go: Option<&BTreeMap<String, GoField>>,
        enums: &BTreeMap<String, Vec<(String, String)>>,
    ) {
        let text = |v: &Value| v.get("description").and_then(Value::as_str).unwrap_or("").to_string();
        self.describe(&text(schema));
        let short = name.rsplit('.').next().expect("names have a last part");
        let properties = schema["properties"].as_object().expect("checked by the caller");
        let required: Vec<&str> = match schema.get("required").and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(Value::as_str).collect(),
            None => vec![],
        };
        let number = self.strings.number(short);
        writeln!(self.types, "TypeRow({number},{},{}),", self.field_count, properties.len()).expect("memory");
        self.field_count += properties.len();
        for (key, property) in properties {
            let field = match go.and_then(|g| g.get(key)) {
                Some(field) => field.clone(),
                None => GoField { omitempty: !required.contains(&key.as_str()), ..GoField::default() },
            };
            self.keys.insert(key.clone());
            let mut description = text(property);
            let mut values = String::new();
            // OpenAPI writes an enumeration at the values themselves, not at lists of them.
            let listed = property.get("type").and_then(Value::as_str) == Some("array");
            if let Some(list) = enums.get(&field.enumeration).filter(|_| !listed) {
                description.push_str("\n\nPossible enum values:");
                for (value, meaning) in list {
                    let space = if meaning.is_empty() { "" } else { " " };
                    write!(description, "\n - `\"{value}\"`{space}{meaning}").expect("memory");
                }
                let shown = |v: &str| if v.is_empty() { String::from("\"\"") } else { String::from(v) };
                values = list.iter().map(|(v, _)| shown(v)).collect::<Vec<_>>().join("\n");
            }
            self.describe(&description);
            // The generated Rust types have no `Option` around what OpenAPI gives a default (names of references,
            // embedded structs) and around metadata; those are not required.
            let defaulted = matches!(key.as_str(), "metadata" | "name") || self.shape(property) >= 32;
            let optional = (field.omitempty || field.omitzero) && defaulted;
            let must = required.contains(&key.as_str()) && !optional;
            self.add_field(key, property, &field, &values, must);
        }
    }

    fn add_field(&mut self, key: &str, property: &Value, go: &GoField, values: &str, required: bool) {
        let (container, element) = match property.get("type").and_then(Value::as_str) {
            Some("array") => (1, &property["items"]),
            Some("object") => match property.get("additionalProperties") {
                Some(inner) if inner.is_object() => (2, inner),
                _ => (0, property),
            },
            _ => (0, property),
        };
        // A map of lists counts as a map of lists of its innermost elements.
        let (container, element) = match (container, element.get("type").and_then(Value::as_str)) {
            (2, Some("array")) => (3, &element["items"]),
            (c, _) => (c, element),
        };
        let of = self.shape(element);
        let pointer = go.go.starts_with('*') || (go.go.is_empty() && of >= 32 && container == 0);
        let mut flags = 0;
        for (bit, set) in [
            required,
            pointer,
            go.omitempty,
            go.omitzero,
            go.strategy.contains("merge"),
            go.strategy.contains("retainKeys"),
            go.strategy.contains("replace"),
            go.list == "atomic",
            go.list == "set",
            go.list == "map",
        ]
        .into_iter()
        .enumerate()
        {
            flags |= usize::from(set) << bit;
        }
        let go_type = self.strings.number(go.go.trim_start_matches('*'));
        let stands_for = self.strings.number(&go.stands_for);
        let embedded = self.strings.number(&go.embedded);
        let merge_key = self.strings.number(&go.merge_key);
        let list_keys = self.strings.number(&go.list_keys);
        let values = self.strings.number(values);
        let order = go.order;
        writeln!(
            self.fields,
            "({key:?},{container},{of},{go_type},{stands_for},{flags},{embedded},{merge_key},{list_keys},{values},{order}),"
        )
        .expect("memory");
    }

    /// Scalars by number (see `Shape` in src/api/schema), structs from 32 on.
    fn shape(&self, schema: &Value) -> usize {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or("");
        if let Some(name) = text("$ref").rsplit('/').next().filter(|n| !n.is_empty()) {
            if let Some(i) = self.type_names.iter().position(|n| n == name) {
                return 32 + i;
            }
            return match name.rsplit('.').next().unwrap_or("") {
                "Quantity" => 6,
                "IntOrString" => 7,
                "Time" => 8,
                "MicroTime" => 9,
                _ => 0,
            };
        }
        match (text("type"), text("format")) {
            ("boolean", _) => 2,
            ("integer", "int64") => 4,
            ("integer", _) => 3,
            ("number", _) => 5,
            ("string", "byte") => 10,
            ("string", "date-time") => 8,
            ("string", _) => 1,
            ("object", _) => 11,
            _ => 0,
        }
    }

    fn print(&self, roots: &[(&str, &str, String)]) -> String {
        let mut out = String::new();
        let keys: Vec<&String> = self.keys.iter().collect();
        writeln!(out, "static KEYS: &[&str] = &{keys:?};").expect("memory");
        writeln!(out, "static STRINGS: &[&str] = &{:?};", self.strings.list).expect("memory");
        writeln!(out, "static TYPES: &[TypeRow] = &[\n{}];", self.types).expect("memory");
        out.push_str("static FIELDS: &[FieldRow] = &[\n");
        for line in self.fields.lines() {
            let (key, rest) = line[2..].split_once("\",").expect("rows begin with a quoted key");
            let number = keys.binary_search(&&String::from(key)).expect("all keys were collected");
            writeln!(out, "FieldRow({number},{rest}").expect("memory");
        }
        out.push_str("];\nstatic ROOTS: &[(&str, &str, u16)] = &[\n");
        for (version, kind, name) in roots {
            let number = self.type_names.iter().position(|n| n == name).expect("roots are types");
            writeln!(out, "({version:?},{kind:?},{number}),").expect("memory");
        }
        out.push_str("];\n");
        out
    }
}
