//! A JSON document that can be shown while it grows.
use std::error::Error;

use serde_json::{Value, json};
use steer_client::prost_types::value::Kind;
use steer_client::v1::json_delta::Change;
use steer_client::v1::output_format::Format;
use steer_client::v1::stream_event::Event;
use steer_client::v1::{
    GenerationSpec, JsonDelta, JsonSchemaFormat, JsonStreamMode, OutputFormat,
    StreamGenerateRequest, StreamOptions,
};
use steer_client::{Client, StreamExt};
use steer_examples::{model, simulator};

const ANSWER: &str = r#"{"title":"Köln – 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}"#;

/// The value that an RFC 6901 pointer names; made where it is new.
fn place<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    let mut value = document;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Array(items) => {
                let index = key.parse().unwrap_or(items.len());
                if index == items.len() {
                    items.push(Value::Null);
                }
                &mut items[index]
            }
            object => &mut object[key],
        };
    }
    value
}

fn apply(document: &mut Value, delta: JsonDelta) -> Result<(), serde_json::Error> {
    let value = place(document, &delta.pointer);
    match (delta.change, value) {
        (Some(Change::ValueJson(json)), value) => *value = serde_json::from_str(&json)?,
        (Some(Change::Append(more)), Value::String(text)) => *text += &more,
        // `final` without a change: the value is complete.
        _ => {}
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let schema = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string" },
            "legs": { "type": "array", "items": { "type": "object" } },
        },
        "required": ["title", "legs"],
    });
    let format = Format::JsonSchema(JsonSchemaFormat {
        name: "journey".into(),
        schema: schema.to_string(),
        ..Default::default()
    });
    let spec = GenerationSpec {
        model: model(),
        prompt: "Plan a journey from Köln to 東京.".into(),
        output_format: Some(OutputFormat {
            format: Some(format),
        }),
        // What the simulator is to say.
        provider_options: [simulator("text", Kind::StringValue(ANSWER.into()))].into(),
        ..Default::default()
    };
    let request = StreamGenerateRequest {
        spec: Some(spec),
        options: Some(StreamOptions {
            json_mode: JsonStreamMode::Patches.into(),
            omit_json_text: true,
            ..Default::default()
        }),
        ..Default::default()
    };

    let mut document = Value::Null;
    let mut events = Client::from_env()?.stream_generate(request);
    while let Some(event) = events.next().await {
        if let Some(Event::JsonDelta(delta)) = event?.event {
            apply(&mut document, delta)?;
            eprintln!("{document}");
        }
    }
    println!("{document}");
    Ok(())
}
