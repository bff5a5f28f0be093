//! `kubectl exec` and `kubectl attach`.

use crate::api::request::{StreamEnd, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, on, slice, span, switch, text};
use crate::kubectl::verb::pods;
use crate::kubectl::verb::stream::Pump;
use crate::os::STDIN;

/// Flags of `exec`.
pub const FLAGS: &[Flag] = &[
    switch("stdin", 'i'),
    switch("tty", 't'),
    switch("quiet", 'q'),
    text("container", 'c', ""),
    slice("filename", 'f'),
    span("pod-running-timeout", "1m0s"),
];

/// Flags of `attach`.
pub const ATTACH: &[Flag] = &[
    switch("stdin", 'i'),
    switch("tty", 't'),
    switch("quiet", 'q'),
    text("container", 'c', ""),
    span("pod-running-timeout", "1m0s"),
    on("detach-keys"),
];

/// The variable that makes kubectl take commands without `--`, as versions up to 1.30 did.
const LEGACY: &str = "PODLAB_LEGACY_EXEC";

/// Runs `exec`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let mut words = args.rest.clone();
    let from_file = args.changed("filename");
    if args.dash.is_none() && words.len() > 1 && !from_file {
        let legacy = cx.base.env.iter().any(|(k, v)| k == LEGACY && !v.is_empty());
        if !legacy {
            return Err(Fail::Usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead".into(),
            ));
        }
        cx.eprint("kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec [POD] -- [COMMAND] instead.\n");
    }
    let named = if from_file { 0 } else { 1 };
    if words.len() < named || args.dash == Some(0) && !from_file {
        return Err("pod, type/name or --filename must be specified".into());
    }
    if words.split_off(named).is_empty() {
        return Err("you must specify at least one command for the container".into());
    }
    pods::patience(args).map_err(Fail::Usage)?;
    pods::first(cx, args, session)
}

/// Opens the session once there is a pod.
fn session(cx: &mut Cx, args: &Args) -> Res<Option<Done>> {
    let mut words = args.rest.clone();
    let pod = if args.changed("filename") {
        let loaded = files::load(cx, args)?;
        Fail::join(loaded.fails)?;
        let first = loaded.docs.first().ok_or(Fail::from("no resources found"))?;
        let arg = format!("{}/{}", first.kind.info().plural, first.name());
        pods::pod(cx, &arg)?
    } else {
        pods::pod(cx, &words.remove(0))?
    };
    let Some(pod) = pod else { return Ok(None) };
    let command = words;
    let phase = pod.at("status.phase").str();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Fail::Plain(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let container = pods::container(cx, &pod, args.value("container"), args.is("quiet"))?;
    let tty = terminal(cx, args, args.is("tty"));
    let session = open(cx, &pod, &container, "exec", command, args.is("stdin"), tty)?;
    Ok(Some(Done::Task(Box::new(session))))
}

/// Whether a terminal can be had where one is wanted.
fn terminal(cx: &mut Cx, args: &Args, wanted: bool) -> bool {
    if !args.is("stdin") || !wanted {
        return false;
    }
    let had = cx.sys.is_tty(STDIN);
    if !had && !args.is("quiet") {
        cx.eprint("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    }
    had
}

/// Opens a session in a container.
pub fn open(
    cx: &mut Cx,
    pod: &Object,
    container: &str,
    how: &'static str,
    command: Vec<String>,
    stdin: bool,
    tty: bool,
) -> Res<Session> {
    let mut request =
        Request::new(Method::Create, Kind::POD, Some(pod.namespace()), pod.name()).subresource(how);
    let query = &mut request.options.query;
    query.extend(command.iter().map(|c| ("command", Text::from(c))));
    query.push(("container", Text::from(container)));
    let flag = |on: bool| Text::lit(if on { "true" } else { "false" });
    query.extend([
        ("stdin", flag(stdin)),
        ("stdout", flag(true)),
        ("stderr", flag(!tty)),
        ("tty", flag(tty)),
    ]);
    match cx.send(request) {
        Ok(Response::Stream(stream)) => {
            Ok(Session { pump: Pump::new(cx, stream, stdin, tty), ends: Ends::Code })
        }
        Ok(_) => Err("unexpected answer of the server".into()),
        Err(fail) => Err(streamed(fail)),
    }
}

/// Errors of streams are told without `Error from server` where they come from the kubelet.
fn streamed(fail: Fail) -> Fail {
    match fail {
        Fail::Server(s) if !matches!(s.code, 400..=409) || s.message.starts_with("unable to upgrade") => {
            Fail::Plain(s.message.to_string())
        }
        other => other,
    }
}

/// What the end of a session means.
#[derive(Clone, Debug, PartialEq)]
enum Ends {
    /// The exit code of the command is told and passed on.
    Code,
    /// `attach`: a farewell is printed where there is one.
    Attach(String),
}

/// A session that runs.
#[derive(Clone, Debug)]
pub struct Session {
    /// The bridge.
    pub pump: Pump,
    ends: Ends,
}

impl Task for Session {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        match (self.pump.step(cx), &self.ends) {
            (None, _) => self.pump.wait(),
            (Some(StreamEnd::Error(s)), _) => Poll::Done(Err(streamed(Fail::Server(s)))),
            (Some(StreamEnd::Exit(_)), Ends::Attach(farewell)) => {
                cx.print(farewell);
                Poll::Done(Ok(0))
            }
            (Some(StreamEnd::Exit(0)), Ends::Code) => Poll::Done(Ok(0)),
            (Some(StreamEnd::Exit(code)), Ends::Code) => {
                cx.eprint(&format!("command terminated with exit code {code}\n"));
                Poll::Done(Ok(code))
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// The line that says how to come back to a container.
pub fn farewell(pod: &Object, container: &str) -> String {
    format!(
        "Session ended, resume using 'kubectl attach {} -c {container} -n {} -i -t' command\n",
        pod.name(),
        pod.namespace()
    )
}

/// Whether a container is to be attached to with a terminal, as its spec says.
pub fn has_tty(pod: &Object, container: &str) -> bool {
    pods::spec(pod, container)["tty"].is_true()
}

/// Runs `attach`.
pub fn attach(cx: &mut Cx, args: &Args) -> Outcome {
    let count = args.rest.len();
    pods::patience(args).map_err(Fail::from)?;
    if count == 0 {
        return Err("at least 1 argument is required for attach".into());
    }
    if count > 2 {
        return Err(Fail::Plain(format!(
            "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {count}: [{}]",
            args.rest.join(" ")
        )));
    }
    pods::first(cx, args, attached)
}

/// Attaches once there is a pod.
fn attached(cx: &mut Cx, args: &Args) -> Res<Option<Done>> {
    let Some(pod) = pods::pod(cx, &args.rest.join("/"))? else { return Ok(None) };
    let phase = pod.at("status.phase").str();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Fail::Plain(format!(
            "cannot attach a container in a completed pod; current phase is {phase}"
        )));
    }
    let container = pods::container(cx, &pod, args.value("container"), args.is("quiet"))
        .map_err(|f| f.context("cannot attach to the container"))?;
    let mut wanted = args.is("tty");
    if wanted && !has_tty(&pod, &container) {
        wanted = false;
        if !args.is("quiet") {
            cx.eprint(&format!("error: Unable to use a TTY - container {container} did not allocate one\n"));
        }
    } else if !wanted {
        wanted = has_tty(&pod, &container);
    }
    let tty = terminal(cx, args, wanted);
    let stdin = args.is("stdin");
    if !args.is("quiet") {
        cx.eprint(HINT);
    }
    let mut session = open(cx, &pod, &container, "attach", vec![], stdin, tty)?;
    session.ends = Ends::Attach(if stdin && tty { farewell(&pod, &container) } else { String::new() });
    Ok(Some(Done::Task(Box::new(session))))
}

/// What is said when somebody's keys go into a container.
pub const HINT: &str = "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";
