//! What the API has beside the kinds that this cluster keeps: listed by `api-resources`, and told from names
//! that nobody knows.

use crate::api::{Kind, Status};
use crate::kubectl::cx::not_simulated;
use crate::kubectl::fail::Fail;
use crate::kubectl::resource::kind_in;

/// A resource that the API has, but this cluster does not keep.
#[derive(Debug)]
pub struct Unkept {
    /// `flowschemas`.
    pub plural: &'static str,
    /// Its short name; empty if it has none.
    pub short: &'static str,
    /// Its group and version.
    pub version: &'static str,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// `FlowSchema`.
    pub kind: &'static str,
    /// Whether objects can only be created (reviews and bindings).
    pub only_created: bool,
}

const fn kept_nowhere(
    plural: &'static str,
    short: &'static str,
    version: &'static str,
    namespaced: bool,
    kind: &'static str,
) -> Unkept {
    Unkept { plural, short, version, namespaced, kind, only_created: false }
}

const fn created(
    plural: &'static str,
    version: &'static str,
    namespaced: bool,
    kind: &'static str,
) -> Unkept {
    Unkept { plural, short: "", version, namespaced, kind, only_created: true }
}

/// All of them.
pub const UNKEPT: &[Unkept] = &[
    created("bindings", "v1", true, "Binding"),
    kept_nowhere(
        "mutatingadmissionpolicies",
        "",
        "admissionregistration.k8s.io/v1",
        false,
        "MutatingAdmissionPolicy",
    ),
    kept_nowhere(
        "mutatingadmissionpolicybindings",
        "",
        "admissionregistration.k8s.io/v1",
        false,
        "MutatingAdmissionPolicyBinding",
    ),
    kept_nowhere(
        "validatingadmissionpolicies",
        "",
        "admissionregistration.k8s.io/v1",
        false,
        "ValidatingAdmissionPolicy",
    ),
    kept_nowhere(
        "validatingadmissionpolicybindings",
        "",
        "admissionregistration.k8s.io/v1",
        false,
        "ValidatingAdmissionPolicyBinding",
    ),
    created("selfsubjectreviews", "authentication.k8s.io/v1", false, "SelfSubjectReview"),
    created("tokenreviews", "authentication.k8s.io/v1", false, "TokenReview"),
    created("localsubjectaccessreviews", "authorization.k8s.io/v1", true, "LocalSubjectAccessReview"),
    created("selfsubjectaccessreviews", "authorization.k8s.io/v1", false, "SelfSubjectAccessReview"),
    created("selfsubjectrulesreviews", "authorization.k8s.io/v1", false, "SelfSubjectRulesReview"),
    created("subjectaccessreviews", "authorization.k8s.io/v1", false, "SubjectAccessReview"),
    kept_nowhere("events", "ev", "events.k8s.io/v1", true, "Event"),
    kept_nowhere("flowschemas", "", "flowcontrol.apiserver.k8s.io/v1", false, "FlowSchema"),
    kept_nowhere(
        "prioritylevelconfigurations",
        "",
        "flowcontrol.apiserver.k8s.io/v1",
        false,
        "PriorityLevelConfiguration",
    ),
    kept_nowhere("ipaddresses", "ip", "networking.k8s.io/v1", false, "IPAddress"),
    kept_nowhere("servicecidrs", "", "networking.k8s.io/v1", false, "ServiceCIDR"),
    kept_nowhere("deviceclasses", "", "resource.k8s.io/v1", false, "DeviceClass"),
    kept_nowhere("resourceclaims", "", "resource.k8s.io/v1", true, "ResourceClaim"),
    kept_nowhere("resourceclaimtemplates", "", "resource.k8s.io/v1", true, "ResourceClaimTemplate"),
    kept_nowhere("resourceslices", "", "resource.k8s.io/v1", false, "ResourceSlice"),
    kept_nowhere("csistoragecapacities", "", "storage.k8s.io/v1", true, "CSIStorageCapacity"),
    kept_nowhere("volumeattributesclasses", "vac", "storage.k8s.io/v1", false, "VolumeAttributesClass"),
];

/// A resource that is not kept: `resource` in lower case as plural, singular or short name, `group` perhaps
/// empty or cut short.
fn find(resource: &str, group: &str) -> Option<&'static Unkept> {
    let named =
        |u: &&Unkept| [u.plural, u.short].contains(&resource) || u.kind.eq_ignore_ascii_case(resource);
    UNKEPT.iter().filter(named).find(|u| u.version.starts_with(group))
}

/// Plural, group and whether objects live in namespaces, of anything that the API has.
pub fn named(custom: &[Kind], arg: &str) -> Option<(&'static str, &'static str, bool)> {
    if let Ok(kind) = kind_in(custom, arg) {
        let info = kind.info();
        return Some((info.plural, info.group(), info.namespaced));
    }
    let lower = arg.to_lowercase();
    let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
    let found = find(resource, group)?;
    Some((found.plural, found.version.split_once('/').map_or("", |(g, _)| g), found.namespaced))
}

/// Why the objects of a resource cannot be had, if the API has it.
pub fn unkept(resource: &str, group: &str) -> Option<Fail> {
    let found = find(resource, group)?;
    if found.only_created {
        const ALLOWED: &str = "the server does not allow this method on the requested resource";
        return Some(Fail::Server(Status::new(405, "MethodNotAllowed", ALLOWED)));
    }
    Some(not_simulated(found.plural))
}

/// The same for the `apiVersion` and `kind` of a manifest.
pub fn unkept_kind(version: &str, kind: &str) -> Option<Fail> {
    let known = UNKEPT.iter().any(|u| u.version == version && u.kind == kind);
    known.then(|| not_simulated(&format!("{kind} ({version})")))
}
