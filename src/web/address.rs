//! Who asks: the address behind trusted proxies, and what each address and conversation may use up.

use super::files::{UPLOADS_AT_ONCE, UPLOADS_PER_ADDRESS};
use super::places::{NoRoom, Place, Places};
use crate::config::Limits;
use axum::extract::Request;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use threadline_core::ids::ConversationId;

/// After so many questions the limiters forget whom they have not seen for a while.
const FORGET_EVERY: u64 = 50_000;

/// Connections beside those of open streams: each is for a request or is idle for some seconds, and
/// what each may hold of a body or an answer adds up.
const CONNECTIONS_BESIDE_STREAMS: u32 = 2_000;

/// Finds the address of whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    trusted: Vec<IpNet>,
}

/// The address of a caller: for IPv6 its /64, because that is what one household gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller(pub IpAddr);

/// What callers have used up.
#[derive(Debug)]
pub(super) struct Callers {
    addresses: Addresses,
    requests: Option<DefaultKeyedRateLimiter<Caller>>,
    openings: Option<DefaultKeyedRateLimiter<Caller>>,
    messages: Option<DefaultKeyedRateLimiter<ConversationId>>,
    tellings: Option<DefaultKeyedRateLimiter<ConversationId>>,
    connections: Places,
    streams: Places,
    uploads: Places,
    asked: AtomicU64,
}

impl Addresses {
    pub(super) fn new(trusted: Vec<IpNet>) -> Addresses {
        Addresses { trusted }
    }

    /// The rightmost address that is no trusted proxy: what stands left of it, anybody can write.
    pub(super) fn of(&self, request: &Request) -> Caller {
        let peer = request.extensions().get::<SocketAddr>().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), SocketAddr::ip);
        let mut address = peer.to_canonical();
        if self.is_trusted(address) {
            let hops = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
            let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
            for hop in hops.into_iter().rev() {
                let Ok(hop) = hop.parse::<IpAddr>() else { break };
                address = hop.to_canonical();
                if !self.is_trusted(address) {
                    break;
                }
            }
        }
        Caller::at(address)
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }
}

impl Caller {
    fn at(address: IpAddr) -> Caller {
        Caller(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        })
    }
}

impl Callers {
    pub(super) fn new(addresses: Addresses, limits: &Limits) -> Callers {
        Callers {
            addresses,
            requests: limiter(limits.requests_per_address_per_minute),
            openings: limiter(limits.conversations_per_address_per_minute),
            messages: limiter(limits.messages_per_conversation_per_minute),
            tellings: limiter(limits.messages_per_conversation_per_minute),
            connections: Places::new(
                limits.streams_max.saturating_add(CONNECTIONS_BESIDE_STREAMS),
                limits.connections_per_address_max,
            ),
            streams: Places::new(limits.streams_max, limits.streams_per_address_max),
            uploads: Places::new(UPLOADS_AT_ONCE, Some(UPLOADS_PER_ADDRESS)),
            asked: AtomicU64::new(0),
        }
    }

    pub(super) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// One more request; seconds to wait when there are too many.
    pub(super) fn request(&self, caller: Caller) -> Result<(), u64> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.requests.iter().chain(&self.openings).for_each(|limiter| limiter.retain_recent());
            self.messages.iter().chain(&self.tellings).for_each(|limiter| limiter.retain_recent());
        }
        ask(self.requests.as_ref(), &caller)
    }

    /// One more conversation; seconds to wait when there are too many.
    pub(super) fn opening(&self, caller: Caller) -> Result<(), u64> {
        ask(self.openings.as_ref(), &caller)
    }

    /// One more message; seconds to wait when there are too many.
    pub(super) fn message(&self, conversation: ConversationId) -> Result<(), u64> {
        ask(self.messages.as_ref(), &conversation)
    }

    /// One more change of what is known besides; seconds to wait when there are too many. They have the
    /// limit of messages, and do not count as such.
    pub(super) fn telling(&self, conversation: ConversationId) -> Result<(), u64> {
        ask(self.tellings.as_ref(), &conversation)
    }

    /// One more connection. Through a trusted proxy come many, so it has no limit of its own.
    pub(super) fn connection(&self, peer: SocketAddr) -> Result<Place, NoRoom> {
        let peer = peer.ip().to_canonical();
        self.connections.take((!self.addresses.is_trusted(peer)).then(|| Caller::at(peer)))
    }

    /// One more stream.
    pub(super) fn stream(&self, caller: Caller) -> Result<Place, NoRoom> {
        self.streams.take(Some(caller))
    }

    /// One more upload under way.
    pub(super) fn upload(&self, caller: Caller) -> Result<Place, NoRoom> {
        self.uploads.take(Some(caller))
    }
}

fn limiter<K: std::hash::Hash + Eq + Clone>(per_minute: Option<NonZeroU32>) -> Option<DefaultKeyedRateLimiter<K>> {
    per_minute.map(|per_minute| RateLimiter::keyed(Quota::per_minute(per_minute)))
}

fn ask<K: std::hash::Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), u64> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn caller(peer: &str, forwarded: &[&str]) -> String {
        let addresses = Addresses::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(SocketAddr::new(peer.parse().unwrap(), 1));
        addresses.of(&request).0.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(caller("192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        assert_eq!(caller("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(caller("10.0.0.1", &["198.51.100.9, 203.0.113.1, 10.0.0.2"]), "203.0.113.1");
        assert_eq!(caller("10.0.0.1", &["198.51.100.9", "203.0.113.1"]), "203.0.113.1");
        assert_eq!(caller("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(caller("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(caller("::ffff:192.0.2.7", &[]), "192.0.2.7");
    }
}
