//! `kubectl get`: lists and objects in every format, once or as they change.

use crate::api::request::{StreamId, WatchKind};
use crate::api::{Kind, Object};
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, array, int, on, slice, switch, text};
use crate::kubectl::print::{self, Format, Style, sort::Unsorted, table::Table};
use crate::kubectl::resource::{self, Want};

/// Flags.
pub const FLAGS: &[Flag] = &[
    switch("watch", 'w'),
    switch("watch-only", ' '),
    switch("output-watch-events", ' '),
    switch("all-namespaces", 'A'),
    text("selector", 'l', ""),
    text("field-selector", ' ', ""),
    switch("no-headers", ' '),
    switch("show-labels", ' '),
    slice("label-columns", 'L'),
    text("sort-by", ' ', ""),
    switch("show-kind", ' '),
    switch("ignore-not-found", ' '),
    int("chunk-size", ' ', "500"),
    on("server-print"),
    text("raw", ' ', ""),
    text("subresource", ' ', ""),
    array("output-version", ' '),
];

const NO_TYPE: &str = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n";

/// What one part of the arguments gave.
struct Group {
    kind: Kind,
    objects: Vec<Object>,
    revision: u64,
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.changed("raw") {
        return super::raw::get(cx, args.value("raw"));
    }
    let from_files = files::given(args);
    let output = args.value("output");
    for (flag, rest) in [("watch", " for watch events received"), ("watch-only", "")] {
        if args.is(flag) && args.changed("sort-by") {
            cx.eprint(&format!("warning: --{flag} requested, --sort-by will be ignored{rest}\n"));
            break;
        }
    }
    if args.is("show-labels") && !matches!(output, "" | "wide") {
        return Err(Fail::Plain(format!("--show-labels option cannot be used with {output} printer")));
    }
    if args.rest.is_empty() && !from_files {
        cx.eprint(NO_TYPE);
        let text = "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples";
        return Err(Fail::Plain(text.into()));
    }
    let format = print::format(cx, args, print::GET)?;
    print::check(&format)?;
    let select =
        Select { labels: args.value("selector").into(), fields: args.value("field-selector").into() };
    let watching = args.is("watch") || args.is("watch-only");
    if from_files && !args.rest.is_empty() {
        return Err(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
                .into(),
        );
    }
    let mut fails = Vec::new();
    let mut places = Vec::new();
    let want = if from_files {
        file_names(cx, args, &mut places, &mut fails)?
    } else {
        resource::parse(&cx.base.custom, &args.rest)?
    };
    ambiguous(cx, args);
    if watching {
        Fail::join(fails)?;
        return watch(cx, args, format, &want, &select);
    }
    let select = if from_files { Select::default() } else { select };
    let groups = gather(cx, args, &want, &select, &places, &mut fails)?;
    let single = matches!(&want, Want::Names(n) if n.len() == 1);
    let printed = match &format {
        Format::Human | Format::Wide => tables(cx, args, groups, &format)?,
        other => whole(cx, args, groups, other, single)?,
    };
    if !printed && fails.is_empty() && !args.is("ignore-not-found") {
        nothing(cx, args, &want);
    }
    Fail::join(fails)?;
    OK
}

/// The objects that files name.
fn file_names(cx: &mut Cx, args: &Args, places: &mut Vec<String>, fails: &mut Vec<Fail>) -> Res<Want> {
    let loaded = files::load(cx, args)?;
    fails.extend(loaded.fails);
    let docs = loaded.docs;
    places.extend(docs.iter().map(|d| d.namespace().to_string()));
    Ok(Want::Names(docs.iter().map(|d| (d.kind, d.name().to_string())).collect()))
}

/// `ev` is short for two resources, and kubectl says so.
fn ambiguous(cx: &mut Cx, args: &Args) {
    if args.rest.first().is_some_and(|a| a.split(',').any(|t| t == "ev")) {
        cx.eprint(
            "Warning: short name \"ev\" could also match lower priority resource events.events.k8s.io\n",
        );
    }
}

/// Reads what is wanted; `places` are the namespaces of named objects where they are not the context's.
fn gather(
    cx: &mut Cx,
    args: &Args,
    want: &Want,
    select: &Select,
    places: &[String],
    fails: &mut Vec<Fail>,
) -> Res<Vec<Group>> {
    let own = cx.base.namespace.clone();
    let mut groups: Vec<Group> = Vec::new();
    match want {
        Want::Types(kinds) => {
            let namespace = (!args.is("all-namespaces")).then_some(own.as_str());
            for kind in kinds {
                match cx.list(*kind, namespace, select) {
                    Ok((objects, revision)) => groups.push(Group { kind: *kind, objects, revision }),
                    Err(fail) => fails.push(fail),
                }
            }
        }
        Want::Names(names) => {
            if args.is("all-namespaces") {
                return Err("a resource cannot be retrieved by name across all namespaces".into());
            }
            if !select.is_empty() {
                return Err("name cannot be provided when a selector is specified".into());
            }
            for (i, (kind, name)) in names.iter().enumerate() {
                match cx.get_part(*kind, places.get(i).unwrap_or(&own), name, subresource(args)) {
                    Ok(o) if !super::common::chosen(args, &o) => {}
                    Ok(o) => match groups.last_mut().filter(|g| g.kind == *kind) {
                        Some(group) => group.objects.push(o),
                        None => groups.push(Group { kind: *kind, objects: vec![o], revision: 0 }),
                    },
                    Err(fail) if fail.is_not_found() && args.is("ignore-not-found") => {}
                    Err(fail) => fails.push(fail),
                }
            }
        }
    }
    Ok(groups)
}

/// The subresource that is wanted; one that no kind has is asked for under a name that none has.
fn subresource(args: &Args) -> &'static str {
    match args.value("subresource") {
        "" => "",
        "status" => "status",
        "scale" => "scale",
        "resize" => "resize",
        _ => "unknown",
    }
}

fn nothing(cx: &mut Cx, args: &Args, want: &Want) {
    let namespaced = match want {
        Want::Types(kinds) => kinds.iter().all(|k| k.info().namespaced),
        Want::Names(_) => true,
    };
    let text = if namespaced && !args.is("all-namespaces") {
        format!("No resources found in {} namespace.\n", cx.base.namespace)
    } else {
        "No resources found\n".into()
    };
    cx.eprint(&text);
}

fn style(args: &Args, kind: Kind, wide: bool, with_kind: bool) -> Style {
    Style {
        wide,
        namespace: args.is("all-namespaces") && kind.info().namespaced,
        kind: with_kind || args.is("show-kind"),
        labels: args.is("show-labels"),
        label_columns: args.values("label-columns"),
        event: args.is("output-watch-events"),
        columns: match args.value("subresource") {
            "scale" => Some(print::columns::SCALE),
            _ if !args.is("server-print") => Some(print::columns::PLAIN),
            _ => None,
        },
    }
}

/// Prints tables; false if there was nothing to print.
fn tables(cx: &mut Cx, args: &Args, groups: Vec<Group>, format: &Format) -> Res<bool> {
    let now = cx.now();
    let mut kinds: Vec<Kind> = groups.iter().map(|g| g.kind).collect();
    kinds.dedup();
    let several = kinds.len() > 1;
    let mut text = String::new();
    for mut group in groups.into_iter().filter(|g| !g.objects.is_empty()) {
        if args.changed("sort-by") {
            let sorted = print::sort::rows(&mut group.objects, args.value("sort-by"));
            sorted.map_err(|why| unsorted(cx, why, "sorter.go:375"))?;
        }
        if !text.is_empty() && !args.is("no-headers") {
            text.push('\n');
        }
        let style = style(args, group.kind, *format == Format::Wide, several);
        let mut table = Table::default();
        if !args.is("no-headers") {
            table.row(style.header(group.kind));
        }
        for object in &group.objects {
            table.row(style.row(object, now, "ADDED"));
        }
        text += &table.take();
    }
    cx.print(&text);
    Ok(!text.is_empty())
}

fn unsorted(cx: &mut Cx, why: Unsorted, place: &str) -> Fail {
    match why {
        Unsorted::Field(text) => Fail::Plain(text),
        Unsorted::Fatal(text) => {
            cx.klog('F', place, &text);
            Fail::Code(1)
        }
    }
}

/// Prints objects whole; false if there was nothing to print.
fn whole(cx: &mut Cx, args: &Args, groups: Vec<Group>, format: &Format, single: bool) -> Res<bool> {
    let mut objects: Vec<Object> = groups.into_iter().flat_map(|g| g.objects).collect();
    if args.changed("sort-by") {
        let sorted = print::sort::whole(&mut objects, args.value("sort-by"));
        sorted.map_err(|why| unsorted(cx, why, "sorter.go:329"))?;
    }
    if single && objects.is_empty() {
        return Ok(true);
    }
    let value = if single { objects[0].value.clone() } else { print::list(&objects) };
    let named = matches!(format, Format::Name | Format::Columns(_));
    if named && objects.is_empty() && *format == Format::Name {
        return Ok(true);
    }
    let text = match format {
        Format::Columns(_) if args.is("no-headers") => {
            let all = print::value(&value, format, false)?;
            all.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_string())
        }
        other => print::value(&value, other, false)?,
    };
    cx.print(&text);
    Ok(true)
}

/// A watch that prints what changes.
#[derive(Clone, Debug)]
struct Watching {
    stream: StreamId,
    format: Format,
    style: Style,
    table: Table,
    /// When `--request-timeout` ends it.
    until: Option<crate::time::Time>,
}

fn watch(cx: &mut Cx, args: &Args, format: Format, want: &Want, select: &Select) -> Outcome {
    let own = cx.base.namespace.clone();
    let (kind, select) = match want {
        Want::Types(kinds) => match kinds.as_slice() {
            [kind] => (*kind, select.clone()),
            many => return several(cx, args, &format, want, many.len()),
        },
        Want::Names(names) => match names.as_slice() {
            [(kind, name)] => {
                (*kind, Select { fields: format!("metadata.name={name}"), ..Select::default() })
            }
            many => return several(cx, args, &format, want, many.len()),
        },
    };
    let mut fails = Vec::new();
    let groups =
        gather(cx, args, want, if matches!(want, Want::Names(_)) { NONE } else { &select }, &[], &mut fails)?;
    Fail::join(fails)?;
    let namespace = (!args.is("all-namespaces")).then_some(own.as_str());
    let group = groups.into_iter().next();
    let revision = match &group {
        Some(g) if g.revision > 0 => g.revision,
        _ => cx.list(kind, namespace, &select)?.1,
    };
    let stream = cx.watch(kind, namespace, &select, revision)?;
    let style = style(args, kind, format == Format::Wide, false);
    let until = super::request_timeout(args)?.map(|span| cx.sys.now() + span);
    let mut task = Watching { stream, format, style, table: Table::default(), until };
    if !args.is("no-headers") && !matches!(task.format, Format::Columns(_)) {
        task.table.row(task.style.header(kind));
    }
    if !args.is("watch-only") {
        for object in group.map(|g| g.objects).unwrap_or_default() {
            task.show(cx, &object, "ADDED")?;
        }
    }
    task.flush(cx);
    Ok(Done::Task(Box::new(task)))
}

/// Several things cannot be watched at once; kubectl shows them first and says so then.
fn several(cx: &mut Cx, args: &Args, format: &Format, want: &Want, count: usize) -> Outcome {
    if matches!(want, Want::Types(_)) {
        return Err("you may only specify a single resource type".into());
    }
    let mut fails = Vec::new();
    let groups = gather(cx, args, want, NONE, &[], &mut fails)?;
    Fail::join(fails)?;
    for group in groups {
        tables(cx, args, vec![group], format)?;
    }
    Err(Fail::Plain(format!(
        "watch is only supported on individual resources and resource collections - {count} resources were found"
    )))
}

const NONE: &Select = &Select { labels: String::new(), fields: String::new() };

impl Watching {
    fn show(&mut self, cx: &mut Cx, object: &Object, event: &str) -> Res<()> {
        if matches!(self.format, Format::Human | Format::Wide) {
            let row = self.style.row(object, cx.now(), event);
            self.table.row(row);
            return Ok(());
        }
        let text = if self.style.event {
            let wrapped = crate::map! { "type" => event, "object" => &object.value };
            print::value(&wrapped, &self.format, true)?
        } else {
            print::value(&object.value, &self.format, true)?
        };
        cx.print(&text);
        Ok(())
    }

    /// Prints the rows that wait; a header alone waits for the first row.
    fn flush(&mut self, cx: &mut Cx) {
        if self.table.rows() > usize::from(!self.table.started()) {
            let text = self.table.take();
            cx.print(&text);
        }
    }
}

impl Task for Watching {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        for event in cx.events(self.stream) {
            let word = match event.kind {
                WatchKind::Added => "ADDED",
                WatchKind::Modified => "MODIFIED",
                WatchKind::Deleted => "DELETED",
            };
            if let Err(fail) = self.show(cx, &event.object, word) {
                return Poll::Done(Err(fail));
            }
        }
        self.flush(cx);
        if self.until.is_some_and(|t| cx.sys.now() >= t) {
            return Poll::Done(Ok(0));
        }
        Poll::api(self.until)
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
