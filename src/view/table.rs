//! Tables of objects with kubectl's columns.

use super::path_of;
use crate::api::{Kind, Value, json};
use crate::apiserver::ApiServer;
use crate::collections::Order;
use crate::kubectl::print::Style;
use serde::Serialize;
use std::cmp::Ordering;

/// How many rows a table carries to the page; it says how many there are in all.
const ROWS: usize = 1_000;

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// The headers.
    pub columns: Vec<String>,
    /// The rows asked for, at most [`ROWS`]; in order of namespace and name unless sorted.
    pub rows: Vec<Row>,
    /// How many rows there are in all.
    pub total: usize,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `pods/default/web`.
    pub key: String,
    /// The cells.
    pub cells: Vec<String>,
}

/// A kind of which there are objects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindCount {
    /// `pods`.
    pub plural: String,
    /// `Pod`.
    pub kind: &'static str,
    /// How many objects.
    pub count: usize,
}

/// Which part of which table is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The kind.
    pub kind: Kind,
    /// What rows must contain in some cell, in lower case; empty for all.
    pub filter: String,
    /// The column to sort by, and whether downwards.
    pub sort: Option<(usize, bool)>,
    /// The first row.
    pub from: usize,
    /// How many rows.
    pub count: usize,
}

impl Wanted {
    /// Reads a plural (`pods`) or an object in JSON: `{kind, filter, sort, down, from, count}`.
    pub fn read(text: &str) -> Option<Wanted> {
        let json = if text.starts_with('{') { json::parse(text).ok()? } else { Value::Null };
        let name = json["kind"].as_str().unwrap_or(text);
        let number = |key: &str, default: usize| {
            json[key].as_int().and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
        };
        Some(Wanted {
            kind: Kind::of_plural(name, None)?,
            filter: json["filter"].str().to_lowercase(),
            sort: json["sort"]
                .as_int()
                .and_then(|n| usize::try_from(n).ok())
                .map(|n| (n, json["down"].is_true())),
            from: number("from", 0),
            count: number("count", ROWS).min(ROWS),
        })
    }
}

/// A part of the table of a kind in all namespaces, as `kubectl get -A -o wide` shows it.
///
/// Without filter and order only the rows of the part are made, so that a long table costs what is seen.
pub fn table(api: &ApiServer, wanted: &Wanted) -> Table {
    let Wanted { kind, filter, sort, from, count } = wanted;
    let style = Style { wide: true, namespace: kind.info().namespaced, ..Style::default() };
    let now = api.epoch.unix_micros(api.now);
    let row = |o| Row { key: path_of(o), cells: style.row(o, now, "") };
    let columns = style.header(*kind);
    let objects = api.list(*kind, None);
    if filter.is_empty() && sort.is_none() {
        let total = api.list(*kind, None).count();
        return Table { columns, rows: objects.skip(*from).take(*count).map(row).collect(), total };
    }
    let matches = |r: &Row| filter.is_empty() || r.cells.iter().any(|c| c.to_lowercase().contains(filter));
    let mut rows: Vec<Row> = objects.map(row).filter(matches).collect();
    if let Some((column, down)) = sort.filter(|(column, _)| *column < columns.len()) {
        let ages = matches!(columns[column].as_str(), "AGE" | "LAST SEEN");
        rows.order_by(|a, b| {
            let order = order(&a.cells[column], &b.cells[column], ages);
            if down { order.reverse() } else { order }
        });
    }
    let total = rows.len();
    Table { columns, rows: rows.into_iter().skip(*from).take(*count).collect(), total }
}

/// The order of two cells: ages by their length, numbers in texts by their value.
fn order(a: &str, b: &str, ages: bool) -> Ordering {
    if ages { seconds(a).cmp(&seconds(b)) } else { natural(a, b) }
}

/// The seconds of an age such as `2d3h`.
fn seconds(age: &str) -> u64 {
    let (mut sum, mut number) = (0, 0_u64);
    for c in age.chars() {
        let unit = match c {
            '0'..='9' => {
                number = number.saturating_mul(10).saturating_add(u64::from(c as u32 - '0' as u32));
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'y' => 31_536_000,
            _ => 0,
        };
        sum += std::mem::take(&mut number).saturating_mul(unit);
    }
    sum
}

fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (n, m) = (digits(a), digits(b));
        let step = if n > 0 && m > 0 {
            let number = |t: &[u8]| {
                t.iter().fold(0_u64, |sum, d| sum.saturating_mul(10).saturating_add(u64::from(d - b'0')))
            };
            number(&a[..n]).cmp(&number(&b[..m]))
        } else {
            a.first().map(u8::to_ascii_lowercase).cmp(&b.first().map(u8::to_ascii_lowercase))
        };
        if step != Ordering::Equal || a.is_empty() || b.is_empty() {
            return step;
        }
        (a, b) = (&a[n.max(1)..], &b[m.max(1)..]);
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|c| c.is_ascii_digit()).count()
}

/// The kinds of which there are objects.
pub fn kinds(api: &ApiServer) -> Vec<KindCount> {
    Kind::all()
        .map(|k| KindCount {
            plural: k.info().plural.to_string(),
            kind: k.info().kind,
            count: api.list(k, None).count(),
        })
        .filter(|k| k.count > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{natural, seconds};
    use std::cmp::Ordering;

    #[test]
    fn ages_are_compared_by_their_length() {
        assert_eq!(seconds("2d3h"), 183_600);
        assert_eq!(seconds("5m10s"), 310);
        assert_eq!(seconds("<unknown>"), 0);
    }

    #[test]
    fn numbers_in_texts_are_compared_by_their_value() {
        assert_eq!(natural("web-9", "web-10"), Ordering::Less);
        assert_eq!(natural("1/2", "1/1"), Ordering::Greater);
        assert_eq!(natural("Web", "web"), Ordering::Equal);
        assert_eq!(natural("", "a"), Ordering::Less);
    }
}
