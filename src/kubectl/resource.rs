//! Resource arguments: `TYPE`, `TYPE NAME…`, `TYPE/NAME…`, comma lists, short names, groups.

use crate::api::{Kind, Object};
use crate::kubectl::cx::{Cx, Select};
use crate::kubectl::discovery::unkept;
use crate::kubectl::fail::{Fail, Res};

/// What the arguments name.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// All objects of some types.
    Types(Vec<Kind>),
    /// Certain objects; `true` if they were written as `TYPE/NAME` or there is only one.
    Names(Vec<(Kind, String)>),
}

/// The kind that an argument means: plural, singular, short name or kind in any case, perhaps with a
/// version and group (`deployments.v1.apps`); a group may be cut short (`deployments.app`).
pub fn kind_of(arg: &str) -> Res<Kind> {
    kind_among(Kind::all(), arg)
}

/// The same among all kinds that the server serves, custom ones included.
pub fn kind_in(custom: &[Kind], arg: &str) -> Res<Kind> {
    kind_among(Kind::all().chain(custom.iter().copied()), arg)
}

fn kind_among(mut kinds: impl Iterator<Item = Kind>, arg: &str) -> Res<Kind> {
    let lower = arg.to_lowercase();
    let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
    let missing = || {
        let written = arg.split('.').next().unwrap_or("");
        let plain = || Fail::Plain(format!("the server doesn't have a resource type {written:?}"));
        unkept(resource, group).filter(|_| !resource.is_empty()).unwrap_or_else(plain)
    };
    if resource.is_empty() {
        return Err(missing());
    }
    let matches = |k: &Kind| {
        let info = k.info();
        let named = info.plural == resource
            || info.singular == resource
            || info.kind.to_lowercase() == resource
            || info.short.contains(&resource);
        named && (group.is_empty() || in_group(info.api_version, group))
    };
    kinds.find(matches).ok_or_else(missing)
}

fn in_group(api_version: &str, group: &str) -> bool {
    let (own, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let wanted = match group.split_once('.') {
        Some((v, g)) if v == version => g,
        _ => group,
    };
    if wanted.is_empty() { own.is_empty() } else { own.starts_with(wanted) }
}

/// The kinds of a comma list; `all` stands for what `kubectl get all` shows.
pub fn kinds_of(custom: &[Kind], arg: &str) -> Res<Vec<Kind>> {
    let mut kinds = Vec::new();
    for part in arg.split(',') {
        if part == "all" {
            kinds.extend(ALL.iter().copied());
            kinds.extend(custom.iter().filter(|k| k.info().in_all));
        } else {
            kinds.push(kind_in(custom, part)?);
        }
    }
    Ok(kinds)
}

/// The category `all` in the order in which discovery lists it.
pub const ALL: &[Kind] = &[
    Kind::POD,
    Kind::REPLICATION_CONTROLLER,
    Kind::SERVICE,
    Kind::DAEMON_SET,
    Kind::DEPLOYMENT,
    Kind::REPLICA_SET,
    Kind::STATEFUL_SET,
    Kind::HPA,
    Kind::CRON_JOB,
    Kind::JOB,
];

const MIXED: &str = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

/// Reads resource arguments.
pub fn parse(custom: &[Kind], args: &[String]) -> Res<Want> {
    if args.iter().any(|a| a.contains('/')) {
        let mut names = Vec::new();
        for arg in args {
            let Some((kind, name)) = arg.split_once('/') else {
                return Err(MIXED.into());
            };
            if name.contains('/') {
                return Err("arguments in resource/name form may not have more than one slash".into());
            }
            if kind.is_empty() || name.is_empty() {
                return Err("arguments in resource/name form must have a single resource and name".into());
            }
            names.push((kind_in(custom, kind)?, name.to_string()));
        }
        return Ok(Want::Names(names));
    }
    match args {
        [] => Ok(Want::Types(vec![])),
        [types] => Ok(Want::Types(kinds_of(custom, types)?)),
        [types, names @ ..] => {
            let kinds = kinds_of(custom, types)?;
            let pairs = kinds.iter().flat_map(|k| names.iter().map(|n| (*k, n.clone())));
            Ok(Want::Names(pairs.collect()))
        }
    }
}

/// Which objects of a type are meant when no name is given.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Label and field selector.
    pub select: Select,
    /// `--all`.
    pub all: bool,
    /// `-A`.
    pub all_namespaces: bool,
}

impl Scope {
    /// The namespace to list in.
    pub fn namespace<'n>(&self, cx: &'n Cx) -> Option<&'n str> {
        (!self.all_namespaces).then_some(cx.base.namespace.as_str())
    }
}

/// What was found: the objects in order, and what could not be read.
#[derive(Debug, Default)]
pub struct Found {
    /// Objects.
    pub objects: Vec<Object>,
    /// Failures, one for each object that could not be read.
    pub fails: Vec<Fail>,
    /// Whether one single object was asked for by name.
    pub single: bool,
}

/// Reads the objects that arguments name, as kubectl's builder does for commands that need names,
/// `--all` or a selector.
pub fn read(cx: &mut Cx, args: &[String], scope: &Scope) -> Res<Found> {
    let mut found = Found::default();
    match parse(&cx.base.custom, args)? {
        Want::Names(names) => {
            if !scope.select.is_empty() {
                return Err("name cannot be provided when a selector is specified".into());
            }
            if scope.all {
                return Err("setting 'all' parameter but found a non empty selector. ".into());
            }
            found.single = names.len() == 1;
            for (kind, name) in names {
                match cx.get(kind, &cx.base.namespace.clone(), &name) {
                    Ok(object) => found.objects.push(object),
                    Err(fail) => found.fails.push(fail),
                }
            }
        }
        Want::Types(kinds) => {
            if kinds.is_empty() {
                return Err(Fail::Plain(MISSING.into()));
            }
            if !scope.all && scope.select.is_empty() {
                return Err("resource(s) were provided, but no name was specified".into());
            }
            let namespace = scope.namespace(cx).map(String::from);
            for kind in kinds {
                match cx.list(kind, namespace.as_deref(), &scope.select) {
                    Ok((objects, _)) => found.objects.extend(objects),
                    Err(fail) => found.fails.push(fail),
                }
            }
        }
    }
    Ok(found)
}

/// What kubectl's builder says when nothing was named at all.
pub const MISSING: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// `pod/web`, `deployment.apps/web`: how results name an object.
pub fn label(object: &Object) -> String {
    if object["kind"].str() == "Scale" {
        return format!("scale.autoscaling/{}", object.name());
    }
    format!("{}/{}", resource_name(object.kind), object.name())
}

/// `pod`, `deployment.apps`.
pub fn resource_name(kind: Kind) -> String {
    let info = kind.info();
    if info.group().is_empty() { info.singular.into() } else { format!("{}.{}", info.singular, info.group()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_every_name_that_kubectl_knows() {
        for (arg, kind) in [
            ("po", Kind::POD),
            ("POD", Kind::POD),
            ("Pods", Kind::POD),
            ("deployments.app", Kind::DEPLOYMENT),
            ("deployments.v1.apps", Kind::DEPLOYMENT),
            ("pods.v1.", Kind::POD),
            ("sts", Kind::STATEFUL_SET),
        ] {
            assert_eq!(kind_of(arg).ok(), Some(kind), "{arg}");
        }
        for arg in ["podz", "", "pods.v1", "pods.v2", "ALL", "deployments.batch"] {
            assert!(kind_of(arg).is_err(), "{arg}");
        }
    }

    #[test]
    fn arguments_are_types_names_or_pairs() {
        let words = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
        let message = |line: &str| parse(&[], &words(line)).err().map(|f| f.message());
        assert_eq!(
            parse(&[], &words("pod a b")).ok(),
            Some(Want::Names(vec![(Kind::POD, "a".into()), (Kind::POD, "b".into())]))
        );
        assert_eq!(parse(&[], &words("po,svc")).ok(), Some(Want::Types(vec![Kind::POD, Kind::SERVICE])));
        assert_eq!(message("pod/web pods").as_deref(), Some(MIXED));
        assert_eq!(
            message("pods/web/x").as_deref(),
            Some("arguments in resource/name form may not have more than one slash")
        );
        assert_eq!(message("pods,").as_deref(), Some("the server doesn't have a resource type \"\""));
    }
}
