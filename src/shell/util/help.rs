//! `--help` and `--version`: busybox's usage, and the first lines of what GNU's tools say of themselves.

use super::ctx::{Ctx, Style};

/// Synopses of tools in Debian's packages, as their `--help` begins.
const SYNOPSES: &[(&str, &str)] = &[
    ("base64", "base64 [OPTION]... [FILE]"),
    ("basename", "basename NAME [SUFFIX]"),
    ("cat", "cat [OPTION]... [FILE]..."),
    ("chmod", "chmod [OPTION]... MODE[,MODE]... FILE..."),
    ("chown", "chown [OPTION]... [OWNER][:[GROUP]] FILE..."),
    ("cmp", "cmp [OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]"),
    ("comm", "comm [OPTION]... FILE1 FILE2"),
    ("cp", "cp [OPTION]... [-T] SOURCE DEST"),
    ("cut", "cut OPTION... [FILE]..."),
    ("date", "date [OPTION]... [+FORMAT]"),
    ("dd", "dd [OPERAND]..."),
    ("df", "df [OPTION]... [FILE]..."),
    ("diff", "diff [OPTION]... FILES"),
    ("dirname", "dirname [OPTION] NAME..."),
    ("du", "du [OPTION]... [FILE]..."),
    ("env", "env [OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]"),
    ("expand", "expand [OPTION]... [FILE]..."),
    ("find", "find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]"),
    ("fold", "fold [OPTION]... [FILE]..."),
    ("grep", "grep [OPTION]... PATTERNS [FILE]..."),
    ("gzip", "gzip [OPTION]... [FILE]..."),
    ("head", "head [OPTION]... [FILE]..."),
    ("id", "id [OPTION]... [USER]..."),
    ("join", "join [OPTION]... FILE1 FILE2"),
    ("ln", "ln [OPTION]... [-T] TARGET LINK_NAME"),
    ("ls", "ls [OPTION]... [FILE]..."),
    ("md5sum", "md5sum [OPTION]... [FILE]..."),
    ("mkdir", "mkdir [OPTION]... DIRECTORY..."),
    ("mktemp", "mktemp [OPTION]... [TEMPLATE]"),
    ("mv", "mv [OPTION]... [-T] SOURCE DEST"),
    ("nl", "nl [OPTION]... [FILE]..."),
    ("nproc", "nproc [OPTION]..."),
    ("od", "od [OPTION]... [FILE]..."),
    ("paste", "paste [OPTION]... [FILE]..."),
    ("printenv", "printenv [OPTION]... [VARIABLE]..."),
    ("readlink", "readlink [OPTION]... FILE..."),
    ("realpath", "realpath [OPTION]... FILE..."),
    ("rm", "rm [OPTION]... [FILE]..."),
    ("rmdir", "rmdir [OPTION]... DIRECTORY..."),
    ("sed", "sed [OPTION]... {script-only-if-no-other-script} [input-file]..."),
    ("seq", "seq [OPTION]... LAST"),
    ("sha1sum", "sha1sum [OPTION]... [FILE]..."),
    ("sha256sum", "sha256sum [OPTION]... [FILE]..."),
    ("sha512sum", "sha512sum [OPTION]... [FILE]..."),
    ("shuf", "shuf [OPTION]... [FILE]"),
    ("sleep", "sleep NUMBER[SUFFIX]..."),
    ("sort", "sort [OPTION]... [FILE]..."),
    ("split", "split [OPTION]... [FILE [PREFIX]]"),
    ("stat", "stat [OPTION]... FILE..."),
    ("tac", "tac [OPTION]... [FILE]..."),
    ("tail", "tail [OPTION]... [FILE]..."),
    ("tar", "tar [OPTION...] [FILE]..."),
    ("tee", "tee [OPTION]... [FILE]..."),
    ("timeout", "timeout [OPTION] DURATION COMMAND [ARG]..."),
    ("touch", "touch [OPTION]... FILE..."),
    ("tr", "tr [OPTION]... STRING1 [STRING2]"),
    ("truncate", "truncate OPTION... FILE..."),
    ("uname", "uname [OPTION]..."),
    ("uniq", "uniq [OPTION]... [INPUT [OUTPUT]]"),
    ("wc", "wc [OPTION]... [FILE]..."),
    ("whoami", "whoami [OPTION]..."),
    ("xargs", "xargs [OPTION]... COMMAND [INITIAL-ARGS]..."),
    ("yes", "yes [STRING]..."),
];

/// The package that a tool is from, as `--version` says it.
fn package(name: &str) -> String {
    let of = match name {
        "grep" => "GNU grep) 3.8",
        "sed" => "GNU sed) 4.9",
        "find" | "xargs" => "GNU findutils) 4.9.0",
        "diff" | "cmp" => "GNU diffutils) 3.8",
        "tar" => "GNU tar) 1.34",
        "dd" => "coreutils) 9.1",
        "gzip" => return "gzip 1.12".into(),
        _ => "GNU coreutils) 9.1",
    };
    format!("{name} ({of}")
}

/// Answers `--help` and `--version`; the status if that is what was asked.
pub fn answer(ctx: &mut Ctx) -> Option<i32> {
    let name = ctx.args.first()?.rsplit('/').next()?.to_owned();
    let first = ctx.args.get(1)?.clone();
    if ctx.style == Style::Busybox {
        // Only alone, and not where any word may stand.
        let any =
            matches!(name.as_str(), "echo" | "printf" | "test" | "[" | "true" | "false" | "expr" | "busybox");
        if ctx.args.len() != 2 || &*first != "--help" || any {
            return None;
        }
        super::usage::print(ctx, &name);
        return Some(0);
    }
    let (_, synopsis) = SYNOPSES.iter().find(|(n, _)| *n == name)?;
    match &*first {
        "--help" => {
            ctx.print(format!("Usage: {synopsis}\n"));
            ctx.err(&format!("{name}: not simulated: the rest of the help\n"));
        }
        "--version" => ctx.print(package(&name) + "\n"),
        _ => return None,
    }
    Some(0)
}

/// What GNU's tools say after an error about their command line.
pub fn hint(ctx: &mut Ctx, name: &str) {
    if name == "sed" {
        // sed shows all of its usage.
        return ctx.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
    }
    ctx.err(&format!("Try '{name} --help' for more information.\n"));
}
