//! Answers as plain text, for terminals: the question, what is so, and the chain of causes with instants,
//! places in manifests and pages of the documentation.

use super::chain::{Link, Place};
use super::{Answer, Language};
use crate::api::{Text, Value};
use crate::collections::BTreeSet;
use crate::map;
use crate::time::Time;

/// A line of an answer; a place stands for a line that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// The field of a manifest to be shown below it.
    pub place: Option<Place>,
}

/// The lines of answers.
pub fn lines(answers: &[Answer], language: Language) -> Vec<Line> {
    let because = if language == Language::Chinese { "因为" } else { "because" };
    let mut lines = Vec::new();
    let mut pages = BTreeSet::new();
    let mut told: Vec<&[Link]> = Vec::new();
    let plain = |text: String| Line { text, place: None };
    for (i, answer) in answers.iter().enumerate() {
        if i > 0 {
            lines.push(plain(String::new()));
        }
        lines.push(plain(answer.ask.sentence(language)));
        for fact in &answer.facts {
            lines.push(Line { text: format!("  - {}", fact.sentence(language)), place: fact.place.clone() });
            page(fact, &mut pages, &mut lines);
        }
        if !answer.chain.is_empty() && told.contains(&answer.chain.as_slice()) {
            lines.push(plain(format!(
                "  {because} … ({})",
                if language == Language::Chinese { "见上" } else { "as above" }
            )));
            continue;
        }
        told.push(&answer.chain);
        for (n, link) in answer.chain.iter().enumerate() {
            let lead = if n == 0 && answer.facts.is_empty() { "" } else { because };
            let at = link.at.map(clock).unwrap_or_default();
            let gap = if lead.is_empty() { "" } else { " " };
            lines.push(Line {
                text: format!("  {at}  {lead}{gap}{}", link.sentence(language)),
                place: link.place.clone(),
            });
            page(link, &mut pages, &mut lines);
        }
    }
    lines
}

fn page(link: &Link, pages: &mut BTreeSet<String>, lines: &mut Vec<Line>) {
    if let Some(page) = link.doc()
        && pages.insert(page.clone())
    {
        lines.push(Line { text: format!("      {page}"), place: None });
    }
}

/// An instant as `0:01:23.456`.
pub fn clock(at: Time) -> String {
    let ms = at.0 / 1_000;
    format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// Lines as one text; `read` gives the text of a file.
pub fn text(lines: &[Line], read: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for line in lines {
        out += &line.text;
        out.push('\n');
        let Some(place) = &line.place else { continue };
        let Some((number, shown)) = read(&place.path).and_then(|text| place.find(&text)) else { continue };
        let name = place.path.strip_prefix("/root/").unwrap_or(&place.path);
        out += &format!("      {name}:{number}: {shown}\n");
    }
    out
}

/// Lines as a value, to be sent to a program.
pub fn to_value(lines: &[Line]) -> Value {
    let one = |line: &Line| {
        let mut value = map! { "text" => line.text.as_str() };
        if let Some(place) = &line.place {
            value.set("path", &place.path);
            value.set("document", i64::from(place.document));
            value.set("field", place.field.as_str());
        }
        value
    };
    lines.iter().map(one).collect()
}

/// Lines from such a value.
pub fn from_value(value: &Value) -> Vec<Line> {
    let one = |v: &Value| {
        let place = v["path"].as_str().map(|path| Place {
            path: Text::from(path),
            document: u32::try_from(v["document"].int_or(0)).unwrap_or(0),
            field: v["field"].str().to_string(),
        });
        Line { text: v["text"].str().to_string(), place }
    };
    value.items().iter().map(one).collect()
}
