//! The error of the API server: `metav1.Status`.

use crate::api::{Kind, Text, Value};

/// The cause of refusals in a namespace that is being deleted.
pub const NAMESPACE_TERMINATING: &str = "NamespaceTerminating";

/// A failed request, as the API server answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The HTTP code, e.g. 404.
    pub code: u16,
    /// The machine-readable reason, e.g. `NotFound`; kubectl prints it in parentheses.
    pub reason: Text,
    /// The whole sentence.
    pub message: Text,
    /// `details.kind` (the resource's plural or the kind), `details.group`, `details.name`.
    pub details: Details,
    /// One entry for each invalid field, or for each other cause.
    pub causes: Vec<CauseOf>,
    /// The warnings that came in the `Warning:` headers of the refusal.
    pub warnings: Vec<Text>,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Details {
    /// The resource's plural (`pods`) or, for `Invalid`, the kind (`Pod`).
    pub kind: Text,
    /// The API group.
    pub group: Text,
    /// The object's name.
    pub name: Text,
    /// Seconds after which to try again, where the server says so.
    pub retry_after_seconds: Option<u32>,
}

/// One cause in a [`Status`].
#[derive(Clone, Debug, PartialEq)]
pub struct CauseOf {
    /// e.g. `FieldValueInvalid`.
    pub reason: Text,
    /// e.g. `Invalid value: "x": must be …`.
    pub message: Text,
    /// e.g. `spec.containers[0].name`.
    pub field: Text,
}

/// The result of a request.
pub type Result<T> = std::result::Result<T, Status>;

impl Status {
    /// An error with a code, reason and sentence.
    pub fn new(code: u16, reason: &'static str, message: impl Into<Text>) -> Status {
        Status {
            code,
            reason: Text::lit(reason),
            message: message.into(),
            details: Details::default(),
            causes: vec![],
            warnings: vec![],
        }
    }

    /// Says what the error is about.
    pub fn about(mut self, kind: Kind, name: &str) -> Status {
        let info = kind.info();
        self.details = Details {
            kind: Text::lit(info.plural),
            group: Text::lit(info.group()),
            name: Text::from(name),
            retry_after_seconds: None,
        };
        self
    }

    /// 404: `pods "web" not found`.
    pub fn not_found(kind: Kind, name: &str) -> Status {
        Status::new(404, "NotFound", format!("{} \"{name}\" not found", kind.info().qualified()))
            .about(kind, name)
    }

    /// 409: `pods "web" already exists`.
    pub fn already_exists(kind: Kind, name: &str) -> Status {
        let message = format!("{} \"{name}\" already exists", kind.info().qualified());
        Status::new(409, "AlreadyExists", message).about(kind, name)
    }

    /// 409: the object has been changed since it was read, or the change is otherwise in conflict.
    pub fn conflict(kind: Kind, name: &str, why: &str) -> Status {
        let message =
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.info().qualified());
        Status::new(409, "Conflict", message).about(kind, name)
    }

    /// 400.
    pub fn bad_request(message: impl Into<Text>) -> Status {
        Status::new(400, "BadRequest", message)
    }

    /// 403: `pods "web" is forbidden: WHY`.
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> Status {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.info().qualified());
        Status::new(403, "Forbidden", message).about(kind, name)
    }

    /// 501: said instead of pretending.
    pub fn not_simulated(what: &str) -> Status {
        Status::new(501, "NotImplemented", format!("not simulated: {what}"))
    }

    /// Whether one of its causes is of a type.
    pub fn has_cause(&self, kind: &str) -> bool {
        self.causes.iter().any(|c| c.reason.as_str() == kind)
    }

    /// The `Status` object as the server writes it.
    pub fn to_value(&self) -> Value {
        let mut v = crate::map! {
            "kind" => "Status", "apiVersion" => "v1", "metadata" => Value::map(), "status" => "Failure",
            "message" => &self.message, "reason" => &self.reason, "code" => u32::from(self.code),
        };
        let mut details = Value::map();
        for (key, text) in
            [("name", &self.details.name), ("group", &self.details.group), ("kind", &self.details.kind)]
        {
            if !text.is_empty() {
                details.set(key, text);
            }
        }
        if !self.causes.is_empty() {
            let cause = |c: &CauseOf| crate::map! { "reason" => &c.reason, "message" => &c.message, "field" => &c.field };
            details.set("causes", self.causes.iter().map(cause).collect::<Value>());
        }
        if let Some(s) = self.details.retry_after_seconds {
            details.set("retryAfterSeconds", s);
        }
        if !details.is_empty() {
            v.set("details", details);
        }
        v
    }
}
