//! Upstream's own cases for texts that are read and printed, as tables in `tests/upstream/`: quantities,
//! durations and ages, selectors, jsonpath and sorting. Each table names the test that its cases come from.

mod jsonpaths;
mod quantities;
mod selectors;
mod sorting;
mod times;

/// The rows of a table: columns between tabs, with `\n`, `\t`, `\r` and `\\` escaped; `#` begins a comment.
fn rows(table: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    let row = |line: &str| line.split('\t').map(unescape).collect();
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row)
}

fn unescape(cell: &str) -> String {
    let mut out = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    out
}
