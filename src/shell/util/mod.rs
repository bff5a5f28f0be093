//! The utilities: a table of applets and the three ways in which they run.
//!
//! *Plain* ones are functions over their arguments (those that read standard input are run again once all of
//! it has been collected). *Streams* read files or standard input piece by piece and print as they go.
//! *Machines* wait for time, children or sockets and are programs of their own.
//!
//! An option that is known but not modelled is refused by name, never ignored silently where it would show.

mod ctx;
mod opts;
pub mod regex;
mod run;
mod stream;
mod table;
mod usage;

mod echo;
mod files;
mod float;
pub mod mode;
pub mod test;

pub use ctx::{Ctx, Style};
use float::format_float;
pub use run::applet;
pub use table::{names, plain_named};
