//! Questions that the page asks of a copy of the cluster, so that the answer changes nothing.
//!
//! `kubectl describe` in the inspector, the check of a manifest while it is typed and completion all run
//! real command lines on a clone, in virtual time that nobody else sees.

use super::complete::{OWN, own};
use crate::cluster::Cluster;
use crate::fs::View;
use crate::os::MachineId;
use crate::os::program::FileType;
use crate::scenario::transcript::{Chunk, Output};
use crate::time::Span;
use serde::Serialize;

/// How much virtual time a question may take.
const PATIENCE: Span = Span::secs(20);
/// How much text an answer may hold, in bytes.
const ANSWER_LIMIT: usize = 1 << 20;
/// How many candidates completion offers.
const CANDIDATES: usize = 500;
/// The workstation's home directory.
const HOME: &str = "/root/";
/// How many files are listed.
const FILES: usize = 500;
/// How deep below the home directory.
const DEPTH: u32 = 4;
/// The programs that completion offers as a first word, beside files.
const PROGRAMS: &[&str] = &[
    "alias", "awk", "cat", "cd", "chmod", "clear", "cp", "curl", "cut", "date", "echo", "env", "exit",
    "export", "for", "grep", "head", "history", "if", "kill", "kubectl", "ls", "mkdir", "mv", "printf", "ps",
    "pwd", "rm", "scp", "sed", "seq", "sleep", "sort", "ssh", "tail", "tee", "test", "timeout", "touch",
    "tr", "uniq", "vim", "watch", "wc", "wget", "while", "xargs",
];

/// Terminal output on its way to the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Whether what was shown before is void.
    pub reset: bool,
    /// The pieces with their instants.
    pub chunks: Vec<Piece>,
}

/// A piece of terminal output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Piece {
    /// When it came.
    pub at: f64,
    /// The text.
    pub text: String,
}

/// A player's output for the page.
pub fn output(output: Output) -> Shown {
    let piece = |c: Chunk| Piece { at: c.at.0 as f64, text: c.text };
    Shown { reset: output.reset, chunks: output.chunks.into_iter().map(piece).collect() }
}

/// A file of the workstation as text; relative paths are below its home.
pub fn read_file(cluster: &Cluster, path: &str) -> Option<String> {
    let path = if path.starts_with('/') { path.to_string() } else { format!("/root/{path}") };
    cluster.read_file(&path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What a command line prints (standard output, then standard error) when it is run on a copy.
pub fn query(cluster: &Cluster, line: &str) -> String {
    let (out, err) = run(cluster.clone(), line);
    clip(out + &err)
}

/// What kubectl would say against a manifest: the errors of a dry run, empty if it has none.
pub fn check(cluster: &Cluster, path: &str, text: &str) -> String {
    let mut scratch = cluster.clone();
    let name = path.rsplit('/').next().unwrap_or(path);
    scratch.write_file(&format!("/tmp/check/{name}"), text.as_bytes());
    let line = format!("cd /tmp/check && kubectl apply --dry-run=server -f {}", quote(name));
    clip(run(scratch, &line).1)
}

/// The files in the workstation's home: paths relative to it, with a number that changes with the file.
pub fn files(cluster: &Cluster) -> Vec<(String, f64)> {
    let cell = cluster.world.machine(MachineId(0)).cell;
    let mut found = Vec::new();
    // Nothing to list is the only error that a home directory can have.
    let _ = cluster.world.view(cell, |view| {
        walk(view, "", 0, &mut found);
        Ok(())
    });
    found
}

fn walk(view: &View<'_>, dir: &str, depth: u32, found: &mut Vec<(String, f64)>) {
    for name in view.read_dir(&format!("{HOME}{dir}")).unwrap_or_default() {
        if name.as_str().starts_with('.') || found.len() >= FILES {
            continue;
        }
        let path = if dir.is_empty() { name.to_string() } else { format!("{dir}/{name}") };
        match view.stat(&format!("{HOME}{path}"), false) {
            Ok(stat) if stat.kind == FileType::Dir && depth < DEPTH => walk(view, &path, depth + 1, found),
            Ok(stat) if stat.kind == FileType::File => {
                found.push((path, stat.mtime_micros as f64 + stat.size as f64));
            }
            _ => {}
        }
    }
}

/// Candidates for the last of the words typed so far.
pub fn complete(cluster: &Cluster, words: &[String]) -> Vec<String> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let mut found: Vec<String> = match before.first().map(String::as_str) {
        None => {
            let all = PROGRAMS.iter().chain(OWN).filter(|p| p.starts_with(last.as_str()));
            all.map(|p| (*p).to_string()).collect()
        }
        Some("kubectl" | "k") => kubectl_words(cluster, &before[1..], last),
        Some(first) if OWN.contains(&first) => {
            let mut words = own(cluster, before);
            words.retain(|w| w.starts_with(last.as_str()));
            words
        }
        Some(_) => Vec::new(),
    };
    if found.is_empty() {
        found = file_words(cluster, last);
    }
    found.truncate(CANDIDATES);
    found
}

/// What `kubectl __complete` answers: a candidate on each line (with a description behind a tab), then `:N`.
fn kubectl_words(cluster: &Cluster, before: &[String], last: &str) -> Vec<String> {
    let mut line = String::from("kubectl __complete");
    for word in before.iter().map(String::as_str).chain([last]) {
        line += " ";
        line += &quote(word);
    }
    let (out, _) = run(cluster.clone(), &line);
    let words = out.lines().take_while(|l| !l.starts_with(':'));
    words.filter_map(|l| l.split('\t').next()).filter(|w| !w.is_empty()).map(str::to_string).collect()
}

fn file_words(cluster: &Cluster, last: &str) -> Vec<String> {
    let (dir, _) = last.rsplit_once('/').map_or(("", last), |(dir, name)| (dir, name));
    let listed = if dir.is_empty() { ".".to_string() } else { format!("{dir}/") };
    let (out, _) = run(cluster.clone(), &format!("ls -1p {}", quote(&listed)));
    let prefix = if dir.is_empty() && !last.starts_with('/') { String::new() } else { format!("{dir}/") };
    out.lines().map(|name| format!("{prefix}{name}")).filter(|path| path.starts_with(last)).collect()
}

fn run(mut scratch: Cluster, line: &str) -> (String, String) {
    let limit = scratch.now() + PATIENCE;
    let job = scratch.start_job(line, "/root", false);
    scratch.run_until_job(job, limit);
    scratch.job_output(job)
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn clip(mut text: String) -> String {
    if text.len() > ANSWER_LIMIT {
        let end = (0..=ANSWER_LIMIT).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
