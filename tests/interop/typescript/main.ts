// The interop program of TypeScript: `main.ts SCENARIO` prints one line of JSON.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import grpc from "@grpc/grpc-js";
import { service as health } from "grpc-health-check";
import { createConnectClient } from "../../../clients/typescript/connect.ts";
import { generate, streamGenerate } from "../../../clients/typescript/steer.ts";
import { codeName, SteerError } from "../../../clients/typescript/steer-error.ts";
import { AttemptOutcomeSchema } from "../../../gen/es/steer/v1/error_pb.js";
import { FinishReasonSchema } from "../../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../../gen/es/steer/v1/stream_pb.js";
import {
  connect,
  credentials,
  generateOnce,
  readStream,
  setting,
  specOf,
  textOf,
} from "./calls.ts";
import { joinsRaw, lostOwner, raw, rawJoins } from "./discard.ts";
import { rolling } from "./rolling.ts";

const GZIP = { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip };

/** The error of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<SteerError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SteerError) return error;
    throw error;
  }
  throw new Error("the call has succeeded");
}

async function unary() {
  const response = await generateOnce();
  const { finishReason = 0, usage } = response.generation ?? {};
  return {
    text: textOf(response),
    finish_reason: FinishReasonSchema.value[finishReason]?.name,
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
  };
}

async function cancel() {
  const client = connect();
  const options = { onDisconnect: DisconnectPolicy.CANCEL };
  let streamId = "";
  let deltas = 0;
  for await (const { event } of streamGenerate(client, { spec: specOf(), options })) {
    if (event.case === "start") streamId = event.value.streamId;
    if (event.case === "textDelta") deltas++;
    if (deltas === 3) break;
  }
  // Long enough that the cancel arrives, and not the end of the connection.
  await delay(1_000);
  client.close();
  return { stream_id: streamId, deltas };
}

async function error() {
  const { code, reason, retryable, detail } = await failureOf(generateOnce());
  const attempts = (detail?.attempts ?? []).map(({ provider, model, outcome }) => ({
    provider,
    model,
    outcome: AttemptOutcomeSchema.value[outcome]?.name,
  }));
  return { code: codeName(code), reason, retryable, attempts };
}

async function check() {
  const Client = grpc.makeGenericClientConstructor(health, "Health");
  const client = new Client(setting("STEER_ADDRESS"), credentials());
  const request = { service: GenerationService.typeName };
  return new Promise((resolve, reject) => {
    client["check"]?.(request, (failure: Error | null, answer?: { status: string }) => {
      client.close();
      if (answer === undefined) reject(failure);
      else resolve({ status: answer.status });
    });
  });
}

async function overConnect() {
  const transport = createConnectTransport({ baseUrl: setting("STEER_HTTP_URL") });
  const client = createConnectClient(createClient(GenerationService, transport), {
    token: setting("STEER_API_KEY"),
  });
  const text = textOf(await generate(client, { spec: specOf() }));
  let streamed = "";
  for await (const { event } of streamGenerate(client, { spec: specOf() })) {
    if (event.case === "textDelta") streamed += event.value.text;
  }
  return { text, streamed };
}

const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
  unary,
  tls: unary,
  "system-authorities": unary,
  cancel,
  error,
  health: check,
  connect: overConnect,
  "lost-owner": lostOwner,
  "lost-unary": unary,
  raw,
  "raw-joins": rawJoins,
  "joins-raw": joinsRaw,
  rolling,
  async stream() {
    const { text, events, lastSequence, outputTokens } = await readStream();
    return { text, events, last_sequence: lastSequence, output_tokens: outputTokens };
  },
  async resume() {
    const { text, reconnects } = await readStream();
    return { text, reconnects };
  },
  async deadline() {
    const { code } = await failureOf(generateOnce(Number(setting("STEER_DEADLINE_MS"))));
    return { code: codeName(code) };
  },
  async text() {
    return { text: (await readStream()).text };
  },
  async large() {
    const bytes = Buffer.from(textOf(await generateOnce()));
    return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  },
  async compressed() {
    return { text: textOf(await generateOnce(undefined, GZIP)) };
  },
};

const scenario = SCENARIOS[process.argv[2] ?? ""];
if (scenario === undefined) throw new Error(`scenarios: ${Object.keys(SCENARIOS).join(" ")}`);
console.log(JSON.stringify(await scenario()));
