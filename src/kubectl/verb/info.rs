//! Verbs that tell about the cluster and kubectl itself: version, cluster-info, api-resources, api-versions,
//! top, completion, options.

use crate::api::{Kind, Value, json, yaml};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, OK, Outcome, not_simulated};
use crate::kubectl::discovery::UNKEPT;
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, Flag, on, slice, switch, text};
use crate::kubectl::help;
use crate::kubectl::print::table::Table;

/// Flags of `version`.
pub const VERSION: &[Flag] = &[switch("client", ' '), text("output", 'o', "")];
/// Flags of `api-resources`.
pub const RESOURCES: &[Flag] = &[
    text("api-group", ' ', ""),
    switch("namespaced", ' '),
    slice("verbs", ' '),
    slice("categories", ' '),
    text("sort-by", ' ', ""),
    text("output", 'o', ""),
    switch("no-headers", ' '),
    on("cached"),
    switch("show-managed-fields", ' '),
];
/// Flags of `top`.
pub const TOP: &[Flag] = &[
    text("sort-by", ' ', ""),
    text("selector", 'l', ""),
    text("field-selector", ' ', ""),
    switch("containers", ' '),
    switch("all-namespaces", 'A'),
    switch("no-headers", ' '),
    switch("sum", ' '),
    switch("show-capacity", ' '),
    switch("show-swap", ' '),
    on("use-protocol-buffers"),
];
const CLIENT: &str = "v1.36.3";
const SERVER: &str = "v1.36.2";
const KUSTOMIZE: &str = "v5.8.1";

/// What a build of Kubernetes tells of itself: version, commit, date and Go's version.
struct Build(&'static str, &'static str, &'static str, &'static str);

const CLIENT_BUILD: Build =
    Build(CLIENT, "0f29094e5b73085e3802ecc1298ecae13866bfe6", "2026-07-22T18:10:35Z", "go1.26.5");
const SERVER_BUILD: Build =
    Build(SERVER, "8e16b12fda5b1dccc41a6de48b3e356cc7d5048b", "2026-08-21T11:29:11Z", "go1.26.6");

/// The fields of a version in Go's order, in which JSON shows them; `emulation` is what only servers tell.
fn build(b: &Build, emulation: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![("major", "1"), ("minor", "36")];
    fields.extend_from_slice(emulation);
    fields.extend([
        ("gitVersion", b.0),
        ("gitCommit", b.1),
        ("gitTreeState", "clean"),
        ("buildDate", b.2),
        ("goVersion", b.3),
        ("compiler", "gc"),
        ("platform", "linux/amd64"),
    ]);
    fields
}

/// A version as Go prints a struct, which keeps the order of its fields.
pub(super) fn struct_json(fields: &[(&str, &str)], indent: &str) -> String {
    let lines: Vec<String> = fields.iter().map(|(k, v)| format!("{indent}  {k:?}: {v:?}")).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

/// The server's version as `/version` answers it.
pub(super) fn server_version() -> String {
    struct_json(&build(&SERVER_BUILD, EMULATION), "")
}

const EMULATION: &[(&str, &str)] = &[
    ("emulationMajor", "1"),
    ("emulationMinor", "36"),
    ("minCompatibilityMajor", "1"),
    ("minCompatibilityMinor", "35"),
];

/// Runs `version`.
pub fn version(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("extra arguments: {:?}", args.rest)));
    }
    let client_only = args.is("client");
    match args.value("output") {
        "" => {
            let mut text = format!("Client Version: {CLIENT}\nKustomize Version: {KUSTOMIZE}\n");
            if !client_only {
                text += &format!("Server Version: {SERVER}\n");
            }
            cx.print(&text);
        }
        "json" => {
            let client = struct_json(&build(&CLIENT_BUILD, &[]), "  ");
            let mut text =
                format!("{{\n  \"clientVersion\": {client},\n  \"kustomizeVersion\": {KUSTOMIZE:?}");
            if !client_only {
                let server = struct_json(&build(&SERVER_BUILD, EMULATION), "  ");
                text += &format!(",\n  \"serverVersion\": {server}");
            }
            cx.print(&format!("{text}\n}}\n"));
        }
        "yaml" => {
            let value_of = |fields: Vec<(&'static str, &'static str)>| {
                let mut v = Value::map();
                fields.into_iter().for_each(|(k, held)| v.set(k, held));
                v
            };
            let client = value_of(build(&CLIENT_BUILD, &[]));
            let mut value = crate::map! { "clientVersion" => client, "kustomizeVersion" => KUSTOMIZE };
            if !client_only {
                value.set("serverVersion", value_of(build(&SERVER_BUILD, EMULATION)));
            }
            cx.print(&yaml::print(&value));
        }
        _ => return Err("--output must be 'yaml' or 'json'".into()),
    }
    OK
}

/// Runs `cluster-info`.
pub fn cluster(cx: &mut Cx, _: &Args) -> Outcome {
    cx.print(&format!(
        "Kubernetes control plane is running at https://{}\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
        crate::kubectl::SERVER
    ));
    OK
}

/// A row of `api-resources`.
struct Row {
    plural: &'static str,
    short: String,
    version: &'static str,
    namespaced: bool,
    kind: &'static str,
    all: bool,
    verbs: &'static str,
}

const VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch";

fn group(version: &str) -> &str {
    version.split_once('/').map_or("", |(g, _)| g)
}

fn rows(cx: &Cx) -> Vec<Row> {
    let mut rows: Vec<Row> = cx
        .kinds()
        .map(|k| {
            let i = k.info();
            Row {
                plural: i.plural,
                short: i.short.join(","),
                version: i.api_version,
                namespaced: i.namespaced,
                kind: i.kind,
                all: i.in_all,
                verbs: if k == Kind::COMPONENT_STATUS { "get,list" } else { VERBS },
            }
        })
        .collect();
    rows.extend(UNKEPT.iter().map(|u| Row {
        plural: u.plural,
        short: u.short.to_string(),
        version: u.version,
        namespaced: u.namespaced,
        kind: u.kind,
        all: false,
        verbs: if u.only_created { "create" } else { VERBS },
    }));
    rows.order_by(|a, b| (group(a.version), a.plural).cmp(&(group(b.version), b.plural)));
    rows
}

/// Runs `api-resources`.
pub fn resources(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("unexpected arguments: [{}]", args.rest.join(" "))));
    }
    let (output, sort) = (args.value("output"), args.value("sort-by"));
    if !matches!(output, "" | "wide" | "name" | "json" | "yaml") {
        return Err(Fail::Plain(format!("--output {output} is not available")));
    }
    if !matches!(sort, "" | "name" | "kind") {
        return Err("--sort-by accepts only name or kind".into());
    }
    let mut rows = rows(cx);
    if args.changed("api-group") {
        rows.retain(|r| group(r.version) == args.value("api-group"));
    }
    if args.changed("namespaced") {
        rows.retain(|r| r.namespaced == args.is("namespaced"));
    }
    for verb in args.values("verbs") {
        rows.retain(|r| r.verbs.split(',').any(|v| v == verb));
    }
    for category in args.values("categories") {
        rows.retain(|r| r.all && category == "all");
    }
    match sort {
        "name" => rows.order_by_key(|r| r.plural),
        "kind" => rows.order_by_key(|r| r.kind),
        _ => {}
    }
    let text = match output {
        "name" => rows.iter().map(name_line).collect(),
        "json" | "yaml" => listed(&rows, output),
        _ => table(&rows, args, output == "wide"),
    };
    cx.print(&text);
    OK
}

fn name_line(r: &Row) -> String {
    match group(r.version) {
        "" => format!("{}\n", r.plural),
        g => format!("{}.{g}\n", r.plural),
    }
}

fn table(rows: &[Row], args: &Args, wide: bool) -> String {
    let mut table = Table::default();
    let width = if wide { 7 } else { 5 };
    let row = |cells: [&str; 7]| cells.iter().take(width).map(|c| c.to_string()).collect();
    if !args.is("no-headers") {
        table.row(row(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"]));
    }
    for r in rows {
        let namespaced = if r.namespaced { "true" } else { "false" };
        let category = if r.all { "all" } else { "" };
        table.row(row([r.plural, &r.short, r.version, namespaced, r.kind, r.verbs, category]));
    }
    table.take()
}

fn listed(rows: &[Row], output: &str) -> String {
    let resource = |r: &Row| {
        crate::map! {
            "name" => r.plural, "namespaced" => r.namespaced, "kind" => r.kind, "group" => group(r.version),
            "verbs" => r.verbs.split(',').collect::<Value>(), "singularName" => r.kind.to_lowercase(),
        }
    };
    let value = crate::map! {
        "apiVersion" => "v1", "groupVersion" => "", "kind" => "APIResourceList",
        "resources" => rows.iter().map(resource).collect::<Value>(),
    };
    if output == "json" { format!("{}\n", json::print_indented(&value)) } else { yaml::print(&value) }
}

/// Runs `api-versions`.
pub fn versions(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("unexpected arguments: [{}]", args.rest.join(" "))));
    }
    let mut all: Vec<&str> = rows(cx).iter().map(|r| r.version).collect();
    all.push("autoscaling/v1");
    all.order();
    all.dedup();
    let text: String = all.iter().map(|v| format!("{v}\n")).collect();
    cx.print(&text);
    OK
}

/// Runs `completion`.
pub fn completion(cx: &mut Cx, args: &Args) -> Outcome {
    match args.rest.as_slice() {
        [] => Err(Fail::Usage("Shell not specified.".into())),
        [shell] if matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            let note = format!("# {shell} completion for kubectl: the terminal completes by itself\n");
            cx.print(&note);
            OK
        }
        [shell] => Err(Fail::Usage(format!("Unsupported shell type {shell:?}."))),
        _ => Err(Fail::Usage("Too many arguments. Expected only the shell type.".into())),
    }
}

/// Runs `options`.
pub fn options(cx: &mut Cx, _: &Args) -> Outcome {
    cx.print(&help::options());
    OK
}

/// Verbs that exist, but are not simulated.
pub fn absent(cx: &mut Cx, _: &Args) -> Outcome {
    let verb = cx.base.path.clone();
    Err(not_simulated(&verb))
}
