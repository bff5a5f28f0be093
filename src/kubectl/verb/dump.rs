//! `kubectl cluster-info dump`: the objects that help to find what is wrong, as text or in files.
//!
//! The logs of the pods are left out, which is said.

use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, OK, Outcome, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, slice, switch, text};
use crate::kubectl::print::{self, Format};

/// Flags.
pub const DUMP: &[Flag] = &[
    text("output-directory", ' ', ""),
    slice("namespaces", ' '),
    switch("all-namespaces", 'A'),
    text("output", 'o', "json"),
];

/// What is dumped of every namespace: the kind and the name of its file.
const KINDS: &[(Kind, &str)] = &[
    (Kind::EVENT, "events"),
    (Kind::REPLICATION_CONTROLLER, "replication-controllers"),
    (Kind::SERVICE, "services"),
    (Kind::DAEMON_SET, "daemonsets"),
    (Kind::DEPLOYMENT, "deployments"),
    (Kind::REPLICA_SET, "replicasets"),
    (Kind::POD, "pods"),
];

/// Runs it.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let dir = Some(args.value("output-directory")).filter(|d| !matches!(*d, "" | "-"));
    let (nodes, revision) = cx.list(Kind::NODE, None, &Default::default())?;
    write(cx, dir, "nodes", &format, Kind::NODE, nodes, revision)?;
    let mut namespaces = args.values("namespaces");
    if args.is("all-namespaces") {
        let all = cx.list(Kind::NAMESPACE, None, &Default::default())?.0;
        namespaces = all.iter().map(|n| n.name().to_string()).collect();
    } else if namespaces.is_empty() {
        namespaces = vec!["kube-system".into(), cx.base.namespace.clone()];
    }
    let mut pods = false;
    for namespace in &namespaces {
        for (kind, file) in KINDS {
            let (found, revision) = cx.list(*kind, Some(namespace), &Default::default())?;
            pods |= *kind == Kind::POD && !found.is_empty();
            write(cx, dir, &format!("{namespace}/{file}"), &format, *kind, found, revision)?;
        }
    }
    if pods {
        cx.eprint("not simulated: logs in a cluster-info dump; use kubectl logs\n");
    }
    if let Some(dir) = dir {
        cx.print(&format!("Cluster info dumped to {dir}\n"));
    }
    OK
}

fn write(
    cx: &mut Cx,
    dir: Option<&str>,
    file: &str,
    format: &Format,
    kind: Kind,
    objects: Vec<Object>,
    revision: u64,
) -> Res<()> {
    let info = kind.info();
    let bare = |o: Object| {
        let mut value = o.value;
        value.remove("kind");
        value.remove("apiVersion");
        value
    };
    let list = crate::map! {
        "kind" => format!("{}List", info.kind), "apiVersion" => info.api_version,
        "metadata" => crate::map! { "resourceVersion" => revision.to_string() },
        "items" => objects.into_iter().map(bare).collect::<Value>(),
    };
    let text = print::value(&list, format, false)?;
    let Some(dir) = dir else {
        cx.print(&text);
        return Ok(());
    };
    let ending = match format {
        Format::Json => "json",
        Format::Yaml => "yaml",
        _ => "txt",
    };
    let path = format!("{dir}/{file}.{ending}");
    let mut at = 0;
    while let Some(slash) = path[at..].find('/') {
        at += slash + 1;
        let _ = cx.sys.mkdir(&path[..at - 1], 0o755);
    }
    cx.sys
        .write_file(&path, text.as_bytes(), false)
        .map_err(|e| Fail::Plain(format!("open {path}: {}", lower(e.text()))))
}
