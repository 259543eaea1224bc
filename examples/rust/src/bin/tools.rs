//! The model calls a function of ours, and answers with what it returned.
use std::error::Error;

use serde_json::{Value, json};
use steer_client::Client;
use steer_client::v1::part::Data;
use steer_client::v1::tool::Kind;
use steer_client::v1::tool_choice::Choice;
use steer_client::v1::{
    FunctionTool, GenerateRequest, GenerationSpec, Message, Part, Role, TextPart, Tool, ToolChoice,
    ToolResult,
};
use steer_examples::model;

fn get_weather(city: &str) -> String {
    let city = if city.is_empty() { "your city" } else { city };
    format!("21 degrees and clear in {city}")
}

fn text(text: &str) -> Part {
    part(Data::Text(TextPart {
        text: text.into(),
        ..Default::default()
    }))
}

fn part(data: Data) -> Part {
    Part {
        data: Some(data),
        ..Default::default()
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role: role.into(),
        parts,
        ..Default::default()
    }
}

fn request(messages: Vec<Message>, tool_choice: Option<ToolChoice>) -> GenerateRequest {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "description": "Name of the city" } },
        "required": ["city"],
    });
    let function = FunctionTool {
        name: "get_weather".into(),
        description: "Weather of a city".into(),
        parameters_json_schema: schema.to_string(),
        ..Default::default()
    };
    let spec = GenerationSpec {
        model: model(),
        messages,
        tools: vec![Tool {
            kind: Some(Kind::Function(function)),
        }],
        tool_choice,
        ..Default::default()
    };
    GenerateRequest {
        spec: Some(spec),
        ..Default::default()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let question = message(Role::User, vec![text("What is the weather in Köln?")]);

    // The first turn must call the function; usually `tool_choice` is left out and the model decides.
    let must_call = ToolChoice {
        choice: Some(Choice::FunctionName("get_weather".into())),
        ..Default::default()
    };
    let first = request(vec![question.clone()], Some(must_call));
    let generation = client.generate(first).await?.generation;
    let answer = generation.unwrap_or_default().message.unwrap_or_default();

    let mut results = Vec::new();
    for part_of_answer in &answer.parts {
        let Some(Data::ToolCall(call)) = &part_of_answer.data else {
            continue;
        };
        let arguments: Value = serde_json::from_str(&call.arguments_json)?;
        let result = get_weather(arguments["city"].as_str().unwrap_or_default());
        println!("{}({}) -> {result}", call.name, call.arguments_json);
        results.push(part(Data::ToolResult(ToolResult {
            tool_call_id: call.id.clone(),
            name: call.name.clone(),
            content: vec![text(&result)],
            ..Default::default()
        })));
    }

    // The second turn has the conversation so far: the question, the call, its result.
    let messages = vec![question, answer, message(Role::Tool, results)];
    let second = client.generate(request(messages, None)).await?;
    println!("{}", second.generation.unwrap_or_default().output_text);
    Ok(())
}
