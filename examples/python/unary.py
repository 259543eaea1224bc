"""One question, one answer."""

import os

from steer import v1
from steer_client import Client

model = os.environ.get("STEER_MODEL", "simulator")

with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    spec = v1.GenerationSpec(model=model, prompt="Why is the sea salt?")
    # The deadline covers the whole call, with what the service repeats inside it.
    generation = client.generate(v1.GenerateRequest(spec=spec), timeout=60).generation

print(f"{generation.usage.output_tokens} tokens from {generation.provider}")
print("".join(part.text.text for part in generation.message.parts))
