//! Shell patterns: `*`, `?`, `[…]`, with quoted characters as `\c`.
//!
//! Matching backtracks to the last star only, so its cost is bounded by the product of the lengths. bash's
//! `?(…)`, `*(…)`, `+(…)`, `@(…)`, `!(…)` need more; they are tried with a limited number of steps.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    items: Vec<Item>,
    /// Whether capital and small letters are the same.
    fold: bool,
    /// Whether it has groups.
    groups: bool,
}

/// The steps that a pattern with groups may take on one text.
const MAX_STEPS: u32 = 100_000;
/// How deep groups may nest.
const MAX_GROUPS: u32 = 20;

#[derive(Clone, Debug)]
enum Item {
    Star,
    Any,
    Char(char),
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
        classes: Vec<&'static str>,
    },
    /// `?(…)` and the like: the mark and the alternatives.
    Group(char, Vec<Vec<Item>>),
}

/// Names of character classes in `[[:name:]]`.
const CLASSES: [&str; 12] = [
    "alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct", "xdigit", "cntrl", "print",
    "graph",
];

/// The known class of a name.
pub fn class_named(name: &str) -> Option<&'static str> {
    CLASSES.into_iter().find(|c| *c == name)
}

/// Whether a character belongs to a class.
pub fn in_class(c: char, class: &str) -> bool {
    match class {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_ascii_whitespace() || c == '\x0b',
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_control(),
        "graph" => !c.is_control() && !c.is_whitespace(),
        _ => !c.is_control(),
    }
}

/// Puts a backslash before every character that means something in a pattern.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if "*?[]\\-!^()|+@".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Whether a text has an unescaped pattern character. A bracket that is never closed is none: the command `[`
/// must not cost a look at the directory.
pub fn is_pattern(text: &str) -> bool {
    let mut escaped = false;
    let mut open = false;
    text.chars().any(|c| {
        let special = !escaped && (matches!(c, '*' | '?' | '(') || (c == ']' && open));
        open |= !escaped && c == '[';
        escaped = !escaped && c == '\\';
        special
    })
}

/// Takes the escapes out of a pattern.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(text: &str) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        Pattern { items: items(&chars, None), fold: false, groups: false }
    }

    /// Compiles a pattern that may have groups, and for which letters may be the same as their capitals.
    pub fn extended(text: &str, groups: bool, fold: bool) -> Pattern {
        let text = if fold { text.to_lowercase() } else { text.to_owned() };
        let chars: Vec<char> = text.chars().collect();
        let items = items(&chars, groups.then_some(0));
        let groups = items.iter().any(|i| matches!(i, Item::Group(..)));
        Pattern { items, fold, groups }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.matches_chars(&chars)
    }

    /// Whether all of the characters match.
    pub fn matches_chars(&self, text: &[char]) -> bool {
        let folded: Vec<char>;
        let text = if self.fold {
            folded = text.iter().flat_map(|c| c.to_lowercase()).collect();
            &folded
        } else {
            text
        };
        if self.groups {
            return matches_groups(&self.items, text, &mut MAX_STEPS.clone());
        }
        matches_plain(&self.items, text)
    }

    /// The lengths of the beginnings of `text` that match, shortest or longest.
    pub fn prefix(&self, text: &[char], longest: bool) -> Option<usize> {
        let fits = |n: &usize| self.matches_chars(&text[..*n]);
        if longest { (0..=text.len()).rev().find(fits) } else { (0..=text.len()).find(fits) }
    }

    /// Where the shortest or longest matching end of `text` begins.
    pub fn suffix(&self, text: &[char], longest: bool) -> Option<usize> {
        let fits = |n: &usize| self.matches_chars(&text[*n..]);
        if longest { (0..=text.len()).find(fits) } else { (0..=text.len()).rev().find(fits) }
    }
}

/// The items of a pattern; with groups if a depth of them is given.
fn items(chars: &[char], groups: Option<u32>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        i += 1;
        if let Some(depth) = groups
            && depth < MAX_GROUPS
            && "?*+@!".contains(c)
            && chars.get(i) == Some(&'(')
            && let Some((alternatives, next)) = group(chars, i, depth)
        {
            items.push(Item::Group(c, alternatives));
            i = next;
            continue;
        }
        items.push(match c {
            '*' => Item::Star,
            '?' => Item::Any,
            '\\' if i < chars.len() => {
                i += 1;
                Item::Char(chars[i - 1])
            }
            '[' => match set(chars, i) {
                Some((item, next)) => {
                    i = next;
                    item
                }
                None => Item::Char('['),
            },
            c => Item::Char(c),
        });
    }
    items
}

/// The alternatives between the parenthesis at a place and the one that closes it, and the place behind.
fn group(chars: &[char], open: usize, depth: u32) -> Option<(Vec<Vec<Item>>, usize)> {
    let (mut inside, mut from, mut i) = (0_u32, open + 1, open);
    let mut out = Vec::new();
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 1,
            '(' => inside += 1,
            ')' if inside == 1 => {
                out.push(items(&chars[from..i], Some(depth + 1)));
                return Some((out, i + 1));
            }
            ')' => inside -= 1,
            '|' if inside == 1 => {
                out.push(items(&chars[from..i], Some(depth + 1)));
                from = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// Matches items that may be groups; false once the steps are used up.
fn matches_groups(items: &[Item], text: &[char], steps: &mut u32) -> bool {
    if *steps == 0 {
        return false;
    }
    *steps -= 1;
    let Some((first, rest)) = items.split_first() else { return text.is_empty() };
    let cuts = 0..=text.len();
    match first {
        Item::Star => cuts.into_iter().any(|n| matches_groups(rest, &text[n..], steps)),
        Item::Group('!', alternatives) => cuts.rev().any(|n| {
            !alternatives.iter().any(|a| matches_groups(a, &text[..n], steps))
                && matches_groups(rest, &text[n..], steps)
        }),
        Item::Group(mark, alternatives) => {
            let once = matches!(mark, '@' | '?');
            if matches!(mark, '?' | '*') && matches_groups(rest, text, steps) {
                return true;
            }
            cuts.rev().filter(|n| *n > 0 || once || *mark == '+').any(|n| {
                if !alternatives.iter().any(|a| matches_groups(a, &text[..n], steps)) {
                    return false;
                }
                if matches_groups(rest, &text[n..], steps) {
                    return true;
                }
                // Once more, of what is left.
                !once && n > 0 && {
                    let mut again = vec![Item::Group('+', alternatives.clone())];
                    again.extend_from_slice(rest);
                    matches_groups(&again, &text[n..], steps)
                }
            })
        }
        item => text.first().is_some_and(|c| item.accepts(*c)) && matches_groups(rest, &text[1..], steps),
    }
}

fn matches_plain(items: &[Item], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match items.get(p) {
            Some(Item::Star) => {
                star = Some((p, t));
                p += 1;
            }
            Some(item) if item.accepts(text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((sp, st)) => {
                    star = Some((sp, st + 1));
                    p = sp + 1;
                    t = st + 1;
                }
                None => return false,
            },
        }
    }
    items[p..].iter().all(|i| matches!(i, Item::Star))
}

impl Item {
    fn accepts(&self, c: char) -> bool {
        match self {
            Item::Star | Item::Group(..) => false,
            Item::Any => true,
            Item::Char(x) => *x == c,
            Item::Set { negated, ranges, classes } => {
                let inside = ranges.iter().any(|(a, b)| *a <= c && c <= *b)
                    || classes.iter().any(|class| in_class(c, class));
                inside != *negated
            }
        }
    }
}

/// A bracket expression behind its `[`; `None` if it is not closed.
fn set(chars: &[char], mut i: usize) -> Option<(Item, usize)> {
    let negated = matches!(chars.get(i), Some('!' | '^'));
    i += usize::from(negated);
    let (mut ranges, mut classes) = (Vec::new(), Vec::new());
    let first = i;
    loop {
        let mut c = *chars.get(i)?;
        if c == ']' && i > first {
            return Some((Item::Set { negated, ranges, classes }, i + 1));
        }
        if c == '[' && chars.get(i + 1) == Some(&':') {
            let end =
                (i + 2..chars.len().saturating_sub(1)).find(|k| chars[*k] == ':' && chars[*k + 1] == ']');
            if let Some(end) = end {
                let name: String = chars[i + 2..end].iter().collect();
                classes.extend(class_named(&name));
                i = end + 2;
                continue;
            }
        }
        i += 1;
        if c == '\\' {
            c = *chars.get(i)?;
            i += 1;
        }
        let mut end = c;
        if chars.get(i) == Some(&'-') && chars.get(i + 1).is_some_and(|n| *n != ']') {
            end = chars[i + 1];
            i += 2;
            if end == '\\' {
                end = *chars.get(i)?;
                i += 1;
            }
        }
        ranges.push((c, end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_match_as_in_bash() {
        for (pattern, text, expected) in [
            ("*.@(txt|md)", "a.md", true),
            ("*.@(txt|md)", "a.c", false),
            ("+(a)b", "aab", true),
            ("+(a)b", "b", false),
            ("*(a|b)c", "abbac", true),
            ("?(x)y", "y", true),
            ("?(x)y", "xxy", false),
            ("!(*.o)", "a.c", true),
            ("!(*.o)", "a.o", false),
            ("@(a@(b|c)|d)", "ac", true),
            ("@(a", "@(a", true),
            ("+(+(+(+(a))))b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(Pattern::extended(pattern, true, false).matches(text), expected, "{pattern} {text}");
        }
        assert!(Pattern::extended("ABC*", false, true).matches("abcd"));
    }

    #[test]
    fn patterns_match_as_in_posix() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*b", "axxb", true),
            ("a*b", "axxc", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a]", "b", true),
            ("[[:digit:]]*", "1a", true),
            ("[]]", "]", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[", "[", true),
            ("*.t?t", "hello.txt", true),
            ("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
