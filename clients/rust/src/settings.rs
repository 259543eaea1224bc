//! Address and key of a client: from arguments, otherwise from the environment.
use std::env;
use std::sync::{Arc, Once};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};

use crate::SteerError;
use crate::service_address::ServiceAddress;

const DEFAULT_ADDRESS: &str = "127.0.0.1:50051";

/// A variable's value by its name; empty: it is not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> String;

/// The variables of this process.
pub(crate) fn process_environment(name: &str) -> String {
    let value = env::var_os(name).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

pub(crate) fn address_of(
    given: Option<&str>,
    environment: Environment<'_>,
) -> Result<ServiceAddress, SteerError> {
    if let Some(text) = given {
        return ServiceAddress::parse(text, "address");
    }
    let found = environment("STEER_ADDRESS");
    let text = match found.is_empty() {
        true => DEFAULT_ADDRESS,
        false => &found,
    };
    ServiceAddress::parse(text, "STEER_ADDRESS")
}

/// The key as a header; None if it is empty. The error, `KEY_INVALID`, does not quote the key.
pub(crate) fn key_of(
    given: Option<&str>,
    environment: Environment<'_>,
) -> Result<Option<MetadataValue<Ascii>>, SteerError> {
    let (name, key) = match given {
        Some(key) => ("token", key.to_owned()),
        None => ("STEER_API_KEY", environment("STEER_API_KEY")),
    };
    if key.is_empty() {
        return Ok(None);
    }
    // Headers accept only these characters, and the service reads a key up to its first space.
    let is_key = key.bytes().all(|byte| byte.is_ascii_graphic());
    let header = format!("Bearer {key}").parse();
    header.ok().filter(|_| is_key).map(Some).ok_or_else(|| {
        let message = format!("{name}: a key is one line of ASCII without spaces");
        SteerError::local(Code::InvalidArgument, "KEY_INVALID", message)
    })
}

/// Warns once that the key is sent in clear text.
pub(crate) struct ClearKey {
    address: ServiceAddress,
    told: Once,
}

impl ClearKey {
    /// None: the key is safe, or an address with `http://` means that clear text is intended.
    pub fn at(address: ServiceAddress) -> Option<Arc<Self>> {
        let is_told = address.is_secure || address.has_scheme || address.is_loopback();
        let told = Once::new();
        (!is_told).then(|| Arc::new(ClearKey { address, told }))
    }

    fn tell(&self) {
        let place = &self.address;
        self.told.call_once(|| {
            tracing::warn!(
                "the key goes to {place} in the clear: write https://{place}, or http://{place} if that is meant"
            );
        });
    }
}

/// Sends the caller's key with each call.
#[derive(Clone, Default)]
pub struct Bearer {
    pub(crate) key: Option<MetadataValue<Ascii>>,
    pub(crate) clear: Option<Arc<ClearKey>>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.key {
            if let Some(clear) = &self.clear {
                clear.tell();
            }
            request.metadata_mut().insert("authorization", key.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::sync::Mutex;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::Client;
    use crate::vectors::{SettingsVector, vectors};

    fn header(key: &str) -> Option<MetadataValue<Ascii>> {
        Some(format!("Bearer {key}").parse().unwrap())
    }

    fn found(
        vector: &SettingsVector,
    ) -> Result<(ServiceAddress, Option<MetadataValue<Ascii>>), SteerError> {
        let environment = |name: &str| vector.environment.get(name).cloned().unwrap_or_default();
        let address = address_of(vector.given.address.as_deref(), &environment)?;
        Ok((address, key_of(vector.given.key.as_deref(), &environment)?))
    }

    #[test]
    fn what_is_given_wins_and_the_environment_is_next() {
        for vector in vectors().settings {
            let (address, key) = found(&vector).unwrap();
            assert_eq!(address, ServiceAddress::parse(&vector.address, "").unwrap());
            let expected = vector.key.as_deref().and_then(header);
            assert_eq!(key, expected, "{}", vector.name);
        }
    }

    #[test]
    fn the_source_of_a_mistake_is_named() {
        for vector in vectors().refused_settings {
            let error = found(&vector).unwrap_err();
            assert_eq!(error.reason, vector.reason);
            assert!(error.message.starts_with(&format!("{}: ", vector.names)));
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }

    #[test]
    fn the_keys_that_are_taken_and_those_that_are_refused() {
        let nothing = |_: &str| String::new();
        for key in vectors().keys {
            assert_eq!(key_of(Some(&key), &nothing).unwrap(), header(&key));
        }
        for key in vectors().refused_keys {
            let error = key_of(Some(&key), &nothing).unwrap_err();
            let expected = "token: a key is one line of ASCII without spaces";
            assert_eq!(
                (error.code, error.reason.as_str()),
                (Code::InvalidArgument, "KEY_INVALID")
            );
            assert_eq!(error.message, expected);
        }
        assert_eq!(key_of(Some(""), &|_| "k".to_owned()).unwrap(), None);
    }

    /// Collects the log.
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl Visit for Log {
        fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("steer_client")
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut seen = Log::default();
            event.record(&mut seen);
            self.0.lock().unwrap().append(seen.0.get_mut().unwrap());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Two calls with this key to this address.
    fn log_of(address: &str, key: &str) -> Vec<String> {
        let client = Client::new(address).unwrap().with_token(key).unwrap();
        let log = Arc::new(Log::default());
        tracing::subscriber::with_default(log.clone(), || {
            for _ in 0..2 {
                let mut bearer = client.bearer.clone();
                let request = bearer.call(Request::new(())).unwrap();
                let sent = request.metadata().get("authorization").cloned();
                assert_eq!(sent, (!key.is_empty()).then(|| header(key).unwrap()));
            }
        });
        let told = log.0.lock().unwrap().clone();
        told
    }

    #[tokio::test]
    async fn a_key_in_the_clear_is_warned_of_once_unless_that_is_said() {
        let told = "the key goes to steer:1 in the clear: write https://steer:1, \
                    or http://steer:1 if that is meant";
        assert_eq!(log_of("steer:1", "secret"), [told]);
        let nothing: [&str; 0] = [];
        for address in [
            "http://steer:1",
            "https://steer:1",
            "localhost:1",
            "[::1]:1",
        ] {
            assert_eq!(log_of(address, "secret"), nothing, "{address}");
        }
        assert_eq!(log_of("steer:1", ""), nothing);
    }

    #[tokio::test]
    async fn a_client_refuses_what_is_none() {
        let reason = |made: Result<Client, SteerError>| made.err().unwrap().reason;
        assert_eq!(reason(Client::new("steer")), "ADDRESS_INVALID");
        let client = Client::new("http://steer").unwrap();
        assert_eq!(reason(client.with_token("two words")), "KEY_INVALID");
    }
}
