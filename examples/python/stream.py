"""The answer as it comes, token by token."""

import os
import sys

from steer import v1
from steer_client import Client

model = os.environ.get("STEER_MODEL", "simulator")

with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    spec = v1.GenerationSpec(model=model, prompt="Tell me of the sea.")
    for event in client.stream_generate(v1.StreamGenerateRequest(spec=spec)):
        match event.WhichOneof("event"):
            case "text_delta":
                print(event.text_delta.text, end="", flush=True)
            case "complete":
                # The last event has the whole result: message, usage, cost, attempts.
                attempts = event.complete.generation.attempts
                print(f"attempts: {len(attempts)}", file=sys.stderr)
print()
