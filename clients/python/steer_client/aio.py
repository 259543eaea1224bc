"""For asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Self, Unpack

import grpc
from steer import v1

from .channel import BaseClient, Begin, ReadOptions, with_id
from .error import SteerError, error_of_status
from .resume import Call, Cursor, Deliver, Reading, Receive, Wait, silence_error


async def _receive(call: Any, timeout: float | None) -> v1.StreamEvent | SteerError | None:
    try:
        async with asyncio.timeout(timeout):
            event = await call.read()
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


class AsyncClient(BaseClient):
    """Make it where the loop runs."""

    library = grpc.aio
    channel: grpc.aio.Channel

    async def generate(
        self, request: v1.GenerateRequest, *, timeout: float | None = None
    ) -> v1.GenerateResponse:
        """Generates the whole answer."""
        try:
            answer: v1.GenerateResponse = await self.generation.Generate(
                with_id(request), timeout=timeout, metadata=self.metadata()
            )
        except grpc.aio.AioRpcError as error:
            raise error_of_status(error) from error
        return answer

    def stream_generate(
        self, request: v1.StreamGenerateRequest, **options: Unpack[ReadOptions]
    ) -> AsyncGenerator[v1.StreamEvent, None]:
        """Generates and streams; goes on by itself where a connection or a replica is lost."""
        return _read(*self._new(request, options))

    def resume_stream(
        self, cursor: Cursor, **options: Unpack[ReadOptions]
    ) -> AsyncGenerator[v1.StreamEvent, None]:
        """Goes on with a stream whose position was kept elsewhere."""
        return _read(*self._known(cursor, options))

    async def close(self) -> None:
        await self.channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
