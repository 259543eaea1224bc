//! Reads the streams of a Steer gateway to their end, whatever happens to connections and replicas.
//!
//! ```no_run
//! use steer_client::Client;
//! use steer_client::v1::{GenerationSpec, StreamGenerateRequest};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let spec = GenerationSpec { model: "simulator".into(), prompt: "Hello".into(), ..Default::default() };
//! let request = StreamGenerateRequest { spec: Some(spec), ..Default::default() };
//! println!("{}", client.stream_generate(request).text().await?);
//! # Ok(())
//! # }
//! ```
mod client;
mod error;
mod event_stream;
mod output;
mod repeat;
mod resume;
mod service_address;
mod settings;
#[cfg(test)]
mod vectors;

pub use client::{Client, Service, endpoint};
pub use error::{SteerError, code_name};
pub use event_stream::EventStream;
pub use resume::{Delivery, ReadOptions, Reconnect, StreamCalls, StreamCursor, read_stream};
pub use settings::Bearer;

// The types above use these; with them, a program depends on this crate alone.
pub use futures_util::{Stream, StreamExt, stream::BoxStream};
pub use steer_stubs::{admin, v1};
pub use {prost_types, tonic};

fn random_bits() -> u64 {
    getrandom::u64().expect("the system has a source of randomness")
}
