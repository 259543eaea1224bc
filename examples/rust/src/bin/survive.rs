//! A stream whose connection breaks, and which loses and repeats nothing.
//! Restart the service or pull the cable while it runs.
use std::error::Error;
use std::sync::Arc;

use prost_types::value::Kind;
use steer_client::{ReadOptions, StreamExt};
use steer_examples::{client, model, simulator};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{GenerationSpec, StreamGenerateRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = GenerationSpec {
        model: model(),
        prompt: "Tell me a long story of the sea.".into(),
        // One word a tenth of a second, where the simulator answers: time to break something.
        provider_options: [simulator("pace_ms", Kind::NumberValue(100.0))].into(),
        ..Default::default()
    };
    let request = StreamGenerateRequest {
        spec: Some(spec),
        ..Default::default()
    };
    let options = ReadOptions {
        on_reconnect: Some(Arc::new(|reconnect| {
            let sequence = reconnect.cursor.sequence;
            let (cause, wait) = (reconnect.cause, reconnect.wait);
            eprintln!("after event {sequence}: {cause}; goes on in {wait:?}");
        })),
        ..Default::default()
    };

    let mut text = String::new();
    let mut events = client()?.stream_generate_with(options, request);
    while let Some(event) = events.next().await {
        match event?.event {
            Some(Event::TextDelta(delta)) => text += &delta.text,
            // An attempt failed and the next one begins anew: what was said does not count.
            Some(Event::AttemptNotice(notice)) if notice.discard_output => text.clear(),
            _ => {}
        }
    }
    println!("{text}");
    Ok(())
}
