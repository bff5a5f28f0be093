//! Image references: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, normalised as container runtimes do it.
//!
//! Models the grammar of the `distribution` project (default host `docker.io`, default directory
//! `library`, default tag `latest`) and its error texts. Left out: digest algorithms but sha256 and sha512.

use crate::api::Text;
use std::fmt;

/// Longest name (host and path) in bytes, from the reference grammar.
const NAME_BYTES: usize = 255;

/// Longest tag in bytes, from the reference grammar.
const TAG_BYTES: usize = 128;

/// A normalised image reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry, e.g. `docker.io` or `localhost:5000`.
    pub host: Text,
    /// The repository in it, e.g. `library/nginx`.
    pub path: Text,
    /// The tag; `latest` if neither tag nor digest was given, `None` beside a digest.
    pub tag: Option<Text>,
    /// The digest, e.g. `sha256:…`.
    pub digest: Option<Text>,
}

impl Reference {
    /// Reads a reference. `Err` is the text behind `couldn't parse image name "X": `.
    pub fn parse(text: &str) -> Result<Reference, Text> {
        if text.len() == 64 && text.bytes().all(is_lower_hex) {
            return Err(Text::from(format!(
                "invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            )));
        }
        let (host, rest) = split_host(text);
        let rest = if host == "docker.io" && !rest.contains('/') {
            format!("library/{rest}")
        } else {
            rest.to_owned()
        };
        let remote = rest.split(':').next().unwrap_or_default();
        if remote.chars().any(char::is_uppercase) {
            return Err(Text::from(format!(
                "invalid reference format: repository name ({remote}) must be lowercase"
            )));
        }
        split(host, &rest)
    }

    /// `HOST/PATH`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }

    /// The tag or the digest, as the registry's address of the manifest ends.
    pub fn manifest(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }
}

/// The full reference, e.g. `docker.io/library/nginx:latest`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Separates the registry from the rest: what stands before the first slash is a host if it looks like one.
fn split_host(text: &str) -> (&str, &str) {
    let (host, rest) = match text.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.chars().any(char::is_uppercase) =>
        {
            (first, rest)
        }
        _ => ("docker.io", text),
    };
    (if host == "index.docker.io" { "docker.io" } else { host }, rest)
}

fn split(host: &str, rest: &str) -> Result<Reference, Text> {
    const INVALID: Text = Text::lit("invalid reference format");
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    if !is_host(host) || !path.split('/').all(is_path_component) || !tag.is_none_or(is_tag) {
        return Err(INVALID);
    }
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    if host.len() + 1 + path.len() > NAME_BYTES {
        return Err(Text::lit("repository name must not be more than 255 characters"));
    }
    // The runtime keeps the digest only where both are given.
    let tag = match (tag, digest) {
        (_, Some(_)) => None,
        (Some(tag), None) => Some(Text::from(tag)),
        (None, None) => Some(Text::lit("latest")),
    };
    Ok(Reference { host: Text::from(host), path: Text::from(path), tag, digest: digest.map(Text::from) })
}

fn check_digest(digest: &str) -> Result<(), Text> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err(Text::lit("invalid reference format"));
    };
    if hex.len() < 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) || algorithm.is_empty() {
        return Err(Text::lit("invalid reference format"));
    }
    let digits = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return Err(Text::lit("unsupported digest algorithm")),
    };
    if hex.len() != digits {
        return Err(Text::lit("invalid checksum digest length"));
    }
    if hex.bytes().all(is_lower_hex) { Ok(()) } else { Err(Text::lit("invalid checksum digest format")) }
}

fn is_lower_hex(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

/// Dot-separated labels of letters, digits and inner hyphens, and maybe a port.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let label = |l: &str| {
        let b = l.as_bytes();
        b.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-')
            && b.first().is_some_and(|c| *c != b'-')
            && b.last().is_some_and(|c| *c != b'-')
    };
    name.split('.').all(label) && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// Lower-case letters and digits with separators `.`, `_`, `__` or hyphens between them.
fn is_path_component(part: &str) -> bool {
    let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = part.starts_with(alnum) && part.ends_with(alnum);
    let separators =
        part.split(alnum).all(|s| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-'));
    ends && separators
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= TAG_BYTES
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_get_their_defaults() {
        for (text, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.29", "docker.io/library/nginx:1.29"),
            ("docker.io/library/nginx:1.29", "docker.io/library/nginx:1.29"),
            ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
            ("polinux/stress", "docker.io/polinux/stress:latest"),
            ("harbor.wego.red/library/nginx:1.9.0", "harbor.wego.red/library/nginx:1.9.0"),
            ("localhost:5999/x:1", "localhost:5999/x:1"),
            ("localhost/x", "localhost/x:latest"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
            ("a__b/c-d.e_f---g", "docker.io/a__b/c-d.e_f---g:latest"),
            (
                "nginx:1@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                "docker.io/library/nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ),
        ] {
            assert_eq!(Reference::parse(text).expect(text).to_string(), full);
        }
    }

    #[test]
    fn wrong_references_are_refused_in_the_runtimes_words() {
        for (text, error) in [
            ("Nginx:1.29", "invalid reference format: repository name (library/Nginx) must be lowercase"),
            (
                "harbor.wego.red/Library/NGINX:1.9.0",
                "invalid reference format: repository name (Library/NGINX) must be lowercase",
            ),
            ("nginx:no such", "invalid reference format"),
            ("bad image", "invalid reference format"),
            ("nginx:", "invalid reference format"),
            ("", "invalid reference format"),
            ("/", "invalid reference format"),
            ("a//b", "invalid reference format"),
            ("nginx@latest", "invalid reference format"),
            ("-x", "invalid reference format"),
            ("é", "invalid reference format"),
            ("nginx@sha256:00000000000000000000000000000000", "invalid checksum digest length"),
            ("http://nginx", "invalid reference format"),
        ] {
            assert_eq!(Reference::parse(text), Err(Text::lit(error)), "{text}");
        }
    }
}
