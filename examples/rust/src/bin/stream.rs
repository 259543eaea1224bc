//! The answer as it comes.
use std::error::Error;
use std::io::{Write, stdout};

use steer_client::StreamExt;
use steer_examples::{client, model};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{GenerationSpec, StreamGenerateRequest};

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
    let mut events = client()?.stream_generate(request);
    while let Some(event) = events.next().await {
        if let Some(Event::TextDelta(delta)) = event?.event {
            print!("{}", delta.text);
            stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
