//! From a manifest's tree to an object of a kind, as the API server decodes it.
//!
//! Two readers with words of their own: JSON bodies (create, update, JSON and merge patches) complain like Go's
//! `encoding/json`, strategic patches like apimachinery's `FromUnstructured`. Both give the tree that Go would
//! print again: unknown fields gone, empty `omitempty` fields gone, fields without `omitempty` present,
//! quantities and times in canonical form, keys as literals. kubectl's own check of `metadata` is
//! [`metadata`]; its mapping of kinds gives [`no_matches`].
//!
//! Invariant: the result holds only fields of the schema (raw JSON fields hold anything).

mod reader;
mod scalar;

use crate::api::schema::Type;
use crate::api::status::{CauseOf, Result};
use crate::api::{Kind, Object, Status, Text, Value, convert, json};
use reader::{Reader, Words};

/// Decodes the body of a create or update. `validation` is the request's `fieldValidation`: `Strict`, `Warn`
/// (or empty) or `Ignore`. Also gives the warnings that the answer carries.
///
/// # Errors
/// 400 in the server's words: wrong kind or version, wrong types, and unknown fields if validation is strict.
pub fn object(kind: Kind, body: &Value, validation: &str) -> Result<(Object, Vec<Text>)> {
    let info = kind.info();
    let mut unknown = vec![];
    let kept = convert::kept(body, &mut unknown);
    let written = short_version(body["apiVersion"].str());
    let body = kept.as_ref().unwrap_or(body);
    let (version, name) = (body["apiVersion"].str(), body["kind"].str());
    let group_version = if version.is_empty() { info.api_version } else { version };
    let name = if name.is_empty() { info.kind } else { name };
    let cannot = |why: String| {
        let version = if written.is_empty() { short_version(group_version) } else { written.clone() };
        let of = info.kind;
        Status::bad_request(format!("{name} in version \"{version}\" cannot be handled as a {of}: {why}"))
    };
    if Kind::of(group_version, name).is_none() {
        return Err(cannot(format!(
            "no kind \"{name}\" is registered for version \"{group_version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        )));
    }
    if group_version != info.api_version {
        return Err(Status::bad_request(format!(
            "the API version in the data ({group_version}) does not match the expected API version ({})",
            info.api_version
        )));
    }
    if name != info.kind {
        return Err(cannot(format!("converting (v1.{name}) to (core.{}): unknown conversion", info.kind)));
    }
    let mut reader = Reader::new(Words::Json);
    let value = reader.object(kind, body).map_err(&cannot)?;
    let foreign = unknown.iter().map(|path| format!("unknown field {path:?}"));
    let warnings: Vec<String> = foreign.chain(reader.unknown_fields()).collect();
    match validation {
        "Strict" if !warnings.is_empty() => Err(cannot(strict(&warnings))),
        "Ignore" => Ok((Object::new(kind, value), vec![])),
        _ => Ok((Object::new(kind, value), warnings.into_iter().map(Text::from).collect())),
    }
}

/// Decodes what a patch has made of an object. For strategic patches `patch` is the patch itself, whose
/// printed form stands in the errors; for JSON and merge patches it is null.
///
/// # Errors
/// 422 `patch: Invalid value: …` in the words of the way that the patch took.
pub fn patched(kind: Kind, patched: &Value, validation: &str, patch: &Value) -> Result<(Object, Vec<Text>)> {
    let words = if patch.is_null() { Words::Json } else { Words::Convert };
    let invalid = |why: String| {
        let shown = if patch.is_null() { json::print(patched) } else { go_map(patch) };
        invalid_patch(&shown, &why)
    };
    let mut reader = Reader::new(words);
    let value = reader.object(kind, patched).map_err(&invalid)?;
    let warnings = reader.unknown_fields();
    match validation {
        "Strict" if !warnings.is_empty() => Err(invalid(strict(&warnings))),
        "Ignore" => Ok((Object::new(kind, value), vec![])),
        _ => Ok((Object::new(kind, value), warnings.into_iter().map(Text::from).collect())),
    }
}

/// 422 about the patch: `"" is invalid: patch: Invalid value: "SHOWN": WHY`. kubectl prints
/// `The request is invalid: patch: Invalid value: …`.
pub fn invalid_patch(shown: &str, why: &str) -> Status {
    let body = format!("Invalid value: {}: {why}", crate::api::text::go_quote(shown));
    let mut status = Status::new(422, "Invalid", format!(" \"\" is invalid: patch: {body}"));
    status.causes.push(CauseOf {
        reason: Text::lit("FieldValueInvalid"),
        message: Text::from(body),
        field: Text::lit("patch"),
    });
    status
}

/// What Go would print of a tree of a type: see the module's paragraph. For trees that the core builds itself.
pub fn normalized(value: &Value, kind: Kind) -> Value {
    Reader::new(Words::Json).object(kind, value).unwrap_or_else(|_| value.clone())
}

/// Decodes a part of an object that stands in the field `name` and has a type; also gives what is unknown in it.
///
/// # Errors
/// What is wrong with its types, in the words of Go's `encoding/json`.
pub fn part(name: &'static str, value: &Value, t: Type) -> std::result::Result<(Value, Vec<String>), String> {
    let mut reader = Reader::new(Words::Json);
    let value = reader.part(name, value, t)?;
    Ok((value, reader.unknown_fields()))
}

/// kubectl's own check of a manifest: it decodes `metadata` before it sends anything.
///
/// # Errors
/// e.g. `json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string`; kubectl
/// puts `unable to decode "FILE": ` before it.
pub fn metadata(manifest: &Value) -> std::result::Result<(), String> {
    let metadata = &manifest["metadata"];
    if metadata.is_null() {
        return Ok(());
    }
    if metadata.as_map().is_none() {
        let got = scalar::json_kind(metadata);
        return Err(format!(
            "json: cannot unmarshal {got} into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta"
        ));
    }
    let object_meta = Type::named("ObjectMeta").expect("the table has ObjectMeta");
    Reader::new(Words::Json).part("metadata", metadata, object_meta).map(drop)
}

/// kubectl's words for a kind that the server does not have:
/// `no matches for kind "X" in version "Y"`; kubectl puts
/// `resource mapping not found for name: "N" namespace: "NS" from "FILE": ` before it and
/// `ensure CRDs are installed first` after it.
pub fn no_matches(api_version: &str, kind: &str) -> String {
    format!("no matches for kind \"{kind}\" in version \"{api_version}\"")
}

/// `v1` of `apps/v1`.
fn short_version(api_version: &str) -> String {
    String::from(api_version.rsplit('/').next().unwrap_or(api_version))
}

fn strict(unknown: &[String]) -> String {
    format!("strict decoding error: {}", unknown.join(", "))
}

/// A value as Go's `%+v` prints the maps of unstructured objects: `map[a:1 b:[x y]]`.
pub fn go_map(value: &Value) -> String {
    match value {
        Value::Null => String::from("<nil>"),
        Value::Str(s) => s.to_string(),
        Value::Float(_) | Value::Int(_) | Value::Bool(_) => json::print(value),
        Value::List(l) => format!("[{}]", l.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::Map(m) => {
            let entries: Vec<String> = m.iter().map(|(k, v)| format!("{k}:{}", go_map(v))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    fn decode(text: &str, validation: &str) -> Result<(Object, Vec<Text>)> {
        let body = read_value(text, Limits::default()).expect("YAML");
        let kind = Kind::of(body["apiVersion"].str(), body["kind"].str()).unwrap_or(Kind::POD);
        object(kind, &body, validation)
    }

    #[test]
    fn wrong_types_are_told_in_gos_words() {
        let pod = "Pod in version \"v1\" cannot be handled as a Pod: ";
        for (spec, error) in [
            (
                "containers: {a: 1}",
                "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
            ),
            (
                "containers: [x]",
                "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container",
            ),
            (
                "containers: [{command: sleep}]",
                "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
            ),
            (
                "containers: [{command: [true]}]",
                "json: cannot unmarshal bool into Go struct field Container.spec.containers.command of type string",
            ),
            (
                "containers: [{env: [{name: a, value: 1}]}]",
                "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
            ),
            (
                "containers: [{imagePullPolicy: 1}]",
                "json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy",
            ),
            (
                "containers: [{livenessProbe: {periodSeconds: 5.5}}]",
                "json: cannot unmarshal number 5.5 into Go struct field Probe.spec.containers.livenessProbe.periodSeconds of type int32",
            ),
            (
                "containers: [{resources: []}]",
                "json: cannot unmarshal array into Go struct field Container.spec.containers.resources of type v1.ResourceRequirements",
            ),
            ("containers: [{resources: {limits: {memory: 100mi}}}]", "unable to parse quantity's suffix"),
            (
                "containers: [{ports: [{containerPort: 99999999999}]}]",
                "json: cannot unmarshal number 99999999999 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
            ),
            (
                "nodeSelector: [a]",
                "json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string",
            ),
            (
                "volumes: [{fc: {lun: x}}]",
                "json: cannot unmarshal string into Go struct field FCVolumeSource.spec.volumes.VolumeSource.fc.lun of type int32",
            ),
            (
                "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: []}}",
                "json: cannot unmarshal array into Go struct field NodeAffinity.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution of type v1.NodeSelector",
            ),
            (
                "restartpolicy: Never\n  containers: [{imagepullpolicy: x}]",
                "strict decoding error: unknown field \"spec.containers[0].imagepullpolicy\", unknown field \"spec.restartpolicy\"",
            ),
        ] {
            let got = decode(&format!("apiVersion: v1\nkind: Pod\nspec:\n  {spec}\n"), "Strict");
            let message = got.map(|_| ()).map_err(|s| s.message.to_string());
            assert_eq!(message, Err(format!("{pod}{error}")), "{spec}");
        }
    }

    #[test]
    fn other_mistakes_have_their_own_words() {
        let message = |text: &str| decode(text, "Strict").expect_err(text).message.to_string();
        assert_eq!(
            message("apiVersion: v1\nkind: pod\n"),
            "pod in version \"v1\" cannot be handled as a Pod: no kind \"pod\" is registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        );
        assert_eq!(
            message("apiVersion: v1\nkind: Secret\ndata: {a: x!==}\n"),
            "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 1"
        );
        let (_, warnings) =
            decode("apiVersion: v1\nkind: Pod\nspec: {nope: 1}\n", "Warn").expect("only a warning");
        assert_eq!(warnings, [Text::from("unknown field \"spec.nope\"")]);
        let manifest = |m: &str| metadata(&read_value(m, Limits::default()).expect("YAML"));
        assert_eq!(
            manifest("metadata: {labels: {a: 1}}"),
            Err("json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string".into())
        );
        assert_eq!(
            manifest("metadata: {labels: [a]}"),
            Err("json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string".into())
        );
    }

    #[test]
    fn strategic_patches_are_converted_in_other_words() {
        let value = |t: &str| read_value(t, Limits::default()).expect("YAML");
        for (kind, patch, error) in [
            (
                Kind::DEPLOYMENT,
                "spec: {replicas: x}",
                "patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32",
            ),
            (
                Kind::POD,
                "metadata: {labels: {a: 1}}",
                "patch: Invalid value: \"map[metadata:map[labels:map[a:1]]]\": cannot convert int64 to string",
            ),
            (
                Kind::POD,
                "metadata: {labels: invalid}",
                "patch: Invalid value: \"map[metadata:map[labels:invalid]]\": cannot restore map from string",
            ),
            (
                Kind::SECRET,
                "data: {password: not base64!}",
                "patch: Invalid value: \"map[data:map[password:not base64!]]\": error decoding from json: illegal base64 data at input byte 3",
            ),
        ] {
            let patch = value(patch);
            let error_of = patched(kind, &patch, "Warn", &patch).expect_err("wrong types");
            assert_eq!(error_of.message.as_str(), format!(" \"\" is invalid: {error}"));
        }
    }

    #[test]
    fn objects_come_out_as_go_prints_them() {
        let (pod, _) = decode(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {}, annotations: null}\nspec:\n  hostNetwork: false\n  containers:\n  - image: x\n    args: []\n    resources: {limits: {cpu: 0.5, memory: 1024Mi}}\n  volumes: [{name: v, emptyDir: {}}]\n",
            "Strict",
        )
        .expect("a pod");
        assert_eq!(
            json::print(&pod.value),
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"image":"x","name":"","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}],"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#
        );
        let (service, _) = decode("apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n", "Strict")
            .expect("a service");
        assert_eq!(json::print(&service["spec"]), r#"{"ports":[{"port":80,"targetPort":0}]}"#);
        assert_eq!(json::print(&service["status"]), r#"{"loadBalancer":{}}"#);
    }
}
