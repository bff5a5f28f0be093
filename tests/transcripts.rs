//! Literate transcripts: what a person types on the default cluster, and every byte that comes back.
//!
//! In `tests/transcripts/*.txt` a line `$ …` is a command line for the workstation (`| …` continues it on a
//! new line), `@ 5s` lets time pass, `# …` is a remark; anything else is the expected output, standard output
//! first, then standard error, then `[N]` if the exit code N is not 0. `PODLAB_BLESS=1 cargo test transcripts`
//! writes what comes out now into the files, to be read in the diff.

use podlab::cluster::Cluster;
use podlab::scenario::format::ClusterSpec;
use podlab::time::Span;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A command that has not ended after this is interrupted.
const PATIENCE: Span = Span::secs(120);

fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).expect("the directory").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

fn run(cluster: &mut Cluster, line: &str) -> String {
    let job = cluster.start_job(line, "/root", false);
    let limit = cluster.now() + PATIENCE;
    cluster.run_until_job(job, limit);
    if cluster.job_status(job).is_none() {
        cluster.interrupt_job(job);
        cluster.run_until(limit + Span::secs(1));
    }
    let (mut out, err) = cluster.job_output(job);
    {
        let text = &err;
        if !out.is_empty() && !out.ends_with('\n') && !text.is_empty() {
            out.push('\n');
        }
        out += text;
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    match cluster.job_status(job) {
        Some(0) => {}
        Some(rc) => out += &format!("[{rc}]\n"),
        None => out += "[does not end]\n",
    }
    cluster.forget_job(job);
    out
}

/// Plays a transcript and returns it with the output that came.
fn play(text: &str) -> String {
    play_and_look(text, |_, _, _| {})
}

/// Plays a transcript; `look` sees the cluster, the command and what came out of it after each command.
fn play_and_look(text: &str, mut look: impl FnMut(&mut Cluster, &str, &str)) -> String {
    let mut cluster = Cluster::new(&ClusterSpec::default()).expect("the default cluster");
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("$ ") {
            let mut command = command.to_string();
            let _ = writeln!(out, "{line}");
            while let Some(more) = lines.next_if(|l| l.starts_with("| ") || *l == "|") {
                command.push('\n');
                command += more.get(2..).unwrap_or("");
                let _ = writeln!(out, "{more}");
            }
            let came = run(&mut cluster, &command);
            look(&mut cluster, &command, &came);
            out += &came;
            // Blank lines and remarks after the output belong to the next step.
            while lines
                .next_if(|l| !l.starts_with("$ ") && !l.starts_with("@ ") && !l.starts_with("# "))
                .is_some()
            {}
        } else if let Some(span) = line.strip_prefix("@ ") {
            let _ = writeln!(out, "{line}");
            let seconds: u64 = span.trim_end_matches('s').parse().expect("a span like 5s");
            let t = cluster.now() + Span::secs(seconds);
            cluster.run_until(t);
        } else if line.starts_with("# ") {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

#[test]
fn what_people_type_answers_to_the_letter() {
    let bless = std::env::var("PODLAB_BLESS").is_ok();
    let mut wrong = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).expect("a transcript");
        let played = play(&text);
        if bless {
            fs::write(&path, &played).expect("writable");
        } else if played != text {
            let place = played.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let part =
                |t: &str| t.lines().skip(place.saturating_sub(1)).take(8).collect::<Vec<_>>().join("\n");
            wrong.push(format!(
                "{}:{}\n--- expected\n{}\n--- came\n{}",
                path.display(),
                place + 1,
                part(&text),
                part(&played)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is there to be harmed: all objects by name with what they desire, a file of the person's, a pipe.
const UNHARMED: &str = "kubectl get all,cm,secret,sa,ns,node,pv,pvc -A -o jsonpath='{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.labels} {.spec}{\"\\n\"}{end}'; cat keep.txt; echo usable | cat";

/// The mistakes of both transcripts: wrong commands and wrong manifests.
const MISTAKES: &[&str] = &["mistakes.txt", "wrong-manifests.txt"];

/// How many mistakes are shown to be harmless.
const AT_LEAST: usize = 75;

#[test]
fn every_mistake_is_answered_and_leaves_cluster_files_and_terminal_usable() {
    let mut mistakes = 0;
    for path in files().iter().filter(|f| MISTAKES.iter().any(|m| f.ends_with(m))) {
        let text = fs::read_to_string(path).expect("a transcript");
        let text = format!("$ echo mine > keep.txt\n{text}");
        let mut before = String::new();
        play_and_look(&text, |cluster, command, came| {
            let now = run(cluster, UNHARMED);
            assert!(now.ends_with("mine\nusable\n"), "after {command}: {now}");
            if came.ends_with("]\n") {
                assert_eq!(now, before, "after {command}");
                assert!(came.lines().count() > 1 && !came.contains("[does not end]"), "{command}: {came}");
                mistakes += 1;
            }
            before = now;
        });
    }
    assert!(mistakes >= AT_LEAST, "only {mistakes} mistakes");
}
