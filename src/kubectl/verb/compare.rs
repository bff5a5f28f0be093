//! `kubectl diff`: the live object against what applying a manifest would make of it.

use super::apply::{LAST_APPLIED, annotated};
use crate::api::request::{Options, PatchType, Verb as Method};
use crate::api::{Kind, Object, Request, Value, json, yaml};
use crate::kubectl::cx::{Cx, Done, OK, Outcome};
use crate::kubectl::diff::{Lists, three_way};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files::{self, Doc};
use crate::kubectl::flags::{Args, Flag, int, switch, text};
use crate::kubectl::verb::common::patch_way;

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    switch("server-side", ' '),
    switch("force-conflicts", ' '),
    text("field-manager", ' ', ""),
    switch("prune", ' '),
    switch("all", ' '),
    int("concurrency", ' ', "1"),
    switch("show-managed-fields", ' '),
];

/// Runs the verb; differences give exit code 1, errors 2.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    compare(cx, args).map_err(|fail| match fail {
        Fail::Plain(t) => Fail::Coded(t, 2),
        other => {
            let text = other.text(&cx.base.path);
            cx.eprint(&text);
            Fail::Code(2)
        }
    })
}

fn compare(cx: &mut Cx, args: &Args) -> Outcome {
    if !files::given(args) {
        return Err("must specify one of -f and -k".into());
    }
    let loaded = files::load(cx, args)?;
    Fail::join(loaded.fails)?;
    let mut different = false;
    for doc in loaded.docs.iter().filter(|d| super::selected(args, d)) {
        let (live, merged) = pair(cx, args, doc)?;
        let (before, after) = shown(doc.kind, live.as_ref(), &merged);
        if before == after {
            continue;
        }
        different = true;
        let group = doc.kind.info().api_version.replace('/', ".");
        let name = format!("{group}.{}.{}.{}", doc.kind.info().kind, merged.namespace(), merged.name());
        let stamp = cx.now() % 1_000_000_000;
        let (left, right) = (format!("/tmp/LIVE-{stamp}/{name}"), format!("/tmp/MERGED-{stamp}/{name}"));
        let now = crate::time::Epoch(cx.now()).rfc3339_micro(crate::time::Time::ZERO);
        let when = format!("{} {}000 +0000", &now[..10], &now[11..26]);
        let body = unified(&before, &after);
        cx.print(&format!("diff -u -N {left} {right}\n--- {left}\t{when}\n+++ {right}\t{when}\n{body}"));
    }
    if different { Ok(Done::Exit(1)) } else { OK }
}

/// The live object, if there is one, and what it would become.
fn pair(cx: &mut Cx, args: &Args, doc: &Doc) -> Res<(Option<Object>, Object)> {
    let ns = doc.kind.info().namespaced.then(|| doc.namespace().to_string());
    let live = match cx.object(Request::new(Method::Get, doc.kind, ns.as_deref(), doc.name())) {
        Ok(live) => live,
        Err(fail) if fail.is_not_found() => {
            let mut request =
                Request::new(Method::Create, doc.kind, ns.as_deref(), "").body(doc.value.clone());
            request.options = Options { dry_run: true, field_validation: "Ignore", ..Options::default() };
            return Ok((None, cx.object(request)?));
        }
        Err(fail) => return Err(fail),
    };
    let (how, body) = if args.is("server-side") {
        (PatchType::Apply, doc.value.clone())
    } else {
        let before = live.annotation(LAST_APPLIED).and_then(|t| json::parse(t).ok()).unwrap_or_default();
        let mut wanted = annotated(&doc.value);
        match live.annotation(LAST_APPLIED) {
            Some(text) => wanted.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text),
            None => {
                wanted.slot("metadata.annotations").map_mut().remove(LAST_APPLIED);
            }
        }
        let (how, lists) = patch_way(doc.kind);
        (how, three_way(&before, &wanted, &live.value, lists))
    };
    if body.is_empty() {
        return Ok((Some(live.clone()), live));
    }
    let options =
        Options { dry_run: true, field_manager: "kubectl".into(), force: true, ..Options::default() };
    let merged = cx.patch(&live, how, body, options)?;
    Ok((Some(live), merged))
}

/// Both objects as text; secrets are masked.
fn shown(kind: Kind, live: Option<&Object>, merged: &Object) -> (String, String) {
    let clean = |o: &Object| {
        let mut v = o.value.clone();
        if let Some(meta) = v.get("metadata").as_map() {
            let mut meta = meta.clone();
            meta.remove("managedFields");
            v.set("metadata", meta);
        }
        v
    };
    let (mut a, mut b) = (live.map(clean), clean(merged));
    if kind == Kind::SECRET {
        mask(a.as_mut(), &mut b);
    }
    // A dry run does not give a new revision.
    if let Some(a) = &a {
        let revision = a.at("metadata.resourceVersion").clone();
        if revision.is_some() {
            b.set("metadata.resourceVersion", revision);
        }
    }
    (a.map_or(String::new(), |a| yaml::print(&a)), yaml::print(&b))
}

fn mask(live: Option<&mut Value>, merged: &mut Value) {
    let old = live.as_ref().map(|l| l.get("data").clone()).unwrap_or_default();
    let new = merged.get("data").clone();
    let of = |from: &Value, other: &Value, word: &str| {
        let mut out = Value::map();
        for (k, v) in from.entries() {
            let known = other.get(k);
            let text =
                if known.is_some() && known != v { format!("*** ({word})") } else { "***".to_string() };
            out.map_mut().insert(k, text);
        }
        out
    };
    if new.is_some() {
        merged.set("data", of(&new, &old, "after"));
    }
    if let Some(live) = live
        && old.is_some()
    {
        live.set("data", of(&old, &new, "before"));
    }
}

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// The most lines of a text that are compared; longer ones are shown as replaced.
const LINE_LIMIT: usize = 3_000;

#[derive(Clone, Copy, PartialEq)]
enum Op {
    Same,
    Gone,
    New,
}

/// A unified diff of two texts.
pub fn unified(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let ops = script(&a, &b);
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = (at..ops.len()).find(|i| ops[*i].0 != Op::Same) {
        let start = first.saturating_sub(CONTEXT);
        let mut end = first;
        while let Some(next) = (end + 1..ops.len().min(end + 2 * CONTEXT + 2)).find(|i| ops[*i].0 != Op::Same)
        {
            end = next;
        }
        let stop = (end + CONTEXT + 1).min(ops.len());
        let count = |skip: Op, range: &[(Op, &str)]| range.iter().filter(|(o, _)| *o != skip).count();
        let (from, to) = (count(Op::New, &ops[..start]), count(Op::Gone, &ops[..start]));
        let (n, m) = (count(Op::New, &ops[start..stop]), count(Op::Gone, &ops[start..stop]));
        let range = |start: usize, n: usize| match n {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            _ => format!("{},{n}", start + 1),
        };
        out += &format!("@@ -{} +{} @@\n", range(from, n), range(to, m));
        for (op, line) in &ops[start..stop] {
            let sign = match op {
                Op::Same => ' ',
                Op::Gone => '-',
                Op::New => '+',
            };
            out += &format!("{sign}{line}\n");
        }
        at = stop;
    }
    out
}

/// The steps from one list of lines to the other by their longest common subsequence.
fn script<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(Op, &'a str)> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (x, y) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut ops: Vec<(Op, &str)> = a[..head].iter().map(|l| (Op::Same, *l)).collect();
    if x.len() > LINE_LIMIT || y.len() > LINE_LIMIT {
        ops.extend(x.iter().map(|l| (Op::Gone, *l)));
        ops.extend(y.iter().map(|l| (Op::New, *l)));
    } else {
        let width = y.len() + 1;
        let mut table = vec![0u16; (x.len() + 1) * width];
        for i in (0..x.len()).rev() {
            for j in (0..y.len()).rev() {
                table[i * width + j] = if x[i] == y[j] {
                    table[(i + 1) * width + j + 1] + 1
                } else {
                    table[(i + 1) * width + j].max(table[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < x.len() || j < y.len() {
            if i < x.len() && j < y.len() && x[i] == y[j] {
                ops.push((Op::Same, x[i]));
                (i, j) = (i + 1, j + 1);
            } else if j == y.len() || i < x.len() && table[(i + 1) * width + j] >= table[i * width + j + 1] {
                ops.push((Op::Gone, x[i]));
                i += 1;
            } else {
                ops.push((Op::New, y[j]));
                j += 1;
            }
        }
    }
    ops.extend(a[a.len() - tail..].iter().map(|l| (Op::Same, *l)));
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_as_diff_u_does() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let b = a.replace("2\n3", "2\nx").replace("12\n", "12\n13\n");
        assert_eq!(
            unified(a, &b),
            "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+x\n 4\n 5\n 6\n@@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n"
        );
        assert_eq!(unified("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified("a\n", "a\n"), "");
    }
}
