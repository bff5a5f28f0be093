//! Every namespace gets a ServiceAccount `default` and a ConfigMap with the cluster's certificate authority.

use super::Which;
use super::work::Cx;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::Change;
use crate::map;

/// The ConfigMap that token volumes project (`RootCACertPublisher`).
const ROOT_CA: &str = "kube-root-ca.crt";
const ROOT_CA_NOTE: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
/// The cluster's certificate authority as everybody reads it: a certificate whose key nobody has kept, as
/// nothing is encrypted in a simulated cluster.
pub const CERTIFICATE: &str = include_str!("ca.crt");

/// A namespace is new, or one of the two objects has gone.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    let namespace = match object.kind {
        Kind::NAMESPACE => object.at("metadata.name").text(),
        Kind::SERVICE_ACCOUNT | Kind::CONFIG_MAP if change.kind == WatchKind::Deleted => {
            object.at("metadata.namespace").text()
        }
        _ => return,
    };
    let missing = [(Kind::SERVICE_ACCOUNT, "default"), (Kind::CONFIG_MAP, ROOT_CA)]
        .iter()
        .any(|(kind, name)| cx.api.get(*kind, &namespace, name).is_none());
    if missing {
        cx.enqueue(Which::ServiceAccount, &Key::new(Kind::NAMESPACE, "", namespace));
    }
}

/// Makes what is missing.
pub fn sync(namespace: &Object, cx: &mut Cx<'_>) {
    if namespace.is_deleting() {
        return;
    }
    let account = map! { "metadata" => map! { "name" => "default", "namespace" => namespace.name() } };
    let note = map! { "kubernetes.io/description" => ROOT_CA_NOTE };
    let map = map! {
        "metadata" => map! { "name" => ROOT_CA, "namespace" => namespace.name(), "annotations" => note },
        "data" => map! { "ca.crt" => CERTIFICATE },
    };
    for (kind, tree) in [(Kind::SERVICE_ACCOUNT, account), (Kind::CONFIG_MAP, map)] {
        // Whatever is there already is left as it is.
        let _ = cx.api.create(Object::new(kind, tree));
    }
}
