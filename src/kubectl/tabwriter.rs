//! Elastic tab stops, as Go's `text/tabwriter` lays them out with padding 2 and no minimum width.
//!
//! A cell is text ended by a tab; a column is a run of consecutive lines that have a cell there, and is as
//! wide as its widest cell plus the padding. What follows the last tab of a line belongs to no column.

/// Spaces between columns.
const PADDING: usize = 2;

/// Lays out text whose cells are ended by tabs.
pub fn layout(text: &str) -> String {
    let ends_with_newline = text.ends_with('\n');
    let body = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<Vec<&str>> = body.split('\n').map(|l| l.split('\t').collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    block(&lines, &mut Vec::new(), &mut out);
    if !ends_with_newline {
        out.pop();
    }
    out
}

/// Writes the lines of a block whose first `widths.len()` columns are known. The recursion is as deep as a
/// line has tabs, which are the describers' own.
fn block(lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
    let column = widths.len();
    let mut i = 0;
    while i < lines.len() {
        if column + 1 >= lines[i].len() {
            write_line(&lines[i], widths, out);
            i += 1;
            continue;
        }
        let run = lines[i..].iter().take_while(|l| column + 1 < l.len()).count();
        let run = &lines[i..i + run];
        let width = run.iter().map(|l| l[column].chars().count() + PADDING).max().unwrap_or(PADDING);
        widths.push(width);
        block(run, widths, out);
        widths.pop();
        i += run.len();
    }
}

fn write_line(cells: &[&str], widths: &[usize], out: &mut String) {
    for (i, cell) in cells.iter().enumerate() {
        out.push_str(cell);
        if let Some(width) = widths.get(i).filter(|_| i + 1 < cells.len()) {
            out.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::layout;

    #[test]
    fn a_line_without_tabs_ends_the_columns_above_it() {
        assert_eq!(
            layout("Name:\tx\nNamespace:\ty\nIPs:\n  IP:\t1\n"),
            "Name:       x\nNamespace:  y\nIPs:\n  IP:  1\n"
        );
        assert_eq!(layout("a\tb\tc\nlonger\tb\tc"), "a       b  c\nlonger  b  c");
        assert_eq!(layout("Labels:\ta=b\n\tc=d\n"), "Labels:  a=b\n         c=d\n");
    }
}
