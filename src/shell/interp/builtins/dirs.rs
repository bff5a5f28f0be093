//! Bash's stack of directories: `pushd`, `popd`, `dirs`. Its top is always the working directory.

use super::Outcome;
use super::cd::cd;
use crate::os::program::Sys;
use crate::shell::interp::Shell;
use std::rc::Rc;

/// The most directories that are remembered.
const MOST: usize = 256;

/// `dirs`: shows the stack, or forgets all of it but the working directory.
pub fn dirs(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let has = |flag: &str| argv.iter().any(|a| **a == *flag);
    if has("-c") {
        shell.stack.clear();
        return Outcome::Status(0);
    }
    let home = if has("-l") { String::new() } else { shell.vars.get("HOME").unwrap_or("").to_owned() };
    let all: Vec<String> = whole(shell, sys).iter().map(|d| shortened(d, &home)).collect();
    let text = match (has("-v"), has("-p")) {
        (true, _) => all.iter().enumerate().map(|(i, d)| format!("{i:>2}  {d}\n")).collect(),
        (_, true) => all.iter().map(|d| format!("{d}\n")).collect(),
        _ => format!("{}\n", all.join(" ")),
    };
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}

/// `pushd`: goes to a directory and remembers this one, or goes round the stack.
pub fn pushd(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut all = whole(shell, sys);
    let Some(target) = argv.get(1) else {
        if all.len() < 2 {
            return Outcome::Fail("no other directory".into(), 1);
        }
        all.swap(0, 1);
        return go(shell, sys, all);
    };
    if let Some(index) = place(target, all.len()) {
        let Some(index) = index else { return out_of_range(target) };
        all.rotate_left(index);
        return go(shell, sys, all);
    }
    if all.len() >= MOST {
        return Outcome::Fail("not simulated: so many directories".into(), 1);
    }
    all.insert(0, target.clone());
    go(shell, sys, all)
}

/// `popd`: goes back to the directory before, or forgets one further down.
pub fn popd(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut all = whole(shell, sys);
    if all.len() < 2 {
        return Outcome::Fail("directory stack empty".into(), 1);
    }
    let index = match argv.get(1).map(|word| (word, place(word, all.len()))) {
        None => 0,
        Some((_, Some(Some(index)))) => index,
        Some((word, Some(None))) => return out_of_range(word),
        Some((word, None)) => return Outcome::Fail(format!("{word}: invalid argument"), 2),
    };
    all.remove(index);
    go(shell, sys, all)
}

fn out_of_range(word: &str) -> Outcome {
    Outcome::Fail(format!("{word}: directory stack index out of range"), 1)
}

/// The place in the stack that `+N` (from the top) or `-N` (from the bottom) means.
fn place(word: &str, len: usize) -> Option<Option<usize>> {
    let index = |digits: &str| digits.parse::<usize>().ok();
    match (word.strip_prefix('+').and_then(index), word.strip_prefix('-').and_then(index)) {
        (Some(n), _) => Some(Some(n).filter(|n| *n < len)),
        (_, Some(n)) => Some(len.checked_sub(n + 1)),
        _ => None,
    }
}

/// The stack with the working directory on top.
fn whole(shell: &Shell, sys: &dyn Sys) -> Vec<Rc<str>> {
    let here = shell.vars.get("PWD").map_or_else(|| Rc::from(&*sys.cwd()), Rc::from);
    std::iter::once(here).chain(shell.stack.iter().cloned()).collect()
}

/// Goes to the top of a stack, and shows it.
fn go(shell: &mut Shell, sys: &mut dyn Sys, stack: Vec<Rc<str>>) -> Outcome {
    let Some((top, rest)) = stack.split_first() else { return Outcome::Status(0) };
    match cd(shell, sys, &[Rc::from("cd"), Rc::from("--"), top.clone()]) {
        Outcome::Status(0) => {}
        failed => return failed,
    }
    shell.stack = rest.to_vec();
    dirs(shell, sys, &[])
}

/// A directory as it is shown, with `~` for the home directory.
fn shortened(directory: &str, home: &str) -> String {
    match directory.strip_prefix(home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => format!("~{rest}"),
        _ => directory.to_owned(),
    }
}
