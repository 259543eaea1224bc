"""The client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Self, Unpack

import grpc
from steer import v1

from .channel import BaseClient, Begin, ReadOptions, with_id
from .error import SteerError, error_of_status
from .output import Output
from .repeat import Repetition
from .resume import Call, Deliver, Reading, Receive, StreamCursor, Wait, closed_error, silence_error


def _is_of_task() -> bool:
    """The task is being cancelled. Otherwise gRPC cancelled the call, for example with its
    channel."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _receive(call: Any, timeout: float | None) -> v1.StreamEvent | SteerError | None:
    try:
        async with asyncio.timeout(timeout):
            try:
                event = await call.read()
            except asyncio.CancelledError:
                if _is_of_task():
                    raise
                return closed_error()
        return None if event is grpc.aio.EOF else event
    except TimeoutError:
        return silence_error(timeout)
    except grpc.aio.AioRpcError as error:
        return error_of_status(error)


async def _read(reading: Reading, begin: Begin) -> AsyncGenerator[v1.StreamEvent, None]:
    call: Any = None
    try:
        for step in reading.steps():
            match step:
                case Call(cursor):
                    call = begin(cursor)
                case Receive(timeout):
                    reading.received = await _receive(call, timeout)
                case Deliver(event):
                    yield event
                case Wait(seconds):
                    call.cancel()
                    await reading.runtime.sleep(seconds)
    finally:
        if call is not None:
            call.cancel()


class AsyncEventStream(AsyncGenerator[v1.StreamEvent, None]):
    """The events of a stream. Leaving the loop ends the call; `aclose` does so at once."""

    def __init__(self, reading: Reading, begin: Begin) -> None:
        self._events = _read(reading, begin)

    async def text(self) -> str:
        """Reads to the end and returns the valid text: the text parts in the order of their index,
        joined, without voided output. Raises the error of a failed stream. Raises
        OUTPUT_INCOMPLETE if the reader started after the first valid output and the last event has
        no message."""
        return (await self._rest()).text()

    async def collect(self) -> v1.Generation:
        """Reads to the end and returns the result, always with its message and its `output_text`,
        which are assembled from the events if the last event leaves them out. Raises like `text`.
        """
        return (await self._rest()).generation()

    async def _rest(self) -> Output:
        rest = Output()
        async with contextlib.aclosing(self._events) as events:
            async for event in events:
                rest.add(event)
        return rest

    async def __anext__(self) -> v1.StreamEvent:
        return await anext(self._events)

    async def asend(self, value: None) -> v1.StreamEvent:
        return await anext(self)

    async def athrow(self, *error: Any) -> v1.StreamEvent:
        return await self._events.athrow(*error)

    async def aclose(self) -> None:
        await self._events.aclose()


class AsyncClient(BaseClient):
    """Create it in the event loop."""

    library = grpc.aio
    channel: grpc.aio.Channel

    async def generate(
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
                answer: v1.GenerateResponse = await self.generation.Generate(
                    whole, timeout=left, metadata=self.metadata()
                )
                return answer
            except grpc.aio.AioRpcError as error:
                cause = error_of_status(error)
            except asyncio.CancelledError:
                if _is_of_task():
                    raise
                cause = closed_error()
            if not self._closed.is_set():
                await self._runtime.sleep(repetition.wait_after(cause))
            if self._closed.is_set():
                raise cause

    def stream_generate(
        self, request: v1.StreamGenerateRequest, **options: Unpack[ReadOptions]
    ) -> AsyncEventStream:
        """Generates and streams. Resumes by itself if a connection or a replica is lost."""
        return AsyncEventStream(*self._new(request, options))

    def resume_stream(
        self, cursor: StreamCursor, **options: Unpack[ReadOptions]
    ) -> AsyncEventStream:
        """Resumes a stream at a stored position."""
        return AsyncEventStream(*self._known(cursor, options))

    async def close(self) -> None:
        self._closed.set()
        await self.channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
