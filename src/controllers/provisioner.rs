//! Making volumes for claims: what the volume binder says of a class's provisioner, and the provisioners that
//! run in this cluster.
//!
//! Those are the ones that keep volumes in directories of nodes. A class of any other name waits for a program
//! that is not there, as in a cluster without it.

use super::volumes::{PROVISIONED_BY, bind};
use super::work::Cx;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::NewEvent;
use crate::map;

/// The provisioners that run.
const RUNNING: [&str; 7] = [
    "rancher.io/local-path",
    "k8s.io/minikube-hostpath",
    "docker.io/hostpath",
    "microk8s.io/hostpath",
    "hostpath.csi.k8s.io",
    "openebs.io/local",
    "local.csi.openebs.io",
];

/// Volume plugins that were part of Kubernetes, and the drivers that do their work
/// (csi-translation-lib).
const MIGRATED: [(&str, &str); 7] = [
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
];

const BINDER: &str = "persistentvolume-controller";
/// The annotations that tell a provisioner which claims are its own.
const ASKED: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];

/// Whether a provisioner runs, and deletes what it made.
pub(super) fn is_running(name: &str) -> bool {
    RUNNING.contains(&name)
}

/// Asks the provisioner of a class for a claim's volume.
pub(super) fn provision(claim: &Object, class: &Object, cx: &mut Cx<'_>) {
    let named = class["provisioner"].str();
    let name = MIGRATED.iter().find(|(old, _)| *old == named).map_or(named, |(_, driver)| driver);
    if name.is_empty() || name.starts_with("kubernetes.io/") {
        let message = format!("no volume plugin matched name: {name}");
        return event(cx, claim, BINDER, "Warning", "ProvisioningFailed", &message);
    }
    if claim.annotation(ASKED[1]) != Some(name) {
        let asked = cx.api.modify(&claim.key(), |c| {
            let annotations = c.slot("metadata.annotations").map_mut();
            ASKED.iter().for_each(|key| annotations.insert(*key, name));
        });
        if asked.is_err() {
            return;
        }
    }
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{name}' or manually by the \
         system administrator. If volume creation is delayed, please verify that the provisioner is running and \
         correctly registered."
    );
    event(cx, claim, BINDER, "Normal", "ExternalProvisioning", &message);
    if let Some(running) = RUNNING.iter().find(|running| **running == name) {
        make(claim, class, running, cx);
    }
}

fn event(
    cx: &mut Cx<'_>,
    claim: &Object,
    from: &'static str,
    kind: &'static str,
    reason: &'static str,
    message: &str,
) {
    cx.api.record(&NewEvent {
        regarding: claim,
        field_path: "",
        kind,
        reason,
        message,
        component: from,
        host: "",
    });
}

/// Makes a volume, as a provisioner that runs does.
fn make(claim: &Object, class: &Object, provisioner: &'static str, cx: &mut Cx<'_>) {
    let message = format!(
        "External provisioner is provisioning volume for claim \"{}/{}\"",
        claim.namespace(),
        claim.name()
    );
    event(cx, claim, provisioner, "Normal", "Provisioning", &message);
    let name = format!("pvc-{}", claim.uid());
    let policy = class["reclaimPolicy"].text();
    let policy = if policy.is_empty() { Text::lit("Delete") } else { policy };
    let mut spec = map! {
        "accessModes" => claim.at("spec.accessModes"),
        "capacity" => map! { "storage" => claim.at("spec.resources.requests.storage") },
        "persistentVolumeReclaimPolicy" => policy,
        "storageClassName" => class.at("metadata.name"),
        "hostPath" => map! { "path" => format!("/var/lib/volumes/{name}"), "type" => "DirectoryOrCreate" },
        "claimRef" => map! {
            "apiVersion" => "v1", "kind" => "PersistentVolumeClaim", "name" => claim.name(),
            "namespace" => claim.namespace(), "uid" => claim.uid(),
        },
    };
    if let Some(node) = claim.annotation(super::volumes::SELECTED_NODE) {
        let expression = map! {
            "key" => "kubernetes.io/hostname", "operator" => "In", "values" => vec![Value::from(node)],
        };
        let term = map! { "matchExpressions" => vec![expression] };
        spec.set("nodeAffinity.required.nodeSelectorTerms", vec![term]);
    }
    let annotations = Value::from(
        [(Text::lit(PROVISIONED_BY), Value::from(provisioner))]
            .into_iter()
            .collect::<crate::api::value::Map>(),
    );
    let tree = map! { "metadata" => map! { "name" => &name, "annotations" => annotations }, "spec" => spec };
    let Ok(volume) = cx.api.create(Object::new(Kind::PERSISTENT_VOLUME, tree)) else { return };
    let message = format!("Successfully provisioned volume {name}");
    event(cx, claim, provisioner, "Normal", "ProvisioningSucceeded", &message);
    if let Some(claim) = cx.api.store.get(&claim.key()).cloned() {
        bind(&claim, &volume, cx);
    }
}
