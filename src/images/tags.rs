//! Tags that stand for an image without being listed: other spellings, and older patch versions.
//!
//! Docker Hub keeps every patch version, alone and with the base in many spellings (`1.25.3`, `3.9-slim-bookworm`,
//! `7-alpine3.20`). The tables list minor versions with their latest patch; what lies before it exists, too.

use crate::api::Text;

/// Endings that name the release of the base, without which an image is the same here.
const BASES: &[&str] = &[
    "-trixie",
    "-bookworm",
    "-bullseye",
    "-buster",
    "-stretch",
    "-jessie",
    "-noble",
    "-jammy",
    "-focal",
    "-bionic",
];

/// The image of a tag among listed ones (tag, and what it stands for with its version), and its own version.
pub(super) fn related<T, I>(tag: &str, rows: impl Fn() -> I) -> Option<((T, &'static str), Text)>
where
    I: Iterator<Item = (&'static str, (T, &'static str))>,
{
    let plain = plain_tag(tag);
    if let Some((_, found)) = rows().find(|(t, _)| *t == plain) {
        let version = Text::lit(found.1);
        return Some((found, version));
    }
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
    let (numbers, ending) = plain.split_at(end);
    older(numbers, ending, rows)
}

/// A patch version that came before the latest of its minor version.
fn older<T, I>(numbers: &str, ending: &str, rows: impl Fn() -> I) -> Option<((T, &'static str), Text)>
where
    I: Iterator<Item = (&'static str, (T, &'static str))>,
{
    let (minor, patch) = numbers.rsplit_once('.')?;
    let patch: u32 = patch.parse().ok()?;
    let listed = format!("{minor}{ending}");
    let (_, found) = rows().find(|(t, _)| *t == listed)?;
    let latest = found.1.strip_prefix(minor)?.strip_prefix('.')?;
    (patch <= latest.parse().ok()?).then(|| (found, Text::from(numbers)))
}

/// A tag without the release of its base.
fn plain_tag(tag: &str) -> String {
    let tag = BASES.iter().find_map(|b| tag.strip_suffix(b)).unwrap_or(tag);
    match tag.split_once("alpine") {
        Some((before, release)) if release.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{before}alpine")
        }
        _ => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::related;

    #[test]
    fn older_patches_and_other_spellings_are_found() {
        let rows = || {
            [("1.25", ("n", "1.25.5")), ("1.25-alpine", ("a", "1.25.5")), ("3-slim", ("s", "3.14.0"))]
                .into_iter()
        };
        let find = |tag: &str| related(tag, rows).map(|((name, _), version)| format!("{name} {version}"));
        for (tag, expected) in [
            ("1.25.3", Some("n 1.25.3")),
            ("1.25.6", None),
            ("1.25.3-alpine", Some("a 1.25.3")),
            ("1.25-bookworm", Some("n 1.25.5")),
            ("1.25-alpine3.19", Some("a 1.25.5")),
            ("3-slim-bullseye", Some("s 3.14.0")),
            ("1.26", None),
            ("nope", None),
            ("1.25.3.4", None),
        ] {
            assert_eq!(find(tag).as_deref(), expected, "{tag}");
        }
    }
}
