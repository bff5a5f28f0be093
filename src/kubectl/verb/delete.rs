//! `kubectl delete`: deletes objects and waits until they are gone.

use crate::api::request::{Options, StreamId, Verb as Method, WatchKind};
use crate::api::{Kind, Object, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, bare, int, on, span, switch, text};
use crate::kubectl::print::Dry;
use crate::kubectl::resource::{self, Scope, Want};
use crate::time::{Span, Time};

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    text("field-selector", ' ', ""),
    switch("all", ' '),
    switch("all-namespaces", 'A'),
    switch("force", ' '),
    switch("now", ' '),
    int("grace-period", ' ', "-1"),
    bare("cascade", "background", "background"),
    switch("ignore-not-found", ' '),
    on("wait"),
    span("timeout", "0s"),
    text("output", 'o', ""),
    switch("interactive", 'i'),
    text("raw", ' ', ""),
];

const FORCED: &str = "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n";

/// An object to be deleted.
#[derive(Clone, Debug)]
pub struct Target {
    kind: Kind,
    namespace: String,
    name: String,
    source: String,
}

impl Target {
    /// An object that was read.
    pub fn of(object: &Object) -> Target {
        Target {
            kind: object.kind,
            namespace: object.namespace().into(),
            name: object.name().into(),
            source: String::new(),
        }
    }
}

/// How to delete.
#[derive(Clone, Debug)]
pub struct How {
    grace: Option<i64>,
    force: bool,
    cascade: &'static str,
    dry: Dry,
    ignore_missing: bool,
    names_only: bool,
    silent: bool,
}

impl How {
    /// In the background, with the object's own grace period.
    pub fn plain(grace: Option<i64>) -> How {
        How {
            grace,
            force: false,
            cascade: "Background",
            dry: Dry::No,
            ignore_missing: false,
            names_only: false,
            silent: false,
        }
    }

    /// Without a word, and perhaps only tried.
    pub fn quiet(&mut self, dry: Dry) {
        self.silent = true;
        self.dry = dry;
    }
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let how = how(args)?;
    if args.changed("raw") {
        return super::raw::delete(cx, args.value("raw"));
    }
    let asked = args.value("cascade");
    if matches!(asked, "true" | "false") {
        let instead = if asked == "true" { "background" } else { "orphan" };
        cx.eprint(&format!("warning: --cascade={asked} is deprecated (boolean value) and can be replaced with --cascade={instead}.\n"));
    }
    if how.force {
        cx.eprint(FORCED);
    }
    let mut fails = Vec::new();
    let targets = targets(cx, args, &mut fails)?;
    let nothing = targets.is_empty() && fails.is_empty();
    let mut gone = Vec::new();
    warn_unscoped(cx, &targets);
    for target in &targets {
        match one(cx, target, &how) {
            Ok(waited) => gone.extend(waited),
            Err(fail) => fails.push(fail),
        }
    }
    if nothing && !args.is("ignore-not-found") {
        cx.print("No resources found\n");
    }
    let waits = args.is("wait") && how.dry == Dry::No && !how.force;
    if !waits || gone.is_empty() {
        Fail::join(fails)?;
        return OK;
    }
    let timeout = args.micros("timeout");
    let until = (timeout > 0).then(|| cx.sys.now() + Span(timeout as u64));
    Ok(Done::Task(Box::new(Vanish { gone, until, fails, stream: None, code: 0 })))
}

fn how(args: &Args) -> Res<How> {
    let (force, now, grace) = (args.is("force"), args.is("now"), args.int("grace-period"));
    if now && grace != -1 {
        return Err("--now and --grace-period cannot be specified together".into());
    }
    if force && grace > 0 {
        return Err("--force and --grace-period greater than 0 cannot be specified together".into());
    }
    let grace = match (now, grace) {
        (true, _) => Some(1),
        (_, 0) if !force => Some(1),
        (_, g) if g < 0 && force => Some(0),
        (_, g) if g < 0 => None,
        (_, g) => Some(g),
    };
    let cascade = cascade(args)?;
    let output = args.value("output");
    if !matches!(output, "" | "name") {
        return Err(Fail::Usage(
            "unexpected -o output mode: ".to_string() + output + ". We only support '-o name'",
        ));
    }
    Ok(How {
        grace,
        force,
        cascade,
        dry: Dry::of(args)?,
        ignore_missing: args.is("ignore-not-found"),
        names_only: output == "name",
        silent: false,
    })
}

/// What `--cascade` asks for.
pub fn cascade(args: &Args) -> Res<&'static str> {
    match args.value("cascade") {
        "background" | "true" | "" => Ok("Background"),
        "foreground" => Ok("Foreground"),
        "orphan" | "false" => Ok("Orphan"),
        other => Err(Fail::Plain(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

fn targets(cx: &mut Cx, args: &Args, fails: &mut Vec<Fail>) -> Res<Vec<Target>> {
    let own = cx.base.namespace.clone();
    if files::given(args) {
        let loaded = files::load(cx, args)?;
        fails.extend(loaded.fails);
        let docs = loaded.docs.into_iter().filter(|d| super::selected(args, d));
        return Ok(docs
            .map(|d| Target {
                kind: d.kind,
                namespace: d.namespace().into(),
                name: d.name().into(),
                source: d.source.clone(),
            })
            .collect());
    }
    let scope = super::scope(args);
    match resource::parse(&cx.base.custom, &args.rest)? {
        Want::Names(names) => {
            check_names(&scope)?;
            let namespace = |kind: Kind| if kind.info().namespaced { own.clone() } else { String::new() };
            Ok(names
                .into_iter()
                .map(|(kind, name)| Target { kind, namespace: namespace(kind), name, source: String::new() })
                .collect())
        }
        Want::Types(_) => {
            let found = resource::read(cx, &args.rest, &scope)?;
            fails.extend(found.fails);
            Ok(found.objects.iter().map(Target::of).collect())
        }
    }
}

fn check_names(scope: &Scope) -> Res<()> {
    if !scope.select.is_empty() {
        return Err("name cannot be provided when a selector is specified".into());
    }
    if scope.all {
        return Err("name cannot be provided when --all is specified".into());
    }
    if scope.all_namespaces {
        return Err("a resource cannot be retrieved by name across all namespaces".into());
    }
    Ok(())
}

/// What is said when cluster-scoped objects are deleted although a namespace was named.
fn warn_unscoped(cx: &mut Cx, targets: &[Target]) {
    let scoped = |t: &Target| t.kind.info().namespaced;
    if cx.base.explicit && targets.iter().any(|t| !scoped(t)) {
        cx.eprint("Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n");
    }
}

/// Deletes one object and says so; what must be waited for is given back.
pub fn one(cx: &mut Cx, target: &Target, how: &How) -> Res<Option<Gone>> {
    let namespaced = target.kind.info().namespaced;
    let mut uid = Text::default();
    if how.dry != Dry::Client {
        let ns = namespaced.then_some(target.namespace.as_str());
        let mut request = Request::new(Method::Delete, target.kind, ns, &target.name);
        request.options = Options {
            grace_period_seconds: how.grace,
            propagation_policy: Some(Text::lit(how.cascade)),
            dry_run: how.dry == Dry::Server,
            ..Options::default()
        };
        match cx.send(request) {
            Ok(Response::Object(object, _)) => uid = object.at("metadata.uid").text(),
            Ok(Response::Success(v)) => uid = v.at("details.uid").text(),
            Ok(_) => {}
            Err(fail) if fail.is_not_found() && how.ignore_missing => return Ok(None),
            Err(fail) => return Err(fail.at_source("deleting", &target.source)),
        }
    }
    let name = resource::resource_name(target.kind);
    let text = if how.names_only {
        format!("{name}/{}\n", target.name)
    } else {
        let word = if how.force { "force deleted" } else { "deleted" };
        let place = if namespaced { format!(" from {} namespace", target.namespace) } else { String::new() };
        format!("{name} {:?} {word}{place}{}\n", target.name, how.dry.suffix())
    };
    if !how.silent {
        cx.print(&text);
    }
    Ok(Some(Gone { target: target.clone(), uid }))
}

/// An object that is on its way out.
#[derive(Clone, Debug)]
pub struct Gone {
    target: Target,
    uid: Text,
}

/// Waits until objects are gone, one after another.
#[derive(Clone, Debug)]
pub struct Vanish {
    gone: Vec<Gone>,
    until: Option<Time>,
    fails: Vec<Fail>,
    stream: Option<StreamId>,
    code: i32,
}

impl Vanish {
    /// Waits for these, then ends with a code.
    pub fn new(gone: Vec<Gone>, code: i32) -> Vanish {
        Vanish { gone, until: None, fails: Vec::new(), stream: None, code }
    }

    fn is_there(&self, cx: &mut Cx, gone: &Gone) -> Option<Object> {
        let t = &gone.target;
        let ns = t.kind.info().namespaced.then_some(t.namespace.as_str());
        let object = cx.object(Request::new(Method::Get, t.kind, ns, &t.name)).ok()?;
        (gone.uid.is_empty() || object.uid() == gone.uid.as_str()).then_some(object)
    }
}

impl Task for Vanish {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        while let Some(gone) = self.gone.first().cloned() {
            let over = match self.stream {
                Some(stream) => cx.events(stream).iter().any(|e| e.kind == WatchKind::Deleted),
                None => match self.is_there(cx, &gone) {
                    None => true,
                    Some(object) => {
                        self.stream = cx.watch_one(&object).ok();
                        self.stream.is_none()
                    }
                },
            };
            if over {
                if let Some(stream) = self.stream.take() {
                    cx.close(stream);
                }
                self.gone.remove(0);
            } else if self.until.is_some_and(|t| cx.sys.now() >= t) {
                let about = format!("{}/{}", gone.target.kind.info().plural, gone.target.name);
                self.fails.push(Fail::Plain(format!("timed out waiting for the condition on {about}")));
                self.gone.clear();
            } else {
                return Poll::api(self.until);
            }
        }
        Poll::Done(Fail::join(std::mem::take(&mut self.fails)).map(|()| self.code))
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
