//! `kubectl events`.

use crate::api::request::{StreamId, WatchKind};
use crate::api::{Kind, Object};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, slice, switch, text};
use crate::kubectl::print::age::{human, since};
use crate::kubectl::print::columns::{event_count, scalar};
use crate::kubectl::print::table::Table;
use crate::kubectl::print::{self, Format};
use crate::time::parse_rfc3339;

/// Flags.
pub const FLAGS: &[Flag] = &[
    switch("all-namespaces", 'A'),
    switch("watch", 'w'),
    text("for", ' ', ""),
    slice("types", ' '),
    switch("no-headers", ' '),
    int("chunk-size", ' ', "500"),
];

/// Which events are meant.
#[derive(Clone, Debug, Default)]
struct Filter {
    kind: Option<(&'static str, String)>,
    types: Vec<String>,
}

impl Filter {
    fn lets(&self, e: &Object) -> bool {
        let about = &e["involvedObject"];
        self.kind.as_ref().is_none_or(|(k, n)| about["kind"].str() == *k && about["name"].str() == n)
            && (self.types.is_empty() || self.types.iter().any(|t| t.eq_ignore_ascii_case(e["type"].str())))
    }
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let format = print::format(cx, args, print::MADE)?;
    let filter = filter(args)?;
    let all = args.is("all-namespaces");
    let own = cx.base.namespace.clone();
    let (mut found, revision) = cx.list(Kind::EVENT, (!all).then_some(own.as_str()), &Select::default())?;
    found.retain(|e| filter.lets(e));
    found.order_by_key(last);
    let watch = args.is("watch");
    if found.is_empty() && !watch {
        let text =
            if all { "No events found.\n".into() } else { format!("No events found in {own} namespace.\n") };
        cx.eprint(&text);
        return OK;
    }
    if format == Format::Name {
        // The printer of names refuses a typed list, and its refusal is not looked at.
        return OK;
    }
    if format != Format::Human {
        let text = print::value(&print::list(&found), &format, false)?;
        cx.print(&text);
        return OK;
    }
    let mut table = Table::default();
    if !args.is("no-headers") {
        let headers = ["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        table.row(headers.iter().skip(usize::from(!all)).map(|h| h.to_string()).collect());
    }
    for event in &found {
        table.row(row(event, cx.now(), all));
    }
    let text = table.take();
    cx.print(&text);
    if !watch {
        return OK;
    }
    let stream = cx.watch(Kind::EVENT, (!all).then_some(own.as_str()), &Select::default(), revision)?;
    Ok(Done::Task(Box::new(Watching { stream, filter, table, all })))
}

fn filter(args: &Args) -> Res<Filter> {
    let types = args.values("types");
    if types.iter().any(|t| !matches!(t.to_lowercase().as_str(), "normal" | "warning")) {
        return Err("valid --types are Normal or Warning".into());
    }
    let target = args.value("for");
    if target.is_empty() {
        return Ok(Filter { kind: None, types });
    }
    let Some((kind, name)) = target.split_once('/') else {
        return Err("--for must be in resource/name form".into());
    };
    let found = crate::kubectl::resource::kind_of(kind).map_err(|_| {
        Fail::Raw(match kind.split_once('.') {
            Some((r, g)) => format!(
                "the server doesn't have a resource type {:?} in group {:?}",
                r.to_lowercase(),
                g.to_lowercase()
            ),
            None => format!("the server doesn't have a resource type {:?}", kind.to_lowercase()),
        })
    })?;
    Ok(Filter { kind: Some((found.info().kind, name.to_string())), types })
}

/// When an event was seen last.
fn last(e: &Object) -> i64 {
    let stamps =
        [e.at("series.lastObservedTime"), &e["lastTimestamp"], &e["firstTimestamp"], &e["eventTime"]];
    stamps.into_iter().find_map(|s| parse_rfc3339(s.str())).unwrap_or(0)
}

fn row(e: &Object, now: i64, all: bool) -> Vec<String> {
    let first = [&e["firstTimestamp"], &e["eventTime"]].into_iter().find(|s| s.is_some());
    let seen = match event_count(e) {
        n if n > 1 => format!(
            "{} (x{n} over {})",
            human(now - last(e)),
            first.map_or("<unknown>".into(), |f| since(f, now))
        ),
        _ => human(now - last(e)),
    };
    let about = &e["involvedObject"];
    let mut cells = vec![
        seen,
        scalar(&e["type"]),
        scalar(&e["reason"]),
        format!("{}/{}", about["kind"].str(), about["name"].str()),
        e["message"].str().trim().to_string(),
    ];
    if all {
        cells.insert(0, e.namespace().to_string());
    }
    cells
}

#[derive(Clone, Debug)]
struct Watching {
    stream: StreamId,
    filter: Filter,
    table: Table,
    all: bool,
}

impl Task for Watching {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        for event in cx.events(self.stream) {
            if event.kind != WatchKind::Deleted && self.filter.lets(&event.object) {
                let row = row(&event.object, cx.now(), self.all);
                self.table.row(row);
                let text = self.table.take();
                cx.print(&text);
            }
        }
        Poll::api(None)
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
