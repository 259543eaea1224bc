use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use tonic::Code;

use crate::SteerError;

/// Address of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceAddress {
    pub is_secure: bool,
    /// The address has `http://` or `https://`.
    pub has_scheme: bool,
    /// An IPv6 address has no brackets here.
    pub host: String,
    pub port: u16,
}

impl ServiceAddress {
    /// `name` is the source of the text. The error, `ADDRESS_INVALID`, does not quote the text.
    pub fn parse(text: &str, name: &str) -> Result<Self, SteerError> {
        read(text).ok_or_else(|| {
            let form = "host:port, http://host:port or https://host:port, with nothing behind it";
            let message = format!("{name}: an address is {form}");
            SteerError::local(Code::InvalidArgument, "ADDRESS_INVALID", message)
        })
    }

    /// True if data sent to this address stays on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// `host:port`, with IPv6 in brackets.
impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

fn read(text: &str) -> Option<ServiceAddress> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let is_secure = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let is_http = scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case("http"));
    let (host, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (literal, rest) = rest.split_once(']')?;
            literal.parse::<Ipv6Addr>().ok()?;
            (literal, rest)
        }
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    if !(is_secure || is_http) || !(host.contains(':') || is_host_name(host)) {
        return None;
    }
    let port = match rest.strip_prefix(':') {
        Some(digits) => port_of(digits)?,
        None if !rest.is_empty() || scheme.is_none() => return None,
        None if is_secure => 443,
        None => 80,
    };
    Some(ServiceAddress {
        is_secure,
        has_scheme: scheme.is_some(),
        host: host.to_owned(),
        port,
    })
}

fn is_host_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    bytes.next().is_some_and(is_letter)
        && bytes.all(|byte| is_letter(byte) || byte == b'.' || byte == b'-')
}

fn port_of(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn an_address_that_is_taken() {
        for vector in vectors().addresses {
            let address = ServiceAddress::parse(&vector.text, "address").expect(&vector.text);
            assert_eq!(address.host, vector.host);
            assert_eq!(address.port, vector.port);
            assert_eq!(address.is_secure, vector.is_secure, "{}", vector.text);
            assert_eq!(address.is_loopback(), vector.is_loopback, "{}", vector.text);
        }
        let address = ServiceAddress::parse("https://[2001:db8::7]", "address").unwrap();
        assert_eq!(address.to_string(), "[2001:db8::7]:443");
    }

    #[test]
    fn an_address_that_is_refused_and_not_quoted() {
        let all = vectors().refused_addresses.into_iter();
        for text in all.chain(["".to_owned()]) {
            let error = ServiceAddress::parse(&text, "address").expect_err(&text);
            assert_eq!(
                error.to_string(),
                "INVALID_ARGUMENT ADDRESS_INVALID: address: an address is host:port, \
                 http://host:port or https://host:port, with nothing behind it"
            );
            assert!(!error.retryable);
        }
    }
}
