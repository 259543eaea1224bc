"""Every vector, with both clients, through a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from readers import Plan, Read, Stop
from scripted_service import PATIENCE, Server
from steer import v1

from steer_client import Cursor

FILE = Path(__file__).parents[3] / "tests" / "fixtures" / "resume-vectors.json"
VECTORS = json.loads(FILE.read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector: dict[str, Any], read: Read) -> None:
    request = v1.StreamGenerateRequest(spec=v1.GenerationSpec(model="m", prompt="p"))
    # The client gives each request an id, unless there is nothing that it could join.
    request.options.ephemeral = not vector.get("repeatable", True)
    with Server(vector["calls"]) as server:
        cursor, stop = vector.get("cursor"), vector.get("stop")
        service = server.service
        plan = Plan(
            service,
            server.address,
            request,
            cursor=Cursor(**cursor) if cursor else None,
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
        ids = {call.request_id for call in service.requests if hasattr(call, "request_id")}
        assert len(ids) <= 1, "repetitions are of one request"
        for index, call in enumerate(calls):
            if call.get("cancelled"):
                assert service.cancelled[index].wait(PATIENCE), f"call {index} goes on"
        assert len(result.waits) == len(vector["waits_ms"])
        for waited, least in zip(result.waits, vector["waits_ms"], strict=True):
            assert waited * 1000 >= least - 1e-6
