//! Where a request comes from.

use crate::error::Error;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address that a request comes from. MUST NOT be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientAddress {
    /// As text: sealed beside a consent.
    pub full: String,
    /// Whom limits count for: an IPv4 address, or the network (/64) that one household or telephone has in IPv6.
    pub limited: String,
}

impl ClientAddress {
    /// The address of a request. Behind a proxy it is the last entry of `X-Forwarded-For`, the one that our own proxy
    /// wrote: some proxies lengthen the client's line, others add one of their own behind it.
    pub fn of(request: &ServiceRequest, behind_proxy: bool) -> Self {
        let forwarded = request.headers().get_all("x-forwarded-for").last().filter(|_| behind_proxy);
        let last = forwarded.and_then(|list| list.to_str().ok()).and_then(|list| list.rsplit(',').next());
        let address = last.and_then(parse).or_else(|| Some(request.peer_addr()?.ip()));
        address.map_or_else(|| Self { full: String::new(), limited: String::new() }, Self::of_ip)
    }

    fn of_ip(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let limited = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        };
        Self { full: address.to_string(), limited }
    }
}

/// An address, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

impl FromRequest for ClientAddress {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.extensions().get::<Self>().cloned();
        ready(address.ok_or_else(|| Error::internal("a request did not pass the gate")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_household_is_one_client_whatever_address_of_its_own_it_takes() {
        let limited = |text: &str| ClientAddress::of_ip(parse(text).unwrap()).limited;

        assert_eq!(limited("203.0.113.7"), "203.0.113.7");
        assert_eq!(limited(" 203.0.113.7:40001 "), "203.0.113.7");
        assert_eq!(limited("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(limited("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(limited("[2001:db8:1:2::9]:443"), "2001:db8:1:2::/64");
        assert_eq!(parse("unknown"), None);
    }
}
