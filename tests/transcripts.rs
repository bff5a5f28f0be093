//! Literate transcripts: what a person types on the default cluster, and every byte that comes back.
//!
//! In `tests/transcripts/*.txt` a line `$ …` is a command line for the workstation (`| …` continues it on a
//! new line), `@ 5s` lets time pass, `# …` is a remark; anything else is the expected output, standard output
//! first, then standard error, then `[N]` if the exit code N is not 0. `PODLAB_BLESS=1 cargo test transcripts`
//! writes what comes out now into the files, to be read in the diff (`PODLAB_BLESS=probes` does so for the files
//! whose name contains that, and plays no others). A first line `% {settings: …}` asks for
//! another cluster.

use podlab::cluster::Cluster;
use podlab::scenario::Scenario;
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
    play_and(text, |_, _, _| {})
}

/// The same; `after` sees the cluster, the command and its output after each command.
fn play_and(text: &str, mut after: impl FnMut(&mut Cluster, &str, &str)) -> String {
    let asked = text.lines().next().and_then(|l| l.strip_prefix("% "));
    let spec = asked.map_or_else(ClusterSpec::default, |asked| {
        let scenario = Scenario::from_yaml(&format!("podlab: 1\ncluster: {asked}"));
        scenario.expect("a cluster's fields").cluster
    });
    let mut cluster = Cluster::new(&spec).expect("a cluster");
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
            after(&mut cluster, &command, &came);
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
        } else if line.starts_with("# ") || line.starts_with("% ") {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

#[test]
fn what_people_type_answers_to_the_letter() {
    let bless = std::env::var("PODLAB_BLESS").ok();
    let meant = bless.as_deref().filter(|name| *name != "1").unwrap_or_default();
    let mut wrong = Vec::new();
    for path in files().into_iter().filter(|p| p.to_string_lossy().contains(meant)) {
        let text = fs::read_to_string(&path).expect("a transcript");
        let played = play(&text);
        if bless.is_some() {
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

#[test]
fn a_mistake_leaves_cluster_files_and_terminal_as_they_were() {
    const OBJECTS: &str = "kubectl get all,cm,secrets,sa,pvc,ns -A -o name";
    let mut mistakes = 0;
    for name in ["mistakes.txt", "wrong-manifests.txt"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(name);
        let mut before = (String::new(), String::new());
        play_and(&fs::read_to_string(path).expect("a transcript"), |cluster, command, came| {
            let objects = run(cluster, OBJECTS);
            let files = run(cluster, "cd /root && cksum *");
            let failed = came.lines().last().is_some_and(|l| l.starts_with('[') && l.ends_with(']'));
            if failed && !before.0.is_empty() {
                mistakes += 1;
                assert!(came.lines().count() > 1, "{command}: nothing is said");
                assert_eq!(objects, before.0, "{command}: the cluster has changed");
                let lost = before.1.lines().find(|file| !files.contains(*file) && !command.contains('>'));
                assert_eq!(lost, None, "{command}: a file has changed");
                assert_eq!(run(cluster, "echo usable"), "usable\n", "{command}: the terminal is stuck");
            }
            before = (objects, files);
        });
    }
    assert!(mistakes >= 80, "{mistakes}");
}
