//! `kubectl diff`: the live object against what applying a manifest would make of it.

use super::apply::{LAST_APPLIED, annotated};
use crate::api::patch::diff::three_way;
use crate::api::request::{Options, PatchType, Verb as Method};
use crate::api::{Kind, Object, Request, Text, Value, json, yaml};
use crate::collections::BTreeMap;
use crate::kubectl::cx::{Cx, Done, OK, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files::{self, Doc};
use crate::kubectl::flags::{Args, Flag, array, int, switch, text};
use crate::kubectl::verb::common::patch_type;
use crate::os::{Ended, Pid, Spawn, Wait};

/// Flags.
pub const FLAGS: &[Flag] = &[
    text("selector", 'l', ""),
    switch("server-side", ' '),
    switch("force-conflicts", ' '),
    text("field-manager", ' ', ""),
    switch("prune", ' '),
    array("prune-allowlist", ' '),
    switch("show-secrets", ' '),
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

/// The two texts of each object, by the name of its file.
type Files = BTreeMap<String, (String, String)>;

fn compare(cx: &mut Cx, args: &Args) -> Outcome {
    if !args.rest.is_empty() {
        return Err(Fail::Usage(format!("Unexpected args: [{}]", args.rest.join(" "))));
    }
    if !files::given(args) {
        return Err("must specify one of -f and -k".into());
    }
    let loaded = files::load(cx, args)?;
    Fail::join(loaded.fails)?;
    let mut all = Files::new();
    let mut kept = Vec::new();
    for doc in loaded.docs.iter().filter(|d| super::selected(args, d)) {
        let (live, merged) = pair(cx, args, doc)?;
        let texts = shown(args, doc.kind, live.as_ref(), &merged);
        all.insert(file_name(&merged), texts);
        kept.extend(live);
    }
    if args.is("prune") {
        for object in super::prune::candidates(cx, args, &kept)? {
            let (before, _) = shown(args, object.kind, Some(&object), &object);
            all.insert(file_name(&object), (before, String::new()));
        }
    }
    let stamp = cx.now() % 1_000_000_000;
    let (left, right) = (format!("/tmp/LIVE-{stamp}"), format!("/tmp/MERGED-{stamp}"));
    let external = cx.base.env.iter().find(|(k, v)| k == "KUBECTL_EXTERNAL_DIFF" && !v.is_empty());
    if let Some(command) = external.map(|(_, v)| v.to_string()) {
        return external_diff(cx, &command, &left, &right, &all);
    }
    let mut different = false;
    let now = crate::time::Epoch(cx.now()).rfc3339_micro(crate::time::Time::ZERO);
    let when = format!("{} {}000 +0000", &now[..10], &now[11..26]);
    for (name, (before, after)) in all.iter().filter(|(_, (before, after))| before != after) {
        different = true;
        let (left, right) = (format!("{left}/{name}"), format!("{right}/{name}"));
        let body = unified(before, after);
        cx.print(&format!("diff -u -N {left} {right}\n--- {left}\t{when}\n+++ {right}\t{when}\n{body}"));
    }
    if different { Ok(Done::Exit(1)) } else { OK }
}

fn file_name(object: &Object) -> String {
    let info = object.kind.info();
    format!("{}.{}.{}.{}", info.api_version.replace('/', "."), info.kind, object.namespace(), object.name())
}

/// Writes both sides into directories and lets another program compare them.
fn external_diff(cx: &mut Cx, command: &str, left: &str, right: &str, all: &Files) -> Outcome {
    for (dir, side) in [(left, false), (right, true)] {
        let _ = cx.sys.mkdir(dir, 0o700);
        for (name, (before, after)) in all {
            let text = if side { after } else { before };
            if !text.is_empty() {
                let _ = cx.sys.write_file(&format!("{dir}/{name}"), text.as_bytes(), false);
            }
        }
    }
    let plain = |w: &&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || "-=".contains(c));
    let mut words = command.split(' ');
    let program = words.next().unwrap_or("").to_string();
    let argv: Vec<Text> =
        [program.as_str(), left, right].into_iter().chain(words.filter(plain)).map(Text::from).collect();
    let spawn = Spawn {
        file: Text::from(program.as_str()),
        argv,
        env: cx.base.env.clone(),
        cwd: cx.sys.cwd(),
        fds: vec![(0, 0), (1, 1), (2, 2)],
        ignored: vec![],
        new_group: false,
    };
    let missing = format!("failed to run {program:?}: exec: {program:?}: executable file not found in $PATH");
    let pid = cx.sys.spawn(spawn).map_err(|_| Fail::Plain(missing))?;
    Ok(Done::Task(Box::new(External { pid, program })))
}

/// Another program that compares.
#[derive(Clone, Debug)]
struct External {
    pid: Pid,
    program: String,
}

impl Task for External {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        let code = match cx.sys.reap(Some(self.pid)) {
            Ok(None) => return Poll::Wait(Wait { child: true, ..Wait::default() }),
            Ok(Some((_, end))) => Ended::code(end),
            Err(_) => 1,
        };
        Poll::Done(match code {
            0 | 1 => Ok(code),
            n => Err(Fail::Coded(format!("failed to run {:?}: exit status {n}", self.program), n)),
        })
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
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
        let mut body = doc.value.clone();
        // Once applied by the client, the annotation follows what is applied by the server.
        if live.annotation(LAST_APPLIED).is_some() {
            let text = format!("{}\n", json::print(&body));
            body.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text);
        }
        (PatchType::Apply, body)
    } else {
        let before = live.annotation(LAST_APPLIED).and_then(|t| json::parse(t).ok()).unwrap_or_default();
        let mut wanted = annotated(&doc.value);
        match live.annotation(LAST_APPLIED) {
            Some(text) => wanted.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text),
            None => {
                wanted.slot("metadata.annotations").map_mut().remove(LAST_APPLIED);
            }
        }
        (patch_type(doc.kind), three_way(doc.kind, &before, &wanted, &live.value))
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
fn shown(args: &Args, kind: Kind, live: Option<&Object>, merged: &Object) -> (String, String) {
    let clean = |o: &Object| {
        let mut v = o.value.clone();
        if !args.is("show-managed-fields")
            && let Some(meta) = v.get("metadata").as_map()
        {
            let mut meta = meta.clone();
            meta.remove("managedFields");
            v.set("metadata", meta);
        }
        v
    };
    let (mut a, mut b) = (live.map(clean), clean(merged));
    if kind == Kind::SECRET && !args.is("show-secrets") {
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
