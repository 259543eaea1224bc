//! Calls without a pause, while replicas are restarted.
use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use steer_client::{Client, SteerError, StreamExt};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{GenerateRequest, GenerationSpec, StreamGenerateRequest};
use tokio::task::JoinSet;

use crate::{Outcome, setting, text_of};

/// The answers of one loop, and what has failed there.
#[derive(Default)]
struct Tally {
    is_streaming: bool,
    texts: Vec<String>,
    failures: Vec<String>,
}

impl Tally {
    fn note(&mut self, answer: Result<String, SteerError>) {
        match answer {
            Ok(text) => self.texts.push(text),
            Err(error) => self.failures.push(error.to_string()),
        }
    }
}

async fn generate(client: &Client, spec: GenerationSpec) -> Result<String, SteerError> {
    let request = GenerateRequest {
        spec: Some(spec),
        ..GenerateRequest::default()
    };
    let response = client.generate(request).await?;
    Ok(text_of(response.generation.unwrap_or_default()))
}

async fn read(client: &Client, spec: GenerationSpec, tally: &mut Tally) {
    let request = StreamGenerateRequest {
        spec: Some(spec),
        ..StreamGenerateRequest::default()
    };
    let (mut sequence, mut text) = (0, String::new());
    let mut events = client.stream_generate(request);
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => return tally.note(Err(error)),
        };
        sequence += 1;
        if event.sequence != sequence {
            let failure = format!("event {} where {sequence} was due", event.sequence);
            tally.failures.push(failure);
        }
        match event.event {
            Some(Event::TextDelta(delta)) => text += &delta.text,
            Some(Event::AttemptNotice(notice)) if notice.discard_output => text.clear(),
            _ => {}
        }
    }
    tally.note(Ok(text));
}

/// So many streams and unary calls at a time, until the runner writes its file.
pub async fn rolling(client: Client, spec: GenerationSpec) -> Outcome<Json> {
    let end_file = PathBuf::from(setting("STEER_END_FILE")?);
    let mut loops = JoinSet::new();
    for (name, is_streaming) in [("STEER_LOOPS", false), ("STEER_STREAMS", true)] {
        for _ in 0..setting(name)?.parse()? {
            let (client, spec) = (client.clone(), spec.clone());
            let end_file = end_file.clone();
            loops.spawn(async move {
                let mut tally = Tally {
                    is_streaming,
                    ..Tally::default()
                };
                while !end_file.exists() {
                    match is_streaming {
                        true => read(&client, spec.clone(), &mut tally).await,
                        false => tally.note(generate(&client, spec.clone()).await),
                    }
                }
                tally
            });
        }
    }
    let (mut calls, mut streams, mut failures) = (0, 0, Vec::new());
    let mut texts = HashMap::<String, usize>::new();
    for tally in loops.join_all().await {
        match tally.is_streaming {
            true => streams += tally.texts.len(),
            false => calls += tally.texts.len(),
        }
        failures.extend(tally.failures);
        for text in tally.texts {
            *texts.entry(text).or_default() += 1;
        }
    }
    Ok(json!({ "calls": calls, "streams": streams, "texts": texts, "failures": failures }))
}
