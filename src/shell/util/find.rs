//! `find`: the tests and actions that people use; `-exec` is run after the search.

use super::ctx::Ctx;
use super::regex::Regex;
use super::time::Runner;
use crate::api::Text;
use crate::os::program::{Errno, FileType, Program, Stat};
use crate::shell::pattern::Pattern;

/// How deep directories are followed, and how many files are looked at.
const MAX_DEPTH: u32 = 64;
const MAX_FILES: usize = 500_000;

#[derive(Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

#[derive(Debug)]
enum Test {
    Name(Pattern, bool),
    Path(Pattern),
    Kind(char),
    Empty,
    Regex(Regex),
    Size(i64, char, u64),
    Age(i64, char, i64),
    Newer(i64),
    Perm(u32, char),
    User(u32),
    True(bool),
    Print(char),
    Printf(String),
    Prune,
    Delete,
    Exec(Vec<Text>, bool),
}

struct Find {
    words: Vec<Text>,
    at: usize,
    min: u32,
    max: u32,
    depth_first: bool,
    acts: bool,
    commands: Vec<Vec<Text>>,
    seen: usize,
    status: i32,
    pruned: bool,
}

/// `find`.
pub fn find(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let words = ctx.args[1..].to_vec();
    let first =
        words.iter().position(|w| w.starts_with(['-', '(', '!']) && !w.is_empty()).unwrap_or(words.len());
    let mut roots = words[..first].to_vec();
    if roots.is_empty() {
        roots.push(".".into());
    }
    let mut f = Find {
        words: words[first..].to_vec(),
        at: 0,
        min: 0,
        max: MAX_DEPTH,
        depth_first: false,
        acts: false,
        commands: Vec::new(),
        seen: 0,
        status: 0,
        pruned: false,
    };
    let tree = match f.or(ctx, 0) {
        Ok(tree) if f.at == f.words.len() => tree,
        Ok(_) => return Err(f.unknown(ctx)),
        Err(status) => return Err(status),
    };
    for root in roots {
        match ctx.sys.lstat(&root) {
            Ok(stat) => f.walk(ctx, &tree, &root, &stat, 0),
            Err(error) => f.complain(ctx, &root, error),
        }
    }
    gather(&tree, &mut f.commands);
    let commands = std::mem::take(&mut f.commands);
    Ok(Box::new(Runner::new(ctx, commands, f.status, false)))
}

/// What `-printf` prints of a file: the directives that people use.
fn printed(ctx: &Ctx, format: &str, path: &str, stat: &Stat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
        text.push_str(&match chars.next() {
            Some('f') => super::files::base(path).to_owned(),
            Some('p') => path.to_owned(),
            Some('P') => path.split_once('/').map_or(String::new(), |(_, rest)| rest.to_owned()),
            Some('h') => dir.to_owned(),
            Some('s') => stat.size.to_string(),
            Some('m') => format!("{:o}", stat.mode),
            Some('M') => super::mode::text(stat),
            Some('u') => super::ls::name_of(ctx, "/etc/passwd", stat.uid),
            Some('g') => super::ls::name_of(ctx, "/etc/group", stat.gid),
            Some('U') => stat.uid.to_string(),
            Some('G') => stat.gid.to_string(),
            Some('l') => stat.target.as_ref().map_or(String::new(), |t| t.to_string()),
            Some('d') => path.matches('/').count().to_string(),
            Some('y') => match stat.kind {
                FileType::Dir => "d",
                FileType::Symlink => "l",
                FileType::Fifo => "p",
                FileType::CharDevice => "c",
                FileType::Socket => "s",
                FileType::File => "f",
            }
            .to_owned(),
            Some(mark @ ('T' | 'A' | 'C')) => match chars.next() {
                Some('@') => format!(
                    "{}.{:010}",
                    stat.mtime_micros / 1_000_000,
                    stat.mtime_micros % 1_000_000 * 10_000
                ),
                Some(letter) => super::date::format(stat.mtime_micros, &format!("%{letter}")),
                None => format!("%{mark}"),
            },
            Some('t') => super::date::format(stat.mtime_micros, "%a %b %e %H:%M:%S.%N %Y"),
            Some('%') | None => "%".into(),
            Some(other) => format!("%{other}"),
        });
    }
    crate::shell::text::unescape(&text, crate::shell::text::Escapes::Printf, &mut bytes);
    bytes
}

/// Commands that gather their files (`-exec … +`) are complete only at the end.
fn gather(_: &Node, commands: &mut Vec<Vec<Text>>) {
    let mut out: Vec<Vec<Text>> = Vec::new();
    for mut command in commands.drain(..) {
        let joined = command.last().is_some_and(|w| *w == "\u{0}+");
        if joined {
            command.pop();
            let file = command.pop().unwrap_or_default();
            match out.iter_mut().find(|c| c.starts_with(&command) && c.len() > command.len()) {
                Some(before) => before.push(file),
                None => {
                    command.push(file);
                    out.push(command);
                }
            }
        } else {
            out.push(command);
        }
    }
    *commands = out;
}

impl Find {
    fn complain(&mut self, ctx: &mut Ctx, path: &str, error: Errno) {
        let quote = if ctx.busybox() { ("", "") } else { ("‘", "’") };
        ctx.fail(&format!("{}{path}{}: {}", quote.0, quote.1, error.text()));
        self.status = 1;
    }

    fn unknown(&self, ctx: &mut Ctx) -> i32 {
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        if ctx.busybox() {
            ctx.fail(&format!("unrecognized: {word}"));
            super::usage::print(ctx, "find");
        } else {
            ctx.fail(&format!("unknown predicate `{word}'"));
        }
        1
    }

    fn next(&mut self) -> Option<Text> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", |w| w)
    }

    fn or(&mut self, ctx: &mut Ctx, depth: u32) -> Result<Node, i32> {
        let mut nodes = vec![self.and(ctx, depth)?];
        while matches!(self.peek(), "-o" | "-or") {
            self.at += 1;
            nodes.push(self.and(ctx, depth)?);
        }
        Ok(Node::Or(nodes))
    }

    fn and(&mut self, ctx: &mut Ctx, depth: u32) -> Result<Node, i32> {
        let mut nodes = Vec::new();
        while self.at < self.words.len() && !matches!(self.peek(), "-o" | "-or" | ")") {
            if matches!(self.peek(), "-a" | "-and") {
                self.at += 1;
                continue;
            }
            nodes.push(self.primary(ctx, depth)?);
        }
        Ok(Node::And(nodes))
    }

    fn primary(&mut self, ctx: &mut Ctx, depth: u32) -> Result<Node, i32> {
        if depth > MAX_DEPTH {
            return Err(1);
        }
        let word = self.next().unwrap_or_default();
        if matches!(&*word, "!" | "-not") {
            return Ok(Node::Not(Box::new(self.primary(ctx, depth + 1)?)));
        }
        if &*word == "(" {
            let inner = self.or(ctx, depth + 1)?;
            self.at += usize::from(self.peek() == ")");
            return Ok(inner);
        }
        let plain = match &*word {
            "-empty" => Some(Test::Empty),
            "-print" => Some(Test::Print('\n')),
            "-print0" => Some(Test::Print('\0')),
            "-prune" => Some(Test::Prune),
            "-true" | "-xdev" | "-mount" | "-noleaf" | "-follow" | "-L" | "-H" => Some(Test::True(true)),
            "-false" => Some(Test::True(false)),
            // The recorded busybox is built without it.
            "-delete" if !ctx.busybox() => Some(Test::Delete),
            "-depth" | "-d" => {
                self.depth_first = true;
                Some(Test::True(true))
            }
            _ => None,
        };
        if let Some(test) = plain {
            self.acts |= matches!(test, Test::Print(_) | Test::Delete);
            self.depth_first |= matches!(test, Test::Delete);
            return Ok(Node::Test(test));
        }
        if matches!(&*word, "-exec" | "-ok" | "-execdir") {
            return self.exec(ctx);
        }
        let known = [
            "-name",
            "-iname",
            "-path",
            "-wholename",
            "-regex",
            "-iregex",
            "-type",
            "-maxdepth",
            "-mindepth",
            "-size",
            "-mtime",
            "-mmin",
            "-newer",
            "-perm",
            "-user",
            "-printf",
        ];
        if !known.contains(&&*word) {
            self.at -= 1;
            return Err(self.unknown(ctx));
        }
        let Some(value) = self.next() else {
            ctx.fail(&if ctx.busybox() {
                format!("missing argument to '{word}'")
            } else {
                format!("missing argument to `{word}'")
            });
            return Err(1);
        };
        self.valued(ctx, &word, &value)
    }

    fn valued(&mut self, ctx: &mut Ctx, word: &str, value: &str) -> Result<Node, i32> {
        let (sign, digits) = match value.as_bytes().first() {
            Some(b'+') => ('+', &value[1..]),
            Some(b'-') => ('-', &value[1..]),
            _ => ('=', value),
        };
        let number = digits.trim_end_matches(|c: char| c.is_alphabetic()).parse::<i64>().unwrap_or(0);
        Ok(Node::Test(match word {
            "-name" => Test::Name(Pattern::new(value), false),
            "-iname" => Test::Name(Pattern::new(&value.to_lowercase()), true),
            "-path" | "-wholename" => Test::Path(Pattern::new(value)),
            "-regex" | "-iregex" => match Regex::new(&format!("^({value})$"), true, word == "-iregex") {
                Ok(regex) => Test::Regex(regex),
                Err(error) => {
                    ctx.fail(error);
                    return Err(1);
                }
            },
            "-type" if !value.chars().all(|c| "bcdpflsD,".contains(c)) && !ctx.busybox() => {
                ctx.fail(&format!("Unknown argument to -type: {value}"));
                return Err(1);
            }
            "-type" => Test::Kind(value.chars().next().unwrap_or('f')),
            "-printf" if !ctx.busybox() => {
                self.acts = true;
                Test::Printf(value.to_owned())
            }
            "-maxdepth" => {
                self.max = u32::try_from(number).unwrap_or(0).min(MAX_DEPTH);
                Test::True(true)
            }
            "-mindepth" => {
                self.min = u32::try_from(number).unwrap_or(0);
                Test::True(true)
            }
            "-size" => {
                let unit = match digits.chars().last() {
                    Some('c') => 1,
                    Some('k') => 1 << 10,
                    Some('M') => 1 << 20,
                    Some('G') => 1 << 30,
                    _ => 512,
                };
                Test::Size(number, sign, unit)
            }
            "-mtime" => Test::Age(number, sign, 86_400_000_000),
            "-mmin" => Test::Age(number, sign, 60_000_000),
            "-newer" => Test::Newer(ctx.sys.stat(value).map_or(0, |s| s.mtime_micros)),
            "-perm" => Test::Perm(u32::from_str_radix(digits, 8).unwrap_or(0), sign),
            "-user" => Test::User(if value == "root" { 0 } else { value.parse().unwrap_or(u32::MAX) }),
            _ => return Err(ctx.not_simulated(word)),
        }))
    }

    fn exec(&mut self, ctx: &mut Ctx) -> Result<Node, i32> {
        let mut command = Vec::new();
        loop {
            match self.next() {
                Some(w) if &*w == ";" => break,
                Some(w) if &*w == "+" && command.last().is_some_and(|l: &Text| &**l == "{}") => {
                    self.acts = true;
                    return Ok(Node::Test(Test::Exec(command, true)));
                }
                Some(w) => command.push(w),
                None => {
                    ctx.fail(&if ctx.busybox() {
                        "missing argument to '-exec'".to_owned()
                    } else {
                        "missing argument to `-exec'".to_owned()
                    });
                    return Err(1);
                }
            }
        }
        self.acts = true;
        Ok(Node::Test(Test::Exec(command, false)))
    }

    fn walk(&mut self, ctx: &mut Ctx, tree: &Node, path: &str, stat: &Stat, depth: u32) {
        self.seen += 1;
        if self.seen > MAX_FILES || depth > self.max {
            return;
        }
        self.pruned = false;
        if !self.depth_first && depth >= self.min {
            self.visit(ctx, tree, path, stat);
        }
        if stat.kind == FileType::Dir && depth < self.max && !self.pruned {
            match ctx.sys.read_dir(path) {
                Ok(names) => {
                    for name in names {
                        let full =
                            format!("{}/{name}", if path == "/" { "" } else { path.trim_end_matches('/') });
                        if let Ok(stat) = ctx.sys.lstat(&full) {
                            self.walk(ctx, tree, &full, &stat, depth + 1);
                        }
                    }
                }
                Err(error) => self.complain(ctx, path, error),
            }
        }
        if self.depth_first && depth >= self.min {
            self.visit(ctx, tree, path, stat);
        }
    }

    fn visit(&mut self, ctx: &mut Ctx, tree: &Node, path: &str, stat: &Stat) {
        if self.holds(ctx, tree, path, stat) && !self.acts {
            ctx.print(format!("{path}\n"));
        }
    }

    fn holds(&mut self, ctx: &mut Ctx, node: &Node, path: &str, stat: &Stat) -> bool {
        match node {
            Node::And(list) => list.iter().all(|n| self.holds(ctx, n, path, stat)),
            Node::Or(list) => list.iter().any(|n| self.holds(ctx, n, path, stat)),
            Node::Not(inner) => !self.holds(ctx, inner, path, stat),
            Node::Test(test) => self.test(ctx, test, path, stat),
        }
    }

    fn test(&mut self, ctx: &mut Ctx, test: &Test, path: &str, stat: &Stat) -> bool {
        let compare = |have: i64, want: i64, sign: char| match sign {
            '+' => have > want,
            '-' => have < want,
            _ => have == want,
        };
        let name = super::files::base(path);
        match test {
            Test::Name(p, fold) => {
                if *fold {
                    p.matches(&name.to_lowercase())
                } else {
                    p.matches(name)
                }
            }
            Test::Path(p) => p.matches(path),
            Test::Regex(r) => r.matches(path),
            Test::Kind(c) => {
                let kind = match stat.kind {
                    FileType::File => 'f',
                    FileType::Dir => 'd',
                    FileType::Symlink => 'l',
                    FileType::CharDevice => 'c',
                    FileType::Fifo => 'p',
                    FileType::Socket => 's',
                };
                kind == *c
            }
            Test::Empty => match stat.kind {
                FileType::File => stat.size == 0,
                FileType::Dir => ctx.sys.read_dir(path).is_ok_and(|n| n.is_empty()),
                _ => false,
            },
            Test::Size(n, sign, unit) => {
                // busybox compares bytes, GNU units begun.
                if ctx.busybox() {
                    return compare(stat.size as i64, n.saturating_mul(*unit as i64), *sign);
                }
                compare(stat.size.div_ceil(*unit) as i64, *n, *sign)
            }
            Test::Age(n, sign, unit) => {
                compare((ctx.sys.wall_micros() - stat.mtime_micros).div_euclid(*unit), *n, *sign)
            }
            Test::Newer(t) => stat.mtime_micros > *t,
            Test::Perm(bits, '-') => stat.mode & bits == *bits,
            Test::Perm(bits, _) => stat.mode == *bits,
            Test::User(uid) => stat.uid == *uid,
            Test::True(b) => *b,
            Test::Prune => {
                self.pruned = true;
                true
            }
            Test::Print(end) => {
                ctx.print(format!("{path}{end}"));
                true
            }
            Test::Printf(format) => {
                let text = printed(ctx, format, path, stat);
                ctx.print(text);
                true
            }
            Test::Delete => {
                let done =
                    if stat.kind == FileType::Dir { ctx.sys.rmdir(path) } else { ctx.sys.unlink(path) };
                done.is_ok()
            }
            Test::Exec(words, joined) => {
                let mut command: Vec<Text> = words.iter().map(|w| w.replace("{}", path).into()).collect();
                if *joined {
                    command.push("\u{0}+".into());
                }
                self.commands.push(command);
                true
            }
        }
    }
}
