//! Field selectors: `metadata.name=web,status.phase!=Running`, with the fields that each kind offers.

use crate::api::{Kind, Object, Status};
use crate::collections::Order;

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The field's path.
    pub field: String,
    /// Whether the field must differ.
    pub not: bool,
    /// The value to compare with.
    pub value: String,
}

/// A field selector: all terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The terms, in order of their text.
    pub terms: Vec<Term>,
}

/// The fields that a kind offers besides `metadata.name` and `metadata.namespace`
/// (the `AddFieldLabelConversionFunc`s of pkg/apis).
fn offered(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::POD => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::NODE => &["spec.unschedulable"],
        Kind::NAMESPACE => &["status.phase"],
        Kind::SECRET => &["type"],
        Kind::SERVICE => &["spec.clusterIP", "spec.type"],
        Kind::REPLICATION_CONTROLLER | Kind::REPLICA_SET => &["status.replicas"],
        Kind::JOB => &["status.successful"],
        Kind::EVENT => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    }
}

impl Selector {
    /// Reads a field selector for a kind.
    ///
    /// # Errors
    /// `field label not supported: X`, `invalid selector: 'X'; can't understand 'Y'`, in a 400 whose message
    /// is the bare text (list requests put it into a sentence of their own).
    pub fn parse(kind: Kind, text: &str) -> Result<Selector, Status> {
        let mut selector = Selector::parse_any(text).map_err(Status::bad_request)?;
        for term in &mut selector.terms {
            let field = term.field.as_str();
            if field == "spec.host" && kind == Kind::POD {
                term.field = String::from("spec.nodeName");
                continue;
            }
            let known = field == "metadata.name"
                || (field == "metadata.namespace" && kind.info().namespaced)
                || offered(kind).contains(&field);
            if !known {
                let message = match kind.info().group() {
                    "" | "batch" => format!("field label not supported: {field}"),
                    _ if offered(kind).is_empty() => format!(
                        "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    ),
                    _ => format!("field label not supported for {}: {field}", kind.info().kind),
                };
                return Err(Status::bad_request(message));
            }
        }
        Ok(selector)
    }

    /// Reads the terms without asking whether a kind offers the fields, as kubectl does.
    ///
    /// # Errors
    /// In the words of `k8s.io/apimachinery/pkg/fields`.
    pub fn parse_any(text: &str) -> Result<Selector, String> {
        let mut parts = split_terms(text);
        parts.order();
        let mut terms = vec![];
        for part in parts.into_iter().filter(|p| !p.is_empty()) {
            let wrong = || format!("invalid selector: '{text}'; can't understand '{part}'");
            let at = part.find('=').ok_or_else(wrong)?;
            let not = part[..at].ends_with('!');
            let field = &part[..at - usize::from(not)];
            let value = &part[at + 1..];
            let value = if not { value } else { value.strip_prefix('=').unwrap_or(value) };
            terms.push(Term { field: String::from(field), not, value: unescape(value)? });
        }
        Ok(Selector { terms })
    }

    /// Whether an object is chosen.
    pub fn matches(&self, object: &Object) -> bool {
        self.terms.iter().all(|t| (read(object, &t.field) == t.value) != t.not)
    }
}

/// The value of a field as selectors see it.
fn read(object: &Object, field: &str) -> String {
    let path = match field {
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        "status.podIPs" => "status.podIPs.0.ip",
        _ => field,
    };
    match object.at(path) {
        crate::api::Value::Null if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => {
            String::from("false")
        }
        crate::api::Value::Null if field.starts_with("status.re") || field == "status.successful" => {
            String::from("0")
        }
        crate::api::Value::Null => String::new(),
        crate::api::Value::Str(s) => s.to_string(),
        v => crate::api::json::print(v),
    }
}

/// Splits at commas that are not escaped.
fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = vec![];
    let (mut start, mut escaped) = (0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn unescape(s: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                Some(c) => return Err(format!("invalid field selector: invalid escape sequence: \\{c}")),
                None => return Err(String::from("invalid field selector: invalid escape sequence: \\")),
            },
            // Upstream prints the character as a number.
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(c)
                ));
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn terms_are_read_and_applied() {
        let pod = Object::new(
            Kind::POD,
            map! { "metadata" => map! { "name" => "web" }, "spec" => map! { "nodeName" => "worker01" }, "status" => map! { "phase" => "Running" } },
        );
        for (text, chosen) in [
            ("", true),
            ("metadata.name=web", true),
            ("metadata.name==web,status.phase!=Pending", true),
            ("spec.nodeName!=worker01", false),
            ("spec.host=worker01", true),
            ("spec.hostNetwork=false", true),
        ] {
            assert_eq!(Selector::parse(Kind::POD, text).map(|s| s.matches(&pod)), Ok(chosen), "{text}");
        }
        for (kind, text, message) in [
            (Kind::POD, "nope=1", "field label not supported: nope"),
            (Kind::POD, "x", "invalid selector: 'x'; can't understand 'x'"),
            (Kind::POD, "metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
            (Kind::NODE, "metadata.namespace=x", "field label not supported: metadata.namespace"),
        ] {
            let error = Selector::parse(kind, text).expect_err(text);
            assert_eq!(error.message, message);
        }
    }
}
