//! Statements.

use super::tree::{Expr, Redirect, Stmt};
use super::value::Val;
use super::{Awk, Ctx, MAX_STEPS};
use crate::collections::Order;
use crate::shell::util::format_float;
use std::rc::Rc;

/// What a statement came to.
pub(super) enum End {
    On,
    Next,
    Exit,
    Break,
    Continue,
    Return,
}

/// A value as `print` shows it: mawk writes whole numbers beyond 32 bits as others.
fn printed(value: Val, busybox: bool) -> String {
    match value {
        Val::Num(n) if !busybox && n == n.trunc() && n.abs() > f64::from(i32::MAX) => {
            format_float(n, 'g', 6, false)
        }
        value => value.text().to_string(),
    }
}

/// Puts keys in the order in which busybox's or mawk's table is walked through.
fn walked(keys: &mut [Rc<str>], busybox: bool) {
    let n = keys.len();
    if busybox {
        // Its table has a prime number of chains and grows when they hold ten on average.
        let size = [61, 251, 1_021, 4_093, 16_381].into_iter().find(|p| n <= p * 11).unwrap_or(65_521);
        keys.order_by_key(|k| {
            let hash = k.bytes().fold(0_u32, |h, b| u32::from(b).wrapping_add(h << 6).wrapping_sub(h));
            // Within a chain the newest is first; later keys are mostly the greater ones.
            (hash as usize % size, std::cmp::Reverse(k.clone()))
        });
        return;
    }
    let size = std::iter::successors(Some(64_usize), |s| Some(s * 2)).find(|s| n <= s * 12).unwrap_or(64);
    keys.order_by_key(|k| {
        let hash = k.bytes().fold(2_166_136_261_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
        hash as usize & (size - 1)
    });
}

impl Awk {
    pub(super) fn run(&mut self, ctx: &mut Ctx, stmt: &Stmt) -> End {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            ctx.fail("not simulated: so long a computation");
            self.exited = Some(2);
            return End::Exit;
        }
        let ctx_busybox = ctx.busybox();
        match stmt {
            Stmt::Expr(e) => drop(self.eval(ctx, e)),
            Stmt::Print(list, to) => {
                let joint = self.var("OFS").text();
                let whole = |v: Val| self::printed(v, ctx_busybox);
                let text = if list.is_empty() {
                    self.record.clone()
                } else {
                    list.iter().map(|e| whole(self.eval(ctx, e))).collect::<Vec<_>>().join(&joint)
                };
                let end = self.var("ORS").text();
                return self.print(ctx, format!("{text}{end}").as_bytes(), to.as_ref());
            }
            Stmt::Printf(list, to) => {
                let text = self.format(ctx, list);
                return self.print(ctx, &text, to.as_ref());
            }
            Stmt::If(test, yes, no) => {
                if self.truth(ctx, test) {
                    return self.run(ctx, yes);
                }
                if let Some(no) = no {
                    return self.run(ctx, no);
                }
            }
            Stmt::While(test, body) => return self.repeat(ctx, Some(test), None, body),
            Stmt::Do(body, test) => {
                match self.run(ctx, body) {
                    End::On | End::Continue => {}
                    End::Break => return End::On,
                    end => return end,
                }
                return self.repeat(ctx, Some(test), None, body);
            }
            Stmt::For(init, test, step, body) => {
                if let Some(init) = init {
                    self.run(ctx, init);
                }
                return self.repeat(ctx, test.as_ref(), step.as_deref(), body);
            }
            Stmt::ForIn(var, array, body) => {
                let array = self.array(array);
                let mut keys: Vec<Rc<str>> =
                    self.arrays.get(&array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                walked(&mut keys, ctx.busybox());
                for key in keys {
                    self.set_var(var, Val::Input(key));
                    match self.run(ctx, body) {
                        End::On | End::Continue => {}
                        End::Break => break,
                        end => return end,
                    }
                }
            }
            Stmt::Block(list) => {
                for stmt in list {
                    match self.run(ctx, stmt) {
                        End::On => {}
                        end => return end,
                    }
                }
            }
            Stmt::Return(value) => {
                self.returned = value.as_ref().map(|e| self.eval(ctx, e));
                return End::Return;
            }
            Stmt::Next => return End::Next,
            Stmt::Break => return End::Break,
            Stmt::Continue => return End::Continue,
            Stmt::Exit(code) => {
                let code = code.as_ref().map_or(self.exited.unwrap_or(0), |e| self.eval(ctx, e).num() as i32);
                self.exited = Some(code);
                return End::Exit;
            }
            Stmt::Delete(name, None) => {
                let name = self.array(name);
                self.arrays.remove(&name);
            }
            Stmt::Delete(name, Some(keys)) => {
                let (key, name) = (self.key(ctx, keys), self.array(name));
                if let Some(array) = self.arrays.get_mut(&name) {
                    array.remove(&key);
                }
            }
        }
        if self.exited.is_some() { End::Exit } else { End::On }
    }

    fn print(&mut self, ctx: &mut Ctx, text: &[u8], to: Option<&(Redirect, Expr)>) -> End {
        let to = to.map(|(kind, name)| (*kind, self.eval(ctx, name).text()));
        let done = self.emit(ctx, text, to.as_ref().map(|(kind, name)| (*kind, &**name)));
        if done { End::On } else { End::Exit }
    }

    fn repeat(&mut self, ctx: &mut Ctx, test: Option<&Expr>, step: Option<&Stmt>, body: &Stmt) -> End {
        while test.is_none_or(|t| self.truth(ctx, t)) {
            match self.run(ctx, body) {
                End::On | End::Continue => {}
                End::Break => break,
                end => return end,
            }
            if let Some(step) = step {
                self.run(ctx, step);
            }
            if self.steps > MAX_STEPS {
                return End::Exit;
            }
        }
        End::On
    }
}
