//! `nslookup`: busybox's since 1.29, busybox's before, and BIND's.
//!
//! Busybox's newer one asks the server itself: for a name with a dot just as it is, for one without with every domain
//! of the search list, addresses of both kinds, and fails if one of all these questions fails. The older one asks the
//! resolver of the C library, which is why so many instructions name busybox 1.28; BIND's goes
//! through the search list, too. Left out: options, and other kinds of records than addresses and names; who asks for
//! them is told so.

use super::ctx::{Ctx, Output, drain};
use crate::api::Text;
use crate::os::program::{Program, Resolved, Step, Sys, Wait};
use crate::time::{Span, Time};

/// How long busybox's nslookup waits for an answer, all tries together.
const TIMEOUT: Span = Span::secs(5);

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Make {
    /// Busybox 1.29 and newer.
    Busybox,
    /// Busybox up to 1.28.
    OldBusybox,
    /// BIND, of Debian's package dnsutils.
    Bind,
}

/// `nslookup`, running.
#[derive(Clone, Debug)]
struct Lookup {
    make: Make,
    name: Text,
    server: Text,
    search: Vec<Text>,
    waiting: Option<Time>,
    out: Output,
    status: Option<i32>,
}

/// `nslookup` of BIND, or of busybox 1.29 and newer.
pub fn nslookup(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let make = if ctx.busybox() { Make::Busybox } else { Make::Bind };
    begin(ctx, make)
}

/// `nslookup` of busybox up to 1.28.
pub fn old(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    begin(ctx, Make::OldBusybox)
}

fn begin(ctx: &mut Ctx, make: Make) -> Result<Box<dyn Program>, i32> {
    let (options, words): (Vec<Text>, Vec<Text>) =
        ctx.args[1..].iter().cloned().partition(|a| a.starts_with('-'));
    if let Some(other) = options.iter().find(|o| !asks_for_addresses(o)) {
        return Err(ctx.not_simulated(other));
    }
    let Some(name) = words.first().cloned() else {
        if make == Make::Bind {
            return Err(ctx.not_simulated("a conversation instead of a name"));
        }
        super::usage::print(ctx, "nslookup");
        return Err(1);
    };
    let conf = ctx.sys.read_file("/etc/resolv.conf").unwrap_or_default();
    let conf = String::from_utf8_lossy(&conf);
    let values = |key: &'static str| {
        conf.lines().filter_map(move |l| l.strip_prefix(key)).flat_map(str::split_whitespace).map(Text::from)
    };
    let server = values("nameserver ").next().unwrap_or(Text::lit("127.0.0.1"));
    let server = words.get(1).cloned().unwrap_or(server);
    let search = values("search ").collect();
    Ok(Box::new(Lookup { make, name, server, search, waiting: None, out: Vec::new(), status: None }))
}

/// Whether an option asks for what is asked for anyway.
fn asks_for_addresses(option: &str) -> bool {
    let (name, kind) = option.trim_start_matches('-').split_once('=').unwrap_or_default();
    matches!(name, "type" | "query" | "q" | "querytype") && kind.eq_ignore_ascii_case("a")
}

impl Lookup {
    /// The names that are asked for.
    fn names(&self) -> Vec<String> {
        if self.name.contains('.') || self.search.is_empty() {
            return vec![self.name.to_string()];
        }
        self.search.iter().map(|domain| format!("{}.{domain}", self.name)).collect()
    }

    fn head(&self) -> String {
        let mark = if self.make == Make::Bind { '#' } else { ':' };
        format!("Server:\t\t{0}\nAddress:\t{0}{mark}53\n\n", self.server)
    }

    /// Asks for the first of the names that there is.
    fn first(&mut self, sys: &mut dyn Sys) {
        let mut names = self.names();
        if self.name.contains('.') {
            names.extend(self.search.iter().map(|domain| format!("{}.{domain}", self.name)));
        }
        for name in names {
            match sys.resolve(&format!("{}.", name.trim_end_matches('.'))) {
                Resolved::Unanswered(until) => {
                    self.waiting = Some(until.min(sys.now() + TIMEOUT));
                    return;
                }
                Resolved::NoSuchName => {}
                Resolved::Addresses(list) => {
                    let rows: String =
                        list.iter().map(|a| format!("Name:\t{name}\nAddress: {a}\n")).collect();
                    return self.end(format!("{}{rows}\n", self.head()), String::new(), 0);
                }
            }
        }
        let text = format!("{}** server can't find {}: NXDOMAIN\n\n", self.head(), self.name);
        self.end(text, String::new(), 1);
    }

    /// Asks for the addresses of all names.
    fn addresses(&mut self, sys: &mut dyn Sys) {
        let (mut v4, mut v6) = (String::new(), String::new());
        let mut failed = false;
        for name in self.names() {
            match sys.resolve(&format!("{}.", name.trim_end_matches('.'))) {
                Resolved::Unanswered(until) => {
                    self.waiting = Some(until.min(sys.now() + TIMEOUT));
                    return;
                }
                Resolved::NoSuchName => {
                    failed = true;
                    for text in [&mut v4, &mut v6] {
                        *text += &format!("** server can't find {name}: NXDOMAIN\n\n");
                    }
                }
                Resolved::Addresses(list) => {
                    v4.extend(list.iter().map(|a| format!("Name:\t{name}\nAddress: {a}\n")));
                    v4.push('\n');
                    v6.push('\n');
                }
            }
        }
        self.end(format!("{}{v4}{v6}", self.head()), String::new(), i32::from(failed));
    }

    /// Asks for the name of an address.
    fn name_of(&mut self, sys: &mut dyn Sys, reversed: &str) {
        let found = sys.names_of(&self.name);
        let (head, dot) = match self.make {
            Make::Bind => (String::new(), "."),
            _ => (self.head(), ""),
        };
        let rows: String = found.iter().map(|n| format!("{reversed}\tname = {n}{dot}\n")).collect();
        let text = match found.is_empty() {
            true => format!("** server can't find {reversed}: NXDOMAIN\n\n"),
            false => format!("{rows}\n"),
        };
        self.end(head + &text, String::new(), i32::from(found.is_empty()));
    }

    /// Asks as programs do that use the C library.
    fn as_resolver(&mut self, sys: &mut dyn Sys) {
        let mut named = |ip: &str| sys.names_of(ip).first().map(|n| format!(" {n}")).unwrap_or_default();
        let head = format!("Server:    {0}\nAddress 1: {0}{1}\n\n", self.server, named(&self.server));
        match sys.resolve(&self.name) {
            Resolved::Unanswered(until) => self.waiting = Some(until.min(sys.now() + TIMEOUT)),
            Resolved::NoSuchName => {
                self.end(head, format!("nslookup: can't resolve '{}'\n", self.name), 1);
            }
            Resolved::Addresses(list) => {
                let mut text = format!("{head}Name:      {}\n", self.name);
                for (i, ip) in list.iter().enumerate() {
                    let name = sys.names_of(ip).first().map(|n| format!(" {n}")).unwrap_or_default();
                    text += &format!("Address {}: {ip}{name}\n", i + 1);
                }
                self.end(text, String::new(), 0);
            }
        }
    }

    fn end(&mut self, out: String, err: String, status: i32) {
        self.out.push((1, out.into_bytes()));
        self.out.push((2, err.into_bytes()));
        self.status = Some(status);
    }
}

/// `1.0.96.10.in-addr.arpa` of an address.
fn reversed(name: &str) -> Option<String> {
    let [a, b, c, d] = name.parse::<std::net::Ipv4Addr>().ok()?.octets();
    Some(format!("{d}.{c}.{b}.{a}.in-addr.arpa"))
}

impl Program for Lookup {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(step) = drain(&mut self.out, sys) {
            return step;
        }
        if let Some(status) = self.status {
            return Step::Exit(status);
        }
        if let Some(until) = self.waiting {
            if sys.now() < until {
                return Wait::until(until);
            }
            self.end(";; connection timed out; no servers could be reached\n\n".into(), String::new(), 1);
            return Step::Yield;
        }
        match reversed(&self.name) {
            _ if self.make == Make::OldBusybox => self.as_resolver(sys),
            Some(reversed) => self.name_of(sys, &reversed),
            None if self.make == Make::Bind => self.first(sys),
            None => self.addresses(sys),
        }
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
