//! `vi`, `vim`, `nano`: the person at the terminal edits the file in the page's editor.
//!
//! Left out: everything that happens inside an editor; what counts is the file afterwards.

use super::ctx::Ctx;
use super::opts;
use crate::api::Text;
use crate::os::program::{Edit, Program, STDERR, Step, Sys, Wait};

/// An editor at work.
#[derive(Clone, Debug)]
struct Editor {
    name: Text,
    files: Vec<Text>,
}

/// Opens the named files one after the other.
pub fn editor(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "RnNlwc:p version=V help=h V h")?;
    let name = Text::from(ctx.prefix.trim_end_matches(": "));
    let files: Vec<Text> = o.rest.iter().filter(|f| !f.starts_with('+')).cloned().collect();
    if files.is_empty() || o.has('V') || o.has('h') {
        return Err(ctx.not_simulated(&format!("{name} without a file to edit")));
    }
    Ok(Box::new(Editor { name, files }))
}

impl Program for Editor {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let Some(file) = self.files.first() else { return Step::Exit(0) };
        match sys.edit(file) {
            Edit::Open => Wait::forever(),
            Edit::Saved | Edit::Abandoned => {
                self.files.remove(0);
                Step::Yield
            }
            Edit::Nobody => {
                let text = format!("{}: not simulated: editing without a terminal\n", self.name);
                let _ = sys.write(STDERR, text.as_bytes());
                Step::Exit(1)
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
