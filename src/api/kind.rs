//! The table of API resources, as `kubectl api-resources` lists them.
//!
//! Kinds that CustomResourceDefinitions name are interned behind the table for the life of the process, as
//! literals are: an entry never changes, and equal definitions share one. Which of them a cluster serves is
//! told by the definitions in its store alone, so that the table is no state of any cluster. Their order is
//! that of their names, whoever interned them first.

use std::cmp::Ordering;
use std::sync::RwLock;

/// A kind of API object: an index into the resource table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind(u16);

/// How many different custom kinds one process knows; definitions beyond it are not served.
const CUSTOM_LIMIT: usize = 1_000;

static CUSTOM: RwLock<Vec<&'static Custom>> = RwLock::new(Vec::new());

/// What is known of a custom kind.
#[derive(Debug)]
struct Custom {
    info: Info,
    columns: Vec<CustomColumn>,
}

/// A column that a definition adds to the table of its objects (`additionalPrinterColumns`).
#[derive(Clone, Debug, PartialEq)]
pub struct CustomColumn {
    /// As the definition writes it; shown in capitals.
    pub name: String,
    /// `.spec.replicas`
    pub path: String,
    /// Whether it holds an instant, of which the age is shown.
    pub date: bool,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

/// A custom kind that is to be interned.
#[derive(Debug)]
pub struct CustomInfo<'a> {
    /// As in [`Info`].
    pub kind: &'a str,
    /// As in [`Info`].
    pub api_version: &'a str,
    /// As in [`Info`].
    pub plural: &'a str,
    /// As in [`Info`].
    pub singular: &'a str,
    /// As in [`Info`].
    pub short: Vec<&'a str>,
    /// As in [`Info`].
    pub namespaced: bool,
    /// As in [`Info`].
    pub in_all: bool,
    /// Columns besides the name; without any the age is shown.
    pub columns: Vec<CustomColumn>,
}

impl CustomInfo<'_> {
    fn is(&self, known: &Custom) -> bool {
        let i = &known.info;
        i.kind == self.kind
            && i.api_version == self.api_version
            && i.plural == self.plural
            && i.singular == self.singular
            && i.short == self.short.as_slice()
            && i.namespaced == self.namespaced
            && i.in_all == self.in_all
            && known.columns == self.columns
    }

    fn interned(&self) -> &'static Custom {
        fn literal(text: &str) -> &'static str {
            Box::leak(Box::from(text))
        }
        let short: Vec<&'static str> = self.short.iter().map(|s| literal(s)).collect();
        let info = Info {
            kind: literal(self.kind),
            api_version: literal(self.api_version),
            plural: literal(self.plural),
            singular: literal(self.singular),
            short: Vec::leak(short),
            namespaced: self.namespaced,
            in_all: self.in_all,
            depth: Depth::StoredOnly,
        };
        Box::leak(Box::new(Custom { info, columns: self.columns.clone() }))
    }
}

/// How far a kind is simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// Acted upon as a real cluster does.
    Simulated,
    /// Stored, printed and validated, but nothing acts upon it.
    StoredOnly,
}

/// What is known of a kind.
#[derive(Debug)]
pub struct Info {
    /// `Pod`.
    pub kind: &'static str,
    /// `v1`, `apps/v1`.
    pub api_version: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `pod`.
    pub singular: &'static str,
    /// `po`.
    pub short: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether `kubectl get all` lists it.
    pub in_all: bool,
    /// How far it is simulated.
    pub depth: Depth,
}

impl Info {
    /// The API group, empty for the core group.
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `deployments.apps`; plain `pods` for the core group.
    pub fn qualified(&self) -> String {
        if self.group().is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group())
        }
    }
}

impl Kind {
    /// Everything known of this kind.
    pub fn info(self) -> &'static Info {
        match TABLE.get(self.0 as usize) {
            Some(info) => info,
            None => &self.interned().info,
        }
    }

    /// Whether a CustomResourceDefinition names it.
    pub fn is_custom(self) -> bool {
        self.0 as usize >= TABLE.len()
    }

    /// The columns that a definition adds; none for kinds that are built in.
    pub fn columns(self) -> &'static [CustomColumn] {
        if self.is_custom() { &self.interned().columns } else { &[] }
    }

    fn interned(self) -> &'static Custom {
        let known = CUSTOM.read().expect("no holder of the lock panics");
        known[self.0 as usize - TABLE.len()]
    }

    /// The kind of a definition; `None` if there are too many.
    pub fn custom(info: &CustomInfo) -> Option<Kind> {
        let mut known = CUSTOM.write().expect("no holder of the lock panics");
        let place = known.iter().position(|c| info.is(c));
        if place.is_none() && known.len() < CUSTOM_LIMIT {
            known.push(info.interned());
        }
        let place = place.or_else(|| known.len().checked_sub(1).filter(|i| info.is(known[*i])))?;
        u16::try_from(TABLE.len() + place).ok().map(Kind)
    }

    /// All kinds that are built in, in the order of the table.
    pub fn all() -> impl Iterator<Item = Kind> {
        (0..TABLE.len()).map(|i| Kind(i as u16))
    }

    /// The kind of an `apiVersion` and `kind` as written in a manifest.
    pub fn of(api_version: &str, kind: &str) -> Option<Kind> {
        Kind::all().find(|k| k.info().api_version == api_version && k.info().kind == kind)
    }

    /// The kind with a plural name, in a group if one is given.
    pub fn of_plural(plural: &str, group: Option<&str>) -> Option<Kind> {
        Kind::all().find(|k| k.info().plural == plural && group.is_none_or(|g| k.info().group() == g))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Kind) -> Ordering {
        if self.is_custom() && other.is_custom() && self != other {
            let key = |k: &Kind| (k.info().api_version, k.info().plural, k.info().kind);
            return key(self).cmp(&key(other)).then(self.0.cmp(&other.0));
        }
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Kind) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! kinds {
    ($($name:ident $kind:literal $version:literal $plural:literal $singular:literal [$($short:literal)*] $ns:literal $all:literal $depth:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Order { $($name),* }
        impl Kind {
            $(
                #[doc = concat!("`", $version, "` `", $kind, "`")]
                pub const $name: Kind = Kind(Order::$name as u16);
            )*
        }
        static TABLE: &[Info] = &[$(Info {
            kind: $kind, api_version: $version, plural: $plural, singular: $singular,
            short: &[$($short),*], namespaced: $ns, in_all: $all, depth: Depth::$depth,
        }),*];
    };
}

kinds! {
    COMPONENT_STATUS "ComponentStatus" "v1" "componentstatuses" "componentstatus" ["cs"] false false Simulated;
    CONFIG_MAP "ConfigMap" "v1" "configmaps" "configmap" ["cm"] true false Simulated;
    ENDPOINTS "Endpoints" "v1" "endpoints" "endpoints" ["ep"] true false Simulated;
    EVENT "Event" "v1" "events" "event" ["ev"] true false Simulated;
    LIMIT_RANGE "LimitRange" "v1" "limitranges" "limitrange" ["limits"] true false Simulated;
    NAMESPACE "Namespace" "v1" "namespaces" "namespace" ["ns"] false false Simulated;
    NODE "Node" "v1" "nodes" "node" ["no"] false false Simulated;
    PERSISTENT_VOLUME_CLAIM "PersistentVolumeClaim" "v1" "persistentvolumeclaims" "persistentvolumeclaim" ["pvc"] true false Simulated;
    PERSISTENT_VOLUME "PersistentVolume" "v1" "persistentvolumes" "persistentvolume" ["pv"] false false Simulated;
    POD "Pod" "v1" "pods" "pod" ["po"] true true Simulated;
    POD_TEMPLATE "PodTemplate" "v1" "podtemplates" "podtemplate" [] true false StoredOnly;
    REPLICATION_CONTROLLER "ReplicationController" "v1" "replicationcontrollers" "replicationcontroller" ["rc"] true true Simulated;
    RESOURCE_QUOTA "ResourceQuota" "v1" "resourcequotas" "resourcequota" ["quota"] true false Simulated;
    SECRET "Secret" "v1" "secrets" "secret" [] true false Simulated;
    SERVICE_ACCOUNT "ServiceAccount" "v1" "serviceaccounts" "serviceaccount" ["sa"] true false Simulated;
    SERVICE "Service" "v1" "services" "service" ["svc"] true true Simulated;
    MUTATING_WEBHOOK "MutatingWebhookConfiguration" "admissionregistration.k8s.io/v1" "mutatingwebhookconfigurations" "mutatingwebhookconfiguration" [] false false StoredOnly;
    VALIDATING_WEBHOOK "ValidatingWebhookConfiguration" "admissionregistration.k8s.io/v1" "validatingwebhookconfigurations" "validatingwebhookconfiguration" [] false false StoredOnly;
    CRD "CustomResourceDefinition" "apiextensions.k8s.io/v1" "customresourcedefinitions" "customresourcedefinition" ["crd" "crds"] false false StoredOnly;
    API_SERVICE "APIService" "apiregistration.k8s.io/v1" "apiservices" "apiservice" [] false false StoredOnly;
    CONTROLLER_REVISION "ControllerRevision" "apps/v1" "controllerrevisions" "controllerrevision" [] true false Simulated;
    DAEMON_SET "DaemonSet" "apps/v1" "daemonsets" "daemonset" ["ds"] true true Simulated;
    DEPLOYMENT "Deployment" "apps/v1" "deployments" "deployment" ["deploy"] true true Simulated;
    REPLICA_SET "ReplicaSet" "apps/v1" "replicasets" "replicaset" ["rs"] true true Simulated;
    STATEFUL_SET "StatefulSet" "apps/v1" "statefulsets" "statefulset" ["sts"] true true Simulated;
    HPA "HorizontalPodAutoscaler" "autoscaling/v2" "horizontalpodautoscalers" "horizontalpodautoscaler" ["hpa"] true true Simulated;
    CRON_JOB "CronJob" "batch/v1" "cronjobs" "cronjob" ["cj"] true true Simulated;
    JOB "Job" "batch/v1" "jobs" "job" [] true true Simulated;
    CSR "CertificateSigningRequest" "certificates.k8s.io/v1" "certificatesigningrequests" "certificatesigningrequest" ["csr"] false false StoredOnly;
    LEASE "Lease" "coordination.k8s.io/v1" "leases" "lease" [] true false Simulated;
    ENDPOINT_SLICE "EndpointSlice" "discovery.k8s.io/v1" "endpointslices" "endpointslice" [] true false Simulated;
    INGRESS_CLASS "IngressClass" "networking.k8s.io/v1" "ingressclasses" "ingressclass" [] false false StoredOnly;
    INGRESS "Ingress" "networking.k8s.io/v1" "ingresses" "ingress" ["ing"] true false StoredOnly;
    NETWORK_POLICY "NetworkPolicy" "networking.k8s.io/v1" "networkpolicies" "networkpolicy" ["netpol"] true false Simulated;
    RUNTIME_CLASS "RuntimeClass" "node.k8s.io/v1" "runtimeclasses" "runtimeclass" [] false false StoredOnly;
    PDB "PodDisruptionBudget" "policy/v1" "poddisruptionbudgets" "poddisruptionbudget" ["pdb"] true false Simulated;
    CLUSTER_ROLE_BINDING "ClusterRoleBinding" "rbac.authorization.k8s.io/v1" "clusterrolebindings" "clusterrolebinding" [] false false StoredOnly;
    CLUSTER_ROLE "ClusterRole" "rbac.authorization.k8s.io/v1" "clusterroles" "clusterrole" [] false false StoredOnly;
    ROLE_BINDING "RoleBinding" "rbac.authorization.k8s.io/v1" "rolebindings" "rolebinding" [] true false StoredOnly;
    ROLE "Role" "rbac.authorization.k8s.io/v1" "roles" "role" [] true false StoredOnly;
    PRIORITY_CLASS "PriorityClass" "scheduling.k8s.io/v1" "priorityclasses" "priorityclass" ["pc"] false false Simulated;
    CSI_DRIVER "CSIDriver" "storage.k8s.io/v1" "csidrivers" "csidriver" [] false false StoredOnly;
    CSI_NODE "CSINode" "storage.k8s.io/v1" "csinodes" "csinode" [] false false StoredOnly;
    STORAGE_CLASS "StorageClass" "storage.k8s.io/v1" "storageclasses" "storageclass" ["sc"] false false Simulated;
    VOLUME_ATTACHMENT "VolumeAttachment" "storage.k8s.io/v1" "volumeattachments" "volumeattachment" [] false false StoredOnly;
}
