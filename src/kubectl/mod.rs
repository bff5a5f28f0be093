//! kubectl v1.36 as a program: a command line comes in, requests go to the API server through
//! [`crate::api::request::Client`], tables and texts go to the descriptors.
//!
//! `flags` reads the command line, `verb/` has a file for each verb, `resource` and `files` find the
//! objects meant, `print/` and `describe/` show them, `fail` words the errors. A verb runs at once; what
//! takes virtual time (`-w`, `logs -f`, waiting for a deletion) is a [`cx::Task`]. The wall time that a
//! real kubectl takes is spent before and after the verb's requests.
//!
//! Left out, and said so: plugins that are not on the PATH, proxies, alpha commands, file downloads.

pub mod complete;
pub mod coverage;
pub mod cx;
pub mod describe;
pub mod digest;
pub mod discovery;
pub mod explain;
pub mod fail;
pub mod files;
pub mod flags;
mod glob;
pub mod kubeconfig;
pub mod resource;
pub mod tabwriter;

mod help;
mod kustomize;
pub mod print;
mod verb;

use crate::api::rbac::User;
use crate::api::{self, Kind, Request, Response};
use crate::kubectl::cx::{Base, Cx, Done, Output, Poll, Task};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::{Args, GLOBAL};
use crate::kubectl::verb::{ROOT, Verb};
use crate::os::{Errno, Program, STDIN, Signal, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time};

/// The most that is read from standard input as a manifest.
const STDIN_LIMIT: usize = 8 << 20;

/// kubectl started as `spawn` says; `None` if that is another program.
pub fn program(spawn: &Spawn) -> Option<Box<dyn Program>> {
    let name = spawn.argv.first().unwrap_or(&spawn.file);
    let base = name.rsplit('/').next().unwrap_or("");
    if !matches!(base, "kubectl" | "k") {
        return None;
    }
    let words = spawn.argv.iter().skip(1).map(|w| w.to_string()).collect();
    Some(Box::new(Kubectl {
        base: Base { env: spawn.env.clone(), ..Base::default() },
        output: Output::default(),
        phase: Phase::Begin(words),
    }))
}

#[derive(Clone, Debug)]
struct Kubectl {
    base: Base,
    output: Output,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Begin(Vec<String>),
    Stdin(Call, Vec<u8>),
    Before(Call, Time),
    Task(Box<dyn Task>),
    /// What was written is not committed yet; what is printed and comes next waits for it.
    Committing(Time, Box<Phase>),
    After(i32, Time),
}

/// A verb with its arguments.
#[derive(Clone, Debug)]
struct Call {
    verb: &'static Verb,
    args: Args,
}

impl Program for Kubectl {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            if let Phase::Committing(until, next) = &self.phase {
                if sys.now() < *until {
                    return Wait::until(*until);
                }
                self.phase = (**next).clone();
            }
            match self.output.flush(sys) {
                Ok(()) => {}
                Err((fd, Errno::EAGAIN)) => return Wait::writable(fd),
                Err(_) => return Step::Exit(128 + Signal::Pipe.number()),
            }
            if let Some(step) = self.advance(sys) {
                return step;
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Kubectl {
    /// Goes on by one phase; a step if the process must wait or end.
    fn advance(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        match &mut self.phase {
            Phase::Begin(words) => {
                let words = std::mem::take(words);
                self.phase = self.begin(words, sys);
            }
            Phase::Stdin(call, held) => match sys.read(STDIN, 65_536) {
                Err(Errno::EAGAIN) => return Some(Wait::readable(STDIN)),
                Ok(bytes) if !bytes.is_empty() && held.len() < STDIN_LIMIT => held.extend(bytes),
                _ => {
                    self.base.stdin = String::from_utf8_lossy(held).into_owned();
                    let before = sys.now() + call.verb.before();
                    self.phase = Phase::Before(call.clone(), before);
                }
            },
            Phase::Before(_, until) if sys.now() < *until => return Some(Wait::until(*until)),
            Phase::Before(call, _) => {
                let call = call.clone();
                self.base.manager = verb::manager(&self.base.path, &call.args);
                self.base.managed = call.verb.name == "get" && print::wants_managed(&call.args);
                if call.verb.talks {
                    self.base.custom = discover(sys);
                }
                let mut cx = Cx { sys, output: &mut self.output, base: &self.base, origin: None };
                if cx.base.verbosity >= 6 {
                    let file = kubeconfig::path(&call.args, &cx.base.env, cx.sys);
                    cx.klog('I', "loader.go:405", &format!("Config loaded from file:  {file}"));
                }
                let done = (call.verb.run)(&mut cx, &call.args);
                let next = match done {
                    Ok(Done::Task(task)) => Phase::Task(task),
                    Ok(Done::Exit(0)) if self.base.strict && self.output.warnings() > 0 => {
                        let code = self.report(&warned(self.output.warnings()));
                        Phase::After(code, sys.now() + call.verb.after())
                    }
                    Ok(Done::Exit(code)) => Phase::After(code, sys.now() + call.verb.after()),
                    Err(fail) => {
                        let code = self.report(&fail);
                        Phase::After(code, sys.now() + call.verb.after())
                    }
                };
                self.phase = committing(next, sys);
            }
            Phase::Task(task) => {
                let mut cx = Cx { sys, output: &mut self.output, base: &self.base, origin: None };
                match task.poll(&mut cx) {
                    Poll::Wait(wait) => return self.flushed(sys, wait),
                    Poll::Next(next) => self.phase = committing(Phase::Task(next), sys),
                    Poll::Done(Ok(code)) => self.phase = Phase::After(code, sys.now()),
                    Poll::Done(Err(fail)) => {
                        let code = self.report(&fail);
                        self.phase = Phase::After(code, sys.now());
                    }
                }
            }
            Phase::Committing(..) => {}
            Phase::After(_, until) if sys.now() < *until => return Some(Wait::until(*until)),
            Phase::After(code, _) => return Some(Step::Exit(*code)),
        }
        None
    }

    /// Waits, but only once what has been printed is out.
    fn flushed(&mut self, sys: &mut dyn Sys, wait: Wait) -> Option<Step> {
        match self.output.flush(sys) {
            Ok(()) => Some(Step::Wait(wait)),
            Err((fd, Errno::EAGAIN)) => Some(Wait::writable(fd)),
            Err(_) => Some(Step::Exit(128 + Signal::Pipe.number())),
        }
    }

    fn report(&mut self, fail: &Fail) -> i32 {
        if let Fail::Partly(printed, _) = fail {
            self.output.push(crate::os::STDOUT, printed.as_bytes());
        }
        self.output.push(crate::os::STDERR, fail.text(&self.base.path).as_bytes());
        fail.code()
    }

    /// Finds the verb and reads its flags.
    fn begin(&mut self, mut words: Vec<String>, sys: &mut dyn Sys) -> Phase {
        // `help VERB` is `VERB --help`.
        if words.first().is_some_and(|w| w == "help") {
            words.rotate_left(1);
            if let Some(last) = words.last_mut() {
                *last = "--help".into();
            }
        }
        let quick = sys.now() + Span::millis(verb::USAGE_MS);
        let found = verb::find(&words);
        self.base.path = found.path.clone();
        if std::ptr::eq(found.verb, &ROOT)
            && let Some(at) = verb::first_plain(&ROOT, &found.words)
        {
            if let Some(plugin) =
                verb::plugin::run(&found.words[at..], &found.words[at..], &self.base.env, sys)
            {
                return Phase::Task(plugin);
            }
            let code = self.report(&verb::unknown(&found.words[at]));
            return Phase::After(code, quick);
        }
        let tables = found.verb.flags.iter().copied().chain([GLOBAL]).collect();
        let args = match Args::parse(&found.words, tables) {
            Ok(args) => args,
            Err(why) => {
                let text = format!("error: {why}\nSee '{} --help' for usage.\n", found.path);
                self.output.push(crate::os::STDERR, text.as_bytes());
                return Phase::After(1, quick);
            }
        };
        if args.is("help") {
            self.output.push(crate::os::STDOUT, help::text(found.verb, &found.path).as_bytes());
            return Phase::After(0, quick);
        }
        if args.is("record") {
            self.output.push(crate::os::STDERR, verb::record::DEPRECATED.as_bytes());
        }
        self.base.verbosity = args.int("v");
        let wrong = verb::request_timeout(&args)
            .err()
            .or_else(|| verb::broken(&found.path, &args))
            .or_else(|| verb::refused(found.verb, &args));
        if let Some(fail) = wrong {
            let code = self.report(&fail);
            return Phase::After(code, quick);
        }
        self.base.strict = args.is("warnings-as-errors");
        if args.value("as").is_empty() {
            if ["as-group", "as-uid", "as-user-extra"].iter().any(|f| args.changed(f)) && found.verb.talks {
                let why =
                    "requesting uid, groups or user-extra for kubernetes-admin without impersonating a user";
                let code = self.report(&Fail::Plain(why.into()));
                return Phase::After(code, quick);
            }
        } else {
            self.base.user = Some(User::impersonated(args.value("as"), args.values("as-group")));
        }
        let target = match kubeconfig::target(&found.path, &args, &self.base.env, sys) {
            Ok(target) => target,
            // Verbs about the configuration itself, and those that ask nobody, say what they have to say.
            Err(_) if !found.verb.talks => kubeconfig::Target::default(),
            Err(fail) => {
                let code = self.report(&fail);
                return Phase::After(code, quick);
            }
        };
        self.base.explicit = args.changed("namespace");
        self.base.namespace = match args.value("namespace") {
            "" => target.namespace,
            given => given.to_string(),
        };
        let call = Call { verb: found.verb, args };
        // Generators print what they would send without asking anybody.
        let offline = found.path.starts_with("kubectl create ") && call.args.value("dry-run") == "client";
        let talks = call.verb.talks && !offline;
        if talks && !target.server.contains(SERVER) {
            return self.refused(&target.server, sys);
        }
        if talks && sys.client().is_some_and(|c| !c.reachable()) {
            return self.refused(&format!("https://{SERVER}"), sys);
        }
        let reads = ["filename", "from-file", "from-env-file", "patch-file"];
        let stdin = reads.iter().flat_map(|f| call.args.values(f)).any(|v| {
            let path = v.split_once('=').map_or(v.as_str(), |(_, p)| p);
            matches!(path, "-" | "/dev/stdin")
        });
        if stdin {
            return Phase::Stdin(call, Vec::new());
        }
        let before = sys.now() + call.verb.before();
        Phase::Before(call, before)
    }

    /// What kubectl says when nobody listens at the server's address.
    fn refused(&mut self, server: &str, sys: &mut dyn Sys) -> Phase {
        let host = server.split_once("://").map_or(server, |(_, h)| h).trim_end_matches('/');
        let c = crate::time::civil(sys.wall_micros());
        let line = format!(
            "E{:02}{:02} {:02}:{:02}:{:02}.{:06} {:>7} memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server API group list: Get \\\"{server}/api?timeout=32s\\\": dial tcp {}: connect: connection refused\"\n",
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            c.micros,
            sys.pid(),
            host.replace("localhost", "127.0.0.1"),
        );
        let end = format!(
            "{}The connection to the server {host} was refused - did you specify the right host or port?\n",
            line.repeat(5)
        );
        self.output.push(crate::os::STDERR, end.as_bytes());
        Phase::After(1, sys.now() + Span::millis(verb::USAGE_MS))
    }
}

/// What comes next, after the server's writes have taken their time.
fn committing(next: Phase, sys: &mut dyn Sys) -> Phase {
    match sys.client().map_or(Span::ZERO, |c| c.take_delay()) {
        Span::ZERO => next,
        delay => Phase::Committing(sys.now() + delay, Box::new(next)),
    }
}

/// The failure of `--warnings-as-errors`.
fn warned(count: usize) -> Fail {
    Fail::Plain(format!("{count} warning{} received", if count == 1 { "" } else { "s" }))
}

/// The custom kinds that the server serves, as its discovery tells them.
fn discover(sys: &mut dyn Sys) -> Vec<Kind> {
    let list = Request::new(api::request::Verb::List, Kind::CRD, None, "");
    match sys.client().map(|client| client.request(list)) {
        Some(Response::List(definitions, _)) => definitions
            .iter()
            .filter(|d| d.condition_true("Established"))
            .filter_map(api::custom::kind_of)
            .collect(),
        _ => Vec::new(),
    }
}

/// A pod's line in `kubectl get pods`, without its age.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSummary {
    /// `1/2`.
    pub ready: String,
    /// The STATUS column.
    pub status: String,
    /// Restarts.
    pub restarts: i64,
}

/// What `kubectl get pods` said of a pod up to v1.28, which is how the recordings' timelines word it.
pub fn old_pod_summary(pod: &crate::api::Object) -> PodSummary {
    let line = print::pod::old_line(pod);
    PodSummary {
        ready: format!("{}/{}", line.ready, line.total),
        status: line.status,
        restarts: line.restarts,
    }
}

/// The API server's address in the kubeconfig of the default cluster.
pub const SERVER: &str = "192.168.10.10:6443";
