"""One interface for both clients: each reads a stream like a caller, and reports its end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from scripted_service import PATIENCE, ScriptedService
from steer import v1

from steer_client import AsyncClient, Client, Runtime, SteerError, StreamCursor


@dataclass
class Stop:
    """How and when the caller ends it."""

    how: str = ""
    after_sequence: int = -1
    in_wait: int = 0


@dataclass
class Result:
    applied: list[int] = field(default_factory=list)
    #: Sequences of the events before which a discard was reported.
    discards: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    ended: str = ""
    error: SteerError | None = None


@dataclass
class Plan:
    service: ScriptedService
    address: str
    request: v1.StreamGenerateRequest
    cursor: StreamCursor | None = None
    random: float = 0
    stop: Stop = field(default_factory=Stop)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._jumped = 0.0
        if self.stop.how == "deadline":
            # Waits use virtual time; waiting for an event uses real time.
            self.options["timeout"] = PATIENCE if self.stop.in_wait else 2.0

    def told_by(self, result: Result) -> dict[str, Any]:
        """The reader's options, with reported discards kept in the result."""

        def note(_: v1.AttemptNotice) -> None:
            result.discards.append((result.applied or [self._first()])[-1] + 1)

        return {"on_discard": note, **self.options}

    def now(self) -> float:
        return time.monotonic() + self._jumped

    def wait(self, result: Result, seconds: float, cancel: Callable[[], object]) -> None:
        """The caller's action during a wait. Waits take no time."""
        result.waits.append(seconds)
        for index, _ in enumerate(self.service.made):
            if self.service.scripts[index].get("cancelled"):
                assert self.service.cancelled[index].wait(PATIENCE), "the call goes on meanwhile"
        if len(result.waits) == self.stop.in_wait:
            if self.stop.how == "cancel":
                cancel()
            self._jumped += 2 * PATIENCE

    def end(self, result: Result, error: SteerError | None) -> Result:
        result.error = error
        if error is not None:
            is_timeout = self.stop.how == "deadline" and error.code.name == "DEADLINE_EXCEEDED"
            result.ended = "deadline" if is_timeout else "error"
            assert error.cursor is not None
            assert error.cursor.sequence == (result.applied or [self._first()])[-1]
        return result

    def _first(self) -> int:
        return self.cursor.sequence if self.cursor else 0


class Read(Protocol):
    def __call__(self, plan: Plan) -> Result: ...


def read_with_threads(plan: Plan) -> Result:
    result, stop = Result(), plan.stop

    def wait(_: threading.Event, seconds: float) -> bool:
        plan.wait(result, seconds, lambda: events.cancel())
        return False

    def cancel_when_idle() -> None:
        plan.service.idle.wait(PATIENCE)
        events.cancel()

    runtime = Runtime(now=plan.now, random=lambda: plan.random, wait=wait)
    with Client(plan.address, runtime=runtime) as client:
        options = plan.told_by(result)
        events = (
            client.resume_stream(plan.cursor, **options)
            if plan.cursor
            else client.stream_generate(plan.request, **options)
        )
        if stop.how == "cancel" and stop.after_sequence == 0:
            threading.Thread(target=cancel_when_idle).start()
        try:
            for event in events:
                result.applied.append(event.sequence)
                if event.sequence != stop.after_sequence:
                    continue
                if stop.how == "leave":
                    result.ended = "left"
                    # Only the loop holds it, as if it had no name.
                    del events
                    break
                if stop.how == "cancel":
                    threading.Thread(target=cancel_when_idle).start()
            else:
                result.ended = "complete"
        except SteerError as error:
            plan.end(result, error)
            if stop.how == "cancel" and error.code.name == "CANCELLED":
                result.ended = "cancelled"
        if stop.how == "leave":
            assert plan.service.cancelled[-1].wait(PATIENCE), "the call goes on"
    return result


def read_with_asyncio(plan: Plan) -> Result:
    result, stop = Result(), plan.stop

    async def read() -> None:
        task = asyncio.current_task()
        assert task is not None

        async def sleep(seconds: float) -> None:
            plan.wait(result, seconds, task.cancel)
            await asyncio.sleep(0)

        async def cancel_when_idle() -> None:
            await asyncio.to_thread(plan.service.idle.wait, PATIENCE)
            task.cancel()

        runtime = Runtime(now=plan.now, random=lambda: plan.random, sleep=sleep)
        async with AsyncClient(plan.address, runtime=runtime) as client:
            options = plan.told_by(result)
            events = (
                client.resume_stream(plan.cursor, **options)
                if plan.cursor
                else client.stream_generate(plan.request, **options)
            )
            cancels = []
            if stop.how == "cancel" and stop.after_sequence == 0:
                cancels.append(asyncio.create_task(cancel_when_idle()))
            try:
                async for event in events:
                    result.applied.append(event.sequence)
                    if event.sequence != stop.after_sequence:
                        continue
                    if stop.how == "leave":
                        result.ended = "left"
                        del events
                        break
                    if stop.how == "cancel":
                        cancels.append(asyncio.create_task(cancel_when_idle()))
                else:
                    result.ended = "complete"
            except SteerError as error:
                plan.end(result, error)
            except asyncio.CancelledError:
                task.uncancel()
                result.ended = "cancelled"
            if stop.how == "leave":
                waits = asyncio.to_thread(plan.service.cancelled[-1].wait, PATIENCE)
                assert await waits, "the call goes on"

    asyncio.run(read())
    return result


Take = Literal["text", "collect"]


class ReadOutput(Protocol):
    def __call__(self, plan: Plan, take: Take) -> Any: ...


def output_with_threads(plan: Plan, take: Take) -> Any:
    """The result of `text` or `collect`."""
    runtime = Runtime(random=lambda: plan.random, wait=lambda *_: False)
    with Client(plan.address, runtime=runtime) as client:
        events = (
            client.resume_stream(plan.cursor)
            if plan.cursor
            else client.stream_generate(plan.request)
        )
        return getattr(events, take)()


def output_with_asyncio(plan: Plan, take: Take) -> Any:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    async def read() -> Any:
        runtime = Runtime(random=lambda: plan.random, sleep=sleep)
        async with AsyncClient(plan.address, runtime=runtime) as client:
            events = (
                client.resume_stream(plan.cursor)
                if plan.cursor
                else client.stream_generate(plan.request)
            )
            return await getattr(events, take)()

    return asyncio.run(read())
