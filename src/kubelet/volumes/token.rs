//! The service-account tokens that are mounted into pods, with the claims of real ones.

use super::super::Cx;
use super::super::pod::Pod;
use crate::api::{Kind, Text, Value};
use crate::apiserver::token::signed;
use crate::rng::Rng;

/// The token of a pod for a `serviceAccountToken` source.
pub fn token(pod: &Pod, cx: &Cx<'_>, source: &Value) -> Text {
    let account = match pod.object.at("spec.serviceAccountName").str() {
        "" => "default",
        name => name,
    };
    let namespace = &pod.key.namespace;
    let uid = cx.api.get(Kind::SERVICE_ACCOUNT, namespace, account).map(|a| a.uid().to_string());
    let audience = match source["audience"].str() {
        "" => "https://kubernetes.default.svc.cluster.local",
        other => other,
    };
    let now = cx.api.epoch.unix_micros(cx.api.now) / 1_000_000;
    let expires = now + source["expirationSeconds"].int_or(3600).max(600);
    let mut rng = Rng::stream(cx.api.seed, &format!("token {}", pod.uid));
    let jti = rng.uuid();
    let node = pod.object.at("spec.nodeName").str();
    let node_uid = cx.api.get(Kind::NODE, "", node).map(|n| n.uid().to_string());
    let claims = format!(
        "{{\"aud\":[\"{audience}\"],\"exp\":{expires},\"iat\":{now},\"iss\":\"https://kubernetes.default.svc.cluster.local\",\"jti\":\"{jti}\",\"kubernetes.io\":{{\"namespace\":\"{namespace}\",\"node\":{{\"name\":\"{node}\",\"uid\":\"{}\"}},\"pod\":{{\"name\":\"{}\",\"uid\":\"{}\"}},\"serviceaccount\":{{\"name\":\"{account}\",\"uid\":\"{}\"}}}},\"nbf\":{now},\"sub\":\"system:serviceaccount:{namespace}:{account}\"}}",
        node_uid.unwrap_or_default(),
        pod.key.name,
        pod.uid,
        uid.unwrap_or_default()
    );
    Text::from(signed(&claims, &mut rng))
}
