//! The network: addresses, listeners, connections, and the tables that the cluster keeps: services, names.
//!
//! A connection is two byte streams with a small virtual latency. What is not there answers as Linux does:
//! a port without listener refuses, an unknown pod address is unreachable after three seconds, an address
//! outside of the cluster never answers.

use super::calls::{Call, CallFate, WAITING};
use super::files::Target;
use super::filter::Filter;
use super::pipe::PIPE_BYTES;
use super::resolver::Dns;
use super::services::{Rules, Stays, Verdict};
use super::wake::{ProcId, Waiters};
use super::world::{CellId, Handle, MachineId, State, Timer, World};
use super::{Errno, Signal, Sysr};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// One way on the loopback interface.
const LOOPBACK: Span = Span::micros(50);
/// One way between pods of one node.
const SAME_NODE: Span = Span::micros(200);
/// One way between nodes.
const OTHER_NODE: Span = Span::micros(400);
/// How long ARP is tried for an address of the pod network that nobody has (3 × 1 s).
const NO_ROUTE: Span = Span::secs(3);
/// How long SYN is tried (Linux: `tcp_syn_retries` 6, 127 s and some).
const SYN_TIMEOUT: Span = Span::secs(130);
/// Connections that may wait to be accepted.
const BACKLOG: usize = 128;

/// A network namespace.
pub type NetId = u32;

/// What the cluster keeps up to date: names, services, cuts.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// Virtual addresses: (ip, port) of ClusterIPs; ("", port) for node ports.
    pub(super) services: BTreeMap<(Text, u16), Rules>,
    /// Clients that stay with an endpoint, the latest last.
    pub(super) stays: Vec<Stays>,
    /// By machine: how much later than the first one its rules come into force.
    pub lags: Vec<Span>,
    /// Machines whose kube-proxy has stopped, with the rules that it left behind.
    pub(super) stopped: Vec<(MachineId, BTreeMap<(Text, u16), super::services::Service>)>,
    /// The cluster's names.
    pub dns: Dns,
    /// What network policies let through.
    pub filter: Filter,
    /// Pairs of machines that cannot reach each other.
    pub cuts: Vec<(MachineId, MachineId)>,
    /// The prefix of pod addresses, e.g. `10.224.`: unknown ones are unreachable after three seconds.
    pub pod_prefix: Text,
}

/// A network namespace: a pod's or a machine's.
#[derive(Clone, Debug)]
pub(super) struct NetNs {
    pub machine: MachineId,
    pub ip: Text,
    pub listeners: Vec<(u16, u32)>,
    /// Connections dialled so far (numbers the random choices of this client).
    pub dials: u32,
    /// Kernel parameters that were changed in it.
    pub sysctls: super::sysctl::Changed,
}

/// A listening socket.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub net: NetId,
    pub backlog: VecDeque<u32>,
    pub waiters: Waiters,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// The SYN is on its way to this namespace and port.
    Dialling(NetId, u16),
    Open,
    Failed(Errno),
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Conn {
    fate: Fate,
    latency: Span,
    peer_ip: Text,
    /// By receiving side: what arrived, and what is on its way.
    arrived: [VecDeque<u8>; 2],
    flying: [VecDeque<(Time, Vec<u8>)>; 2],
    /// By side: it has closed; and when the other side learns of it.
    closed: [bool; 2],
    fin: [Option<Time>; 2],
    failing: Option<Errno>,
    /// The call of a service that it is, until its fate is known.
    call: Option<Box<Call>>,
    pub waiters: [Waiters; 2],
}

/// Where a dialled address leads.
enum Route {
    /// To a namespace and port, with this latency one way.
    To(NetId, u16, Span),
    /// To an error after this long.
    Lost(Errno, Span),
}

impl World {
    /// Adds a network namespace with an address on a machine.
    pub fn add_netns(&mut self, machine: MachineId, ip: &str) -> NetId {
        let ip = Text::from(ip);
        let net = self.st.namespaces.add(NetNs {
            machine,
            ip: ip.clone(),
            listeners: Vec::new(),
            dials: 0,
            sysctls: super::sysctl::Changed::default(),
        });
        self.st.by_ip.insert(ip, net);
        net
    }

    /// Removes a network namespace; what still connects to it gets no answer.
    pub fn remove_netns(&mut self, net: NetId) {
        if let Some(ns) = self.st.namespaces.remove(net)
            && self.st.by_ip.get(&ns.ip) == Some(&net)
        {
            self.st.by_ip.remove(&ns.ip);
        }
    }

    /// The network namespace of a cell.
    pub fn net_of(&self, cell: CellId) -> Option<NetId> {
        self.st.cells.get(cell.0).map(|c| c.net)
    }

    /// The network that has an address, if any.
    pub fn net_at(&self, ip: &str) -> Option<NetId> {
        self.st.by_ip.get(ip).copied()
    }

    /// The ports at which somebody listens in the network of an address; `None` if there is no such network.
    pub fn listens(&self, ip: &str) -> Option<Vec<u16>> {
        let ns = self.st.namespaces.get(self.net_at(ip)?)?;
        Some(ns.listeners.iter().map(|(port, _)| *port).collect())
    }

    /// The machine that has a network.
    pub fn machine_of(&self, net: NetId) -> Option<MachineId> {
        self.st.namespaces.get(net).map(|n| n.machine)
    }

    /// The address of a network namespace.
    pub fn ip_of(&self, net: NetId) -> Text {
        self.st.namespaces.get(net).map_or(Text::default(), |n| n.ip.clone())
    }

    /// Whether the name server hears a network, and it the name server.
    pub fn hears_names(&self, net: NetId) -> bool {
        let refused = || self.st.namespaces.get(net).and_then(|n| self.net.filter.refuses_names(&n.ip));
        self.net.dns.answers && refused().is_none()
    }

    /// Dials; the answer comes later, by waking who waits for the file.
    pub(super) fn connect(&mut self, net: NetId, ip: &str, port: u16) -> Sysr<u32> {
        self.dial_from(net, ip, port).map(|(file, _)| file)
    }

    /// Dials, and tells which call of a service it is.
    fn dial_from(&mut self, net: NetId, ip: &str, port: u16) -> Sysr<(u32, u32)> {
        let (route, call) = self.route(net, ip, port);
        let ns = self.st.namespaces.get_mut(net).ok_or(Errno::EINVAL)?;
        ns.dials += 1;
        let own = self.source(net, ip, &route);
        let (fate, failing, latency, wait) = match route {
            Route::To(to, port, latency) => (Fate::Dialling(to, port), None, latency, latency),
            Route::Lost(errno, after) => (Fate::Dialling(u32::MAX, 0), Some(errno), SAME_NODE, after),
        };
        let conn = self.st.conns.add(Conn {
            fate,
            latency,
            peer_ip: own,
            arrived: Default::default(),
            flying: Default::default(),
            closed: [false; 2],
            fin: [None; 2],
            failing,
            call: call.map(Box::new),
            waiters: Default::default(),
        });
        self.st.set_timer(self.st.now + wait, Timer::Arrive(conn));
        Ok((self.st.add_file(Target::Conn(conn, 0)), conn))
    }

    /// Dials from a network for a caller who tells of failures himself. Also gives the endpoint that a virtual
    /// address led to.
    ///
    /// # Errors
    /// Only those that are known at once.
    pub fn dial_quietly(&mut self, net: NetId, ip: &str, port: u16) -> Sysr<(Handle, Option<(Text, u16)>)> {
        let (file, conn) = self.dial_from(net, ip, port)?;
        let call = self.st.conns.get_mut(conn).and_then(|c| c.call.take());
        Ok((Handle(file), call.and_then(|c| c.to)))
    }

    /// The virtual address that an address and port mean to a machine, and the machine whose rules decide: its
    /// own; for a node port the node's, which on the node itself is also found at the loopback address
    /// (kube-proxy's `--iptables-localhost-nodeports`).
    fn virtual_address(&self, from: NetId, ns: &NetNs, ip: &str, port: u16) -> Option<(Text, MachineId)> {
        let known = |ip: &str| self.net.knows(ns.machine, ip, port);
        if known(ip) {
            return Some((Text::from(ip), ns.machine));
        }
        if !known("") {
            return None;
        }
        let on_node = self.net_of(self.machine(ns.machine).cell) == Some(from);
        let here = (ip.starts_with("127.") && on_node).then_some(ns.machine);
        self.find_machine(ip).or(here).map(|m| (Text::default(), m))
    }

    /// The fate of a dialled connection is known.
    fn dialled(&mut self, id: u32) {
        let Some(conn) = self.st.conns.get_mut(id) else { return };
        let Some(mut call) = conn.call.take() else { return };
        call.fate = match conn.fate {
            Fate::Failed(Errno::ECONNREFUSED) => CallFate::Refused,
            Fate::Failed(_) => CallFate::Unreachable,
            _ => CallFate::Made,
        };
        if self.st.calls.len() < WAITING {
            self.st.calls.push(*call);
        }
    }

    /// The address that the other side sees: a machine reaches its own pods through its bridge, which has the
    /// first address of their range.
    fn source(&self, from: NetId, ip: &str, route: &Route) -> Text {
        let Some(ns) = self.st.namespaces.get(from) else { return Text::default() };
        let target = match route {
            Route::To(to, ..) if *to == from && ip.starts_with("127.") => return Text::lit("127.0.0.1"),
            Route::To(to, ..) if *to != from => self.st.namespaces.get(*to),
            _ => None,
        };
        let host = self.net_of(self.machine(ns.machine).cell) == Some(from);
        match target.filter(|t| host && t.machine == ns.machine).and_then(|t| t.ip.rsplit_once('.')) {
            Some((range, _)) => Text::from(format!("{range}.1")),
            None => ns.ip.clone(),
        }
    }

    /// Where an address and port lead, and the call of a service that dialling them is.
    fn route(&mut self, from: NetId, ip: &str, port: u16) -> (Route, Option<Call>) {
        let Some(ns) = self.st.namespaces.get(from).cloned() else {
            return (Route::Lost(Errno::EHOSTUNREACH, Span::ZERO), None);
        };
        let Some((address, by)) = self.virtual_address(from, &ns, ip, port) else {
            if ip.starts_with("127.") || ip == "::1" || ip == "0.0.0.0" || *ns.ip == *ip {
                return (Route::To(from, port, LOOPBACK), None);
            }
            return (self.route_direct(from, &ns, ip, port), None);
        };
        let mut call = Call {
            at: self.st.now,
            ip: address.clone(),
            port,
            from: ns.ip.clone(),
            to: None,
            fate: CallFate::Refused,
        };
        if let Some(lost) = self.unreachable(ns.machine, by) {
            return (lost, Some(call));
        }
        let owner = format!("{}>{ip}:{port}#{}", ns.ip, ns.dials);
        let random = (self.st.settings.seed, owner.as_str());
        let now = self.st.now;
        let route = match self.net.choose(by, &ns.ip, (&address, port), now, random) {
            Some(Verdict::To(endpoint)) => {
                let mut via = ns.clone();
                via.machine = by;
                call.to = Some((endpoint.ip.clone(), endpoint.port));
                self.route_direct(from, &via, &endpoint.ip, endpoint.port)
            }
            Some(Verdict::Dropped) => Route::Lost(Errno::ETIMEDOUT, SYN_TIMEOUT),
            Some(Verdict::Rejected) | None => Route::Lost(Errno::ECONNREFUSED, SAME_NODE),
        };
        (route, Some(call))
    }

    /// Why one machine cannot reach another, if so.
    fn unreachable(&self, a: MachineId, b: MachineId) -> Option<Route> {
        if a == b {
            return None;
        }
        if self.net.cuts.contains(&(a, b)) || self.net.cuts.contains(&(b, a)) {
            return Some(Route::Lost(Errno::ETIMEDOUT, SYN_TIMEOUT));
        }
        (!self.machine(b).powered).then_some(Route::Lost(Errno::EHOSTUNREACH, NO_ROUTE))
    }

    fn route_direct(&self, from: NetId, ns: &NetNs, ip: &str, port: u16) -> Route {
        let Some((to, target)) = self.st.by_ip.get(ip).and_then(|n| Some((*n, self.st.namespaces.get(*n)?)))
        else {
            let local = !self.net.pod_prefix.is_empty() && ip.starts_with(self.net.pod_prefix.as_str());
            return if local {
                Route::Lost(Errno::EHOSTUNREACH, NO_ROUTE)
            } else {
                Route::Lost(Errno::ETIMEDOUT, SYN_TIMEOUT)
            };
        };
        if to == from {
            return Route::To(to, port, LOOPBACK);
        }
        let (a, b) = (ns.machine, target.machine);
        if let Some(lost) = self.unreachable(a, b) {
            return lost;
        }
        let own = a == b && self.net_of(self.machine(a).cell) == Some(from);
        if !own && self.net.filter.refuses(&ns.ip, ip, port).is_some() {
            return Route::Lost(Errno::ETIMEDOUT, SYN_TIMEOUT);
        }
        Route::To(to, port, if a == b { SAME_NODE } else { OTHER_NODE })
    }

    /// Something comes to pass on a connection: the SYN arrives, data arrives, the end arrives.
    pub(super) fn arrive(&mut self, id: u32) {
        let now = self.st.now;
        let Some(conn) = self.st.conns.get_mut(id) else { return };
        if let Fate::Dialling(net, port) = conn.fate {
            if let Some(errno) = conn.failing {
                conn.fate = Fate::Failed(errno);
            } else {
                self.syn(id, net, port);
            }
            self.dialled(id);
            self.st.tell_conn(id, 0);
            return;
        }
        for side in 0..2 {
            let Some(conn) = self.st.conns.get_mut(id) else { return };
            let mut came = conn.fin[side].is_some_and(|at| at <= now);
            while conn.flying[side].front().is_some_and(|(at, _)| *at <= now) {
                let Some((_, bytes)) = conn.flying[side].pop_front() else { break };
                conn.arrived[side].extend(bytes);
                came = true;
            }
            if came {
                self.st.tell_conn(id, side);
            }
        }
    }

    fn syn(&mut self, id: u32, net: NetId, port: u16) {
        let listeners = self.st.namespaces.get(net).map_or(&[][..], |n| &n.listeners);
        let listener = listeners.iter().find(|(p, _)| *p == port).map(|(_, l)| *l);
        let room = listener.and_then(|l| self.st.listeners.get_mut(l)).filter(|l| l.backlog.len() < BACKLOG);
        let fate = match room {
            Some(l) => {
                l.backlog.push_back(id);
                let processes = std::mem::take(&mut l.waiters.processes);
                self.st.tell(processes, &[]);
                Fate::Open
            }
            None => Fate::Failed(Errno::ECONNREFUSED),
        };
        if let Some(conn) = self.st.conns.get_mut(id) {
            conn.fate = fate;
        }
    }

    pub(super) fn listen(&mut self, net: NetId, port: u16) -> Sysr<u32> {
        let ns = self.st.namespaces.get_mut(net).ok_or(Errno::EINVAL)?;
        if ns.listeners.iter().any(|(p, _)| *p == port) {
            return Err(Errno::EADDRINUSE);
        }
        let (backlog, waiters) = (VecDeque::new(), Waiters::default());
        let listener = self.st.listeners.add(Listener { net, backlog, waiters });
        if let Some(ns) = self.st.namespaces.get_mut(net) {
            ns.listeners.push((port, listener));
        }
        Ok(self.st.add_file(Target::Listener(listener)))
    }

    pub(super) fn accept(&mut self, file: u32) -> Sysr<(u32, Text)> {
        let Some(Target::Listener(l)) = self.st.files.get(file).map(|f| f.target.clone()) else {
            return Err(Errno::EINVAL);
        };
        let listener = self.st.listeners.get_mut(l).ok_or(Errno::EBADF)?;
        let conn = listener.backlog.pop_front().ok_or(Errno::EAGAIN)?;
        let peer = self.st.conns.get(conn).map_or(Text::default(), |c| c.peer_ip.clone());
        Ok((self.st.add_file(Target::Conn(conn, 1)), peer))
    }

    pub(super) fn close_listener(&mut self, id: u32) {
        let Some(l) = self.st.listeners.remove(id) else { return };
        if let Some(ns) = self.st.namespaces.get_mut(l.net) {
            ns.listeners.retain(|(_, x)| *x != id);
        }
        for conn in l.backlog {
            if let Some(c) = self.st.conns.get_mut(conn) {
                c.fate = Fate::Failed(Errno::ECONNRESET);
            }
            self.st.tell_conn(conn, 0);
        }
    }

    pub(super) fn conn_read(&mut self, id: u32, side: u8, max: usize) -> Sysr<Vec<u8>> {
        let now = self.st.now;
        let side = usize::from(side);
        let conn = self.st.conns.get_mut(id).ok_or(Errno::ECONNRESET)?;
        match conn.fate {
            Fate::Failed(errno) => return Err(errno),
            Fate::Dialling(..) => return Err(Errno::EAGAIN),
            Fate::Open => {}
        }
        if !conn.arrived[side].is_empty() {
            let bytes = super::pipe::take(&mut conn.arrived[side], max);
            self.st.tell_conn(id, 1 - side);
            return Ok(bytes);
        }
        let ended = conn.flying[side].is_empty() && conn.fin[side].is_some_and(|at| at <= now);
        if ended { Ok(Vec::new()) } else { Err(Errno::EAGAIN) }
    }

    pub(super) fn conn_write(
        &mut self,
        id: u32,
        side: u8,
        bytes: &[u8],
        asker: Option<ProcId>,
    ) -> Sysr<usize> {
        let now = self.st.now;
        let (side, other) = (usize::from(side), usize::from(1 - side));
        let conn = self.st.conns.get_mut(id).ok_or(Errno::ECONNRESET)?;
        match conn.fate {
            Fate::Failed(errno) => return Err(errno),
            Fate::Dialling(..) => return Err(Errno::EAGAIN),
            Fate::Open => {}
        }
        if conn.closed[other] && conn.fin[side].is_some_and(|at| at <= now) {
            if let Some(p) = asker {
                self.deliver(p, Signal::Pipe, true);
            }
            return Err(Errno::EPIPE);
        }
        let flying: usize = conn.flying[other].iter().map(|(_, b)| b.len()).sum();
        let n = bytes.len().min(PIPE_BYTES.saturating_sub(flying + conn.arrived[other].len()));
        if n == 0 && !bytes.is_empty() {
            return Err(Errno::EAGAIN);
        }
        let at = now + conn.latency;
        conn.flying[other].push_back((at, bytes[..n].to_vec()));
        self.st.set_timer(at, Timer::Arrive(id));
        Ok(n)
    }

    pub(super) fn close_conn(&mut self, id: u32, side: u8) {
        let now = self.st.now;
        let side = usize::from(side);
        let Some(conn) = self.st.conns.get_mut(id) else { return };
        conn.closed[side] = true;
        let unaccepted = side == 0 && matches!(conn.fate, Fate::Dialling(..) | Fate::Failed(_));
        if conn.closed[1 - side] || unaccepted {
            self.st.conns.remove(id);
            return;
        }
        let at = now + conn.latency;
        conn.fin[1 - side] = Some(at);
        self.st.set_timer(at, Timer::Arrive(id));
    }
}

impl State {
    pub fn net_listener(&mut self, id: u32) -> Option<&mut Listener> {
        self.listeners.get_mut(id)
    }

    pub fn net_conn(&mut self, id: u32) -> Option<&mut Conn> {
        self.conns.get_mut(id)
    }

    pub fn listener_readable(&self, id: u32) -> bool {
        self.listeners.get(id).is_none_or(|l| !l.backlog.is_empty())
    }

    pub fn conn_readable(&self, id: u32, side: u8) -> bool {
        let side = usize::from(side);
        self.conns.get(id).is_none_or(|c| match c.fate {
            Fate::Failed(_) => true,
            Fate::Dialling(..) => false,
            Fate::Open => {
                let ended = c.flying[side].is_empty() && c.fin[side].is_some_and(|at| at <= self.now);
                !c.arrived[side].is_empty() || ended
            }
        })
    }

    pub fn conn_writable(&self, id: u32, side: u8) -> bool {
        let other = usize::from(1 - side);
        self.conns.get(id).is_none_or(|c| match c.fate {
            Fate::Failed(_) => true,
            Fate::Dialling(..) => false,
            Fate::Open => {
                let flying: usize = c.flying[other].iter().map(|(_, b)| b.len()).sum();
                flying + c.arrived[other].len() < PIPE_BYTES
            }
        })
    }

    fn tell_conn(&mut self, id: u32, side: usize) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let processes = std::mem::take(&mut conn.waiters[side].processes);
        let watchers: Vec<Handle> = conn.waiters[side].watchers.clone();
        self.tell(processes, &watchers);
    }
}
