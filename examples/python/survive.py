"""A stream whose connection breaks, and which loses and repeats nothing.

Restart the service or pull the cable while it runs.
"""

import asyncio
import os
import sys

from steer import v1
from steer_client import AsyncClient, Reconnect

model = os.environ.get("STEER_MODEL", "simulator")


def say(reconnect: Reconnect) -> None:
    sequence, wait = reconnect.cursor.sequence, reconnect.wait
    print(f"after event {sequence}: {reconnect.cause}; goes on in {wait:.2f} s", file=sys.stderr)


def clear(notice: v1.AttemptNotice) -> None:
    print(f"begins anew: {notice.failed.error_message}", file=sys.stderr)


async def main() -> None:
    spec = v1.GenerationSpec(model=model, prompt="Tell me a long story of the sea.")
    # Tried in this order where the model fails. Without a list the service's configuration has one.
    spec.routing.fallbacks.add(model="simulator")
    # One word a tenth of a second, where the simulator answers: time to break something.
    spec.provider_options["simulator"].update({"pace_ms": 100})
    request = v1.StreamGenerateRequest(spec=spec)

    async with AsyncClient() as client:
        stream = client.stream_generate(request, on_reconnect=say, on_discard=clear)
        # What an attempt has said that failed later is not in the text.
        print(await stream.text())


asyncio.run(main())
