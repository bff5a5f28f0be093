//! Service-account tokens: JSON web tokens with the claims of a real one and a signature that means nothing.

use super::super::Cx;
use super::super::pod::Pod;
use crate::api::{Kind, Text, Value};
use crate::rng::Rng;

/// Bytes of an RS256 signature.
const SIGNATURE: usize = 256;

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
    let key: Vec<u8> = (0..32).map(|_| rng.below(256) as u8).collect();
    let header = format!("{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", encode(&key));
    let signature: Vec<u8> = (0..SIGNATURE).map(|_| rng.below(256) as u8).collect();
    Text::from(format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(&signature)))
}

/// Base64 for URLs, without padding.
fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().enumerate().fold(0_u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            out.push(ALPHABET[(n >> (18 - 6 * i) & 63) as usize] as char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn tokens_are_base64_for_urls() {
        assert_eq!(encode(b"{\"alg\""), "eyJhbGci");
        assert_eq!(encode(b"a"), "YQ");
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }
}
