"""Calls without a pause, while replicas are restarted."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from steer import v1
from steer_client import AsyncClient, SteerError


def rolling(connection: dict[str, Any], spec: v1.GenerationSpec) -> dict[str, Any]:
    """So many streams and unary calls at a time, until the runner writes its file."""
    return asyncio.run(_run(connection, spec))


async def _run(connection: dict[str, Any], spec: v1.GenerationSpec) -> dict[str, Any]:
    end_file = Path(os.environ["STEER_END_FILE"])
    counts, texts, failures = Counter[str](), Counter[str](), list[str]()

    async def repeat(kind: str, once: Callable[[], Awaitable[str]]) -> None:
        while not end_file.exists():
            try:
                texts[await once()] += 1
                counts[kind] += 1
            except SteerError as error:
                failures.append(str(error))

    async with AsyncClient(**connection) as client:

        async def unary() -> str:
            response = await client.generate(v1.GenerateRequest(spec=spec))
            return "".join(part.text.text for part in response.generation.message.parts)

        async def stream() -> str:
            sequence, text = 0, ""
            async for event in client.stream_generate(v1.StreamGenerateRequest(spec=spec)):
                sequence += 1
                if event.sequence != sequence:
                    failures.append(f"event {event.sequence} where {sequence} was due")
                if event.attempt_notice.discard_output:
                    text = ""
                text += event.text_delta.text
            return text

        loops = [repeat("calls", unary) for _ in range(int(os.environ["STEER_LOOPS"]))]
        loops += [repeat("streams", stream) for _ in range(int(os.environ["STEER_STREAMS"]))]
        await asyncio.gather(*loops)
    return {
        "calls": counts["calls"],
        "streams": counts["streams"],
        "texts": dict(texts),
        "failures": failures,
    }
