//! The answer as it comes.
use std::error::Error;
use std::io::{Write, stdout};

use steer_client::v1::stream_event::Event;
use steer_client::v1::{GenerationSpec, StreamGenerateRequest};
use steer_client::{Client, StreamExt};
use steer_examples::model;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = GenerationSpec {
        model: model(),
        prompt: "Hello".into(),
        ..Default::default()
    };
    let request = StreamGenerateRequest {
        spec: Some(spec),
        ..Default::default()
    };
    // Dropping `events` before its end cancels the call.
    let mut events = Client::from_env()?.stream_generate(request);
    while let Some(event) = events.next().await {
        if let Some(Event::TextDelta(delta)) = event?.event {
            print!("{}", delta.text);
            stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
