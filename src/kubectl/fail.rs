//! How kubectl words failures on its standard error stream.

use crate::api::Status;

/// Why a verb failed.
#[derive(Clone, Debug)]
pub enum Fail {
    /// `error: TEXT`.
    Plain(String),
    /// `error: TEXT`, and where the verb's help is.
    Usage(String),
    /// A text that is printed as it is.
    Raw(String),
    /// What the API server said.
    Server(Status),
    /// Several failures, each on its line.
    Many(Vec<Fail>),
    /// An exit code without words.
    Code(i32),
    /// `error: TEXT` with an exit code of its own.
    Coded(String, i32),
    /// What was printed on standard output before the failure, and `error: TEXT`.
    Partly(String, String),
}

/// The result of a part of a verb.
pub type Res<T> = Result<T, Fail>;

impl From<Status> for Fail {
    fn from(status: Status) -> Fail {
        Fail::Server(status)
    }
}

impl From<String> for Fail {
    fn from(text: String) -> Fail {
        Fail::Plain(text)
    }
}

impl From<&str> for Fail {
    fn from(text: &str) -> Fail {
        Fail::Plain(text.to_string())
    }
}

impl Fail {
    /// Whether the server said that there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Fail::Server(s) if s.reason == "NotFound")
    }

    /// Whether the server said that somebody else has changed the object.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Fail::Server(s) if s.reason == "Conflict")
    }

    /// Whether `apply --force` makes the object anew: the change conflicts or is invalid.
    pub fn is_replaceable(&self) -> bool {
        matches!(self, Fail::Server(s) if s.reason == "Conflict" || s.reason == "Invalid")
    }

    /// With a sentence put before the message, as kubectl does to name the file or the step.
    pub fn context(self, before: &str) -> Fail {
        match self {
            Fail::Server(mut s) => {
                s.message = format!("{before}: {}", s.message).into();
                Fail::Server(s)
            }
            Fail::Plain(text) => Fail::Plain(format!("{before}: {text}")),
            other => other,
        }
    }

    /// `error when creating "FILE": …`.
    pub fn at_source(self, verb: &str, source: &str) -> Fail {
        if source.is_empty() { self } else { self.context(&format!("error when {verb} {source:?}")) }
    }

    /// None, the only one, or all of them.
    pub fn join(mut fails: Vec<Fail>) -> Res<()> {
        match fails.len() {
            0 => Ok(()),
            1 => Err(fails.remove(0)),
            _ => Err(Fail::Many(fails)),
        }
    }

    /// The exit code.
    pub fn code(&self) -> i32 {
        match self {
            Fail::Code(c) | Fail::Coded(_, c) => *c,
            _ => 1,
        }
    }

    /// The message alone, as other messages quote it.
    pub fn message(&self) -> String {
        match self {
            Fail::Plain(t) | Fail::Usage(t) | Fail::Raw(t) | Fail::Coded(t, _) | Fail::Partly(_, t) => {
                t.clone()
            }
            Fail::Server(s) => s.message.to_string(),
            Fail::Many(all) => format!("[{}]", all.iter().map(Fail::message).collect::<Vec<_>>().join(", ")),
            Fail::Code(_) => String::new(),
        }
    }

    /// What goes to standard error; `path` is the verb with its parents, for usage errors.
    pub fn text(&self, path: &str) -> String {
        match self {
            Fail::Raw(t) => line(t.clone()),
            Fail::Plain(t) | Fail::Coded(t, _) | Fail::Partly(_, t) => line(prefixed(t)),
            Fail::Usage(t) => format!("{}See '{path} -h' for help and examples\n", line(prefixed(t))),
            Fail::Server(s) => line(server(s)),
            Fail::Many(all) => all.iter().map(|f| among_many(f) + "\n").collect(),
            Fail::Code(_) => String::new(),
        }
    }
}

fn line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn prefixed(text: &str) -> String {
    if text.starts_with("error: ") { text.to_string() } else { format!("error: {text}") }
}

fn among_many(fail: &Fail) -> String {
    match fail {
        Fail::Server(s) => standard(s),
        other => other.message(),
    }
}

fn standard(s: &Status) -> String {
    if s.reason.is_empty() {
        format!("Error from server: {}", s.message)
    } else {
        format!("Error from server ({}): {}", s.reason, s.message)
    }
}

/// The words for an answer of the server.
pub fn server(s: &Status) -> String {
    if s.reason != "Invalid" {
        return standard(s);
    }
    let about = !s.details.kind.is_empty() || !s.details.name.is_empty();
    let head = if about {
        format!("The {} {:?} is invalid", s.details.kind, s.details.name.as_str())
    } else {
        "The request is invalid".to_string()
    };
    let mut causes: Vec<String> = Vec::new();
    for c in &s.causes {
        let text = format!("{}: {}", c.field, c.message);
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] if about || s.message.is_empty() => head,
        [] => format!("{head}: {}", s.message),
        [one] => format!("{head}: {one}"),
        many => format!("{head}: \n{}", many.iter().map(|c| format!("* {c}\n")).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn failures_are_worded_as_kubectl_does() {
        let missing = Fail::Server(Status::not_found(Kind::POD, "web"));
        assert_eq!(missing.text("kubectl get"), "Error from server (NotFound): pods \"web\" not found\n");
        assert_eq!(
            Fail::Usage("--rm should only be used for attached containers".into()).text("kubectl run"),
            "error: --rm should only be used for attached containers\nSee 'kubectl run -h' for help and examples\n"
        );
        let sourced = Fail::Server(Status::already_exists(Kind::POD, "p")).at_source("creating", "p.yaml");
        assert_eq!(
            sourced.text(""),
            "Error from server (AlreadyExists): error when creating \"p.yaml\": pods \"p\" already exists\n"
        );
        let mut invalid = Status::new(422, "Invalid", "Pod \"bad\" is invalid");
        invalid.details.kind = "Pod".into();
        invalid.details.name = "bad".into();
        let cause = |field: &str| crate::api::status::CauseOf {
            reason: "FieldValueRequired".into(),
            message: "Required value".into(),
            field: field.into(),
        };
        invalid.causes = vec![cause("spec.containers")];
        assert_eq!(server(&invalid), "The Pod \"bad\" is invalid: spec.containers: Required value");
        invalid.causes.push(cause("x"));
        assert_eq!(
            server(&invalid),
            "The Pod \"bad\" is invalid: \n* spec.containers: Required value\n* x: Required value\n"
        );
    }
}
