//! Service-account tokens: JSON web tokens with the claims of real ones and a signature that means nothing;
//! and the requests for them (`serviceaccounts/token`).

use super::ApiServer;
use crate::api::status::{CauseOf, Result};
use crate::api::{Kind, Object, Request, Response, Status, Value};
use crate::rng::Rng;
use crate::time::Span;
use crate::{list, map};

/// Who signs, and for whom unless others are named.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Bytes of an RS256 signature.
const SIGNATURE: usize = 256;
/// The shortest and the longest life of a token in seconds (validation of TokenRequest), and the usual one.
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;
const USUAL: i64 = 3600;

/// A token with these claims.
pub fn signed(claims: &str, rng: &mut Rng) -> String {
    let key: Vec<u8> = (0..32).map(|_| rng.below(256) as u8).collect();
    let header = format!("{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", encode(&key));
    let signature: Vec<u8> = (0..SIGNATURE).map(|_| rng.below(256) as u8).collect();
    format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(&signature))
}

/// Base64 for URLs, without padding.
fn encode(bytes: &[u8]) -> String {
    let plain = crate::api::text::base64(bytes);
    plain.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

impl ApiServer {
    /// Answers a TokenRequest.
    pub(super) fn token_request(&mut self, request: &Request) -> Result<Response> {
        let account = self.read(request)?;
        let mut spec = request.body["spec"].clone();
        let seconds = spec["expirationSeconds"].int_or(USUAL);
        if seconds < SHORTEST {
            return Err(refused(seconds, "may not specify a duration less than 10 minutes"));
        }
        if seconds > LONGEST {
            return Err(refused(seconds, "may not specify a duration larger than 2^32 seconds"));
        }
        spec.set("expirationSeconds", seconds);
        if spec["audiences"].is_empty() {
            spec.set("audiences", list![ISSUER]);
        }
        let namespace = account.namespace().to_string();
        let mut about = map! {
            "namespace" => namespace.as_str(),
            "serviceaccount" => map! { "name" => account.name(), "uid" => account.uid() },
        };
        if spec["boundObjectRef"].is_some() {
            let (word, bound) = self.bound(&spec["boundObjectRef"], &namespace)?;
            about.set(word, bound);
        } else {
            spec.set("boundObjectRef", Value::Null);
        }
        let now = self.epoch.unix_micros(self.now) / 1_000_000;
        let mut rng = Rng::stream(self.seed, &format!("token request {}", self.uids.hex(16)));
        let claims = map! {
            "aud" => &spec["audiences"], "exp" => now + seconds, "iat" => now, "iss" => ISSUER,
            "jti" => rng.uuid(), "kubernetes.io" => about, "nbf" => now,
            "sub" => format!("system:serviceaccount:{namespace}:{}", account.name()),
        };
        let token = signed(&crate::api::json::print(&claims), &mut rng);
        let expires = self.now + Span::secs(seconds as u64);
        let stamp = self.epoch.rfc3339(self.now);
        let body = map! {
            "apiVersion" => "authentication.k8s.io/v1", "kind" => "TokenRequest",
            "metadata" => map! { "creationTimestamp" => stamp, "name" => account.name(), "namespace" => namespace },
            "spec" => spec,
            "status" => map! { "expirationTimestamp" => self.epoch.rfc3339(expires), "token" => token },
        };
        Ok(Response::Object(Object { kind: request.kind, value: body }, vec![]))
    }

    /// What a token is bound to: the claim's name and what it says.
    fn bound(&self, reference: &Value, namespace: &str) -> Result<(&'static str, Value)> {
        let (word, kind) = match reference["kind"].str() {
            "Pod" => ("pod", Kind::POD),
            "Secret" => ("secret", Kind::SECRET),
            "Node" => ("node", Kind::NODE),
            other => {
                return Err(Status::bad_request(format!(
                    "cannot bind token for serviceaccount to object of type /v1, Kind={other}"
                )));
            }
        };
        let (name, uid) = (reference["name"].str(), reference["uid"].str());
        let place = if kind.info().namespaced { namespace } else { "" };
        let found = self.get(kind, place, name).ok_or_else(|| Status::not_found(kind, name))?;
        if !uid.is_empty() && uid != found.uid() {
            let why = format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
            );
            return Err(Status::conflict(kind, name, &why));
        }
        Ok((word, map! { "name" => name, "uid" => found.uid() }))
    }
}

fn refused(seconds: i64, why: &str) -> Status {
    let text = format!("Invalid value: {seconds}: {why}");
    let mut status = Status::new(
        422,
        "Invalid",
        format!("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: {text}"),
    );
    status.details.kind = "TokenRequest".into();
    status.causes = vec![CauseOf {
        reason: "FieldValueInvalid".into(),
        message: text.into(),
        field: "spec.expirationSeconds".into(),
    }];
    status
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
