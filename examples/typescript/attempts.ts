// A call that fails, and what the service has tried before it gave up.
import { generate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";
import { codeName, SteerError } from "@steer-gateway/client/steer-error";
import { AttemptOutcome, ErrorCategory } from "@steer-gateway/stubs/steer/v1/error";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

// The simulator keeps silent for two seconds, and an attempt may wait for a tenth of one.
const spec = {
  model: STEER_MODEL,
  prompt: "Hello",
  timeouts: { firstToken: { nanos: 100_000_000 } },
  providerOptions: { simulator: { first_token_ms: 2_000 } },
};
try {
  await generate(client, { spec });
} catch (error) {
  // Every failed call is a `SteerError`; `detail` is the service's own account of it.
  if (!(error instanceof SteerError)) throw error;
  for (const { index, provider, model, outcome, errorCategory } of error.detail?.attempts ?? []) {
    const words = [AttemptOutcome[outcome], ErrorCategory[errorCategory]];
    console.log([`attempt ${index}`, `${provider}/${model}`, ...words].join("  "));
  }
  console.log(`${codeName(error.code)} ${error.reason}`);
  console.error(error.retryable ? "later the same call can succeed" : "do not repeat it");
}
client.close();
