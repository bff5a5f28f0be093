//! Arrays: bash's own and the script's.

use crate::shell::interp::Shell;
use crate::shell::vars::{Content, listed};
use std::rc::Rc;

impl Shell {
    /// The arrays that bash keeps itself.
    fn own_array(&self, name: &str) -> Option<Vec<Rc<str>>> {
        if !self.flavour.is_bash() {
            return None;
        }
        Some(match name {
            "PIPESTATUS" => self.pipe_status.iter().map(|c| c.to_string().into()).collect(),
            "FUNCNAME" => self.calls.iter().rev().map(|c| c.name.clone()).collect(),
            "BASH_SOURCE" => self.calls.iter().rev().map(|c| c.source.clone()).collect(),
            "BASH_LINENO" => self.calls.iter().rev().map(|c| c.line.to_string().into()).collect(),
            "GROUPS" => vec!["0".into()],
            "BASH_VERSINFO" => ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(Rc::from).to_vec(),
            _ => return None,
        })
    }

    /// The elements of an array; a plain variable is an array of one.
    pub(super) fn elements(&self, name: &str) -> Vec<Rc<str>> {
        if let Some(list) = self.own_array(name) {
            return list;
        }
        match self.vars.var(self.vars.meant(name)).and_then(|v| v.value.as_ref()) {
            Some(Content::Scalar(s)) => vec![s.clone()],
            Some(Content::Array(a)) => a.values().cloned().collect(),
            Some(Content::Assoc(a)) => listed(a).into_iter().map(|(_, v)| v.clone()).collect(),
            None => Vec::new(),
        }
    }

    pub(super) fn keys(&self, name: &str) -> Vec<Rc<str>> {
        match self.vars.var(self.vars.meant(name)).and_then(|v| v.value.as_ref()) {
            Some(Content::Scalar(_)) => vec!["0".into()],
            Some(Content::Array(a)) => a.keys().map(|k| k.to_string().into()).collect(),
            Some(Content::Assoc(a)) => listed(a).into_iter().map(|(k, _)| k.clone()).collect(),
            None => Vec::new(),
        }
    }

    /// One element by its key.
    pub(in crate::shell) fn element(&self, name: &str, key: &str) -> Option<Rc<str>> {
        if let Some(list) = self.own_array(name) {
            return list.get(key.parse::<usize>().ok()?).cloned();
        }
        match self.vars.var(self.vars.meant(name))?.value.as_ref()? {
            Content::Scalar(s) => (key == "0" || key == "-1").then(|| s.clone()),
            Content::Array(a) => a.get(&key.parse().ok()?).cloned(),
            Content::Assoc(a) => a.get(key).cloned(),
        }
    }

    /// Whether a variable is an associative array.
    pub(in crate::shell) fn is_assoc(&self, name: &str) -> bool {
        matches!(self.vars.var(self.vars.meant(name)).and_then(|v| v.value.as_ref()), Some(Content::Assoc(_)))
    }

    /// One past the last index of an array.
    pub(super) fn array_end(&self, name: &str) -> i64 {
        match self.vars.var(self.vars.meant(name)).and_then(|v| v.value.as_ref()) {
            Some(Content::Array(a)) => a.keys().next_back().map_or(0, |k| k.saturating_add(1)),
            Some(_) => 1,
            None => 0,
        }
    }
}
