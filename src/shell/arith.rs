//! Arithmetic: `$((…))`, `((…))`, `let`, subscripts.
//!
//! Expressions are evaluated while they are parsed; what stands on the branch not taken is parsed with
//! `skip` set, which keeps it from being evaluated. Recursion is limited by [`MAX_DEPTH`].

/// How deep parentheses and variables that hold expressions may nest.
pub const MAX_DEPTH: u32 = 60;

/// Access to the shell's variables.
pub trait Numbers {
    /// The text of a variable or of an array's element.
    fn get(&mut self, name: &str, index: Option<&Key>) -> Result<String, String>;
    /// Sets it.
    fn set(&mut self, name: &str, index: Option<&Key>, value: i64) -> Result<(), String>;
    /// Whether subscripts of a variable are texts.
    fn has_texts(&self, _name: &str) -> bool {
        false
    }
    /// Whether only POSIX's operators are known, and variables must hold numbers (dash).
    fn strict(&self) -> bool {
        false
    }
}

/// A subscript.
#[derive(Debug, PartialEq)]
pub enum Key {
    Number(i64),
    Text(String),
}

/// What is wrong with an expression.
#[derive(Debug, PartialEq)]
pub enum ArithError {
    /// An operand is missing; the text from there on.
    Operand(String),
    /// Something follows that cannot; the text from there on.
    Trailing(String),
    /// Division by zero; the divisor's text.
    Zero(String),
    /// Any other (an unset variable under `set -u`, a read-only one).
    Other(String),
}

type Result64 = Result<i64, ArithError>;

/// Evaluates an expression.
pub fn evaluate(text: &str, vars: &mut dyn Numbers) -> Result64 {
    nested(text, vars, 0)
}

fn nested(text: &str, vars: &mut dyn Numbers, depth: u32) -> Result64 {
    let mut e = Eval { src: text, pos: 0, vars, depth, skip: false };
    e.blanks();
    if e.pos >= text.len() {
        return Ok(0);
    }
    let value = e.comma()?;
    e.blanks();
    if e.pos < text.len() { Err(ArithError::Trailing(text[e.pos..].to_owned())) } else { Ok(value) }
}

struct Eval<'a> {
    src: &'a str,
    pos: usize,
    vars: &'a mut dyn Numbers,
    depth: u32,
    skip: bool,
}

/// Binary operators by their precedence, from the weakest; longer ones first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

const ASSIGN: [&str; 11] = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="];

/// A variable that is named in an expression.
struct Place<'a> {
    name: &'a str,
    index: Option<Key>,
}

impl<'a> Eval<'a> {
    fn blanks(&mut self) {
        while self.src.as_bytes().get(self.pos).is_some_and(u8::is_ascii_whitespace) {
            self.pos += 1;
        }
    }

    fn rest(&mut self) -> &'a str {
        self.blanks();
        self.src.get(self.pos..).unwrap_or("")
    }

    fn eat(&mut self, op: &str) -> bool {
        let found = self.rest().starts_with(op);
        if found {
            self.pos += op.len();
        }
        found
    }

    fn deeper(&mut self) -> Result<(), ArithError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ArithError::Other("expression recursion level exceeded".into()));
        }
        Ok(())
    }

    fn comma(&mut self) -> Result64 {
        let mut value = self.ternary()?;
        while !self.vars.strict() && self.eat(",") {
            value = self.ternary()?;
        }
        Ok(value)
    }

    fn ternary(&mut self) -> Result64 {
        self.deeper()?;
        if let Some(value) = self.assignment()? {
            self.depth -= 1;
            return Ok(value);
        }
        let test = self.binary(0)?;
        if !self.eat("?") {
            self.depth -= 1;
            return Ok(test);
        }
        let outer = self.skip;
        self.skip = outer || test == 0;
        let yes = self.ternary()?;
        if !self.eat(":") {
            return Err(ArithError::Operand(self.rest().to_owned()));
        }
        self.skip = outer || test != 0;
        let no = self.ternary()?;
        self.skip = outer;
        self.depth -= 1;
        Ok(if test != 0 { yes } else { no })
    }

    fn place(&mut self) -> Result<Option<Place<'a>>, ArithError> {
        let rest = self.rest();
        let n = rest.bytes().take_while(|b| super::lexer::name_byte(*b)).count();
        if n == 0 || rest.as_bytes()[0].is_ascii_digit() {
            return Ok(None);
        }
        self.pos += n;
        let mut index = None;
        if self.src.as_bytes().get(self.pos) == Some(&b'[') {
            self.pos += 1;
            index = Some(self.key(&rest[..n])?);
            if !self.eat("]") {
                return Err(ArithError::Operand(self.rest().to_owned()));
            }
        }
        Ok(Some(Place { name: &rest[..n], index }))
    }

    fn key(&mut self, name: &str) -> Result<Key, ArithError> {
        if !self.vars.has_texts(name) {
            return Ok(Key::Number(self.comma()?));
        }
        let rest = self.src.get(self.pos..).unwrap_or("");
        let n = rest.find(']').unwrap_or(rest.len());
        self.pos += n;
        Ok(Key::Text(rest[..n].to_owned()))
    }

    fn assignment(&mut self) -> Result<Option<i64>, ArithError> {
        let here = self.pos;
        let Some(place) = self.place()? else { return Ok(None) };
        let rest = self.rest();
        let op = ASSIGN.iter().find(|op| rest.starts_with(**op) && !(**op == "=" && rest.starts_with("==")));
        let Some(op) = op else {
            self.pos = here;
            return Ok(None);
        };
        self.pos += op.len();
        let at = self.pos;
        let right = self.ternary()?;
        if self.skip {
            return Ok(Some(0));
        }
        let value = match op.strip_suffix('=') {
            Some("") | None => right,
            Some(op) => {
                let left = self.value_of(&place)?;
                self.apply(op, left, right, at)?
            }
        };
        self.store(&place, value)?;
        Ok(Some(value))
    }

    fn store(&mut self, place: &Place, value: i64) -> Result<(), ArithError> {
        if self.skip {
            return Ok(());
        }
        self.vars.set(place.name, place.index.as_ref(), value).map_err(ArithError::Other)
    }

    fn value_of(&mut self, place: &Place) -> Result64 {
        if self.skip {
            return Ok(0);
        }
        let text = self.vars.get(place.name, place.index.as_ref()).map_err(ArithError::Other)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(0);
        }
        if let Ok(n) = text.parse::<i64>()
            && !text.starts_with('0')
            && !text.starts_with("-0")
        {
            return Ok(n);
        }
        if self.vars.strict() {
            return strict_number(text).ok_or_else(|| ArithError::Other(format!("Illegal number: {text}")));
        }
        self.deeper()?;
        let value = nested(text, self.vars, self.depth);
        self.depth -= 1;
        value
    }

    fn binary(&mut self, level: usize) -> Result64 {
        let Some(ops) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        loop {
            let rest = self.rest();
            let Some(op) = ops.iter().copied().find(|op| rest.starts_with(*op) && !longer(rest, op)) else {
                return Ok(left);
            };
            self.pos += op.len();
            let outer = self.skip;
            self.skip = outer || op == "||" && left != 0 || op == "&&" && left == 0;
            let at = self.pos;
            let right = self.binary(level + 1)?;
            left = match op {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                _ => self.apply(op, left, right, at)?,
            };
            self.skip = outer;
        }
    }

    fn apply(&mut self, op: &str, a: i64, b: i64, at: usize) -> Result64 {
        Ok(match op {
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            _ if self.skip => 0,
            _ if b == 0 => {
                return Err(ArithError::Zero(self.src.get(at..).unwrap_or("").trim().to_owned()));
            }
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }

    fn power(&mut self) -> Result64 {
        let base = self.unary()?;
        if !self.vars.strict() && self.rest().starts_with("**") && !self.rest().starts_with("**=") {
            self.pos += 2;
            self.deeper()?;
            let exponent = self.power()?;
            self.depth -= 1;
            let mut value = 1_i64;
            let (mut b, mut e) = (base, exponent.max(0));
            while e > 0 {
                if e & 1 == 1 {
                    value = value.wrapping_mul(b);
                }
                b = b.wrapping_mul(b);
                e >>= 1;
            }
            return Ok(value);
        }
        Ok(base)
    }

    fn unary(&mut self) -> Result64 {
        self.deeper()?;
        let value = self.unary_inner();
        self.depth -= 1;
        value
    }

    fn unary_inner(&mut self) -> Result64 {
        let rest = self.rest();
        for (op, delta) in [("++", 1), ("--", -1)] {
            if rest.starts_with(op) && !self.vars.strict() {
                self.pos += 2;
                if let Some(place) = self.place()? {
                    let value = self.value_of(&place)?.wrapping_add(delta);
                    self.store(&place, value)?;
                    return Ok(value);
                }
                self.pos -= 2;
            }
        }
        match rest.as_bytes().first() {
            Some(b'+') => {
                self.pos += 1;
                self.unary()
            }
            Some(b'-') => {
                self.pos += 1;
                Ok(self.unary()?.wrapping_neg())
            }
            Some(b'!') => {
                self.pos += 1;
                Ok(i64::from(self.unary()? == 0))
            }
            Some(b'~') => {
                self.pos += 1;
                Ok(!self.unary()?)
            }
            Some(b'(') => {
                self.pos += 1;
                let value = self.comma()?;
                if !self.eat(")") {
                    return Err(ArithError::Operand(self.rest().to_owned()));
                }
                Ok(value)
            }
            Some(b) if b.is_ascii_digit() => self.number(),
            _ => self.variable(),
        }
    }

    fn variable(&mut self) -> Result64 {
        let Some(place) = self.place()? else { return Err(ArithError::Operand(self.rest().to_owned())) };
        let value = self.value_of(&place)?;
        for (op, delta) in [("++", 1), ("--", -1)] {
            if !self.vars.strict() && self.eat(op) {
                self.store(&place, value.wrapping_add(delta))?;
                break;
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Result64 {
        let rest = self.rest();
        let n = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#' || *b == b'_').count();
        let text = &rest[..n];
        let parsed = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            i64::from_str_radix(hex, 16).ok()
        } else if let Some((base, digits)) = text.split_once('#') {
            let base = base.parse().ok().filter(|b| (2..=36).contains(b));
            base.and_then(|base| i64::from_str_radix(digits, base).ok())
        } else if text.len() > 1 && text.starts_with('0') {
            i64::from_str_radix(text, 8).ok()
        } else {
            text.parse().ok().or_else(|| text.bytes().all(|b| b.is_ascii_digit()).then_some(i64::MAX))
        };
        let Some(value) = parsed else { return Err(ArithError::Trailing(rest.to_owned())) };
        self.pos += n;
        Ok(value)
    }
}

/// A number as C's `strtoimax` reads it, with nothing behind it.
fn strict_number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    i64::from_str_radix(digits, radix).ok().map(|n| sign * n)
}

/// Whether a longer operator begins here than the one that was found.
fn longer(rest: &str, op: &str) -> bool {
    let next = rest.as_bytes().get(op.len()).copied().unwrap_or(0);
    match op {
        "|" => next == b'|' || next == b'=',
        "&" => next == b'&' || next == b'=',
        "<" | ">" => next == op.as_bytes()[0],
        "*" => next == b'*' || next == b'=',
        "^" | "+" | "-" | "/" | "%" | "<<" | ">>" => next == b'=',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::BTreeMap;

    impl Numbers for BTreeMap<String, String> {
        fn get(&mut self, name: &str, _: Option<&Key>) -> Result<String, String> {
            Ok(BTreeMap::get(self, name).cloned().unwrap_or_default())
        }
        fn set(&mut self, name: &str, _: Option<&Key>, value: i64) -> Result<(), String> {
            self.insert(name.into(), value.to_string());
            Ok(())
        }
    }

    #[test]
    fn expressions_have_the_values_of_c() {
        let mut vars = BTreeMap::from([("x".to_owned(), "5".to_owned())]);
        for (text, value) in [
            ("7/2", 3),
            ("2**3", 8),
            ("1<<4", 16),
            ("0x1f", 31),
            ("010", 8),
            ("(1+2)*3", 9),
            ("!0", 1),
            ("x++ + x", 11),
            ("x+=4", 10),
            ("1 ? 2 : 3", 2),
            ("0 && (1/0)", 0),
            ("-2 - -3", 1),
            ("", 0),
            ("5 >= 3 == 1", 1),
            ("y = x * 2, y", 20),
            ("16#ff", 255),
            ("1 | 6 ^ 3 & 2", 5),
        ] {
            assert_eq!(evaluate(text, &mut vars), Ok(value), "{text}");
        }
        assert!(matches!(evaluate("1/0", &mut vars), Err(ArithError::Zero(_))));
        assert!(matches!(evaluate("1+", &mut vars), Err(ArithError::Operand(_))));
        assert!(matches!(evaluate("a b", &mut vars), Err(ArithError::Trailing(_))));
        assert!(evaluate(&"(".repeat(5000), &mut vars).is_err());
    }
}
