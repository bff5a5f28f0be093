//! What a lesson does by itself: its setup, and its solution line by line.
//!
//! An act is a line: a command for the terminal, or one of `wait 20s`, `until CONDITION`,
//! `start COMMAND` (typed without waiting for its end), `^C`, `^D`; or a map `{file: NAME, text: …}`.

use crate::api::Value;
use crate::scenario::condition::{Condition, Evidence, Tracker};
use crate::scenario::{Input, Player};
use crate::time::Span;

/// How long a command of a solution may run.
const COMMAND_LIMIT: Span = Span::secs(900);
/// How long `until` waits.
const UNTIL_LIMIT: Span = Span::secs(3_600);
/// How much output is looked at for a prompt.
const TAIL: usize = 200;
/// The terminal that a solution is typed into.
const TERMINAL: u32 = 0;
/// Steps of the run between two looks.
const LOOK_EVERY: u32 = 1;

/// Something that is done.
#[derive(Clone, Debug)]
pub enum Act {
    /// Time passes.
    Wait(Span),
    /// Time passes until a condition holds.
    Until(Condition),
    /// A file of the workstation is written.
    File(String, String),
    /// A line is typed; the next act comes at once.
    Start(String),
    /// A line is typed; the next act comes when the prompt is back.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    Eof,
}

/// A duration such as `90s`, `1m30s` or `2h`.
pub fn span(text: &str) -> Option<Span> {
    let nanos = crate::api::duration::parse(text.trim()).ok()?;
    u64::try_from(nanos).ok().map(|n| Span::micros(n / 1_000))
}

impl Act {
    /// Reads an act.
    ///
    /// # Errors
    /// Says what it may be.
    pub fn read(value: &Value) -> Result<Act, String> {
        if let Some(text) = value.as_str() {
            return Act::parse(text);
        }
        match (value["file"].as_str(), value["text"].as_str()) {
            (Some(file), Some(text)) => Ok(Act::File(file.into(), text.into())),
            _ => Err("a command line, or a map with `file` and `text`".into()),
        }
    }

    /// Reads an act's line.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(line: &str) -> Result<Act, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "" => return Err("an empty line".into()),
            "wait" if span(rest).is_some() => Act::Wait(span(rest).unwrap_or(Span::ZERO)),
            "wait" => return Err(format!("\"{rest}\" is no duration such as 20s")),
            "until" => Act::Until(Condition::parse(rest).map_err(|e| e.to_string())?),
            "start" => Act::Start(rest.into()),
            "^C" => Act::Interrupt,
            "^D" => Act::Eof,
            _ => Act::Line(line.into()),
        })
    }

    /// The act as a line of a scenario's setup.
    ///
    /// # Errors
    /// Setups have no terminal.
    pub fn setup(self) -> Result<String, String> {
        match self {
            Act::Wait(span) => Ok(format!("wait {}us", span.0)),
            Act::Line(text) => Ok(text),
            _ => Err("a setup holds command lines, `wait 20s` and `fault …` only".into()),
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Says what did not happen.
    pub fn perform(&self, player: &mut Player) -> Result<(), String> {
        if player.terminals().is_empty() {
            player.apply(Input::Open(TERMINAL))?;
            prompt(player)?;
        }
        match self {
            Act::Wait(span) => {
                player.seek(player.now() + *span);
                Ok(())
            }
            Act::Until(condition) => until(player, condition.clone()),
            Act::File(path, text) => player.apply(Input::File(path.clone(), text.clone())),
            Act::Start(line) => player.apply(Input::Line(TERMINAL, line.clone())),
            Act::Line(text) => {
                for line in text.lines() {
                    player.apply(Input::Line(TERMINAL, line.into()))?;
                    prompt(player).map_err(|why| format!("{line}: {why}"))?;
                }
                Ok(())
            }
            Act::Interrupt => player.apply(Input::Interrupt(TERMINAL)).and_then(|()| prompt(player)),
            Act::Eof => player.apply(Input::Eof(TERMINAL)).and_then(|()| prompt(player)),
        }
    }
}

/// Lets time pass until the terminal's last line is a prompt.
fn prompt(player: &mut Player) -> Result<(), String> {
    let limit = player.now() + COMMAND_LIMIT;
    loop {
        if at_prompt(&player.tail(TERMINAL, TAIL)) {
            return Ok(());
        }
        match player.next_due() {
            Some(due) if due <= limit => drop(player.run_until(due, LOOK_EVERY)),
            _ => return Err("the command does not end".into()),
        }
    }
}

/// Whether a text ends with a prompt: `[root@master01 ~]# `, `bash-5.0# `, `/ # `, `> `.
fn at_prompt(tail: &str) -> bool {
    let last = tail.rsplit('\n').next().unwrap_or("");
    ["# ", "$ ", "> "].iter().any(|end| last.ends_with(end))
}

fn until(player: &mut Player, condition: Condition) -> Result<(), String> {
    let limit = player.now() + UNTIL_LIMIT;
    let text = condition.text().to_string();
    let mut tracker = Tracker::new(condition, player.now());
    while !tracker.advance(Evidence { cluster: player.cluster(), output: &player.output() }) {
        match player.next_due() {
            Some(due) if due <= limit => drop(player.run_until(due, LOOK_EVERY)),
            _ => return Err(format!("it never came to hold: {text}")),
        }
    }
    Ok(())
}
