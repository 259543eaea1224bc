// A stream whose connection breaks, and which loses and repeats nothing.
// Restart the service or pull the cable while it runs.
import { streamGenerate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

// One word a tenth of a second, where the simulator answers: time to break something.
const spec = {
  model: STEER_MODEL,
  prompt: "Tell me a long story of the sea.",
  // Tried in this order where the model fails. Without a list the service's configuration has one.
  routing: { fallbacks: [{ model: "simulator" }] },
  providerOptions: { simulator: { pace_ms: 100 } },
};
const stream = streamGenerate(
  client,
  { spec },
  {
    onReconnect: ({ sequence, waitMs, cause }) =>
      console.error(`after event ${sequence}: ${cause.message}; goes on in ${waitMs | 0} ms`),
    onDiscard: ({ failed }) => console.error(`begins anew: ${failed?.errorMessage}`),
  },
);
// What an attempt has said that failed later is not in it.
const text = await stream.text();
client.close();
console.log(text);
