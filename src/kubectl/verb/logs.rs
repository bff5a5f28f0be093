//! `kubectl logs`.

use crate::api::request::{StreamEnd, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, span, switch, text};
use crate::kubectl::resource;
use crate::kubectl::verb::pods;
use crate::kubectl::verb::stream::Pump;
use crate::os::Wait;
use crate::time::{Span, Time};

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

/// How long kubectl waits before it asks again for a log that it follows (logs.go).
const RETRY: Span = Span::secs(1);

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
    pods::first(cx, args, read)
}

/// Reads the logs of what is meant; nothing yet if a workload has no pods so far.
fn read(cx: &mut Cx, args: &Args) -> Res<Option<Done>> {
    let Some(chosen) = chosen(cx, args)? else { return Ok(None) };
    let wanted = args.rest.get(1).map_or(args.value("container"), String::as_str);
    let mut logs = Vec::new();
    for pod in &chosen {
        logs.extend(logs_of(cx, args, pod, wanted)?);
    }
    if logs.is_empty() {
        cx.eprint(&format!("No resources found in {} namespace.\n", cx.base.namespace));
        return Ok(Some(Done::Exit(0)));
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
        follow,
        until: cx.sys.now() + Span(args.micros("pod-running-timeout").max(0) as u64),
        retry: None,
        ignore: args.is("ignore-errors"),
    };
    match task.poll(cx) {
        Poll::Done(Ok(code)) => Ok(Some(Done::Exit(code))),
        Poll::Done(Err(fail)) => Err(fail),
        _ => Ok(Some(Done::Task(Box::new(task)))),
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
    let since = args.value("since-time");
    if !since.is_empty() && crate::time::parse_rfc3339(since).is_none() {
        return Err(Fail::Plain(format!(
            "parsing time {since:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {since:?} as \"2006\""
        )));
    }
    pods::patience(args).map_err(Fail::Usage)?;
    if !since.is_empty() && args.micros("since") != 0 {
        return Err("at most one of `sinceTime` or `sinceSeconds` may be specified".into());
    }
    let container = args.rest.get(1).map_or(args.value("container"), String::as_str);
    if args.is("all-containers") && !container.is_empty() {
        return Err(Fail::Plain(format!(
            "--all-containers=true should not be specified with container name {container}"
        )));
    }
    if args.changed("container") && args.rest.len() == 2 {
        return Err("only one of -c or an inline [CONTAINER] arg is allowed".into());
    }
    for (wrong, flag, bound) in [
        (args.int("limit-bytes") < 0, "limit-bytes", "greater than 0"),
        (args.micros("since") < 0, "since", "greater than 0"),
        (args.int("tail") < -1, "tail", "greater than or equal to -1"),
    ] {
        if wrong {
            return Err(Fail::Plain(format!("--{flag} must be {bound}")));
        }
    }
    Ok(())
}

/// The pods whose logs are meant.
fn chosen(cx: &mut Cx, args: &Args) -> Res<Option<Vec<Object>>> {
    let namespace = cx.base.namespace.clone();
    if args.changed("selector") {
        let select = Select { labels: args.value("selector").into(), fields: String::new() };
        return Ok(Some(cx.list(Kind::POD, Some(&namespace), &select)?.0));
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
        return Ok(Some(vec![object]));
    }
    let pods = pods::pods_of(cx, &object, "get the logs from")?;
    if args.is("all-pods") && !pods.is_empty() {
        return Ok(Some(pods));
    }
    match pods.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(vec![one.clone()])),
        [first, ..] => {
            let text = format!("Found {} pods, using pod/{}\n", pods.len(), first.name());
            cx.eprint(&text);
            Ok(Some(vec![first.clone()]))
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
        number("sinceSeconds", (args.micros("since") + 500_000) / 1_000_000);
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
    pumps: Vec<(Log, Pump)>,
    /// All at once, and what cannot be read yet is asked for again.
    follow: bool,
    /// When asking again ends.
    until: Time,
    /// When to ask again next.
    retry: Option<Time>,
    ignore: bool,
}

impl Reading {
    fn open_next(&mut self, cx: &mut Cx) -> Res<()> {
        if self.retry.is_some_and(|t| cx.sys.now() < t) || !self.follow && !self.pumps.is_empty() {
            return Ok(());
        }
        self.retry = None;
        for log in std::mem::take(&mut self.logs) {
            if !self.follow && !self.pumps.is_empty() {
                self.logs.push(log);
                continue;
            }
            match open(cx, &log.namespace, &log.pod, &log.container, &self.query) {
                Ok(pump) => {
                    let pump = pump.prefixed(log.prefix.clone());
                    self.pumps.push((log, pump));
                }
                Err(fail) => self.failed(cx, fail, Some(log))?,
            }
        }
        Ok(())
    }

    /// What comes of a failure; a log that is followed is asked for again after a second.
    fn failed(&mut self, cx: &mut Cx, fail: Fail, log: Option<Log>) -> Res<()> {
        if self.ignore {
            cx.print(&format!("error: {}\n", fail.message()));
            return Ok(());
        }
        let Some(log) = log.filter(|_| self.follow && matches!(fail, Fail::Server(_))) else {
            return Err(fail);
        };
        cx.eprint(&format!("{}\n", fail.message()));
        let next = cx.sys.now() + RETRY;
        self.logs.push(log);
        self.retry = Some(next.min(self.until));
        if cx.sys.now() >= self.until { Err("context deadline exceeded".into()) } else { Ok(()) }
    }
}

impl Task for Reading {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        loop {
            if let Err(fail) = self.open_next(cx) {
                return Poll::Done(Err(fail));
            }
            if self.pumps.is_empty() && self.logs.is_empty() {
                return Poll::Done(Ok(0));
            }
            let mut ended = false;
            for (log, mut pump) in std::mem::take(&mut self.pumps) {
                match pump.step(cx) {
                    None => self.pumps.push((log, pump)),
                    Some(StreamEnd::Exit(_)) => ended = true,
                    Some(StreamEnd::Error(status)) => {
                        ended = true;
                        if let Err(fail) = self.failed(cx, Fail::Server(status), Some(log)) {
                            return Poll::Done(Err(fail));
                        }
                    }
                }
            }
            if !ended {
                return Poll::Wait(Wait { api: true, until: self.retry, ..Wait::default() });
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
