//! The interop program of Rust: `steer-interop SCENARIO` prints one line of JSON.
mod discard;
mod rolling;

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use prost_types::{ListValue, Struct, Value, value::Kind};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use steer_client::{Client, ReadOptions, SteerError, StreamExt, code_name, endpoint};
use steer_stubs::v1::part::Data;
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{
    AttemptOutcome, DisconnectPolicy, FinishReason, GenerateRequest, Generation, GenerationSpec,
    SamplingParams, StreamGenerateRequest, StreamOptions,
};
use tonic::transport::{Certificate, ClientTlsConfig};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

pub fn setting(name: &str) -> Outcome<String> {
    env::var(name).map_err(|_| format!("{name} is not set").into())
}

fn struct_value(json: Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        Json::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or_default()),
        Json::String(value) => Kind::StringValue(value),
        Json::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(struct_value).collect(),
        }),
        Json::Object(values) => Kind::StructValue(Struct {
            fields: values
                .into_iter()
                .map(|(key, value)| (key, struct_value(value)))
                .collect(),
        }),
    };
    Value { kind: Some(kind) }
}

fn spec() -> Outcome<GenerationSpec> {
    let mut spec = GenerationSpec {
        model: setting("STEER_MODEL")?,
        prompt: setting("STEER_PROMPT")?,
        ..GenerationSpec::default()
    };
    if let Ok(limit) = env::var("STEER_MAX_OUTPUT_TOKENS") {
        spec.sampling = Some(SamplingParams {
            max_output_tokens: Some(limit.parse()?),
            ..SamplingParams::default()
        });
    }
    if let Ok(script) = env::var("STEER_PROVIDER_OPTIONS") {
        let Some(Kind::StructValue(script)) = struct_value(serde_json::from_str(&script)?).kind
        else {
            return Err("STEER_PROVIDER_OPTIONS is no JSON object".into());
        };
        spec.provider_options.insert("simulator".to_owned(), script);
    }
    Ok(spec)
}

fn connect() -> Outcome<Client> {
    let Ok(file) = env::var("STEER_CA_FILE") else {
        return Ok(Client::from_env()?);
    };
    let authority = Certificate::from_pem(std::fs::read(file)?);
    let tls = ClientTlsConfig::new().ca_certificate(authority);
    let address = format!("https://{}", setting("STEER_ADDRESS")?);
    let channel = endpoint(&address)?.tls_config(tls)?.connect_lazy();
    Ok(Client::over(channel).with_token(&setting("STEER_API_KEY")?)?)
}

async fn generate(client: &Client) -> Outcome<Generation> {
    let request = GenerateRequest {
        spec: Some(spec()?),
        ..GenerateRequest::default()
    };
    let response = client.generate(request).await?;
    response.generation.ok_or_else(|| "no generation".into())
}

/// Of the message: `output_text` leaves out what is long.
pub fn text_of(generation: Generation) -> String {
    let parts = generation.message.unwrap_or_default().parts;
    let texts = parts.into_iter().filter_map(|part| match part.data {
        Some(Data::Text(part)) => Some(part.text),
        _ => None,
    });
    texts.collect()
}

async fn failure(timeout: Duration) -> Outcome<SteerError> {
    let request = GenerateRequest {
        spec: Some(spec()?),
        ..GenerateRequest::default()
    };
    match connect()?.generate_within(timeout, request).await {
        Ok(_) => Err("the call has succeeded".into()),
        Err(error) => Ok(error),
    }
}

async fn unary() -> Outcome<Json> {
    let generation = generate(&connect()?).await?;
    let usage = generation.usage.clone().unwrap_or_default();
    Ok(json!({
        "finish_reason": FinishReason::try_from(generation.finish_reason)?.as_str_name(),
        "text": generation.output_text,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }))
}

/// Reads a stream to its end; the answer has all that any scenario asks for.
async fn stream() -> Outcome<Json> {
    let reconnects = Arc::new(AtomicU32::new(0));
    let counter = reconnects.clone();
    let options = ReadOptions {
        on_reconnect: Some(Arc::new(move |reconnect| {
            eprintln!("goes on: {}", reconnect.cause);
            counter.fetch_add(1, Ordering::Relaxed);
        })),
        ..ReadOptions::default()
    };
    let request = StreamGenerateRequest {
        spec: Some(spec()?),
        options: Some(StreamOptions {
            include_usage: true,
            ..StreamOptions::default()
        }),
        ..StreamGenerateRequest::default()
    };
    let mut events = connect()?.stream_generate_with(options, request);
    let (mut text, mut count, mut last_sequence, mut output_tokens) = (String::new(), 0, 0, 0);
    while let Some(event) = events.next().await {
        let event = event?;
        count += 1;
        last_sequence = event.sequence;
        match event.event {
            Some(Event::TextDelta(delta)) => text += &delta.text,
            Some(Event::Usage(update)) => {
                output_tokens = update.usage.unwrap_or_default().output_tokens;
            }
            _ => {}
        }
    }
    Ok(json!({
        "text": text,
        "events": count,
        "last_sequence": last_sequence,
        "output_tokens": output_tokens,
        "reconnects": reconnects.load(Ordering::Relaxed),
    }))
}

async fn cancel() -> Outcome<Json> {
    let client = connect()?;
    let request = StreamGenerateRequest {
        spec: Some(spec()?),
        options: Some(StreamOptions {
            on_disconnect: DisconnectPolicy::Cancel.into(),
            ..StreamOptions::default()
        }),
        ..StreamGenerateRequest::default()
    };
    let (mut stream_id, mut deltas) = (String::new(), 0);
    let mut events = client.stream_generate(request);
    while let Some(event) = events.next().await {
        match event?.event {
            Some(Event::Start(start)) => stream_id = start.stream_id,
            Some(Event::TextDelta(_)) => deltas += 1,
            _ => {}
        }
        if deltas == 3 {
            break;
        }
    }
    drop(events);
    // The channel lives on, so that the cancel arrives and not the connection's end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(client);
    Ok(json!({ "stream_id": stream_id, "deltas": deltas }))
}

async fn deadline() -> Outcome<Json> {
    let timeout = Duration::from_millis(setting("STEER_DEADLINE_MS")?.parse()?);
    let error = failure(timeout).await?;
    eprintln!("{error}");
    Ok(json!({ "code": code_name(error.code) }))
}

async fn error() -> Outcome<Json> {
    let error = failure(Duration::from_secs(60)).await?;
    let detail = error.detail.as_ref().ok_or("no detail")?;
    let mut attempts = Vec::new();
    for attempt in &detail.attempts {
        attempts.push(json!({
            "provider": attempt.provider,
            "model": attempt.model,
            "outcome": AttemptOutcome::try_from(attempt.outcome)?.as_str_name(),
        }));
    }
    Ok(json!({
        "code": code_name(error.code),
        "reason": error.reason,
        "retryable": error.retryable,
        "attempts": attempts,
    }))
}

async fn large() -> Outcome<Json> {
    let text = text_of(generate(&connect()?).await?);
    let mut sha256 = String::new();
    for byte in Sha256::digest(&text) {
        write!(sha256, "{byte:02x}")?;
    }
    Ok(json!({ "bytes": text.len(), "sha256": sha256 }))
}

async fn compressed() -> Outcome<Json> {
    let client = connect()?.with_compressed_requests();
    Ok(json!({ "text": generate(&client).await?.output_text }))
}

async fn health() -> Outcome<Json> {
    let request = HealthCheckRequest {
        service: "steer.v1.GenerationService".to_owned(),
    };
    let response = HealthClient::new(connect()?.service())
        .check(request)
        .await?;
    let status = ServingStatus::try_from(response.into_inner().status)?;
    Ok(json!({ "status": status.as_str_name() }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let scenario = env::args().nth(1).ok_or("usage: steer-interop SCENARIO")?;
    let answer = match scenario.as_str() {
        "unary" | "tls" | "system-authorities" | "lost-unary" => unary().await,
        "stream" | "resume" | "text" => stream().await,
        "cancel" => cancel().await,
        "deadline" => deadline().await,
        "error" => error().await,
        "large" => large().await,
        "compressed" => compressed().await,
        "health" => health().await,
        "lost-owner" => discard::lost_owner(&connect()?, spec()?).await,
        "raw" => discard::raw(&connect()?, spec()?).await,
        "raw-joins" => discard::raw_joins(&connect()?, spec()?).await,
        "joins-raw" => discard::joins_raw(&connect()?, spec()?).await,
        "rolling" => rolling::rolling(connect()?, spec()?).await,
        unknown => Err(format!("no scenario {unknown}").into()),
    }?;
    println!("{answer}");
    Ok(())
}
