//! `ping`, and the addresses that `ip` and `ifconfig` show.
//!
//! A machine or pod answers if it can be reached at all: a refused connection is an answer. Service addresses
//! do not answer, as they do not under kube-proxy. Left out: routes, other interfaces than `lo` and `eth0`.

use super::ctx::{Ctx, Output, Style, drain};
use super::opts;
use crate::api::Text;
use crate::os::program::{Cap, Errno, Fd, Program, Resolved, Step, Sys, Wait};
use crate::time::{Span, Time};

/// The port that is knocked at (`echo`).
const ECHO_PORT: u16 = 7;
/// How long an answer is waited for, and the pause between requests.
const SECOND: Span = Span::secs(1);
/// How long iputils waits for the last answer.
const LAST_WAIT: Span = Span::secs(10);

/// `ping`, running.
#[derive(Clone, Debug)]
struct Ping {
    style: Style,
    host: Text,
    ip: Option<Text>,
    count: Option<u32>,
    quiet: bool,
    sent: u32,
    times: Vec<u64>,
    began: Time,
    /// The request under way: its descriptor and when it was sent.
    asked: Option<(Fd, Time)>,
    next: Time,
    out: Output,
    status: Option<i32>,
}

/// `ping`.
pub fn ping(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "46qc:W:w:i:s:t:I:n count=c")?;
    let Some(host) = o.rest.first().cloned() else {
        if ctx.busybox() {
            super::usage::print(ctx, "ping");
            return Err(1);
        }
        ctx.err("ping: usage error: Destination address required\n");
        return Err(1);
    };
    if !ctx.sys.can(Cap::NET_RAW) && !unprivileged(ctx) {
        if ctx.busybox() {
            ctx.fail("permission denied (are you root?)");
            return Err(1);
        }
        ctx.fail("socktype: SOCK_RAW");
        ctx.fail("socket: Operation not permitted");
        ctx.fail("=> missing cap_net_raw+p capability or setuid?");
        return Err(2);
    }
    let now = ctx.sys.now();
    Ok(Box::new(Ping {
        style: ctx.style,
        host,
        ip: None,
        count: o.get('c').and_then(|c| c.parse().ok()),
        quiet: o.has('q'),
        sent: 0,
        times: Vec::new(),
        began: now,
        asked: None,
        next: now,
        out: Vec::new(),
        status: None,
    }))
}

/// Whether the kernel lets this group ping without raw sockets (`ping_group_range`).
fn unprivileged(ctx: &Ctx) -> bool {
    let text = ctx.sys.read_file("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let bounds: Vec<u32> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    bounds.len() == 2 && (bounds[0]..=bounds[1]).contains(&ctx.sys.gid())
}

impl Ping {
    fn busybox(&self) -> bool {
        self.style == Style::Busybox
    }

    fn say(&mut self, fd: Fd, text: String) {
        self.out.push((fd, text.into_bytes()));
    }

    fn resolve(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        match sys.resolve(&self.host) {
            Resolved::Addresses(list) if !list.is_empty() => {
                let ip = list[0].clone();
                let line = if self.busybox() {
                    format!("PING {} ({ip}): 56 data bytes\n", self.host)
                } else {
                    format!("PING {} ({ip}) 56(84) bytes of data.\n", self.host)
                };
                self.say(1, line);
                self.ip = Some(ip);
                self.began = sys.now();
                sys.set_disposition(crate::os::Signal::Int, crate::os::Disposition::Catch);
            }
            Resolved::Unanswered(until) if until > sys.now() => return Some(Wait::until(until)),
            found => {
                let (text, status) = match (self.busybox(), found) {
                    (true, _) => (format!("ping: bad address '{}'\n", self.host), 1),
                    (false, Resolved::Unanswered(_)) => {
                        (format!("ping: {}: Temporary failure in name resolution\n", self.host), 2)
                    }
                    (false, _) => (format!("ping: {}: Name or service not known\n", self.host), 2),
                };
                self.say(2, text);
                self.status = Some(status);
            }
        }
        None
    }

    fn ended(&mut self, sys: &dyn Sys) {
        let (sent, got) = (self.sent, self.times.len());
        let lost = (sent as usize - got.min(sent as usize)) * 100 / (sent as usize).max(1);
        let host = self.host.clone();
        let mut text = format!("\n--- {host} ping statistics ---\n");
        let ms = |us: u64| format!("{}.{:03}", us / 1_000, us % 1_000);
        let min = self.times.iter().min().copied().unwrap_or(0);
        let max = self.times.iter().max().copied().unwrap_or(0);
        let mean = self.times.iter().sum::<u64>() / (got as u64).max(1);
        if self.busybox() {
            text.push_str(&format!(
                "{sent} packets transmitted, {got} packets received, {lost}% packet loss\n"
            ));
            if got > 0 {
                text.push_str(&format!("round-trip min/avg/max = {}/{}/{} ms\n", ms(min), ms(mean), ms(max)));
            }
        } else {
            let took = sys.now().since(self.began).0 / 1_000;
            text.push_str(&format!(
                "{sent} packets transmitted, {got} received, {lost}% packet loss, time {took}ms\n"
            ));
            if got > 0 {
                let deviation = self.times.iter().map(|t| t.abs_diff(mean)).sum::<u64>() / got as u64;
                text.push_str(&format!(
                    "rtt min/avg/max/mdev = {}/{}/{}/{} ms\n",
                    ms(min),
                    ms(mean),
                    ms(max),
                    ms(deviation)
                ));
            } else {
                text.push('\n');
            }
        }
        self.say(1, text);
        self.status = Some(i32::from(got == 0));
    }

    /// An answer has come (or the news that there will be none).
    fn heard(&mut self, sys: &dyn Sys, answer: Result<(), Errno>, since: Time) {
        let ip = self.ip.clone().unwrap_or_default();
        let us = sys.now().since(since).0;
        let seq = self.sent;
        let line = match answer {
            Ok(()) => {
                self.times.push(us);
                let time = format!("{}.{:03}", us / 1_000, us % 1_000);
                let named = *self.host != *ip && !self.busybox();
                let from = if named { format!("{} ({ip})", self.host) } else { ip.to_string() };
                if self.busybox() {
                    format!("64 bytes from {from}: seq={} ttl=64 time={time} ms\n", seq - 1)
                } else {
                    format!("64 bytes from {from}: icmp_seq={seq} ttl=64 time={time} ms\n")
                }
            }
            Err(_) if self.busybox() => return,
            Err(_) => format!("From {} icmp_seq={seq} Destination Host Unreachable\n", sys.ip()),
        };
        if !self.quiet {
            self.say(1, line);
        }
    }
}

impl Program for Ping {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            if let Some(step) = drain(&mut self.out, sys) {
                return step;
            }
            if let Some(status) = self.status {
                return Step::Exit(status);
            }
            let Some(ip) = self.ip.clone() else {
                match self.resolve(sys) {
                    Some(step) => return step,
                    None => continue,
                }
            };
            if sys.take_signal().is_some() {
                self.ended(sys);
                continue;
            }
            if let Some((fd, since)) = self.asked {
                let answer = match sys.write(fd, b"") {
                    Err(Errno::EAGAIN) => None,
                    Ok(_) | Err(Errno::ECONNREFUSED | Errno::ECONNRESET) => Some(Ok(())),
                    Err(error) => Some(Err(error)),
                };
                let last = self.count.is_some_and(|c| self.sent >= c);
                let patience = if last && !self.busybox() { LAST_WAIT } else { SECOND };
                let deadline = if last { since + patience } else { self.next };
                match answer {
                    Some(answer) => self.heard(sys, answer, since),
                    None if sys.now() < deadline => {
                        let wait = Wait { until: Some(deadline), writable: vec![fd], ..Wait::default() };
                        return Step::Wait(wait);
                    }
                    None => {}
                }
                sys.close(fd);
                self.asked = None;
                continue;
            }
            if self.count.is_some_and(|c| self.sent >= c) {
                self.ended(sys);
                continue;
            }
            if sys.now() < self.next {
                return Wait::until(self.next);
            }
            self.sent += 1;
            self.next = sys.now() + SECOND;
            match sys.connect(&ip, ECHO_PORT) {
                Ok(fd) => self.asked = Some((fd, sys.now())),
                Err(error) => self.heard(sys, Err(error), sys.now()),
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// The hardware address that the bridge plugin gives an address: `0a:58` and its four numbers.
fn hardware(ip: &str) -> String {
    let parts: Vec<u8> = ip.split('.').filter_map(|p| p.parse().ok()).collect();
    parts.iter().fold("0a:58".to_owned(), |text, p| format!("{text}:{p:02x}"))
}

/// `ip` and `ifconfig`: what they show.
pub fn ip(ctx: &mut Ctx) -> i32 {
    let words: Vec<Text> =
        ctx.args[1.min(ctx.args.len())..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let own = ctx.sys.ip();
    let range = own.rsplit_once('.').map_or("", |(r, _)| r).to_owned();
    let pod = ctx.sys.stat("/sys/class/net/eth0/mtu").is_ok();
    let gateway = format!("{range}.1");
    let only = words.last().map_or("", |w| w).to_owned();
    let shown = |name: &str| !matches!(&*only, "lo" | "eth0") || only == name;
    let text = match (ctx.prefix.as_str(), words.first().map_or("", |w| w)) {
        ("ifconfig: ", _) => {
            let mut text = String::new();
            if shown("eth0") {
                text.push_str(&format!(
                    "eth0      Link encap:Ethernet  HWaddr {}  \n          inet addr:{own}  Bcast:{range}.255  \
                     Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n",
                    hardware(&own).to_uppercase()
                ));
            }
            if shown("lo") {
                text.push_str(
                    "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP \
                     LOOPBACK RUNNING  MTU:65536  Metric:1\n\n",
                );
            }
            text
        }
        (_, "a" | "addr" | "address" | "l" | "link") => {
            let group = if ctx.busybox() { "" } else { " group default" };
            let addresses = words[0].starts_with('a');
            let mut text = String::new();
            let mut link = |n: u32, name: &str, flags: &str, mtu: u32, kind: &str, inet: &str| {
                if !shown(name) {
                    return;
                }
                let label = if name == "eth0" && pod { "eth0@if9" } else { name };
                text.push_str(&format!(
                    "{n}: {label}: <{flags}> mtu {mtu} qdisc noqueue{group} qlen 1000\n    {kind}\n"
                ));
                if addresses {
                    text.push_str(&format!(
                        "    inet {inet}\n       valid_lft forever preferred_lft forever\n"
                    ));
                }
            };
            let loopback = "link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00";
            link(1, "lo", "LOOPBACK,UP,LOWER_UP", 65_536, loopback, "127.0.0.1/8 scope host lo");
            let ether = format!("link/ether {} brd ff:ff:ff:ff:ff:ff", hardware(&own));
            let inet = format!("{own}/24 brd {range}.255 scope global eth0");
            link(2, "eth0", "BROADCAST,MULTICAST,UP,LOWER_UP", 1_500, &ether, &inet);
            text
        }
        (_, "r" | "route" | "ro") => {
            format!("default via {gateway} dev eth0 \n{range}.0/24 dev eth0 scope link  src {own} \n")
        }
        (name, other) => {
            let name = name.trim_end_matches(": ").to_owned();
            return ctx.not_simulated(&format!("{name} {other}"));
        }
    };
    ctx.print(text);
    0
}
