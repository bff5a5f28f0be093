//! PodSecurity: the levels that the labels of a namespace set for its pods (`enforce` refuses, `warn`
//! warns; `audit` would go to an audit log, which this server does not keep).

use crate::api::pod_security::{Level, Violation, details, reasons, violations};
use crate::api::status::Result;
use crate::api::validation::{self, Errors};
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, Order as _};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// A level with the version of its rules that the label names.
#[derive(Clone, Debug, PartialEq)]
struct Policy {
    level: Level,
    version: Text,
}

impl Policy {
    fn of(namespace: &Object, mode: &str) -> Policy {
        let label = |suffix: &str| namespace.label(&format!("{PREFIX}{mode}{suffix}")).map(Text::from);
        // A label that cannot be read counts as the strictest level, as upstream has it.
        let level = label("").map_or(Level::Privileged, |l| Level::of(&l).unwrap_or(Level::Restricted));
        let version = label("-version").filter(|v| version_is_valid(v));
        Policy { level, version: version.unwrap_or(Text::lit("latest")) }
    }

    fn shown(&self) -> String {
        format!("\"{}:{}\"", self.level.name(), self.version)
    }
}

fn version_is_valid(version: &str) -> bool {
    let minor = version.strip_prefix("v1.");
    version == "latest" || minor.is_some_and(|m| m.parse::<u32>().is_ok_and(|n| n.to_string() == m))
}

/// Refuses a pod that violates the level that its namespace enforces, and namespaces with labels that are
/// no levels.
pub fn admit(api: &ApiServer, old: Option<&Object>, object: &Object) -> Result<()> {
    match object.kind {
        Kind::NAMESPACE => check_labels(old, object),
        Kind::POD => {
            let Some(namespace) = api.get(Kind::NAMESPACE, "", object.namespace()) else { return Ok(()) };
            let policy = Policy::of(namespace, "enforce");
            let found = violations(policy.level, &object["spec"]);
            if found.is_empty() {
                return Ok(());
            }
            let why = format!("violates PodSecurity {}: {}", policy.shown(), details(&found));
            Err(Status::forbidden(Kind::POD, object.name(), &why))
        }
        _ => Ok(()),
    }
}

fn check_labels(old: Option<&Object>, namespace: &Object) -> Result<()> {
    let mut errors = Errors::default();
    for mode in ["enforce", "audit", "warn"] {
        let changed = |label: &str| old.is_none_or(|o| o.label(label) != namespace.label(label));
        let label = format!("{PREFIX}{mode}");
        if let Some(value) = namespace.label(&label).filter(|v| Level::of(v).is_none() && changed(&label)) {
            let why = "must be one of privileged, baseline, restricted";
            errors.invalid(format!("metadata.labels[{label}]"), value, why);
        }
        let label = format!("{label}-version");
        if let Some(value) = namespace.label(&label).filter(|v| !version_is_valid(v) && changed(&label)) {
            errors.invalid(format!("metadata.labels[{label}]"), value, "must be \"latest\" or \"v1.x\"");
        }
    }
    if errors.list.is_empty() {
        return Ok(());
    }
    Err(validation::invalid(Kind::NAMESPACE, namespace.name(), &errors.list))
}

/// The warnings of an accepted write: what the `warn` level says of a pod or of a workload's template, and
/// which pods a new `enforce` level would refuse.
pub fn warnings(api: &ApiServer, old: Option<&Object>, object: &Object) -> Vec<Text> {
    if object.kind == Kind::NAMESPACE {
        return old.map(|old| existing(api, old, object)).unwrap_or_default();
    }
    let Some(spec) = pod_spec(object) else { return vec![] };
    if object.kind == Kind::POD && old.is_some_and(|o| !is_significant(o, object)) {
        return vec![];
    }
    let Some(namespace) = api.get(Kind::NAMESPACE, "", object.namespace()) else { return vec![] };
    let policy = Policy::of(namespace, "warn");
    let found = violations(policy.level, spec);
    if found.is_empty() {
        return vec![];
    }
    vec![Text::from(format!("would violate PodSecurity {}: {}", policy.shown(), details(&found)))]
}

/// Whether an update changes what the checks look at: of the fields that a pod may change, only its images
/// and its annotations matter, and images are in no check.
fn is_significant(old: &Object, new: &Object) -> bool {
    old.at("spec.ephemeralContainers") != new.at("spec.ephemeralContainers")
}

fn pod_spec(object: &Object) -> Option<&Value> {
    match object.kind {
        Kind::POD => Some(&object["spec"]),
        Kind::DEPLOYMENT
        | Kind::REPLICA_SET
        | Kind::DAEMON_SET
        | Kind::STATEFUL_SET
        | Kind::JOB
        | Kind::REPLICATION_CONTROLLER => Some(object.at("spec.template.spec")),
        Kind::CRON_JOB => Some(object.at("spec.jobTemplate.spec.template.spec")),
        Kind::POD_TEMPLATE => Some(object.at("template.spec")),
        _ => None,
    }
}

/// Which pods of a namespace the level that its new labels enforce would refuse.
fn existing(api: &ApiServer, old: &Object, namespace: &Object) -> Vec<Text> {
    let (before, after) = (Policy::of(old, "enforce"), Policy::of(namespace, "enforce"));
    if before == after || (before.version == after.version && after.level <= before.level) {
        return vec![];
    }
    // By what is wrong: the first pod's name and how many there are.
    let mut groups: BTreeMap<String, (Text, usize)> = BTreeMap::new();
    for pod in api.list(Kind::POD, Some(namespace.name())) {
        let found: Vec<Violation> = violations(after.level, &pod["spec"]);
        if !found.is_empty() {
            groups.entry(reasons(&found)).or_insert_with(|| (Text::from(pod.name()), 0)).1 += 1;
        }
    }
    let mut lines: Vec<String> = groups
        .iter()
        .map(|(why, (name, n))| match n {
            1 => format!("{name}: {why}"),
            2 => format!("{name} (and 1 other pod): {why}"),
            n => format!("{name} (and {} other pods): {why}", n - 1),
        })
        .collect();
    lines.order();
    if !lines.is_empty() {
        let head = format!(
            "existing pods in namespace \"{}\" violate the new PodSecurity enforce level {}",
            namespace.name(),
            after.shown()
        );
        lines.insert(0, head);
    }
    lines.into_iter().map(Text::from).collect()
}
