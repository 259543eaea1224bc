"""Behaviour outside the vectors: silence, the call's end, errors, metadata; also over the wire."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import Any

import grpc
import pytest
from readers import Plan, Read, Stop
from scripted_service import PATIENCE, Server
from steer import v1

from steer_client import AsyncClient, Client, SteerError, StreamCursor

START = {"sequence": 1, "writer": 7, "kind": "start", "stream_id": "s.1", "resumable": True}
TEXT = {"sequence": 2, "writer": 7, "kind": "text"}
COMPLETE = {"sequence": 3, "writer": 7, "kind": "complete"}
HEARTBEAT = {"sequence": 2, "writer": 7, "kind": "heartbeat"}
OPEN = {"events": [START, TEXT], "end": "open"}
REST = {"events": [COMPLETE], "end": "ok"}


def request() -> v1.StreamGenerateRequest:
    return v1.StreamGenerateRequest(spec=v1.GenerationSpec(model="m", prompt="p"))


def test_a_silent_call_is_given_up_and_resumed(read: Read) -> None:
    causes = list[str]()
    with Server([OPEN, OPEN, REST]) as server:
        plan = Plan(server.service, server.address, request())
        plan.options = {
            "silence": 0.2,
            "on_reconnect": lambda note: causes.append(note.cause.reason),
        }
        assert read(plan).applied == [1, 2, 3]
        # On a busy machine the rest is silent for too long as well.
        assert len(causes) >= 2 and set(causes) == {"SILENCE"}
        assert all(call.wait(PATIENCE) for call in server.service.cancelled[:2])


def test_three_heartbeats_of_the_request_make_a_silence(read: Read) -> None:
    asked = request()
    asked.options.heartbeat_interval.FromMilliseconds(200)
    with Server([OPEN, REST]) as server:
        assert read(Plan(server.service, server.address, asked)).applied == [1, 2, 3]


def test_the_call_ends_by_itself_behind_the_last_event(read: Read) -> None:
    script = {"events": [START, TEXT, COMPLETE], "end": "ok", "linger": 0.2}
    with Server([script]) as server:
        read(Plan(server.service, server.address, request()))
        assert server.service.ended == 1


def test_the_call_is_ended_when_it_does_not(read: Read) -> None:
    with Server([{"events": [START, TEXT, COMPLETE], "end": "open"}]) as server:
        assert read(Plan(server.service, server.address, request())).ended == "complete"
        assert server.service.cancelled[0].wait(PATIENCE)


def test_a_store_that_goes_and_comes_is_told_once_each(read: Read) -> None:
    undurable = {**HEARTBEAT, "undurable": True}
    events = [START, TEXT, undurable, undurable, HEARTBEAT, HEARTBEAT, COMPLETE]
    told = list[bool]()
    with Server([{"events": events, "end": "ok"}]) as server:
        plan = Plan(server.service, server.address, request())
        plan.options = {"on_durability": told.append}
        read(plan)
    assert told == [False, True]


def test_the_deadline_of_a_delivery_is_none_of_the_reader(read: Read) -> None:
    causes = list[Any]()
    with Server([OPEN, REST]) as server:
        plan = Plan(server.service, server.address, request())
        plan.options = {"delivery_timeout": 1.0, "on_reconnect": lambda note: causes.append(note)}
        assert read(plan).applied == [1, 2, 3]
    assert [note.cause.code for note in causes] == [grpc.StatusCode.DEADLINE_EXCEEDED]
    assert (causes[0].cursor.stream_id, causes[0].cursor.sequence) == ("s.1", 2)


def test_a_deadline_goes_before_what_its_end_looks_like(read: Read) -> None:
    ephemeral = {"events": [{**START, "resumable": False}], "end": "open"}
    causes = list[Any]()
    with Server([ephemeral]) as server:
        plan = Plan(server.service, server.address, request(), stop=Stop("deadline"))
        plan.options["on_reconnect"] = causes.append
        assert read(plan).ended == "deadline"
    assert causes == []


FAILURE = {
    "end": {
        "code": "UNAVAILABLE",
        "gateway_error": {"reason": "ATTEMPTS_EXHAUSTED", "retryable": True},
        "retry_info_ms": 1500,
        "pushback_ms": -1,
        "attempts": [
            v1.Attempt(index=index, provider="p", error_message="Überlastet 🚀 " * 78)
            for index in (1, 2, 3)
        ],
    }
}


def check(error: SteerError) -> None:
    assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "ATTEMPTS_EXHAUSTED")
    assert error.retryable
    assert error.retry_delay == 1.5
    assert error.pushback is not None
    assert error.pushback < 0
    assert [attempt.index for attempt in error.attempts] == [1, 2, 3]
    assert error.attempts[2].error_message == "Überlastet 🚀 " * 78
    assert error.detail is not None
    # The gateway cuts details at 4096 bytes, and the C core of gRPC metadata at 8 KiB.
    assert error.detail.ByteSize() > 4000
    assert isinstance(error.__cause__, grpc.RpcError)
    # Errors cross processes, in pools of workers.
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.detail, copy.cursor) == (str(error), error.detail, error.cursor)


def test_details_of_four_kilobytes_are_decoded_with_threads() -> None:
    with Server([FAILURE]) as server, Client(server.address, token="key") as client:
        with pytest.raises(SteerError) as raised:
            client.generate(v1.GenerateRequest())
        # The channel's own retries obey a negative pushback.
        assert len(server.service.made) == 1
        assert server.service.metadata[0]["authorization"] == "Bearer key"
    check(raised.value)


def test_details_of_four_kilobytes_are_decoded_with_asyncio() -> None:
    async def generate(address: str) -> None:
        async with AsyncClient(address, token=lambda: "key") as client:
            await client.generate(v1.GenerateRequest())

    with Server([FAILURE]) as server:
        with pytest.raises(SteerError) as raised:
            asyncio.run(generate(server.address))
        assert len(server.service.made) == 1
        assert server.service.metadata[0]["authorization"] == "Bearer key"
    check(raised.value)


def test_requests_get_an_id_and_stay_as_they_are() -> None:
    mine, ephemeral, empty = request(), request(), request()
    mine.request_id = "mine-0001"
    ephemeral.options.ephemeral = True
    script = {"events": [START, {**COMPLETE, "sequence": 2}], "end": "ok"}
    with Server([script] * 3) as server, Client(server.address) as client:
        for asked in (mine, ephemeral, empty):
            list(client.stream_generate(asked))
        ids = [made.request_id for made in server.service.requests]
    assert ids[:2] == ["mine-0001", ""]
    assert len(ids[2]) == 36
    assert empty.request_id == ""


def test_a_token_is_asked_for_before_each_call() -> None:
    tokens = iter(("first", "second"))
    scripts = [{"events": [START, TEXT], "end": "ok"}, REST]
    with Server(scripts) as server:
        with Client(server.address, token=lambda: next(tokens)) as client:
            assert [event.sequence for event in client.stream_generate(request())] == [1, 2, 3]
        sent = [metadata["authorization"] for metadata in server.service.metadata]
    assert sent == ["Bearer first", "Bearer second"]


def test_a_stream_of_a_client_that_is_closed_ends_with_its_position() -> None:
    with Server([OPEN]) as server:
        client = Client(server.address)
        events = client.stream_generate(request())
        assert [next(events).sequence, next(events).sequence] == [1, 2]
        threading.Thread(target=client.close).start()
        with pytest.raises(SteerError, match="the client is closed") as caught:
            next(events)
    error = caught.value
    assert error.code is grpc.StatusCode.CANCELLED
    assert error.cursor == StreamCursor("s.1", 2, 7)


def test_a_stream_of_an_asyncio_client_that_is_closed_ends_with_its_position() -> None:
    async def read() -> SteerError:
        client = AsyncClient(server.address)
        events = client.stream_generate(request())
        await anext(events)
        await anext(events)
        closing = asyncio.create_task(client.close())
        with pytest.raises(SteerError, match="the client is closed") as caught:
            await anext(events)
        await closing
        with pytest.raises(SteerError, match="the client is closed"):
            await anext(client.stream_generate(request()))
        return caught.value

    with Server([OPEN]) as server:
        error = asyncio.run(read())
    assert error.code is grpc.StatusCode.CANCELLED
    assert error.cursor == StreamCursor("s.1", 2, 7)


def test_an_asyncio_task_that_is_cancelled_ends_as_one() -> None:
    async def read() -> None:
        async with AsyncClient(server.address) as client:
            events = client.stream_generate(request())
            await anext(events)
            await anext(events)
            task = asyncio.create_task(anext(events))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Server([OPEN]) as server:
        asyncio.run(read())
