//! The whole answer in one call.
use std::error::Error;

use steer_client::Client;
use steer_client::v1::{GenerateRequest, GenerationSpec};
use steer_examples::model;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = GenerationSpec {
        model: model(),
        prompt: "Hello".into(),
        ..Default::default()
    };
    let request = GenerateRequest {
        spec: Some(spec),
        ..Default::default()
    };
    let response = Client::from_env()?.generate(request).await?;

    let generation = response.generation.unwrap_or_default();
    let usage = generation.usage.clone().unwrap_or_default();
    println!(
        "{}, {:?}: {} tokens in, {} out",
        generation.model,
        generation.finish_reason(),
        usage.input_tokens,
        usage.output_tokens
    );
    println!("{}", generation.output_text);
    Ok(())
}
