//! No script panics or hangs the shell: lines of `tests/shell/` and `tests/transcripts/`, mutated, and plain
//! noise are run as jobs of the workstation, by `sh` of a file, and by busybox's `sh` in a pod.
//!
//! Each script has a copy of one prepared cluster to itself, so it may break what it likes there except the
//! cluster: afterwards a next command still answers. `PODLAB_FUZZ=20000 cargo test fuzz_shell` runs that many;
//! `PODLAB_SEED=N` runs script N alone. A failure prints the number and the script.

use super::fuzz::{Watchdog, number, type_line};
use podlab::cluster::Cluster;
use podlab::rng::Rng;
use podlab::scenario::format::ClusterSpec;
use podlab::time::Span;
use std::fs;
use std::path::Path;

/// Scripts of a normal run.
const SCRIPTS: u64 = 400;
/// How long a script may go on in virtual time before Ctrl-C.
const PATIENCE: Span = Span::secs(10);
/// How long after it the cluster must answer again.
const AFTER: Span = Span::secs(60);
/// The most bytes of noise.
const NOISE: u64 = 200;

const TOKENS: &[&str] = &[
    "$(",
    "`",
    "\"",
    "'",
    "<< EOF\n",
    "\nEOF\n",
    "<<-'E'\n",
    "<<<",
    "|",
    "&",
    ";",
    ";;",
    ";&",
    "&&",
    "||",
    "{",
    "}",
    "(",
    ")",
    "[[",
    "]]",
    "((",
    "))",
    "$((",
    "case x in ",
    "esac",
    "if ",
    "then ",
    "else ",
    "fi",
    "for i in ",
    "for ((;;))",
    "while :; do ",
    "until false; do ",
    "do ",
    "done",
    "select x in a; do ",
    "function f ",
    "f() ",
    "f",
    "${x%%*}",
    "${x##",
    "${x:-",
    "${x/a/b}",
    "${x//",
    "${x:1:-1}",
    "${!x}",
    "${#x}",
    "${x[@]}",
    "${x^^}",
    "$@",
    "$*",
    "$#",
    "$$",
    "$!",
    "${",
    "}",
    "x=",
    "x=(",
    "x[0]=",
    "local ",
    "export ",
    "readonly ",
    "declare -A ",
    "eval ",
    "exec ",
    "exec 3>&1 ",
    "trap '' INT",
    "trap 'echo t' EXIT",
    "set -e",
    "set -u",
    "set -x",
    "set -o pipefail",
    "shift",
    "return",
    "break 9",
    "continue",
    "exit",
    "wait",
    "bg",
    "fg",
    "jobs",
    "kill %1 ",
    "kill -STOP $$",
    "> f",
    ">> f",
    "< f",
    "2>&1",
    ">&-",
    "<&3",
    "<(",
    ">(",
    "&> f",
    "*",
    "?",
    "[",
    "]",
    "[!a-",
    "[[:alpha:]]",
    "{1..9}",
    "{1..999999999}",
    "{a,b}",
    "~",
    "\\",
    "\\\n",
    "\n",
    " ",
    "\t",
    "#",
    "!",
    "=~ ",
    "==",
    "-eq ",
    "1/0",
    "1<<64",
    "**",
    "9223372036854775807",
    "-9223372036854775808",
    "%",
    "?:",
    "++",
    "--",
    ",",
    "é",
    "\u{0}",
    "\r",
    "\u{1b}[",
    "read x",
    "printf '%*d' 99999999 1",
    "printf %b '\\x",
    "echo -e '\\0",
    "yes | ",
    "cat ",
    "sleep 99 ",
    "seq 1 ",
    "awk '{",
    "awk 'BEGIN{while(1);}'",
    "awk 'function f(n){return n<1?0:1+f(n-1)} BEGIN{print f(300)}'",
    "awk 'function g(a,i){a[i]=i; return g(a,i+1)} BEGIN{g(x,1)}'",
    "awk '{print | \"cat\"; print > \"o\"} END{close(\"cat\")}'",
    "awk 'BEGIN{while((getline x < \"/etc/passwd\")>0)n++; print n; getline; print}'",
    "awk 'BEGIN{while(1)print \"y\" | \"sort\"}'",
    "awk -v RS= '{print NR}'",
    "time",
    "sysctl -a",
    "sed 's/",
    "sed ':a;ba' ",
    "grep -E '(a*)*b' ",
    "find . -exec ",
    "xargs ",
    "tr ",
    "cut -c",
    "sort -k",
    "head -c ",
    "dd if=/dev/zero ",
    "tail -f ",
    "date -d '",
    "expr ",
    "test ",
    "[ ",
    "sh -c '",
    "$0 ",
    "base64 -d ",
    "od ",
    "tar c ",
    "/dev/zero",
    "/dev/null",
    "/proc/self/fd/1",
    "99999999999999999999",
];

/// The scripts that are mutated.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let texts = |dir: &str| {
        let mut files: Vec<_> = fs::read_dir(root.join(dir)).expect("the directory").collect();
        files.sort_by_key(|f| f.as_ref().expect("an entry").path());
        files.into_iter().map(|f| fs::read_to_string(f.expect("an entry").path()).expect("a text"))
    };
    let scripts = texts("shell").flat_map(|t| t.split("\n---\n").map(str::to_string).collect::<Vec<_>>());
    let typed = texts("transcripts").flat_map(|t| {
        let lines = t.lines().filter_map(|l| l.strip_prefix("$ ").map(str::to_string));
        lines.filter(|l| !l.contains("<<")).collect::<Vec<_>>()
    });
    scripts.chain(typed).filter(|s| !s.trim().is_empty()).collect()
}

/// A text in pieces that are worth swapping: words, blanks and single marks.
fn pieces(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for c in text.chars() {
        match all.last_mut() {
            Some(last) if c.is_alphanumeric() && last.ends_with(char::is_alphanumeric) => last.push(c),
            _ => all.push(c.to_string()),
        }
    }
    all
}

fn below(rng: &mut Rng, n: usize) -> usize {
    rng.below(n as u64) as usize
}

/// A script of the corpus, or two in one, with some pieces dropped, doubled, swapped or put in.
fn mutated(rng: &mut Rng, corpus: &[String]) -> String {
    let mut text = corpus[below(rng, corpus.len())].clone();
    if rng.below(4) == 0 {
        text = text + "\n" + &corpus[below(rng, corpus.len())];
    }
    let mut parts = pieces(&text);
    for _ in 0..=rng.below(5) {
        let (at, other) = (below(rng, parts.len() + 1), below(rng, parts.len() + 1));
        let end = (at + below(rng, 6)).min(parts.len());
        match rng.below(6) {
            0 => drop(parts.drain(at..end)),
            1 => {
                let copy = parts[at..end].to_vec();
                parts.splice(other..other, copy);
            }
            2 if at < parts.len() && other < parts.len() => parts.swap(at, other),
            3 => parts.truncate(at.max(parts.len() / 2)),
            _ => parts.insert(at, TOKENS[below(rng, TOKENS.len())].to_string()),
        }
    }
    parts.concat()
}

/// A script: mostly a mutated one, at times tokens in a row or any bytes at all.
fn script(rng: &mut Rng, corpus: &[String]) -> Vec<u8> {
    match rng.below(10) {
        0 => (0..rng.below(NOISE)).map(|_| rng.below(256) as u8).collect(),
        1 => (0..rng.below(NOISE)).map(|_| rng.range(32.0, 127.0) as u8).collect(),
        2 => {
            let tokens = (0..rng.below(12)).map(|_| TOKENS[below(rng, TOKENS.len())]);
            tokens
                .collect::<Vec<_>>()
                .join(if rng.next_u64().is_multiple_of(2) { " " } else { "" })
                .into_bytes()
        }
        _ => mutated(rng, corpus).into_bytes(),
    }
}

fn prepared() -> Cluster {
    let mut cluster = Cluster::new(&ClusterSpec::default()).expect("the default cluster");
    for line in [
        "kubectl run p --image=busybox:1.28 --labels=app=web -- sleep 100000",
        "kubectl wait --for=condition=Ready pod/p",
    ] {
        assert_eq!(type_line(&mut cluster, line).1, Some(0), "{line}");
    }
    cluster
}

/// Runs the script of a number on a copy of the cluster.
fn one(seed: u64, mut cluster: Cluster, corpus: &[String], dog: &Watchdog) {
    let mut rng = Rng::stream(seed, "fuzz shell");
    let text = script(&mut rng, corpus);
    let shown = String::from_utf8_lossy(&text).into_owned();
    cluster.write_file("/root/s.sh", &text);
    let line = match rng.below(4) {
        0 => "sh s.sh < /dev/null",
        1 => "bash s.sh a 'b c' < /dev/null",
        2 => "kubectl exec -i p -- sh < s.sh",
        _ => shown.as_str(),
    };
    let about = format!("script {seed}: {line}\n{shown}");
    dog.begin(&about);
    let job = cluster.start_job(line, "/root", false);
    let limit = cluster.now() + PATIENCE;
    cluster.run_until_job(job, limit);
    if cluster.job_status(job).is_none() {
        cluster.interrupt_job(job);
        cluster.run_until(limit + Span::secs(1));
    }
    let (out, err) = cluster.job_output(job);
    for bad in ["panicked", "the invariant", "RUST_BACKTRACE"] {
        assert!(
            text.windows(bad.len()).any(|w| w == bad.as_bytes()) || !(out.clone() + &err).contains(bad),
            "{about}"
        );
    }
    // Traps, background work and removed files may outlive the script; the shell and the cluster do, too.
    let next = cluster.start_job("echo $((6 * 7))", "/", false);
    let limit = cluster.now() + AFTER;
    cluster.run_until_job(next, limit);
    assert_eq!(cluster.job_output(next).0, "42\n", "no next command: {about}");
}

#[test]
fn no_script_panics_or_hangs_the_shell() {
    let dog = Watchdog::new();
    let (cluster, corpus) = (prepared(), corpus());
    assert!(corpus.len() > 500, "{} scripts", corpus.len());
    if let Some(seed) = number("PODLAB_SEED") {
        return one(seed, cluster, &corpus, &dog);
    }
    for seed in 1..=number("PODLAB_FUZZ").unwrap_or(SCRIPTS) {
        one(seed, cluster.clone(), &corpus, &dog);
    }
}
