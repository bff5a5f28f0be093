//! Regular expressions of POSIX, basic and extended, with GNU's additions (`\+`, `\|`, `\w`, `\b`).
//!
//! A pattern becomes a short program that is run with an explicit stack of choices, so no text can overflow
//! the call stack; a limit on steps bounds the time. With alternatives the longest match counts, as in POSIX.

use crate::shell::pattern::{class_named, in_class};

/// How many steps a search may take before it counts as failed.
const MAX_STEPS: u32 = 4_000_000;
/// How long a compiled pattern may be.
const MAX_PROGRAM: usize = 20_000;
/// How deep groups may nest.
const MAX_DEPTH: u32 = 50;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regex {
    program: Vec<Op>,
    groups: usize,
    fold: bool,
    longest: bool,
}

/// Where a pattern matched: group 0 is the whole.
#[derive(Clone, Debug)]
pub struct Match {
    /// Beginning and end of each group, in characters.
    pub groups: Vec<Option<(usize, usize)>>,
}

impl Match {
    /// The whole match.
    pub fn whole(&self) -> (usize, usize) {
        self.groups[0].unwrap_or((0, 0))
    }
}

#[derive(Clone, Debug)]
enum Op {
    Char(char),
    Any,
    Set(Box<Set>),
    /// Tries the first, then the second.
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Begin,
    End,
    /// A word boundary: `b`, `B`, `<`, `>`.
    Word(char),
    Back(usize),
    /// Notes where a repetition began; `Progress` fails if it has not moved since.
    Mark(usize),
    Progress(usize),
    Match,
}

#[derive(Clone, Debug, Default)]
struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
    classes: Vec<&'static str>,
}

impl Set {
    fn has(&self, c: char, fold: bool) -> bool {
        let one = |c: char| {
            self.ranges.iter().any(|(a, b)| *a <= c && c <= *b)
                || self.classes.iter().any(|class| in_class(c, class) || *class == "word" && is_word(c))
        };
        let inside = one(c) || fold && (one(lower(c)) || one(c.to_uppercase().next().unwrap_or(c)));
        inside != self.negated
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Compiler<'a> {
    chars: &'a [char],
    pos: usize,
    extended: bool,
    out: Vec<Op>,
    groups: usize,
    marks: usize,
    depth: u32,
    alternatives: bool,
}

type Compiled<T> = Result<T, &'static str>;

impl Regex {
    /// Compiles a pattern. Errors are the texts of `regcomp`.
    pub fn new(pattern: &str, extended: bool, fold: bool) -> Result<Regex, &'static str> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut c = Compiler {
            chars: &chars,
            pos: 0,
            extended,
            out: vec![Op::Save(0)],
            groups: 1,
            marks: 0,
            depth: 0,
            alternatives: false,
        };
        c.alternation()?;
        if c.pos < chars.len() {
            return Err("Unmatched ) or \\)");
        }
        c.out.push(Op::Save(1));
        c.out.push(Op::Match);
        Ok(Regex { program: c.out, groups: c.groups, fold, longest: c.alternatives })
    }

    /// The first match at or behind `from`.
    pub fn find(&self, text: &[char], from: usize) -> Option<Match> {
        let mut steps = 0;
        for start in from..=text.len() {
            if let Some(Op::Char(c)) = self.program.get(1)
                && !text.get(start).is_some_and(|t| self.same(*t, *c))
            {
                continue;
            }
            if let Some(found) = self.run(text, start, &mut steps) {
                return Some(found);
            }
            if steps > MAX_STEPS {
                return None;
            }
        }
        None
    }

    /// Whether it matches anywhere.
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.find(&chars, 0).is_some()
    }

    fn same(&self, a: char, b: char) -> bool {
        a == b || self.fold && lower(a) == lower(b)
    }

    fn run(&self, text: &[char], start: usize, steps: &mut u32) -> Option<Match> {
        let slots = self.groups * 2;
        let mut best: Option<Vec<usize>> = None;
        let mut stack: Vec<(usize, usize, Vec<usize>)> = vec![(0, start, vec![usize::MAX; slots + 40])];
        while let Some((mut pc, mut at, mut saved)) = stack.pop() {
            loop {
                *steps += 1;
                if *steps > MAX_STEPS {
                    return best.map(|b| self.result(&b));
                }
                let ok = match &self.program[pc] {
                    Op::Char(c) => text.get(at).is_some_and(|t| self.same(*t, *c)) && step(&mut at),
                    Op::Any => at < text.len() && step(&mut at),
                    Op::Set(set) => text.get(at).is_some_and(|t| set.has(*t, self.fold)) && step(&mut at),
                    Op::Begin => at == 0,
                    Op::End => at == text.len(),
                    Op::Word(kind) => word_boundary(text, at, *kind),
                    Op::Back(group) => self.back(text, &mut at, saved[group * 2], saved[group * 2 + 1]),
                    Op::Split(first, second) => {
                        stack.push((*second, at, saved.clone()));
                        pc = *first;
                        continue;
                    }
                    Op::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Op::Save(slot) => {
                        saved[*slot] = at;
                        true
                    }
                    Op::Mark(n) => {
                        saved[slots + n % 40] = at;
                        true
                    }
                    Op::Progress(n) => saved[slots + n % 40] != at,
                    Op::Match => {
                        if best.as_ref().is_none_or(|b| b[1] < at) {
                            best = Some(saved);
                        }
                        break;
                    }
                };
                if !ok {
                    break;
                }
                pc += 1;
            }
            if best.is_some() && !self.longest {
                break;
            }
        }
        best.map(|b| self.result(&b))
    }

    fn back(&self, text: &[char], at: &mut usize, from: usize, to: usize) -> bool {
        if from == usize::MAX || to == usize::MAX {
            return false;
        }
        let n = to - from;
        let same = text.len() >= *at + n && (0..n).all(|i| self.same(text[from + i], text[*at + i]));
        *at += n;
        same
    }

    fn result(&self, saved: &[usize]) -> Match {
        let pair = |g: usize| {
            let (a, b) = (saved[g * 2], saved[g * 2 + 1]);
            (a != usize::MAX && b != usize::MAX).then_some((a, b))
        };
        Match { groups: (0..self.groups).map(pair).collect() }
    }
}

fn step(at: &mut usize) -> bool {
    *at += 1;
    true
}

fn word_boundary(text: &[char], at: usize, kind: char) -> bool {
    let before = at > 0 && is_word(text[at - 1]);
    let after = text.get(at).is_some_and(|c| is_word(*c));
    match kind {
        'b' => before != after,
        'B' => before == after,
        '<' => !before && after,
        _ => before && !after,
    }
}

impl Compiler<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    /// Whether an operator stands here: bare in extended, behind a backslash in basic patterns.
    fn operator(&self, c: char) -> bool {
        if self.extended {
            self.peek() == Some(c)
        } else {
            self.peek() == Some('\\') && self.chars.get(self.pos + 1) == Some(&c)
        }
    }

    fn skip_operator(&mut self) {
        self.pos += if self.extended { 1 } else { 2 };
    }

    fn alternation(&mut self) -> Compiled<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("Regular expression too big");
        }
        let begin = self.out.len();
        self.branch()?;
        let mut ends = Vec::new();
        let mut begin = begin;
        while self.operator('|') {
            self.alternatives = true;
            self.skip_operator();
            self.shift(begin, 1);
            ends.push(self.out.len());
            self.out.push(Op::Jump(0));
            self.out[begin] = Op::Split(begin + 1, self.out.len());
            begin = self.out.len();
            self.branch()?;
        }
        let end = self.out.len();
        for i in ends {
            self.out[i] = Op::Jump(end);
        }
        self.depth -= 1;
        Ok(())
    }

    /// Makes room for `n` operations at `at`.
    fn shift(&mut self, at: usize, n: usize) {
        for op in &mut self.out[at..] {
            match op {
                Op::Split(a, b) => {
                    *a += if *a >= at { n } else { 0 };
                    *b += if *b >= at { n } else { 0 };
                }
                Op::Jump(a) => *a += if *a >= at { n } else { 0 },
                _ => {}
            }
        }
        for _ in 0..n {
            self.out.insert(at, Op::Begin);
        }
    }

    fn branch(&mut self) -> Compiled<()> {
        let mut first = true;
        loop {
            if self.peek().is_none()
                || self.operator('|')
                || self.operator(')') && (self.depth > 1 || self.extended)
            {
                if self.depth == 1 && self.operator(')') && self.extended {
                    // A closing parenthesis without an opening one stands for itself in GNU's extended syntax.
                    self.pos += 1;
                    self.out.push(Op::Char(')'));
                    continue;
                }
                return Ok(());
            }
            let begin = self.out.len();
            self.atom(first)?;
            first =
                matches!(self.out.last(), Some(Op::Begin)) && self.out.len() == begin + 1 && !self.extended;
            self.repetitions(begin)?;
            if self.out.len() > MAX_PROGRAM {
                return Err("Regular expression too big");
            }
        }
    }

    fn atom(&mut self, first: bool) -> Compiled<()> {
        let c = self.chars[self.pos];
        if self.operator('(') {
            self.skip_operator();
            let group = self.groups;
            self.groups += 1;
            self.out.push(Op::Save(group * 2));
            self.alternation()?;
            if !self.operator(')') {
                return Err("Unmatched ( or \\(");
            }
            self.skip_operator();
            self.out.push(Op::Save(group * 2 + 1));
            return Ok(());
        }
        self.pos += 1;
        let op = match c {
            '.' => Op::Any,
            '[' => Op::Set(Box::new(self.set()?)),
            '^' if self.extended || first => Op::Begin,
            '$' if self.extended || self.peek().is_none() || self.operator(')') || self.operator('|') => {
                Op::End
            }
            '*' | '+' | '?' if self.extended && first => return Err("Invalid preceding regular expression"),
            '\\' => return self.escape(),
            c => Op::Char(c),
        };
        self.out.push(op);
        Ok(())
    }

    fn escape(&mut self) -> Compiled<()> {
        let Some(c) = self.peek() else { return Err("Trailing backslash") };
        self.pos += 1;
        let class = |name, negated| {
            let classes = vec![name];
            Op::Set(Box::new(Set { negated, classes, ..Set::default() }))
        };
        self.out.push(match c {
            'w' => class("word", false),
            'W' => class("word", true),
            's' => class("space", false),
            'S' => class("space", true),
            'd' if self.extended => class("digit", false),
            'b' | 'B' | '<' | '>' => Op::Word(c),
            'n' => Op::Char('\n'),
            't' => Op::Char('\t'),
            '1'..='9' => {
                let group = c as usize - '0' as usize;
                if group >= self.groups {
                    return Err("Invalid back reference");
                }
                Op::Back(group)
            }
            c => Op::Char(c),
        });
        Ok(())
    }

    fn repetitions(&mut self, begin: usize) -> Compiled<()> {
        loop {
            let (min, max) = if self.peek() == Some('*') {
                self.pos += 1;
                (0, None)
            } else if self.operator('+') {
                self.skip_operator();
                (1, None)
            } else if self.operator('?') {
                self.skip_operator();
                (0, Some(1))
            } else if self.operator('{') {
                match self.interval()? {
                    Some(bounds) => bounds,
                    None => return Ok(()),
                }
            } else {
                return Ok(());
            };
            self.repeat(begin, min, max)?;
        }
    }

    fn interval(&mut self) -> Compiled<Option<(usize, Option<usize>)>> {
        let here = self.pos;
        self.skip_operator();
        let number = |c: &mut Self| {
            let mut n = None;
            while let Some(d) = c.peek().and_then(|c| c.to_digit(10)) {
                n = Some((n.unwrap_or(0_usize) * 10 + d as usize).min(10_000));
                c.pos += 1;
            }
            n
        };
        let min = number(self);
        let mut max = min;
        if self.peek() == Some(',') {
            self.pos += 1;
            max = number(self);
        } else if min.is_none() && self.extended {
            self.pos = here + 1;
            self.out.push(Op::Char('{'));
            return Ok(None);
        }
        if !self.operator('}') {
            return Err("Unmatched { or \\{");
        }
        self.skip_operator();
        let min = min.unwrap_or(0);
        if max.is_some_and(|m| m < min) || min > 255 || max.is_some_and(|m| m > 255) {
            return Err("Invalid content of \\{\\}");
        }
        Ok(Some((min, max)))
    }

    /// Repeats the operations from `begin` on.
    fn repeat(&mut self, begin: usize, min: usize, max: Option<usize>) -> Compiled<()> {
        let unit: Vec<Op> = self.out.split_off(begin);
        let copies = max.unwrap_or(min + 1).max(1);
        if unit.len() * copies + self.out.len() > MAX_PROGRAM {
            return Err("Regular expression too big");
        }
        for _ in 0..min {
            self.append(&unit, begin);
        }
        match max {
            Some(max) => {
                let mut splits = Vec::new();
                for _ in min..max {
                    splits.push(self.out.len());
                    self.out.push(Op::Match);
                    self.append(&unit, begin);
                }
                let end = self.out.len();
                for i in splits {
                    self.out[i] = Op::Split(i + 1, end);
                }
            }
            None => {
                let top = self.out.len();
                let mark = self.marks;
                self.marks += 1;
                self.out.push(Op::Match);
                self.out.push(Op::Mark(mark));
                self.append(&unit, begin);
                self.out.push(Op::Progress(mark));
                self.out.push(Op::Jump(top));
                self.out[top] = Op::Split(top + 1, self.out.len());
            }
        }
        Ok(())
    }

    /// Appends operations that were compiled for another place.
    fn append(&mut self, unit: &[Op], was_at: usize) {
        let now = self.out.len();
        let moved = |a: usize| a - was_at + now;
        self.out.extend(unit.iter().map(|op| match op {
            Op::Split(a, b) => Op::Split(moved(*a), moved(*b)),
            Op::Jump(a) => Op::Jump(moved(*a)),
            op => op.clone(),
        }));
    }

    fn set(&mut self) -> Compiled<Set> {
        let mut set = Set { negated: self.peek() == Some('^'), ..Set::default() };
        self.pos += usize::from(set.negated);
        let first = self.pos;
        loop {
            let Some(c) = self.peek() else { return Err("Unmatched [, [^, [:, [., or [=") };
            if c == ']' && self.pos > first {
                self.pos += 1;
                return Ok(set);
            }
            if c == '[' && self.chars.get(self.pos + 1) == Some(&':') {
                let rest = &self.chars[self.pos + 2..];
                let Some(n) = rest.windows(2).position(|w| w == [':', ']']) else {
                    return Err("Unmatched [, [^, [:, [., or [=");
                };
                let name: String = rest[..n].iter().collect();
                set.classes.push(class_named(&name).ok_or("Invalid character class name")?);
                self.pos += n + 4;
                continue;
            }
            self.pos += 1;
            let from = if c == '\\' && matches!(self.peek(), Some('n' | 't')) {
                self.pos += 1;
                if self.chars[self.pos - 1] == 'n' { '\n' } else { '\t' }
            } else {
                c
            };
            let mut to = from;
            if self.peek() == Some('-') && self.chars.get(self.pos + 1).is_some_and(|c| *c != ']') {
                to = self.chars[self.pos + 1];
                self.pos += 2;
            }
            if to < from {
                return Err("Invalid range end");
            }
            set.ranges.push((from, to));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_what_posix_says() {
        for (pattern, extended, text, expected) in [
            ("a.c", false, "xxabcx", Some("abc")),
            ("a\\(.*\\)c", false, "abbc", Some("abbc")),
            ("(ab|a)(c|bcd)", true, "abcd", Some("abcd")),
            ("^$", false, "", Some("")),
            ("[0-9]+", true, "ab123c", Some("123")),
            ("a\\{2,3\\}", false, "aaaa", Some("aaa")),
            ("\\bfoo\\b", false, "a foo b", Some("foo")),
            ("(a*)*", true, "aab", Some("aa")),
            ("([a-z])\\1", true, "abccd", Some("cc")),
            ("x*", false, "aaa", Some("")),
            ("[[:upper:]][^ ]*", false, "one Two three", Some("Two")),
            ("a|b|cd", true, "xcd", Some("cd")),
            ("*a", false, "*a", Some("*a")),
            ("nothing", false, "some", None),
            ("a?b{2}", true, "abb", Some("abb")),
            ("(foo)?bar$", true, "foobar", Some("foobar")),
        ] {
            let regex = Regex::new(pattern, extended, false).expect(pattern);
            let chars: Vec<char> = text.chars().collect();
            let found = regex.find(&chars, 0).map(|m| {
                let (a, b) = m.whole();
                chars[a..b].iter().collect::<String>()
            });
            assert_eq!(found.as_deref(), expected, "{pattern} on {text}");
        }
        assert!(Regex::new("\\(a", false, false).is_err());
        assert!(Regex::new(&"(".repeat(1000), true, false).is_err());
        let slow = Regex::new("(a*)*b", true, false).expect("valid");
        assert!(slow.find(&['a'; 2000], 0).is_none());
    }
}
