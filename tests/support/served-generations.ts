import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenerationSpecSchema } from "../../gen/service/steer/v1/generation_pb.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { Generation } from "../../src/domain/generation.ts";
import { decodeEvent, encodeEvent } from "../../src/rpc/encode-event.ts";
import {
  createGenerationService,
  type GenerationServiceDependencies,
} from "../../src/rpc/generation-service.ts";

export type Gateway = GenerationServiceDependencies["gateway"];
export type Spec = MessageInitShape<typeof GenerationSpecSchema>;

export const SPEC: Spec = { model: "alias", prompt: "Hi" };
export const generation = (text = "Hi"): Generation => ({
  generationId: "g.1",
  requestedModel: "alias",
  provider: "a",
  model: "m",
  providerModel: "",
  providerResponseId: "",
  message: { role: "assistant", parts: [{ type: "text", text }] },
  finishReason: "stop",
  providerFinishReason: "",
  outputJson: undefined,
  outputText: text,
  usage: undefined,
  totalUsage: undefined,
  cost: undefined,
  attempts: [],
  timing: {
    totalMs: 7,
    queuedMs: 0,
    retryDelayMs: 0,
    stallCount: 0,
    chunkCount: 0,
    characterCount: 0,
  },
  warnings: [],
  providerMetadata: {},
  createTimeMs: 2_000,
});
export const NETWORK = new GatewayError("network", "it broke");
export const failure = { error: NETWORK, partial: generation() };
export const REPORTED = { generation_id: "g.1", provider: "a", model: "m", attempts: 0 };

export const terminal = (isWhole = true): Uint8Array =>
  encodeEvent(
    {
      sequence: 9,
      attemptIndex: 1,
      body: {
        type: "complete",
        generation: generation(),
        message: isWhole ? "whole" : "omitted",
        firstOutputSequence: 2,
      },
    },
    1,
  );
export const failed = (): Uint8Array =>
  encodeEvent({ sequence: 9, attemptIndex: 1, body: { type: "error", failure } }, 1);
export const delta = (sequence: number): Uint8Array =>
  encodeEvent(
    { sequence, attemptIndex: 1, body: { type: "text-delta", partIndex: 0, text: "Hi" } },
    1,
  );
export const notice = (sequence: number): Uint8Array =>
  encodeEvent(
    {
      sequence,
      attemptIndex: 1,
      body: {
        type: "attempt-notice",
        notice: {
          failed: {
            provider: "a",
            model: "m",
            index: 1,
            trigger: "initial",
            outcome: "failed",
            startTimeMs: 0,
            durationMs: 0,
            delayMs: 0,
            delayFromProvider: false,
            outputDelivered: true,
          },
          action: "failover",
          next: { provider: "b", model: "m" },
          delayMs: 0,
          discardOutput: true,
        },
      },
    },
    4,
  );

const unasked = () => Promise.reject(new Error("nobody asks for it"));

/** The handlers over a gateway with these answers, and the reports to a call beside its answer. */
export function setUpGenerations(
  gateway: Partial<Gateway>,
  countInput: GenerationServiceDependencies["countInput"] = unasked,
) {
  const headers: Record<string, string> = {};
  const trailers: Record<string, string> = {};
  const line: Record<string, unknown> = {};
  const sent: Record<string, string> = {};
  const ended: unknown[] = [];
  const { handlers } = createGenerationService({
    gateway: {
      generate: unasked,
      streamGenerate: unasked,
      joinStream: unasked,
      deleteStream: unasked,
      storedRequest: unasked,
      resumeStream: unasked,
      cancelGeneration: unasked,
      ...gateway,
    },
    countInput,
    recovery: () => "restart",
  });
  const call = {
    caller: { id: "alice", role: "caller" },
    signal: new AbortController().signal,
    timeoutMs: 500,
    telemetry: {},
    header: (name: string) => sent[name],
    setResponseHeader: (name: string, value: string) => Object.assign(headers, { [name]: value }),
    setTrailer: (name: string, value: string) => Object.assign(trailers, { [name]: value }),
    log: (more: object) => Object.assign(line, more),
    generationEnded: (each: unknown) => void ended.push(each),
  };
  const all = handlers as Record<string, (request: unknown, call: unknown) => unknown>;
  return {
    headers,
    trailers,
    line,
    sent,
    ended,
    call,
    unary: <Answer>(method: string, request: unknown) =>
      all[method]?.(request, call) as Promise<Answer>,
    /** The sequences that a stream sends, at most `read` of them. */
    stream: async (method: string, request: unknown, read = 100) => {
      const messages = all[method]?.(request, call) as AsyncIterable<Uint8Array>;
      const events = [];
      for await (const bytes of messages) {
        events.push(decodeEvent(bytes));
        if (events.length === read) break;
      }
      return events;
    },
  };
}

type OpenStream = Awaited<ReturnType<Gateway["streamGenerate"]>>;

export function opened(events: readonly Uint8Array[], more: Partial<OpenStream> = {}): OpenStream {
  async function* deliveries() {
    yield { type: "events" as const, events };
  }
  return {
    streamId: "s.1",
    generationId: "g.1",
    isReplayed: false,
    endsAtDiscard: false,
    holdsOutput: false,
    deliveries: deliveries(),
    terminal: () => undefined,
    ...more,
  };
}
