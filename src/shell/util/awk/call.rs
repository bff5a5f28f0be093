//! Functions: the common ones and the program's own.

use super::tree::Expr;
use super::value::{Val, conversions, split_by};
use super::{Awk, Ctx, Slot};
use crate::collections::BTreeMap;
use crate::shell::util::Style;

/// How deep functions may call each other.
const MAX_CALLS: usize = 100;

impl Awk {
    /// The name under which a variable's array is kept, if it is one.
    fn array_named(&self, name: &str) -> Option<String> {
        match self.frames.last().and_then(|f| f.get(name)) {
            Some(Slot::Array(kept) | Slot::Untyped(kept)) => Some(kept.clone()),
            Some(Slot::Scalar(_)) => None,
            None => self.arrays.get(name).map(|_| name.to_owned()),
        }
    }

    /// What a function's parameter stands for when it is called with an argument.
    fn bind(&mut self, ctx: &mut Ctx, arg: &Expr) -> Slot {
        let Expr::Var(name) = arg else { return Slot::Scalar(self.eval(ctx, arg)) };
        if let Some(slot) = self.frames.last().and_then(|f| f.get(name)) {
            return slot.clone();
        }
        if self.arrays.get(name).is_some() {
            return Slot::Array(name.clone());
        }
        let known = name == "NF" || self.vars.get(name).is_some();
        if known { Slot::Scalar(self.var(name)) } else { Slot::Untyped(name.clone()) }
    }

    /// Calls a function of the program's own.
    pub(super) fn call_own(&mut self, ctx: &mut Ctx, name: &str, args: &[Expr]) -> Val {
        let program = self.program.clone();
        let Some((_, function)) = program.functions.iter().find(|(n, _)| n == name) else {
            return Val::Num(0.0);
        };
        if self.frames.len() >= MAX_CALLS {
            ctx.fail("not simulated: so many calls within each other");
            self.exited = Some(2);
            return Val::Num(0.0);
        }
        let mut frame = BTreeMap::new();
        let first = self.locals;
        for (i, param) in function.params.iter().enumerate() {
            let slot = match args.get(i) {
                Some(arg) => self.bind(ctx, arg),
                None => {
                    self.locals += 1;
                    Slot::Untyped(local(self.locals))
                }
            };
            frame.insert(param.clone(), slot);
        }
        let last = self.locals;
        self.frames.push(frame);
        self.run(ctx, &function.body);
        self.frames.pop();
        for n in first + 1..=last {
            self.arrays.remove(&local(n));
        }
        self.returned.take().unwrap_or(Val::Input("".into()))
    }

    pub(super) fn call(&mut self, ctx: &mut Ctx, name: &str, args: &[Expr]) -> Val {
        if name == "length"
            && let Some(Expr::Var(array)) = args.first()
            && let Some(kept) = self.array_named(array)
        {
            return Val::Num(self.arrays.get(&kept).map_or(0, |a| a.len()) as f64);
        }
        let text = |this: &mut Self, ctx: &mut Ctx, i: usize| args.get(i).map(|e| this.eval(ctx, e).text());
        let number =
            |this: &mut Self, ctx: &mut Ctx, i: usize| args.get(i).map_or(0.0, |e| this.eval(ctx, e).num());
        match name {
            "length" => {
                let t = text(self, ctx, 0).unwrap_or_else(|| self.record.as_str().into());
                Val::Num(t.chars().count() as f64)
            }
            "substr" => {
                let chars: Vec<char> = text(self, ctx, 0).unwrap_or_default().chars().collect();
                let from = args.get(1).map_or(1.0, |e| self.eval(ctx, e).num()).round();
                let len = args.get(2).map_or(f64::INFINITY, |e| self.eval(ctx, e).num().round());
                // What lies before the beginning does not count against the length.
                let begin = (from - 1.0).max(0.0).min(chars.len() as f64);
                let end = (begin + len).max(0.0).min(chars.len() as f64) as usize;
                let begin = begin as usize;
                Val::Str(chars[begin..end.max(begin)].iter().collect::<String>().into())
            }
            "index" => {
                let (a, b) = (text(self, ctx, 0).unwrap_or_default(), text(self, ctx, 1).unwrap_or_default());
                Val::Num(a.find(&*b).map_or(0, |n| a[..n].chars().count() + 1) as f64)
            }
            "split" => {
                let t = text(self, ctx, 0).unwrap_or_default();
                let separator = match args.get(2) {
                    Some(Expr::Regex(_)) | None => self.var("FS").text(),
                    Some(e) => self.eval(ctx, e).text(),
                };
                let parts = match args.get(2) {
                    Some(Expr::Regex(r)) => split_by(r, &t),
                    _ => self.split(&t, &separator),
                };
                let Some(Expr::Var(array)) = args.get(1) else { return Val::Num(0.0) };
                let n = parts.len();
                let map = parts
                    .into_iter()
                    .enumerate()
                    .map(|(i, p)| ((i + 1).to_string().into(), Val::Input(p)))
                    .collect();
                let array = self.array(array);
                self.arrays.insert(array, map);
                Val::Num(n as f64)
            }
            "sub" | "gsub" => {
                let Some(regex) = args.first().and_then(|e| self.regex(ctx, e)) else { return Val::Num(0.0) };
                let with = text(self, ctx, 1).unwrap_or_default();
                let whole = Expr::Field(Box::new(Expr::Num(0.0)));
                let place = args.get(2).unwrap_or(&whole);
                let old = self.eval(ctx, place).text();
                match crate::shell::util::sed::substitute(&regex, &old, &with, name == "gsub", 1, false) {
                    Some((new, count)) => {
                        self.store(ctx, place, Val::Str(new.into()));
                        Val::Num(count as f64)
                    }
                    None => Val::Num(0.0),
                }
            }
            "match" => {
                let chars: Vec<char> = text(self, ctx, 0).unwrap_or_default().chars().collect();
                let found = args
                    .get(1)
                    .and_then(|e| self.regex(ctx, e))
                    .and_then(|r| r.find(&chars, 0))
                    .map(|m| m.whole());
                let (start, len) = found.map_or((0.0, -1.0), |(a, b)| (a as f64 + 1.0, (b - a) as f64));
                self.vars.insert("RSTART".into(), Val::Num(start));
                self.vars.insert("RLENGTH".into(), Val::Num(len));
                Val::Num(start)
            }
            "sprintf" => Val::Str(String::from_utf8_lossy(&self.format(ctx, args)).into_owned().into()),
            "tolower" => Val::Str(text(self, ctx, 0).unwrap_or_default().to_lowercase().into()),
            "toupper" => Val::Str(text(self, ctx, 0).unwrap_or_default().to_uppercase().into()),
            "int" => Val::Num(args.first().map_or(0.0, |e| self.eval(ctx, e).num()).trunc()),
            "sqrt" => Val::Num(args.first().map_or(0.0, |e| self.eval(ctx, e).num()).sqrt()),
            "sin" => Val::Num(number(self, ctx, 0).sin()),
            "cos" => Val::Num(number(self, ctx, 0).cos()),
            "exp" => Val::Num(number(self, ctx, 0).exp()),
            "log" => Val::Num(number(self, ctx, 0).ln()),
            "atan2" => Val::Num(number(self, ctx, 0).atan2(number(self, ctx, 1))),
            "close" => {
                let name = text(self, ctx, 0).unwrap_or_default();
                Val::Num(self.close_file(ctx, &name))
            }
            "fflush" => Val::Num(0.0),
            "systime" => Val::Num((ctx.sys.wall_micros() / 1_000_000) as f64),
            "strftime" => {
                let template = text(self, ctx, 0).unwrap_or_else(|| "%a %b %e %H:%M:%S UTC %Y".into());
                let at = args.get(1).map(|e| self.eval(ctx, e).num() * 1e6);
                let at = at.map_or_else(|| ctx.sys.wall_micros(), |micros| micros as i64);
                Val::Str(crate::shell::util::date::format(at, &template).into())
            }
            "system" => {
                let command = text(self, ctx, 0).unwrap_or_default();
                self.flush(ctx);
                Val::Num(self.asked(&command, false).map_or(0.0, |(status, _)| f64::from(status)))
            }
            "rand" => Val::Num(self.rng.unit()),
            "srand" => {
                let seed = args.first().map_or(0.0, |e| self.eval(ctx, e).num());
                self.rng = crate::rng::Rng::stream(seed as u64, "awk");
                Val::Num(std::mem::replace(&mut self.seed, seed))
            }
            _ => Val::Num(0.0),
        }
    }

    /// `printf`: the utility of that name does the work.
    pub(super) fn format(&mut self, ctx: &mut Ctx, list: &[Expr]) -> Vec<u8> {
        let mut words: Vec<crate::api::Text> = vec!["printf".into()];
        let values: Vec<Val> = list.iter().map(|e| self.eval(ctx, e)).collect();
        let template = values.first().map(|v| v.text().to_string()).unwrap_or_default();
        words.push("--".into());
        words.push(template.replace('\\', "\\\\").into());
        let kinds: Vec<char> = conversions(&template);
        for (i, value) in values.iter().skip(1).enumerate() {
            let whole = matches!(kinds.get(i), Some('d' | 'i' | 'o' | 'x' | 'X' | 'u'));
            let word: String = match kinds.get(i) {
                _ if whole && !ctx.busybox() => {
                    format!("{}", value.num().trunc().clamp(-2_147_483_648.0, 2_147_483_647.0) as i64)
                }
                _ if whole => format!("{}", value.num().trunc() as i64),
                Some('f' | 'F' | 'e' | 'g' | 'E' | 'G') => format!("{}", value.num()),
                Some('c') if matches!(value, Val::Num(_)) => {
                    char::from_u32(value.num() as u32).map_or(String::new(), String::from)
                }
                Some(_) => value.text().to_string(),
                None => break,
            };
            words.push(word.into());
        }
        let mut inner = Ctx::new(ctx.sys, words, Style::Gnu);
        crate::shell::util::echo::printf(&mut inner);
        inner.out.into_iter().filter(|(fd, _)| *fd == 1).flat_map(|(_, b)| b).collect()
    }
}

/// The name under which a local array is kept; no variable has such a one.
fn local(number: u64) -> String {
    format!("\u{1}{number}")
}
