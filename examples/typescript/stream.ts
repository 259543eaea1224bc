// The answer as it comes, token by token.
import { streamGenerate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";

const { STEER_ADDRESS = "127.0.0.1:50051", STEER_MODEL = "simulator", STEER_TOKEN } = process.env;

const client = createGrpcClient({
  address: STEER_ADDRESS,
  ...(STEER_TOKEN !== undefined && { token: STEER_TOKEN }),
});

const spec = { model: STEER_MODEL, prompt: "Tell me of the sea." };
for await (const { event } of streamGenerate(client, { spec })) {
  if (event.case === "textDelta") process.stdout.write(event.value.text);
  // The last event has the whole result: message, usage, cost, attempts.
  if (event.case === "complete")
    console.error(`${event.value.generation?.attempts.length} attempt`);
}
console.log();
client.close();
