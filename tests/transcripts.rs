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
            out += &run(&mut cluster, &command);
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

/// The mistakes that the measure asks for at least.
const MISTAKES: usize = 50;

/// The command lines of a transcript, with the exit code of those which it expects to fail.
fn steps(text: &str) -> Vec<(String, Option<u8>)> {
    let mut steps: Vec<(String, Option<u8>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), line.strip_prefix("| ")) {
            (Some(command), _) => steps.push((command.to_string(), None)),
            (_, Some(more)) if steps.last().is_some_and(|s| s.1.is_none()) => {
                let last = &mut steps.last_mut().expect("guarded").0;
                last.push('\n');
                last.push_str(more);
            }
            _ => {
                let code = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'));
                if let (Some(code), Some(last)) = (code.and_then(|c| c.parse().ok()), steps.last_mut()) {
                    last.1 = Some(code);
                }
            }
        }
    }
    steps
}

/// What a terminal shows for a line typed into it.
fn typed(cluster: &mut Cluster, line: &str) -> String {
    let mut shown = Vec::new();
    let _ = cluster.take_terminal(1);
    cluster.type_terminal(1, &format!("{line}\n"));
    let until = cluster.now() + PATIENCE;
    while cluster.now() < until {
        let next = cluster.now() + Span::millis(500);
        cluster.run_until(next);
        shown.extend(cluster.take_terminal(1));
        if shown.ends_with(b"# ") {
            break;
        }
    }
    String::from_utf8_lossy(&shown).replace('\r', "")
}

/// Every mistake of the two transcripts is typed into a terminal. After each, the objects are what they were,
/// the files are what they were and can be written, an object can still be made and deleted, and the same
/// shell answers with the mistake's exit code.
#[test]
fn after_each_mistake_cluster_files_and_terminal_are_usable() {
    let mut count = 0;
    for name in ["mistakes.txt", "wrong-manifests.txt"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(name);
        let mut cluster = Cluster::new(&ClusterSpec::default()).expect("the default cluster");
        cluster.open_terminal(1);
        let objects = "kubectl get pods,deploy,ds,sts,job,cj,svc,cm,secret,pvc,ing,crd,ns,nodes -A -o name";
        let files = "cat * | cksum";
        for (line, mistake) in steps(&fs::read_to_string(path).expect("a transcript")) {
            let before = mistake.map(|code| (code, run(&mut cluster, objects), run(&mut cluster, files)));
            let Some(before) = before else {
                run(&mut cluster, &line);
                continue;
            };
            let shown = typed(&mut cluster, &line);
            count += 1;
            assert_eq!(before.1, run(&mut cluster, objects), "objects after: {line}");
            if !line.contains(".yaml;") {
                assert_eq!(before.2, run(&mut cluster, files), "files after: {line}");
            }
            if shown.ends_with("\n> ") {
                // A terminal asks for the rest of a line where a script is told; Ctrl-C gives it up.
                cluster.type_terminal(1, "\u{3}");
                continue;
            }
            // Echo, message, prompt; the words of the message are held by the transcript.
            let lines = line.lines().count();
            assert!(
                shown.lines().skip(lines).filter(|l| !l.trim().is_empty()).count() >= 2,
                "{line}: {shown}"
            );
            let answer = typed(&mut cluster, "echo \"code $?\" > code.txt; cat code.txt; rm code.txt");
            assert!(
                answer.contains(&format!("\ncode {}\n", before.0)),
                "the terminal after {line}: {shown}{answer}"
            );
            let alive = run(&mut cluster, "kubectl create cm alive && kubectl delete cm alive");
            assert_eq!(
                alive, "configmap/alive created\nconfigmap \"alive\" deleted from default namespace\n",
                "after: {line}"
            );
        }
    }
    assert!(count >= MISTAKES, "{count} mistakes");
}
