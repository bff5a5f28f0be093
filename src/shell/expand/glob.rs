//! Patterns to file names.

use crate::collections::Order;
use crate::os::program::{FileType, Sys};
use crate::shell::pattern::{self, Pattern};

/// The most names that one pattern may come to.
const MAX_NAMES: usize = 65_536;

/// The names of files that match a pattern, in order; none if there are none.
pub fn names(sys: &dyn Sys, pattern: &str) -> Vec<String> {
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
            step(sys, &base, component, last, &mut next);
            if next.len() > MAX_NAMES {
                return Vec::new();
            }
        }
        found = next;
    }
    found.order();
    found
}

fn step(sys: &dyn Sys, base: &str, component: &str, last: bool, next: &mut Vec<String>) {
    let slash = if last { "" } else { "/" };
    if !pattern::is_pattern(component) {
        let path = format!("{base}{}", pattern::unescape(component));
        let exists = component.is_empty() || sys.lstat(&path).is_ok();
        if exists && (last || component.is_empty() || is_dir(sys, &path)) {
            next.push(path + slash);
        }
        return;
    }
    let compiled = Pattern::new(component);
    let hidden = component.starts_with('.');
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
