"""Every vector, with both clients, through a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from readers import Plan, Read, ReadOutput, Stop, Take
from scripted_service import PATIENCE, Server
from steer import v1

from steer_client import SteerError, StreamCursor

FILE = Path(__file__).parents[3] / "tests" / "fixtures" / "resume-vectors.json"
VECTORS = json.loads(FILE.read_text("utf-8"))["vectors"]


OUTPUTS = [vector for vector in VECTORS if "text" in vector or "text_error" in vector]


def request_of(vector: dict[str, Any]) -> v1.StreamGenerateRequest:
    request = v1.StreamGenerateRequest(spec=v1.GenerationSpec(model="m", prompt="p"))
    # The client gives each request an id, unless the stream is ephemeral and cannot be joined.
    request.options.ephemeral = not vector.get("repeatable", True)
    if named := vector.get("request", {}).get("mid_stream_recovery"):
        recovery = v1.MidStreamRecovery.Value(f"MID_STREAM_RECOVERY_{named}")
        request.spec.routing.mid_stream_recovery = recovery
    return request


def check_flags(call: dict[str, Any], made: Any) -> None:
    if (accepts := call.get("accepts_discard")) is not None:
        assert made.accepts_discard is accepts
    if (recovery := call.get("mid_stream_recovery")) is not None:
        asked = made.spec.routing.mid_stream_recovery
        assert v1.MidStreamRecovery.Name(asked) == f"MID_STREAM_RECOVERY_{recovery}"


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector: dict[str, Any], read: Read) -> None:
    request = request_of(vector)
    with Server(vector["calls"]) as server:
        cursor, stop = vector.get("cursor"), vector.get("stop")
        service = server.service
        plan = Plan(
            service,
            server.address,
            request,
            cursor=StreamCursor(**cursor) if cursor else None,
            random=vector["random"],
            stop=Stop(**stop) if stop else Stop(),
        )
        result = read(plan)

        assert result.applied == vector["applied"]
        outcome = vector["outcome"]
        assert result.ended == outcome["ended"], result.error
        if result.ended == "error":
            assert result.error is not None
            assert result.error.code.name == outcome["code"]
            assert result.error.reason == outcome.get("reason", result.error.reason)
        known = {"method", "stream_id", "last_sequence", "last_writer"}
        calls = vector["calls"]
        assert service.made == [{key: call[key] for key in call if key in known} for call in calls]
        for call, made in zip(calls, service.requests, strict=True):
            check_flags(call, made)
        assert result.discards == vector.get("discards", result.discards)
        ids = {call.request_id for call in service.requests if hasattr(call, "request_id")}
        assert len(ids) <= 1, "repetitions are of one request"
        for index, call in enumerate(calls):
            if call.get("cancelled"):
                assert service.cancelled[index].wait(PATIENCE), f"call {index} goes on"
        assert len(result.waits) == len(vector["waits_ms"])
        for waited, least in zip(result.waits, vector["waits_ms"], strict=True):
            assert waited * 1000 >= least - 1e-6


@pytest.mark.parametrize("take", ["text", "collect"])
@pytest.mark.parametrize("vector", OUTPUTS, ids=[vector["name"] for vector in OUTPUTS])
def test_output(vector: dict[str, Any], take: Take, read_output: ReadOutput) -> None:
    with Server(vector["calls"]) as server:
        cursor = vector.get("cursor")
        plan = Plan(
            server.service,
            server.address,
            request_of(vector),
            cursor=StreamCursor(**cursor) if cursor else None,
            random=vector["random"],
        )
        error = vector.get("text_error")
        if take == "collect":
            error = vector.get("collect_error", error)
        if error:
            with pytest.raises(SteerError) as raised:
                read_output(plan, take)
            assert raised.value.reason == error
            return
        output = read_output(plan, take)
        if take == "collect":
            assert output.output_text == vector["text"]
            output = "".join(part.text.text for part in output.message.parts)
        assert output == vector["text"]
