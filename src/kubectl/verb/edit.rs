//! `kubectl edit`: an object as text in an editor, and what was changed sent as a patch.
//!
//! The editor is what `KUBE_EDITOR` or `EDITOR` name, run by the shell, or the page's own editor.

use super::apply::LAST_APPLIED;
use super::common::live;
use crate::api::patch::diff;
use crate::api::request::{Options, PatchType};
use crate::api::{Object, Text, Value, json, yaml};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, switch, text};
use crate::kubectl::resource::label;
use crate::kubectl::verb::common::patch_type;
use crate::os::{Edit, Ended, Pid, Spawn, Wait};
use crate::time::Span;

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("output", 'o', "yaml"),
    switch("output-patch", ' '),
    switch("save-config", ' '),
    switch("windows-line-endings", ' '),
    text("subresource", ' ', ""),
    text("field-manager", ' ', ""),
];

const NOTE: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

const NOTE_LAST: &str = "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n";

/// How often the page's editor is asked whether it is done.
const ASK: Span = Span::millis(200);

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let found = found(cx, args)?;
    if found.is_empty() {
        return Err("edit cancelled, no objects found".into());
    }
    open(cx, args, found, None)
}

/// Runs `apply edit-last-applied`.
pub fn last_applied(cx: &mut Cx, args: &Args) -> Outcome {
    let mut found = found(cx, args)?;
    found.retain(|o| o.annotation(LAST_APPLIED).is_some());
    if found.is_empty() {
        return Err("no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`".into());
    }
    let applied =
        found.iter().map(|o| json::parse(o.annotation(LAST_APPLIED).unwrap_or("")).unwrap_or_default());
    let applied = applied.collect();
    open(cx, args, found, Some(applied))
}

/// The objects that the command line names.
fn found(cx: &mut Cx, args: &Args) -> Res<Vec<Object>> {
    if args.rest.is_empty() && !files::given(args) {
        return Err(crate::kubectl::resource::MISSING.into());
    }
    let words = args.rest.clone();
    if words.len() == 1 && !words[0].contains('/') && !files::given(args) {
        let kinds = crate::kubectl::resource::kinds_of(&cx.base.custom, &words[0])?;
        let namespace = cx.base.namespace.clone();
        let mut all = Vec::new();
        for kind in kinds {
            all.extend(cx.list(kind, Some(&namespace), &Default::default())?.0);
        }
        return Ok(all);
    }
    let found = live(cx, args, &words)?;
    Fail::join(found.fails)?;
    Ok(found.objects)
}

/// Opens the objects, or what was applied of each, in the editor.
fn open(cx: &mut Cx, args: &Args, found: Vec<Object>, applied: Option<Vec<Value>>) -> Outcome {
    let as_json = args.value("output") == "json";
    let note = if applied.is_some() { NOTE_LAST } else { NOTE };
    let objects: Vec<Object> = match &applied {
        None => found.clone(),
        Some(values) => {
            let both = found.iter().zip(values);
            both.map(|(o, v)| Object { kind: o.kind, value: v.clone() }).collect()
        }
    };
    let shown = match objects.as_slice() {
        [one] => one.value.clone(),
        many => crate::kubectl::print::list(many),
    };
    let text = if as_json {
        format!("{}\n", json::print_indented(&shown))
    } else {
        format!("{note}{}", yaml::print(&shown))
    };
    let file = format!("/tmp/kubectl-edit-{}.yaml", cx.now() % 10_000_000_000);
    cx.sys
        .write_file(&file, text.as_bytes(), false)
        .map_err(|e| Fail::Plain(format!("unable to write {file}: {}", e.text())))?;
    let editor = ["KUBE_EDITOR", "EDITOR"].iter().find_map(|name| {
        let found = cx.base.env.iter().find(|(k, v)| k == *name && !v.is_empty());
        found.map(|(_, v)| v.to_string())
    });
    let editor = editor.filter(|command| !is_page_editor(command));
    let state = match editor {
        Some(command) => Stage::Child(launch(cx, &command, &file)?, command),
        None => Stage::Page,
    };
    Ok(Done::Task(Box::new(Editing {
        objects: found,
        applied,
        text,
        file,
        stage: state,
        show_patch: args.is("output-patch"),
        save_config: args.is("save-config"),
    })))
}

/// Whether a command names an editor for which the page's own stands.
fn is_page_editor(command: &str) -> bool {
    let base = command.split_whitespace().next().unwrap_or("").rsplit('/').next().unwrap_or("");
    matches!(base, "vi" | "vim" | "nvim" | "nano" | "emacs" | "editor")
}

fn launch(cx: &mut Cx, command: &str, file: &str) -> Res<Pid> {
    let first = command.split_whitespace().next().unwrap_or("");
    let path = cx.base.env.iter().find(|(k, _)| k == "PATH").map(|(_, v)| v.to_string()).unwrap_or_default();
    let known = first.contains('/') && cx.sys.access(first, 1)
        || path.split(':').any(|d| cx.sys.access(&format!("{d}/{first}"), 1))
        || path.is_empty();
    if !known {
        return Err(Fail::Plain(format!("unable to launch the editor {command:?}")));
    }
    let cwd = cx.sys.cwd();
    let argv = ["sh", "-c", &format!("{command} {file}")].map(Text::from).to_vec();
    let spawn = Spawn {
        file: Text::lit("sh"),
        argv,
        env: cx.base.env.clone(),
        cwd,
        fds: vec![(0, 0), (1, 1), (2, 2)],
        ignored: vec![],
        new_group: false,
    };
    cx.sys.spawn(spawn).map_err(|_| Fail::Plain(format!("unable to launch the editor {command:?}")))
}

#[derive(Clone, Debug)]
enum Stage {
    Child(Pid, String),
    Page,
}

#[derive(Clone, Debug)]
struct Editing {
    objects: Vec<Object>,
    /// What was applied of each, if that is what is edited.
    applied: Option<Vec<Value>>,
    text: String,
    file: String,
    stage: Stage,
    show_patch: bool,
    save_config: bool,
}

impl Editing {
    /// What the person has made of the text.
    fn finish(&mut self, cx: &mut Cx) -> Res<i32> {
        let bytes = cx.sys.read_file(&self.file).unwrap_or_default();
        let edited = String::from_utf8_lossy(&bytes).into_owned();
        let bare = |t: &str| t.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n");
        if bare(&edited) == bare(&self.text) {
            let _ = cx.sys.unlink(&self.file);
            cx.eprint("Edit cancelled, no changes made.\n");
            return Ok(0);
        }
        let original = &self.objects[0];
        let about = format!("{} {:?} is invalid", original.kind.info().qualified(), original.name());
        if bare(&edited).trim().is_empty() {
            return Err(self.kept(cx, &about));
        }
        let parsed = yaml::read_value(&edited, yaml::Limits::default());
        let Ok(value) = parsed else { return Err(self.kept(cx, &about)) };
        let all: Vec<Value> =
            if self.objects.len() > 1 { value["items"].items().to_vec() } else { vec![value] };
        for (i, (old, new)) in self.objects.clone().into_iter().zip(all).enumerate() {
            match self.applied.as_ref().and_then(|all| all.get(i)) {
                Some(applied) if *applied == new => cx.print(&format!("{} skipped\n", label(&old))),
                Some(_) => self.remember(cx, &old, &new)?,
                None => self.send(cx, &old, new, &about)?,
            }
        }
        let _ = cx.sys.unlink(&self.file);
        Ok(0)
    }

    /// Writes what is to count as applied last into the annotation.
    fn remember(&mut self, cx: &mut Cx, old: &Object, new: &Value) -> Res<()> {
        let mut body = Value::map();
        body.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, json::print(new));
        let options = Options { field_manager: "kubectl-client-side-apply".into(), ..Options::default() };
        let object = cx.patch(old, PatchType::Merge, body, options)?;
        cx.print(&format!("{} edited\n", label(&object)));
        Ok(())
    }

    fn send(&mut self, cx: &mut Cx, old: &Object, mut new: Value, about: &str) -> Res<()> {
        let (version, kind) = (new["apiVersion"].str().to_string(), new["kind"].str().to_string());
        let found = cx.find_kind(&version, &kind);
        if found != Some(old.kind) || new.at("metadata.name").str() != old.name() {
            // A kind that nobody knows is not worth a word to kubectl.
            let known = version.is_empty() || found.is_some();
            return Err(self.kept(cx, if known { about } else { "" }));
        }
        if self.save_config || old.annotation(LAST_APPLIED).is_some() {
            new = super::apply::annotated(&new);
        }
        let body = diff::two_way(old.kind, &old.value, &new);
        if self.show_patch {
            cx.print(&format!("Patch: {}\n", json::print(&body)));
        }
        match cx.patch(old, patch_type(old.kind), body, Options::default()) {
            Ok(object) => {
                cx.print(&format!("{} edited\n", label(&object)));
                Ok(())
            }
            Err(Fail::Server(s)) if s.reason == "Invalid" => Err(self.kept(cx, about)),
            Err(fail) => {
                let message = fail.message();
                Err(self.kept(cx, &message))
            }
        }
    }

    /// The failure that says where the changes are kept.
    fn kept(&mut self, _: &mut Cx, about: &str) -> Fail {
        let about = if about.is_empty() { String::new() } else { format!("error: {about}\n") };
        Fail::Raw(format!(
            "{about}A copy of your changes has been stored to {:?}\nerror: Edit cancelled, no valid changes were saved.\n",
            self.file
        ))
    }
}

impl Task for Editing {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        match &self.stage {
            Stage::Child(pid, command) => match cx.sys.reap(Some(*pid)) {
                Ok(None) => Poll::Wait(Wait { child: true, ..Wait::default() }),
                Ok(Some((_, Ended::Code(0)))) => Poll::Done(self.finish(cx)),
                _ => {
                    let why = format!("there was a problem with the editor {command:?}");
                    Poll::Done(Err(Fail::Plain(why)))
                }
            },
            Stage::Page => {
                let file = self.file.clone();
                match cx.sys.edit(&file) {
                    Edit::Open => {
                        let until = Some(cx.sys.now() + ASK);
                        Poll::Wait(Wait { until, ..Wait::default() })
                    }
                    Edit::Saved => Poll::Done(self.finish(cx)),
                    Edit::Abandoned => {
                        cx.eprint("Edit cancelled, no changes made.\n");
                        Poll::Done(Ok(0))
                    }
                    Edit::Nobody => {
                        let text = self.text.clone();
                        cx.print(&text);
                        Poll::Done(self.finish(cx))
                    }
                }
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
