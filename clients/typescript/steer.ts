import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type GenerateRequest,
  GenerateRequestSchema,
  type GenerateResponse,
  type ResumeStreamRequest,
  ResumeStreamRequestSchema,
  type StreamGenerateRequest,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { type ReadOptions, type Reconnect, readStream } from "./resume.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { Code, SteerError, type StreamCursor } from "./steer-error.ts";

const HEARTBEAT_MS = 15_000;
/** Heartbeats that may be missing before a connection counts as dead. */
const MISSED_HEARTBEATS = 3;
const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 200;

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** GenerationService over some transport: `grpc.ts`, `connect.ts`. Calls throw `SteerError`. */
export interface GenerationClient {
  /** The library repeats by itself what `grpc-retry-pushback-ms` asks for. */
  readonly honoursPushback: boolean;
  generate(request: GenerateRequest, options: CallOptions): Promise<GenerateResponse>;
  streamGenerate(request: StreamGenerateRequest, options: CallOptions): AsyncIterable<StreamEvent>;
  resumeStream(request: ResumeStreamRequest, options: CallOptions): AsyncIterable<StreamEvent>;
}

export interface StreamReadOptions {
  /** Ends everything; the loop throws its reason. `AbortSignal.timeout` makes it a deadline. */
  readonly signal?: AbortSignal;
  /** Deadline of each call: a delivery that reaches it is resumed by the next. */
  readonly deliveryTimeoutMs?: number;
  /** Longest silence of a live connection. Unset: three heartbeats. 0: no limit. */
  readonly silenceMs?: number;
  readonly onReconnect?: (reconnect: Reconnect) => void;
  /** The service's store went away or came back. */
  readonly onDurability?: (isDurable: boolean) => void;
  readonly newId?: () => string;
  readonly runtime?: Runtime;
}

const newUuid = (): string => crypto.randomUUID();

function readOptions(options: StreamReadOptions, heartbeatMs: number): ReadOptions {
  const { signal, onReconnect, onDurability } = options;
  return {
    runtime: options.runtime ?? systemRuntime,
    silenceMs: options.silenceMs ?? heartbeatMs * MISSED_HEARTBEATS,
    signal,
    onReconnect,
    onDurability,
  };
}

function resumeCall(client: GenerationClient, timeoutMs: number | undefined) {
  return ({ streamId, sequence, writer }: StreamCursor, signal: AbortSignal) => {
    const request = { streamId, lastSequence: sequence, lastWriter: writer };
    return client.resumeStream(create(ResumeStreamRequestSchema, request), { signal, timeoutMs });
  };
}

/** Generates and streams; goes on by itself where a connection or a replica is lost. */
export function streamGenerate(
  client: GenerationClient,
  request: MessageInitShape<typeof StreamGenerateRequestSchema>,
  options: StreamReadOptions = {},
): AsyncGenerator<StreamEvent, void> {
  const { deliveryTimeoutMs: timeoutMs, newId = newUuid } = options;
  const message = create(StreamGenerateRequestSchema, request);
  const isEphemeral = message.options?.ephemeral ?? false;
  if (message.requestId === "" && !isEphemeral) message.requestId = newId();
  const interval = message.options?.heartbeatInterval;
  const heartbeatMs = interval === undefined ? HEARTBEAT_MS : durationMs(interval);
  return readStream(
    {
      open: (signal) => client.streamGenerate(message, { signal, timeoutMs }),
      resume: resumeCall(client, timeoutMs),
      isRepeatable: message.requestId !== "",
    },
    readOptions(options, heartbeatMs),
  );
}

/** Goes on with a stream whose position was kept elsewhere. */
export function resumeStream(
  client: GenerationClient,
  cursor: StreamCursor,
  options: StreamReadOptions = {},
): AsyncGenerator<StreamEvent, void> {
  const resume = resumeCall(client, options.deliveryTimeoutMs);
  const open = (signal: AbortSignal) => resume(cursor, signal);
  // The interval is the first call's, which is not known here: no limit unless one is given.
  return readStream({ open, resume, isRepeatable: true }, readOptions(options, 0), cursor);
}

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  /** Deadline of the whole call, repetitions included. */
  readonly timeoutMs?: number;
  readonly newId?: () => string;
  readonly runtime?: Runtime;
}

/** A lost connection, as the transports name it; safe to repeat because of `request_id`. */
const LOST_CODES: ReadonlySet<number> = new Set([Code.UNAVAILABLE, Code.ABORTED, Code.CANCELLED]);

/** How long to wait before the call is made again; undefined: it must not be. */
function repetitionWait(
  error: unknown,
  attempt: number,
  client: GenerationClient,
  runtime: Runtime,
): number | undefined {
  if (!(error instanceof SteerError) || attempt >= MAX_ATTEMPTS) return undefined;
  const { code, pushbackMs, isFromGateway } = error;
  if (pushbackMs !== undefined) {
    return pushbackMs < 0 || client.honoursPushback ? undefined : pushbackMs;
  }
  if (isFromGateway || !LOST_CODES.has(code)) return undefined;
  return runtime.random() * FIRST_WAIT_MS * 2 ** (attempt - 1);
}

/** Generates the whole answer; repeats the call where nothing was executed or nobody answered. */
export async function generate(
  client: GenerationClient,
  request: MessageInitShape<typeof GenerateRequestSchema>,
  options: GenerateOptions = {},
): Promise<GenerateResponse> {
  const { newId = newUuid, runtime = systemRuntime, timeoutMs } = options;
  const signal = options.signal ?? new AbortController().signal;
  const message = create(GenerateRequestSchema, request);
  if (message.requestId === "") message.requestId = newId();
  const startedAt = runtime.now();
  const left = () => (timeoutMs === undefined ? undefined : timeoutMs - runtime.now() + startedAt);
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await client.generate(message, { signal, timeoutMs: left() });
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = repetitionWait(error, attempt, client, runtime);
      if (waitMs === undefined || waitMs >= (left() ?? Number.POSITIVE_INFINITY)) throw error;
      await runtime.sleep(waitMs, signal);
    }
  }
}
