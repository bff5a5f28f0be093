//! `python` and `node`: versions, Python's `http.server`, and the smallest of scripts.
//!
//! A script may consist of `print(…)` or `console.log(…)` of one literal, `time.sleep(N)`, imports, `pass` and
//! `sys.exit(N)` or `process.exit(N)`, one after the other. Everything else is reported as not simulated.

use super::say::{Act, not_simulated, said, script};
use super::web::{Kind, web};
use crate::os::{Program, STDERR, STDOUT, Spawn, Step, Sys};
use crate::time::Span;

/// Which language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    /// Python 3.
    Python,
    /// Node.js.
    Node,
}

/// A script in a file, before it is read.
#[derive(Clone, Debug)]
struct FromFile {
    language: Language,
    path: String,
}

/// Starts an interpreter of a version.
pub fn language(language: Language, version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let args: Vec<&str> = spawn.argv.iter().skip(1).map(|a| a.as_str()).filter(|a| *a != "-u").collect();
    let name = if language == Language::Python { "python" } else { "node" };
    match args.as_slice() {
        ["-V" | "--version"] if language == Language::Python => said(&format!("Python {version}\n")),
        ["-v" | "--version"] => said(&format!("v{version}\n")),
        ["-m", "http.server", rest @ ..] if language == Language::Python => serve(spawn, rest),
        ["-c", code, ..] if language == Language::Python => run(language, code),
        ["-e" | "-p", code, ..] if language == Language::Node => run(language, code),
        [path, ..] if !path.starts_with('-') => Box::new(FromFile { language, path: (*path).to_owned() }),
        // Without a script it reads one from standard input, which is at its end in a container.
        [] => said(""),
        _ => not_simulated(&format!("{name} {}", args.join(" "))),
    }
}

fn serve(spawn: &Spawn, args: &[&str]) -> Box<dyn Program> {
    let mut port = 8000;
    let mut dir = spawn.cwd.to_string();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "-d" | "--directory" => dir = args.next().map_or(dir, |d| (*d).to_owned()),
            "-b" | "--bind" => drop(args.next()),
            other => match other.parse() {
                Ok(n) => port = n,
                Err(_) => return not_simulated(&format!("python -m http.server {other}")),
            },
        }
    }
    web(Kind::Python(dir), port)
}

impl Program for FromFile {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let path = &self.path;
        match sys.read_file(path) {
            Ok(bytes) => Step::Become(run(self.language, &String::from_utf8_lossy(&bytes))),
            Err(e) => {
                let text = match self.language {
                    Language::Python => {
                        format!("python3: can't open file '{path}': [Errno 2] {}\n", e.text())
                    }
                    Language::Node => format!("Error: Cannot find module '{path}'\n"),
                };
                let _ = sys.write(STDERR, text.as_bytes());
                Step::Exit(if self.language == Language::Python { 2 } else { 1 })
            }
        }
    }
}

/// The acts of a script; its first statement that is not understood ends it.
fn run(language: Language, code: &str) -> Box<dyn Program> {
    let mut acts = Vec::new();
    for line in code.lines().flat_map(statements) {
        let line = line.trim();
        let argument = |function: &str| line.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')');
        let (print, exit) = match language {
            Language::Python => ("print", "sys.exit"),
            Language::Node => ("console.log", "process.exit"),
        };
        if line.is_empty() || line.starts_with(['#']) || line.starts_with("//") || line == "pass" {
            continue;
        }
        if line.starts_with("import ") && language == Language::Python {
            continue;
        }
        if let Some(text) = argument(print).and_then(literal) {
            acts.push(Act::Say(STDOUT, format!("{text}\n")));
        } else if let Some(n) = argument(exit).and_then(|n| n.parse::<u8>().ok()) {
            acts.push(Act::Exit(i32::from(n)));
        } else if let Some(secs) = argument("time.sleep").and_then(|n| n.parse::<f64>().ok()) {
            acts.push(Act::Pause(Span::secs_f64(secs)));
        } else {
            acts.push(Act::Say(STDERR, format!("not simulated: {line}\n")));
            acts.push(Act::Exit(1));
            break;
        }
    }
    script(acts)
}

/// Cuts a line at its semicolons outside quotes.
fn statements(line: &str) -> Vec<&str> {
    let mut quote = None;
    line.split(move |c| {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if c == q => quote = None,
            _ => {}
        }
        c == ';' && quote.is_none()
    })
    .collect()
}

/// The text of a quoted string without escapes, or of a number.
fn literal(text: &str) -> Option<String> {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q));
    if let Some(inside) = quoted.filter(|t| !t.contains(['"', '\'', '\\'])) {
        return Some(inside.to_owned());
    }
    (text.is_empty() || text.parse::<i64>().is_ok()).then(|| text.to_owned())
}
