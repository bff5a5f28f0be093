//! Splitting of expanded text into fields.

use super::Seg;
use crate::shell::pattern;

/// A field: pieces of text that are quoted or not.
#[derive(Debug, Default, Clone)]
pub struct Field(Vec<(String, bool)>);

impl Field {
    fn push(&mut self, text: &str, quoted: bool) {
        match self.0.last_mut() {
            Some((last, q)) if *q == quoted => last.push_str(text),
            _ => self.0.push((text.to_owned(), quoted)),
        }
    }

    /// Whether it has pattern characters that are not quoted.
    pub fn has_pattern(&self) -> bool {
        let unquoted = |(text, quoted): &(String, bool)| !quoted && text.contains(['*', '?', '[', '(']);
        self.0.iter().any(unquoted) && pattern::is_pattern(&self.pattern())
    }

    /// Its text without quotes.
    pub fn text(&self) -> String {
        self.0.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// Its text as a pattern.
    pub fn pattern(&self) -> String {
        let mut out = String::new();
        for (text, quoted) in &self.0 {
            if *quoted { pattern::escape(text, &mut out) } else { out.push_str(text) }
        }
        out
    }
}

/// Splits at the characters of `ifs`, as POSIX says: white space among them gathers, others stand alone.
pub fn split(segs: &[Seg], ifs: &str) -> Vec<Field> {
    let mut out = Vec::new();
    let mut current: Option<Field> = None;
    let mut after_space = false;
    for seg in segs {
        match seg {
            Seg::Break => {
                out.extend(current.take());
                after_space = false;
            }
            Seg::Text { text, quoted, split: false } => {
                if !text.is_empty() || *quoted {
                    current.get_or_insert_default().push(text, *quoted);
                    after_space = false;
                }
            }
            Seg::Text { text, .. } => {
                let mut buffer = [0; 4];
                for c in text.chars() {
                    if !ifs.contains(c) {
                        current.get_or_insert_default().push(c.encode_utf8(&mut buffer), false);
                        after_space = false;
                    } else if matches!(c, ' ' | '\t' | '\n') {
                        if let Some(field) = current.take() {
                            out.push(field);
                            after_space = true;
                        }
                    } else {
                        if !after_space {
                            out.push(current.take().unwrap_or_default());
                        }
                        after_space = false;
                    }
                }
            }
        }
    }
    out.extend(current);
    out
}

/// All text in one, list elements parted by spaces.
pub fn join(segs: &[Seg]) -> String {
    let mut out = String::new();
    for seg in segs {
        match seg {
            Seg::Break => out.push(' '),
            Seg::Text { text, .. } => out.push_str(text),
        }
    }
    out
}

/// All text in one as a pattern.
pub fn pattern(segs: &[Seg]) -> String {
    let mut out = String::new();
    for seg in segs {
        match seg {
            Seg::Break => out.push(' '),
            Seg::Text { text, quoted: true, .. } => pattern::escape(text, &mut out),
            Seg::Text { text, .. } => out.push_str(text),
        }
    }
    out
}
