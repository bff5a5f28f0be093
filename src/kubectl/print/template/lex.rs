//! From a template's text to its tokens, with the words of Go's `text/template/parse` for what is none.

/// A token with the place where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Offset in the template, in bytes.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text outside of actions.
    Text(String),
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// `.`.
    Dot,
    /// `.name`.
    Field(String),
    /// `$name`; `$` alone has no name.
    Variable(String),
    /// A name: of a function, or a keyword.
    Word(String),
    /// Text in quotes, as it stands there.
    Quoted(String),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// `:=`.
    Declare,
    /// `=`.
    Assign,
    /// White space.
    Space,
    /// `|`, `(`, `)`, `,` and characters that no action knows.
    Sign(char),
}

/// Splits a template; the error begins with the line's number.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let (mut at, mut trim) = (0, false);
    while at < text.len() {
        let open = text[at..].find("{{").map(|i| at + i);
        let mut literal = &text[at..open.unwrap_or(text.len())];
        if trim {
            literal = literal.trim_start();
        }
        let Some(start) = open else {
            out.push(Token { at, end: text.len(), kind: Kind::Text(literal.into()) });
            break;
        };
        let mut inner = start + 2;
        let trims = |i: usize| {
            let mut rest = text[i..].chars();
            rest.next() == Some('-') && rest.next().is_some_and(char::is_whitespace)
        };
        if trims(inner) {
            literal = literal.trim_end();
            inner += 2;
        }
        out.push(Token { at, end: start, kind: Kind::Text(literal.into()) });
        (at, trim) = match text[inner..].strip_prefix("/*") {
            Some(comment) => {
                let end = comment.find("*/").ok_or_else(|| located(text, inner, "unclosed comment"))?;
                closed(text, inner + end + 4)
                    .ok_or_else(|| located(text, inner, "comment ends before closing delimiter"))?
            }
            None => {
                out.push(Token { at: start, end: inner, kind: Kind::Open });
                action(text, inner, &mut out)?
            }
        };
    }
    Ok(out)
}

/// A sentence with the line of a place before it.
pub fn located(text: &str, at: usize, why: &str) -> String {
    let line = 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count();
    format!("{line}: {why}")
}

/// Where the text goes on after a closing delimiter, and whether white space is cut there.
fn closed(text: &str, at: usize) -> Option<(usize, bool)> {
    let rest = &text[at..];
    if rest.starts_with("}}") {
        return Some((at + 2, false));
    }
    let bare = rest.trim_start();
    (bare.len() < rest.len() && bare.starts_with("-}}")).then(|| (text.len() - bare.len() + 3, true))
}

fn action(text: &str, mut at: usize, out: &mut Vec<Token>) -> Result<(usize, bool), String> {
    let bytes = text.as_bytes();
    loop {
        if let Some(after) = closed(text, at) {
            out.push(Token { at, end: after.0, kind: Kind::Close });
            return Ok(after);
        }
        let Some(c) = text[at..].chars().next() else { return Err(located(text, at, "unclosed action")) };
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let name_end = |from: usize| {
            let rest = &text[from..];
            from + rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        };
        let (end, kind) = match c {
            c if c.is_whitespace() => {
                let rest = &text[at..];
                let mut end = at + rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                // White space before `-}}` belongs to the delimiter.
                if end > at + 1 && text[end..].starts_with("-}}") {
                    end -= 1;
                }
                (end, Kind::Space)
            }
            '"' => quoted(text, at)?,
            '`' => match text[at + 1..].find('`') {
                Some(i) => (at + i + 2, Kind::Quoted(text[at + 1..at + 1 + i].into())),
                None => return Err(located(text, at, "unterminated raw quoted string")),
            },
            '\'' => character(text, at)?,
            '$' => {
                let end = name_end(at + 1);
                (end, Kind::Variable(text[at + 1..end].into()))
            }
            '.' if !next.is_ascii_digit() => {
                let end = name_end(at + 1);
                let name = &text[at + 1..end];
                (end, if name.is_empty() { Kind::Dot } else { Kind::Field(name.into()) })
            }
            c if c.is_ascii_digit()
                || matches!(c, '.' | '+' | '-') && (next.is_ascii_digit() || next == b'.') =>
            {
                number(text, at)?
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = name_end(at);
                (end, Kind::Word(text[at..end].into()))
            }
            ':' if next == b'=' => (at + 2, Kind::Declare),
            '=' => (at + 1, Kind::Assign),
            c if c.is_ascii_graphic() && !"-[]{}+".contains(c) => (at + 1, Kind::Sign(c)),
            c => {
                let why = format!("bad character U+{:04X} '{c}'", u32::from(c));
                return Err(located(text, at, &why));
            }
        };
        let ends = |c: char| c.is_whitespace() || ".,|:=()}\"`".contains(c);
        if matches!(kind, Kind::Field(_) | Kind::Dot | Kind::Variable(_) | Kind::Word(_))
            && let Some(c) = text[end..].chars().next().filter(|c| !ends(*c))
        {
            return Err(located(text, at, &format!("bad character U+{:04X} '{c}'", u32::from(c))));
        }
        if matches!(kind, Kind::Field(_) | Kind::Dot | Kind::Variable(_) | Kind::Word(_))
            && text[end..].starts_with('}')
            && !text[end..].starts_with("}}")
        {
            return Err(located(text, at, "bad character U+007D '}'"));
        }
        out.push(Token { at, end, kind });
        at = end;
    }
}

fn quoted(text: &str, at: usize) -> Result<(usize, Kind), String> {
    let mut out = String::new();
    let mut chars = text[at + 1..].char_indices();
    loop {
        let (i, c) = chars.next().ok_or_else(|| located(text, at, "unterminated quoted string"))?;
        match c {
            '"' => return Ok((at + i + 2, Kind::Quoted(out))),
            '\n' => return Err(located(text, at, "unterminated quoted string")),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(c @ ('"' | '\\')) => out.push(c),
                _ => return Err(located(text, at, "invalid syntax")),
            },
            c => out.push(c),
        }
    }
}

/// A character in quotes, which is a number.
fn character(text: &str, at: usize) -> Result<(usize, Kind), String> {
    let mut chars = text[at + 1..].chars();
    let c = match chars.next() {
        Some('\\') => match chars.next() {
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            other => other,
        },
        other => other,
    };
    let rest = chars.as_str();
    match c {
        Some(c) if c != '\n' && rest.starts_with('\'') => {
            Ok((text.len() - rest.len() + 1, Kind::Int(i64::from(u32::from(c)))))
        }
        _ => Err(located(text, at, "unterminated character constant")),
    }
}

fn number(text: &str, at: usize) -> Result<(usize, Kind), String> {
    let rest = &text[at..];
    let unsigned = rest.trim_start_matches(['+', '-']);
    let hex = unsigned.starts_with("0x") || unsigned.starts_with("0X");
    let mut last = ' ';
    let digit = |c: char| {
        let sign = matches!(c, '+' | '-') && matches!(last, ' ' | 'e' | 'E');
        last = c;
        sign || c.is_ascii_digit()
            || matches!(c, '.' | '_' | 'e' | 'E')
            || hex && (c.is_ascii_hexdigit() || matches!(c, 'x' | 'X'))
    };
    let end = at
        + rest
            .find({
                let mut digit = digit;
                move |c| !digit(c)
            })
            .unwrap_or(rest.len());
    let bad = |end: usize| Err(located(text, at, &format!("bad number syntax: {:?}", &text[at..end])));
    if let Some(c) = text[end..].chars().next().filter(|c| c.is_alphanumeric()) {
        return bad(end + c.len_utf8());
    }
    let word = text[at..end].replace('_', "");
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.trim_start_matches('+')),
    };
    let whole = if hex { i64::from_str_radix(&digits[2..], 16).ok() } else { digits.parse().ok() };
    let sign = |n: i64| if negative { -n } else { n };
    match (whole, word.parse::<f64>()) {
        (Some(n), _) => Ok((end, Kind::Int(sign(n)))),
        (None, Ok(f)) => Ok((end, Kind::Float(f))),
        _ => bad(end),
    }
}
