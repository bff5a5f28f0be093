//! `why`: Podlab's own program on the workstation, which answers why objects are as they are.
//!
//! It asks the API server's port for a subresource `why`, which no real server has, and shows the places in
//! manifests from the files as they are now.

use super::port::Port;
use crate::api::object::Key;
use crate::api::request::Verb;
use crate::api::{Kind, Request, Response, Status, Text};
use crate::kubectl::resource::kind_of;
use crate::os::{Program, STDERR, STDOUT, Spawn, Step, Sys};
use crate::why::{self, Language, Sources, text};

const USAGE: &str = "\
usage: why KIND/NAME [-n NAMESPACE] [--dropped] [--zh]
       why is an object as it is, and why not otherwise? Podlab's own; a real cluster has no such program.
       why pod/web    why svc/web    why node/worker01    why deploy/web -n shop
       why svc/web --dropped: only why requests to it failed
";

/// The program, running.
#[derive(Clone, Debug)]
pub struct Why {
    words: Vec<Text>,
}

impl Why {
    /// The program with its arguments.
    pub fn new(spawn: &Spawn) -> Why {
        Why { words: spawn.argv.iter().skip(1).cloned().collect() }
    }

    fn run(&self, sys: &mut dyn Sys) -> Result<String, String> {
        let (mut names, mut namespace, mut language, mut only) = (Vec::new(), None, "en", "");
        let mut words = self.words.iter().map(Text::as_str);
        while let Some(word) = words.next() {
            match word {
                "-n" | "--namespace" => namespace = Some(words.next().ok_or(USAGE)?),
                "--zh" => language = "zh",
                "--dropped" => only = "ask.dropped",
                "-h" | "--help" => return Ok(USAGE.to_string()),
                flag if flag.starts_with('-') => return Err(format!("why: unknown flag {flag}\n{USAGE}")),
                name => names.push(name),
            }
        }
        let (kind, name) = match names.as_slice() {
            [one] => one.split_once('/').unwrap_or(("pod", one)),
            [kind, name] => (*kind, *name),
            _ => return Err(USAGE.to_string()),
        };
        let kind = kind_of(kind).map_err(|_| format!("why: there is no kind \"{kind}\"\n"))?;
        let mut request = Request::new(Verb::Get, kind, namespace, name).subresource("why");
        request.options.query.push(("language", Text::from(language)));
        request.options.query.push(("only", Text::from(only)));
        let client = sys.client().ok_or("why: this machine does not reach the API server\n")?;
        match client.request(request) {
            Response::Success(value) => {
                let lines = text::from_value(&value);
                let mut read =
                    |path: &str| sys.read_file(path).ok().map(|b| String::from_utf8_lossy(&b).into_owned());
                Ok(text::text(&lines, &mut read))
            }
            Response::Error(status) => Err(format!("why: {}\n", status.message)),
            _ => Err("why: no answer\n".to_string()),
        }
    }
}

impl Program for Why {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let (text, fd, code) = match self.run(sys) {
            Ok(text) => (text, STDOUT, 0),
            Err(text) => (text, STDERR, 1),
        };
        let _ = sys.write(fd, text.as_bytes());
        Step::Exit(code)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Port<'_> {
    /// Answers a request for the subresource `why`.
    pub(super) fn why(&self, request: &Request) -> Response {
        let namespace = match (&request.namespace, request.kind.info().namespaced) {
            (_, false) => Text::default(),
            (Some(namespace), true) => namespace.clone(),
            (None, true) => self.home.clone(),
        };
        let key = Key::new(request.kind, namespace, &request.name);
        let language = Language::of(request.query("language").unwrap_or(""));
        let sources = Sources { api: self.api, scheduler: self.scheduler };
        let mut answers = why::questions(sources, &key);
        if answers.is_empty() {
            return Response::Error(Status::not_found(request.kind, &request.name));
        }
        let only = request.query("only").unwrap_or("");
        answers.retain(|a| a.ask.key.starts_with(only));
        if answers.is_empty() {
            answers.push(why::Answer::of(why::Link::fact("ask.none-dropped", key.path(), vec![])));
        }
        Response::Success(text::to_value(&text::lines(&answers, language)))
    }
}

/// The key of words such as `pod/web`, for callers outside a process.
pub fn key_of(words: &str, namespace: &str) -> Option<Key> {
    let (kind, name) = words.split_once('/').unwrap_or(("pod", words));
    let kind: Kind = kind_of(kind).ok()?;
    let namespace = if kind.info().namespaced { namespace } else { "" };
    Some(Key::new(kind, namespace, name))
}
