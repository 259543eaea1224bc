//! Repeated unary calls, and the flags of a reader's calls: over HTTP/2 in memory, in virtual time.
mod replica;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message;
use replica::{Address, Reply};
use steer_client::{Client, SteerError};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{
    GenerateRequest, GenerateResponse, GenerationSpec, MidStreamRecovery, ResumeStreamRequest,
    RoutingPolicy, StreamComplete, StreamEvent, StreamGenerateRequest, StreamStart,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The service's own refusal, with or without a pushback.
fn refusal(code: Code, pushback_ms: Option<i64>) -> Status {
    let details = ErrorDetails::with_error_info("DRAINING", "steer", HashMap::new());
    let mut metadata = MetadataMap::new();
    if let Some(ms) = pushback_ms {
        metadata.insert("grpc-retry-pushback-ms", ms.to_string().parse().unwrap());
    }
    Status::with_error_details_and_metadata(code, "refused", details, metadata)
}

/// The `request_id`s that replicas have seen.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, message: &[u8]) {
        let request = GenerateRequest::decode(message).unwrap();
        self.0.lock().unwrap().push(request.request_id);
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn distinct(&self) -> usize {
        let mut ids = self.0.lock().unwrap().clone();
        ids.sort();
        ids.dedup();
        ids.len()
    }

    fn refuse(&self, status: Status) -> impl Fn(&str, &[u8]) -> Reply + use<> {
        let seen = self.clone();
        move |_, message| {
            seen.note(message);
            Reply::Said(Vec::new(), status.clone())
        }
    }

    fn answer(&self) -> impl Fn(&str, &[u8]) -> Reply + use<> {
        let seen = self.clone();
        move |_, message| {
            seen.note(message);
            let answer = GenerateResponse::default().encode_to_vec();
            Reply::Said(vec![answer], Status::ok(""))
        }
    }
}

/// Makes this many calls at once over one channel. Returns the errors.
async fn generate_together(client: &Client, calls: usize) -> Vec<SteerError> {
    let mut running = JoinSet::new();
    for _ in 0..calls {
        let client = client.clone();
        running.spawn(async move { client.generate(GenerateRequest::default()).await });
    }
    let results = running.join_all().await;
    results.into_iter().filter_map(Result::err).collect()
}

#[tokio::test(start_paused = true)]
async fn field_e25_no_call_of_many_fails_when_their_replica_is_lost() {
    const CALLS: usize = 40;
    let (address, seen) = (Address::default(), Seen::default());
    let held = seen.clone();
    let lost = address.start(move |_, message| {
        held.note(message);
        Reply::Nothing
    });
    let client = address.client();
    let (there, later) = (address.clone(), Seen::default());
    let served = later.clone();
    let fate = tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        let other = there.start(served.answer());
        drop(lost);
        other
    });
    let failed = generate_together(&client, CALLS).await;
    let _other = fate.await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((seen.calls(), seen.distinct()), (CALLS, CALLS));
    assert_eq!((later.calls(), later.distinct()), (CALLS, CALLS));
}

#[tokio::test(start_paused = true)]
async fn field_e25_calls_that_a_draining_replica_refuses_wait_for_its_goaway() {
    let (address, seen) = (Address::default(), Seen::default());
    let draining = address.start(seen.refuse(refusal(Code::Unavailable, Some(200))));
    let client = address.client();
    let there = address.clone();
    let later = Seen::default();
    let served = later.clone();
    let fate = tokio::spawn(async move {
        // The replica refuses calls on its connection for two seconds before GOAWAY.
        sleep(Duration::from_secs(2)).await;
        let other = there.start(served.answer());
        draining.drain();
        (draining, other)
    });
    let failed = generate_together(&client, 8).await;
    let _replicas = fate.await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((later.calls(), later.distinct()), (8, 8));
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_made_ten_times_more_at_most() {
    let (address, seen) = (Address::default(), Seen::default());
    let _replica = address.start(seen.refuse(refusal(Code::Unavailable, Some(200))));
    let began = Instant::now();
    let error = address.client().generate(GenerateRequest::default()).await;
    assert_eq!(error.unwrap_err().reason, "DRAINING");
    assert_eq!((seen.calls(), seen.distinct()), (11, 1));
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "the pushback is a floor"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_service_has_answered_is_not_asked_again() {
    for status in [
        refusal(Code::Unavailable, Some(-1)),
        refusal(Code::Unavailable, None),
        refusal(Code::Internal, None),
        refusal(Code::ResourceExhausted, Some(1)),
        Status::invalid_argument("no"),
    ] {
        let (address, seen) = (Address::default(), Seen::default());
        let code = status.code();
        let _replica = address.start(seen.refuse(status));
        let error = address.client().generate(GenerateRequest::default()).await;
        assert_eq!(error.unwrap_err().code, code);
        assert_eq!(seen.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_over_all_repetitions() {
    let (address, seen) = (Address::default(), Seen::default());
    let _replica = address.start(seen.refuse(refusal(Code::Unavailable, Some(2_000))));
    let began = Instant::now();
    let limit = Duration::from_secs(5);
    let call = address
        .client()
        .generate_within(limit, GenerateRequest::default())
        .await;
    // The reason is the service's, not a deadline that was never reached.
    assert_eq!(call.unwrap_err().reason, "DRAINING");
    assert!(began.elapsed() < limit);
    assert!(seen.calls() >= 2);
}

fn encoded(sequence: i32, event: Event) -> Vec<u8> {
    let event = StreamEvent {
        sequence,
        writer: 7,
        event: Some(event),
        ..StreamEvent::default()
    };
    event.encode_to_vec()
}

/// Flags of a call: `accepts_discard`, and the recovery of a call that opens a stream.
type Flags = (bool, Option<MidStreamRecovery>);

#[tokio::test(start_paused = true)]
async fn a_recovery_that_the_caller_names_stays() {
    for named in [
        MidStreamRecovery::Unspecified,
        MidStreamRecovery::Fail,
        MidStreamRecovery::Restart,
        MidStreamRecovery::Continue,
    ] {
        let address = Address::default();
        let flags: Arc<Mutex<Vec<Flags>>> = Arc::default();
        let seen = flags.clone();
        let _replica = address.start(move |path, message| {
            let is_opening = path.ends_with("/StreamGenerate");
            let (flags, events) = if is_opening {
                let request = StreamGenerateRequest::decode(message).unwrap();
                let routing = request.spec.unwrap().routing.unwrap();
                let start = StreamStart {
                    stream_id: "s.1".to_owned(),
                    resumable: true,
                    ..StreamStart::default()
                };
                let flags = (request.accepts_discard, Some(routing.mid_stream_recovery()));
                (flags, vec![encoded(1, Event::Start(start))])
            } else {
                let request = ResumeStreamRequest::decode(message).unwrap();
                (
                    (request.accepts_discard, None),
                    vec![encoded(2, Event::Complete(StreamComplete::default()))],
                )
            };
            seen.lock().unwrap().push(flags);
            Reply::Said(events, Status::ok(""))
        });
        let spec = GenerationSpec {
            routing: (named != MidStreamRecovery::Unspecified).then(|| RoutingPolicy {
                mid_stream_recovery: named.into(),
                ..RoutingPolicy::default()
            }),
            ..GenerationSpec::default()
        };
        let request = StreamGenerateRequest {
            spec: Some(spec),
            ..StreamGenerateRequest::default()
        };
        address
            .client()
            .stream_generate(request)
            .text()
            .await
            .unwrap();
        let asked = match named {
            MidStreamRecovery::Unspecified => MidStreamRecovery::Restart,
            named => named,
        };
        assert_eq!(*flags.lock().unwrap(), [(true, Some(asked)), (true, None)]);
    }
}
