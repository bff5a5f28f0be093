//! `grep`, `egrep`, `fgrep`.

use super::ctx::Ctx;
use super::opts::{self, Opts};
use super::regex::Regex;
use super::stream::{Filter, Go, Lines, Stream};
use crate::api::Text;
use crate::os::program::{Errno, FileType};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct Grep {
    patterns: Vec<Regex>,
    flags: String,
    /// `--color=always`.
    color: bool,
    names: bool,
    before: usize,
    after: usize,
    max: u64,
    name: String,
    lines: Lines,
    number: u64,
    hits: u64,
    any: bool,
    held: VecDeque<(u64, String)>,
    follow: usize,
    last_shown: u64,
    /// Whether nothing but directories could not be read (busybox).
    directories: bool,
}

/// How deep `-r` follows directories.
const MAX_DEPTH: u32 = 64;

/// `grep`.
pub fn grep(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(
        ctx,
        if ctx.busybox() {
            "HhnlLoqvsrRiwxFEcm:A:B:C:e:f:zZ:: color=Z"
        } else {
            "HhnlLoqvsrRiwxFEPcaIm:A:B:C:e:f:zyZ:: ignore-case=i invert-match=v count=c line-number=n quiet=q silent=q recursive=r only-matching=o extended-regexp=E fixed-strings=F word-regexp=w files-with-matches=l max-count=m after-context=A before-context=B context=C regexp=e color=Z colour=Z no-messages=s no-filename=h with-filename=H perl-regexp=P"
        },
    )?;
    let mut rest = o.rest.clone();
    let sources = patterns(ctx, &o, &mut rest)?;
    let program = ctx.args[0].rsplit('/').next().unwrap_or("").to_owned();
    let extended = o.has('E') || o.has('P') || program == "egrep";
    let fixed = o.has('F') || program == "fgrep";
    let mut compiled = Vec::new();
    for source in sources.iter().flat_map(|s| s.split('\n')) {
        let text = wrapped(source, extended, fixed, o.has('w'), o.has('x'));
        match Regex::new(&text, extended, o.has('i')) {
            Ok(regex) => compiled.push(regex),
            Err(error) => {
                if ctx.busybox() {
                    // busybox compiles a pattern when the first line has come.
                    let unread: Vec<(Text, Errno)> =
                        rest.iter().filter_map(|p| Some((p.clone(), ctx.sys.stat(p).err()?))).collect();
                    unread.iter().for_each(|(path, error)| ctx.fail(&format!("{path}: {}", error.text())));
                    if unread.is_empty() || unread.len() < rest.len() {
                        ctx.fail(&format!("bad regex '{source}': {error}"));
                    }
                    return Err(2);
                }
                // GNU's own parser finds this one before the library does.
                ctx.fail(if source.ends_with('[') { "Invalid regular expression" } else { error });
                return Err(2);
            }
        }
    }
    let recursive = o.has('r') || o.has('R');
    if recursive {
        let roots = if rest.is_empty() { vec![Text::lit(".")] } else { rest };
        rest = Vec::new();
        for root in &roots {
            walk(ctx, root, 0, &mut rest);
        }
        if rest.is_empty() {
            return Err(1);
        }
    }
    let number = |letter: char| o.get(letter).and_then(|n| n.parse::<usize>().ok());
    let around = number('C').unwrap_or(0);
    let names = (rest.len() > 1 || recursive || o.has('H')) && !o.has('h');
    let filter = Grep {
        patterns: compiled,
        flags: "nlLoqvsc".chars().filter(|c| o.has(*c)).collect(),
        color: o.get('Z').is_some_and(|when| &**when == "always") && !ctx.busybox(),
        names,
        before: number('B').unwrap_or(around),
        after: number('A').unwrap_or(around),
        max: o.get('m').and_then(|m| m.parse().ok()).unwrap_or(u64::MAX),
        name: String::new(),
        lines: Lines::default(),
        number: 0,
        hits: 0,
        any: false,
        held: VecDeque::new(),
        follow: 0,
        last_shown: 0,
        directories: false,
    };
    Ok(Stream::new(ctx, filter, rest))
}

fn patterns(ctx: &mut Ctx, o: &Opts, rest: &mut Vec<Text>) -> Result<Vec<String>, i32> {
    let mut sources: Vec<String> = o.all('e').map(|e| e.to_string()).collect();
    for path in o.all('f') {
        match ctx.read_file(path) {
            Ok(bytes) => sources.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned)),
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return Err(2);
            }
        }
    }
    if !o.has('e') && !o.has('f') {
        if rest.is_empty() {
            if ctx.busybox() {
                super::usage::print(ctx, "grep");
                return Err(2);
            }
            ctx.err("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n");
            return Err(2);
        }
        sources.push(rest.remove(0).to_string());
    }
    Ok(sources)
}

/// The pattern with what `-F`, `-w` and `-x` add to it.
fn wrapped(source: &str, extended: bool, fixed: bool, word: bool, line: bool) -> String {
    let mut text = source.to_owned();
    if fixed {
        text.clear();
        for c in source.chars() {
            let special = if extended { ".[]*+?(){}|^$\\" } else { ".[]*^$\\" };
            if special.contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
    }
    let (open, close) = if extended { ("(", ")") } else { ("\\(", "\\)") };
    if word {
        text = format!("\\b{open}{text}{close}\\b");
    }
    if line {
        text = format!("^{open}{text}{close}$");
    }
    text
}

fn walk(ctx: &mut Ctx, path: &str, depth: u32, out: &mut Vec<Text>) {
    let Ok(stat) = ctx.sys.stat(path) else {
        out.push(path.into());
        return;
    };
    if stat.kind != FileType::Dir {
        out.push(path.into());
        return;
    }
    if depth < MAX_DEPTH {
        for name in ctx.sys.read_dir(path).unwrap_or_default() {
            walk(ctx, &format!("{}/{name}", path.trim_end_matches('/')), depth + 1, out);
        }
    }
}

impl Grep {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn show(&mut self, ctx: &mut Ctx, number: u64, text: &str, mark: char) {
        let mut line = String::new();
        let paint = |code: &str, text: &str| {
            if self.color { format!("\x1b[{code}m\x1b[K{text}\x1b[m\x1b[K") } else { text.to_owned() }
        };
        let separator = paint("36", &mark.to_string());
        if self.names {
            line.push_str(&(paint("35", &self.name) + &separator));
        }
        if self.has('n') {
            line.push_str(&(paint("32", &number.to_string()) + &separator));
        }
        if self.color && mark == ':' && !self.has('v') {
            let chars: Vec<char> = text.chars().collect();
            let mut at = 0;
            while let Some((a, b)) = self.next_match(&chars, at).filter(|(a, b)| b > a) {
                line.extend(&chars[at..a]);
                line.push_str(&paint("01;31", &chars[a..b].iter().collect::<String>()));
                at = b;
            }
            line.extend(&chars[at..]);
        } else {
            line.push_str(text);
        }
        line.push('\n');
        ctx.print(line);
        self.last_shown = number;
    }

    fn line(&mut self, ctx: &mut Ctx, bytes: &[u8]) -> Go {
        self.number += 1;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let chars: Vec<char> = text.chars().collect();
        let found = self.patterns.iter().any(|p| p.find(&chars, 0).is_some());
        if found == self.has('v') {
            self.context(ctx, text);
            return Go::On;
        }
        self.hits += 1;
        self.any = true;
        if self.has('q') {
            return Go::Stop;
        }
        if self.has('l') || self.has('L') {
            return Go::NextFile;
        }
        if self.has('c') {
        } else if self.has('o') {
            self.show_parts(ctx, &chars);
        } else {
            let first = self.number - self.held.len() as u64;
            if (self.before > 0 || self.after > 0) && self.last_shown > 0 && first > self.last_shown + 1 {
                ctx.print("--\n");
            }
            for (number, text) in std::mem::take(&mut self.held) {
                self.show(ctx, number, &text, '-');
            }
            let number = self.number;
            self.show(ctx, number, &text, ':');
            self.follow = self.after;
        }
        if self.hits >= self.max { Go::NextFile } else { Go::On }
    }

    fn context(&mut self, ctx: &mut Ctx, text: String) {
        if self.follow > 0 {
            self.follow -= 1;
            let number = self.number;
            self.show(ctx, number, &text, '-');
        } else if self.before > 0 {
            if self.held.len() >= self.before {
                self.held.pop_front();
            }
            self.held.push_back((self.number, text));
        }
    }

    /// The first and then longest match from a place on.
    fn next_match(&self, chars: &[char], from: usize) -> Option<(usize, usize)> {
        let found = self.patterns.iter().filter_map(|p| p.find(chars, from)).map(|m| m.whole());
        found.min_by_key(|(a, b)| (*a, usize::MAX - b))
    }

    fn show_parts(&mut self, ctx: &mut Ctx, chars: &[char]) {
        let mut from = 0;
        while from <= chars.len() {
            let Some((a, b)) = self.next_match(chars, from) else { return };
            if b > a {
                let part: String = chars[a..b].iter().collect();
                let number = self.number;
                self.show(ctx, number, &part, ':');
            }
            from = if b > a { b } else { b + 1 };
        }
    }
}

impl Filter for Grep {
    fn open(&mut self, name: &str, _: &mut Ctx) {
        self.name = if name == "-" { "(standard input)".into() } else { name.into() };
        self.number = 0;
        self.hits = 0;
        self.held.clear();
        self.follow = 0;
        self.last_shown = 0;
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        for line in self.lines.push(data) {
            let go = self.line(ctx, &line);
            if go != Go::On {
                self.lines = Lines::default();
                if go == Go::NextFile {
                    self.close(ctx);
                }
                return go;
            }
        }
        Go::On
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        if let Some(line) = self.lines.finish()
            && self.line(ctx, &line) == Go::Stop
        {
            return Go::Stop;
        }
        let name = self.name.clone();
        if self.has('l') && self.hits > 0 || self.has('L') && self.hits == 0 {
            ctx.print(format!("{name}\n"));
        } else if self.has('c') && !self.has('l') && !self.has('q') {
            let prefix = if self.names { format!("{name}:") } else { String::new() };
            ctx.print(format!("{prefix}{}\n", self.hits));
        }
        Go::On
    }
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        // busybox passes directories over without a word.
        let quiet = error == Errno::EISDIR && ctx.busybox();
        self.directories |= quiet;
        if !self.has('s') && !quiet {
            ctx.fail(&format!("{name}: {}", error.text()));
        }
    }
    fn end(&mut self, _: &mut Ctx, failed: bool) -> i32 {
        let failed = failed && !self.directories;
        if failed && !(self.any && self.has('q')) { 2 } else { i32::from(!self.any) }
    }
    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
