//! Runs every vector of `tests/fixtures/resume-vectors.json` through the reader, with a transport
//! that plays its script, tokio's paused clock, and the vector's random source.
use std::error::Error;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream;
use prost::Message as _;
use serde::Deserialize;
use steer_client::{
    Delivery, EventStream, ReadOptions, Reconnect, SteerError, StreamCalls, StreamCursor,
    StreamExt, code_name, read_stream,
};
use steer_stubs::v1::part::Data;
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{
    AttemptNotice, GatewayError, Generation, Heartbeat, Message, Part, PartEnd, ReasoningDelta,
    StreamComplete, StreamError, StreamEvent, StreamStart, TextDelta, TextPart,
};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::pb::RetryInfo;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(default = "yes")]
    repeatable: bool,
    cursor: Option<VectorCursor>,
    stop: Option<Stop>,
    random: u8,
    calls: Vec<Call>,
    applied: Vec<i32>,
    discards: Option<Vec<i32>>,
    text: Option<String>,
    text_error: Option<String>,
    collect_error: Option<String>,
    outcome: Outcome,
    waits_ms: Vec<u64>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Deserialize)]
struct VectorCursor {
    stream_id: String,
    sequence: i32,
    writer: u32,
}

#[derive(Deserialize)]
struct Stop {
    how: String,
    after_sequence: Option<i32>,
    in_wait: Option<usize>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct Outcome {
    ended: String,
    code: Option<String>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Call {
    method: String,
    stream_id: Option<String>,
    last_sequence: Option<i32>,
    last_writer: Option<u32>,
    events: Vec<ScriptedEvent>,
    end: End,
    #[serde(default)]
    cancelled: bool,
}

#[derive(Clone, Deserialize)]
struct ScriptedEvent {
    sequence: i32,
    writer: u32,
    kind: String,
    stream_id: Option<String>,
    #[serde(default)]
    resumable: bool,
    #[serde(default)]
    discard_output: bool,
    #[serde(default)]
    undurable: bool,
    text: Option<String>,
    #[serde(default)]
    part: i32,
    #[serde(default)]
    output_text: String,
    message_text: Option<String>,
    #[serde(default)]
    message_omitted: bool,
    #[serde(default)]
    first_output_sequence: i32,
    #[serde(default)]
    newer: bool,
    error: Option<ScriptedError>,
}

#[derive(Clone, Deserialize)]
struct ScriptedError {
    code: Option<String>,
    reason: String,
    retryable: bool,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum End {
    Word(String),
    Status {
        code: String,
        gateway_error: Option<ScriptedError>,
        retry_info_ms: Option<i64>,
        pushback_ms: Option<i64>,
    },
}

fn code_of(name: &str) -> Code {
    (0..17)
        .map(Code::from)
        .find(|code| code_name(*code) == name)
        .unwrap_or_else(|| panic!("no code {name}"))
}

fn gateway_error(error: &ScriptedError, code: Code) -> GatewayError {
    GatewayError {
        code: code as i32,
        reason: error.reason.clone(),
        retryable: error.retryable,
        ..GatewayError::default()
    }
}

fn text_of(scripted: &ScriptedEvent) -> String {
    let text = scripted.text.clone();
    text.unwrap_or_else(|| format!("{} ", scripted.sequence))
}

fn text_part(text: String) -> Part {
    Part {
        data: Some(Data::Text(TextPart {
            text,
            ..Default::default()
        })),
        ..Part::default()
    }
}

fn event_of(scripted: &ScriptedEvent) -> StreamEvent {
    // A value of no current enum.
    let newer = if scripted.newer { 99 } else { 0 };
    let event = match scripted.kind.as_str() {
        "start" => Some(Event::Start(StreamStart {
            stream_id: scripted.stream_id.clone().unwrap_or_default(),
            resumable: scripted.resumable,
            durability: newer,
            ..StreamStart::default()
        })),
        "text" => Some(Event::TextDelta(TextDelta {
            part_index: scripted.part,
            text: text_of(scripted),
            ..TextDelta::default()
        })),
        "reasoning" => Some(Event::ReasoningDelta(ReasoningDelta {
            part_index: scripted.part,
            text: text_of(scripted),
        })),
        "notice" => Some(Event::AttemptNotice(AttemptNotice {
            discard_output: scripted.discard_output,
            action: newer,
            ..AttemptNotice::default()
        })),
        "part_end" => Some(Event::PartEnd(PartEnd {
            part_index: scripted.part,
            part: Some(Part::default()),
            ..PartEnd::default()
        })),
        "heartbeat" => Some(Event::Heartbeat(Heartbeat {
            undurable: scripted.undurable,
        })),
        "complete" => Some(Event::Complete(StreamComplete {
            message_omitted: scripted.message_omitted,
            first_output_sequence: scripted.first_output_sequence,
            provider_data: None,
            generation: Some(Generation {
                output_text: scripted.output_text.clone(),
                finish_reason: newer,
                message: scripted.message_text.clone().map(|text| Message {
                    parts: vec![text_part(text)],
                    ..Message::default()
                }),
                ..Generation::default()
            }),
        })),
        "error" => {
            let error = scripted.error.as_ref().map(|error| GatewayError {
                category: newer,
                ..gateway_error(error, code_of(error.code.as_deref().unwrap_or("UNKNOWN")))
            });
            let partial = None;
            Some(Event::Error(StreamError { error, partial }))
        }
        "unknown" => None,
        kind => panic!("no kind {kind}"),
    };
    StreamEvent {
        sequence: scripted.sequence,
        writer: scripted.writer,
        event,
        ..StreamEvent::default()
    }
}

/// A status as on the wire: details packed, pushback in the metadata. None: the call succeeded.
fn status_of(end: &End) -> Option<Status> {
    let End::Status {
        code,
        gateway_error: error,
        retry_info_ms,
        pushback_ms,
    } = end
    else {
        return None;
    };
    let code = code_of(code);
    let mut details = Vec::new();
    let mut pack = |name: &str, value: Vec<u8>| {
        let type_url = format!("type.googleapis.com/{name}");
        details.push(prost_types::Any { type_url, value });
    };
    if let Some(error) = error {
        pack(
            "steer.v1.GatewayError",
            gateway_error(error, code).encode_to_vec(),
        );
    }
    if let Some(ms) = retry_info_ms {
        let retry_delay = Some(prost_types::Duration {
            seconds: ms / 1_000,
            nanos: (ms % 1_000) as i32 * 1_000_000,
        });
        pack(
            "google.rpc.RetryInfo",
            RetryInfo { retry_delay }.encode_to_vec(),
        );
    }
    let status = tonic_types::Status {
        code: code as i32,
        message: String::new(),
        details,
    };
    let mut metadata = MetadataMap::new();
    if let Some(ms) = pushback_ms {
        metadata.insert("grpc-retry-pushback-ms", ms.to_string().parse().unwrap());
    }
    Some(Status::with_details_and_metadata(
        code,
        "",
        status.encode_to_vec().into(),
        metadata,
    ))
}

/// Observations of the reader.
#[derive(Default)]
struct Told {
    made: Vec<StreamCursor>,
    /// By call: it was dropped while it was open.
    cancelled: Vec<bool>,
    waits: Vec<Duration>,
    /// Number of reported notices that void earlier output.
    discards: usize,
}

/// Records that a call which stays open was dropped.
struct Open(Arc<Mutex<Told>>, usize);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().unwrap().cancelled[self.1] = true;
    }
}

fn play(script: &Call, open: impl FnOnce() -> Open, idle: Arc<Notify>) -> Delivery {
    let events = stream::iter(
        script
            .events
            .iter()
            .map(event_of)
            .map(Ok)
            .collect::<Vec<_>>(),
    );
    let is_open = matches!(&script.end, End::Word(word) if word == "open");
    if !is_open {
        return events
            .chain(stream::iter(status_of(&script.end).map(Err)))
            .boxed();
    }
    let guard = open();
    let open = stream::once(async move {
        idle.notify_one();
        std::future::pending::<()>().await;
        drop(guard);
        Err(Status::cancelled(""))
    });
    events.chain(open).boxed()
}

async fn run(vector: &Vector) -> (Outcome, Vec<i32>, Told, Duration) {
    let told = Arc::new(Mutex::new(Told::default()));
    // The scripted call is finished, or the reader waits.
    let idle = Arc::new(Notify::new());
    let call = {
        let (scripts, told, idle) = (vector.calls.clone(), told.clone(), idle.clone());
        Box::new(move |cursor: &StreamCursor| {
            let mut seen = told.lock().unwrap();
            let index = seen.made.len();
            seen.made.push(cursor.clone());
            seen.cancelled.push(false);
            play(&scripts[index], || Open(told.clone(), index), idle.clone())
        })
    };
    let in_wait = vector.stop.as_ref().and_then(|stop| stop.in_wait);
    let on_reconnect = {
        let (told, idle) = (told.clone(), idle.clone());
        move |reconnect: Reconnect<'_>| {
            let mut seen = told.lock().unwrap();
            seen.waits.push(reconnect.wait);
            if in_wait == Some(seen.waits.len()) {
                idle.notify_one();
            }
        }
    };
    let on_discard = {
        let told = told.clone();
        move |notice: &AttemptNotice| {
            assert!(notice.discard_output);
            told.lock().unwrap().discards += 1;
        }
    };
    let options = ReadOptions {
        on_reconnect: Some(Arc::new(on_reconnect)),
        on_discard: Some(Arc::new(on_discard)),
        random: if vector.random == 0 { || 0.0 } else { || 1.0 },
        ..ReadOptions::default()
    };
    let calls = StreamCalls {
        call,
        is_repeatable: vector.repeatable,
    };
    let from = vector.cursor.clone().map(|cursor| StreamCursor {
        stream_id: cursor.stream_id,
        sequence: cursor.sequence,
        writer: cursor.writer,
    });
    let mut events = read_stream(calls, options, from.clone().unwrap_or_default());

    let how = vector.stop.as_ref().map(|stop| stop.how.as_str());
    let after = vector.stop.as_ref().and_then(|stop| stop.after_sequence);
    let started = Instant::now();
    // A wait of a vector is 100 ms or longer, and time passes only in waits.
    let deadline = match how {
        Some("deadline") => started + Duration::from_millis(50),
        _ => started + Duration::from_secs(3_600),
    };
    let (mut applied, mut discarded) = (Vec::new(), Vec::new());
    let ended = |ended: &str| Outcome {
        ended: ended.to_owned(),
        ..Outcome::default()
    };
    let outcome = loop {
        let next = async {
            let mut stopped = pin!(async {
                idle.notified().await;
                if how != Some("cancel") {
                    std::future::pending::<()>().await;
                }
            });
            tokio::select! {
                next = events.next() => Some(next),
                () = &mut stopped => None,
            }
        };
        match timeout_at(deadline, next).await {
            Err(_) => break ended("deadline"),
            Ok(None) => break ended("cancelled"),
            Ok(Some(None)) => break ended("complete"),
            Ok(Some(Some(Ok(event)))) => {
                // The notice is reported before it is returned.
                while discarded.len() < told.lock().unwrap().discards {
                    discarded.push(event.sequence);
                }
                applied.push(event.sequence);
                if how == Some("leave") && after == Some(event.sequence) {
                    break ended("left");
                }
            }
            Ok(Some(Some(Err(error)))) => {
                let at = error.cursor.as_ref().map(|cursor| cursor.sequence);
                let from = from.map_or(0, |cursor| cursor.sequence);
                assert_eq!(at, Some(applied.last().copied().unwrap_or(from)), "cursor");
                assert!(events.next().await.is_none(), "nothing follows an error");
                break failed(&error, &vector.outcome);
            }
        }
    };
    drop(events);
    let told = std::mem::take(&mut *told.lock().unwrap());
    if let Some(discards) = &vector.discards {
        assert_eq!(&discarded, discards, "discards: {}", vector.name);
    }
    (outcome, applied, told, started.elapsed())
}

/// The error, with the fields that the vector names.
fn failed(error: &SteerError, expected: &Outcome) -> Outcome {
    Outcome {
        ended: "error".to_owned(),
        code: Some(code_name(error.code)),
        reason: expected.reason.as_ref().map(|_| error.reason.clone()),
    }
}

fn made_by(calls: &[Call]) -> Vec<StreamCursor> {
    let cursor = |call: &Call| match call.method.as_str() {
        "StreamGenerate" => StreamCursor::default(),
        _ => StreamCursor {
            stream_id: call.stream_id.clone().unwrap(),
            sequence: call.last_sequence.unwrap(),
            writer: call.last_writer.unwrap(),
        },
    };
    calls.iter().map(cursor).collect()
}

#[tokio::test(start_paused = true)]
async fn a_69_every_vector() -> Result<(), Box<dyn Error>> {
    for vector in &vectors()? {
        let name = &vector.name;
        let (outcome, applied, told, elapsed) = run(vector).await;
        println!("{name}");
        // A call without a stream id is StreamGenerate.
        let made: Vec<_> = told.made.iter().map(opened).collect();
        assert_eq!(made, made_by(&vector.calls), "calls: {name}");
        assert_eq!(applied, vector.applied, "applied: {name}");
        assert_eq!(outcome, vector.outcome, "outcome: {name}");
        let waits: Vec<_> = vector
            .waits_ms
            .iter()
            .map(|ms| Duration::from_millis(*ms))
            .collect();
        assert_eq!(told.waits, waits, "waits: {name}");
        if vector.stop.is_none() {
            assert!(elapsed >= waits.iter().sum(), "waited {elapsed:?}: {name}");
        }
        let cancelled: Vec<_> = vector.calls.iter().map(|call| call.cancelled).collect();
        assert_eq!(told.cancelled, cancelled, "cancelled: {name}");
    }
    Ok(())
}

/// A reader of the vector's calls, one after another.
fn reader_of(vector: &Vector) -> EventStream {
    let (scripts, made) = (vector.calls.clone(), Mutex::new(0));
    let call = Box::new(move |_: &StreamCursor| {
        let mut made = made.lock().unwrap();
        let script = &scripts[*made];
        *made += 1;
        let events: Vec<_> = script.events.iter().map(event_of).map(Ok).collect();
        let end = stream::iter(status_of(&script.end).map(Err));
        stream::iter(events).chain(end).boxed()
    });
    let from = vector.cursor.clone().map(|cursor| StreamCursor {
        stream_id: cursor.stream_id,
        sequence: cursor.sequence,
        writer: cursor.writer,
    });
    let is_repeatable = vector.repeatable;
    let calls = StreamCalls {
        call,
        is_repeatable,
    };
    read_stream(calls, ReadOptions::default(), from.unwrap_or_default())
}

/// Compares the text with the vector's; with a reason, the error's reason.
fn check_text(vector: &Vector, reason: Option<&String>, text: Result<String, SteerError>) {
    let name = &vector.name;
    match reason {
        Some(reason) => assert_eq!(&text.unwrap_err().reason, reason, "{name}"),
        None => assert_eq!(Some(text.unwrap()), vector.text, "{name}"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_vector_of_output() -> Result<(), Box<dyn Error>> {
    let vectors = vectors()?.into_iter();
    for vector in &vectors
        .filter(|vector| vector.text.is_some() || vector.text_error.is_some())
        .collect::<Vec<_>>()
    {
        let failure = vector.text_error.as_ref();
        check_text(vector, failure, reader_of(vector).text().await);
        let collected = reader_of(vector).collect().await;
        let text = collected.map(|generation| {
            assert_eq!(Some(&generation.output_text), vector.text.as_ref());
            let parts = generation.message.unwrap().parts.into_iter();
            let texts = parts.filter_map(|part| match part.data {
                Some(Data::Text(part)) => Some(part.text),
                _ => None,
            });
            texts.collect::<String>()
        });
        check_text(vector, vector.collect_error.as_ref().or(failure), text);
    }
    Ok(())
}

fn vectors() -> Result<Vec<Vector>, Box<dyn Error>> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/resume-vectors.json"
    );
    let Vectors { vectors } = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    assert!(!vectors.is_empty());
    Ok(vectors)
}

fn opened(cursor: &StreamCursor) -> StreamCursor {
    match cursor.stream_id.is_empty() {
        true => StreamCursor::default(),
        false => cursor.clone(),
    }
}

fn start() -> StreamEvent {
    let resumable = true;
    let start = StreamStart {
        stream_id: "s.1".to_owned(),
        resumable,
        ..StreamStart::default()
    };
    StreamEvent {
        sequence: 1,
        event: Some(Event::Start(start)),
        ..StreamEvent::default()
    }
}

fn complete() -> StreamEvent {
    StreamEvent {
        sequence: 2,
        event: Some(Event::Complete(StreamComplete::default())),
        ..StreamEvent::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_falls_silent_is_given_up_and_resumed() {
    let causes = Arc::new(Mutex::new(Vec::new()));
    let told = causes.clone();
    let options = ReadOptions {
        silence: Some(Duration::from_secs(1)),
        on_reconnect: Some(Arc::new(move |reconnect| {
            told.lock().unwrap().push(reconnect.cause.reason.clone());
        })),
        random: || 0.0,
        ..ReadOptions::default()
    };
    let call = |cursor: &StreamCursor| match cursor.sequence {
        0 => stream::iter([Ok(start())]).chain(stream::pending()).boxed(),
        _ => stream::iter([Ok(complete())]).boxed(),
    };
    let calls = StreamCalls {
        call: Box::new(call),
        is_repeatable: true,
    };
    let mut events = read_stream(calls, options, StreamCursor::default());
    events.next().await.unwrap().unwrap();
    // The consumer is slow, the call is not.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let early = timeout_at(Instant::now() + Duration::from_millis(999), events.next());
    assert!(early.await.is_err());
    assert!(causes.lock().unwrap().is_empty());
    assert_eq!(events.next().await.unwrap().unwrap().sequence, 2);
    assert_eq!(*causes.lock().unwrap(), ["SILENCE"]);
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_is_told_once_and_once_when_it_is_back() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let options = ReadOptions {
        on_durability: Some(Arc::new(move |is_durable| {
            seen.lock().unwrap().push(is_durable)
        })),
        ..ReadOptions::default()
    };
    let beat = |undurable| StreamEvent {
        event: Some(Event::Heartbeat(Heartbeat { undurable })),
        ..start()
    };
    let script = [
        start(),
        beat(false),
        beat(true),
        beat(true),
        beat(false),
        complete(),
    ];
    let calls = StreamCalls {
        call: Box::new(move |_| stream::iter(script.clone().map(Ok)).boxed()),
        is_repeatable: true,
    };
    let events = read_stream(calls, options, StreamCursor::default());
    let sequences: Vec<_> = events.map(|event| event.unwrap().sequence).collect().await;
    assert_eq!(sequences, [1, 2]);
    assert_eq!(*told.lock().unwrap(), [false, true]);
}
