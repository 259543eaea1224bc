// Calls whose lines a test searches in the log of a real process.
import { createHash } from "node:crypto";
import { createGrpcClient, type GrpcClient } from "./grpc-client.ts";
import { type ServiceOptions, type ServiceProcess, startService } from "./service.ts";
import { eventually } from "./stack.ts";

export const CALLER_KEY = "steer_caller-key-for-tests";
export const OPERATOR_KEY = "steer_operator-key-for-tests";
/** Contained in every request and in no line. */
export const SECRET_PROMPT = "a prompt that stays private";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Callers and prices, so that lines have a caller and costs; and scripts that make a provider fail. */
const CONFIG = `
faults: {allow: true} # because: the simulator shall fail
callers:
  - {id: billing, role: caller, key_sha256: ${sha256(CALLER_KEY)}}
  - {id: ops, role: operator, key_sha256: ${sha256(OPERATOR_KEY)}}
models:
  - id: priced
    provider: simulator
    provider_model: simulator
    prices: {currency: USD, input: 1, output: 10, date: 2026-11-01}
`;

type Line = Readonly<Record<string, unknown>>;

export interface LoggedService extends AsyncDisposable {
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
  /** The line of an event with this trace, when it arrives. */
  lineOf(traceId: string, event?: string): Promise<Line>;
  /** Whether the log contains a text. */
  tells(text: string): boolean;
}

export async function startLoggedService(options: ServiceOptions = {}): Promise<LoggedService> {
  const service = await startService({ ...options, config: `${CONFIG}${options.config ?? ""}` });
  const client = createGrpcClient(service.grpc);
  return {
    service,
    client,
    async lineOf(traceId, event = "call") {
      const found = () =>
        service.log.find((line) => line["event"] === event && line["trace_id"] === traceId);
      await eventually(() => found() !== undefined);
      return found() as Line;
    },
    tells: (text) => JSON.stringify(service.log).includes(text),
    async [Symbol.asyncDispose]() {
      client.close();
      await service.stop();
    },
  };
}

let serial = 0;

/** Metadata of a call with its own trace; `null`: without a key. */
export function traced(key: string | null = CALLER_KEY) {
  const traceId = `4bf92f3577b34da6a3ce929d${String(serial++).padStart(8, "0")}`;
  const metadata = {
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    ...(key !== null && { authorization: `Bearer ${key}` }),
  };
  return { traceId, metadata };
}

/** A request that the simulator answers with this script. */
export const simulated = (simulator: object) => ({
  model: "priced",
  prompt: SECRET_PROMPT,
  providerOptions: { simulator: simulator as never },
});

/** A slow answer; no test waits for its end. */
export const LONG = simulated({ tokens: 2_000, pace_ms: 20 });

export async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
