//! Tables of objects with kubectl's columns.

use super::path_of;
use crate::api::Kind;
use crate::apiserver::ApiServer;
use crate::kubectl::print::Style;
use serde::Serialize;

/// How many rows a table carries to the page; it says how many there are in all.
const ROWS: usize = 1_000;

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// The headers.
    pub columns: Vec<String>,
    /// The first [`ROWS`] rows, in order of namespace and name.
    pub rows: Vec<Row>,
    /// How many objects there are.
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

/// The table of a kind in all namespaces, as `kubectl get -A -o wide` shows it.
pub fn table(api: &ApiServer, kind: Kind, wide: bool) -> Table {
    let style = Style { wide, namespace: kind.info().namespaced, ..Style::default() };
    let now = api.epoch.unix_micros(api.now);
    let row = |o| Row { key: path_of(o), cells: style.row(o, now, "") };
    Table {
        columns: style.header(kind),
        rows: api.list(kind, None).take(ROWS).map(row).collect(),
        total: api.list(kind, None).count(),
    }
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
