//! bash's `select`: a menu on standard error and a number from standard input.

use super::Shell;
use super::builtins::read::Reading;
use super::frame::{Frame, Kind};
use crate::os::program::Sys;
use crate::shell::ast::{Cmd, Node};
use std::rc::Rc;

/// The columns of a tab.
const TAB: usize = 8;

/// Where the loop stands, kept where `for` keeps the number of the next word.
mod phase {
    pub const MENU: usize = 0;
    pub const ANSWERED: usize = 1;
    pub const ASK: usize = 2;
    pub const RUN: usize = 3;
}

impl Shell {
    pub(super) fn select_turn(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        node: &Node,
        items: &Rc<[Rc<str>]>,
        next: usize,
    ) {
        let Cmd::For { name, body, .. } = &**node else { return };
        let again = |next| frame.with(Kind::For { node: node.clone(), items: Some(items.clone()), next });
        let reply = self.vars.get("REPLY").unwrap_or("").to_owned();
        match next {
            phase::RUN => self.frames.push(again(if reply.is_empty() { phase::MENU } else { phase::ASK })),
            phase::ANSWERED if self.status != 0 => {
                self.print(1, b"\n");
                self.status = 1;
            }
            phase::ANSWERED if reply.is_empty() => self.frames.push(again(phase::MENU)),
            phase::ANSWERED => {
                let chosen = reply.trim().parse::<usize>().ok().and_then(|n| items.get(n.checked_sub(1)?));
                let _ = self.vars.set(name, chosen.map_or("", |c| c));
                self.frames.push(again(phase::RUN));
                self.frames.push(frame.inner(body));
            }
            _ if items.is_empty() => {}
            next => {
                if next == phase::MENU {
                    let columns = self.vars.get("COLUMNS").and_then(|c| c.parse().ok());
                    let columns =
                        columns.unwrap_or(if sys.is_tty(2) { sys.tty_size().0 as usize } else { 80 });
                    self.print(2, menu(items, columns).as_bytes());
                }
                let prompt = self.vars.get("PS3").unwrap_or("#? ").to_owned();
                self.print(2, prompt.as_bytes());
                self.frames.push(again(phase::ANSWERED));
                self.frames.push(Frame { kind: Kind::Read(Reading::reply()), tested: true, tail: false });
            }
        }
    }
}

/// The menu, in as many columns as there is room for.
fn menu(items: &[Rc<str>], columns: usize) -> String {
    let digits = |n: usize| n.to_string().len();
    let longest = items.iter().map(|i| i.chars().count()).max().unwrap_or(0);
    let index_width = digits(items.len());
    // Behind the number stand `) `, and two blanks keep columns apart.
    let width = longest + index_width + 4;
    let fit = (columns / width).max(1);
    let mut rows = items.len().div_ceil(fit);
    if rows == 1 {
        rows = items.len();
    }
    let mut out = String::new();
    for row in 0..rows {
        let (mut at, mut pos) = (row, 0);
        loop {
            let index_width = if pos == 0 { digits(rows) } else { index_width };
            let Some(item) = items.get(at) else { break };
            out.push_str(&format!("{:>index_width$}) {item}", at + 1));
            let mut from = pos + index_width + 2 + item.chars().count();
            at += rows;
            if at >= items.len() {
                break;
            }
            pos += width;
            while from < pos {
                let tab = pos / TAB > from / TAB;
                out.push(if tab { '\t' } else { ' ' });
                from += if tab { TAB - from % TAB } else { 1 };
            }
        }
        out.push('\n');
    }
    out
}
