//! The native binary, as a person starts it.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs `podlab` with words and a standard input; gives its output, its errors and its exit code.
fn podlab(words: &[&str], input: &str) -> (String, String, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_podlab"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let done = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(done.stdout), text(done.stderr), done.status.code())
}

#[test]
fn a_script_is_run_in_virtual_time() {
    let script = "kubectl run web --image=nginx\nkubectl wait --for=condition=Ready pod/web\nsleep 3600\nkubectl get pods\n";
    let (out, err, code) = podlab(&["shell"], script);
    let table = "NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          60m\n";
    assert_eq!(out, format!("pod/web created\npod/web condition met\n{table}"));
    assert_eq!((err.as_str(), code), ("", Some(0)));
}

#[test]
fn a_failing_script_and_a_wrong_command_line_end_with_an_error() {
    let (_, err, code) = podlab(&["shell"], "kubectl get pod nosuch\n");
    let words = "Error from server (NotFound): pods \"nosuch\" not found\n";
    assert_eq!(err, format!("{words}podlab: the script ended with exit code 1\n"));
    assert_eq!(code, Some(1));
    let (_, err, code) = podlab(&["fly"], "");
    assert!(err.starts_with("podlab: unknown command line\n"), "{err}");
    assert_eq!(code, Some(1));
}
