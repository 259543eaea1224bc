"""A call that fails, and what the service has tried before it gave up."""

import os
import sys

from steer import v1
from steer_client import Client, SteerError

model = os.environ.get("STEER_MODEL", "simulator")

# The simulator keeps silent for two seconds, and an attempt may wait for a tenth of one.
spec = v1.GenerationSpec(model=model, prompt="Hello")
spec.timeouts.first_token.FromMilliseconds(100)
spec.provider_options["simulator"].update({"first_token_ms": 2000})

with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    try:
        client.generate(v1.GenerateRequest(spec=spec))
    except SteerError as error:
        for attempt in error.attempts:
            outcome = v1.AttemptOutcome.Name(attempt.outcome).removeprefix("ATTEMPT_OUTCOME_")
            category = v1.ErrorCategory.Name(attempt.error_category)
            target = f"{attempt.provider}/{attempt.model}"
            failure = category.removeprefix("ERROR_CATEGORY_")
            print(f"attempt {attempt.index}  {target}  {outcome}  {failure}")
        print(error.code.name, error.reason)
        advice = "later the same call can succeed" if error.retryable else "do not repeat it"
        print(advice, file=sys.stderr)
