//! PersistentVolumes, claims and StorageClasses.

use super::{Writer, or, scalar, volumes};
use crate::api::{Kind, Object, Value};

/// `RWO,ROX`.
fn modes(v: &Value) -> String {
    let short = |m: &Value| match m.str() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    v.items().iter().map(short).collect::<Vec<_>>().join(",")
}

fn finalizers(o: &Object) -> String {
    let names: Vec<&str> = o.at("metadata.finalizers").items().iter().map(Value::str).collect();
    format!("[{}]", names.join(" "))
}

/// A PersistentVolume.
pub fn volume(w: &mut Writer, v: &Object) {
    w.field(0, "Name", v.name());
    w.labels("Labels", v.at("metadata.labels"));
    w.annotations("Annotations", v.at("metadata.annotations"));
    w.field(0, "Finalizers", &finalizers(v));
    w.field(0, "StorageClass", v.at("spec.storageClassName").str());
    if v.is_deleting() {
        let lasts = w.since(v.at("metadata.deletionTimestamp"));
        w.field(0, "Status", &format!("Terminating (lasts {lasts})"));
    } else {
        w.field(0, "Status", v.at("status.phase").str());
    }
    let claim = v.at("spec.claimRef");
    let name = if claim.is_null() {
        String::new()
    } else {
        format!("{}/{}", claim["namespace"].str(), claim["name"].str())
    };
    w.field(0, "Claim", &name);
    w.field(0, "Reclaim Policy", v.at("spec.persistentVolumeReclaimPolicy").str());
    w.field(0, "Access Modes", &modes(v.at("spec.accessModes")));
    w.optional(0, "VolumeMode", v.at("spec.volumeMode").str());
    w.field(0, "Capacity", &scalar(v.at("spec.capacity.storage")));
    let terms = v.at("spec.nodeAffinity.required.nodeSelectorTerms").items();
    if terms.is_empty() {
        w.field(0, "Node Affinity", "<none>");
    } else {
        w.line(0, "Node Affinity:");
        w.line(1, "Required Terms:");
        for (i, term) in terms.iter().enumerate() {
            for e in term["matchExpressions"].items() {
                let values: Vec<&str> = e["values"].items().iter().map(Value::str).collect();
                w.field(
                    2,
                    &format!("Term {i}"),
                    &format!(
                        "{} {} [{}]",
                        e["key"].str(),
                        e["operator"].str().to_lowercase(),
                        values.join(", ")
                    ),
                );
            }
        }
    }
    w.field(0, "Message", v.at("status.message").str());
    w.line(0, "Source:");
    volumes::source(w, v.at("spec"));
    w.events(v);
}

/// A PersistentVolumeClaim.
pub fn claim(w: &mut Writer, c: &Object) {
    w.field(0, "Name", c.name());
    w.field(0, "Namespace", c.namespace());
    w.field(0, "StorageClass", c.at("spec.storageClassName").str());
    if c.is_deleting() {
        let lasts = w.since(c.at("metadata.deletionTimestamp"));
        w.field(0, "Status", &format!("Terminating (lasts {lasts})"));
    } else {
        w.field(0, "Status", c.at("status.phase").str());
    }
    w.field(0, "Volume", c.at("spec.volumeName").str());
    w.labels("Labels", c.at("metadata.labels"));
    w.annotations("Annotations", c.at("metadata.annotations"));
    w.field(0, "Finalizers", &finalizers(c));
    let bound = !c.at("spec.volumeName").is_empty();
    w.field(0, "Capacity", &if bound { scalar(c.at("status.capacity.storage")) } else { String::new() });
    w.field(0, "Access Modes", &if bound { modes(c.at("status.accessModes")) } else { String::new() });
    w.optional(0, "VolumeMode", c.at("spec.volumeMode").str());
    let mut pods = w.source.list(Kind::POD, Some(c.namespace()));
    pods.retain(|p| {
        p.at("spec.volumes").items().iter().any(|v| v["persistentVolumeClaim"]["claimName"].str() == c.name())
    });
    let names: Vec<String> = pods.iter().map(|p| p.name().to_string()).collect();
    w.column("Used By", &names);
    w.events(c);
}

/// A StorageClass.
pub fn class(w: &mut Writer, s: &Object) {
    w.field(0, "Name", s.name());
    let default = s.annotation("storageclass.kubernetes.io/is-default-class") == Some("true");
    w.field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    let pairs: Vec<String> =
        s.at("metadata.annotations").entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    w.field(0, "Annotations", or(&pairs.join(","), "<none>"));
    w.field(0, "Provisioner", s["provisioner"].str());
    let parameters: Vec<String> =
        s["parameters"].entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    w.field(0, "Parameters", or(&parameters.join(","), "<none>"));
    let expansion = s["allowVolumeExpansion"].as_bool();
    w.field(0, "AllowVolumeExpansion", expansion.map_or("<unset>", |b| if b { "True" } else { "False" }));
    let options: Vec<&str> = s["mountOptions"].items().iter().map(Value::str).collect();
    w.column("MountOptions", &options.iter().map(|o| o.to_string()).collect::<Vec<_>>());
    w.field(0, "ReclaimPolicy", s["reclaimPolicy"].str());
    w.field(0, "VolumeBindingMode", s["volumeBindingMode"].str());
    w.events(s);
}
