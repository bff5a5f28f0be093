//! Brace expansion of bash: `a{b,c}`, `{1..5}`, `{a..e..2}`.

use crate::shell::ast::{Part, Word};

/// The most words that one word may come to.
const MAX_WORDS: usize = 65_536;

/// An item of a word for this purpose: a character or a part that is left alone.
#[derive(Clone)]
enum Item {
    Char(char),
    Other(Part),
}

/// The words that a word stands for.
pub fn expand(word: &Word) -> Vec<Word> {
    let has_brace = word.0.iter().any(|p| matches!(p, Part::Lit(t) if t.contains('{')));
    if !has_brace {
        return vec![word.clone()];
    }
    let mut items = Vec::new();
    for part in &word.0 {
        match part {
            Part::Lit(text) => items.extend(text.chars().map(Item::Char)),
            other => items.push(Item::Other(other.clone())),
        }
    }
    let mut out = Vec::new();
    alternatives(&items, &mut out, 0);
    out.into_iter().map(|items| to_word(&items)).collect()
}

fn to_word(items: &[Item]) -> Word {
    let mut parts = Vec::new();
    let mut text = String::new();
    for item in items {
        match item {
            Item::Char(c) => text.push(*c),
            Item::Other(part) => {
                if !text.is_empty() {
                    parts.push(Part::Lit(std::mem::take(&mut text).into()));
                }
                parts.push(part.clone());
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Lit(text.into()));
    }
    Word(parts)
}

fn alternatives(items: &[Item], out: &mut Vec<Vec<Item>>, depth: u32) {
    let group = if depth < 40 && out.len() < MAX_WORDS { first_group(items) } else { None };
    let Some((open, close, choices)) = group else {
        out.push(items.to_vec());
        return;
    };
    let mut tails = Vec::new();
    alternatives(&items[close + 1..], &mut tails, depth + 1);
    for choice in choices {
        let mut inner = Vec::new();
        alternatives(&choice, &mut inner, depth + 1);
        for middle in &inner {
            for tail in &tails {
                if out.len() >= MAX_WORDS {
                    return;
                }
                let mut whole = items[..open].to_vec();
                whole.extend_from_slice(middle);
                whole.extend_from_slice(tail);
                out.push(whole);
            }
        }
    }
}

/// The first brace that has a comma or a range in it: its place and its choices.
fn first_group(items: &[Item]) -> Option<(usize, usize, Vec<Vec<Item>>)> {
    for (open, item) in items.iter().enumerate() {
        if !matches!(item, Item::Char('{')) {
            continue;
        }
        let mut depth = 0_u32;
        let mut commas = Vec::new();
        for (i, item) in items.iter().enumerate().skip(open) {
            match item {
                Item::Char('{') => depth += 1,
                Item::Char('}') => depth -= 1,
                Item::Char(',') if depth == 1 => commas.push(i),
                _ => {}
            }
            if depth == 0 {
                let choices = if commas.is_empty() {
                    range(&items[open + 1..i])
                } else {
                    commas.push(i);
                    let mut from = open + 1;
                    let cut = commas.iter().map(|to| {
                        let piece = items[from..*to].to_vec();
                        from = to + 1;
                        piece
                    });
                    Some(cut.collect())
                };
                match choices {
                    Some(choices) => return Some((open, i, choices)),
                    None => break,
                }
            }
        }
    }
    None
}

fn range(items: &[Item]) -> Option<Vec<Vec<Item>>> {
    let text: String = items
        .iter()
        .map(|i| match i {
            Item::Char(c) => Some(*c),
            Item::Other(_) => None,
        })
        .collect::<Option<_>>()?;
    let mut pieces = text.split("..");
    let (from, to) = (pieces.next()?, pieces.next()?);
    let step = pieces.next().map_or(Some(1), |s| s.parse::<i64>().ok().map(|s| s.abs().max(1)))?;
    if pieces.next().is_some() {
        return None;
    }
    let texts: Vec<String> = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(a), Ok(b)) => {
            let padded =
                |t: &str| t.trim_start_matches('-').starts_with('0') && t.trim_start_matches('-').len() > 1;
            let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
            steps(a, b, step).map(|n| format!("{n:0width$}")).collect()
        }
        _ => {
            let (mut a, mut b) = (from.chars(), to.chars());
            let (first, last) = (a.next()?, b.next()?);
            if a.next().is_some() || b.next().is_some() || !first.is_ascii() || !last.is_ascii() {
                return None;
            }
            steps(first as i64, last as i64, step).map(|n| char::from(n as u8).to_string()).collect()
        }
    };
    Some(texts.iter().map(|t| t.chars().map(Item::Char).collect()).collect())
}

fn steps(a: i64, b: i64, step: i64) -> impl Iterator<Item = i64> {
    let count = (a.abs_diff(b) / step.unsigned_abs()).min(MAX_WORDS as u64) as i64;
    let sign = if a <= b { step } else { -step };
    (0..=count).map(move |i| a + i * sign)
}
