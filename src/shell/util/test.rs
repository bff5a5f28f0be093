//! `test` and `[`.

use super::ctx::{Ctx, Style};
use crate::api::Text;
use crate::os::program::{FileType, Sys};

/// `[ … ]`.
pub fn bracket(ctx: &mut Ctx) -> i32 {
    match ctx.args.last() {
        Some(last) if ctx.args.len() > 1 && &**last == "]" => {
            let n = ctx.args.len();
            let args = ctx.args[1..n - 1].to_vec();
            evaluate(ctx, &args)
        }
        _ => {
            let text = match ctx.style {
                Style::Bash => "missing `]'",
                Style::Gnu => "missing ‘]’",
                _ => "missing ]",
            };
            ctx.fail(text);
            2
        }
    }
}

/// `test`.
pub fn test(ctx: &mut Ctx) -> i32 {
    let args = ctx.args[1.min(ctx.args.len())..].to_vec();
    evaluate(ctx, &args)
}

fn evaluate(ctx: &mut Ctx, args: &[Text]) -> i32 {
    let mut parser = Parser { sys: ctx.sys, style: ctx.style, args, pos: 0, depth: 0 };
    let result = parser.whole();
    match result {
        Ok(truth) => i32::from(!truth),
        Err(text) => {
            ctx.fail(&text);
            2
        }
    }
}

/// How deep parentheses and negations may nest.
const MAX_DEPTH: u32 = 100;

struct Parser<'a> {
    sys: &'a dyn Sys,
    style: Style,
    args: &'a [Text],
    pos: usize,
    depth: u32,
}

const BINARY: [&str; 14] =
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

type Truth = Result<bool, String>;

impl Parser<'_> {
    /// By the number of arguments, as POSIX says; longer ones by grammar.
    fn whole(&mut self) -> Truth {
        let args = self.args;
        match args {
            [] => return Ok(false),
            [one] => return Ok(!one.is_empty()),
            [not, one] if &**not == "!" => return Ok(one.is_empty()),
            [op, one] => {
                return match unary(self.sys, op, one) {
                    Some(truth) => Ok(truth),
                    None => Err(match self.style {
                        Style::Busybox if BINARY.contains(&&**one) => format!("{one}: argument expected"),
                        Style::Busybox => format!("{one}: unknown operand"),
                        Style::Dash => format!("{op}: unexpected operator"),
                        Style::Bash => format!("{op}: unary operator expected"),
                        Style::Gnu => format!("‘{op}’: unary operator expected"),
                    }),
                };
            }
            [a, op, _] if &**op == "==" && self.style == Style::Dash => {
                return Err(format!("{a}: unexpected operator"));
            }
            [a, op, b] if BINARY.contains(&&**op) => return self.binary(a, op, b),
            [not, rest @ ..] if &**not == "!" && rest.len() == 3 && BINARY.contains(&&*rest[1]) => {
                return self.binary(&rest[0], &rest[1], &rest[2]).map(|t| !t);
            }
            _ => {}
        }
        let truth = self.or()?;
        match self.args.get(self.pos) {
            None => Ok(truth),
            Some(extra) => Err(match self.style {
                Style::Busybox => format!("{extra}: unknown operand"),
                Style::Dash => {
                    let before = self.args.get(self.pos.saturating_sub(1)).unwrap_or(extra);
                    format!("{before}: unexpected operator")
                }
                Style::Bash if self.args.len() == 3 => format!("{}: binary operator expected", self.args[1]),
                Style::Bash => "too many arguments".into(),
                Style::Gnu => format!("extra argument ‘{extra}’"),
            }),
        }
    }

    fn next_is(&mut self, text: &str) -> bool {
        let found = self.args.get(self.pos).is_some_and(|a| &**a == text);
        self.pos += usize::from(found);
        found
    }

    fn or(&mut self) -> Truth {
        let mut left = self.and()?;
        while self.next_is("-o") {
            left |= self.and()?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Truth {
        let mut left = self.not()?;
        while self.next_is("-a") {
            left &= self.not()?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Truth {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("expression too deep".into());
        }
        let truth = if self.next_is("!") { self.not().map(|t| !t) } else { self.primary() };
        self.depth -= 1;
        truth
    }

    fn primary(&mut self) -> Truth {
        let Some(first) = self.args.get(self.pos) else { return Err("argument expected".into()) };
        if let Some(op) = self.args.get(self.pos + 1).filter(|o| BINARY.contains(&&***o))
            && let Some(right) = self.args.get(self.pos + 2)
        {
            self.pos += 3;
            return self.binary(first, op, right);
        }
        if &**first == "(" {
            self.pos += 1;
            let truth = self.or()?;
            return if self.next_is(")") { Ok(truth) } else { Err("closing paren expected".into()) };
        }
        if let Some(operand) = self.args.get(self.pos + 1)
            && let Some(truth) = unary(self.sys, first, operand)
        {
            self.pos += 2;
            return Ok(truth);
        }
        self.pos += 1;
        Ok(!first.is_empty())
    }

    fn binary(&self, a: &str, op: &str, b: &str) -> Truth {
        match binary(self.sys, a, op, b) {
            Ok(Some(truth)) => Ok(truth),
            Ok(None) => Err(format!("{op}: unknown operator")),
            Err(bad) => Err(match self.style {
                Style::Busybox => format!("{bad}: bad number"),
                Style::Dash => format!("Illegal number: {bad}"),
                Style::Bash => format!("{bad}: integer expression expected"),
                Style::Gnu => format!("invalid integer ‘{bad}’"),
            }),
        }
    }
}

/// A binary condition; `None` for an unknown operator, the text that is no number as an error.
pub fn binary(sys: &dyn Sys, a: &str, op: &str, b: &str) -> Result<Option<bool>, String> {
    let number = |t: &str| t.trim().parse::<i64>().map_err(|_| t.to_owned());
    let mtime = |p: &str| sys.stat(p).map(|s| s.mtime_micros).ok();
    Ok(Some(match op {
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "-nt" => mtime(a) > mtime(b),
        "-ot" => mtime(a) < mtime(b),
        "-ef" => match (sys.stat(a), sys.stat(b)) {
            (Ok(x), Ok(y)) => x.inode == y.inode,
            _ => false,
        },
        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => compare(op, number(a)?, number(b)?),
        _ => return Ok(None),
    }))
}

/// A comparison of numbers.
pub fn compare(op: &str, a: i64, b: i64) -> bool {
    match op {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        _ => a >= b,
    }
}

/// A unary condition; `None` for an unknown operator.
pub fn unary(sys: &dyn Sys, op: &str, operand: &str) -> Option<bool> {
    let stat = || sys.stat(operand);
    let kind = |k: FileType| sys.stat(operand).is_ok_and(|s| s.kind == k);
    Some(match op {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" | "-a" => stat().is_ok(),
        "-f" => kind(FileType::File),
        "-d" => kind(FileType::Dir),
        "-c" => kind(FileType::CharDevice),
        "-b" => false,
        "-p" => kind(FileType::Fifo),
        "-S" => kind(FileType::Socket),
        "-h" | "-L" => sys.lstat(operand).is_ok_and(|s| s.kind == FileType::Symlink),
        "-s" => stat().is_ok_and(|s| s.size > 0),
        "-r" => sys.access(operand, 4),
        "-w" => sys.access(operand, 2),
        "-x" => sys.access(operand, 1),
        "-u" => stat().is_ok_and(|s| s.mode & 0o4000 != 0),
        "-g" => stat().is_ok_and(|s| s.mode & 0o2000 != 0),
        "-k" => stat().is_ok_and(|s| s.mode & 0o1000 != 0),
        "-O" => stat().is_ok_and(|s| s.uid == sys.uid()),
        "-G" => stat().is_ok_and(|s| s.gid == sys.gid()),
        "-t" => operand.parse().is_ok_and(|fd| sys.is_tty(fd)),
        _ => return None,
    })
}
