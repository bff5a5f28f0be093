//! What network policies let through: whom an isolated address hears, and to whom it may speak.
//!
//! An address that no policy selects for a direction is open in it. One that is selected is isolated: what no
//! rule of its policies opens is dropped without a word, so that a caller waits until its time is up. Both ends
//! decide: the sender's policies for egress, the receiver's for ingress. What has been connected stays so.

use super::resolver::CLUSTER_DNS;
use crate::api::Text;
use crate::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// The port on which name servers are asked.
const DNS_PORT: u16 = 53;

/// All policies, as they apply to addresses.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The policies.
    pub policies: Vec<Policy>,
    /// By address: which policies select it.
    pub selected: BTreeMap<Text, Vec<usize>>,
    /// Ports that have names, by address and name.
    pub ports: BTreeMap<(Text, Text), u16>,
}

/// A policy: what it opens in the directions that it is about.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `namespace/name`.
    pub name: Text,
    /// For whom, if it isolates from incoming connections.
    pub ingress: Option<Vec<Opening>>,
    /// To whom, if it isolates from outgoing ones.
    pub egress: Option<Vec<Opening>>,
}

/// A rule: connections with any of its peers on any of its ports.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// `None`: everyone.
    pub peers: Option<Vec<Peer>>,
    /// `None`: every port.
    pub ports: Option<Vec<Port>>,
}

/// The other side of a connection.
#[derive(Clone, Debug)]
pub enum Peer {
    /// Pods, by their addresses.
    Pods(BTreeSet<Text>),
    /// A block of addresses, without some.
    Block(Block, Vec<Block>),
}

/// A block of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    network: u32,
    mask: u32,
}

/// A port of the receiver.
#[derive(Clone, Debug)]
pub struct Port {
    /// Whether it is about UDP instead of TCP.
    pub udp: bool,
    /// Which.
    pub which: Which,
}

/// Which ports.
#[derive(Clone, Debug)]
pub enum Which {
    /// All.
    All,
    /// From one number to another.
    Numbers(u16, u16),
    /// The one that the receiver's containers call so.
    Named(Text),
}

impl Block {
    /// Reads `10.0.0.0/8`; `None` if it is no block of IPv4 addresses.
    pub fn parse(text: &str) -> Option<Block> {
        let (address, bits) = text.split_once('/')?;
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        Some(Block { network: u32::from(address.parse::<Ipv4Addr>().ok()?) & mask, mask })
    }

    fn holds(self, address: &str) -> bool {
        address.parse::<Ipv4Addr>().is_ok_and(|a| u32::from(a) & self.mask == self.network)
    }
}

/// A connection that is asked for.
#[derive(Clone, Copy)]
struct Packet<'a> {
    from: &'a str,
    to: &'a str,
    port: u16,
    udp: bool,
}

impl Filter {
    /// The policies for want of whose leave a TCP connection is dropped, if it is.
    pub fn refuses(&self, from: &str, to: &str, port: u16) -> Option<Vec<Text>> {
        self.drops(Packet { from, to, port, udp: false })
    }

    /// The policies for want of whose leave an address cannot ask the cluster's name server, if so.
    pub fn refuses_names(&self, from: &str) -> Option<Vec<Text>> {
        self.drops(Packet { from, to: CLUSTER_DNS, port: DNS_PORT, udp: true })
    }

    fn drops(&self, packet: Packet<'_>) -> Option<Vec<Text>> {
        if self.policies.is_empty() {
            return None;
        }
        let out = self.isolates(packet.from, packet.to, packet, |p| p.egress.as_deref());
        out.or_else(|| self.isolates(packet.to, packet.from, packet, |p| p.ingress.as_deref()))
    }

    fn isolates(
        &self,
        own: &str,
        other: &str,
        packet: Packet<'_>,
        side: fn(&Policy) -> Option<&[Opening]>,
    ) -> Option<Vec<Text>> {
        let selecting = self.selected.get(own)?.iter().filter_map(|i| self.policies.get(*i));
        let isolating: Vec<(&Policy, &[Opening])> =
            selecting.filter_map(|p| side(p).map(|openings| (p, openings))).collect();
        let open = isolating.iter().flat_map(|(_, openings)| openings.iter());
        if isolating.is_empty() || open.into_iter().any(|o| self.opens(o, other, packet)) {
            return None;
        }
        Some(isolating.iter().map(|(p, _)| p.name.clone()).collect())
    }

    fn opens(&self, opening: &Opening, other: &str, packet: Packet<'_>) -> bool {
        let peer = |peer: &Peer| match peer {
            Peer::Pods(addresses) => addresses.contains(other),
            Peer::Block(block, except) => block.holds(other) && !except.iter().any(|b| b.holds(other)),
        };
        let port = |port: &Port| {
            let number = match &port.which {
                Which::All => true,
                Which::Numbers(first, last) => (*first..=*last).contains(&packet.port),
                Which::Named(name) => {
                    self.ports.get(&(Text::from(packet.to), name.clone())) == Some(&packet.port)
                }
            };
            number && port.udp == packet.udp
        };
        opening.peers.as_ref().is_none_or(|all| all.iter().any(peer))
            && opening.ports.as_ref().is_none_or(|all| all.iter().any(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(addresses: &[&'static str]) -> Peer {
        let mut set = BTreeSet::new();
        for address in addresses {
            set.insert(Text::lit(address));
        }
        Peer::Pods(set)
    }

    fn filter(policies: Vec<Policy>, selected: &[(&'static str, &[usize])]) -> Filter {
        let mut filter = Filter { policies, ..Filter::default() };
        for (address, which) in selected {
            filter.selected.insert(Text::lit(address), which.to_vec());
        }
        filter
    }

    #[test]
    fn what_no_policy_selects_is_open_and_policies_add_up() {
        let only = |peer| Opening { peers: Some(vec![peer]), ports: None };
        let policy = |name, ingress| Policy { name: Text::lit(name), ingress: Some(ingress), egress: None };
        let policies = vec![
            policy("a/none", vec![]),
            policy("a/friends", vec![only(pods(&["10.0.0.9"]))]),
            policy(
                "a/net",
                vec![only(Peer::Block(
                    Block::parse("10.1.0.0/16").expect("a block"),
                    vec![Block::parse("10.1.2.0/24").expect("a block")],
                ))],
            ),
        ];
        let filter = filter(policies, &[("10.0.0.1", &[0]), ("10.0.0.2", &[0, 1, 2])]);
        assert_eq!(filter.refuses("10.0.0.1", "10.0.0.3", 80), None);
        assert_eq!(filter.refuses("10.0.0.9", "10.0.0.1", 80), Some(vec![Text::lit("a/none")]));
        assert_eq!(filter.refuses("10.0.0.9", "10.0.0.2", 80), None);
        assert_eq!(filter.refuses("10.1.9.9", "10.0.0.2", 80), None);
        assert_eq!(filter.refuses("10.1.2.9", "10.0.0.2", 80).map(|by| by.len()), Some(3));
    }

    #[test]
    fn ports_are_the_receivers_and_of_one_protocol() {
        let ports = vec![
            Port { udp: false, which: Which::Named(Text::lit("web")) },
            Port { udp: false, which: Which::Numbers(9000, 9010) },
            Port { udp: true, which: Which::All },
        ];
        let egress = Some(vec![Opening { peers: None, ports: Some(ports) }]);
        let policy = Policy { name: Text::lit("a/out"), ingress: None, egress };
        let mut filter = filter(vec![policy], &[("10.0.0.1", &[0])]);
        filter.ports.insert((Text::lit("10.0.0.2"), Text::lit("web")), 8080);
        assert_eq!(filter.refuses("10.0.0.1", "10.0.0.2", 8080), None);
        assert!(filter.refuses("10.0.0.1", "10.0.0.3", 8080).is_some());
        assert_eq!(filter.refuses("10.0.0.1", "10.0.0.3", 9010), None);
        assert!(filter.refuses("10.0.0.1", "10.0.0.3", 9011).is_some());
        assert_eq!(filter.refuses_names("10.0.0.1"), None);
        assert_eq!(filter.refuses("10.0.0.2", "10.0.0.1", 80), None);
    }
}
