//! A call that fails, and what the service has tried before it gave up.
use std::error::Error;

use steer_client::prost_types::{Duration, value::Kind};
use steer_client::v1::{GenerateRequest, GenerationSpec, Timeouts};
use steer_client::{Client, code_name};
use steer_examples::{model, simulator};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The simulator keeps silent for two seconds, and an attempt may wait for a tenth of one.
    let spec = GenerationSpec {
        model: model(),
        prompt: "Hello".into(),
        timeouts: Some(Timeouts {
            first_token: Some(Duration {
                seconds: 0,
                nanos: 100_000_000,
            }),
            ..Default::default()
        }),
        provider_options: [simulator("first_token_ms", Kind::NumberValue(2_000.0))].into(),
        ..Default::default()
    };
    let request = GenerateRequest {
        spec: Some(spec),
        ..Default::default()
    };

    let Err(error) = Client::from_env()?.generate(request).await else {
        return Err("the call has succeeded".into());
    };
    // `detail` is the service's own account; none where it was a proxy or a library that failed.
    for attempt in error.detail.iter().flat_map(|detail| &detail.attempts) {
        println!(
            "attempt {}  {}/{}  {}  {}",
            attempt.index,
            attempt.provider,
            attempt.model,
            attempt.outcome().as_str_name(),
            attempt.error_category().as_str_name()
        );
    }
    println!("{} {}", code_name(error.code), error.reason);
    match error.retryable {
        true => eprintln!("later the same call can succeed"),
        false => eprintln!("do not repeat it"),
    }
    Ok(())
}
