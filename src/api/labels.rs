//! Label selectors: as text (`app=web,tier in (a, b),!old`) and as objects (`matchLabels`,
//! `matchExpressions`), in the words of `k8s.io/apimachinery/pkg/labels`.

use crate::api::{Value, names};
use crate::collections::Order;
use std::fmt;

/// How many requirements a selector may have; upstream has no limit but that of a request.
const MAX_REQUIREMENTS: usize = 1_000;

/// What a requirement asks of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equals,
    /// `==`
    DoubleEquals,
    /// `!=`
    NotEquals,
    /// `in`
    In,
    /// `notin`
    NotIn,
    /// The key alone.
    Exists,
    /// `!` and the key.
    DoesNotExist,
    /// `>`
    GreaterThan,
    /// `<`
    LessThan,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is asked.
    pub operator: Operator,
    /// The values to compare with, sorted.
    pub values: Vec<String>,
}

/// A selector: all requirements must hold. The empty one chooses everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The requirements, sorted by key.
    pub requirements: Vec<Requirement>,
    /// Whether nothing is chosen at all: the selector of an absent object.
    nothing: bool,
}

impl Selector {
    /// Reads the text form.
    ///
    /// # Errors
    /// In upstream's words, e.g. `unable to parse requirement: found 'web' expected: '('`.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let mut parser = Parser { tokens: scan(text), at: 0 };
        let mut requirements = vec![];
        loop {
            let token = parser.peek();
            match token.kind() {
                Kind::End => break,
                Kind::Word | Kind::Not if requirements.len() < MAX_REQUIREMENTS => {}
                Kind::Word | Kind::Not => {
                    return Err(format!("a selector has at most {MAX_REQUIREMENTS} requirements"));
                }
                _ => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        token.text
                    ));
                }
            }
            let requirement =
                parser.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?;
            requirements.push(requirement);
            let token = parser.next();
            match token.kind() {
                Kind::End => break,
                Kind::Comma => {
                    let token = parser.peek();
                    if !matches!(token.kind(), Kind::Word | Kind::Not) {
                        return Err(format!("found '{}', expected: identifier after ','", token.text));
                    }
                }
                _ => return Err(format!("found '{}', expected: ',' or 'end of string'", token.text)),
            }
        }
        requirements.order_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements, nothing: false })
    }

    /// Reads the text form as a `LabelSelector` object.
    ///
    /// # Errors
    /// In upstream's words, if the text is no selector or asks for what an object cannot say.
    pub fn parse_object(text: &str) -> Result<Value, String> {
        let parsed = Selector::parse(text)
            .map_err(|e| format!("couldn't parse the selector string \"{text}\": {e}"))?;
        let (mut labels, mut expressions) = (Value::map(), Vec::new());
        for r in parsed.requirements {
            let operator = match r.operator {
                Operator::Equals | Operator::DoubleEquals => {
                    labels.map_mut().insert(r.key, r.values.concat());
                    continue;
                }
                Operator::In => "In",
                Operator::NotIn => "NotIn",
                Operator::Exists => "Exists",
                Operator::DoesNotExist => "DoesNotExist",
                Operator::GreaterThan | Operator::LessThan => {
                    let sign = if r.operator == Operator::LessThan { "lt" } else { "gt" };
                    return Err(format!("{sign:?} isn't supported in label selectors"));
                }
                Operator::NotEquals => return Err("\"!=\" is not a valid label selector operator".into()),
            };
            let mut entry = crate::map! { "key" => r.key, "operator" => operator };
            if !r.values.is_empty() {
                entry.set("values", r.values.into_iter().map(Value::from).collect::<Value>());
            }
            expressions.push(entry);
        }
        let mut selector = Value::map();
        if !labels.is_empty() {
            selector.set("matchLabels", labels);
        }
        if !expressions.is_empty() {
            selector.set("matchExpressions", Value::from(expressions));
        }
        Ok(selector)
    }

    /// The selector of a `LabelSelector` object; an absent one chooses nothing, an empty one everything.
    /// Requirements with unknown operators choose nothing.
    pub fn of_object(selector: &Value) -> Selector {
        let mut requirements: Vec<Requirement> = equalities(&selector["matchLabels"]);
        let mut nothing = selector.is_null();
        for e in selector["matchExpressions"].items() {
            let operator = match e["operator"].str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => {
                    nothing = true;
                    continue;
                }
            };
            let mut values: Vec<String> = e["values"].items().iter().map(|v| String::from(v.str())).collect();
            values.order();
            requirements.push(Requirement { key: String::from(e["key"].str()), operator, values });
        }
        requirements.order_by(|a, b| a.key.cmp(&b.key));
        Selector { requirements, nothing }
    }

    /// The selector of a plain map of labels (Services, ReplicationControllers): every entry must be there.
    pub fn of_map(labels: &Value) -> Selector {
        Selector { requirements: equalities(labels), nothing: false }
    }

    /// Whether the labels, a map of strings or null, meet all requirements.
    pub fn matches(&self, labels: &Value) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels.get(&r.key).as_str()))
    }

    /// Whether everything is chosen.
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }
}

fn equalities(labels: &Value) -> Vec<Requirement> {
    let equal = |(key, value): (&crate::api::Text, &Value)| Requirement {
        key: key.to_string(),
        operator: Operator::Equals,
        values: vec![String::from(value.str())],
    };
    labels.entries().map(equal).collect()
}

impl Requirement {
    fn matches(&self, actual: Option<&str>) -> bool {
        let among = |a: &str| self.values.iter().any(|v| v == a);
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => actual.is_some_and(among),
            Operator::NotEquals | Operator::NotIn => actual.is_none_or(|a| !among(a)),
            Operator::Exists => actual.is_some(),
            Operator::DoesNotExist => actual.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let number = |s: &str| s.parse::<i64>().ok();
                let bound = self.values.first().and_then(|v| number(v));
                actual
                    .and_then(number)
                    .zip(bound)
                    .is_some_and(|(a, b)| if self.operator == Operator::GreaterThan { a > b } else { a < b })
            }
        }
    }

    /// Checks what upstream's `NewRequirement` checks.
    fn checked(self) -> Result<Requirement, String> {
        let mut errors = vec![];
        let complaints = names::qualified(&self.key);
        if !complaints.is_empty() {
            errors.push(format!("key: Invalid value: {:?}: {}", self.key, complaints.join("; ")));
        }
        let go_list =
            format!("[{}]", self.values.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(","));
        match self.operator {
            Operator::In | Operator::NotIn if self.values.is_empty() => {
                errors.push(format!(
                    "values: Invalid value: {go_list}: for 'in', 'notin' operators, values set can't be empty"
                ));
            }
            Operator::GreaterThan | Operator::LessThan => {
                for (i, v) in self.values.iter().enumerate().filter(|(_, v)| v.parse::<i64>().is_err()) {
                    errors.push(format!("values[{i}]: Invalid value: {v:?}: for 'Gt', 'Lt' operators, the value must be an integer"));
                }
            }
            _ => {}
        }
        for (i, v) in self.values.iter().enumerate() {
            let complaints = names::label_value(v);
            if !complaints.is_empty() {
                errors.push(format!(
                    "values[{i}][{}]: Invalid value: {v:?}: {}",
                    self.key,
                    complaints.join("; ")
                ));
            }
        }
        match errors.len() {
            0 => Ok(self),
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

/// A `LabelSelector` object as `metav1.FormatLabelSelector` prints it: `<none>` where it is empty, `<error>`
/// where it is wrong.
pub fn format_object(selector: &Value) -> String {
    let text = Selector::of_object(selector).to_string();
    let known = |e: &Value| matches!(e["operator"].str(), "In" | "NotIn" | "Exists" | "DoesNotExist");
    if !selector["matchExpressions"].items().iter().all(known) {
        String::from("<error>")
    } else if text.is_empty() {
        String::from("<none>")
    } else {
        text
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    End,
    Comma,
    Not,
    Open,
    Close,
    Operator(Operator),
    Word,
    Unknown,
}

struct Token {
    text: String,
    /// Whether the characters are special ones; `in` and `notin` are words outside operator positions.
    special: bool,
}

impl Token {
    /// What the token is where keys and values stand.
    fn kind(&self) -> Kind {
        match self.as_operator() {
            Kind::Operator(Operator::In | Operator::NotIn) => Kind::Word,
            kind => kind,
        }
    }

    /// What the token is where an operator stands.
    fn as_operator(&self) -> Kind {
        match self.text.as_str() {
            "" => Kind::End,
            "in" => Kind::Operator(Operator::In),
            "notin" => Kind::Operator(Operator::NotIn),
            _ if !self.special => Kind::Word,
            "," => Kind::Comma,
            "!" => Kind::Not,
            "(" => Kind::Open,
            ")" => Kind::Close,
            "=" => Kind::Operator(Operator::Equals),
            "==" => Kind::Operator(Operator::DoubleEquals),
            "!=" => Kind::Operator(Operator::NotEquals),
            ">" => Kind::Operator(Operator::GreaterThan),
            "<" => Kind::Operator(Operator::LessThan),
            _ => Kind::Unknown,
        }
    }
}

fn scan(text: &str) -> Vec<Token> {
    let is_special = |c: char| matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<');
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut tokens = vec![];
    let mut rest = text.trim_start_matches(is_space);
    while let Some(c) = rest.chars().next() {
        let length = match (c, rest.as_bytes().get(1)) {
            ('=' | '!', Some(b'=')) => 2,
            _ if is_special(c) => 1,
            _ => rest.find(|c| is_special(c) || is_space(c)).unwrap_or(rest.len()),
        };
        tokens.push(Token { text: String::from(&rest[..length]), special: is_special(c) });
        rest = rest[length..].trim_start_matches(is_space);
    }
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

const END: &Token = &Token { text: String::new(), special: false };

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(END)
    }

    fn next(&mut self) -> &Token {
        self.at += 1;
        self.tokens.get(self.at - 1).unwrap_or(END)
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let absent = self.peek().kind() == Kind::Not;
        self.at += usize::from(absent);
        let token = self.next();
        if token.kind() != Kind::Word {
            return Err(format!("found '{}', expected: identifier", token.text));
        }
        let key = token.text.clone();
        let complaints = names::qualified(&key);
        if !complaints.is_empty() {
            // Upstream prints the path that it does not have.
            return Err(format!("<nil>: Invalid value: {key:?}: {}", complaints.join("; ")));
        }
        if absent || matches!(self.peek().kind(), Kind::End | Kind::Comma) {
            let operator = if absent { Operator::DoesNotExist } else { Operator::Exists };
            return Ok(Requirement { key, operator, values: vec![] });
        }
        let token = self.next();
        let Kind::Operator(operator) = token.as_operator() else {
            return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", token.text));
        };
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.set()?,
            _ => self.exact()?,
        };
        values.order();
        values.dedup();
        Requirement { key, operator, values }.checked()
    }

    fn exact(&mut self) -> Result<Vec<String>, String> {
        if matches!(self.peek().kind(), Kind::End | Kind::Comma) {
            return Ok(vec![String::new()]);
        }
        let token = self.next();
        match token.kind() {
            Kind::Word => Ok(vec![token.text.clone()]),
            _ => Err(format!("found '{}', expected: identifier", token.text)),
        }
    }

    fn set(&mut self) -> Result<Vec<String>, String> {
        let token = self.next();
        if token.kind() != Kind::Open {
            return Err(format!("found '{}' expected: '('", token.text));
        }
        match self.peek().kind() {
            Kind::Close => {
                self.at += 1;
                return Ok(vec![String::new()]);
            }
            Kind::Word | Kind::Comma => {}
            _ => return Err(format!("found '{}', expected: ',', ')' or identifier", self.peek().text)),
        }
        let mut values = vec![];
        loop {
            let token = self.next();
            match token.kind() {
                Kind::Word => {
                    values.push(token.text.clone());
                    match self.peek().kind() {
                        Kind::Comma => {}
                        Kind::Close => break,
                        _ => return Err(format!("found '{}', expected: ',' or ')'", self.peek().text)),
                    }
                }
                Kind::Comma => {
                    if values.is_empty() || matches!(self.peek().kind(), Kind::Comma | Kind::Close) {
                        values.push(String::new());
                    }
                    if self.peek().kind() == Kind::Close {
                        break;
                    }
                }
                _ => return Err(format!("found '{}', expected: ',', or identifier", token.text)),
            }
        }
        self.at += 1;
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn texts_are_read_and_printed_as_upstream_does() {
        for (text, printed) in [
            ("", ""),
            ("x=a,y=b,z=c", "x=a,y=b,z=c"),
            ("z,!y,x != a", "x!=a,!y,z"),
            ("x in (b, a,,c)", "x in (,a,b,c)"),
            ("x notin ()", "x notin ()"),
            ("x==a,y>5,w=", "w=,x==a,y>5"),
            ("in in (in,notin)", "in in (in,notin)"),
            ("example.com/a=b", "example.com/a=b"),
        ] {
            assert_eq!(Selector::parse(text).map(|s| s.to_string()), Ok(String::from(printed)), "{text}");
        }
        for (text, error) in [
            ("app in web", "unable to parse requirement: found 'web' expected: '('"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a=b,", "found '', expected: identifier after ','"),
            (",a", "found ',', expected: !, identifier, or 'end of string'"),
            ("a=(", "unable to parse requirement: found '(', expected: identifier"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            (
                "a>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
            (
                "app:web",
                "unable to parse requirement: <nil>: Invalid value: \"app:web\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            ),
        ] {
            assert_eq!(Selector::parse(text), Err(String::from(error)), "{text}");
        }
    }

    #[test]
    fn selectors_choose_by_labels() {
        let labels = map! { "app" => "web", "n" => "5" };
        for (text, chosen) in [
            ("app=web", true),
            ("app!=web", false),
            ("tier!=web", true),
            ("app in (db,web)", true),
            ("tier notin (x)", true),
            ("app,!tier", true),
            ("n>4,n<6", true),
            ("n>5", false),
        ] {
            assert_eq!(Selector::parse(text).expect(text).matches(&labels), chosen, "{text}");
        }
        assert!(!Selector::of_object(&Value::Null).matches(&labels));
        assert!(Selector::of_object(&Value::map()).matches(&labels));
        let object = map! { "matchLabels" => map! { "app" => "web" }, "matchExpressions" => list![map! { "key" => "n", "operator" => "In", "values" => list!["5", "4"] }] };
        assert_eq!(format_object(&object), "app=web,n in (4,5)");
        assert!(Selector::of_object(&object).matches(&labels));
    }
}
