//! Reading a lesson file: every mistake is named with its line, its field and what would be right.

use super::{Act, Ask, FORMAT, Goal, LANGUAGES, Lesson, Step};
use crate::api::yaml::{self, Document};
use crate::api::{Value, json};
use crate::collections::{BTreeMap, Order};
use crate::scenario::condition::Condition;
use crate::scenario::format::{ClusterSpec, Scenario};
use crate::time::Span;
use std::fmt;

/// How large a lesson file may be, in bytes.
const SIZE_LIMIT: usize = 256 << 10;
/// How many problems are told.
const PROBLEMS: usize = 50;
/// The fields that a lesson may have at its top.
const FIELDS: &[&str] = &[
    "lesson",
    "id",
    "version",
    "kind",
    "section",
    "minutes",
    "limit",
    "personal",
    "languages",
    "title",
    "about",
    "cluster",
    "files",
    "setup",
    "steps",
    "debrief",
    "look",
];
/// The fields of a step.
const STEP_FIELDS: &[&str] = &["title", "text", "commands", "ask", "goals", "hints", "solution", "notes"];
/// The fields of a goal, beside its text.
const GOAL_FIELDS: &[&str] = &["when", "points", "then", "hidden", "en", "zh"];
/// The fields of a question, beside its text.
const ASK_FIELDS: &[&str] = &["options", "points", "en", "zh"];
/// The fields of an answer, beside its text.
const OPTION_FIELDS: &[&str] = &["when", "en", "zh"];

/// What is wrong with a lesson, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: u32,
    /// The field, e.g. `steps[2].goals[0].when`.
    pub path: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "line {}: {}{colon}{}", self.line, self.path, self.text)
    }
}

/// Reads a lesson.
///
/// # Errors
/// All problems, in order of the file.
pub fn read(text: &str) -> Result<Lesson, Vec<Problem>> {
    let one = |line, text: String| Err(vec![Problem { line, path: String::new(), text }]);
    if text.len() > SIZE_LIMIT {
        return one(1, format!("a lesson may have {SIZE_LIMIT} bytes, this one has {}", text.len()));
    }
    let limits = yaml::Limits { bytes: SIZE_LIMIT, ..yaml::Limits::default() };
    let mut documents = yaml::read_documents(text, limits);
    if documents.len() > 1 {
        return one(1, "a lesson is one YAML document; put manifests below `files:`".into());
    }
    let document = match documents.pop() {
        Some(Ok(document)) => document,
        Some(Err(e)) => return one(e.line + 1, e.message),
        None => return one(1, "the file is empty".into()),
    };
    let mut reader = Reader { document: &document, languages: Vec::new(), problems: Vec::new() };
    let lesson = reader.lesson(text);
    let mut problems = reader.problems;
    if problems.is_empty() {
        return Ok(lesson);
    }
    problems.order_by_key(|p| p.line);
    problems.truncate(PROBLEMS);
    Err(problems)
}

struct Reader<'a> {
    document: &'a Document,
    languages: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn wrong(&mut self, path: &str, text: impl Into<String>) {
        let (line, _) = self.document.find(path);
        self.problems.push(Problem { line: line + 1, path: path.into(), text: text.into() });
    }

    fn at(&self, path: &str) -> &'a Value {
        let mut value = &self.document.value;
        for part in path.split(['.', '[']).filter(|p| !p.is_empty()) {
            value = match part.strip_suffix(']') {
                Some(n) => n.parse().ok().and_then(|n: usize| value.items().get(n)).unwrap_or(&Value::Null),
                None => value.get(part),
            };
        }
        value
    }

    fn lesson(&mut self, text: &str) -> Lesson {
        let root = &self.document.value;
        if root.as_map().is_none() {
            self.wrong("", "a lesson is a map that begins with `lesson: 1`");
        }
        if root["lesson"].as_int() != Some(FORMAT) {
            self.wrong(
                "lesson",
                format!("the format's version is needed here; this build reads version {FORMAT}"),
            );
        }
        self.fields("", FIELDS);
        self.languages = match root["languages"].as_list() {
            Some(list) => list.iter().map(|l| l.str().to_string()).collect(),
            None => LANGUAGES.iter().map(|l| (*l).to_string()).collect(),
        };
        if self.languages.is_empty() || self.languages.iter().any(|l| !LANGUAGES.contains(&l.as_str())) {
            self.wrong("languages", "a list of `en` and `zh`");
        }
        let id = self.id();
        if !matches!(root["kind"].str(), "" | "lesson" | "drill" | "exam") {
            self.wrong("kind", "one of lesson, drill, exam");
        }
        self.text("title", true);
        self.text("about", true);
        self.text("debrief", false);
        let version = self.number("version", 1);
        self.number("minutes", 10);
        let limit = self.span("limit");
        let steps: Vec<Step> =
            (0..root["steps"].items().len()).map(|i| self.step(&format!("steps[{i}]"))).collect();
        if steps.is_empty() {
            self.wrong("steps", "a lesson has at least one step");
        } else if root["steps"].items().iter().all(|s| s["goals"].is_empty()) {
            self.wrong("steps", "a lesson has at least one goal");
        }
        Lesson {
            id,
            version,
            checksum: format!("{:016x}", crate::scenario::player::checksum(text.as_bytes())),
            limit,
            personal: root["personal"].is_true(),
            scenario: self.scenario(),
            steps,
            document: root.clone(),
        }
    }

    fn id(&mut self) -> String {
        let id = self.document.value["id"].str().to_string();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if id.is_empty() || !id.bytes().all(plain) || id.len() > 60 {
            self.wrong("id", "a name of small letters, digits and dashes is needed");
        }
        id
    }

    fn fields(&mut self, path: &str, known: &[&str]) {
        for (name, _) in self.at(path).entries() {
            if !known.contains(&name.as_str()) {
                let place = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                self.wrong(&place, format!("unknown field; known here: {}", known.join(", ")));
            }
        }
    }

    /// A text in all the lesson's languages, or a plain string that needs no translation.
    fn text(&mut self, path: &str, needed: bool) -> String {
        let value = self.at(path);
        if let Some(plain) = value.as_str() {
            return plain.to_string();
        }
        if value.is_null() {
            if needed {
                self.wrong(path, format!("a text is needed in {}", self.languages.join(" and ")));
            }
            return String::new();
        }
        for language in self.languages.clone() {
            if value.get(&language).str().trim().is_empty() {
                self.wrong(path, format!("the text in `{language}` is missing"));
            }
        }
        self.languages.first().map(|l| value.get(l).str().to_string()).unwrap_or_default()
    }

    fn number(&mut self, path: &str, default: i64) -> i64 {
        let value = self.at(path);
        match value.as_int() {
            Some(n) if (0..=1_000).contains(&n) => n,
            None if value.is_null() => default,
            _ => {
                self.wrong(path, "a whole number from 0 to 1000");
                default
            }
        }
    }

    fn span(&mut self, path: &str) -> Option<Span> {
        let value = self.at(path);
        if value.is_null() {
            return None;
        }
        let span = super::script::span(value.str());
        if span.is_none() {
            self.wrong(path, "a duration such as 90s or 30m");
        }
        span
    }

    fn condition(&mut self, path: &str) -> Option<Condition> {
        let text = self.at(path).str();
        match Condition::parse(text) {
            Ok(condition) => Some(condition),
            Err(_) if text.is_empty() => {
                self.wrong(path, "a condition is needed, e.g. `pod/web ready`");
                None
            }
            Err(why) => {
                self.wrong(path, why.to_string());
                None
            }
        }
    }

    fn step(&mut self, path: &str) -> Step {
        self.fields(path, STEP_FIELDS);
        self.text(&format!("{path}.title"), true);
        self.text(&format!("{path}.text"), true);
        self.text(&format!("{path}.notes"), false);
        let count = |field: &str| self.at(path).get(field).items().len();
        let (goals, hints) = (count("goals"), count("hints"));
        for i in 0..hints {
            self.text(&format!("{path}.hints[{i}]"), true);
        }
        let commands = self.acts(&format!("{path}.commands"));
        let solution = self.acts(&format!("{path}.solution"));
        Step {
            goals: (0..goals).filter_map(|i| self.goal(&format!("{path}.goals[{i}]"))).collect(),
            ask: self.ask(&format!("{path}.ask")),
            solution: if solution.is_empty() { commands } else { solution },
        }
    }

    fn goal(&mut self, path: &str) -> Option<Goal> {
        self.fields(path, GOAL_FIELDS);
        let (label, points) = (self.text(path, true), self.number(&format!("{path}.points"), 1));
        let then = self.at(path)["then"].is_true();
        self.condition(&format!("{path}.when")).map(|when| Goal { label, when, then, points })
    }

    fn ask(&mut self, path: &str) -> Option<Ask> {
        let value = self.at(path);
        if value.is_null() {
            return None;
        }
        self.fields(path, ASK_FIELDS);
        self.text(path, true);
        let count = value["options"].items().len();
        if count < 2 {
            self.wrong(&format!("{path}.options"), "a question has at least two answers");
        }
        let mut options = Vec::new();
        for i in 0..count {
            let place = format!("{path}.options[{i}]");
            self.fields(&place, OPTION_FIELDS);
            self.text(&place, true);
            options.extend(self.condition(&format!("{place}.when")));
        }
        Some(Ask { options, points: self.number(&format!("{path}.points"), 1) })
    }

    fn acts(&mut self, path: &str) -> Vec<Act> {
        let mut acts = Vec::new();
        for i in 0..self.at(path).items().len() {
            let place = format!("{path}[{i}]");
            match Act::read(self.at(&place)) {
                Ok(act) => acts.push(act),
                Err(why) => self.wrong(&place, why),
            }
        }
        acts
    }

    fn scenario(&mut self) -> Scenario {
        let root = &self.document.value;
        let mut scenario = Scenario { title: String::new(), ..Scenario::default() };
        if root["cluster"].is_some() {
            match serde_yaml::from_str::<ClusterSpec>(&json::print(&root["cluster"])) {
                Ok(cluster) => scenario.cluster = cluster,
                Err(e) => self.wrong("cluster", e.to_string()),
            }
        }
        let mut files = BTreeMap::new();
        for (path, text) in root["files"].entries() {
            match text.as_str() {
                Some(text) => drop(files.insert(path.to_string(), text.to_string())),
                None => self.wrong(&format!("files.{path}"), "a file is a text: write `|` behind its name"),
            }
        }
        scenario.files = files;
        for act in self.acts("setup") {
            match act.setup() {
                Ok(line) => scenario.setup.push(line),
                Err(why) => self.wrong("setup", why),
            }
        }
        match scenario.checked() {
            Ok(scenario) => scenario,
            Err(e) => {
                self.wrong("cluster", e.0);
                Scenario::default()
            }
        }
    }
}
