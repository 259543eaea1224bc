// The answer as it comes, token by token.
import { streamGenerate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

const spec = { model: STEER_MODEL, prompt: "Tell me of the sea." };
for await (const { event } of streamGenerate(client, { spec })) {
  if (event.case === "textDelta") process.stdout.write(event.value.text);
  // The last event has the whole result: message, usage, cost, attempts.
  if (event.case === "complete")
    console.error(`${event.value.generation?.attempts.length} attempt`);
}
console.log();
client.close();
