//! The words of a program.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tok {
    Num(f64),
    Str(String),
    Regex(String),
    Name(String),
    Op(&'static str),
    Newline,
    Eof,
}

impl Tok {
    /// Its text in errors.
    pub(super) fn shown(&self) -> String {
        match self {
            Tok::Num(n) => n.to_string(),
            Tok::Str(s) => format!("\"{s}\""),
            Tok::Regex(s) => format!("/{s}/"),
            Tok::Name(s) => s.clone(),
            Tok::Op(op) => (*op).to_owned(),
            Tok::Newline => "newline".into(),
            Tok::Eof => "end of file".into(),
        }
    }
}

pub(super) const OPS: [&str; 44] = [
    "**=", "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "!~", ">>",
    "**", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
    "~", "$", "=", "&", "\\", "@",
];

pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn lex(src: &str) -> Parsed<Vec<Tok>> {
    let b: Vec<char> = src.chars().collect();
    let mut out: Vec<Tok> = Vec::new();
    let mut i = 0;
    while i < b.len() {
        let c = b[i];
        if c == '\n' {
            out.push(Tok::Newline);
            i += 1;
        } else if c.is_whitespace() || c == '\\' && b.get(i + 1) == Some(&'\n') {
            i += if c == '\\' { 2 } else { 1 };
        } else if c == '#' {
            while i < b.len() && b[i] != '\n' {
                i += 1;
            }
        } else if c == '"' {
            let mut raw = String::new();
            i += 1;
            while i < b.len() && b[i] != '"' {
                raw.push(b[i]);
                if b[i] == '\\' && i + 1 < b.len() {
                    i += 1;
                    raw.push(b[i]);
                }
                i += 1;
            }
            i += 1;
            let mut bytes = Vec::new();
            crate::shell::text::unescape(
                &raw.replace("\\/", "/"),
                crate::shell::text::Escapes::Printf,
                &mut bytes,
            );
            out.push(Tok::Str(String::from_utf8_lossy(&bytes).into_owned()));
        } else if c.is_ascii_digit() || c == '.' && b.get(i + 1).is_some_and(char::is_ascii_digit) {
            let start = i;
            while i < b.len() && (b[i].is_ascii_digit() || b[i] == '.') {
                i += 1;
            }
            let digits = 1 + usize::from(matches!(b.get(i + 1), Some('+' | '-')));
            if matches!(b.get(i), Some('e' | 'E')) && b.get(i + digits).is_some_and(char::is_ascii_digit) {
                i += digits;
                while b.get(i).is_some_and(char::is_ascii_digit) {
                    i += 1;
                }
            }
            out.push(Tok::Num(b[start..i].iter().collect::<String>().parse().unwrap_or(0.0)));
        } else if c.is_alphabetic() || c == '_' {
            let start = i;
            while i < b.len() && (b[i].is_alphanumeric() || b[i] == '_') {
                i += 1;
            }
            out.push(Tok::Name(b[start..i].iter().collect()));
        } else if c == '/'
            && !matches!(
                out.last(),
                Some(Tok::Num(_) | Tok::Str(_) | Tok::Name(_) | Tok::Op(")" | "]" | "$" | "++" | "--"))
            )
        {
            let mut raw = String::new();
            i += 1;
            while i < b.len() && b[i] != '/' {
                if b[i] == '\\' && b.get(i + 1) == Some(&'/') {
                    i += 1;
                } else if b[i] == '\\' && i + 1 < b.len() {
                    raw.push(b[i]);
                    i += 1;
                }
                raw.push(b[i]);
                i += 1;
            }
            i += 1;
            out.push(Tok::Regex(raw));
        } else {
            let rest: String = b[i..b.len().min(i + 3)].iter().collect();
            let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) else {
                return Err(format!("unexpected character '{c}'"));
            };
            out.push(Tok::Op(op));
            i += op.chars().count();
        }
    }
    out.push(Tok::Eof);
    Ok(out)
}
