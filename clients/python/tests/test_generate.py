"""Repeated unary calls, with both clients, over the wire."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from scripted_service import PATIENCE, Server, end_with
from steer import v1

from steer_client import AsyncClient, Client, Runtime, SteerError

REFUSED = {
    "code": "UNAVAILABLE",
    "gateway_error": {"reason": "DRAINING", "retryable": True},
    "pushback_ms": 200,
}
Generate = Callable[..., list[Any]]


def with_threads(
    address: str, calls: int = 1, waits: list[float] | None = None, **more: Any
) -> list[Any]:
    """Makes this many calls at once. Returns their answers or errors."""

    def wait(_: threading.Event, seconds: float) -> bool:
        if waits is None:
            return threading.Event().wait(seconds)
        waits.append(seconds)
        return False

    def call(_: int) -> Any:
        try:
            return client.generate(v1.GenerateRequest(), **more)
        except SteerError as error:
            return error

    with Client(address, runtime=Runtime(wait=wait)) as client:
        with ThreadPoolExecutor(calls) as threads:
            return list(threads.map(call, range(calls)))


def with_asyncio(
    address: str, calls: int = 1, waits: list[float] | None = None, **more: Any
) -> list[Any]:
    async def sleep(seconds: float) -> None:
        if waits is None:
            await asyncio.sleep(seconds)
        else:
            waits.append(seconds)

    async def run() -> list[Any]:
        async with AsyncClient(address, runtime=Runtime(sleep=sleep)) as client:

            async def call() -> Any:
                try:
                    return await client.generate(v1.GenerateRequest(), **more)
                except SteerError as error:
                    return error

            return await asyncio.gather(*(call() for _ in range(calls)))

    return asyncio.run(run())


@pytest.fixture(params=[with_threads, with_asyncio], ids=["threads", "asyncio"])
def generate(request: pytest.FixtureRequest) -> Generate:
    made: Generate = request.param
    return made


class Replica(v1.GenerationServiceServicer):
    """Answers each call with `answer`, on an address that replicas can share."""

    def __init__(self, address: str, answer: Callable[[Any], None]) -> None:
        self.request_ids: list[str] = []
        self._answer = answer
        self._server = grpc.server(ThreadPoolExecutor(max_workers=64))
        v1.add_GenerationServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(address)}"
        self._server.start()

    def Generate(self, request: v1.GenerateRequest, context: Any) -> v1.GenerateResponse:
        self.request_ids.append(request.request_id)
        self._answer(context)
        return v1.GenerateResponse()

    def StreamGenerate(self, request: Any, context: Any) -> Any:
        raise NotImplementedError

    def ResumeStream(self, request: Any, context: Any) -> Any:
        raise NotImplementedError

    def CancelGeneration(self, request: Any, context: Any) -> v1.CancelGenerationResponse:
        raise NotImplementedError

    def CountTokens(self, request: Any, context: Any) -> v1.CountTokensResponse:
        raise NotImplementedError

    def stop(self, grace: float | None = None) -> None:
        self._server.stop(grace).wait(PATIENCE)


def failures(results: list[Any]) -> list[str]:
    return [str(result) for result in results if isinstance(result, SteerError)]


def test_field_e25_no_call_of_many_fails_when_their_replica_is_lost(generate: Generate) -> None:
    calls = 40
    arrived, over = threading.Semaphore(0), threading.Event()

    def hold(_: Any) -> None:
        arrived.release()
        over.wait(PATIENCE)

    lost = Replica("127.0.0.1:0", hold)

    def lose() -> None:
        for _ in range(calls):
            arrived.acquire(timeout=PATIENCE)
        others.append(Replica(lost.address, lambda _: None))
        threading.Timer(0.2, over.set).start()
        lost.stop()

    others = list[Replica]()
    threading.Thread(target=lose).start()
    # More calls than the channel's own retries would allow.
    results = generate(lost.address, calls)
    others[0].stop()
    assert failures(results) == []
    assert set(others[0].request_ids) == set(lost.request_ids)
    assert len(others[0].request_ids) == calls


def test_field_e25_calls_that_a_draining_replica_refuses_wait_for_its_goaway(
    generate: Generate,
) -> None:
    draining = Replica("127.0.0.1:0", lambda context: end_with(context, REFUSED))

    def drain() -> None:
        # The replica refuses calls on its connection for two seconds before GOAWAY.
        time.sleep(2)
        others.append(Replica(draining.address, lambda _: None))
        draining.stop(PATIENCE)

    others = list[Replica]()
    threading.Thread(target=drain).start()
    results = generate(draining.address, 8)
    others[0].stop()
    assert failures(results) == []
    assert set(others[0].request_ids) <= set(draining.request_ids)


def test_a_refused_call_is_made_ten_times_more_at_most(generate: Generate) -> None:
    waits = list[float]()
    with Server([{"end": REFUSED}] * 11) as server:
        [error] = generate(server.address, waits=waits)
        ids = {request.request_id for request in server.service.requests}
        assert len(server.service.made) == 11
    assert (error.reason, len(ids)) == ("DRAINING", 1)
    assert len(waits) == 10
    assert min(waits) >= 0.2


@pytest.mark.parametrize(
    "end",
    [
        {**REFUSED, "pushback_ms": -1},
        {**REFUSED, "code": "RESOURCE_EXHAUSTED"},
        {"code": "UNAVAILABLE", "gateway_error": REFUSED["gateway_error"]},
        {"code": "INVALID_ARGUMENT"},
        {"code": "UNKNOWN"},
    ],
)
def test_what_the_service_has_answered_is_not_asked_again(
    end: dict[str, Any], generate: Generate
) -> None:
    with Server([{"end": end}]) as server:
        [error] = generate(server.address, waits=[])
        assert len(server.service.made) == 1
    assert error.code.name == end["code"]


def test_the_deadline_holds_over_all_repetitions(generate: Generate) -> None:
    waits = list[float]()
    with Server([{"end": {**REFUSED, "pushback_ms": 60_000}}]) as server:
        [error] = generate(server.address, waits=waits, timeout=30)
    # The reason is the service's, not a deadline that was never reached.
    assert (error.reason, waits) == ("DRAINING", [])


def test_a_client_that_is_closed_repeats_nothing() -> None:
    with Server([{"end": {**REFUSED, "pushback_ms": 600_000}}]) as server:
        client = Client(server.address)
        threading.Timer(0.5, client.close).start()
        with pytest.raises(SteerError) as raised:
            client.generate(v1.GenerateRequest())
    assert raised.value.reason == "DRAINING"
