// The model calls a function of ours, and answers with what it returned.
import { create } from "@bufbuild/protobuf";
import { generate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";
import { MessageSchema, Role } from "@steer-gateway/stubs/steer/v1/content";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

const getWeather = (city: string): string => `21 degrees and clear in ${city || "your city"}`;

const parametersJsonSchema = JSON.stringify({
  type: "object",
  properties: { city: { type: "string", description: "Name of the city" } },
  required: ["city"],
});
const spec = {
  model: STEER_MODEL,
  tools: [
    {
      kind: {
        case: "function" as const,
        value: { name: "get_weather", description: "Weather of a city", parametersJsonSchema },
      },
    },
  ],
};
const question = create(MessageSchema, {
  role: Role.USER,
  parts: [{ data: { case: "text", value: { text: "What is the weather in Köln?" } } }],
});

// The first turn must call the function; usually `toolChoice` is left out and the model decides.
const first = await generate(client, {
  spec: {
    ...spec,
    messages: [question],
    toolChoice: { choice: { case: "functionName", value: "get_weather" } },
  },
});
const answer = first.generation?.message ?? create(MessageSchema);
const results = answer.parts.flatMap(({ data }) => {
  if (data.case !== "toolCall") return [];
  const { id, name, argumentsJson } = data.value;
  const { city } = JSON.parse(argumentsJson) as { city: string };
  const result = getWeather(city);
  console.log(`${name}(${argumentsJson}) -> ${result}`);
  const text = { data: { case: "text" as const, value: { text: result } } };
  return [
    { data: { case: "toolResult" as const, value: { toolCallId: id, name, content: [text] } } },
  ];
});

// The second turn has the conversation so far: the question, the call, its result.
const messages = [question, answer, create(MessageSchema, { role: Role.TOOL, parts: results })];
const second = await generate(client, { spec: { ...spec, messages } });
client.close();

const parts = second.generation?.message?.parts ?? [];
console.log(parts.map(({ data }) => (data.case === "text" ? data.value.text : "")).join(""));
