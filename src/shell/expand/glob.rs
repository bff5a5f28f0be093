//! Patterns to file names.

use crate::collections::Order;
use crate::os::program::{FileType, Sys};
use crate::shell::pattern::{self, Pattern};

/// The most names that one pattern may come to.
const MAX_NAMES: usize = 65_536;
/// How deep `**` looks.
const MAX_DEPTH: u32 = 32;

/// What bash's `shopt` says of file names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Globs {
    /// `nullglob`: a pattern without a match comes to nothing.
    pub null: bool,
    /// `failglob`: it is an error.
    pub fail: bool,
    /// `dotglob`: names that begin with a dot are like others.
    pub dot: bool,
    /// `globstar`: `**` stands for all directories below.
    pub star: bool,
    /// `extglob`: patterns have groups.
    pub groups: bool,
}

/// The names of files that match a pattern, in order; none if there are none.
pub fn names(sys: &dyn Sys, pattern: &str, globs: Globs) -> Vec<String> {
    let absolute = pattern.starts_with('/');
    let mut found = vec![if absolute { "/".to_owned() } else { String::new() }];
    let mut components = pattern.split('/').peekable();
    if absolute {
        components.next();
    }
    while let Some(component) = components.next() {
        let last = components.peek().is_none();
        let mut next = Vec::new();
        for base in found {
            if component == "**" && globs.star {
                below(sys, &base, last, globs, 0, &mut next);
            } else {
                step(sys, &base, component, last, globs, &mut next);
            }
            if next.len() > MAX_NAMES {
                return Vec::new();
            }
        }
        found = next;
    }
    found.order();
    found
}

/// All directories from one on, and if it is the end of the pattern all files as well.
fn below(sys: &dyn Sys, base: &str, last: bool, globs: Globs, depth: u32, next: &mut Vec<String>) {
    if !last || depth > 0 || !base.is_empty() {
        next.push(base.to_owned());
    }
    let Ok(entries) = sys.read_dir(if base.is_empty() { "." } else { base }) else { return };
    for name in entries.iter().filter(|n| globs.dot || !n.starts_with('.')) {
        let path = format!("{base}{name}");
        let dir = sys.lstat(&path).is_ok_and(|s| s.kind == FileType::Dir);
        if next.len() > MAX_NAMES || depth > MAX_DEPTH {
            return;
        }
        match (dir, last) {
            (true, true) => {
                let mut inner = Vec::new();
                below(sys, &format!("{path}/"), last, globs, depth + 1, &mut inner);
                if let Some(own) = inner.first_mut() {
                    *own = path;
                }
                next.extend(inner);
            }
            (true, false) => below(sys, &format!("{path}/"), last, globs, depth + 1, next),
            (false, true) => next.push(path),
            (false, false) => {}
        }
    }
}

fn step(sys: &dyn Sys, base: &str, component: &str, last: bool, globs: Globs, next: &mut Vec<String>) {
    let slash = if last { "" } else { "/" };
    if !pattern::is_pattern(component) {
        let path = format!("{base}{}", pattern::unescape(component));
        let exists = component.is_empty() || sys.lstat(&path).is_ok();
        if exists && (last || component.is_empty() || is_dir(sys, &path)) {
            next.push(path + slash);
        }
        return;
    }
    let compiled = Pattern::extended(component, globs.groups, false);
    let hidden = globs.dot || component.starts_with('.');
    let Ok(entries) = sys.read_dir(if base.is_empty() { "." } else { base }) else { return };
    for name in entries {
        if name.starts_with('.') && !hidden || !compiled.matches(&name) {
            continue;
        }
        let path = format!("{base}{name}");
        if last || is_dir(sys, &path) {
            next.push(path + slash);
        }
    }
}

fn is_dir(sys: &dyn Sys, path: &str) -> bool {
    sys.stat(path).is_ok_and(|s| s.kind == FileType::Dir)
}
