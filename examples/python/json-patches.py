"""A JSON document that can be shown while it grows."""

import json
import os
import sys
from typing import Any

from steer import v1
from steer_client import Client

model = os.environ.get("STEER_MODEL", "simulator")


def apply(holder: dict[str, Any], delta: v1.JsonDelta) -> None:
    """Applies a change; `holder` has the document under the key ""."""
    # An RFC 6901 pointer: "" is the document, "/legs/0/to" a value in it.
    path = [key.replace("~1", "/").replace("~0", "~") for key in delta.pointer.split("/")]
    parent: Any = holder
    for key in path[:-1]:
        parent = parent[int(key) if isinstance(parent, list) else key]
    last: Any = int(path[-1]) if isinstance(parent, list) else path[-1]
    match delta.WhichOneof("change"):
        case "value_json":
            value = json.loads(delta.value_json)
            if isinstance(parent, list) and last == len(parent):
                parent.append(value)
            else:
                parent[last] = value
        case "append":
            parent[last] += delta.append


schema = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "legs": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["title", "legs"],
}
spec = v1.GenerationSpec(model=model, prompt="Plan a journey from Köln to 東京.")
spec.output_format.json_schema.name = "journey"
spec.output_format.json_schema.schema = json.dumps(schema)
# What the simulator is to say; other providers do not see it.
plan = '{"title":"Köln, 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}'
spec.provider_options["simulator"].update({"text": plan})
options = v1.StreamOptions(json_mode=v1.JSON_STREAM_MODE_PATCHES, omit_json_text=True)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


holder: dict[str, Any] = {}
with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    for event in client.stream_generate(v1.StreamGenerateRequest(spec=spec, options=options)):
        if event.WhichOneof("event") == "json_delta":
            apply(holder, event.json_delta)
            print(compact(holder.get("")), file=sys.stderr)
        if event.attempt_notice.discard_output:
            holder = {}
print(compact(holder[""]))
