//! Custom resources: what a CustomResourceDefinition makes of a manifest.
//!
//! A definition gives a [`Kind`] (names are interned, see `kind`), a schema by which objects are decoded
//! (unknown fields pruned, defaults set) and, in `validation`, checked. Objects are kept in the version that
//! the definition prefers; conversion between versions changes `apiVersion` only. Left out, and said by a
//! warning when the definition is made: rules in CEL, regular expressions, conversion webhooks.

mod prune;

use crate::api::kind::{CustomColumn, CustomInfo};
use crate::api::schema::Type;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value, decode};
use crate::collections::Order as _;

/// How deep schemas and values are followed; what is deeper is not looked at.
pub const DEPTH_LIMIT: usize = 64;

/// The kind of a definition's objects; `None` if the definition serves no version.
pub fn kind_of(definition: &Object) -> Option<Kind> {
    let spec = &definition["spec"];
    let version = preferred(spec)?;
    let names = &spec["names"];
    let columns = version["additionalPrinterColumns"].items().iter();
    Kind::custom(&CustomInfo {
        kind: names["kind"].str(),
        api_version: &format!("{}/{}", spec["group"].str(), version["name"].str()),
        plural: names["plural"].str(),
        singular: names["singular"].str(),
        short: names["shortNames"].items().iter().map(Value::str).collect(),
        namespaced: spec["scope"].str() == "Namespaced",
        in_all: names["categories"].items().iter().any(|c| c.str() == "all"),
        columns: columns
            .map(|c| CustomColumn {
                name: c["name"].str().into(),
                path: c["jsonPath"].str().into(),
                date: c["type"].str() == "date",
                wide: c["priority"].int_or(0) > 0,
            })
            .collect(),
    })
}

/// The served version that discovery prefers: stable before beta before alpha, the highest first
/// (apimachinery/pkg/version `CompareKubeAwareVersionStrings`).
fn preferred(spec: &Value) -> Option<&Value> {
    let served = spec["versions"].items().iter().filter(|v| v["served"].is_true());
    served.max_by_key(|v| rank(v["name"].str()))
}

/// Sorts versions: (maturity, major, minor).
fn rank(version: &str) -> (u8, u64, u64) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let Ok(major) = major.parse() else { return (0, 0, 0) };
    for (word, maturity) in [("beta", 2), ("alpha", 1)] {
        if let Some(minor) = rest.strip_prefix(word) {
            return (maturity, major, minor.parse().unwrap_or(0));
        }
    }
    if rest.is_empty() { (3, major, 0) } else { (0, 0, 0) }
}

/// The schema of a version, or of the preferred one.
pub fn schema<'d>(definition: &'d Object, api_version: &str) -> &'d Value {
    let version = api_version.rsplit('/').next().unwrap_or("");
    let spec = &definition["spec"];
    let named = spec["versions"].items().iter().find(|v| v["name"].str() == version);
    named.or_else(|| preferred(spec)).map_or(&Value::Null, |v| v.at("schema.openAPIV3Schema"))
}

/// The subresources of the preferred version: `status`, `scale`.
pub fn subresources(definition: &Object) -> &Value {
    preferred(&definition["spec"]).map_or(&Value::Null, |v| &v["subresources"])
}

/// Whether a definition serves a version of its group.
pub fn serves(definition: &Object, api_version: &str) -> bool {
    let spec = &definition["spec"];
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let served = |v: &Value| v["name"].str() == version && v["served"].is_true();
    spec["group"].str() == group && spec["versions"].items().iter().any(served)
}

/// Decodes the body of a create or update, as `decode::object` does for kinds that are built in.
///
/// # Errors
/// 400 in the server's words.
pub fn decoded(
    kind: Kind,
    definition: &Object,
    body: &Value,
    validation: &str,
) -> Result<(Object, Vec<Text>)> {
    let info = kind.info();
    let (version, name) = (body["apiVersion"].str(), body["kind"].str());
    if !version.is_empty() && !serves(definition, version) {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            info.api_version
        )));
    }
    let short = info.api_version.rsplit('/').next().unwrap_or("");
    let cannot = |why: String| {
        let of = info.kind;
        Status::bad_request(format!("{of} in version \"{short}\" cannot be handled as a {of}: {why}"))
    };
    if !name.is_empty() && name != info.kind {
        return Err(Status::bad_request(format!(
            "{name} in version \"{short}\" cannot be handled as a {}: no kind \"{name}\" is registered for version \"{}\"",
            info.kind, info.api_version
        )));
    }
    let mut value = if body.as_map().is_some() { body.clone() } else { Value::map() };
    let mut unknown = Vec::new();
    if value["metadata"].is_some() {
        let meta = Type::named("ObjectMeta").expect("the table has ObjectMeta");
        let (decoded, fields) = decode::part("metadata", &value["metadata"], meta).map_err(&cannot)?;
        unknown.extend(fields);
        value.set("metadata", decoded);
    }
    let schema = schema(definition, version);
    prune::object(&mut value, schema, &mut unknown);
    prune::defaults(&mut value, schema, 0);
    unknown.order();
    match validation {
        "Strict" if !unknown.is_empty() => {
            Err(cannot(format!("strict decoding error: {}", unknown.join(", "))))
        }
        "Ignore" => Ok((Object::new(kind, value), vec![])),
        _ => Ok((Object::new(kind, value), unknown.into_iter().map(Text::from).collect())),
    }
}

/// Decodes what a patch has made of an object.
///
/// # Errors
/// 400, or 422 about the patch if it brings unknown fields and validation is strict.
pub fn patched(
    kind: Kind,
    definition: &Object,
    body: &Value,
    validation: &str,
) -> Result<(Object, Vec<Text>)> {
    let (object, unknown) = decoded(kind, definition, body, "Warn")?;
    match validation {
        "Strict" if !unknown.is_empty() => {
            let list = unknown.iter().map(|u| u.as_str()).collect::<Vec<_>>().join(", ");
            let why = format!("strict decoding error: {list}");
            Err(decode::invalid_patch(&crate::api::json::print(body), &why))
        }
        "Ignore" => Ok((object, vec![])),
        _ => Ok((object, unknown)),
    }
}

/// What a definition asks for and this server does not do, as warnings.
pub fn warnings(definition: &Object) -> Vec<Text> {
    let mut found: Vec<&'static str> = Vec::new();
    if definition.at("spec.conversion.strategy").str() == "Webhook" {
        found.push("conversion webhooks; objects keep their fields");
    }
    for version in definition.at("spec.versions").items() {
        unsupported(version.at("schema.openAPIV3Schema"), 0, &mut found);
    }
    found.into_iter().map(|what| Text::from(format!("not simulated: {what}"))).collect()
}

fn unsupported(schema: &Value, depth: usize, found: &mut Vec<&'static str>) {
    if depth > DEPTH_LIMIT {
        return;
    }
    let mut note = |there: bool, what: &'static str| {
        if there && !found.contains(&what) {
            found.push(what);
        }
    };
    note(schema["x-kubernetes-validations"].is_some(), "x-kubernetes-validations; the rules are not checked");
    note(schema["pattern"].is_some(), "patterns in schemas; texts are not checked against them");
    let any = ["anyOf", "oneOf", "allOf", "not"].iter().any(|f| schema[*f].is_some());
    note(
        any && !schema["x-kubernetes-int-or-string"].is_true(),
        "anyOf, oneOf, allOf and not in schemas; they are not checked",
    );
    for (_, inner) in schema["properties"].entries() {
        unsupported(inner, depth + 1, found);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        if inner.as_map().is_some() {
            unsupported(inner, depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    fn definition() -> Object {
        let text = "
metadata: {name: cups.tea.example}
spec:
  group: tea.example
  scope: Namespaced
  names: {plural: cups, singular: cup, kind: Cup, shortNames: [cu], categories: [all]}
  versions:
  - {name: v1beta1, served: true, storage: false}
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Tea, type: string, jsonPath: .spec.tea}
    - {name: Since, type: date, jsonPath: .metadata.creationTimestamp, priority: 1}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              tea: {type: string, default: green}
              grams: {type: integer}
              notes: {type: object, x-kubernetes-preserve-unknown-fields: true}
              tags: {type: object, additionalProperties: {type: string}}
              list: {type: array, items: {type: object, properties: {a: {type: string, pattern: x}}}}
";
        Object::new(Kind::CRD, read_value(text, Limits::default()).expect("YAML"))
    }

    #[test]
    fn a_definition_names_a_kind_once() {
        let kind = kind_of(&definition()).expect("serves a version");
        assert_eq!(kind_of(&definition()), Some(kind));
        let info = kind.info();
        assert_eq!((info.kind, info.api_version, info.plural), ("Cup", "tea.example/v1", "cups"));
        assert_eq!((info.short, info.namespaced, info.in_all), (&["cu"] as &[&str], true, true));
        assert_eq!(kind.columns().iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Tea", "Since"]);
        assert!(Kind::all().all(|k| k != kind));
    }

    #[test]
    fn versions_are_ranked_as_discovery_does() {
        let mut names = vec!["v1alpha2", "v2", "v1beta1", "foo", "v1", "v11beta2", "v1beta10"];
        names.sort_by_key(|n| std::cmp::Reverse(rank(n)));
        assert_eq!(names, ["v2", "v1", "v11beta2", "v1beta10", "v1beta1", "v1alpha2", "foo"]);
    }

    #[test]
    fn unknown_fields_are_pruned_and_defaults_set() {
        let definition = definition();
        let kind = kind_of(&definition).expect("serves a version");
        let body = read_value(
            "apiVersion: tea.example/v1beta1\nkind: Cup\nmetadata: {name: a, nope: 1}\nspec: {x: 1, notes: {any: 1}, tags: {a: b}, list: [{a: c, b: 1}]}\nextra: 1\n",
            Limits::default(),
        )
        .expect("YAML");
        // The older version has no schema, so the preferred one's would do for decoding.
        let mut newer = body.clone();
        newer.set("apiVersion", "tea.example/v1");
        let refused = decoded(kind, &definition, &newer, "Strict").expect_err("unknown fields");
        assert_eq!(
            refused.message.as_str(),
            "Cup in version \"v1\" cannot be handled as a Cup: strict decoding error: unknown field \"extra\", unknown field \"metadata.nope\", unknown field \"spec.list[0].b\", unknown field \"spec.x\""
        );
        let (object, warnings) = decoded(kind, &definition, &newer, "Warn").expect("only warnings");
        assert_eq!(warnings.len(), 4);
        assert_eq!(
            crate::api::json::print(&object["spec"]),
            r#"{"list":[{"a":"c"}],"notes":{"any":1},"tags":{"a":"b"},"tea":"green"}"#
        );
        assert!(
            decoded(kind, &definition, &crate::map! { "apiVersion" => "tea.example/v3" }, "Warn").is_err()
        );
        assert_eq!(super::warnings(&definition).len(), 1);
    }
}
