// Clients of vendors' APIs: `node main.mjs BASE MODEL…` prints a line of JSON for each client, scenario and model, with
// what the client made of the answer. `MODEL=SCENARIO,SCENARIO` asks the model for these scenarios alone.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { ChatAnthropic } from "@langchain/anthropic";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import {
  Agent,
  tool as agentTool,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
} from "@openai/agents";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { z } from "zod";

const [base, ...models] = process.argv.slice(2);
const KEY = "unused";
const PROMPTS = { text: "say it", stream: "say it", tool: "use a tool", json: "as json" };
/** What goes wrong at the provider. */
const FAILURES = {
  limited: "be limited",
  broken: "break off",
  rubbish: "talk rubbish",
  gone: "go away",
};
/** What is asked for now. */
let scenario;
let prompt;
let model;
const parameters = z.object({ city: z.string() });
const weather = async () => "sunny";
setTracingDisabled(true);

/** Whole text of an AI SDK model, streamed or not, with a tool or a schema. */
async function aiSdk(languageModel) {
  const settings = { model: languageModel, prompt, maxRetries: 0 };
  if (scenario === "stream") {
    const { textStream, usage } = streamText(settings);
    let text = "";
    for await (const piece of textStream) text += piece;
    return { text, tokens: (await usage).outputTokens };
  }
  if (scenario === "tool") {
    const tools = {
      weather: tool({ description: "the weather", inputSchema: parameters, execute: weather }),
    };
    const { text, steps } = await generateText({ ...settings, tools, stopWhen: stepCountIs(3) });
    return {
      text,
      calls: steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolName }) => toolName)),
    };
  }
  if (scenario === "json") {
    const { output } = await generateText({
      ...settings,
      output: Output.object({ schema: parameters }),
    });
    return { json: output };
  }
  const { text, usage } = await generateText(settings);
  return { text, tokens: usage.outputTokens };
}

async function langchain(chat) {
  if (scenario === "stream") {
    let whole;
    for await (const chunk of await chat.stream(prompt))
      whole = whole === undefined ? chunk : whole.concat(chunk);
    return { text: whole.text, tokens: whole.usage_metadata?.output_tokens };
  }
  if (scenario === "tool") {
    const own = langchainTool(weather, {
      name: "weather",
      description: "the weather",
      schema: parameters,
    });
    const bound = chat.bindTools([own]);
    const asked = new HumanMessage(prompt);
    const first = await bound.invoke([asked]);
    const results = first.tool_calls.map(
      ({ id, name }) => new ToolMessage({ content: "sunny", tool_call_id: id, name }),
    );
    const second = await bound.invoke([asked, first, ...results]);
    return { text: second.text, calls: first.tool_calls.map(({ name }) => name) };
  }
  if (scenario === "json")
    return { json: await chat.withStructuredOutput(parameters).invoke(prompt) };
  const { text, usage_metadata } = await chat.invoke(prompt);
  return { text, tokens: usage_metadata?.output_tokens };
}

async function agents(agentModel) {
  const called = [];
  const own = agentTool({
    name: "weather",
    description: "the weather",
    parameters,
    execute: async () => {
      called.push("weather");
      return "sunny";
    },
  });
  const agent = new Agent({
    name: "asker",
    model: agentModel,
    tools: scenario === "tool" ? [own] : [],
  });
  const result = await run(agent, prompt, { stream: scenario === "stream" });
  if (scenario === "stream") await result.completed;
  return { text: result.finalOutput, ...(scenario === "tool" && { calls: called }) };
}

const openai = () => new OpenAI({ baseURL: `${base}/v1`, apiKey: KEY, maxRetries: 0 });
const anthropic = () => new Anthropic({ baseURL: base, apiKey: KEY, maxRetries: 0 });

async function openaiChat() {
  const stream = openai().chat.completions.stream({
    model,
    messages: [{ role: "user", content: prompt }],
  });
  return { text: await stream.finalContent() };
}

/** Three turns, each of which names the one before; then what the last one was made from. */
async function openaiConversation() {
  const { responses } = openai();
  const turns = [prompt, prompt, prompt];
  const said = [];
  let last;
  for (const input of turns) {
    last = await responses.create({ model, input, previous_response_id: last?.id });
    said.push(input, last.output_text);
  }
  const items = [];
  for await (const item of responses.inputItems.list(last.id, { order: "asc", limit: 2 })) {
    items.push(item.content.map(({ text }) => text).join(""));
  }
  if (items.join("|") !== said.slice(0, -1).join("|")) throw new Error(`made from ${items}`);
  return { text: last.output_text, tokens: last.usage.output_tokens };
}

async function openaiResponses() {
  const stream = openai().responses.stream({ model, input: prompt });
  const { output_text, usage } = await stream.finalResponse();
  return { text: output_text, tokens: usage.output_tokens };
}

async function anthropicMessages() {
  const stream = anthropic().messages.stream({
    model,
    max_tokens: 200,
    messages: [{ role: "user", content: prompt }],
  });
  const { usage } = await stream.finalMessage();
  return { text: await stream.finalText(), tokens: usage.output_tokens };
}

async function anthropicRunner() {
  const sdk = anthropic();
  const called = [];
  const runner = sdk.beta.messages.toolRunner({
    model,
    max_tokens: 200,
    messages: [{ role: "user", content: prompt }],
    tools: [
      {
        name: "weather",
        description: "the weather",
        input_schema: { type: "object", properties: { city: { type: "string" } } },
        parse: (input) => input,
        run: async () => {
          called.push("weather");
          return "sunny";
        },
      },
    ],
  });
  const last = await runner;
  return { text: last.content.map(({ text }) => text ?? "").join(""), calls: called };
}

const CLIENTS = {
  "ai openai": () => aiSdk(createOpenAI({ baseURL: `${base}/v1`, apiKey: KEY })(model)),
  "ai openai chat": () => aiSdk(createOpenAI({ baseURL: `${base}/v1`, apiKey: KEY }).chat(model)),
  "ai compatible": () =>
    aiSdk(
      createOpenAICompatible({
        name: "steer",
        baseURL: `${base}/v1`,
        apiKey: KEY,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(model),
    ),
  "ai anthropic": () => aiSdk(createAnthropic({ baseURL: `${base}/v1`, apiKey: KEY })(model)),
  "langchain openai": () =>
    langchain(
      new ChatOpenAI({
        model,
        apiKey: KEY,
        maxRetries: 0,
        configuration: { baseURL: `${base}/v1` },
      }),
    ),
  "langchain responses": () =>
    langchain(
      new ChatOpenAI({
        model,
        apiKey: KEY,
        maxRetries: 0,
        useResponsesApi: true,
        configuration: { baseURL: `${base}/v1` },
      }),
    ),
  "langchain anthropic": () =>
    langchain(new ChatAnthropic({ model, apiKey: KEY, maxRetries: 0, anthropicApiUrl: base })),
  "agents responses": () => agents(new OpenAIResponsesModel(openai(), model)),
  "agents chat": () => agents(new OpenAIChatCompletionsModel(openai(), model)),
  "openai chat": openaiChat,
  "openai responses": openaiResponses,
  anthropic: anthropicMessages,
  "openai conversation": openaiConversation,
  "anthropic runner": anthropicRunner,
};

const STREAMED = ["stream", ...Object.keys(FAILURES)];
/** Scenarios of clients that have others than those of all. */
const SCENARIOS = {
  "agents responses": ["text", "stream", "tool"],
  "agents chat": ["text", "stream", "tool"],
  "openai chat": STREAMED,
  "openai responses": STREAMED,
  anthropic: STREAMED,
  "openai conversation": ["text"],
  "anthropic runner": ["text", "tool"],
};

/** What a client's error says: the class, and the status of HTTP. */
function failureOf(error) {
  const retryAfter = error?.headers?.get?.("retry-after");
  return {
    error: String(error?.stack ?? error).slice(0, 1_000),
    errorClass: error?.constructor?.name,
    ...(error?.status !== undefined && { status: error.status }),
    ...(retryAfter != null && { retryAfter: Number(retryAfter) }),
  };
}

const asked = models.map((each) => {
  const [name, only] = each.split("=");
  return { name, scenarios: only?.split(",") ?? Object.keys(PROMPTS) };
});

for (const [client, call] of Object.entries(CLIENTS)) {
  for (scenario of SCENARIOS[client] ?? Object.keys(PROMPTS)) {
    prompt = PROMPTS[scenario] ?? FAILURES[scenario];
    for (const { name, scenarios } of asked) {
      if (!scenarios.includes(scenario)) continue;
      model = name;
      const result = await call().catch(failureOf);
      console.log(JSON.stringify({ client, scenario, model, ...result }));
    }
  }
}
