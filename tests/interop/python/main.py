"""`main.py SCENARIO`: what the runner's environment asks for, with both clients of Python.

Threads and asyncio take turns over the scenarios; `stream` reads one stream with both.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import grpc
from discard import joins_raw, raw, raw_joins
from google.protobuf.json_format import ParseDict
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rolling import rolling
from steer import v1
from steer_client import AsyncClient, Client, StreamCursor, Reconnect, SteerError

Answer = dict[str, Any]


def spec() -> v1.GenerationSpec:
    made = v1.GenerationSpec(model=os.environ["STEER_MODEL"], prompt=os.environ["STEER_PROMPT"])
    if limit := os.environ.get("STEER_MAX_OUTPUT_TOKENS"):
        made.sampling.max_output_tokens = int(limit)
    if script := os.environ.get("STEER_PROVIDER_OPTIONS"):
        ParseDict(json.loads(script), made.provider_options["simulator"])
    return made


def connection() -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if authority := os.environ.get("STEER_CA_FILE"):
        with open(authority, "rb") as file:
            settings["credentials"] = grpc.ssl_channel_credentials(file.read())
    return settings


def text_of(response: v1.GenerateResponse) -> str:
    return "".join(part.text.text for part in response.generation.message.parts)


def failure_of(call: Callable[[], object]) -> SteerError:
    try:
        call()
    except SteerError as error:
        return error
    raise AssertionError("the call has succeeded")


class Seen:
    """What a consumer makes of the events."""

    def __init__(self) -> None:
        self.text, self.stream_id = "", ""
        self.events = self.deltas = self.last_sequence = self.output_tokens = 0

    def take(self, event: v1.StreamEvent) -> None:
        self.events += 1
        self.last_sequence = event.sequence
        match event.WhichOneof("event"):
            case "start":
                self.stream_id = event.start.stream_id
            case "text_delta":
                self.deltas += 1
                self.text += event.text_delta.text
            case "usage":
                self.output_tokens = event.usage.usage.output_tokens


def with_usage() -> v1.StreamGenerateRequest:
    return v1.StreamGenerateRequest(spec=spec(), options=v1.StreamOptions(include_usage=True))


def unary() -> Answer:
    with Client(**connection()) as client:
        response = client.generate(v1.GenerateRequest(spec=spec()))
    generation = response.generation
    return {
        "text": text_of(response),
        "finish_reason": v1.FinishReason.Name(generation.finish_reason),
        "input_tokens": generation.usage.input_tokens,
        "output_tokens": generation.usage.output_tokens,
    }


def stream() -> Answer:
    first, again = Seen(), Seen()

    async def read() -> None:
        async with AsyncClient(**connection()) as client:
            async for event in client.stream_generate(with_usage()):
                first.take(event)

    asyncio.run(read())
    # The other client reads the same stream from its first event.
    with Client(**connection()) as client:
        for event in client.resume_stream(StreamCursor(first.stream_id)):
            again.take(event)
    assert vars(first) == vars(again), "the same stream, read twice, differs"
    return {
        "text": first.text,
        "events": first.events,
        "last_sequence": first.last_sequence,
        "output_tokens": first.output_tokens,
    }


def resume() -> Answer:
    seen, reconnects = Seen(), list[Reconnect]()
    with Client(**connection()) as client:
        for event in client.stream_generate(with_usage(), on_reconnect=reconnects.append):
            seen.take(event)
    return {"text": seen.text, "reconnects": len(reconnects)}


def cancel() -> Answer:
    seen = Seen()
    options = v1.StreamOptions(on_disconnect=v1.DISCONNECT_POLICY_CANCEL)

    async def read() -> None:
        async with AsyncClient(**connection()) as client:
            request = v1.StreamGenerateRequest(spec=spec(), options=options)
            async for event in client.stream_generate(request):
                seen.take(event)
                if seen.deltas == 3:
                    break
            # Long enough that the cancel arrives, and not the end of the connection.
            await asyncio.sleep(1)

    asyncio.run(read())
    return {"stream_id": seen.stream_id, "deltas": seen.deltas}


def deadline() -> Answer:
    seconds = int(os.environ["STEER_DEADLINE_MS"]) / 1000
    with Client(**connection()) as client:
        request = v1.GenerateRequest(spec=spec())
        error = failure_of(lambda: client.generate(request, timeout=seconds))
    return {"code": error.code.name}


def error() -> Answer:
    async def generate() -> None:
        async with AsyncClient(**connection()) as client:
            await client.generate(v1.GenerateRequest(spec=spec()))

    failure = failure_of(lambda: asyncio.run(generate()))
    attempts = [
        {
            "provider": attempt.provider,
            "model": attempt.model,
            "outcome": v1.AttemptOutcome.Name(attempt.outcome),
        }
        for attempt in failure.attempts
    ]
    return {
        "code": failure.code.name,
        "reason": failure.reason,
        "retryable": failure.retryable,
        "attempts": attempts,
    }


def text() -> Answer:
    seen = Seen()
    with Client(**connection()) as client:
        for event in client.stream_generate(v1.StreamGenerateRequest(spec=spec())):
            seen.take(event)
    return {"text": seen.text}


def large() -> Answer:
    async def generate() -> v1.GenerateResponse:
        async with AsyncClient(**connection()) as client:
            return await client.generate(v1.GenerateRequest(spec=spec()))

    encoded = text_of(asyncio.run(generate())).encode()
    return {"bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest()}


def compressed() -> Answer:
    with Client(**connection()) as client:
        response = client.generation.Generate(
            v1.GenerateRequest(spec=spec()),
            metadata=client.metadata(),
            compression=grpc.Compression.Gzip,
        )
    return {"text": text_of(response)}


def health() -> Answer:
    with grpc.insecure_channel(os.environ["STEER_ADDRESS"]) as channel:
        request = health_pb2.HealthCheckRequest(service="steer.v1.GenerationService")
        status = health_pb2_grpc.HealthStub(channel).Check(request).status
    return {"status": health_pb2.HealthCheckResponse.ServingStatus.Name(status)}


def lost_owner() -> Answer:
    discards = list[v1.AttemptNotice]()

    async def read() -> str:
        async with AsyncClient(**connection()) as client:
            request = v1.StreamGenerateRequest(spec=spec())
            return await client.stream_generate(request, on_discard=discards.append).text()

    return {"text": asyncio.run(read()), "discards": len(discards)}


SCENARIOS: dict[str, Callable[[], Answer]] = {
    "unary": unary,
    "stream": stream,
    "resume": resume,
    "cancel": cancel,
    "deadline": deadline,
    "error": error,
    "text": text,
    "large": large,
    "compressed": compressed,
    "tls": unary,
    "system-authorities": unary,
    "health": health,
    "lost-owner": lost_owner,
    "lost-unary": unary,
    "raw": lambda: raw(connection(), spec()),
    "raw-joins": lambda: raw_joins(connection(), spec()),
    "joins-raw": lambda: joins_raw(connection(), spec()),
    "rolling": lambda: rolling(connection(), spec()),
}

print(json.dumps(SCENARIOS[sys.argv[1]](), ensure_ascii=False))
