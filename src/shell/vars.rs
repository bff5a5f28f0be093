//! The shell's variables with their scopes.

use crate::collections::{BTreeMap, Order};
use std::rc::Rc;

/// The longest value that a variable may take, in bytes; longer ones are an error, not a hang.
pub const MAX_VALUE: usize = 4 << 20;

/// A variable.
#[derive(Clone, Debug, Default)]
pub struct Var {
    /// Its value; `None`: declared, but unset.
    pub value: Option<Content>,
    /// Whether it is handed on to programs.
    pub exported: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// What bash's `declare` says of it.
    pub attrs: Attrs,
    /// When it was first set, which orders the environment.
    order: u32,
}

/// What bash's `declare` makes of the values that are assigned to a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attrs {
    /// `-i`: they are arithmetic.
    pub integer: bool,
    /// `-l` and `-u`: they are changed to small or capital letters.
    pub letters: Option<Letters>,
    /// `-n`: they name the variable that is meant.
    pub reference: bool,
}

/// The letters of a variable's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    Small,
    Capital,
}

impl Attrs {
    fn text(self, value: &str) -> Rc<str> {
        match self.letters {
            None => value.into(),
            Some(Letters::Small) => value.to_lowercase().into(),
            Some(Letters::Capital) => value.to_uppercase().into(),
        }
    }
}

/// The entries of an associative array in the order in which bash walks through its table of 1,024 chains.
pub fn listed(map: &BTreeMap<Rc<str>, Rc<str>>) -> Vec<(&Rc<str>, &Rc<str>)> {
    let mut all: Vec<_> = map.iter().collect();
    all.order_by_key(|(key, _)| {
        let hash = key.bytes().fold(2_166_136_261_u32, |h, b| h.wrapping_mul(16_777_619) ^ u32::from(b));
        hash & 1_023
    });
    all
}

/// How many references may point to one another.
const MAX_REFERENCES: u32 = 8;

/// What a variable holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text.
    Scalar(Rc<str>),
    /// An indexed array.
    Array(BTreeMap<i64, Rc<str>>),
    /// An associative array.
    Assoc(BTreeMap<Rc<str>, Rc<str>>),
}

/// All variables.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    map: BTreeMap<Rc<str>, Var>,
    next: u32,
    /// What `local` has hidden, per function call.
    scopes: Vec<Vec<(Rc<str>, Option<Var>)>>,
    /// What an expansion has changed, so that it can be begun anew.
    log: Option<Vec<(Rc<str>, Option<Var>)>>,
}

impl Vars {
    /// The variable itself.
    pub fn var(&self, name: &str) -> Option<&Var> {
        self.map.get(name)
    }

    /// All variables by name.
    pub fn all(&self) -> impl Iterator<Item = (&Rc<str>, &Var)> {
        self.map.iter()
    }

    /// The variable that a name means: that of the reference if it is one.
    pub fn meant<'a>(&'a self, name: &'a str) -> &'a str {
        let mut name = name;
        for _ in 0..MAX_REFERENCES {
            match self.map.get(name) {
                Some(Var {
                    attrs: Attrs { reference: true, .. }, value: Some(Content::Scalar(to)), ..
                }) => {
                    name = to;
                }
                _ => break,
            }
        }
        name
    }

    /// The text of a variable (of an array: element 0).
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.map.get(self.meant(name))?.value.as_ref()? {
            Content::Scalar(s) => Some(s),
            Content::Array(a) => a.get(&0).map(|s| &**s),
            Content::Assoc(a) => a.get("0").map(|s| &**s),
        }
    }

    fn entry(&mut self, name: &str) -> &mut Var {
        if let Some(log) = &mut self.log {
            log.push((name.into(), self.map.get(name).cloned()));
        }
        if !self.map.contains_key(name) {
            self.next += 1;
            self.map.insert(name.into(), Var { order: self.next, ..Var::default() });
        }
        self.map.get_mut(name).expect("just inserted")
    }

    /// Sets a variable; false if it is read-only.
    #[must_use]
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let name = self.meant(name).to_owned();
        let var = self.entry(&name);
        if var.readonly {
            return false;
        }
        let value = var.attrs.text(value);
        match &mut var.value {
            Some(Content::Array(a)) => drop(a.insert(0, value)),
            Some(Content::Assoc(a)) => drop(a.insert("0".into(), value)),
            _ => var.value = Some(Content::Scalar(value)),
        }
        true
    }

    /// Replaces the whole value; false if it is read-only.
    #[must_use]
    pub fn set_content(&mut self, name: &str, value: Content) -> bool {
        let name = self.meant(name).to_owned();
        let var = self.entry(&name);
        if !var.readonly {
            var.value = Some(value);
        }
        !var.readonly
    }

    /// Sets an array's element, making the array; false if it is read-only.
    #[must_use]
    pub fn set_element(&mut self, name: &str, index: i64, value: &str) -> bool {
        let name = self.meant(name).to_owned();
        let var = self.entry(&name);
        if var.readonly {
            return false;
        }
        let value = &*var.attrs.text(value);
        match &mut var.value {
            Some(Content::Array(a)) => {
                a.insert(index, value.into());
            }
            Some(Content::Scalar(s)) if index != 0 => {
                var.value = Some(Content::Array(BTreeMap::from([(0, s.clone()), (index, value.into())])));
            }
            Some(Content::Assoc(a)) => {
                a.insert(index.to_string().into(), value.into());
            }
            _ => var.value = Some(Content::Array(BTreeMap::from([(index, value.into())]))),
        }
        true
    }

    /// Sets flags on a variable, declaring it if need be.
    pub fn mark(&mut self, name: &str, exported: Option<bool>, readonly: bool) {
        let var = self.entry(name);
        var.exported = exported.unwrap_or(var.exported);
        var.readonly |= readonly;
    }

    /// Changes what `declare` says of a variable, declaring it if need be.
    pub fn declare(&mut self, name: &str, change: impl FnOnce(&mut Attrs)) {
        change(&mut self.entry(name).attrs);
    }

    /// Removes a variable or an element of it; false if it is read-only.
    #[must_use]
    pub fn unset(&mut self, name: &str, index: Option<&str>) -> bool {
        let name = &*self.meant(name).to_owned();
        let Some(var) = self.map.get_mut(name) else { return true };
        if var.readonly {
            return false;
        }
        match (index, &mut var.value) {
            (Some(i), Some(Content::Array(a))) => {
                a.remove(&i.parse().unwrap_or(-1));
            }
            (Some(i), Some(Content::Assoc(a))) => {
                a.remove(i);
            }
            _ => {
                self.map.remove(name);
            }
        }
        true
    }

    /// Exported variables in the order in which they were made.
    pub fn environment(&self) -> Vec<(Rc<str>, Rc<str>)> {
        let mut list: Vec<_> = self
            .map
            .iter()
            .filter(|(_, v)| v.exported)
            .filter_map(|(k, v)| match &v.value {
                Some(Content::Scalar(s)) => Some((v.order, k.clone(), s.clone())),
                _ => None,
            })
            .collect();
        list.order_by_key(|(order, ..)| *order);
        list.into_iter().map(|(_, k, v)| (k, v)).collect()
    }

    /// Opens a scope for `local`.
    pub fn push_scope(&mut self) {
        self.scopes.push(Vec::new());
    }

    /// Gives the variables hidden by the innermost scope back.
    pub fn pop_scope(&mut self) {
        for (name, old) in self.scopes.pop().unwrap_or_default().into_iter().rev() {
            self.restore(name, old);
        }
    }

    /// Whether a function is running.
    pub fn in_function(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// Makes a variable local: hides its value until the scope ends.
    pub fn localize(&mut self, name: &str, keep_value: bool) {
        let old = self.map.get(name).cloned();
        let Some(scope) = self.scopes.last_mut() else { return };
        if scope.iter().any(|(n, _)| &**n == name) {
            return;
        }
        scope.push((name.into(), old));
        if !keep_value && let Some(var) = self.map.get_mut(name) {
            var.value = None;
            var.attrs = Attrs::default();
        }
    }

    /// Puts an earlier state of one variable back.
    pub fn restore(&mut self, name: Rc<str>, old: Option<Var>) {
        match old {
            Some(var) => self.map.insert(name, var),
            None => self.map.remove(&name),
        };
    }

    /// Begins to note changes.
    pub fn begin(&mut self) {
        self.log = Some(Vec::new());
    }

    /// How many changes were noted so far.
    pub fn noted(&self) -> usize {
        self.log.as_ref().map_or(0, Vec::len)
    }

    /// Ends the noting of changes and hands out what was there before them.
    pub fn take_log(&mut self) -> Vec<(Rc<str>, Option<Var>)> {
        self.log.take().unwrap_or_default()
    }

    /// Keeps the changes (true) or takes them back.
    pub fn end(&mut self, keep: bool) {
        for (name, old) in self.log.take().unwrap_or_default().into_iter().rev() {
            if !keep {
                self.restore(name, old);
            }
        }
    }
}
