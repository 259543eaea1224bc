//! A stream whose connection breaks, and which loses and repeats nothing.
//! Restart the service or pull the cable while it runs.
use std::error::Error;
use std::sync::Arc;

use steer_client::prost_types::value::Kind;
use steer_client::v1::{GenerationSpec, ModelTarget, RoutingPolicy, StreamGenerateRequest};
use steer_client::{Client, ReadOptions};
use steer_examples::{model, simulator};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = GenerationSpec {
        model: model(),
        prompt: "Tell me a long story of the sea.".into(),
        // Tried in this order where the model fails. Without a list the service's configuration has
        // one.
        routing: Some(RoutingPolicy {
            fallbacks: vec![ModelTarget {
                model: "simulator".into(),
                ..Default::default()
            }],
            ..Default::default()
        }),
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
        on_discard: Some(Arc::new(|notice| {
            let failed = notice.failed.as_ref();
            let cause = failed.map_or("", |failed| &failed.error_message);
            eprintln!("begins anew: {cause}");
        })),
        ..Default::default()
    };

    // What an attempt has said that failed later is not in the text.
    let events = Client::from_env()?.stream_generate_with(options, request);
    println!("{}", events.text().await?);
    Ok(())
}
