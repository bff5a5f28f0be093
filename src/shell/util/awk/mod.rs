//! `awk`: patterns, fields, variables, arrays, functions of the program's own, output into files and commands.
//!
//! A record is looked at when it comes; a program that asks for further ones itself (`getline`), or that separates them
//! by something else than line ends, sees them when the whole input is there. Commands run when their output is
//! closed, or at the end. When a program needs the end of a command (`system`, `command | getline`), what it did since
//! the record began is done anew once the end is known, with the same answers and without doing anything twice.

mod call;
mod eval;
mod files;
mod lex;
mod parse;
mod run;
mod tree;
mod units;
mod value;

use super::ctx::Ctx;
use super::opts;
use super::regex::Regex;
use super::stream::{Ask, Filter, Go, Lines, PACE, Stream, lines};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::rng::Rng;
use files::Files;
use run::End;
use std::collections::VecDeque;
use std::rc::Rc;
use tree::{Program, When};
use units::{Unit, Units};
use value::{Val, split_by};

/// How deep expressions and statements may nest; how many steps a program may take in all.
const MAX_DEPTH: u32 = 60;
const MAX_STEPS: u64 = 8_000_000;

/// Most bytes that are kept of an input that has to be there as a whole.
const MAX_INPUT: usize = 8 << 20;

/// What a parameter of a function stands for.
#[derive(Clone, Debug)]
enum Slot {
    Scalar(Val),
    /// An array by the name under which it is kept.
    Array(String),
    /// Not used yet; as an array it would be this one.
    Untyped(String),
}

#[derive(Clone, Debug)]
struct Awk {
    program: Rc<Program>,
    vars: BTreeMap<String, Val>,
    arrays: BTreeMap<String, BTreeMap<Rc<str>, Val>>,
    /// The parameters of the functions under way, innermost last.
    frames: Vec<BTreeMap<String, Slot>>,
    /// How many arrays were local to functions so far.
    locals: u64,
    returned: Option<Val>,
    record: String,
    fields: Vec<Rc<str>>,
    lines: Lines,
    /// The input as far as it has come, if it has to be there as a whole; and its records.
    raw: Vec<u8>,
    queue: VecDeque<String>,
    files: Files,
    inside: Vec<bool>,
    begun: bool,
    exited: Option<i32>,
    steps: u64,
    rng: Rng,
    seed: f64,
    units: Units,
}

/// `awk`.
pub fn awk(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "+F:v:f: field-separator=F assign=v file=f")?;
    let mut rest = o.rest.clone();
    let mut src = String::new();
    for path in o.all('f') {
        match ctx.read_file(path) {
            Ok(bytes) => src.push_str(&String::from_utf8_lossy(&bytes)),
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return Err(1);
            }
        }
    }
    if !o.has('f') {
        if rest.is_empty() {
            if ctx.busybox() {
                super::usage::print(ctx, "awk");
                return Err(1);
            }
            ctx.err("Usage: mawk [Options] [Program] [file ...]\n");
            return Err(0);
        }
        src = rest.remove(0).to_string();
    }
    let program = match lex::lex(&src).map_err(|e| (e, None)).and_then(parse::parse) {
        Ok(program) => program,
        Err((error, _)) if ctx.busybox() => {
            // busybox does not name the function.
            let end = "Call to undefined function".len();
            let error = if error.starts_with("Call to undefined") { &error[..end] } else { &error };
            ctx.fail(&format!("cmd. line:1: {error}"));
            return Err(1);
        }
        Err((error, at)) => {
            let lines = src.matches('\n').count() + 1;
            let text = match (error.strip_prefix("Call to undefined function "), at) {
                (Some(name), _) => format!("line {}: function {name} never defined", lines + 1),
                (_, Some(lex::Tok::Eof)) if src.matches('{').count() > src.matches('}').count() => {
                    format!("line {}: missing }} near end of file", lines + 1)
                }
                (_, Some(lex::Tok::Eof)) => {
                    format!("line {}: syntax error at or near end of file", lines + 1)
                }
                (_, Some(tok)) => format!("line {lines}: syntax error at or near {}", tok.shown()),
                (_, None) => format!("line {lines}: {error}"),
            };
            ctx.fail(&text);
            return Err(2);
        }
    };
    let only_begin = !program.rules.is_empty()
        && !program.reads
        && program.rules.iter().all(|r| matches!(r.when, When::Begin));
    let mut awk = Awk::new(ctx, program, &o);
    awk.arguments(ctx, &rest);
    if only_begin {
        awk.begin(ctx);
        let status = awk.end(ctx, false);
        return Ok(Stream::done(ctx, awk, status));
    }
    // Assignments alone leave standard input to be read.
    if !rest.is_empty() && rest.iter().all(|w| assignment(w).is_some()) {
        rest.push(Text::lit("-"));
    }
    Ok(Stream::new(ctx, awk, rest))
}

/// `name=value` among the operands.
fn assignment(word: &str) -> Option<(&str, &str)> {
    word.split_once('=').filter(|(name, _)| crate::shell::is_name(name))
}

fn unescaped(text: &str) -> Rc<str> {
    let mut bytes = Vec::new();
    crate::shell::text::unescape(text, crate::shell::text::Escapes::Printf, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned().into()
}

impl Awk {
    /// `ARGC` and `ARGV`.
    fn arguments(&mut self, ctx: &Ctx, operands: &[Text]) {
        let own = ctx.args.first().map_or("awk", |a| a.rsplit('/').next().unwrap_or("awk"));
        let words = std::iter::once(own).chain(operands.iter().map(|w| &**w));
        let words: BTreeMap<Rc<str>, Val> =
            words.enumerate().map(|(i, w)| (i.to_string().into(), Val::Input(w.into()))).collect();
        self.vars.insert("ARGC".into(), Val::Num(operands.len() as f64 + 1.0));
        self.arrays.insert("ARGV".into(), words);
    }

    fn new(ctx: &mut Ctx, program: Program, o: &opts::Opts) -> Awk {
        let mut vars = BTreeMap::new();
        for (name, value) in [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}")] {
            vars.insert(name.to_owned(), Val::Str(value.into()));
        }
        for name in ["NR", "FNR", "RSTART"] {
            vars.insert(name.to_owned(), Val::Num(0.0));
        }
        if let Some(f) = o.get('F') {
            vars.insert("FS".into(), Val::Str(unescaped(if &**f == "t" { "\t" } else { f })));
        }
        for assign in o.all('v') {
            if let Some((name, value)) = assign.split_once('=') {
                vars.insert(name.to_owned(), Val::Input(unescaped(value)));
            }
        }
        let env = ctx.env.iter().map(|(k, v)| (Rc::from(&**k), Val::Input(Rc::from(&**v)))).collect();
        let ranges = program.rules.len() + 1;
        Awk {
            program: Rc::new(program),
            vars,
            arrays: BTreeMap::from([("ENVIRON".to_owned(), env)]),
            frames: Vec::new(),
            locals: 0,
            returned: None,
            record: String::new(),
            fields: Vec::new(),
            lines: Lines::default(),
            raw: Vec::new(),
            queue: VecDeque::new(),
            files: Files::default(),
            inside: vec![false; ranges],
            begun: false,
            exited: None,
            steps: 0,
            rng: Rng::stream(ctx.sys.rng().next_u64(), "awk"),
            seed: 0.0,
            units: Units::default(),
        }
    }

    fn begin(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.begun, true) {
            self.unit(ctx, Unit::Begin);
        }
    }

    /// The rules of `BEGIN` (true) or `END`.
    fn edge(&mut self, ctx: &mut Ctx, begin: bool) {
        let program = self.program.clone();
        let wanted = |r: &&tree::Rule| matches!((&r.when, begin), (When::Begin, true) | (When::End, false));
        for rule in program.rules.iter().filter(wanted) {
            if let Some(body) = &rule.body
                && matches!(self.run(ctx, body), End::Exit)
            {
                return;
            }
        }
    }

    /// Whether records are looked at only when the whole input is there.
    fn deferred(&self) -> bool {
        self.program.reads || &*self.var("RS").text() != "\n"
    }

    fn split(&self, text: &str, separator: &str) -> Vec<Rc<str>> {
        if separator == " " {
            return text.split_whitespace().map(Rc::from).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        let mut chars = separator.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return text.split(c).map(Rc::from).collect();
        }
        match Regex::new(separator, true, false) {
            Ok(regex) => split_by(&regex, text),
            Err(_) => vec![text.into()],
        }
    }

    fn set_record(&mut self, text: &str) {
        self.record = text.to_owned();
        let separator = self.var("FS").text();
        self.fields = self.split(text, &separator);
    }

    fn rebuild(&mut self) {
        let joint = self.var("OFS").text();
        self.record = self.fields.iter().map(|f| &**f).collect::<Vec<_>>().join(&joint);
    }

    /// Counts a record.
    fn count(&mut self) {
        for name in ["NR", "FNR"] {
            let n = self.var(name).num() + 1.0;
            self.vars.insert(name.into(), Val::Num(n));
        }
    }

    fn line(&mut self, ctx: &mut Ctx, text: &str) -> Go {
        self.count();
        self.set_record(text);
        let program = self.program.clone();
        for rule in &program.rules {
            let selected = match &rule.when {
                When::Begin | When::End => false,
                When::Always => true,
                When::Expr(e) => self.truth(ctx, e),
                When::Range(from, to, n) => {
                    let begins = self.inside[*n] || self.truth(ctx, from);
                    self.inside[*n] = begins && !self.truth(ctx, to);
                    begins
                }
            };
            if !selected {
                continue;
            }
            match &rule.body {
                None => {
                    let line = format!("{}{}", self.record, self.var("ORS").text());
                    self.emit(ctx, line.as_bytes(), None);
                }
                Some(body) => match self.run(ctx, body) {
                    End::Next => return Go::On,
                    End::Exit => return Go::Stop,
                    _ => {}
                },
            }
        }
        Go::On
    }

    /// The records of an input that is there as a whole.
    fn records(&mut self) -> Vec<String> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.raw)).into_owned();
        let separator = self.var("RS").text();
        let mut chars = separator.chars();
        let mut all: Vec<String> = match (chars.next(), chars.next()) {
            // An empty separator: paragraphs, apart by empty lines.
            (None, _) => {
                let paragraphs = text.split("\n\n").map(|p| p.trim_matches('\n'));
                return paragraphs.filter(|p| !p.is_empty()).map(str::to_owned).collect();
            }
            (Some(c), None) => text.split(c).map(str::to_owned).collect(),
            _ => match Regex::new(&separator, true, false) {
                Ok(regex) => split_by(&regex, &text).iter().map(|r| r.to_string()).collect(),
                Err(_) => vec![text],
            },
        };
        // What stands behind the last separator is a record unless it is nothing.
        if all.last().is_some_and(|last| last.is_empty() || &*separator != "\n" && last == "\n") {
            all.pop();
        }
        all
    }
}

impl Filter for Awk {
    fn weight(&self, data: &[u8]) -> usize {
        data.len() / PACE + lines(data)
    }
    fn open(&mut self, name: &str, ctx: &mut Ctx) {
        let name = if name == "-" { "" } else { name };
        if !self.program.reads {
            self.begin(ctx);
        }
        self.vars.insert("FILENAME".into(), Val::Str(name.into()));
        self.vars.insert("FNR".into(), Val::Num(0.0));
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        if self.exited.is_some() {
            return Go::Stop;
        }
        if self.deferred() {
            let room = MAX_INPUT.saturating_sub(self.raw.len());
            self.raw.extend_from_slice(&data[..data.len().min(room)]);
            return Go::On;
        }
        let before = self.steps;
        for line in self.lines.push(data) {
            let text = String::from_utf8_lossy(&line).into_owned();
            if self.unit(ctx, Unit::Record(text)) == Go::Stop {
                self.lines = Lines::default();
                return Go::Stop;
            }
        }
        ctx.sys.weigh(u32::try_from((self.steps - before) / 2).unwrap_or(u32::MAX));
        Go::On
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        if self.exited.is_some() {
            return Go::Stop;
        }
        if !self.deferred() {
            return match self.lines.finish() {
                Some(line) => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    self.unit(ctx, Unit::Record(text))
                }
                None => Go::On,
            };
        }
        let before = self.steps;
        let records = self.records();
        self.queue.extend(records);
        self.begin(ctx);
        if self.unit(ctx, Unit::Queue) == Go::Stop {
            return Go::Stop;
        }
        ctx.sys.weigh(u32::try_from((self.steps - before) / 2).unwrap_or(u32::MAX));
        Go::On
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        self.units.failed = failed;
        self.unit(ctx, Unit::End);
        self.status().unwrap_or(0)
    }
    fn operand(&mut self, name: &str, ctx: &mut Ctx) -> bool {
        let Some((name, value)) = assignment(name) else { return false };
        if !self.program.reads {
            self.begin(ctx);
        }
        self.vars.insert(name.to_owned(), Val::Input(unescaped(value)));
        true
    }
    fn ask(&mut self) -> Option<Ask> {
        self.units.ask.clone()
    }
    fn answer(&mut self, status: i32, output: Vec<u8>, ctx: &mut Ctx) {
        self.answered(ctx, status, output);
    }
    fn status(&self) -> Option<i32> {
        Some(self.exited.unwrap_or(if self.units.failed { 2 } else { 0 }))
    }
    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
