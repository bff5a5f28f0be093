//! `kubectl top`: what nodes and pods use, where a metrics server runs.

use super::super::flags::Args;
use crate::api::quantity::Quantity;
use crate::api::request::{Options, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Status, Value};
use crate::collections::{BTreeMap, Order};
use crate::kubectl::cx::{Cx, OK, Outcome, Select};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::print::table::Table;
use crate::time::parse_rfc3339;

/// kubectl `metricsCreationDelay`: a pod that is older must have been seen by the metrics server.
const CREATION_DELAY_MICROS: i64 = 120_000_000;

/// Processor use in thousandths of a core and memory in bytes.
#[derive(Clone, Copy, Default)]
struct Use {
    cpu: i64,
    memory: i64,
}

impl Use {
    fn of(usage: &Value) -> Use {
        Use { cpu: Quantity::of(&usage["cpu"]).milli_value(), memory: Quantity::of(&usage["memory"]).value() }
    }

    fn sum<'a>(all: impl Iterator<Item = &'a Value>) -> Use {
        all.map(Use::of).fold(Use::default(), |a, b| Use { cpu: a.cpu + b.cpu, memory: a.memory + b.memory })
    }

    fn cells(self) -> [String; 2] {
        [format!("{}m", self.cpu), format!("{}Mi", self.memory >> 20)]
    }

    /// Largest first by what is asked for, else by name.
    fn place(self, by: &str, name: String) -> (i64, String) {
        let size = match by {
            "cpu" => self.cpu,
            "memory" => self.memory,
            _ => 0,
        };
        (-size, name)
    }
}

fn checked(args: &Args, what: &str) -> Res<()> {
    if !matches!(args.value("sort-by"), "" | "cpu" | "memory") {
        return Err("--sort-by accepts only cpu or memory".into());
    }
    if args.rest.len() > 1 {
        return Err(Fail::Usage(format!("{what} [NAME | -l label]")));
    }
    if !args.rest.is_empty() && !args.value("selector").is_empty() {
        return Err("only one of NAME or --selector can be provided".into());
    }
    if args.is("show-swap") {
        return Err("not simulated: --show-swap".into());
    }
    Ok(())
}

/// Asks the metrics API.
fn metrics(cx: &mut Cx, kind: Kind, namespace: Option<&str>, args: &Args) -> Res<Vec<Object>> {
    let mut request = Request::new(Method::List, kind, namespace, "").subresource("metrics");
    request.options = Options {
        label_selector: args.value("selector").into(),
        field_selector: args.value("field-selector").into(),
        ..Options::default()
    };
    let all = match cx.send(request) {
        Ok(Response::List(objects, _)) => objects,
        Err(fail) if fail.is_not_found() => return Err("Metrics API not available".into()),
        Err(fail) => return Err(fail),
        Ok(other) => return Err(Fail::Plain(format!("unexpected answer of the server: {other:?}"))),
    };
    let Some(name) = args.rest.first() else { return Ok(all) };
    // Whoever is missing itself is told so by the server.
    cx.get(kind, namespace.unwrap_or_default(), name)?;
    let found: Vec<Object> = all.into_iter().filter(|o| o.name() == name.as_str()).collect();
    if found.is_empty() {
        let place = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let what = if kind == Kind::NODE { "nodemetrics" } else { "podmetrics" };
        let message = format!("{what}.metrics.k8s.io \"{place}{name}\" not found");
        return Err(Fail::Server(Status::new(404, "NotFound", message)));
    }
    Ok(found)
}

/// Runs `top pod`.
pub fn pods(cx: &mut Cx, args: &Args) -> Outcome {
    checked(args, "pod")?;
    let everywhere = args.is("all-namespaces");
    let own = cx.base.namespace.clone();
    let namespace = (!everywhere).then_some(own.as_str());
    let mut found = metrics(cx, Kind::POD, namespace, args)?;
    if found.is_empty() {
        return explain_nothing(cx, namespace, args);
    }
    let by = args.value("sort-by");
    let whole = |o: &Object| Use::sum(o["containers"].items().iter().map(|c| &c["usage"]));
    found.order_by_key(|o| {
        whole(o).place(by, format!("{}/{}", if everywhere { o.namespace() } else { "" }, o.name()))
    });
    let containers = args.is("containers");
    let mut head: Vec<&str> = Vec::new();
    head.extend(everywhere.then_some("NAMESPACE"));
    head.extend(containers.then_some("POD"));
    head.extend(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
    let columns = head.len();
    let mut table = Table::default();
    if !args.is("no-headers") {
        table.row(head.into_iter().map(str::to_string).collect());
    }
    for o in &found {
        let place = |cells: Vec<String>| -> Vec<String> {
            everywhere.then(|| o.namespace().to_string()).into_iter().chain(cells).collect()
        };
        if !containers {
            let [cpu, memory] = whole(o).cells();
            table.row(place(vec![o.name().to_string(), cpu, memory]));
            continue;
        }
        let mut own: Vec<&Value> = o["containers"].items().iter().collect();
        own.order_by_key(|c| Use::of(&c["usage"]).place(by, c["name"].str().to_string()));
        for c in own {
            let [cpu, memory] = Use::of(&c["usage"]).cells();
            table.row(place(vec![o.name().to_string(), c["name"].str().to_string(), cpu, memory]));
        }
    }
    if args.is("sum") {
        let total = found
            .iter()
            .map(whole)
            .fold(Use::default(), |a, b| Use { cpu: a.cpu + b.cpu, memory: a.memory + b.memory });
        let blank = |n: usize| vec![String::new(); n];
        table.row(
            blank(columns - 2).into_iter().chain(["________".to_string(), "________".to_string()]).collect(),
        );
        table.row(blank(columns - 2).into_iter().chain(total.cells()).collect());
    }
    let text = table.take();
    cx.print(&text);
    OK
}

/// Why there are no metrics of pods.
fn explain_nothing(cx: &mut Cx, namespace: Option<&str>, args: &Args) -> Outcome {
    let select =
        Select { labels: args.value("selector").into(), fields: args.value("field-selector").into() };
    let (pods, _) = cx.list(Kind::POD, namespace, &select)?;
    for pod in &pods {
        let created = parse_rfc3339(pod.at("metadata.creationTimestamp").str()).unwrap_or_default();
        let age = cx.now() - created;
        if age > CREATION_DELAY_MICROS {
            let age = crate::api::duration::print(age * 1_000);
            return Err(format!(
                "Metrics not available for pod {}/{}, age: {age}",
                pod.namespace(),
                pod.name()
            )
            .into());
        }
    }
    if !pods.is_empty() {
        return Err("metrics not available yet".into());
    }
    let text = match namespace {
        Some(namespace) => format!("No resources found in {namespace} namespace.\n"),
        None => "No resources found\n".to_string(),
    };
    cx.eprint(&text);
    OK
}

/// Runs `top node`.
pub fn nodes(cx: &mut Cx, args: &Args) -> Outcome {
    checked(args, "node")?;
    let mut found = metrics(cx, Kind::NODE, None, args)?;
    if found.is_empty() {
        return Err("metrics not available yet".into());
    }
    let select = Select { labels: args.value("selector").into(), fields: String::new() };
    let (mut nodes, _) = cx.list(Kind::NODE, None, &select)?;
    if let Some(name) = args.rest.first() {
        nodes.retain(|o| o.name() == name.as_str());
    }
    let of = if args.is("show-capacity") { "status.capacity" } else { "status.allocatable" };
    let mut available: BTreeMap<String, Use> =
        nodes.iter().map(|o| (o.name().to_string(), Use::of(o.at(of)))).collect();
    let by = args.value("sort-by");
    found.order_by_key(|o| Use::of(&o["usage"]).place(by, o.name().to_string()));
    let mut table = Table::default();
    if !args.is("no-headers") {
        table
            .row(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"].map(str::to_string).to_vec());
    }
    for o in &found {
        let used = Use::of(&o["usage"]);
        let [cpu, memory] = used.cells();
        let whole = available.remove(o.name()).unwrap_or_default();
        let part = |have: i64, of: i64| format!("{}%", if of > 0 { have * 100 / of } else { 0 });
        table.row(vec![
            o.name().to_string(),
            cpu,
            part(used.cpu, whole.cpu),
            memory,
            part(used.memory, whole.memory),
        ]);
    }
    for (name, _) in available.iter() {
        table.row(
            [name.as_str(), "<unknown>", "<unknown>", "<unknown>", "<unknown>"].map(str::to_string).to_vec(),
        );
    }
    let text = table.take();
    cx.print(&text);
    OK
}
