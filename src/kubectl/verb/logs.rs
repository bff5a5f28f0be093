//! `kubectl logs`.

use crate::api::request::{StreamEnd, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::resource;
use crate::kubectl::verb::pods;
use crate::kubectl::verb::stream::Pump;
use crate::os::Wait;

/// Flags.
pub const FLAGS: &[Flag] = &[
    switch("follow", 'f'),
    switch("previous", 'p'),
    switch("timestamps", ' '),
    switch("prefix", ' '),
    switch("all-containers", ' '),
    switch("all-pods", ' '),
    switch("ignore-errors", ' '),
    text("container", 'c', ""),
    text("selector", 'l', ""),
    int("tail", ' ', "-1"),
    int("limit-bytes", ' ', "0"),
    span("since", "0s"),
    text("since-time", ' ', ""),
    int("max-log-requests", ' ', "5"),
    span("pod-running-timeout", "20s"),
    switch("insecure-skip-tls-verify-backend", ' '),
];

/// A log to be read.
#[derive(Clone, Debug)]
struct Log {
    namespace: String,
    pod: String,
    container: String,
    prefix: String,
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    check(args)?;
    let wanted = match args.rest.get(1) {
        Some(c) if args.changed("container") => {
            return Err(Fail::Usage(format!("only one of -c or an inline [CONTAINER] arg is allowed: {c}")));
        }
        Some(c) => c.clone(),
        None => args.value("container").to_string(),
    };
    let chosen = chosen(cx, args)?;
    let mut logs = Vec::new();
    for pod in &chosen {
        logs.extend(logs_of(cx, args, pod, &wanted)?);
    }
    if logs.is_empty() {
        cx.eprint(&format!("No resources found in {} namespace.\n", cx.base.namespace));
        return OK;
    }
    let follow = args.is("follow");
    let most = args.int("max-log-requests");
    if follow && logs.len() as i64 > most {
        return Err(Fail::Plain(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            logs.len()
        )));
    }
    let mut task = Reading {
        query: query(args),
        logs,
        pumps: vec![],
        together: follow,
        ignore: args.is("ignore-errors"),
    };
    match task.poll(cx) {
        Poll::Done(Ok(code)) => Ok(Done::Exit(code)),
        Poll::Done(Err(fail)) => Err(fail),
        _ => Ok(Done::Task(Box::new(task))),
    }
}

fn check(args: &Args) -> Res<()> {
    let selector = args.changed("selector");
    if args.rest.is_empty() && !selector || args.rest.len() > 2 {
        return Err(Fail::Usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command".into()));
    }
    if selector && !args.rest.is_empty() {
        return Err(Fail::Usage("only a selector (-l) or a POD name is allowed".into()));
    }
    if args.changed("since") && args.changed("since-time") {
        return Err("at most one of `sinceTime` or `sinceSeconds` may be specified".into());
    }
    if args.changed("limit-bytes") && args.int("limit-bytes") < 1 {
        return Err("--limit-bytes must be greater than 0".into());
    }
    if args.int("tail") < -1 {
        return Err("--tail must be greater than or equal to -1".into());
    }
    if args.is("all-containers") && args.changed("container") {
        return Err("--all-containers=true should not be specified with container name ".into());
    }
    let since = args.value("since-time");
    if !since.is_empty() && crate::time::parse_rfc3339(since).is_none() {
        return Err(Fail::Plain(format!(
            "parsing time {since:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {since:?} as \"2006\""
        )));
    }
    Ok(())
}

/// The pods whose logs are meant.
fn chosen(cx: &mut Cx, args: &Args) -> Res<Vec<Object>> {
    let namespace = cx.base.namespace.clone();
    if args.changed("selector") {
        let select = Select { labels: args.value("selector").into(), fields: String::new() };
        return Ok(cx.list(Kind::POD, Some(&namespace), &select)?.0);
    }
    let arg = args.rest.first().cloned().unwrap_or_default();
    let (kind, name) = match arg.split_once('/') {
        Some((kind, name)) => (resource::kind_of(kind)?, name),
        None => (Kind::POD, arg.as_str()),
    };
    let object = cx.get(kind, &namespace, name).map_err(|fail| match fail {
        Fail::Server(s) if s.reason == "NotFound" && s.details.kind != "namespaces" => {
            Fail::Plain(format!("error from server (NotFound): {} in namespace {namespace:?}", s.message))
        }
        other => other,
    })?;
    if kind == Kind::POD {
        return Ok(vec![object]);
    }
    let pods = pods::pods_of(cx, &object)?;
    if args.is("all-pods") {
        return Ok(pods);
    }
    match pods.as_slice() {
        [] => Err("timed out waiting for the condition".into()),
        [one] => Ok(vec![one.clone()]),
        [first, ..] => {
            let text = format!("Found {} pods, using pod/{}\n", pods.len(), first.name());
            cx.eprint(&text);
            Ok(vec![first.clone()])
        }
    }
}

/// The logs of one pod: those of all containers, or of one.
fn logs_of(cx: &mut Cx, args: &Args, pod: &Object, wanted: &str) -> Res<Vec<Log>> {
    let prefix = |container: &str| {
        if args.is("prefix") || args.is("all-pods") && !args.changed("prefix") {
            format!("[pod/{}/{container}] ", pod.name())
        } else {
            String::new()
        }
    };
    let log = |container: String| Log {
        namespace: pod.namespace().into(),
        pod: pod.name().into(),
        prefix: prefix(&container),
        container,
    };
    if !args.is("all-containers") {
        return Ok(vec![log(pods::container(cx, pod, wanted, false)?)]);
    }
    let fields = ["initContainers", "containers", "ephemeralContainers"];
    let names = fields.iter().flat_map(|f| pod.at("spec").get(f).items());
    Ok(names.map(|c| log(c["name"].str().to_string())).collect())
}

fn query(args: &Args) -> Vec<(&'static str, Text)> {
    let mut out: Vec<(&'static str, Text)> = Vec::new();
    for (flag, key) in [("follow", "follow"), ("previous", "previous"), ("timestamps", "timestamps")] {
        if args.is(flag) {
            out.push((key, Text::lit("true")));
        }
    }
    let mut number = |key: &'static str, n: i64| out.push((key, Text::from(n.to_string())));
    if args.int("tail") >= 0 {
        number("tailLines", args.int("tail"));
    } else if args.changed("selector") && !args.changed("tail") {
        number("tailLines", 10);
    }
    if args.int("limit-bytes") > 0 {
        number("limitBytes", args.int("limit-bytes"));
    }
    if args.micros("since") > 0 {
        number("sinceSeconds", (args.micros("since") as u64).div_ceil(1_000_000) as i64);
    }
    if args.changed("since-time") {
        out.push(("sinceTime", Text::from(args.value("since-time"))));
    }
    out
}

/// Opens the log of a container.
pub fn open(
    cx: &mut Cx,
    namespace: &str,
    pod: &str,
    container: &str,
    query: &[(&'static str, Text)],
) -> Res<Pump> {
    let mut request = Request::new(Method::Get, Kind::POD, Some(namespace), pod).subresource("log");
    request.options.query.push(("container", Text::from(container)));
    request.options.query.extend(query.iter().cloned());
    match cx.send(request)? {
        Response::Stream(stream) => Ok(Pump::new(cx, stream, false, false)),
        _ => Err("unexpected answer of the server to a log request".into()),
    }
}

/// Logs that are being read, one after another or all together.
#[derive(Clone, Debug)]
struct Reading {
    query: Vec<(&'static str, Text)>,
    logs: Vec<Log>,
    pumps: Vec<Pump>,
    together: bool,
    ignore: bool,
}

impl Reading {
    fn open_next(&mut self, cx: &mut Cx) -> Res<()> {
        while !self.logs.is_empty() && (self.together || self.pumps.is_empty()) {
            let log = self.logs.remove(0);
            match open(cx, &log.namespace, &log.pod, &log.container, &self.query) {
                Ok(pump) => self.pumps.push(pump.prefixed(log.prefix)),
                Err(fail) => self.failed(cx, fail)?,
            }
        }
        Ok(())
    }

    fn failed(&mut self, cx: &mut Cx, fail: Fail) -> Res<()> {
        if !self.ignore {
            return Err(fail);
        }
        cx.eprint(&fail.text(""));
        Ok(())
    }
}

impl Task for Reading {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        loop {
            if let Err(fail) = self.open_next(cx) {
                return Poll::Done(Err(fail));
            }
            if self.pumps.is_empty() {
                return Poll::Done(Ok(0));
            }
            let mut ended = false;
            for mut pump in std::mem::take(&mut self.pumps) {
                match pump.step(cx) {
                    None => self.pumps.push(pump),
                    Some(StreamEnd::Exit(_)) => ended = true,
                    Some(StreamEnd::Error(status)) => {
                        ended = true;
                        if let Err(fail) = self.failed(cx, Fail::Server(status)) {
                            return Poll::Done(Err(fail));
                        }
                    }
                }
            }
            if !ended {
                return Poll::Wait(Wait { api: true, ..Wait::default() });
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
