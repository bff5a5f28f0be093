//! Expressions, variables and arrays.

use super::tree::Expr;
use super::value::{Val, arithmetic};
use super::{Awk, Ctx, Slot};
use crate::shell::util::regex::Regex;
use std::rc::Rc;

impl Awk {
    /// The value of a variable, a function's own first.
    pub(super) fn var(&self, name: &str) -> Val {
        if let Some(slot) = self.frames.last().and_then(|f| f.get(name)) {
            return if let Slot::Scalar(value) = slot { value.clone() } else { Val::Input("".into()) };
        }
        match name {
            "NF" => Val::Num(self.fields.len() as f64),
            name => self.vars.get(name).cloned().unwrap_or(Val::Input("".into())),
        }
    }

    /// Gives a variable a value.
    pub(super) fn set_var(&mut self, name: &str, value: Val) {
        match self.frames.last_mut().and_then(|f| f.get_mut(name)) {
            Some(slot) => *slot = Slot::Scalar(value),
            None => drop(self.vars.insert(name.to_owned(), value)),
        }
    }

    /// The name under which an array is kept; a parameter that is used as one becomes one.
    pub(super) fn array(&mut self, name: &str) -> String {
        match self.frames.last_mut().and_then(|f| f.get_mut(name)) {
            Some(slot) => match slot {
                Slot::Array(kept) => kept.clone(),
                Slot::Untyped(kept) => {
                    let kept = kept.clone();
                    *slot = Slot::Array(kept.clone());
                    kept
                }
                Slot::Scalar(_) => name.to_owned(),
            },
            None => name.to_owned(),
        }
    }

    pub(super) fn truth(&mut self, ctx: &mut Ctx, e: &Expr) -> bool {
        self.steps += 1;
        self.eval(ctx, e).truth()
    }

    pub(super) fn key(&mut self, ctx: &mut Ctx, keys: &[Expr]) -> Rc<str> {
        let joint = self.var("SUBSEP").text();
        let list: Vec<String> = keys.iter().map(|k| self.eval(ctx, k).text().to_string()).collect();
        list.join(&joint).into()
    }

    pub(super) fn store(&mut self, ctx: &mut Ctx, place: &Expr, value: Val) {
        match place {
            Expr::Var(name) if name == "NF" => {
                self.fields.resize((value.num().max(0.0) as usize).min(10_000), "".into());
                self.rebuild();
            }
            Expr::Var(name) => self.set_var(name, value),
            Expr::Elem(name, keys) => {
                let (key, name) = (self.key(ctx, keys), self.array(name));
                self.arrays.entry(name).or_default().insert(key, value);
            }
            Expr::Field(index) => {
                let n = (self.eval(ctx, index).num().max(0.0) as usize).min(10_000);
                if n == 0 {
                    let text = value.text();
                    self.set_record(&text);
                } else {
                    if self.fields.len() < n {
                        self.fields.resize(n, "".into());
                    }
                    self.fields[n - 1] = value.text();
                    self.rebuild();
                }
            }
            _ => {}
        }
    }

    pub(super) fn regex(&mut self, ctx: &mut Ctx, e: &Expr) -> Option<Regex> {
        match e {
            Expr::Regex(r) => Some(r.clone()),
            e => {
                let text = self.eval(ctx, e).text();
                Regex::new(&text, true, false).ok()
            }
        }
    }

    pub(super) fn eval(&mut self, ctx: &mut Ctx, e: &Expr) -> Val {
        let flag = |b: bool| Val::Num(f64::from(u8::from(b)));
        match e {
            Expr::Num(n) => Val::Num(*n),
            Expr::Str(s) => Val::Str(s.as_str().into()),
            Expr::Regex(r) => flag(r.matches(&self.record)),
            Expr::Var(name) => self.var(name),
            Expr::Elem(name, keys) => {
                let (key, name) = (self.key(ctx, keys), self.array(name));
                self.arrays.entry(name).or_default().entry(key).or_insert(Val::Input("".into())).clone()
            }
            Expr::Field(index) => {
                let n = self.eval(ctx, index).num();
                if n < 1.0 {
                    Val::Input(self.record.as_str().into())
                } else {
                    Val::Input(self.fields.get(n as usize - 1).cloned().unwrap_or_else(|| "".into()))
                }
            }
            Expr::Assign(place, op, right) => {
                let mut value = self.eval(ctx, right);
                if *op != "=" {
                    let left = self.eval(ctx, place).num();
                    value = Val::Num(arithmetic(&op[..1], left, value.num()));
                }
                self.store(ctx, place, value.clone());
                value
            }
            Expr::Step(place, by, before) => {
                let old = self.eval(ctx, place).num();
                self.store(ctx, place, Val::Num(old + by));
                Val::Num(if *before { old + by } else { old })
            }
            Expr::Unary("!", inner) => flag(!self.truth(ctx, inner)),
            Expr::Unary("(", inner) => self.eval(ctx, inner),
            Expr::Unary(op, inner) => {
                let n = self.eval(ctx, inner).num();
                Val::Num(if *op == "-" { -n } else { n })
            }
            Expr::Concat(a, b) => {
                let (a, b) = (self.eval(ctx, a).text(), self.eval(ctx, b).text());
                Val::Str(format!("{a}{b}").into())
            }
            Expr::Match(text, pattern, negated) => {
                let text = self.eval(ctx, text).text();
                let hit = self.regex(ctx, pattern).is_some_and(|r| r.matches(&text));
                flag(hit != *negated)
            }
            Expr::In(keys, array) => {
                let (key, array) = (self.key(ctx, keys), self.array(array));
                flag(self.arrays.get(&array).is_some_and(|a| a.contains_key(&key)))
            }
            Expr::Cond(test, yes, no) => {
                let branch = if self.truth(ctx, test) { yes } else { no };
                self.eval(ctx, branch)
            }
            Expr::Binary("&&", a, b) => flag(self.truth(ctx, a) && self.truth(ctx, b)),
            Expr::Binary("||", a, b) => flag(self.truth(ctx, a) || self.truth(ctx, b)),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.eval(ctx, a), self.eval(ctx, b));
                if !matches!(*op, "<" | "<=" | "==" | "!=" | ">" | ">=") {
                    return Val::Num(arithmetic(op, a.num(), b.num()));
                }
                let order = if a.numeric() && b.numeric() {
                    a.num().total_cmp(&b.num())
                } else {
                    a.text().cmp(&b.text())
                };
                flag(match *op {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Expr::Call(name, args) => self.call(ctx, name, args),
            Expr::User(name, args) => self.call_own(ctx, name, args),
            Expr::Command(command, place) => {
                let command = self.eval(ctx, command).text();
                Val::Num(self.get_from(ctx, place.as_deref(), &command))
            }
            Expr::Getline(place, file) => {
                let file = file.as_ref().map(|e| self.eval(ctx, e).text());
                Val::Num(self.get_line(ctx, place.as_deref(), file.as_deref()))
            }
        }
    }
}
