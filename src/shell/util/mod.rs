//! The utilities: a table of applets and the three ways in which they run.
//!
//! *Plain* ones are functions over their arguments (those that read standard input are run again once all of
//! it has been collected). *Streams* read files or standard input piece by piece and print as they go.
//! *Machines* wait for time, children or sockets and are programs of their own.
//!
//! An option that is known but not modelled is refused by name, never ignored silently where it would show.

mod ctx;
mod help;
mod opts;
pub mod regex;
mod run;
mod stream;
mod table;
mod usage;

mod archive;
mod awk;
mod columns;
mod copy;
mod curl;
mod date;
mod dd;
mod diff;
mod disks;
mod dump;
mod echo;
mod editor;
mod expr;
mod files;
mod find;
mod float;
mod grep;
mod info;
mod lines;
mod listen;
mod ls;
mod machine;
pub mod mode;
mod multi;
mod net;
mod nslookup;
mod paths;
mod ping;
mod procs;
mod scp;
mod sed;
mod sha512;
mod sort;
mod sums;
mod tail;
pub mod test;
mod text;
mod time;
mod top;

pub use ctx::{Ctx, Style};
pub use date::format as date_format;
use float::format_float;
pub use run::applet;
pub use table::{names, plain_named};

/// Memory of the machine: total, free, available, in bytes.
fn memory(ctx: &Ctx) -> (u64, u64, u64) {
    let text = ctx
        .sys
        .read_file("/proc/meminfo")
        .map(|b| String::from_utf8_lossy(&b).into_owned())
        .unwrap_or_default();
    let row = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name)).unwrap_or("");
        line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1_024
    };
    (row("MemTotal:"), row("MemFree:"), row("MemAvailable:"))
}
