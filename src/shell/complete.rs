//! Tab completion of commands and files.

use super::interp_names;
use crate::collections::Order;

/// What completion found.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Where the word that is completed begins, in bytes.
    pub start: usize,
    /// What it may become, in order; directories end in `/`.
    pub candidates: Vec<String>,
}

/// Completes the word that ends at the end of `line`. `read_dir` lists a directory: (name, whether it is a
/// directory, whether it can be executed); `path` is the search path.
pub fn complete(
    line: &str,
    path: &str,
    read_dir: &mut dyn FnMut(&str) -> Vec<(String, bool, bool)>,
) -> Completion {
    let start = line.rfind([' ', '\t', ';', '|', '&', '(', '<', '>', '=', '"', '\'']).map_or(0, |n| n + 1);
    let word = &line[start..];
    let before = line[..start].trim_end();
    let command = before.is_empty() || before.ends_with(['|', ';', '&', '(']);
    let mut candidates = Vec::new();
    if command && !word.contains('/') {
        candidates.extend(interp_names().filter(|n| n.starts_with(word)).map(str::to_owned));
        for dir in path.split(':') {
            let names =
                read_dir(dir).into_iter().filter(|(n, is_dir, exec)| !is_dir && *exec && n.starts_with(word));
            candidates.extend(names.map(|(n, ..)| n));
        }
    } else {
        let (dir, base) = word.rfind('/').map_or(("", word), |n| word.split_at(n + 1));
        let listed = read_dir(if dir.is_empty() { "." } else { dir });
        for (name, is_dir, _) in listed {
            if name.starts_with(base) && (base.starts_with('.') || !name.starts_with('.')) {
                candidates.push(format!("{dir}{name}{}", if is_dir { "/" } else { "" }));
            }
        }
    }
    candidates.order();
    candidates.dedup();
    Completion { start, candidates }
}
