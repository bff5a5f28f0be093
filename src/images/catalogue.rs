//! What an image is: its configuration, its size, its identity; and how a reference finds one.
//!
//! The data are in `tables`; a [`Recipe`] describes a kind of image once, a [`Repository`] row lists the
//! tags under which a registry offers it. Identities are derived from names, not from content.

use super::reference::Reference;
use super::registry::{Preset, PullError};
use super::tables;
use crate::api::Text;
use crate::os::Signal;
use std::rc::Rc;

/// Which utilities an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    /// Official busybox: applets are names of one program, all in `/bin`.
    Busybox,
    /// The recorded laboratory's busybox (Debian's static build, with bash, in the classic directories).
    LabBusybox,
    /// The laboratory's plain busybox, without bash.
    LabBusyboxPlain,
    /// Alpine: busybox behind links.
    Alpine,
    /// Debian with coreutils, bash and dash.
    Debian,
    /// The laboratory's Debian: coreutils, procps, gawk and bash, no package tools.
    LabDebian,
    /// Nothing but the program itself.
    Bare,
}

/// Which further files an image has on top of its utilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum App {
    None,
    /// The official nginx image with its entrypoint scripts.
    Nginx,
    /// The official layout without entrypoint scripts (before 1.19, and the laboratory's).
    NginxPlain,
    Httpd,
    Redis,
    Mysql,
    Postgres,
    Python,
    Node,
    Stress,
    Curl,
    Pause,
    HelloWorld,
    HttpEcho,
    Agnhost,
    /// One of the small web servers of the documentation's examples; the text names which.
    Server(&'static str),
    Crash,
    SlowStart,
    /// A server by its program's id, and the path of its program.
    Service(&'static str, &'static str),
    /// Programs that are there but not simulated.
    Tools(&'static [&'static str]),
    /// Another distribution than the kit's: its name and short name.
    Release(&'static str, &'static str),
    /// nginx that runs without root, on port 8080.
    NginxUnprivileged,
}

/// A kind of image.
#[derive(Debug)]
pub struct Recipe {
    /// Its utilities.
    pub kit: Kit,
    /// Its application.
    pub app: App,
    /// Compressed size in bytes, as the runtime reports it.
    pub size: u64,
    /// `ENTRYPOINT`.
    pub entrypoint: &'static [&'static str],
    /// `CMD`.
    pub cmd: &'static [&'static str],
    /// `ENV`; `{v}` stands for the version.
    pub env: &'static [(&'static str, &'static str)],
    /// `WORKDIR`; empty for `/`.
    pub dir: &'static str,
    /// `USER`; empty for root.
    pub user: &'static str,
    /// `EXPOSE`.
    pub ports: &'static [u16],
    /// `STOPSIGNAL`.
    pub stop: Signal,
}

/// A recipe to be filled in.
pub(super) const RECIPE: Recipe = Recipe {
    kit: Kit::Bare,
    app: App::None,
    size: 0,
    entrypoint: &[],
    cmd: &[],
    env: &[],
    dir: "",
    user: "",
    ports: &[],
    stop: Signal::Term,
};

/// A repository and what it offers.
#[derive(Debug)]
pub(super) struct Repository {
    /// Its full name.
    pub name: &'static str,
    /// Tags, separated by blanks: `TAG` or `TAG=VERSION`.
    pub tags: &'static str,
    /// What kind of image the tags are.
    pub recipe: &'static Recipe,
}

/// An image that a scenario declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnImage {
    /// Its reference, e.g. `registry.example/shop/api:v2`.
    pub name: String,
    /// The reference that it is built on; `busybox` if empty.
    pub from: String,
    /// Size in bytes; the base's if 0.
    pub size: u64,
    /// A shell script that becomes the entrypoint; empty keeps the base's.
    pub script: String,
    /// Files to be added, by absolute path.
    pub files: Vec<(String, String)>,
    /// Environment to be added.
    pub env: Vec<(String, String)>,
    /// Ports that it exposes.
    pub ports: Vec<u16>,
    /// Seconds before the entrypoint begins its work.
    pub start_delay: f64,
}

/// Where a scenario's script is put in its image.
pub const OWN_SCRIPT: &str = "/entrypoint.sh";

/// An image as the registry hands it out.
#[derive(Clone, Debug)]
pub struct Image {
    /// The full reference that found it.
    pub reference: Reference,
    /// `sha256:` and 64 digits: the identity on a node. References to the same image share it.
    pub id: Text,
    /// `sha256:` and 64 digits: the manifest's digest.
    pub digest: Text,
    /// Compressed size in bytes.
    pub size: u64,
    /// The version of its main program.
    pub version: Text,
    /// `ENTRYPOINT`.
    pub entrypoint: Vec<Text>,
    /// `CMD`.
    pub cmd: Vec<Text>,
    /// Environment, `PATH` first.
    pub env: Vec<(Text, Text)>,
    /// Working directory.
    pub working_dir: Text,
    /// `USER`: a name or number; empty for root.
    pub user: Text,
    /// Exposed ports.
    pub ports: Vec<u16>,
    /// The signal that asks it to stop.
    pub stop_signal: Signal,
    /// What kind it is.
    pub recipe: &'static Recipe,
    /// Files that a scenario added.
    pub files: Vec<(Text, Rc<str>)>,
}

/// Most scenario images that are built on each other.
const MAX_BASES: usize = 8;

/// Finds the image behind a reference: a scenario's own, or one of the preset's.
pub fn find(preset: Preset, reference: &str, own: &[OwnImage]) -> Result<Image, PullError> {
    let reference = Reference::parse(reference).map_err(PullError::Invalid)?;
    find_parsed(preset, reference, own, 0)
}

fn find_parsed(
    preset: Preset,
    reference: Reference,
    own: &[OwnImage],
    depth: usize,
) -> Result<Image, PullError> {
    let full = reference.to_string();
    let named = |o: &&OwnImage| Reference::parse(&o.name).is_ok_and(|r| r.to_string() == full);
    match own.iter().find(named) {
        Some(o) if depth < MAX_BASES => {
            let from = if o.from.is_empty() { "busybox" } else { &o.from };
            let base = Reference::parse(from).map_err(PullError::Invalid)?;
            // The name of a base may be the image's own: then the catalogue's is meant.
            let base = if base == reference {
                from_catalogue(preset, base, own)
            } else {
                find_parsed(preset, base, own, depth + 1)
            };
            Ok(layered(base?, reference, o))
        }
        _ => from_catalogue(preset, reference, own),
    }
}

fn from_catalogue(preset: Preset, reference: Reference, own: &[OwnImage]) -> Result<Image, PullError> {
    let name = original(&reference.name());
    let mut known = false;
    for row in tables::repositories(preset).filter(|r| r.name == name) {
        known = true;
        for (tag, version) in tags(row) {
            let identity = identity(row.recipe, version);
            let digest = hex64(&identity, 'd');
            let hit = match &reference.digest {
                Some(d) => *d == digest,
                None => reference.tag.as_deref() == Some(tag),
            };
            if hit {
                return Ok(plain(reference, row.recipe, Text::lit(version), &identity, digest));
            }
        }
    }
    if let (Preset::Internet, Some(tag), None) = (preset, &reference.tag, &reference.digest) {
        let tag = plain_tag(tag);
        let listed = |row: &Repository| tags(row).find(|(t, _)| *t == tag).map(|(_, v)| Text::lit(v));
        let earlier = |row: &'static Repository| {
            let version = listed(row).or_else(|| patch_release(row, &tag).map(Text::from))?;
            Some((row, version))
        };
        let rows = tables::repositories(preset).filter(|r| r.name == name);
        if let Some((row, version)) = rows.filter_map(earlier).next() {
            let identity = identity(row.recipe, &version);
            let digest = hex64(&identity, 'd');
            return Ok(plain(reference, row.recipe, version, &identity, digest));
        }
    }
    let host_of = |o: &OwnImage| Reference::parse(&o.name).map(|r| r.host);
    let hosted = own.iter().any(|o| host_of(o).is_ok_and(|h| h == reference.host));
    Err(PullError::of(preset, reference, known, hosted))
}

/// The name under which the table has a repository: old hosts forward to new ones, and mirrors carry what
/// others publish.
fn original(name: &str) -> String {
    const SAME: [(&str, &str); 5] = [
        ("k8s.gcr.io/", "registry.k8s.io/"),
        ("public.ecr.aws/docker/library/", "docker.io/library/"),
        ("public.ecr.aws/nginx/", "docker.io/library/"),
        ("mirror.gcr.io/library/", "docker.io/library/"),
        ("gcr.io/google-containers/", "gcr.io/google_containers/"),
    ];
    let same = SAME.iter().find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)));
    same.unwrap_or_else(|| name.to_owned())
}

/// Endings of tags that name the release of the base, without which an image is the same here.
const BASES: [&str; 10] = [
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

/// A tag without the release of its base: `3.9-slim-bullseye`, `7-alpine3.20`.
fn plain_tag(tag: &str) -> String {
    let tag = BASES.iter().find_map(|b| tag.strip_suffix(b)).unwrap_or(tag);
    match tag.split_once("alpine") {
        Some((before, release)) if release.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{before}alpine")
        }
        _ => tag.to_owned(),
    }
}

/// The version behind a tag of an earlier patch release: a row that lists `1.27=1.27.5` had `1.27.0` to
/// `1.27.4`, and with them `1.27.3-alpine` if it lists `1.27-alpine`. Versions that are listed are the last.
fn patch_release<'t>(row: &Repository, tag: &'t str) -> Option<&'t str> {
    let (number, flavour) = tag.split_at(tag.find('-').unwrap_or(tag.len()));
    let (minor, patch) = number.rsplit_once('.')?;
    let patch: u32 = patch.parse().ok()?;
    let wanted = format!("{minor}{flavour}");
    let (_, last) = tags(row).find(|(t, _)| *t == wanted)?;
    let newest: u32 = last.strip_prefix(minor)?.strip_prefix('.')?.parse().ok()?;
    (minor.contains('.') && patch <= newest).then_some(number)
}

/// The tags of a row with their versions.
pub(super) fn tags(row: &Repository) -> impl Iterator<Item = (&'static str, &'static str)> {
    row.tags.split_ascii_whitespace().map(|t| t.split_once('=').unwrap_or((t, t)))
}

/// What makes two references one image: the recipe and the version.
fn identity(recipe: &'static Recipe, version: &str) -> String {
    format!("{:?} {:?} {} {version}", recipe.kit, recipe.app, recipe.size)
}

fn plain(
    reference: Reference,
    recipe: &'static Recipe,
    version: Text,
    identity: &str,
    digest: Text,
) -> Image {
    let texts = |list: &'static [&'static str]| list.iter().map(|s| Text::lit(s)).collect();
    let mut env = vec![(Text::lit("PATH"), Text::lit(tables::PATH))];
    for (name, value) in recipe.env {
        let value =
            if value.contains("{v}") { Text::from(value.replace("{v}", &version)) } else { Text::lit(value) };
        set_env(&mut env, Text::lit(name), value);
    }
    Image {
        reference,
        id: hex64(identity, 'c'),
        digest,
        size: recipe.size,
        version,
        entrypoint: texts(recipe.entrypoint),
        cmd: texts(recipe.cmd),
        env,
        working_dir: Text::lit(if recipe.dir.is_empty() { "/" } else { recipe.dir }),
        user: Text::lit(recipe.user),
        ports: recipe.ports.to_vec(),
        stop_signal: recipe.stop,
        recipe,
        files: Vec::new(),
    }
}

fn set_env(env: &mut Vec<(Text, Text)>, name: Text, value: Text) {
    match env.iter_mut().find(|(n, _)| *n == name) {
        Some((_, old)) => *old = value,
        None => env.push((name, value)),
    }
}

fn layered(mut image: Image, reference: Reference, own: &OwnImage) -> Image {
    let identity = reference.to_string();
    image.reference = reference;
    image.id = hex64(&identity, 'c');
    image.digest = hex64(&identity, 'd');
    if own.size > 0 {
        image.size = own.size;
    }
    for (name, value) in &own.env {
        set_env(&mut image.env, Text::from(name), Text::from(value));
    }
    image.files.extend(own.files.iter().map(|(path, text)| (Text::from(path), Rc::from(text.as_str()))));
    image.ports.extend(&own.ports);
    if !own.script.is_empty() {
        let script = if own.script.starts_with("#!") {
            own.script.clone()
        } else {
            format!("#!/bin/sh\n{}", own.script)
        };
        image.files.push((Text::lit(OWN_SCRIPT), Rc::from(script)));
        image.entrypoint = vec![Text::lit(OWN_SCRIPT)];
        image.cmd = Vec::new();
    }
    if own.start_delay > 0.0 {
        let delay = Text::from(own.start_delay.to_string());
        let wait = ["/bin/sh", "-c", "sleep \"$0\"; exec \"$@\""].map(Text::lit);
        image.entrypoint.splice(0..0, wait.into_iter().chain([delay]));
    }
    image
}

/// `sha256:` and 64 digits that depend on nothing but the text: eight rounds of FNV-1a.
fn hex64(text: &str, purpose: char) -> Text {
    let mut out = String::from("sha256:");
    for round in 0..8u32 {
        let mut hash = 0x811c_9dc5_u32 ^ round.wrapping_mul(0x9e37_79b9) ^ purpose as u32;
        for byte in text.bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        hash ^= hash >> 15;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        out.push_str(&format!("{:08x}", hash ^ (hash >> 13)));
    }
    Text::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(reference: &str) -> Result<Image, PullError> {
        find(Preset::Lab, reference, &[])
    }

    #[test]
    fn the_laboratory_has_what_was_recorded() {
        for (reference, size) in [
            ("harbor.wego.red/library/nginx:latest", 22_907_787),
            ("nginx", 22_907_787),
            ("harbor.wego.red/library/nginx:1.9.0", 22_907_785),
            ("nginx:1.14.2", 22_907_785),
            ("registry.k8s.io/nginx:1.7.9", 22_907_785),
            ("debian", 22_907_787),
            ("docker.io/library/bash", 22_907_787),
            ("polinux/stress:latest", 6_697_762),
            ("harbor.wego.red/library/busyboxplus:latest", 2_140_990),
            ("busybox:1.28", 2_140_956),
            ("alpine:latest", 2_140_956),
            ("registry.k8s.io/busybox:1.27.2", 2_140_956),
            ("registry.k8s.io/pause:3.10.1", 768_827),
        ] {
            assert_eq!(lab(reference).expect(reference).size, size, "{reference}");
        }
        let id = |r| lab(r).expect("known").id;
        assert_eq!(id("nginx"), id("harbor.wego.red/library/nginx"));
        assert_ne!(id("nginx"), id("nginx:1.14.2"));
        let env = lab("nginx").expect("known").env;
        assert_eq!(env[1], (Text::lit("NGINX_VERSION"), Text::lit("1.29.4")));
    }

    #[test]
    fn an_image_is_found_by_its_digest_too() {
        let digest = find(Preset::Internet, "redis:7", &[]).expect("known").digest;
        assert!(find(Preset::Internet, &format!("redis@{digest}"), &[]).is_ok());
    }

    #[test]
    fn a_scenario_can_lay_its_own_image_over_another() {
        let own = OwnImage {
            name: "shop/api:v2".into(),
            from: "busybox:1.28".into(),
            script: "echo up; sleep 60\n".into(),
            env: vec![("MODE".into(), "test".into())],
            start_delay: 1.5,
            ..OwnImage::default()
        };
        let image = find(Preset::Lab, "docker.io/shop/api:v2", &[own]).expect("declared");
        assert_eq!(image.size, 2_140_956);
        assert_eq!(image.entrypoint[3..], ["1.5", OWN_SCRIPT].map(Text::lit));
        assert_eq!(&*image.files[0].1, "#!/bin/sh\necho up; sleep 60\n");
        let itself = OwnImage { name: "busybox".into(), ..OwnImage::default() };
        assert!(find(Preset::Lab, "busybox", &[itself]).is_ok());
    }

    #[test]
    fn earlier_patch_releases_and_mirrors_are_found() {
        let version = |r| find(Preset::Internet, r, &[]).map(|i| i.version.to_string());
        for (reference, expected) in [
            ("nginx:1.23.2-alpine", "1.23.2"),
            ("redis:6.0.5", "6.0.5"),
            ("public.ecr.aws/docker/library/nginx:1.27.0", "1.27.0"),
            ("mirror.gcr.io/library/busybox:1.36", "1.36.1"),
            ("k8s.gcr.io/pause:3.9", "3"),
        ] {
            assert_eq!(version(reference).as_deref(), Ok(expected), "{reference}");
        }
        for reference in [
            "nginx:1.23.9",
            "nginx:1.91",
            "nginx:1.161",
            "nginx:2.3.5",
            "redis:6.0.5-slim",
            "postgres:13.5.1",
        ] {
            assert!(version(reference).is_err(), "{reference}");
        }
        assert!(lab("nginx:1.29.2").is_err());
    }
}
