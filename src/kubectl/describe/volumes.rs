//! Volumes of pods and pod templates.

use super::{Writer, or, scalar};
use crate::api::Value;

/// The section of volumes.
pub fn section(w: &mut Writer, volumes: &Value, space: &str) {
    if volumes.is_empty() {
        w.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    w.line(0, &format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for v in volumes.items() {
        w.line(1, &format!("{indent}{}:", v["name"].str()));
        source(w, v);
    }
}

/// What a volume comes from (also of persistent volumes), at the second level.
pub fn source(w: &mut Writer, v: &Value) {
    let optional = |s: &Value| s["optional"].is_true().to_string();
    if v["hostPath"].is_some() {
        let h = &v["hostPath"];
        w.field(2, "Type", "HostPath (bare host directory volume)");
        w.field(2, "Path", h["path"].str());
        w.field(2, "HostPathType", if h["type"].is_null() { "<none>" } else { h["type"].str() });
    } else if v["emptyDir"].is_some() {
        let e = &v["emptyDir"];
        w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        w.field(2, "Medium", e["medium"].str());
        w.field(2, "SizeLimit", or(&scalar(&e["sizeLimit"]), "<unset>"));
    } else if v["secret"].is_some() {
        w.field(2, "Type", "Secret (a volume populated by a Secret)");
        w.field(2, "SecretName", v["secret"]["secretName"].str());
        w.field(2, "Optional", &optional(&v["secret"]));
    } else if v["configMap"].is_some() {
        w.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        w.field(2, "Name", v["configMap"]["name"].str());
        w.field(2, "Optional", &optional(&v["configMap"]));
    } else if v["persistentVolumeClaim"].is_some() {
        let c = &v["persistentVolumeClaim"];
        w.field(
            2,
            "Type",
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        );
        w.field(2, "ClaimName", c["claimName"].str());
        w.field(2, "ReadOnly", &c["readOnly"].is_true().to_string());
    } else if v["downwardAPI"].is_some() {
        w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        w.line(2, "Items:");
        for item in v["downwardAPI"]["items"].items() {
            let from = [item.at("fieldRef.fieldPath").str(), item.at("resourceFieldRef.resource").str()];
            let from = from.into_iter().find(|f| !f.is_empty()).unwrap_or("");
            w.line(3, &format!("{from} -> {}", item["path"].str()));
        }
    } else if v["projected"].is_some() {
        projected(w, &v["projected"]);
    } else if v["ephemeral"].is_some() {
        w.field(2, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
        let spec = v.at("ephemeral.volumeClaimTemplate.spec");
        w.field(2, "StorageClass", spec["storageClassName"].str());
        w.field(2, "Volume", "");
    } else if v["nfs"].is_some() {
        w.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
        w.field(2, "Server", v["nfs"]["server"].str());
        w.field(2, "Path", v["nfs"]["path"].str());
        w.field(2, "ReadOnly", &v["nfs"]["readOnly"].is_true().to_string());
    } else if v["local"].is_some() {
        w.field(2, "Type", "LocalVolume (a persistent volume backed by local storage on a node)");
        w.field(2, "Path", v["local"]["path"].str());
    } else if v["csi"].is_some() {
        w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
        w.field(2, "Driver", v["csi"]["driver"].str());
        w.field(2, "FSType", v["csi"]["fsType"].str());
        w.field(2, "ReadOnly", &v["csi"]["readOnly"].is_true().to_string());
    } else if v["image"].is_some() {
        w.field(2, "Type", "Image (a container image or OCI artifact)");
        w.field(2, "Reference", v["image"]["reference"].str());
        w.field(2, "PullPolicy", v["image"]["pullPolicy"].str());
    } else {
        w.line(1, "<unknown>");
    }
}

fn projected(w: &mut Writer, projected: &Value) {
    w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for s in projected["sources"].items() {
        if s["secret"].is_some() {
            w.field(2, "SecretName", s["secret"]["name"].str());
            w.field(2, "Optional", &s["secret"]["optional"].is_true().to_string());
        } else if s["downwardAPI"].is_some() {
            w.field(2, "DownwardAPI", "true");
        } else if s["configMap"].is_some() {
            w.field(2, "ConfigMapName", s["configMap"]["name"].str());
            w.field(2, "Optional", &s["configMap"]["optional"].is_true().to_string());
        } else if s["serviceAccountToken"].is_some() {
            w.field(2, "TokenExpirationSeconds", &scalar(&s["serviceAccountToken"]["expirationSeconds"]));
        }
    }
}
