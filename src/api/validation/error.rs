//! Field errors (`k8s.io/apimachinery/pkg/util/validation/field`) and the `Status` that they make.

use crate::api::status::CauseOf;
use crate::api::text::go_quote;
use crate::api::{Kind, Status, Text, Value, json};
use std::fmt;

/// One thing that is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// What sort of thing.
    pub what: What,
    /// The field's path, e.g. `spec.containers[0].name`.
    pub field: String,
    /// The value as shown, e.g. `"C1"` in quotes; `None` where none is shown.
    pub shown: Option<String>,
    /// What is wrong with it; may be empty.
    pub detail: String,
}

/// The sorts of field errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// `Not found`
    NotFound,
    /// `Required value`
    Required,
    /// `Duplicate value`
    Duplicate,
    /// `Invalid value`
    Invalid,
    /// `Unsupported value`
    NotSupported,
    /// `Forbidden`
    Forbidden,
    /// `Too long`
    TooLong,
    /// `Too many`
    TooMany,
}

impl What {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            What::NotFound => ("Not found", "FieldValueNotFound"),
            What::Required => ("Required value", "FieldValueRequired"),
            What::Duplicate => ("Duplicate value", "FieldValueDuplicate"),
            What::Invalid => ("Invalid value", "FieldValueInvalid"),
            What::NotSupported => ("Unsupported value", "FieldValueNotSupported"),
            What::Forbidden => ("Forbidden", "FieldValueForbidden"),
            What::TooLong => ("Too long", "FieldValueTooLong"),
            What::TooMany => ("Too many", "FieldValueTooMany"),
        }
    }
}

impl Error {
    /// The error without its field: `Invalid value: "C1": a lowercase …`.
    pub fn body(&self) -> String {
        let mut out = String::from(self.what.words().0);
        for part in self.shown.iter().chain(Some(&self.detail).filter(|d| !d.is_empty())) {
            out.push_str(": ");
            out.push_str(part);
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// 422 with all errors: `Pod "x" is invalid: A` or `Pod "x" is invalid: [A, B]`.
pub fn invalid(kind: Kind, name: &str, errors: &[Error]) -> Status {
    let info = kind.info();
    let of = if info.group().is_empty() {
        String::from(info.kind)
    } else {
        format!("{}.{}", info.kind, info.group())
    };
    // Equal errors are said once.
    let mut texts: Vec<String> = vec![];
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let list = if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) };
    let mut status =
        Status::new(422, "Invalid", format!("{of} {} is invalid: {list}", go_quote(name))).about(kind, name);
    status.details.kind = Text::lit(info.kind);
    status.causes = errors
        .iter()
        .map(|e| CauseOf {
            reason: Text::lit(e.what.words().1),
            message: Text::from(e.body()),
            field: Text::from(e.field.as_str()),
        })
        .collect();
    status
}

/// A list of errors that grows while an object is looked through.
#[derive(Debug, Default)]
pub struct Errors {
    /// What has been found, in order.
    pub list: Vec<Error>,
}

/// A value as field errors show it: strings in quotes, other basic values bare, the rest as JSON.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Str(s) => go_quote(s),
        _ => json::print(value),
    }
}

impl Errors {
    fn push(&mut self, what: What, field: String, shown: Option<String>, detail: impl Into<String>) {
        self.list.push(Error { what, field, shown, detail: detail.into() });
    }

    /// `Required value: DETAIL`
    pub fn required(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.push(What::Required, field.into(), None, detail);
    }

    /// `Forbidden: DETAIL`
    pub fn forbidden(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.push(What::Forbidden, field.into(), None, detail);
    }

    /// `Invalid value: VALUE: DETAIL`
    pub fn invalid(&mut self, field: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) {
        let value = value.into();
        self.push(What::Invalid, field.into(), Some(shown(&value)), detail);
    }

    /// `Invalid value: SHOWN: DETAIL` for values that are shown in a form of their own.
    pub fn invalid_shown(&mut self, field: impl Into<String>, shown: String, detail: impl Into<String>) {
        self.push(What::Invalid, field.into(), Some(shown), detail);
    }

    /// `Invalid value: DETAIL`, without the value.
    pub fn invalid_bare(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.push(What::Invalid, field.into(), None, detail);
    }

    /// One `Invalid value` for each complaint.
    pub fn complaints(&mut self, field: &str, value: impl Into<Value>, complaints: Vec<String>) {
        let value = value.into();
        for complaint in complaints {
            self.invalid(field, &value, complaint);
        }
    }

    /// `Duplicate value: VALUE`
    pub fn duplicate(&mut self, field: impl Into<String>, value: impl Into<Value>) {
        let value = value.into();
        self.push(What::Duplicate, field.into(), Some(shown(&value)), "");
    }

    /// `Duplicate value: SHOWN: DETAIL` for values that are shown in a form of their own.
    pub fn duplicate_shown(&mut self, field: impl Into<String>, shown: String, detail: &str) {
        self.push(What::Duplicate, field.into(), Some(shown), detail);
    }

    /// `Not found: VALUE`
    pub fn not_found(&mut self, field: impl Into<String>, value: impl Into<Value>) {
        let value = value.into();
        self.push(What::NotFound, field.into(), Some(shown(&value)), "");
    }

    /// `Unsupported value: VALUE: supported values: "A", "B"`
    pub fn not_supported(&mut self, field: impl Into<String>, value: impl Into<Value>, supported: &[&str]) {
        let value = value.into();
        self.not_supported_shown(field, shown(&value), supported);
    }

    /// The same for values that are shown in a form of their own.
    pub fn not_supported_shown(&mut self, field: impl Into<String>, shown: String, supported: &[&str]) {
        let list: Vec<String> = supported.iter().map(|s| go_quote(s)).collect();
        self.push(
            What::NotSupported,
            field.into(),
            Some(shown),
            format!("supported values: {}", list.join(", ")),
        );
    }

    /// `Too long: may not be more than N bytes`
    pub fn too_long(&mut self, field: impl Into<String>, max: usize) {
        self.push(What::TooLong, field.into(), None, format!("may not be more than {max} bytes"));
    }

    /// `Too many: N: must have at most MAX items`
    pub fn too_many(&mut self, field: impl Into<String>, n: usize, max: usize) {
        self.push(What::TooMany, field.into(), Some(n.to_string()), format!("must have at most {max} items"));
    }

    /// `must be greater than or equal to 0`
    pub fn nonnegative(&mut self, field: impl Into<String>, value: &Value) {
        if value.int_or(0) < 0 {
            self.invalid(field, value, "must be greater than or equal to 0");
        }
    }
}
