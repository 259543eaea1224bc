"""The client for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any, Self, Unpack

import grpc
from steer import v1

from .channel import BaseClient, Begin, ReadOptions, with_id
from .error import SteerError, error_of_status
from .output import Output
from .repeat import Repetition
from .resume import Call, Deliver, Reading, Receive, StreamCursor, Wait, silence_error


class _Calls:
    """The current call, and the ways to end it from another thread: `cancel`, or a watch over long
    waits, because a blocking read has no time limit."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._call: Any = None
        self._changed = threading.Condition()
        self._watch: threading.Thread | None = None
        #: Time at which the current read is too long, and time at which the watch looks next.
        self._ends_at: float | None = None
        self._looks_at = float("inf")
        self._has_expired = self._is_closed = False

    def begin(self, call: Any) -> None:
        self._call, self._has_expired = call, False
        if self.stopped.is_set():
            call.cancel()

    def receive(self, timeout: float | None) -> v1.StreamEvent | SteerError | None:
        if timeout is not None:
            self._limit(time.monotonic() + timeout)
        try:
            event: v1.StreamEvent | None = next(self._call, None)
            return event
        except grpc.RpcError as error:
            return silence_error(timeout) if self._has_expired else error_of_status(error)
        finally:
            self._ends_at = None

    def hang_up(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def cancel(self) -> None:
        self.stopped.set()
        self.hang_up()

    def close(self) -> None:
        self.hang_up()
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _limit(self, ends_at: float) -> None:
        self._ends_at = ends_at
        # A watch that looks earlier need not be woken, so most events take no lock.
        if ends_at >= self._looks_at:
            return
        with self._changed:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="steer-silence", daemon=True)
                self._watch.start()
            self._looks_at = ends_at
            self._changed.notify()

    def _look(self) -> None:
        with self._changed:
            while not self._is_closed:
                # In this order, so that a read that begins meanwhile sees that it has to wake the
                # watch.
                self._looks_at = float("inf")
                now, ends_at = time.monotonic(), self._ends_at
                if ends_at is None:
                    self._changed.wait()
                elif ends_at > now:
                    self._looks_at = ends_at
                    self._changed.wait(ends_at - now)
                else:
                    self._has_expired, self._ends_at = True, None
                    self.hang_up()


def _read(reading: Reading, begin: Begin, calls: _Calls) -> Generator[v1.StreamEvent, None, None]:
    try:
        for step in reading.steps():
            match step:
                case Call(cursor):
                    calls.begin(begin(cursor))
                case Receive(timeout):
                    reading.received = calls.receive(timeout)
                case Deliver(event):
                    yield event
                    continue
                case Wait(seconds):
                    calls.hang_up()
                    reading.runtime.wait(calls.stopped, seconds)
            if calls.stopped.is_set():
                raise SteerError(grpc.StatusCode.CANCELLED, "cancelled by the reader").at(
                    reading.cursor
                )
    finally:
        calls.close()


class EventStream(Iterator[v1.StreamEvent]):
    """The events of a stream. Leaving the loop ends the call; `cancel` does so from any thread."""

    def __init__(self, reading: Reading, begin: Begin) -> None:
        # The generator must not refer to this object: without a cycle, `break` alone frees both.
        self._calls = _Calls()
        self._events = _read(reading, begin, self._calls)

    def __next__(self) -> v1.StreamEvent:
        return next(self._events)

    def text(self) -> str:
        """Reads to the end and returns the valid text: the text parts in the order of their index,
        joined, without voided output. Raises the error of a failed stream. Raises
        OUTPUT_INCOMPLETE if the reader started after the first valid output and the last event has
        no message."""
        return self._rest().text()

    def collect(self) -> v1.Generation:
        """Reads to the end and returns the result, always with its message and its `output_text`,
        which are assembled from the events if the last event leaves them out. Raises like `text`.
        """
        return self._rest().generation()

    def _rest(self) -> Output:
        rest = Output()
        for event in self._events:
            rest.add(event)
        return rest

    def cancel(self) -> None:
        """The loop raises CANCELLED."""
        self._calls.cancel()

    def close(self) -> None:
        self._events.close()


class Client(BaseClient):
    library = grpc
    channel: grpc.Channel

    def generate(
        self, request: v1.GenerateRequest, *, timeout: float | None = None
    ) -> v1.GenerateResponse:
        """Generates the whole answer within `timeout` seconds, repetitions included. The call is
        repeated up to 10 times if a connection or a replica was lost before the answer, or if the
        service refused the call and asks for a repetition. A repetition joins a generation that
        still runs, or gets its stored answer. If the lost connection cancelled the generation, the
        answer is generated again, and a provider can be paid twice."""
        whole, repetition = with_id(request), Repetition(self._runtime, timeout)
        while True:
            left = repetition.left()
            try:
                answer: v1.GenerateResponse = self.generation.Generate(
                    whole, timeout=left, metadata=self.metadata()
                )
                return answer
            except grpc.RpcError as error:
                cause = error_of_status(error)
            if self._closed.is_set():
                raise cause
            self._runtime.wait(self._closed, repetition.wait_after(cause))
            if self._closed.is_set():
                raise cause

    def stream_generate(
        self, request: v1.StreamGenerateRequest, **options: Unpack[ReadOptions]
    ) -> EventStream:
        """Generates and streams. Resumes by itself if a connection or a replica is lost."""
        return EventStream(*self._new(request, options))

    def resume_stream(self, cursor: StreamCursor, **options: Unpack[ReadOptions]) -> EventStream:
        """Resumes a stream at a stored position."""
        return EventStream(*self._known(cursor, options))

    def close(self) -> None:
        self._closed.set()
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
