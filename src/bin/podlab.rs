//! The native runner: replays recordings, runs scenarios, opens a terminal on a cluster.

#![allow(clippy::print_stdout)]

mod ask;
mod classroom;

use podlab::api::json;
use podlab::kubectl::coverage;
use podlab::scenario::{Input, Player, Scenario, recording};
use podlab::time::{Span, Time};
use std::io::{BufRead, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const USAGE: &str = "\
podlab: a Kubernetes cluster in virtual time

  podlab shell [SCENARIO.yaml]     a terminal on a cluster (time runs as on your watch); with its input
                                   from a file or a pipe a script, run at once in virtual time
  podlab run SCENARIO.yaml         run a scenario to its position; print transcript, events, event-log hash
  podlab why FILE KIND/NAME        run a scenario or recording and tell why an object is as it is (-n NS, --zh)
  podlab vary SCENARIO PATH VALUE… run it once for each value and compare (--for 5m; PATH: FILE:FIELD, line:N, seed, …)
  podlab compare SCENARIO…         run scenarios side by side, and tell where the first two part (--for 5m)
  podlab until SCENARIO CONDITION  run a scenario until a condition holds; print the instant
  podlab hash SCENARIO [N]         print the event-log hash under the seeds 1 to N (1)
  podlab replay RECORDING.json     replay a recording of a real cluster; print the same object as it went here
  podlab coverage [README.md]      what is simulated and what is not; renew it in a file
  podlab lesson check FILE...      say what is wrong with lessons, line by line
  podlab lesson play FILE [-v]     play a lesson's solution; show what it reaches (-v: and the terminal)
  podlab lesson receipt FILE NAME  print the receipt of a student who does just that
  podlab grade DIR [LESSONS]       mark a folder of receipts; print CSV (LESSONS: a folder, default www/lessons)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["replay", path] => read(path).and_then(|text| replay(&text)),
        ["run", path] => read(path).and_then(|text| run(&text)),
        ["why", path, words @ ..] => read(path).and_then(|text| ask::why(&text, words)),
        ["vary", path, what, values @ ..] => read(path).and_then(|text| ask::vary(&text, what, values)),
        ["compare", words @ ..] => ask::compare(words, &read),
        ["until", path, condition] => read(path).and_then(|text| ask::until(&text, condition)),
        ["hash", path] => read(path).and_then(|text| ask::hash(&text, "1")),
        ["hash", path, n] => read(path).and_then(|text| ask::hash(&text, n)),
        ["shell"] => shell(Scenario::default()),
        ["shell", path] => read(path).and_then(|text| shell(Scenario::from_yaml(&text).map_err(|e| e.0)?)),
        ["lesson", "check", paths @ ..] if !paths.is_empty() => classroom::check(paths),
        ["lesson", "play", path] => classroom::play(path, false),
        ["lesson", "play", path, "-v"] => classroom::play(path, true),
        ["lesson", "receipt", path, student] => classroom::receipt(path, student),
        ["grade", dir] => classroom::grade(dir, None),
        ["grade", dir, lessons] => classroom::grade(dir, Some(lessons)),
        ["coverage"] => {
            print!("{}", coverage::markdown());
            Ok(())
        }
        ["coverage", path] => renew(path),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("unknown command line\n\n{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("podlab: {text}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))
}

/// Renews the coverage between its marks in a file.
fn renew(path: &str) -> Result<(), String> {
    let text = read(path)?;
    let (before, rest) = text.split_once(coverage::BEGIN).ok_or("no coverage begins in this file")?;
    let (_, after) = rest.split_once(coverage::END).ok_or("no coverage ends in this file")?;
    let said = coverage::markdown();
    let new = format!("{before}{}\n{said}{}{after}", coverage::BEGIN, coverage::END);
    std::fs::write(path, new).map_err(|e| format!("{path}: {e}"))
}

fn replay(text: &str) -> Result<(), String> {
    let result = recording::replay(text)?;
    println!("{}", json::print(&result));
    Ok(())
}

fn run(text: &str) -> Result<(), String> {
    let scenario = Scenario::from_yaml(text).map_err(|e| e.0)?;
    let goal = scenario.log.last().map_or(0, |e| e.at).max(scenario.position);
    let mut player = Player::new(scenario).map_err(|e| e.0)?;
    player.seek(Time(goal));
    for id in player.terminals() {
        println!("--- terminal {id}");
        for chunk in player.take_output(id).chunks {
            print!("{}", chunk.text.replace("\r\n", "\n"));
        }
        println!();
    }
    println!("--- events");
    for row in recording::events(player.cluster()).items() {
        let last = row["at"].items().last().cloned().unwrap_or_default();
        println!(
            "{:>9}s  x{:<3} {:8} {:22} {:20} {}",
            json::print(&last[0]),
            last[1].int_or(1),
            row["type"].str(),
            row["reason"].str(),
            row["pod"].str(),
            row["message"].str()
        );
    }
    println!("--- event-log hash\n{}", player.hash());
    Ok(())
}

/// Runs standard input as a script on the workstation; ends with an error if it does.
fn script(player: &Player) -> Result<(), String> {
    /// Where the script lies on the workstation.
    const PATH: &str = "/tmp/stdin.sh";
    /// How long a script may run, in virtual time: a day.
    const LIMIT: Span = Span::secs(86_400);
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).map_err(|e| format!("standard input: {e}"))?;
    let mut cluster = player.scratch();
    cluster.write_file(PATH, &text);
    let limit = cluster.now() + LIMIT;
    let job = cluster.start_job(&format!("bash {PATH}"), "/root", false);
    cluster.run_until_job(job, limit);
    let (out, err) = cluster.job_output(job);
    print!("{out}");
    eprint!("{err}");
    match cluster.job_status(job) {
        Some(0) => Ok(()),
        Some(code) => Err(format!("the script ended with exit code {code}")),
        None => Err("the script still runs after a day of virtual time".into()),
    }
}

/// A terminal: lines typed are given to the cluster, whose time runs as on the wall.
fn shell(scenario: Scenario) -> Result<(), String> {
    let start = scenario.log.last().map_or(0, |e| e.at).max(scenario.position);
    let mut player = Player::new(scenario).map_err(|e| e.0)?;
    player.seek(Time(start));
    if !std::io::stdin().is_terminal() {
        return script(&player);
    }
    player.apply(Input::Open(0))?;
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let (began, mut out) = (Instant::now(), std::io::stdout());
    loop {
        let elapsed = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        player.run_until(Time(start) + Span::micros(elapsed), u32::MAX);
        for chunk in player.take_output(0).chunks {
            let _ = out.write_all(chunk.text.as_bytes());
        }
        let _ = out.flush();
        if player.cluster().terminal_ended(0) {
            return Ok(());
        }
        match lines.recv_timeout(Duration::from_millis(20)) {
            Ok(line) => player.apply(Input::Line(0, line))?,
            // Ctrl-D: the shell is told, and ends once it reads that.
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                player.apply(Input::Eof(0))?;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
}
