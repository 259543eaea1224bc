//! The client's side of a resumable stream: `docs/resuming.md`. Without a transport.
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use steer_stubs::v1::stream_event::Event;
use steer_stubs::v1::{AttemptNotice, StreamEvent};
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use crate::repeat::{MAX_TRIES, wait_before};
use crate::{EventStream, SteerError};

/// Time for a call to end by itself after its last event.
const END: Duration = Duration::from_secs(1);

/// Position of a reader, sufficient to resume, also in another process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamCursor {
    /// Empty until the stream is known.
    pub stream_id: String,
    /// Sequence of the last event processed.
    pub sequence: i32,
    /// Writer of that event. 0: the position is not verified.
    pub writer: u32,
}

/// A delivery broke off, and the reader is about to resume.
#[derive(Debug)]
pub struct Reconnect<'a> {
    pub cursor: &'a StreamCursor,
    /// Number of tries since the last new event.
    pub tries: u32,
    pub wait: Duration,
    pub cause: &'a SteerError,
}

/// Events of one call.
pub type Delivery = BoxStream<'static, Result<StreamEvent, Status>>;
type OnReconnect = dyn Fn(Reconnect<'_>) + Send + Sync;

/// How to read a stream. Time is tokio's, which tests can pause.
#[derive(Clone)]
pub struct ReadOptions {
    /// Deadline of each call. A delivery that reaches it is resumed by the next call.
    pub delivery_timeout: Option<Duration>,
    /// Longest silence of a live connection, heartbeats included. None: three heartbeats if their
    /// interval is known. Zero: no limit.
    pub silence: Option<Duration>,
    /// Called before each wait.
    pub on_reconnect: Option<Arc<OnReconnect>>,
    /// Called when the service's store goes away (false) or comes back (true). Meanwhile events may
    /// not be resumable.
    pub on_durability: Option<Arc<dyn Fn(bool) + Send + Sync>>,
    /// Called with each `attempt_notice` that has `discard_output`, before the event is returned.
    /// All output so far is void; a user interface clears its answer.
    pub on_discard: Option<Arc<dyn Fn(&AttemptNotice) + Send + Sync>>,
    /// Uniform in 0 to 1.
    pub random: fn() -> f64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            delivery_timeout: None,
            silence: None,
            on_reconnect: None,
            on_durability: None,
            on_discard: None,
            random: || (crate::random_bits() >> 11) as f64 / (1_u64 << 53) as f64,
        }
    }
}

/// The two calls that deliver a stream, over any transport.
pub struct StreamCalls {
    /// StreamGenerate, always with the same request, if the cursor has no `stream_id`; otherwise
    /// ResumeStream.
    pub call: Box<dyn Fn(&StreamCursor) -> Delivery + Send>,
    /// The request has a `request_id`, so a second call joins the stream of the first.
    pub is_repeatable: bool,
}

/// Reads over as many calls as necessary. Ends after `complete`. Returns an `error` event and then
/// fails. Also fails if it cannot resume.
pub fn read_stream(calls: StreamCalls, options: ReadOptions, from: StreamCursor) -> EventStream {
    let reader = Reader {
        calls,
        options,
        cursor: from,
        events: None,
        ended: None,
        is_resumable: true,
        is_durable: true,
        tries: 0,
        has_progress: false,
    };
    let next = |mut reader: Reader| async move { reader.next().await.map(|item| (item, reader)) };
    EventStream::new(stream::unfold(reader, next).boxed())
}

struct Reader {
    calls: StreamCalls,
    options: ReadOptions,
    cursor: StreamCursor,
    /// Events of the current call.
    events: Option<Delivery>,
    /// Set after the last event; the error still to be returned, if any.
    ended: Option<Option<SteerError>>,
    is_resumable: bool,
    is_durable: bool,
    /// Failures since the last new event.
    tries: u32,
    has_progress: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<StreamEvent, SteerError>> {
        loop {
            if let Some(error) = &mut self.ended {
                return error.take().map(Err);
            }
            match self.deliver().await {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => self.ended = Some(None),
                Err(cause) => {
                    self.events = None;
                    if let Err(error) = self.wait(cause).await {
                        self.ended = Some(Some(error.at(&self.cursor)));
                    }
                }
            }
        }
    }

    /// The next new event; None: the stream has already succeeded. Fails with the error that broke
    /// a call.
    async fn deliver(&mut self) -> Result<Option<StreamEvent>, SteerError> {
        let silence = self.options.silence.filter(|silence| !silence.is_zero());
        let is_opening = self.cursor.stream_id.is_empty();
        loop {
            let call = || (self.calls.call)(&self.cursor);
            let events = self.events.get_or_insert_with(call);
            let next = match silence {
                None => events.next().await,
                Some(silence) => timeout(silence, events.next()).await.map_err(|_| {
                    let message = format!("no event and no heartbeat for {silence:?}");
                    SteerError::local(Code::Unavailable, "SILENCE", message)
                })?,
            };
            let Some(event) = next.transpose()? else {
                // The given cursor was already at the end of a successful stream.
                if !is_opening && !self.has_progress {
                    return Ok(None);
                }
                let message = "the call ended before the stream did".to_owned();
                return Err(SteerError::local(Code::Unavailable, "STREAM_CUT", message));
            };
            if let Some(Event::Heartbeat(heartbeat)) = &event.event {
                self.tell_durability(!heartbeat.undurable);
                continue;
            }
            if event.sequence <= self.cursor.sequence {
                continue;
            }
            if event.sequence != self.cursor.sequence + 1 {
                let message = format!("event {} follows {}", event.sequence, self.cursor.sequence);
                return Err(SteerError::local(
                    Code::Unavailable,
                    "SEQUENCE_GAP",
                    message,
                ));
            }
            self.accept(&event).await;
            return Ok(Some(event));
        }
    }

    async fn accept(&mut self, event: &StreamEvent) {
        self.cursor.sequence = event.sequence;
        self.cursor.writer = event.writer;
        self.tries = 0;
        self.has_progress = true;
        match &event.event {
            Some(Event::Start(start)) => {
                self.cursor.stream_id.clone_from(&start.stream_id);
                self.is_resumable = start.resumable;
            }
            Some(Event::AttemptNotice(notice)) if notice.discard_output => {
                if let Some(tell) = &self.options.on_discard {
                    tell(notice);
                }
            }
            Some(Event::Complete(_)) => self.ended = Some(None),
            Some(Event::Error(end)) => {
                let error = SteerError::from_event(end.error.clone());
                self.ended = Some(Some(error.at(&self.cursor)));
            }
            _ => {}
        }
        if self.ended.is_some() {
            // Leaving at once would look like a cancel to the service.
            if let Some(mut events) = self.events.take() {
                let _ = timeout(END, events.next()).await;
            }
        }
    }

    fn tell_durability(&mut self, is_durable: bool) {
        if is_durable != self.is_durable
            && let Some(tell) = &self.options.on_durability
        {
            tell(is_durable);
        }
        self.is_durable = is_durable;
    }

    /// Waits before the next call, or fails if there must be none.
    async fn wait(&mut self, cause: SteerError) -> Result<(), SteerError> {
        let is_forbidden = cause.pushback_ms.is_some_and(|pushback| pushback < 0);
        let is_refused = cause
            .detail
            .as_ref()
            .is_some_and(|detail| !detail.retryable);
        if is_final(cause.code) || is_refused || is_forbidden {
            return Err(cause);
        }
        // Without a `request_id`, a second call starts a second generation, unless nothing was
        // executed.
        let is_safe = match self.cursor.stream_id.is_empty() {
            true => self.calls.is_repeatable || cause.pushback_ms.is_some(),
            false => self.is_resumable,
        };
        if !is_safe {
            let message = format!("the stream broke off and cannot be resumed: {cause}");
            let error =
                SteerError::local(Code::FailedPrecondition, "STREAM_NOT_RESUMABLE", message);
            return Err(error.because(cause));
        }
        if self.tries >= MAX_TRIES {
            return Err(cause);
        }
        self.tries += 1;
        let wait = wait_before(&cause, self.tries, (self.options.random)());
        if let Some(tell) = &self.options.on_reconnect {
            tell(Reconnect {
                cursor: &self.cursor,
                tries: self.tries,
                wait,
                cause: &cause,
            });
        }
        sleep(wait).await;
        Ok(())
    }
}

/// Codes that a repetition cannot change.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::Unimplemented
            | Code::NotFound
            | Code::OutOfRange
            | Code::DataLoss
            | Code::FailedPrecondition
            | Code::AlreadyExists
    )
}
