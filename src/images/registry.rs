//! The registries that can be reached, and the words in which a pull fails.
//!
//! Two presets: `internet`, where the public registries and the course's private one resolve, and `lab`,
//! the recorded cluster, where only the private one and a mirror of three public ones do.

use super::reference::Reference;
use crate::api::Text;

/// The name server of the recorded cluster, as it appears in the text of a failed look-up.
const NAME_SERVER: &str = "192.168.10.10:53";

/// Which registries there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The public registries with popular images.
    #[default]
    Internet,
    /// The recorded cluster's.
    Lab,
}

impl Preset {
    /// From `internet` or `lab`, as scenarios write it.
    pub fn parse(text: &str) -> Option<Preset> {
        match text {
            "internet" => Some(Preset::Internet),
            "lab" => Some(Preset::Lab),
            _ => None,
        }
    }

    /// Whether the name of a registry resolves.
    fn resolves(self, host: &str) -> bool {
        let always = ["docker.io", "registry.k8s.io", "harbor.wego.red"];
        let public = [
            "quay.io",
            "gcr.io",
            "ghcr.io",
            "k8s.gcr.io",
            "mcr.microsoft.com",
            "public.ecr.aws",
            "mirror.gcr.io",
            "us-docker.pkg.dev",
        ];
        always.contains(&host) || self == Preset::Internet && public.contains(&host)
    }
}

/// Why an image cannot be had.
#[derive(Clone, Debug, PartialEq)]
pub enum PullError {
    /// The reference cannot be parsed; the text behind `couldn't parse image name "X": `.
    Invalid(Text),
    /// The registry has no such image.
    NotFound(Reference),
    /// Docker Hub's answer for repositories that do not exist or are private.
    Denied(Reference),
    /// Quay's answer for repositories that do not exist or are private.
    Unauthorized(Reference),
    /// The GitHub registry's answer for repositories that do not exist or are private.
    NoToken(Reference),
    /// The registry's name does not resolve.
    NoSuchHost(Reference),
    /// Nobody listens at the registry's address.
    Refused(Reference),
}

impl PullError {
    /// The answer to a reference that is in no table. `known`: the repository exists without this tag;
    /// `hosted`: the scenario has images on this host.
    pub(super) fn of(preset: Preset, reference: Reference, known: bool, hosted: bool) -> PullError {
        let host = reference.host.clone();
        match host.as_str() {
            _ if hosted && !preset.resolves(&host) => PullError::NotFound(reference),
            _ if is_address(&host) => PullError::Refused(reference),
            _ if !preset.resolves(&host) => PullError::NoSuchHost(reference),
            _ if known || preset == Preset::Lab => PullError::NotFound(reference),
            "docker.io" => PullError::Denied(reference),
            "quay.io" => PullError::Unauthorized(reference),
            "ghcr.io" => PullError::NoToken(reference),
            _ => PullError::NotFound(reference),
        }
    }

    /// The text behind `Failed to pull image "X": `.
    pub fn message(&self) -> Text {
        let (PullError::NotFound(r)
        | PullError::Denied(r)
        | PullError::Unauthorized(r)
        | PullError::NoToken(r)
        | PullError::NoSuchHost(r)
        | PullError::Refused(r)) = self
        else {
            let PullError::Invalid(text) = self else { return Text::default() };
            return text.clone();
        };
        let (code, why) = match self {
            PullError::NotFound(_) => ("rpc error: code = NotFound desc = ", format!("{r}: not found")),
            PullError::Denied(_) => (
                "",
                "pull access denied, repository does not exist or may require authorization: server \
                 message: insufficient_scope: authorization failed"
                    .to_owned(),
            ),
            PullError::Unauthorized(_) => {
                let url = address(r, "https");
                ("", format!("unexpected status from HEAD request to {url}: 401 UNAUTHORIZED"))
            }
            PullError::NoToken(_) => {
                let scope = r.path.replace('/', "%2F");
                (
                    "",
                    format!(
                        "failed to authorize: failed to fetch anonymous token: unexpected status from GET \
                         request to https://{0}/token?scope=repository%3A{scope}%3Apull&service={0}: 403 \
                         Forbidden",
                        r.host
                    ),
                )
            }
            PullError::NoSuchHost(_) => {
                let (url, host) = (address(r, "https"), bare_host(&r.host));
                let look = format!("dial tcp: lookup {host} on {NAME_SERVER}: no such host");
                ("", format!("failed to do request: Head \"{url}\": {look}"))
            }
            PullError::Refused(_) | PullError::Invalid(_) => {
                let local = matches!(bare_host(&r.host), "localhost" | "127.0.0.1");
                let url = address(r, if local { "http" } else { "https" });
                let port = r.host.split_once(':').map_or(if local { "80" } else { "443" }, |(_, p)| p);
                let ip = if local { "127.0.0.1" } else { bare_host(&r.host) };
                let dial = format!("dial tcp {ip}:{port}: connect: connection refused");
                ("", format!("failed to do request: Head \"{url}\": {dial}"))
            }
        };
        Text::from(format!(
            "{code}failed to pull and unpack image \"{r}\": failed to resolve reference \"{r}\": {why}"
        ))
    }
}

fn address(r: &Reference, scheme: &str) -> String {
    let host = if r.host == "docker.io" { "registry-1.docker.io" } else { &r.host };
    format!("{scheme}://{host}/v2/{}/manifests/{}", r.path, r.manifest())
}

fn bare_host(host: &str) -> &str {
    host.split(':').next().unwrap_or(host)
}

fn is_address(host: &str) -> bool {
    let host = bare_host(host);
    host == "localhost" || host.split('.').count() == 4 && host.split('.').all(|p| p.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn pulls_fail_in_recorded_words() {
        for (preset, reference, text) in [
            (
                Preset::Lab,
                "nosuchimage",
                "rpc error: code = NotFound desc = failed to pull and unpack image \
                 \"docker.io/library/nosuchimage:latest\": failed to resolve reference \
                 \"docker.io/library/nosuchimage:latest\": docker.io/library/nosuchimage:latest: not found",
            ),
            (
                Preset::Lab,
                "harbor.wego.red/library/nginx:1.9.0s",
                "rpc error: code = NotFound desc = failed to pull and unpack image \
                 \"harbor.wego.red/library/nginx:1.9.0s\": failed to resolve reference \
                 \"harbor.wego.red/library/nginx:1.9.0s\": harbor.wego.red/library/nginx:1.9.0s: not found",
            ),
            (
                Preset::Lab,
                "gcr.io/google-samples/gb-frontend:v5",
                "failed to pull and unpack image \"gcr.io/google-samples/gb-frontend:v5\": failed to resolve \
                 reference \"gcr.io/google-samples/gb-frontend:v5\": failed to do request: Head \
                 \"https://gcr.io/v2/google-samples/gb-frontend/manifests/v5\": dial tcp: lookup gcr.io on \
                 192.168.10.10:53: no such host",
            ),
            (
                Preset::Internet,
                "localhost:5999/x:1",
                "failed to pull and unpack image \"localhost:5999/x:1\": failed to resolve reference \
                 \"localhost:5999/x:1\": failed to do request: Head \"http://localhost:5999/v2/x/manifests/1\": \
                 dial tcp 127.0.0.1:5999: connect: connection refused",
            ),
            (
                Preset::Internet,
                "nosuchimage",
                "failed to pull and unpack image \"docker.io/library/nosuchimage:latest\": failed to resolve \
                 reference \"docker.io/library/nosuchimage:latest\": pull access denied, repository does not \
                 exist or may require authorization: server message: insufficient_scope: authorization failed",
            ),
            (
                Preset::Internet,
                "nginx:nope",
                "rpc error: code = NotFound desc = failed to pull and unpack image \
                 \"docker.io/library/nginx:nope\": failed to resolve reference \
                 \"docker.io/library/nginx:nope\": docker.io/library/nginx:nope: not found",
            ),
        ] {
            assert_eq!(find(preset, reference, &[]).expect_err(reference).message(), text);
        }
    }
}
