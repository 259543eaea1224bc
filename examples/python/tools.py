"""The model calls a function of ours, and answers with what it returned."""

import json
import os

from steer import v1
from steer_client import Client

model = os.environ.get("STEER_MODEL", "simulator")


def get_weather(city: str) -> str:
    return f"21 degrees and clear in {city or 'your city'}"


def text_part(text: str) -> v1.Part:
    return v1.Part(text=v1.TextPart(text=text))


tool = v1.FunctionTool(
    name="get_weather",
    description="Weather of a city",
    parameters_json_schema=json.dumps(
        {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Name of the city"}},
            "required": ["city"],
        }
    ),
)
question = v1.Message(role=v1.ROLE_USER, parts=[text_part("What is the weather in Köln?")])

with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    spec = v1.GenerationSpec(model=model, tools=[v1.Tool(function=tool)], messages=[question])
    # Here the first turn must call the function; usually the model decides.
    spec.tool_choice.function_name = "get_weather"
    answer = client.generate(v1.GenerateRequest(spec=spec)).generation.message

    results = []
    for part in answer.parts:
        if part.WhichOneof("data") != "tool_call":
            continue
        call = part.tool_call
        weather = get_weather(json.loads(call.arguments_json)["city"])
        print(f"{call.name}({call.arguments_json}) -> {weather}")
        result = v1.ToolResult(tool_call_id=call.id, name=call.name, content=[text_part(weather)])
        results.append(v1.Part(tool_result=result))

    # The second turn has the conversation so far: the question, the call, its result.
    spec.ClearField("tool_choice")
    spec.messages.extend([answer, v1.Message(role=v1.ROLE_TOOL, parts=results)])
    answer = client.generate(v1.GenerateRequest(spec=spec)).generation.message

print("".join(part.text.text for part in answer.parts))
