//! The verbs: a table of names, flags and functions, and how a command line finds its verb.

pub mod apply;
pub mod auth;
pub mod base64;
pub mod certificate;
pub mod common;
pub mod compare;
pub mod config;
pub mod copy;
pub mod create;
pub mod debug;
pub mod delete;
pub mod drain;
pub mod dump;
pub mod edit;
pub mod events;
pub mod exec;
pub mod expose;
pub mod forward;
pub mod generate;
pub mod get;
pub mod info;
pub mod kustomize;
pub mod label;
pub mod last;
pub mod logs;
pub mod node;
pub mod order;
pub mod patch;
pub mod plugin;
pub mod pods;
mod profile;
pub mod prune;
pub mod raw;
pub mod reconcile;
pub mod record;
pub mod rollout;
mod rules;
pub mod run;
pub mod scale;
pub mod set;
pub mod show;
pub mod stream;
mod table;
pub mod taint;
pub mod top;
pub mod wait;

pub use rules::broken;
pub use table::ROOT;

use crate::api::Value;
use crate::api::labels::Selector;
use crate::kubectl::cx::{Cx, OK, Outcome, Select};
use crate::kubectl::fail::Fail;
use crate::kubectl::files::Doc;
use crate::kubectl::flags::{Args, Flag, GLOBAL};
use crate::kubectl::resource::Scope;
use crate::time::Span;

/// How long kubectl takes to say that it was called wrongly (measured median).
pub const USAGE_MS: u64 = 45;

/// A verb.
#[derive(Debug)]
pub struct Verb {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What people type when they mean it (cobra's `SuggestFor`).
    pub meant: &'static [&'static str],
    /// Its flags besides the global ones.
    pub flags: &'static [&'static [Flag]],
    /// What it does, in a few words.
    pub about: &'static str,
    /// Arguments, for the usage line.
    pub usage: &'static str,
    /// Wall time in milliseconds (medians of LATENCY.md and of the recordings).
    pub ms: u64,
    /// Whether it speaks to the API server.
    pub talks: bool,
    /// Runs it.
    pub run: fn(&mut Cx, &Args) -> Outcome,
    /// Verbs below it.
    pub sub: &'static [Verb],
    /// What naming it alone gives, if it only groups others.
    pub alone: Alone,
    /// How far it goes.
    pub cover: Cover,
}

/// How far a verb does what kubectl's does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cover {
    /// All of it.
    Simulated,
    /// All but this.
    Simplified(&'static str),
    /// It only says that it is not simulated.
    Absent,
}

/// Flags that are known and refused: the verb (empty: all that have it) and the flag.
pub const REFUSED: &[(&str, &str)] = &[
    // All verbs but `get`.
    ("", "show-managed-fields"),
    ("", "profile"),
    ("", "windows-line-endings"),
    ("apply", "applyset"),
    ("create", "edit"),
    ("kustomize", "enable-helm"),
];

/// Flags that are read and make no difference: there is one cluster, one way to it and one identity.
pub const WITHOUT_EFFECT: &[&str] = &[
    "cache-dir",
    "certificate-authority",
    "client-certificate",
    "client-key",
    "disable-compression",
    "insecure-skip-tls-verify",
    "kuberc",
    "log-flush-frequency",
    "match-server-version",
    "password",
    "profile-output",
    "tls-server-name",
    "token",
    "username",
    "vmodule",
];

/// The failure for a flag that asks for what is not simulated.
pub fn refused(verb: &Verb, args: &Args) -> Option<Fail> {
    let set = |flag: &str| args.changed(flag) && !matches!(args.value(flag), "false" | "none" | "");
    // `debug` has a --profile of its own.
    let own = |flag: &str| verb.name == "debug" && flag == "profile";
    // Only `get` asks for managed fields; other verbs would send them back.
    let shown = |flag: &str| verb.name == "get" && flag == "show-managed-fields";
    let set = |flag: &str| set(flag) && !own(flag) && !shown(flag);
    let (_, flag) = REFUSED.iter().find(|(v, f)| (v.is_empty() || *v == verb.name) && set(f))?;
    Some(crate::kubectl::cx::not_simulated(&format!("--{flag}")))
}

/// Verbs that write under a name of their own; all others do so as `kubectl`.
const MANAGERS: &[&str] = &[
    "annotate",
    "autoscale",
    "create",
    "edit",
    "expose",
    "label",
    "patch",
    "replace",
    "rollout",
    "run",
    "set",
    "taint",
];

/// The field manager of what a command writes: that of the flag, or the verb's default.
pub fn manager(path: &str, args: &Args) -> crate::api::Text {
    use crate::api::Text;
    let given = args.value("field-manager");
    let verb = path.split(' ').nth(1).unwrap_or_default();
    if !given.is_empty() {
        Text::from(given)
    } else if MANAGERS.contains(&verb) && !path.ends_with(" undo") {
        Text::from(format!("kubectl-{verb}"))
    } else {
        Text::lit("kubectl")
    }
}

/// What a verb does that only groups others when none of them is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alone {
    /// Its help on standard error, as a failure.
    Fails,
    /// Its help on standard output, as a failure.
    FailsOnOutput,
    /// Its help.
    Helps,
}

impl Verb {
    /// The wall time before the first request: starting up, reading the configuration, discovery.
    pub fn before(&self) -> Span {
        Span::millis(self.ms * 6 / 10)
    }

    /// The wall time after the last answer.
    pub fn after(&self) -> Span {
        Span::millis(self.ms * 4 / 10)
    }

    const fn new(name: &'static str, run: fn(&mut Cx, &Args) -> Outcome) -> Verb {
        Verb {
            name,
            aliases: &[],
            meant: &[],
            flags: &[],
            about: "",
            usage: "",
            ms: 70,
            talks: true,
            run,
            sub: &[],
            alone: Alone::Fails,
            cover: Cover::Simulated,
        }
    }
}

/// A verb that a command line has found.
pub struct Found {
    /// The verb.
    pub verb: &'static Verb,
    /// Its name with those of its parents: `kubectl create job`.
    pub path: String,
    /// The command line without the names of the verbs.
    pub words: Vec<String>,
}

/// Finds the verb of a command line as cobra does: flags may stand before it.
pub fn find(words: &[String]) -> Found {
    let mut found = Found { verb: &ROOT, path: "kubectl".into(), words: words.to_vec() };
    while let Some((at, sub)) = next_verb(found.verb, &found.words) {
        found.words.remove(at);
        found.path = format!("{} {}", found.path, sub.name);
        found.verb = sub;
    }
    found
}

fn next_verb(verb: &'static Verb, words: &[String]) -> Option<(usize, &'static Verb)> {
    let at = first_plain(verb, words)?;
    let word = &words[at];
    let sub = verb.sub.iter().find(|v| v.name == word || v.aliases.contains(&word.as_str()))?;
    Some((at, sub))
}

/// Where the first word stands that is neither a flag nor a flag's value.
pub fn first_plain(verb: &'static Verb, words: &[String]) -> Option<usize> {
    let bare = |test: &dyn Fn(&Flag) -> bool| {
        verb.flags.iter().copied().chain([GLOBAL]).flatten().any(|f| test(f) && f.bare.is_some())
    };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return None;
        }
        let takes_next = match word.strip_prefix("--") {
            Some(name) => !name.contains('=') && !bare(&|f: &Flag| f.name == name),
            None if word.len() == 2 && word.starts_with('-') => {
                let letter = word.chars().nth(1).unwrap_or(' ');
                !bare(&|f: &Flag| f.short == letter)
            }
            None => false,
        };
        if !word.starts_with('-') || word.is_empty() {
            return Some(at);
        }
        at += 1 + usize::from(takes_next);
    }
    None
}

/// The failure for a verb that does not exist, with cobra's suggestions.
pub fn unknown(typed: &str) -> Fail {
    let lower = typed.to_lowercase();
    let near: Vec<&str> = ROOT
        .sub
        .iter()
        .filter(|v| {
            distance(&lower, v.name) <= 2
                || v.name.starts_with(&lower)
                || v.meant.iter().any(|m| m.eq_ignore_ascii_case(typed))
        })
        .map(|v| v.name)
        .collect();
    let mut text = format!("unknown command {typed:?} for \"kubectl\"");
    if !near.is_empty() {
        text += "\n\nDid you mean this?\n";
        for name in near {
            text += &format!("\t{name}\n");
        }
    }
    Fail::Plain(text)
}

/// The longest text whose distance is worked out; longer ones resemble nothing.
const DISTANCE_LIMIT: usize = 64;

/// Levenshtein's distance.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > DISTANCE_LIMIT {
        return DISTANCE_LIMIT;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn group(cx: &mut Cx, args: &Args) -> Outcome {
    let words: Vec<&str> = cx.base.path.split(' ').collect();
    let owned: Vec<String> = words[1..].iter().map(|w| w.to_string()).collect();
    let found = find(&owned);
    let text = crate::kubectl::help::text(found.verb, &found.path);
    match found.verb.alone {
        Alone::Helps => {
            cx.print(&text);
            return OK;
        }
        _ if !args.rest.is_empty() => {
            return Err(Fail::Usage(format!("unknown command {:?}", args.rest.join(" "))));
        }
        Alone::Fails => cx.eprint(&text),
        Alone::FailsOnOutput => cx.print(&text),
    }
    Ok(crate::kubectl::cx::Done::Exit(1))
}

/// The `fieldValidation` that `--validate` asks for.
pub fn validation(flag: &str) -> &'static str {
    match flag {
        "false" | "ignore" => "Ignore",
        "warn" => "Warn",
        _ => "Strict",
    }
}

/// What `--request-timeout` allows; nothing if there is no limit.
pub fn request_timeout(args: &Args) -> Result<Option<Span>, Fail> {
    let text = args.value("request-timeout");
    if text.is_empty() {
        return Ok(None);
    }
    let micros = match text.parse::<i64>() {
        Ok(seconds) => seconds.saturating_mul(1_000_000),
        Err(_) => crate::kubectl::flags::parse_duration(text).map_err(|_| {
            Fail::from("Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)")
        })?,
    };
    Ok(u64::try_from(micros).ok().filter(|m| *m > 0).map(Span))
}

/// Whether `-l` lets a document through.
pub fn selected(args: &Args, doc: &Doc) -> bool {
    let text = args.value("selector");
    text.is_empty() || Selector::parse(text).is_ok_and(|s| s.matches(doc.value.at("metadata.labels")))
}

/// The scope that the usual flags give.
pub fn scope(args: &Args) -> Scope {
    Scope {
        select: Select { labels: args.value("selector").into(), fields: args.value("field-selector").into() },
        all: args.is("all"),
        all_namespaces: args.is("all-namespaces"),
    }
}

/// Reads `a=b,c=d`.
pub fn pairs_map(text: &str) -> Result<Value, String> {
    let mut out = Value::map();
    for pair in text.split(',').filter(|p| !p.is_empty()) {
        let (k, v) = pair.split_once('=').ok_or_else(|| format!("unexpected label spec: {pair}"))?;
        out.map_mut().insert(k, v);
    }
    Ok(out)
}

/// Whether a text can be the name of an image, by the rules of the reference grammar.
pub fn image_is_valid(image: &str) -> bool {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(r, d)| (r, Some(d)));
    if digest.is_some_and(|d| !d.split_once(':').is_some_and(|(a, h)| !a.is_empty() && h.len() >= 32)) {
        return false;
    }
    let slash = rest.rfind('/').map_or(0, |i| i + 1);
    let (name, tag) = match rest[slash..].split_once(':') {
        Some((n, t)) => (&rest[..slash + n.len()], Some(t)),
        None => (rest, None),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if tag.is_some_and(|t| t.is_empty() || t.len() > 128 || !t.chars().all(word) || t.starts_with(['.', '-']))
    {
        return false;
    }
    let parts: Vec<&str> = name.split('/').collect();
    let is_domain = |p: &str| p.contains('.') || p.contains(':') || p == "localhost";
    parts.iter().enumerate().all(|(i, part)| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
        let edge = |c: char| matches!(c, '_' | '.' | '-');
        if i == 0 && parts.len() > 1 && is_domain(part) {
            return part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-'));
        }
        !part.is_empty() && part.chars().all(plain) && !part.starts_with(edge) && !part.ends_with(edge)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_verbs_get_cobras_suggestions() {
        for (typed, near) in [
            ("gett", &["set", "get"] as &[&str]),
            ("log", &["top", "logs"]),
            ("rm", &["run", "delete", "cp"]),
            ("remove", &["delete"]),
            ("api-resource", &["api-resources"]),
            ("convert", &[]),
        ] {
            let mut want = format!("unknown command {typed:?} for \"kubectl\"");
            if !near.is_empty() {
                want += "\n\nDid you mean this?\n";
                want.extend(near.iter().map(|n| format!("\t{n}\n")));
            }
            assert_eq!(unknown(typed).message(), want);
        }
    }

    #[test]
    fn verbs_are_found_behind_flags() {
        let words: Vec<String> =
            ["-n", "web", "config", "--context=x", "view", "x"].map(String::from).to_vec();
        let found = find(&words);
        assert_eq!(found.path, "kubectl config view");
        assert_eq!(found.words, ["-n", "web", "--context=x", "x"]);
    }

    #[test]
    fn image_names_are_checked_as_references() {
        for ok in
            ["nginx", "a.b/c/d:1.2", "localhost:5000/x", "x@sha256:0123456789012345678901234567890123456789"]
        {
            assert!(image_is_valid(ok), "{ok}");
        }
        for bad in ["", "Nginx", "a b", "x:", "/x", "x/", "InvalidImageName"] {
            assert!(!image_is_valid(bad), "{bad}");
        }
    }
}
