//! Names: the cluster's name server, and how a program's resolver asks it.

use super::program::Resolved;
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::time::{Span, Time};

/// The address of the cluster's name server.
pub const CLUSTER_DNS: &str = "10.96.0.10";
/// How long a name server is asked before the next try (resolv.conf `timeout`).
const TIMEOUT: Span = Span::secs(5);

/// The name server.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// Whether a name server answers; without one every try lasts five seconds.
    pub answers: bool,
    /// Full names without the dot at the end → addresses.
    pub names: BTreeMap<Text, Vec<Text>>,
}

/// What a program's resolver reads first.
pub(super) struct Files {
    /// `/etc/hosts`.
    pub hosts: String,
    /// `/etc/resolv.conf`.
    pub conf: String,
}

impl Dns {
    /// The names that lead to an address and to no other.
    pub(super) fn names_of(&self, ip: &str) -> Vec<Text> {
        let only = |ips: &[Text]| matches!(ips, [only] if **only == *ip);
        self.names.iter().filter(|(_, ips)| only(ips)).map(|(name, _)| name.clone()).collect()
    }

    /// Looks a name up as the C library does: an address is itself, then come the hosts file and the name server.
    /// `heard` tells whether this server hears who asks.
    pub(super) fn resolve(&self, files: &Files, name: &str, heard: bool, now: Time) -> Resolved {
        if name.parse::<std::net::Ipv4Addr>().is_ok() || name == "::1" {
            return Resolved::Addresses(vec![Text::from(name)]);
        }
        if let Some(ip) = in_hosts(&files.hosts, name) {
            return Resolved::Addresses(vec![ip]);
        }
        self.ask(&files.conf, name, heard, now)
    }

    /// Asks the name server: with the search list if the name has fewer than `ndots` dots, then as it is.
    fn ask(&self, conf: &str, name: &str, heard: bool, now: Time) -> Resolved {
        let words = |key: &'static str| {
            conf.lines().filter_map(move |l| l.strip_prefix(key)).flat_map(str::split_whitespace)
        };
        let ndots = words("options").find_map(|o| o.strip_prefix("ndots:")?.parse().ok()).unwrap_or(1);
        let absolute = name.trim_end_matches('.');
        let mut names: Vec<String> = Vec::new();
        if !name.ends_with('.') && name.matches('.').count() < ndots {
            names.extend(words("search").map(|s| format!("{absolute}.{s}")));
        }
        names.push(absolute.to_owned());
        // The cluster's DNS answers or is silent; a resolver without it is refused at once.
        if words("nameserver").all(|s| s != CLUSTER_DNS) {
            return Resolved::NoSuchName;
        }
        if !heard {
            return Resolved::Unanswered(now + Span(TIMEOUT.0 * names.len() as u64));
        }
        let found = names.iter().find_map(|n| self.names.get(n.to_ascii_lowercase().as_str()));
        found.map_or(Resolved::NoSuchName, |ips| Resolved::Addresses(ips.clone()))
    }
}

/// The first address of a name in `/etc/hosts`.
fn in_hosts(hosts: &str, name: &str) -> Option<Text> {
    hosts.lines().find_map(|line| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let ip = words.next().filter(|ip| ip.contains('.'))?;
        words.any(|w| w.eq_ignore_ascii_case(name)).then(|| Text::from(ip))
    })
}
