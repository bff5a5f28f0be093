//! busybox's banner and the usage lines of its applets.

use super::Ctx;

/// The first line of every usage text.
pub const BANNER: &str = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.";

/// Synopsis and description of applets, as busybox prints them.
const TABLE: &[(&str, &str, &str)] = &[
    (
        "basename",
        "FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...",
        "Strip directory path and SUFFIX from FILE",
    ),
    ("cat", "[-nbvteA] [FILE]...", "Print FILEs to stdout"),
    (
        "chmod",
        "[-Rcvf] MODE[,MODE]... FILE...",
        "MODE is octal number (bit pattern sstrwxrwxrwx) or [ugoa]{+|-|=}[rwxXst]",
    ),
    (
        "chown",
        "[-Rhcvf]... USER[:[GRP]] FILE...",
        "Change the owner and/or group of FILEs to USER and/or GRP",
    ),
    (
        "cp",
        "[-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }",
        "Copy SOURCEs to DEST",
    ),
    (
        "cut",
        "{-b|c LIST | -f LIST [-d SEP] [-s]} [-D] [-O SEP] [FILE]...",
        "Print selected fields from FILEs to stdout",
    ),
    (
        "grep",
        "[-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...",
        "Search for PATTERN in FILEs (or stdin)",
    ),
    (
        "head",
        "[OPTIONS] [FILE]...",
        "Print first 10 lines of FILEs (or stdin).\nWith more than one FILE, precede each with a filename header.",
    ),
    ("kill", "[-l] [-SIG] PID...", "Send a signal (default: TERM) to given PIDs"),
    (
        "ln",
        "[-sfnbtv] [-S SUF] TARGET... LINK|DIR",
        "Create a link LINK or DIR/TARGET to the specified TARGET(s)",
    ),
    ("ls", "[-1AaCxdLHRFplinshrSXvctu] [-w WIDTH] [FILE]...", "List directory contents"),
    ("mkdir", "[-m MODE] [-p] DIRECTORY...", "Create DIRECTORY"),
    (
        "mv",
        "[-finT] SOURCE DEST\nor: mv [-fin] SOURCE... { -t DIRECTORY | DIRECTORY }",
        "Rename SOURCE to DEST, or move SOURCEs to DIRECTORY",
    ),
    ("nc", "[OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen", ""),
    ("ping", "[OPTIONS] HOST", "Send ICMP ECHO_REQUESTs to HOST"),
    ("rm", "[-irf] FILE...", "Remove (unlink) FILEs"),
    ("rmdir", "[-p] DIRECTORY...", "Remove DIRECTORY if it is empty"),
    (
        "sed",
        "[-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-i[SFX]] [-nrE] CMD [FILE]...",
        "",
    ),
    (
        "sleep",
        "[N]...",
        "Pause for a time equal to the total of the args given, where each arg can\nhave an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays",
    ),
    (
        "sort",
        "[-nrughMcszbdfiokt] [-o FILE] [-k START[.OFS][OPTS][,END[.OFS][OPTS]] [-t CHAR] [FILE]...",
        "Sort lines of text",
    ),
    (
        "tail",
        "[OPTIONS] [FILE]...",
        "Print last 10 lines of FILEs (or stdin) to.\nWith more than one FILE, precede each with a filename header.",
    ),
    (
        "timeout",
        "[-s SIG] [-k KILL_SECS] SECS PROG ARGS",
        "Run PROG. Send SIG to it if it is not gone in SECS seconds.\nDefault SIG: TERM.If it still exists in KILL_SECS seconds, send KILL.\n",
    ),
    ("touch", "[-cham] [-d DATE] [-t DATE] [-r FILE] FILE...", "Update mtime of FILEs"),
    (
        "tr",
        "[-cds] STRING1 [STRING2]",
        "Translate, squeeze, or delete characters from stdin, writing to stdout",
    ),
    ("watch", "[-n SEC] [-t] PROG ARGS", "Run PROG periodically"),
    ("wget", "[-cqS] [--spider] [-O FILE] [-o LOGFILE] [-T SEC] URL...", "Retrieve files via HTTP or FTP"),
];

/// Prints an applet's usage.
pub fn print(ctx: &mut Ctx, name: &str) {
    let (synopsis, description) =
        TABLE.iter().find(|(n, ..)| *n == name).map_or(("[OPTIONS] [ARGS]...", ""), |(_, s, d)| (*s, *d));
    ctx.err(&format!("{BANNER}\n\nUsage: {name} {synopsis}\n"));
    if !description.is_empty() {
        ctx.err(&format!("\n{description}\n"));
    }
}
