"""Clients of vendors' APIs: `python main.py BASE MODEL...` prints a line of JSON for each client, scenario and model.

`MODEL=SCENARIO,SCENARIO` asks the model for these scenarios alone.
"""

import asyncio
import json
import sys
import traceback

import anthropic
import litellm
import openai
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner
from agents import function_tool, set_tracing_disabled
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool as langchain_tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent as PydanticAgent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel as PydanticResponses
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

BASE, *MODELS = sys.argv[1:]
KEY = "unused"
PROMPTS = {"text": "say it", "stream": "say it", "tool": "use a tool", "json": "as json"}
# What goes wrong at the provider.
FAILURES = {"limited": "be limited", "broken": "break off", "rubbish": "talk rubbish", "gone": "go away"}

STREAMED = ["stream", *FAILURES]

set_tracing_disabled(True)
litellm.telemetry = False


class City(BaseModel):
    city: str


def openai_chat(scenario, model, prompt):
    client = openai.OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0)
    messages = [{"role": "user", "content": prompt}]
    if scenario in STREAMED:
        with client.chat.completions.stream(model=model, messages=messages) as stream:
            answer = stream.get_final_completion()
    else:
        answer = client.chat.completions.create(model=model, messages=messages)
    return {"text": answer.choices[0].message.content, "tokens": answer.usage.completion_tokens}


def openai_responses(scenario, model, prompt):
    client = openai.OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0)
    if scenario == "json":
        answer = client.responses.parse(model=model, input=prompt, text_format=City)
        return {"json": answer.output_parsed.model_dump()}
    if scenario in STREAMED:
        with client.responses.stream(model=model, input=prompt) as stream:
            answer = stream.get_final_response()
    else:
        answer = client.responses.create(model=model, input=prompt)
    return {"text": answer.output_text, "tokens": answer.usage.output_tokens}


def openai_conversation(scenario, model, prompt):
    """Three turns, each of which names the one before; then what the last one was made from."""
    responses = openai.OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0).responses
    said = []
    previous = openai.omit
    for turn in [prompt, prompt, prompt]:
        answer = responses.create(model=model, input=turn, previous_response_id=previous)
        previous = answer.id
        said += [turn, answer.output_text]
    items = responses.input_items.list(answer.id, order="asc", limit=2)
    texts = ["".join(part.text for part in item.content) for item in items]
    if texts != said[:-1]:
        raise ValueError(f"made from {texts}")
    return {"text": answer.output_text, "tokens": answer.usage.output_tokens}


def anthropic_messages(scenario, model, prompt):
    client = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0)
    asked = {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": prompt}]}
    if scenario in STREAMED:
        with client.messages.stream(**asked) as stream:
            answer = stream.get_final_message()
    else:
        answer = client.messages.create(**asked)
    return {"text": answer.content[0].text, "tokens": answer.usage.output_tokens}


def anthropic_runner(_scenario, model, prompt):
    client = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0)
    called = []

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather of a city."""
        called.append("weather")
        return "sunny"

    runner = client.beta.messages.tool_runner(
        model=model,
        max_tokens=200,
        tools=[weather],
        messages=[{"role": "user", "content": prompt}],
    )
    last = runner.until_done()
    return {"text": "".join(getattr(block, "text", "") for block in last.content), "calls": called}


@langchain_tool("weather")
def langchain_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny"


def langchain(chat, scenario, prompt):
    if scenario == "stream":
        whole = None
        for chunk in chat.stream(prompt):
            whole = chunk if whole is None else whole + chunk
        return {"text": whole.text, "tokens": whole.usage_metadata["output_tokens"]}
    if scenario == "tool":
        bound = chat.bind_tools([langchain_weather])
        asked = HumanMessage(prompt)
        first = bound.invoke([asked])
        results = [ToolMessage("sunny", tool_call_id=call["id"]) for call in first.tool_calls]
        second = bound.invoke([asked, first, *results])
        return {"text": second.text, "calls": [call["name"] for call in first.tool_calls]}
    if scenario == "json":
        return {"json": chat.with_structured_output(City).invoke(prompt).model_dump()}
    answer = chat.invoke(prompt)
    return {"text": answer.text, "tokens": answer.usage_metadata["output_tokens"]}


def langchain_openai(scenario, model, prompt):
    return langchain(ChatOpenAI(model=model, base_url=f"{BASE}/v1", api_key=KEY, max_retries=0), scenario, prompt)


def langchain_responses(scenario, model, prompt):
    chat = ChatOpenAI(model=model, base_url=f"{BASE}/v1", api_key=KEY, max_retries=0, use_responses_api=True)
    return langchain(chat, scenario, prompt)


def langchain_anthropic(scenario, model, prompt):
    return langchain(ChatAnthropic(model=model, base_url=BASE, api_key=KEY, max_retries=0), scenario, prompt)


async def pydantic_ai(model, scenario, prompt):
    if scenario == "json":
        result = await PydanticAgent(model, output_type=City).run(prompt)
        return {"json": result.output.model_dump()}
    agent = PydanticAgent(model)
    called = []
    if scenario == "tool":

        @agent.tool_plain
        def weather(city: str) -> str:
            """The weather of a city."""
            called.append("weather")
            return "sunny"

        return {"text": (await agent.run(prompt)).output, "calls": called}
    if scenario == "stream":
        async with agent.run_stream(prompt) as stream:
            text = await stream.get_output()
            return {"text": text, "tokens": stream.usage.output_tokens}
    result = await agent.run(prompt)
    return {"text": result.output, "tokens": result.usage.output_tokens}


def pydantic_openai(scenario, model, prompt):
    provider = OpenAIProvider(base_url=f"{BASE}/v1", api_key=KEY)
    return asyncio.run(pydantic_ai(OpenAIChatModel(model, provider=provider), scenario, prompt))


def pydantic_responses(scenario, model, prompt):
    provider = OpenAIProvider(base_url=f"{BASE}/v1", api_key=KEY)
    return asyncio.run(pydantic_ai(PydanticResponses(model, provider=provider), scenario, prompt))


def pydantic_anthropic(scenario, model, prompt):
    provider = AnthropicProvider(base_url=BASE, api_key=KEY)
    return asyncio.run(pydantic_ai(AnthropicModel(model, provider=provider), scenario, prompt))


async def agent(model, scenario, prompt):
    called = []

    @function_tool
    def weather(city: str) -> str:
        """The weather of a city."""
        called.append("weather")
        return "sunny"

    asked = Agent(name="asker", model=model, tools=[weather] if scenario == "tool" else [])
    if scenario == "stream":
        result = Runner.run_streamed(asked, prompt)
        async for _ in result.stream_events():
            pass
    else:
        result = await Runner.run(asked, prompt)
    tokens = result.context_wrapper.usage.output_tokens
    return {"text": result.final_output, "tokens": tokens, "calls": called}


def agents_responses(scenario, model, prompt):
    client = openai.AsyncOpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0)
    return asyncio.run(agent(OpenAIResponsesModel(model, client), scenario, prompt))


def agents_chat(scenario, model, prompt):
    client = openai.AsyncOpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0)
    return asyncio.run(agent(OpenAIChatCompletionsModel(model, client), scenario, prompt))


def litellm_client(provider, base):
    def call(scenario, model, prompt):
        asked = {
            "model": f"{provider}/{model}",
            "messages": [{"role": "user", "content": prompt}],
            "api_base": base,
            "api_key": KEY,
            "num_retries": 0,
            "max_tokens": 200,
        }
        if scenario == "stream":
            text = ""
            for chunk in litellm.completion(stream=True, **asked):
                text += chunk.choices[0].delta.content or ""
            return {"text": text}
        answer = litellm.completion(**asked)
        return {"text": answer.choices[0].message.content, "tokens": answer.usage.completion_tokens}

    return call


ALL = list(PROMPTS)
CLIENTS = {
    "openai chat": (openai_chat, ["text", *STREAMED]),
    "openai responses": (openai_responses, ["text", "json", *STREAMED]),
    "anthropic": (anthropic_messages, ["text", *STREAMED]),
    "openai conversation": (openai_conversation, ["text"]),
    "anthropic runner": (anthropic_runner, ["tool"]),
    "langchain openai": (langchain_openai, ALL),
    "langchain responses": (langchain_responses, ALL),
    "langchain anthropic": (langchain_anthropic, ALL),
    "pydantic-ai openai": (pydantic_openai, ALL),
    "pydantic-ai responses": (pydantic_responses, ALL),
    "pydantic-ai anthropic": (pydantic_anthropic, ALL),
    "agents responses": (agents_responses, ["text", "stream", "tool"]),
    "agents chat": (agents_chat, ["text", "stream", "tool"]),
    "litellm openai": (litellm_client("openai", f"{BASE}/v1"), ["text", "stream"]),
    "litellm anthropic": (litellm_client("anthropic", BASE), ["text", "stream"]),
}

def failure_of(error):
    """What a client's error says: the class, and the status of HTTP."""
    said = {"error": traceback.format_exc()[-1500:], "errorClass": type(error).__name__}
    response = getattr(error, "response", None)
    if response is not None:
        said["status"] = response.status_code
        if "retry-after" in response.headers:
            said["retryAfter"] = float(response.headers["retry-after"])
    return said


def asked_of(given):
    name, _, only = given.partition("=")
    return name, only.split(",") if only else ALL


ASKED = [asked_of(given) for given in MODELS]

for client, (call, scenarios) in CLIENTS.items():
    for scenario in scenarios:
        prompt = PROMPTS.get(scenario) or FAILURES[scenario]
        for model in (name for name, those in ASKED if scenario in those):
            try:
                result = call(scenario, model, prompt)
            except Exception as error:
                result = failure_of(error)
            print(json.dumps({"client": client, "scenario": scenario, "model": model, **result}), flush=True)
