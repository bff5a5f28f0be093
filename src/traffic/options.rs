//! What a generator does, as the words of a command or a scenario say it.

use crate::api::{Text, duration};
use crate::time::Span;

/// What a person may say, as `traffic` says it when it is called wrongly.
pub const USAGE: &str = "\
usage: traffic                             what became of the requests so far
       traffic start SERVICE [OPTIONS]     send requests to a Service, steadily, until it is stopped
       traffic stop SERVICE [-n NS]        stop sending
options: -n, --namespace NS   the Service's namespace
         --rate N             requests in a second (5)
         --path PATH          what is asked for (/)
         --port PORT          the Service's port, by number or name (its first)
         --from WHERE         a node, pod/NAME, or outside (the workstation's node)
         --timeout SPAN       how long an answer may take (1s)
";

/// How many Services can have traffic.
pub const MAX_GENERATORS: usize = 16;
/// Requests in a second: 50 of them cost about a thousandth of real time.
const MAX_RATE: f64 = 50.0;
/// The least rate: one in a hundred seconds.
const MIN_RATE: f64 = 0.01;
/// The longest timeout: with the highest rates of all, requests under way stay below their limit.
const MAX_TIMEOUT: Span = Span::secs(60);
/// Longest path, as servers bear it.
const MAX_PATH: usize = 2_000;

/// Where a client is.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// On the workstation's node.
    Home,
    /// On a node.
    Node(Text),
    /// In a pod of the Service's namespace.
    Pod(Text),
    /// Outside of the cluster: through node ports, or a load balancer where the Service has one.
    Outside,
}

/// What a generator does.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The Service's namespace.
    pub namespace: Text,
    /// The Service.
    pub service: Text,
    /// Requests in a second.
    pub rate: f64,
    /// What is asked for.
    pub path: Text,
    /// The Service's port, by number or name; `None`: its first.
    pub port: Option<Text>,
    /// Where the client is.
    pub from: From,
    /// How long an answer may take.
    pub timeout: Span,
    /// The namespace that needs no mention.
    home: Text,
}

impl Options {
    /// Reads the words behind `traffic start`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(words: &[&str], home: &str) -> Result<Options, String> {
        let home = Text::from(home);
        let mut o = Options {
            namespace: home.clone(),
            service: Text::default(),
            rate: 5.0,
            path: Text::lit("/"),
            port: None,
            from: From::Home,
            timeout: Span::secs(1),
            home,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                if !o.service.is_empty() {
                    return Err(format!("traffic: one Service at a time, not also \"{word}\""));
                }
                o.service = service_name(word)?;
                continue;
            }
            let (flag, attached) = word.split_once('=').map_or((*word, None), |(f, v)| (f, Some(v)));
            if !["-n", "--namespace", "--rate", "--path", "--port", "--from", "--timeout"].contains(&flag) {
                return Err(format!("traffic: unknown flag {flag}\n{USAGE}"));
            }
            let value = attached.or_else(|| words.next().copied());
            o.set(flag, value.ok_or_else(|| format!("traffic: a value is missing behind {flag}"))?)?;
        }
        if o.service.is_empty() { Err(USAGE.to_string()) } else { Ok(o) }
    }

    fn set(&mut self, flag: &str, value: &str) -> Result<(), String> {
        match flag {
            "-n" | "--namespace" => self.namespace = Text::from(value),
            "--rate" => {
                let rate = value.parse::<f64>().ok().filter(|r| (MIN_RATE..=MAX_RATE).contains(r));
                self.rate = rate.ok_or_else(|| {
                    format!("traffic: --rate: \"{value}\" is not a number between {MIN_RATE} and {MAX_RATE}")
                })?;
            }
            "--path" => {
                let plain = value.bytes().all(|b| b.is_ascii_graphic());
                if !value.starts_with('/') || !plain || value.len() > MAX_PATH {
                    return Err(format!("traffic: --path: \"{value}\" is not a path like /healthz"));
                }
                self.path = Text::from(value);
            }
            "--port" => self.port = Some(Text::from(value)),
            "--timeout" => {
                let span = duration::parse(value).ok().and_then(|nanos| u64::try_from(nanos).ok());
                let span = span.map(|nanos| Span::micros(nanos / 1_000));
                self.timeout = span.filter(|s| *s > Span::ZERO && *s <= MAX_TIMEOUT).ok_or_else(|| {
                    format!(
                        "traffic: --timeout: \"{value}\" is not a span like 500ms, at most {}",
                        seconds(MAX_TIMEOUT)
                    )
                })?;
            }
            _ => {
                self.from = match value.split_once('/') {
                    Some(("pod" | "pods", name)) => From::Pod(Text::from(name)),
                    Some(("node" | "nodes", name)) => From::Node(Text::from(name)),
                    _ if value == "outside" => From::Outside,
                    _ => From::Node(Text::from(value)),
                };
            }
        }
        Ok(())
    }

    /// `namespace/service`.
    pub fn key(&self) -> Text {
        Text::from(format!("{}/{}", self.namespace, self.service))
    }

    /// The Service's name, with its namespace where it is not the usual one.
    pub fn shown(&self) -> Text {
        if self.namespace == self.home { self.service.clone() } else { self.key() }
    }

    /// The words that name the Service in a command.
    pub fn named(&self) -> String {
        if self.namespace == self.home {
            self.service.to_string()
        } else {
            format!("{} -n {}", self.service, self.namespace)
        }
    }
}

/// The name in `web`, `svc/web` or `service/web`.
pub fn service_name(word: &str) -> Result<Text, String> {
    match word.split_once('/') {
        None => Ok(Text::from(word)),
        Some(("svc" | "service" | "services", name)) if !name.is_empty() => Ok(Text::from(name)),
        _ => Err(format!("traffic: \"{word}\" is not a Service")),
    }
}

/// A span as `500ms` or `1.5s`.
pub fn seconds(span: Span) -> String {
    match span.0 {
        0..1_000 => format!("{}µs", span.0),
        1_000..1_000_000 => number(span.0 as f64 / 1e3, "ms"),
        _ => number(span.0 as f64 / 1e6, "s"),
    }
}

fn number(value: f64, unit: &str) -> String {
    let text = format!("{value:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}
