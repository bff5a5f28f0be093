//! `kubectl run`: makes a pod, perhaps a service for it, and stays with it if asked to.

use crate::api::request::PatchType;
use crate::api::request::{StreamEnd, StreamId};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, bare, int, on, slice, span, switch, text};
use crate::kubectl::print::{self, Dry, Format};
use crate::kubectl::verb::delete::{How, Target, Vanish};
use crate::kubectl::verb::exec::{self, HINT, Session};
use crate::kubectl::verb::stream::Pump;
use crate::kubectl::verb::{create, delete, logs, pods};
use crate::time::Time;

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("image", ' ', ""),
    text("image-pull-policy", ' ', ""),
    text("restart", ' ', "Always"),
    array("env", ' '),
    text("labels", 'l', ""),
    array("annotations", ' '),
    text("port", ' ', ""),
    switch("expose", ' '),
    switch("command", ' '),
    switch("stdin", 'i'),
    switch("tty", 't'),
    switch("attach", ' '),
    switch("rm", ' '),
    switch("quiet", 'q'),
    switch("leave-stdin-open", ' '),
    switch("privileged", ' '),
    text("overrides", ' ', ""),
    text("override-type", ' ', "merge"),
    span("pod-running-timeout", "1m0s"),
    slice("filename", 'f'),
    text("kustomize", 'k', ""),
    switch("recursive", 'R'),
    int("grace-period", ' ', "-1"),
    switch("force", ' '),
    switch("now", ' '),
    on("wait"),
    span("timeout", "0s"),
    bare("cascade", "background", "background"),
];

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.changed("image") {
        return Err("required flag(s) \"image\" not set".into());
    }
    let image = args.value("image");
    let dry = Dry::of(args)?;
    delete::cascade(args)?;
    let (name, attach) = check(args, image, dry)?;
    let format = print::format(cx, args, print::MADE)?;
    let pod = pod(cx, args, name, image)?;
    if args.is("expose") {
        let service = service(cx, args, name, &pod)?;
        let made = create::post(cx, args, service, dry)?;
        print::result(cx, &made, &format, "created", dry)?;
        if matches!(format, Format::Yaml) {
            cx.print("---\n---\n");
        }
    }
    let typed = dry == Dry::Client;
    let made = create::post(cx, args, pod, dry)?;
    if attach {
        return stay(cx, args, made);
    }
    if typed && format == Format::Json {
        cx.print(&super::order::json(&made.value));
        return OK;
    }
    print::result(cx, &made, &format, "created", dry)?;
    OK
}

fn check<'a>(args: &'a Args, image: &str, dry: Dry) -> Res<(&'a str, bool)> {
    let Some(name) = args.rest.first().filter(|_| args.dash != Some(0)) else {
        return Err(Fail::Usage("NAME is required for run".into()));
    };
    if image.is_empty() {
        return Err("--image is required".into());
    }
    if !super::image_is_valid(image) {
        return Err(Fail::Plain(format!("Invalid image name {image:?}: invalid reference format")));
    }
    pods::patience(args).map_err(Fail::Usage)?;
    let attach = if args.changed("attach") { args.is("attach") } else { args.is("stdin") };
    if args.is("tty") && !args.is("stdin") {
        return Err(Fail::Usage("-i/--stdin is required for containers with -t/--tty=true".into()));
    }
    if args.is("expose") && args.value("port").is_empty() {
        return Err(Fail::Usage("--port must be set when exposing a service".into()));
    }
    let restart = args.value("restart");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(Fail::Usage(format!("invalid restart policy: {restart}")));
    }
    if args.is("rm") && !attach {
        return Err(Fail::Usage("--rm should only be used for attached containers".into()));
    }
    if attach && dry != Dry::No {
        return Err(Fail::Usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)".into()));
    }
    let pull = args.value("image-pull-policy");
    if !matches!(pull, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(Fail::Usage(format!("invalid image pull policy: {pull}")));
    }
    Ok((name, attach))
}

/// The pod that the flags describe.
fn pod(cx: &mut Cx, args: &Args, name: &str, image: &str) -> Res<Object> {
    let mut container = crate::map! { "name" => name, "image" => image, "resources" => Value::map() };
    let words: Value = args.rest.iter().skip(1).map(String::as_str).collect();
    if !words.is_empty() {
        container.set(if args.is("command") { "command" } else { "args" }, words);
    }
    let pull = args.value("image-pull-policy");
    if !pull.is_empty() {
        container.set("imagePullPolicy", pull);
    }
    let env = environment(&args.values("env"))?;
    if !env.is_empty() {
        container.set("env", env);
    }
    let port = args.value("port");
    if !port.is_empty() {
        let n: i64 = port
            .parse()
            .map_err(|_| Fail::Plain(format!("strconv.Atoi: parsing {port:?}: invalid syntax")))?;
        container.set("ports", crate::list![crate::map! { "containerPort" => n }]);
    }
    for (flag, fields) in [("stdin", ["stdin", "stdinOnce"]), ("tty", ["tty", ""])] {
        if args.is(flag) {
            for field in fields.into_iter().filter(|f| !f.is_empty()) {
                if field != "stdinOnce" || !args.is("leave-stdin-open") {
                    container.set(field, true);
                }
            }
        }
    }
    if args.is("privileged") {
        container.set("securityContext.privileged", true);
    }
    let labels = match args.value("labels") {
        "" => crate::map! { "run" => name },
        given => super::pairs_map(given).map_err(Fail::Plain)?,
    };
    let mut value = crate::map! {
        "metadata" => crate::map! { "name" => name, "labels" => labels },
        "spec" => crate::map! {
            "containers" => crate::list![container],
            "dnsPolicy" => "ClusterFirst",
            "restartPolicy" => args.value("restart"),
        },
        "status" => Value::map(),
    };
    for note in args.values("annotations") {
        let notes = super::pairs_map(&note).map_err(Fail::Plain)?;
        for (k, v) in notes.entries() {
            value.slot("metadata.annotations").map_mut().insert(k, v);
        }
    }
    let value = overridden(args, value)?;
    Ok(placed(cx, Object::new(Kind::POD, value)))
}

/// With the namespace of the flag, or of the context once it goes to the server.
fn placed(cx: &Cx, mut object: Object) -> Object {
    if cx.base.explicit {
        object.set("metadata.namespace", cx.base.namespace.as_str());
    }
    object
}

fn overridden(args: &Args, value: Value) -> Res<Value> {
    let text = args.value("overrides");
    if text.is_empty() {
        return Ok(value);
    }
    let over = crate::api::yaml::read_value(text, crate::api::yaml::Limits::default())
        .map_err(|e| Fail::Plain(format!("{e}")))?;
    let how = match args.value("override-type") {
        "strategic" => PatchType::Strategic,
        "json" => PatchType::Json,
        "merge" | "" => PatchType::Merge,
        other => return Err(Fail::Plain(format!("invalid override type: {other}"))),
    };
    Ok(crate::api::patch::apply(Kind::POD, how, &value, &over)?)
}

/// Whether kubectl takes a text as the name of a variable; the server is more lenient.
pub(super) fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// `NAME=VALUE` as container environment.
fn environment(given: &[String]) -> Res<Value> {
    let mut out = Vec::new();
    for pair in given {
        let split = pair.split_once('=').filter(|(k, _)| is_variable(k));
        let Some((name, value)) = split else {
            return Err(Fail::Plain(format!("invalid env: {pair}")));
        };
        let mut var = crate::map! { "name" => name };
        if !value.is_empty() {
            var.set("value", value);
        }
        out.push(var);
    }
    Ok(Value::from(out))
}

fn service(cx: &Cx, args: &Args, name: &str, pod: &Object) -> Res<Object> {
    let port = args.value("port").parse::<i64>().unwrap_or(0);
    let value = crate::map! {
        "metadata" => crate::map! { "name" => name },
        "spec" => crate::map! {
            "ports" => crate::list![crate::map! { "port" => port, "protocol" => "TCP", "targetPort" => port }],
            "selector" => pod.at("metadata.labels"),
        },
        "status" => crate::map! { "loadBalancer" => Value::map() },
    };
    Ok(placed(cx, Object::new(Kind::SERVICE, value)))
}

/// Staying with a pod: wait for its container, attach, wait for the end, perhaps delete it.
#[derive(Clone, Debug)]
struct Stay {
    pod: Object,
    stream: Option<StreamId>,
    stdin: bool,
    tty: bool,
    quiet: bool,
    rm: bool,
    until_end: bool,
    deadline: Time,
    stage: Stage,
    /// The container that `kubectl debug` stays with; `kubectl run` stays with the pod's first.
    debugs: Option<String>,
}

#[derive(Clone, Debug)]
enum Stage {
    Starting,
    Attached(Session),
    Logs(Pump),
    Ending,
}

fn stay(cx: &mut Cx, args: &Args, pod: Object) -> Outcome {
    let tty = args.is("tty") && cx.sys.is_tty(crate::os::STDIN);
    if args.is("tty") && !tty {
        cx.eprint("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    }
    if args.is("stdin") && !args.is("quiet") {
        cx.eprint(HINT.split_inclusive('\n').next().unwrap_or(""));
    }
    let stream = cx.watch_one(&pod)?;
    let timeout = args.micros("pod-running-timeout").max(0) as u64;
    Ok(Done::Task(Box::new(Stay {
        pod,
        stream: Some(stream),
        stdin: args.is("stdin"),
        tty,
        quiet: args.is("quiet"),
        rm: args.is("rm"),
        until_end: args.value("restart") != "Always",
        deadline: cx.sys.now() + crate::time::Span(timeout),
        stage: Stage::Starting,
        debugs: None,
    })))
}

/// Waits for a container that `kubectl debug` has made, then attaches to it, or tells its log if it has ended.
pub(super) fn attach_to(cx: &mut Cx, args: &Args, pod: Object, container: String) -> Outcome {
    let stream = cx.watch_one(&pod)?;
    let tty = args.is("tty") && cx.sys.is_tty(crate::os::STDIN);
    Ok(Done::Task(Box::new(Stay {
        pod,
        stream: Some(stream),
        stdin: args.is("stdin"),
        tty,
        quiet: args.is("quiet"),
        rm: false,
        until_end: false,
        deadline: Time(u64::MAX),
        stage: Stage::Starting,
        debugs: Some(container),
    })))
}

impl Stay {
    fn over(&self) -> bool {
        matches!(self.pod.at("status.phase").str(), "Succeeded" | "Failed")
    }

    /// Looks at what has become of the pod.
    fn refresh(&mut self, cx: &mut Cx) {
        if let Some(stream) = self.stream {
            for event in cx.events(stream) {
                self.pod = event.object;
            }
        }
    }

    fn attach(&mut self, cx: &mut Cx) -> Res<Stage> {
        let container = self.container();
        match &self.debugs {
            None if self.over() => return self.logs(cx),
            None if self.stdin && !self.quiet => {
                cx.eprint(HINT.split_inclusive('\n').nth(1).unwrap_or(""));
            }
            None => {}
            Some(name) if self.debugged(name)["terminated"].is_some() => return self.logs(cx),
            Some(_) if self.quiet => {}
            Some(_) => cx.eprint(HINT),
        }
        match exec::open(cx, &self.pod.clone(), &container, "attach", vec![], self.stdin, self.tty) {
            Ok(session) => Ok(Stage::Attached(session)),
            Err(fail) => self.fall_back(cx, &fail.message()),
        }
    }

    /// The state of the container that `kubectl debug` waits for.
    fn debugged(&self, name: &str) -> Value {
        let lists = ["ephemeralContainerStatuses", "containerStatuses", "initContainerStatuses"];
        let statuses = || lists.iter().map(|l| self.pod["status"][*l].find("name", name));
        statuses().find(|s| s.is_some()).map_or(Value::Null, |s| s["state"].clone())
    }

    /// Whether there is something to attach to.
    fn ready(&self) -> bool {
        match &self.debugs {
            None => self.pod.at("status.phase").str() == "Running" || self.over(),
            Some(name) => {
                let state = self.debugged(name);
                state["running"].is_some() || state["terminated"].is_some()
            }
        }
    }

    fn container(&self) -> String {
        if let Some(name) = &self.debugs {
            return name.clone();
        }
        pods::containers(&self.pod).first().map(|(n, _)| n.clone()).unwrap_or_default()
    }

    fn fall_back(&mut self, cx: &mut Cx, why: &str) -> Res<Stage> {
        let text = format!(
            "warning: couldn't attach to pod/{}, falling back to streaming logs: {why}\n",
            self.pod.name()
        );
        cx.eprint(&text);
        self.logs(cx)
    }

    fn logs(&mut self, cx: &mut Cx) -> Res<Stage> {
        let (ns, name) = (self.pod.namespace().to_string(), self.pod.name().to_string());
        let query = [("follow", crate::api::Text::lit("true"))];
        Ok(Stage::Logs(logs::open(cx, &ns, &name, &self.container(), &query)?))
    }

    fn finish(&mut self, cx: &mut Cx) -> Poll {
        let code = self.exit_code();
        if code != 0 {
            let reason = self.pod.at("status.containerStatuses.0.state.terminated.reason").str();
            let text = format!("pod {}/{} terminated ({reason})\n", self.pod.namespace(), self.pod.name());
            cx.eprint(&text);
        }
        if !self.rm {
            return Poll::Done(Ok(code as i32));
        }
        let mut how = How::plain(None);
        if self.quiet {
            how.quiet(Dry::No);
        }
        match delete::one(cx, &Target::of(&self.pod), &how) {
            Ok(gone) => Poll::Next(Box::new(Vanish::new(gone.into_iter().collect(), code as i32))),
            Err(fail) => Poll::Done(Err(fail)),
        }
    }

    fn exit_code(&self) -> i64 {
        if self.debugs.is_some() {
            return 0;
        }
        self.pod.at("status.containerStatuses.0.state.terminated.exitCode").int_or(0)
    }
}

impl Task for Stay {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        loop {
            self.refresh(cx);
            match &mut self.stage {
                Stage::Starting => {
                    if !self.ready() {
                        if cx.sys.now() >= self.deadline {
                            return Poll::Done(Err("timed out waiting for the condition".into()));
                        }
                        return Poll::api(Some(self.deadline));
                    }
                    match self.attach(cx) {
                        Ok(stage) => self.stage = stage,
                        Err(fail) => return Poll::Done(Err(fail)),
                    }
                }
                Stage::Attached(session) => match session.pump.step(cx) {
                    None => return session.pump.wait(),
                    Some(StreamEnd::Exit(_)) => {
                        if self.tty && self.stdin && !self.quiet {
                            let text = exec::farewell(&self.pod, &self.container());
                            cx.print(&text);
                        }
                        self.stage = Stage::Ending;
                    }
                    Some(StreamEnd::Error(s)) => match self.fall_back(cx, &s.message) {
                        Ok(stage) => self.stage = stage,
                        Err(fail) => return Poll::Done(Err(fail)),
                    },
                },
                Stage::Logs(pump) => match pump.step(cx) {
                    None => return pump.wait(),
                    Some(_) => self.stage = Stage::Ending,
                },
                Stage::Ending => {
                    if self.over() || !self.until_end {
                        return self.finish(cx);
                    }
                    return Poll::api(None);
                }
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
