//! Reads the streams of a Steer gateway to their end, whatever happens to connections and replicas.
//!
//! ```no_run
//! use steer_client::Client;
//! use steer_stubs::v1::{GenerationSpec, StreamGenerateRequest};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("127.0.0.1:50051")?;
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

pub use client::{Bearer, Client, Service, endpoint};
pub use error::{SteerError, code_name};
pub use event_stream::EventStream;
pub use futures_util::StreamExt;
pub use resume::{Delivery, ReadOptions, Reconnect, StreamCalls, StreamCursor, read_stream};

fn random_bits() -> u64 {
    getrandom::u64().expect("the system has a source of randomness")
}
