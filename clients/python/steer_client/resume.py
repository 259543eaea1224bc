"""The algorithm of docs/resuming.md for both kinds of channel, without transport or waiting.

`Reading.steps` yields the next step. Its driver executes the step, with a blocking or an asyncio
channel, and puts the result of a `Receive` into `received`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from grpc import StatusCode
from steer.v1 import AttemptNotice, StreamEvent

from .error import SteerError, error_of_event
from .repeat import MAX_TRIES, wait_before
from .runtime import Runtime

#: Time for a call to end by itself after its last event.
END = 1.0
#: Codes that a repetition cannot change.
FINAL_CODES = {
    StatusCode[name]
    for name in (
        "INVALID_ARGUMENT UNAUTHENTICATED PERMISSION_DENIED UNIMPLEMENTED NOT_FOUND "
        "OUT_OF_RANGE DATA_LOSS FAILED_PRECONDITION ALREADY_EXISTS"
    ).split()
}


@dataclass(frozen=True, slots=True)
class StreamCursor:
    """Position of a reader, sufficient to resume, also in another process."""

    stream_id: str = ""
    sequence: int = 0
    #: Writer of that event. 0: the position is not verified.
    writer: int = 0


@dataclass(frozen=True, slots=True)
class Reconnect:
    """A delivery broke off, and the reader is about to resume."""

    cursor: StreamCursor
    tries: int
    wait: float
    cause: SteerError


@dataclass(frozen=True, slots=True)
class Call:
    """Begin a call: StreamGenerate, or ResumeStream if the cursor names a stream."""

    cursor: StreamCursor


@dataclass(frozen=True, slots=True)
class Receive:
    """Take one event of the call, and put it, the end (None) or the error into `received`."""

    timeout: float | None


@dataclass(frozen=True, slots=True)
class Deliver:
    event: StreamEvent


@dataclass(frozen=True, slots=True)
class Wait:
    """Cancel the call, then wait."""

    seconds: float


Step = Call | Receive | Deliver | Wait


def silence_error(seconds: float | None) -> SteerError:
    message = f"no event and no heartbeat for {seconds} s"
    return SteerError(StatusCode.UNAVAILABLE, message, reason="SILENCE")


def closed_error() -> SteerError:
    return SteerError(StatusCode.CANCELLED, "the client is closed")


@dataclass
class Reading:
    """Reads one stream. Every error that it raises has the reader's position."""

    runtime: Runtime
    #: Longest silence, heartbeats included, before the call is given up. 0: no limit.
    silence: float
    #: The request has a `request_id`, so a second StreamGenerate joins the stream of the first.
    repeatable: bool = True
    cursor: StreamCursor = field(default_factory=StreamCursor)
    #: True if the client is closed: no further call is made.
    is_closed: Callable[[], bool] = lambda: False
    #: Seconds until everything ends.
    timeout: float | None = None
    on_reconnect: Callable[[Reconnect], None] | None = None
    on_durability: Callable[[bool], None] | None = None
    on_discard: Callable[[AttemptNotice], None] | None = None
    received: StreamEvent | SteerError | None = None

    def __post_init__(self) -> None:
        self._ends_at = None if self.timeout is None else self.runtime.now() + self.timeout
        self._resumable = self._durable = True
        self._progress = False
        self._tries = 0

    def steps(self) -> Generator[Step, None, None]:
        """Ends after `complete`. Raises after `error`, or if the reader cannot resume."""
        while (cause := (yield from self._delivery())) is not None:
            yield Wait(self._before_next(cause))

    def _left(self) -> float | None:
        left = None if self._ends_at is None else self._ends_at - self.runtime.now()
        if left is not None and left <= 0:
            raise SteerError(StatusCode.DEADLINE_EXCEEDED, "the reader's time is up").at(
                self.cursor
            )
        return left

    def _delivery(self) -> Generator[Step, None, SteerError | None]:
        """Reads one call. Returns the error that broke it; None: the stream succeeded."""
        is_opening = not self.cursor.stream_id
        self._left()
        self._raise_if_closed()
        yield Call(self.cursor)
        while True:
            limits = [limit for limit in (self.silence or None, self._left()) if limit is not None]
            yield Receive(min(limits, default=None))
            event = self.received
            if isinstance(event, SteerError):
                self._left()
                return event
            if event is None:
                break
            kind = event.WhichOneof("event")
            if kind == "heartbeat":
                self._note_durability(not event.heartbeat.undurable)
                continue
            if event.sequence <= self.cursor.sequence:
                continue
            if event.sequence != self.cursor.sequence + 1:
                message = f"event {event.sequence} follows {self.cursor.sequence}"
                return SteerError(StatusCode.UNAVAILABLE, message, reason="SEQUENCE_GAP")
            stream_id = self.cursor.stream_id
            if kind == "start":
                stream_id, self._resumable = event.start.stream_id, event.start.resumable
            self.cursor = StreamCursor(stream_id, event.sequence, event.writer)
            self._tries, self._progress = 0, True
            if kind in ("complete", "error"):
                # Leaving at once would look like a cancel to the service.
                yield Receive(END)
            if kind == "attempt_notice" and event.attempt_notice.discard_output and self.on_discard:
                self.on_discard(event.attempt_notice)
            yield Deliver(event)
            if kind == "complete":
                return None
            if kind == "error":
                raise error_of_event(event.error.error).at(self.cursor)
        # The given cursor was already at the end of a successful stream.
        if not is_opening and not self._progress:
            return None
        message = "the call ended before the stream did"
        return SteerError(StatusCode.UNAVAILABLE, message, reason="STREAM_CUT")

    def _raise_if_closed(self) -> None:
        if self.is_closed():
            raise closed_error().at(self.cursor)

    def _note_durability(self, is_durable: bool) -> None:
        if is_durable is not self._durable and self.on_durability:
            self.on_durability(is_durable)
        self._durable = is_durable

    def _before_next(self, cause: SteerError) -> float:
        """Seconds until the next call. Raises if there must be none."""
        self._raise_if_closed()
        pushback = cause.pushback or 0
        is_refused = cause.detail is not None and not cause.detail.retryable
        if cause.code in FINAL_CODES or is_refused or pushback < 0:
            raise cause.at(self.cursor)
        # Without a `request_id`, a second call starts a second generation, unless nothing was
        # executed.
        may_open = self.repeatable or cause.pushback is not None
        if not (self._resumable if self.cursor.stream_id else may_open):
            message = f"the stream broke off and cannot be resumed: {cause}"
            error = SteerError(
                StatusCode.FAILED_PRECONDITION, message, reason="STREAM_NOT_RESUMABLE"
            )
            raise error.at(self.cursor) from cause
        if self._tries >= MAX_TRIES:
            raise cause.at(self.cursor)
        self._tries += 1
        wait = wait_before(cause, self._tries, self.runtime.random())
        if self.on_reconnect:
            self.on_reconnect(Reconnect(self.cursor, self._tries, wait, cause))
        left = self._left()
        return wait if left is None else min(wait, left)
