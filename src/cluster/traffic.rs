//! Traffic as the cluster carries it out: the words of the `traffic` command, where requests go, and the table
//! of what became of them.

use super::Cluster;
use crate::api::{Kind, Object, Text, Value};
use crate::kubectl::tabwriter::layout;
use crate::os::{MachineId, NetId};
use crate::scenario::format::TrafficSpec;
use crate::trace::{Cause, What};
use crate::traffic::{From, Generator, Options, Traffic, USAGE, Way, seconds};

/// The domain of the cluster's names.
const DOMAIN: &str = "svc.cluster.local";

impl Cluster {
    /// The generators and what became of their requests.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Carries out a line such as `start web --rate 10`, as the page's menus say it.
    ///
    /// # Errors
    /// Says what is wrong with the line.
    pub fn direct_traffic(&mut self, line: &str) -> Result<String, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = words.strip_prefix(&["traffic"]).unwrap_or(&words);
        self.api.enter(self.now, Cause::START, Text::lit("user"));
        let text = Text::from(format!("traffic {}", words.join(" ")));
        let asked = self.api.note(What::Command { line: text });
        let said = self.traffic_words(words, asked)?;
        self.settle();
        Ok(said)
    }

    /// Starts the traffic that a scenario begins with; it waits for Services that do not exist yet.
    ///
    /// # Errors
    /// Says what is wrong with the specification.
    pub fn begin_traffic(&mut self, spec: &TrafficSpec) -> Result<(), String> {
        let words = spec.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let options = Options::parse(&words, &self.home())?;
        self.check_client(&options)?;
        self.traffic.start(options, self.spec.seed, self.now, Cause::START)
    }

    /// The namespace of the kubectl context.
    pub(super) fn home(&self) -> String {
        if self.spec.namespace.is_empty() { "default".into() } else { self.spec.namespace.clone() }
    }

    /// As [`Cluster::direct_traffic`], for callers that are settling already, on behalf of a command.
    pub(super) fn traffic_words(&mut self, words: &[&str], asked: Cause) -> Result<String, String> {
        match words {
            [] => Ok(self.traffic_table()),
            ["start", rest @ ..] => {
                let options = Options::parse(rest, &self.home())?;
                let key = options.key();
                let Some((namespace, name)) = key.split_once('/') else { return Err(USAGE.to_string()) };
                let service = self.api.get(Kind::SERVICE, namespace, name).cloned();
                let service = service.ok_or_else(|| {
                    format!("traffic: services \"{name}\" not found in namespace \"{namespace}\"")
                })?;
                check_service(&service, &options)?;
                self.check_client(&options)?;
                self.traffic.start(options, self.spec.seed, self.now, asked)?;
                Ok(String::new())
            }
            ["stop", rest @ ..] => {
                let options = Options::parse(rest, &self.home())?;
                if self.traffic.stop(&options.key(), self.now) {
                    Ok(String::new())
                } else {
                    Err(format!("traffic: there is no traffic to service {}", options.shown()))
                }
            }
            ["-h" | "--help"] => Ok(USAGE.to_string()),
            _ => Err(USAGE.to_string()),
        }
    }

    /// Whether the place of a client exists.
    fn check_client(&self, options: &Options) -> Result<(), String> {
        match &options.from {
            From::Node(name) if !self.node_index.contains_key(name) => {
                let names: Vec<&str> = self.node_index.keys().map(Text::as_str).collect();
                Err(format!(
                    "traffic: --from: there is no node \"{name}\"; there are {}, pod/NAME and outside",
                    names.join(", ")
                ))
            }
            _ => Ok(()),
        }
    }

    /// Sends what is due, moves what is under way, counts what is over. Returns whether there was anything.
    pub(super) fn drive_traffic(&mut self) -> bool {
        let ready = self.runtime.take_other_ready();
        self.traffic.drive(&mut self.world, self.now, &ready);
        let due = self.traffic.due(self.now);
        for (options, number) in &due {
            if let Some(way) = self.way(options, *number) {
                self.traffic.send(&mut self.world, self.now, options, way);
            }
        }
        let done = self.traffic.take_done(&self.network.pods);
        for one in done.iter().filter(|d| d.outcome != crate::traffic::Outcome::Served) {
            self.note_request(one);
        }
        !due.is_empty() || !done.is_empty()
    }

    /// The name of a client, for people.
    pub fn client_name(&self, options: &Options) -> Text {
        match &options.from {
            From::Home => self.world.machine(MachineId(0)).name.clone(),
            From::Node(name) => name.clone(),
            From::Pod(name) => Text::from(format!("pod {name}")),
            From::Outside => Text::lit("outside"),
        }
    }

    /// The address that a request comes from, if it comes from within.
    pub(super) fn client_address(&self, options: &Options) -> Text {
        self.client(options).map(|(net, _)| self.world.ip_of(net)).unwrap_or_default()
    }

    /// Where a request goes; `None` if its client is not there to send it, or there is no Service yet.
    fn way(&self, options: &Options, number: u64) -> Option<Way> {
        let service = self.api.get(Kind::SERVICE, &options.namespace, &options.service);
        if options.from == From::Outside {
            return self.way_from_outside(service?, options, number);
        }
        let (net, by) = self.client(options)?;
        if !self.world.hears_names(net) {
            return Some(Way::Silent(by));
        }
        let Some(service) = service else {
            // Before its Service is there a scenario's client waits; afterwards the name leads nowhere.
            let begun = self.traffic.generator(&options.key()).is_some_and(|g| g.tally.begun());
            return begun.then_some(Way::NoName);
        };
        let port = port_of(service, options).map_or(Some(80), |p| u16::try_from(p["port"].int_or(0)).ok())?;
        let name = format!("{}.{}.{DOMAIN}", options.service, options.namespace);
        let Some(ips) = self.world.net.dns.names.get(name.as_str()).filter(|ips| !ips.is_empty()) else {
            return Some(Way::NoName);
        };
        let ip = ips[usize::try_from(number).unwrap_or(0) % ips.len()].clone();
        Some(Way::To { net, ip, port, by })
    }

    fn client(&self, options: &Options) -> Option<(NetId, MachineId)> {
        let machine = match &options.from {
            From::Home => MachineId(0),
            From::Node(name) => self.world.find_machine(name)?,
            From::Pod(name) => {
                let pod = self.api.get(Kind::POD, &options.namespace, name)?;
                let net = self.world.net_at(pod.at("status.podIP").str())?;
                let machine = self.world.machine_of(net)?;
                return Some((net, machine)).filter(|_| self.world.machine(machine).powered);
            }
            From::Outside => return None,
        };
        let there = self.world.machine(machine);
        let net = self.world.net_of(there.cell)?;
        there.powered.then_some((net, machine))
    }

    /// From outside each node's port in turn; a load balancer knows which nodes are ready.
    fn way_from_outside(&self, service: &Object, options: &Options, number: u64) -> Option<Way> {
        let port = u16::try_from(port_of(service, options)?["nodePort"].as_int()?).ok()?;
        let balanced = !service.at("status.loadBalancer.ingress").is_empty();
        let ready = |n: &&Object| !balanced || n.condition_true("Ready");
        let nodes: Vec<&Object> = self.api.list(Kind::NODE, None).filter(ready).collect();
        let node = nodes.get(usize::try_from(number).unwrap_or(0) % nodes.len().max(1))?;
        let by = self.world.find_machine(node.name())?;
        let machine = self.world.machine(by);
        if !machine.powered {
            return Some(Way::Silent(by));
        }
        let net = self.world.net_of(machine.cell)?;
        Some(Way::To { net, ip: machine.ip.clone(), port, by })
    }

    /// What became of the requests so far.
    fn traffic_table(&self) -> String {
        let all: Vec<&Generator> = self.traffic.generators().map(|(_, g)| g).collect();
        if all.is_empty() {
            return "There is no traffic; \"traffic start SERVICE\" sends some.\n".into();
        }
        let head =
            ["SERVICE", "STATE", "RATE", "FROM", "SERVED", "FAILED", "P50", "P99", "LAST 10S", "P50", "P99"];
        let rows: Vec<Vec<String>> = all.iter().map(|g| self.traffic_row(g)).collect();
        let mut text = lay_out(&head, &rows);
        for generator in all.iter().filter(|g| !g.tally.pods.is_empty()) {
            let rows: Vec<Vec<String>> = generator.tally.pods.iter().map(pod_row).collect();
            text += &format!("\nRequests to service {} by pod:\n", generator.options.shown());
            text += &lay_out(&["POD", "SERVED", "FAILED", "FAILURES"], &rows);
        }
        text
    }

    fn traffic_row(&self, g: &Generator) -> Vec<String> {
        let quantile =
            |spread: &crate::traffic::Spread, part| spread.quantile(part).map_or_else(|| "-".into(), seconds);
        let (counts, spread) = g.tally.lately(self.now);
        let total = &g.tally.counts;
        vec![
            g.options.shown().to_string(),
            if g.stopped.is_some() { "stopped" } else { "running" }.into(),
            format!("{}/s", g.options.rate),
            self.client_name(&g.options).to_string(),
            total.served().to_string(),
            total.failed().to_string(),
            quantile(&g.tally.spread, 0.5),
            quantile(&g.tally.spread, 0.99),
            format!("{} served, {} failed", counts.served(), counts.failed()),
            quantile(&spread, 0.5),
            quantile(&spread, 0.99),
        ]
    }
}

/// A table as text.
fn lay_out(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![head.join("\t")];
    lines.extend(rows.iter().map(|r| r.join("\t")));
    layout(&(lines.join("\n") + "\n"))
}

fn pod_row((path, tally): (&Text, &crate::traffic::PodTally)) -> Vec<String> {
    let name = match path.rsplit('/').next() {
        None | Some("") => "<none>",
        Some(name) => name,
    };
    let failures = tally.counts.failures();
    let failures = if failures.is_empty() { "-".into() } else { failures };
    vec![name.into(), tally.counts.served().to_string(), tally.counts.failed().to_string(), failures]
}

/// The port of a Service that requests go to: the named one, or the first.
fn port_of<'a>(service: &'a Object, options: &Options) -> Option<&'a Value> {
    let ports = service.at("spec.ports").items();
    match &options.port {
        None => ports.first(),
        Some(wanted) => ports.iter().find(|p| {
            p["name"].str() == wanted.as_str()
                || p["port"].as_int().is_some_and(|n| n.to_string() == **wanted)
        }),
    }
}

/// Whether requests can be sent to a Service at all.
fn check_service(service: &Object, options: &Options) -> Result<(), String> {
    let shown = options.shown();
    let kind = service.at("spec.type").str();
    let ports = service.at("spec.ports").items();
    let port = port_of(service, options);
    if let (Some(wanted), None) = (&options.port, port) {
        let have: Vec<String> = ports.iter().map(|p| p["port"].int_or(0).to_string()).collect();
        return Err(format!("traffic: service {shown} has no port \"{wanted}\"; it has {}", have.join(", ")));
    }
    if port.is_some_and(|p| !matches!(p["protocol"].str(), "" | "TCP")) {
        return Err("not simulated: traffic by other protocols than TCP".into());
    }
    if options.from == From::Outside && port.is_none_or(|p| p["nodePort"].as_int().is_none()) {
        return Err(format!(
            "traffic: service {shown} is of type {kind}: nobody outside the cluster reaches it"
        ));
    }
    if kind == "ExternalName"
        && !service.at("spec.externalName").str().trim_end_matches('.').ends_with(DOMAIN)
    {
        return Err(format!("not simulated: requests to {}", service.at("spec.externalName").str()));
    }
    Ok(())
}
