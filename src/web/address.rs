//! Who asks: the address behind trusted proxies, and what each address and conversation may use up.

use crate::config::Limits;
use axum::extract::Request;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use threadline_core::ids::ConversationId;

/// After so many questions the limiters forget whom they have not seen for a while.
const FORGET_EVERY: u64 = 50_000;

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
    streams: Arc<Streams>,
    asked: AtomicU64,
}

/// Open streams.
#[derive(Debug)]
struct Streams {
    max: u32,
    per_address_max: Option<NonZeroU32>,
    open: AtomicU32,
    by_address: Mutex<HashMap<Caller, u32>>,
}

/// One open stream; dropping it makes room.
#[derive(Debug)]
pub(super) struct StreamPlace {
    streams: Arc<Streams>,
    caller: Caller,
}

/// Why there is no room for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    Here,
    ForThisAddress,
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
        Caller(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        })
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }
}

impl Callers {
    pub(super) fn new(addresses: Addresses, limits: &Limits) -> Callers {
        Callers {
            addresses,
            requests: limiter(limits.requests_per_address_per_minute),
            openings: limiter(limits.conversations_per_address_per_minute),
            messages: limiter(limits.messages_per_conversation_per_minute),
            streams: Arc::new(Streams {
                max: limits.streams_max,
                per_address_max: limits.streams_per_address_max,
                open: AtomicU32::new(0),
                by_address: Mutex::default(),
            }),
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
            self.messages.iter().for_each(|limiter| limiter.retain_recent());
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

    /// One more stream.
    pub(super) fn stream(&self, caller: Caller) -> Result<StreamPlace, NoRoom> {
        let streams = &self.streams;
        let mut by_address = streams.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = by_address.get(&caller).copied().unwrap_or_default();
        if streams.per_address_max.is_some_and(|max| mine >= max.get()) {
            return Err(NoRoom::ForThisAddress);
        }
        if streams.open.load(Ordering::Relaxed) >= streams.max {
            return Err(NoRoom::Here);
        }
        by_address.insert(caller, mine + 1);
        streams.open.fetch_add(1, Ordering::Relaxed);
        Ok(StreamPlace { streams: streams.clone(), caller })
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.streams.open.fetch_sub(1, Ordering::Relaxed);
        let mut by_address = self.streams.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = by_address.get_mut(&self.caller) {
            *mine -= 1;
            if *mine == 0 {
                by_address.remove(&self.caller);
            }
        }
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
