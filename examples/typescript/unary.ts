// One question, one answer.
import { generate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

// The deadline covers the whole call, with what the service repeats inside it.
const { generation } = await generate(
  client,
  { spec: { model: STEER_MODEL, prompt: "Why is the sea salt?" } },
  { timeoutMs: 60_000 },
);
client.close();

console.log(`${generation?.usage?.outputTokens} tokens from ${generation?.provider}`);
const parts = generation?.message?.parts ?? [];
console.log(parts.map(({ data }) => (data.case === "text" ? data.value.text : "")).join(""));
