//! What the API server refuses, as tables: `tests/validation/*.txt`.
//!
//! `== KIND` begins a base manifest; each `-- sentence` below it is a case. `PATH = VALUE` (flow YAML) sets a
//! field, `~ PATH = VALUE` sets it in an update of the object before, a value left out removes the field. Each
//! `!` line is an error, in order, with line ends as `\n`; a case without any must be accepted.
//! `PODLAB_BLESS=1` writes what came.

use podlab::api::yaml::{Limits, read_value};
use podlab::api::{Kind, Object, decode, defaults, validation};
use std::path::Path;

struct Case {
    name: String,
    base: String,
    /// Whether it changes the object, the path and the text of the value.
    edits: Vec<(bool, String, String)>,
    errors: Vec<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let (mut base, mut out, mut in_base) = (String::new(), Vec::<Case>::new(), false);
    for line in text.lines() {
        if line.starts_with("== ") {
            (base, in_base) = (String::new(), true);
        } else if let Some(name) = line.strip_prefix("-- ") {
            in_base = false;
            out.push(Case { name: name.into(), base: base.clone(), edits: vec![], errors: vec![] });
        } else if in_base {
            base.push_str(line);
            base.push('\n');
        } else if let Some(case) = out.last_mut().filter(|_| !line.is_empty()) {
            let (change, rest) = line.strip_prefix("~ ").map_or((false, line), |rest| (true, rest));
            match rest.strip_prefix("! ") {
                Some(error) => case.errors.push(error.to_string()),
                None => {
                    let (path, value) = rest.split_once(" =").unwrap_or_else(|| panic!("{line}"));
                    case.edits.push((change, path.into(), value.trim().into()));
                }
            }
        }
    }
    out
}

/// The object that a base and some edits make, as the server has it before it is checked.
fn made(base: &str, edits: &mut dyn Iterator<Item = &(bool, String, String)>) -> Object {
    let read = |text: &str| read_value(text, Limits::default()).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let mut value = read(base);
    for (_, path, text) in edits {
        if text.is_empty() {
            value.remove(path);
        } else {
            // A text that begins with a brace would be read as JSON.
            let read = read(&format!("v: {}", text.replace("LONG", &"a".repeat(260))));
            value.set(path, read["v"].clone());
        }
    }
    let kind = Kind::of(value["apiVersion"].str(), value["kind"].str()).expect("a kind");
    let (mut object, unknown) = decode::object(kind, &value, "Warn").unwrap_or_else(|e| panic!("{e:?}"));
    assert!(unknown.is_empty(), "{unknown:?}");
    defaults::apply(&mut object);
    object
}

fn errors(case: &Case) -> Vec<String> {
    let old = made(&case.base, &mut case.edits.iter().filter(|(change, ..)| !change));
    let found = if case.edits.iter().any(|(change, ..)| *change) {
        let new = made(&case.base, &mut case.edits.iter());
        validation::update(&old, &new, "")
    } else {
        validation::create(&old)
    };
    found
        .iter()
        .map(|e| e.to_string().trim_end().replace('\n', "\\n").replace(&"a".repeat(260), "LONG"))
        .collect()
}

/// The table with the errors that came.
fn blessed(text: &str, came: &[Vec<String>]) -> String {
    let (mut out, mut next) = (String::new(), came.iter());
    let mut pending: Option<&Vec<String>> = None;
    let flush = |out: &mut String, pending: &mut Option<&Vec<String>>| {
        for error in pending.take().into_iter().flatten() {
            *out += &format!("! {error}\n");
        }
    };
    for line in text.lines().filter(|line| !line.starts_with("! ")) {
        if line.is_empty() || line.starts_with("-- ") || line.starts_with("== ") {
            flush(&mut out, &mut pending);
        }
        out += line;
        out.push('\n');
        if line.starts_with("-- ") {
            pending = next.next();
        }
    }
    flush(&mut out, &mut pending);
    out
}

#[test]
fn objects_are_refused_in_upstreams_words() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the tables").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let mut wrong = vec![];
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a table");
        let cases = cases(&text);
        assert!(!cases.is_empty(), "{}", file.display());
        let came: Vec<Vec<String>> = cases.iter().map(errors).collect();
        if std::env::var_os("PODLAB_BLESS").is_some() {
            std::fs::write(&file, blessed(&text, &came)).expect("written");
        }
        for (case, came) in cases.iter().zip(came).filter(|(case, came)| case.errors != *came) {
            let (expected, came) = (case.errors.join("\n"), came.join("\n"));
            wrong.push(format!("{}: {}\nexpected\n{expected}\ncame\n{came}", file.display(), case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
