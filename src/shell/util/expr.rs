//! `expr`.

use super::ctx::Ctx;
use super::regex::Regex;
use crate::api::Text;

struct Parser {
    words: Vec<Text>,
    at: usize,
    depth: u32,
    busybox: bool,
}

type Value = Result<String, String>;

/// Operators by their precedence, from the weakest.
const LEVELS: [&[&str]; 6] =
    [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];

/// How deep parentheses may nest.
const MAX_DEPTH: u32 = 60;

/// `expr`.
pub fn expr(ctx: &mut Ctx) -> i32 {
    let mut p = Parser { words: ctx.args[1..].to_vec(), at: 0, depth: 0, busybox: ctx.busybox() };
    if p.words.is_empty() {
        if ctx.busybox() {
            ctx.fail("too few arguments");
        } else {
            ctx.fail("missing operand");
            ctx.err("Try 'expr --help' for more information.\n");
        }
        return 2;
    }
    let busybox = ctx.busybox();
    let result = p.binary(0).map_err(|e| if busybox { e.replace("non-integer", "non-numeric") } else { e });
    match result {
        Ok(text) if p.at == p.words.len() => {
            let zero = text.is_empty() || text == "0";
            ctx.print(text + "\n");
            i32::from(zero)
        }
        Ok(_) => {
            let extra = p.words[p.at].clone();
            let text = if ctx.busybox() {
                "syntax error".to_owned()
            } else {
                format!("syntax error: unexpected argument ‘{extra}’")
            };
            ctx.fail(&text);
            2
        }
        Err(error) => {
            ctx.fail(&error);
            2
        }
    }
}

impl Parser {
    fn next(&mut self) -> Option<Text> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn binary(&mut self, level: usize) -> Value {
        let Some(ops) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.binary(level + 1)?;
        while let Some(op) = self.words.get(self.at).cloned().filter(|w| ops.contains(&&**w)) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = apply(&op, left, right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Value {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("syntax error".into());
        }
        let Some(word) = self.next() else {
            let before = self.at.checked_sub(2).and_then(|i| self.words.get(i));
            return Err(match before {
                Some(word) if !self.busybox => format!("syntax error: missing argument after ‘{word}’"),
                _ => "syntax error".into(),
            });
        };
        let value = match &*word {
            "(" => {
                let inner = self.binary(0)?;
                match self.next() {
                    Some(w) if &*w == ")" => Ok(inner),
                    _ => Err("syntax error".into()),
                }
            }
            "length" if self.at < self.words.len() => Ok(self.primary()?.chars().count().to_string()),
            "match" if self.at + 1 < self.words.len() => {
                let (text, pattern) = (self.primary()?, self.primary()?);
                apply(":", text, pattern)
            }
            "index" if self.at + 1 < self.words.len() => {
                let (text, set) = (self.primary()?, self.primary()?);
                Ok(text.chars().position(|c| set.contains(c)).map_or(0, |n| n + 1).to_string())
            }
            "substr" if self.at + 2 < self.words.len() => {
                let (text, from, len) = (self.primary()?, self.primary()?, self.primary()?);
                let from: usize = from.parse().unwrap_or(0);
                let len: usize = len.parse().unwrap_or(0);
                Ok(if from == 0 { String::new() } else { text.chars().skip(from - 1).take(len).collect() })
            }
            word => Ok(word.to_owned()),
        };
        self.depth -= 1;
        value
    }
}

fn apply(op: &str, a: String, b: String) -> Value {
    let truth = |t: &str| !t.is_empty() && t != "0";
    let numbers = a.parse::<i64>().ok().zip(b.parse::<i64>().ok());
    Ok(match op {
        "|" => {
            if truth(&a) {
                a
            } else if truth(&b) {
                b
            } else {
                "0".into()
            }
        }
        "&" => {
            if truth(&a) && truth(&b) {
                a
            } else {
                "0".into()
            }
        }
        ":" => {
            let regex = Regex::new(&format!("^{}", b.trim_start_matches('^')), false, false)?;
            let chars: Vec<char> = a.chars().collect();
            let groups = b.contains("\\(");
            match regex.find(&chars, 0) {
                Some(m) if groups => m
                    .groups
                    .get(1)
                    .copied()
                    .flatten()
                    .map_or(String::new(), |(x, y)| chars[x..y].iter().collect()),
                Some(m) => (m.whole().1 - m.whole().0).to_string(),
                None if groups => String::new(),
                None => "0".into(),
            }
        }
        "+" | "-" | "*" | "/" | "%" => {
            let Some((x, y)) = numbers else { return Err("non-integer argument".into()) };
            let value = match op {
                "+" => x.checked_add(y),
                "-" => x.checked_sub(y),
                "*" => x.checked_mul(y),
                _ if y == 0 => return Err("division by zero".into()),
                "/" => x.checked_div(y),
                _ => x.checked_rem(y),
            };
            value.ok_or("Numerical result out of range")?.to_string()
        }
        _ => {
            let order = match numbers {
                Some((x, y)) => x.cmp(&y),
                None => a.cmp(&b),
            };
            let holds = match op {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                _ => order.is_gt(),
            };
            i32::from(holds).to_string()
        }
    })
}
