//! Text tables as `tabwriter` lays them out for kubectl.

/// The least width of a column, its padding included.
const MIN_WIDTH: usize = 6;
/// Spaces after the widest cell.
const PADDING: usize = 3;

/// A table that remembers its widths between the parts that are printed (watches print row by row).
#[derive(Clone, Debug)]
pub struct Table {
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    least: usize,
    padding: usize,
}

impl Default for Table {
    fn default() -> Table {
        Table { widths: vec![], rows: vec![], least: MIN_WIDTH, padding: PADDING }
    }
}

impl Table {
    /// A table with columns two spaces apart, as describers and `rollout history` have them.
    pub fn tight() -> Table {
        Table { least: 0, padding: 2, ..Table::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// How many rows wait to be printed.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether anything has been printed.
    pub fn started(&self) -> bool {
        !self.widths.is_empty()
    }

    /// The rows since the last time, laid out.
    pub fn take(&mut self) -> String {
        for row in &self.rows {
            for (i, cell) in row.iter().take(row.len().saturating_sub(1)).enumerate() {
                if self.widths.len() <= i {
                    self.widths.push(self.least);
                }
                self.widths[i] = self.widths[i].max(cell.chars().count() + self.padding);
            }
        }
        let mut out = String::new();
        for row in std::mem::take(&mut self.rows) {
            let last = row.len().saturating_sub(1);
            for (i, cell) in row.iter().enumerate() {
                out.push_str(cell);
                if i < last {
                    let pad = self.widths[i].saturating_sub(cell.chars().count());
                    out.extend(std::iter::repeat_n(' ', pad));
                }
            }
            out.push('\n');
        }
        out
    }
}

/// A cell's text as kubectl prints it: only the first line, control characters away.
pub fn cell(text: &str) -> String {
    match text.find(['\n', '\r', '\x0c']) {
        Some(at) => format!("{}...", &text[..at]),
        None => text.replace('\x1b', "^["),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_three() {
        let mut t = Table::default();
        let row = |cells: &[&str]| cells.iter().map(|c| c.to_string()).collect();
        t.row(row(&["NAME", "READY", "AGE"]));
        t.row(row(&["a-long-name", "1/1", "5s"]));
        assert_eq!(t.take(), "NAME          READY   AGE\na-long-name   1/1     5s\n");
        t.row(row(&["x", "0/1", "6s"]));
        assert_eq!(t.take(), "x             0/1     6s\n");
    }
}
