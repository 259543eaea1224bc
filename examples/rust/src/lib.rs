//! What the examples share.
use std::env;

use steer_client::prost_types::{Struct, Value, value::Kind};

pub fn model() -> String {
    env::var("STEER_MODEL").unwrap_or_else(|_| "simulator".to_owned())
}

/// Options that only the simulator reads; other providers do not see them.
pub fn simulator(key: &str, value: Kind) -> (String, Struct) {
    let value = Value { kind: Some(value) };
    let fields = [(key.to_owned(), value)].into();
    ("simulator".to_owned(), Struct { fields })
}
