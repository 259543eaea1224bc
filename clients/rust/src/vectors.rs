//! Vectors of tests/fixtures/connection-vectors.json.
use std::collections::HashMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct AddressVector {
    pub text: String,
    pub host: String,
    pub port: u16,
    pub is_secure: bool,
    pub is_loopback: bool,
}

#[derive(Default, Deserialize)]
pub(crate) struct Given {
    pub address: Option<String>,
    pub key: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct SettingsVector {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub given: Given,
    pub environment: HashMap<String, String>,
    #[serde(default)]
    pub address: String,
    pub key: Option<String>,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub names: String,
}

#[derive(Deserialize)]
pub(crate) struct ConnectionVectors {
    pub addresses: Vec<AddressVector>,
    pub refused_addresses: Vec<String>,
    pub keys: Vec<String>,
    pub refused_keys: Vec<String>,
    pub settings: Vec<SettingsVector>,
    pub refused_settings: Vec<SettingsVector>,
}

pub(crate) fn vectors() -> ConnectionVectors {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/connection-vectors.json"
    );
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
