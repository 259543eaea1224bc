//! Streams whose output is voided: by the helper, by plain stubs, and by both together.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use steer_client::{Client, ReadOptions, SteerError, StreamExt, code_name};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{GenerationSpec, ResumeStreamRequest, StreamEvent, StreamGenerateRequest};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

use crate::Outcome;

fn request(spec: GenerationSpec) -> Outcome<StreamGenerateRequest> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    Ok(StreamGenerateRequest {
        request_id: format!("interop-{now}"),
        spec: Some(spec),
        ..StreamGenerateRequest::default()
    })
}

fn delta_of(event: StreamEvent) -> String {
    match event.event {
        Some(Event::TextDelta(delta)) => delta.text,
        _ => String::new(),
    }
}

/// What a plain stub was given by one call, and how the call has ended.
struct Given {
    text: String,
    status: Status,
}

impl Given {
    async fn read(mut call: Streaming<StreamEvent>) -> Given {
        let mut text = String::new();
        loop {
            match call.message().await {
                Ok(Some(event)) => text += &delta_of(event),
                Ok(None) => {
                    let status = Status::ok("");
                    return Given { text, status };
                }
                Err(status) => return Given { text, status },
            }
        }
    }

    fn answer(&self) -> Json {
        let reason = SteerError::from(self.status.clone()).reason;
        let code = match self.status.code() {
            Code::Ok => "OK".to_owned(),
            code => code_name(code),
        };
        json!({ "raw_text": self.text, "raw_code": code, "raw_reason": reason })
    }

    /// Where a reader can go on whose output was voided.
    fn position(&self) -> Option<ResumeStreamRequest> {
        let info = self.status.get_details_error_info()?;
        (info.reason == "OUTPUT_DISCARDED").then_some(())?;
        Some(ResumeStreamRequest {
            stream_id: info.metadata.get("stream_id")?.clone(),
            last_sequence: info.metadata.get("last_sequence")?.parse().ok()?,
            last_writer: info.metadata.get("last_writer")?.parse().ok()?,
            ..ResumeStreamRequest::default()
        })
    }
}

pub async fn lost_owner(client: &Client, spec: GenerationSpec) -> Outcome<Json> {
    let discards = Arc::new(AtomicU32::new(0));
    let counter = discards.clone();
    let options = ReadOptions {
        on_discard: Some(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })),
        ..ReadOptions::default()
    };
    let request = StreamGenerateRequest {
        spec: Some(spec),
        ..StreamGenerateRequest::default()
    };
    let text = client.stream_generate_with(options, request).text().await?;
    Ok(json!({ "text": text, "discards": discards.load(Ordering::Relaxed) }))
}

/// A plain stub reads a stream of its own.
pub async fn raw(client: &Client, spec: GenerationSpec) -> Outcome<Json> {
    let call = client.generation().stream_generate(request(spec)?).await?;
    Ok(Given::read(call.into_inner()).await.answer())
}

/// A plain stub joins a stream of the helper, and goes on behind what was voided.
pub async fn raw_joins(client: &Client, spec: GenerationSpec) -> Outcome<Json> {
    let request = request(spec)?;
    let text = client.stream_generate(request.clone()).text().await?;
    let call = client.generation().stream_generate(request).await?;
    let joined = Given::read(call.into_inner()).await;
    let mut answer = joined.answer();
    answer["text"] = text.into();
    if let Some(position) = joined.position() {
        let rest = client.generation().resume_stream(position).await?;
        answer["rest"] = Given::read(rest.into_inner()).await.text.into();
    }
    Ok(answer)
}

/// The helper joins a stream of a plain stub.
pub async fn joins_raw(client: &Client, spec: GenerationSpec) -> Outcome<Json> {
    let request = request(spec)?;
    let call = client.generation().stream_generate(request.clone()).await?;
    let mut call = call.into_inner();
    call.message().await?; // The stream exists.
    let (mut text, mut reason) = (String::new(), String::new());
    let mut events = client.stream_generate(request);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => text += &delta_of(event),
            Err(error) => reason = error.reason,
        }
    }
    let mut answer = Given::read(call).await.answer();
    answer["text"] = text.into();
    answer["reason"] = reason.into();
    Ok(answer)
}
