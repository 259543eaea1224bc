//! What the examples share: a client of the gateway that the environment names.
use std::env;
use std::error::Error;

use prost_types::{Struct, Value, value::Kind};
use steer_client::Client;

/// `STEER_ADDRESS` and, where the gateway asks for one, the key in `STEER_TOKEN`.
pub fn client() -> Result<Client, Box<dyn Error>> {
    let address = env::var("STEER_ADDRESS").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
    let client = Client::new(&address)?;
    match env::var("STEER_TOKEN") {
        Ok(token) => Ok(client.with_token(&token)?),
        Err(_) => Ok(client),
    }
}

pub fn model() -> String {
    env::var("STEER_MODEL").unwrap_or_else(|_| "simulator".to_owned())
}

/// Options that only the simulator reads; other providers do not see them.
pub fn simulator(key: &str, value: Kind) -> (String, Struct) {
    let value = Value { kind: Some(value) };
    let fields = [(key.to_owned(), value)].into();
    ("simulator".to_owned(), Struct { fields })
}
