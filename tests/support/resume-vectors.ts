// The vectors that every client helper must pass, and a transport that plays their scripts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { StreamCalls } from "../../clients/typescript/read-stream.ts";
import type { GenerationClient } from "../../clients/typescript/steer.ts";
import { Code, SteerError, type StreamCursor } from "../../clients/typescript/steer-error.ts";
import { type ErrorCategory, GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import { type FinishReason, MidStreamRecoverySchema } from "../../gen/es/steer/v1/generation_pb.js";
import {
  type RecoveryAction,
  type StreamDurability,
  type StreamEvent,
  StreamEventSchema,
} from "../../gen/es/steer/v1/stream_pb.js";

type CodeName = keyof typeof Code;
type RecoveryName = "FAIL" | "RESTART" | "CONTINUE";

interface VectorError {
  readonly code?: CodeName;
  readonly reason: string;
  readonly retryable: boolean;
}

interface VectorEvent {
  readonly sequence: number;
  readonly writer: number;
  readonly kind:
    | "start"
    | "text"
    | "reasoning"
    | "notice"
    | "part_end"
    | "unknown"
    | "heartbeat"
    | "complete"
    | "error";
  readonly text?: string;
  readonly part?: number;
  readonly output_text?: string;
  readonly message_text?: string;
  readonly message_omitted?: boolean;
  readonly first_output_sequence?: number;
  readonly newer?: boolean;
  readonly stream_id?: string;
  readonly resumable?: boolean;
  readonly discard_output?: boolean;
  readonly undurable?: boolean;
  readonly error?: VectorError;
}

interface VectorStatus {
  readonly code: CodeName;
  readonly gateway_error?: VectorError;
  readonly retry_info_ms?: number;
  readonly pushback_ms?: number;
}

interface VectorCall {
  readonly method: "StreamGenerate" | "ResumeStream";
  readonly stream_id?: string;
  readonly last_sequence?: number;
  readonly last_writer?: number;
  readonly accepts_discard?: boolean;
  readonly mid_stream_recovery?: RecoveryName;
  readonly events: readonly VectorEvent[];
  readonly end: "ok" | "open" | VectorStatus;
  readonly cancelled?: boolean;
}

export interface ResumeVector {
  readonly name: string;
  readonly repeatable?: boolean;
  readonly request?: { readonly mid_stream_recovery: RecoveryName };
  readonly cursor?: {
    readonly stream_id: string;
    readonly sequence: number;
    readonly writer: number;
  };
  readonly stop?: {
    readonly how: "cancel" | "deadline" | "leave";
    readonly after_sequence?: number;
    readonly in_wait?: number;
  };
  readonly random: number;
  readonly calls: readonly VectorCall[];
  readonly applied: readonly number[];
  readonly discards?: readonly number[];
  readonly text?: string;
  readonly text_error?: string;
  readonly collect_error?: string;
  readonly outcome: {
    readonly ended: "complete" | "error" | "cancelled" | "deadline" | "left";
    readonly code?: CodeName;
    readonly reason?: string;
  };
  readonly waits_ms: readonly number[];
}

/** A value that no enum of today has. */
const NEWER_VALUE: number = 99;

const FILE = join(import.meta.dirname, "../fixtures/resume-vectors.json");

export function resumeVectors(): readonly ResumeVector[] {
  const { vectors } = JSON.parse(readFileSync(FILE, "utf8")) as { vectors: ResumeVector[] };
  return vectors;
}

function bodyOf(event: VectorEvent): Parameters<typeof create<typeof StreamEventSchema>>[1] {
  const { sequence, writer, kind } = event;
  const position = { sequence, writer };
  const newer = event.newer === true ? NEWER_VALUE : 0;
  switch (kind) {
    case "start": {
      const { stream_id: streamId = "", resumable = false } = event;
      const value = { streamId, resumable, durability: newer as StreamDurability };
      return { ...position, event: { case: "start", value } };
    }
    case "text":
    case "reasoning": {
      const value = { partIndex: event.part ?? 0, text: event.text ?? `${sequence} ` };
      const type = kind === "text" ? "textDelta" : "reasoningDelta";
      return { ...position, event: { case: type, value } };
    }
    case "notice": {
      const value = {
        discardOutput: event.discard_output ?? false,
        action: newer as RecoveryAction,
      };
      return { ...position, event: { case: "attemptNotice", value } };
    }
    case "heartbeat":
      return {
        ...position,
        event: { case: "heartbeat", value: { undurable: event.undurable ?? false } },
      };
    case "part_end":
      return {
        ...position,
        event: { case: "partEnd", value: { partIndex: event.part ?? 0, part: {} } },
      };
    case "complete": {
      const { output_text: outputText = "", message_text: text } = event;
      const data = { case: "text", value: { text: text ?? "" } } as const;
      const value = {
        generation: {
          outputText,
          finishReason: newer as FinishReason,
          ...(text !== undefined && { message: { parts: [{ data }] } }),
        },
        messageOmitted: event.message_omitted ?? false,
        firstOutputSequence: event.first_output_sequence ?? 0,
      };
      return { ...position, event: { case: "complete", value } };
    }
    case "error": {
      const { code = "UNKNOWN", reason = "", retryable = false } = event.error ?? {};
      const value = {
        error: { code: Code[code], reason, retryable, category: newer as ErrorCategory },
      };
      return { ...position, event: { case: "error", value } };
    }
    case "unknown":
      return position;
  }
}

function errorOf(status: VectorStatus): SteerError {
  const { code, gateway_error: error } = status;
  return new SteerError({
    code: Code[code],
    message: code,
    ...(error !== undefined && {
      detail: create(GatewayErrorSchema, { ...error, code: Code[code] }),
    }),
    retryDelayMs: status.retry_info_ms,
    pushbackMs: status.pushback_ms,
  });
}

/** Calls of a reader for a vector. */
export interface PlayedCalls extends StreamCalls {
  readonly made: Omit<VectorCall, "events" | "end" | "cancelled">[];
  /** By call: it was ended before it ended by itself. */
  readonly cancelled: boolean[];
  /** The same calls, with the requests that a helper makes. */
  readonly client: GenerationClient;
}

/** Plays the scripts of a vector, one per call. `onIdle` is called when a call stays open. */
export function playCalls(vector: ResumeVector, onIdle: () => void): PlayedCalls {
  const made: PlayedCalls["made"] = [];
  const cancelled: boolean[] = [];

  async function* play(index: number, signal: AbortSignal): AsyncGenerator<StreamEvent, void> {
    const script = vector.calls[index];
    if (script === undefined) throw new Error(`call ${index + 1} has no script`);
    for (const event of script.events) {
      yield create(StreamEventSchema, bodyOf(event));
    }
    if (script.end === "ok") return;
    if (script.end !== "open") throw errorOf(script.end);
    const ended = new Promise((resolve) => signal.addEventListener("abort", resolve));
    onIdle();
    await ended;
    throw new SteerError({ code: Code.CANCELLED, message: "cancelled" });
  }

  function call(request: PlayedCalls["made"][number], signal: AbortSignal) {
    const index = made.push(request) - 1;
    cancelled.push(false);
    if (vector.calls[index]?.end === "open") {
      signal.addEventListener("abort", () => {
        cancelled[index] = true;
      });
    }
    return play(index, signal);
  }

  const client: GenerationClient = {
    generate: () => Promise.reject(new Error("no vector has a unary call")),
    streamGenerate({ spec, acceptsDiscard }, { signal }) {
      const recovery = MidStreamRecoverySchema.value[spec?.routing?.midStreamRecovery ?? 0];
      const name = recovery?.localName as RecoveryName;
      const asked = { accepts_discard: acceptsDiscard, mid_stream_recovery: name };
      return call({ method: "StreamGenerate", ...asked }, signal);
    },
    resumeStream({ streamId, lastSequence, lastWriter, acceptsDiscard }, { signal }) {
      const position = { last_sequence: lastSequence, last_writer: lastWriter };
      const request = { stream_id: streamId, ...position, accepts_discard: acceptsDiscard };
      return call({ method: "ResumeStream", ...request }, signal);
    },
  };

  return {
    made,
    cancelled,
    client,
    isRepeatable: vector.repeatable ?? true,
    open: (signal) => call({ method: "StreamGenerate" }, signal),
    resume: ({ streamId, sequence, writer }: StreamCursor, signal) =>
      call(
        {
          method: "ResumeStream",
          stream_id: streamId,
          last_sequence: sequence,
          last_writer: writer,
        },
        signal,
      ),
  };
}
