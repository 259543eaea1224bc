import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  GenerationSpecSchema,
  MidStreamRecovery,
  RoutingPolicySchema,
} from "../../gen/es/steer/v1/generation_pb.js";
import {
  type GenerateRequest,
  GenerateRequestSchema,
  type GenerateResponse,
  type ResumeStreamRequest,
  ResumeStreamRequestSchema,
  type StreamGenerateRequest,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import type { AttemptNotice, StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { type GenerationStream, generationStream } from "./generation-stream.ts";
import { isRepeatable, MAX_TRIES, waitBefore } from "./is-repeatable.ts";
import { type ReadOptions, type Reconnect, readStream, type StreamCalls } from "./read-stream.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { errorOfAbort, SteerError, type StreamCursor } from "./steer-error.ts";

const HEARTBEAT_MS = 15_000;
/** Missed heartbeats after which a connection counts as dead. */
const MISSED_HEARTBEATS = 3;

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** GenerationService over some transport: `grpc.ts`, `connect.ts`. Calls throw `SteerError`. */
export interface GenerationClient {
  generate(request: GenerateRequest, options: CallOptions): Promise<GenerateResponse>;
  streamGenerate(request: StreamGenerateRequest, options: CallOptions): AsyncIterable<StreamEvent>;
  resumeStream(request: ResumeStreamRequest, options: CallOptions): AsyncIterable<StreamEvent>;
}

export interface StreamReadOptions {
  /**
   * Ends everything. The loop throws `SteerError` CANCELLED with its cursor, or DEADLINE_EXCEEDED for
   * `AbortSignal.timeout`. `cause` is the signal's reason.
   */
  readonly signal?: AbortSignal;
  /** Deadline of each call. A delivery that reaches it is resumed by the next call. */
  readonly deliveryTimeoutMs?: number;
  /** Longest silence of a live connection, in milliseconds. Default: three heartbeats. 0: no limit. */
  readonly silenceMs?: number;
  readonly onReconnect?: (reconnect: Reconnect) => void;
  /** Called when all output so far is void; a user interface clears it. */
  readonly onDiscard?: (notice: AttemptNotice) => void;
  /** Called when the service's store went away (false) or came back (true). */
  readonly onDurability?: (isDurable: boolean) => void;
  readonly newId?: () => string;
  readonly runtime?: Runtime;
}

const newUuid = (): string => crypto.randomUUID();

function readOptions(options: StreamReadOptions, heartbeatMs: number): ReadOptions {
  const { signal, onReconnect, onDiscard, onDurability } = options;
  return {
    runtime: options.runtime ?? systemRuntime,
    silenceMs: options.silenceMs ?? heartbeatMs * MISSED_HEARTBEATS,
    signal,
    onReconnect,
    onDiscard,
    onDurability,
  };
}

function resumeCall(client: GenerationClient, timeoutMs: number | undefined) {
  return ({ streamId, sequence, writer }: StreamCursor, signal: AbortSignal) => {
    const request = create(ResumeStreamRequestSchema, {
      streamId,
      lastSequence: sequence,
      lastWriter: writer,
      acceptsDiscard: true,
    });
    return client.resumeStream(request, { signal, timeoutMs });
  };
}

/** A copy, so that the caller's message is not changed. */
function copyOf<Schema extends DescMessage>(
  schema: Schema,
  from: MessageInitShape<Schema> | undefined,
): MessageShape<Schema> {
  return Object.assign(create(schema), from === undefined ? {} : create(schema, from));
}

/** The request with `acceptsDiscard` and, if it names no recovery, RESTART. */
function recoverable(
  given: MessageInitShape<typeof StreamGenerateRequestSchema>,
): StreamGenerateRequest {
  const request = copyOf(StreamGenerateRequestSchema, given);
  request.acceptsDiscard = true;
  if (request.spec === undefined) return request;
  const routing = copyOf(RoutingPolicySchema, request.spec.routing);
  if (routing.midStreamRecovery === MidStreamRecovery.UNSPECIFIED) {
    routing.midStreamRecovery = MidStreamRecovery.RESTART;
  }
  request.spec = copyOf(GenerationSpecSchema, request.spec);
  request.spec.routing = routing;
  return request;
}

/**
 * Generates and streams. Resumes by itself if a connection or a replica is lost. If the request names no
 * `mid_stream_recovery`, it asks for RESTART.
 */
export function streamGenerate(
  client: GenerationClient,
  request: MessageInitShape<typeof StreamGenerateRequestSchema>,
  options: StreamReadOptions = {},
): GenerationStream {
  const { deliveryTimeoutMs: timeoutMs, newId = newUuid } = options;
  const message = recoverable(request);
  const isEphemeral = message.options?.ephemeral ?? false;
  if (message.requestId === "" && !isEphemeral) message.requestId = newId();
  const interval = message.options?.heartbeatInterval;
  const heartbeatMs = interval === undefined ? HEARTBEAT_MS : durationMs(interval);
  const calls: StreamCalls = {
    open: (signal) => client.streamGenerate(message, { signal, timeoutMs }),
    resume: resumeCall(client, timeoutMs),
    isRepeatable: message.requestId !== "",
  };
  return generationStream(readStream(calls, readOptions(options, heartbeatMs)));
}

/** Resumes a stream at a stored position. */
export function resumeStream(
  client: GenerationClient,
  cursor: StreamCursor,
  options: StreamReadOptions = {},
): GenerationStream {
  const resume = resumeCall(client, options.deliveryTimeoutMs);
  const open = (signal: AbortSignal) => resume(cursor, signal);
  // The heartbeat interval is that of the first call, which is unknown here: no limit by default.
  const calls: StreamCalls = { open, resume, isRepeatable: true };
  return generationStream(readStream(calls, readOptions(options, 0), cursor));
}

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  /** Deadline of the whole call in milliseconds, repetitions included. */
  readonly timeoutMs?: number;
  readonly newId?: () => string;
  readonly runtime?: Runtime;
}

/**
 * Generates the whole answer. Fills `request_id` and repeats the call, up to 10 times and within `timeoutMs`, if a
 * connection or a replica was lost before the answer, or if the service refused the call and asks for a repetition.
 * A repetition joins a generation that still runs, or gets its stored answer. If the lost connection cancelled the
 * generation, the answer is generated again, and a provider can be paid twice. Throws `SteerError`: CANCELLED if
 * the caller's signal is aborted, DEADLINE_EXCEEDED for `AbortSignal.timeout`.
 */
export async function generate(
  client: GenerationClient,
  request: MessageInitShape<typeof GenerateRequestSchema>,
  options: GenerateOptions = {},
): Promise<GenerateResponse> {
  const { newId = newUuid, runtime = systemRuntime, timeoutMs } = options;
  const signal = options.signal ?? new AbortController().signal;
  const message = copyOf(GenerateRequestSchema, request);
  if (message.requestId === "") message.requestId = newId();
  const endsAt = timeoutMs === undefined ? undefined : runtime.now() + timeoutMs;
  // A timeout in headers is a whole number, and some transports treat 0 as no timeout.
  const left = () =>
    endsAt === undefined ? undefined : Math.max(1, Math.ceil(endsAt - runtime.now()));
  for (let tries = 1; ; tries++) {
    if (signal.aborted) throw errorOfAbort(signal);
    try {
      return await client.generate(message, { signal, timeoutMs: left() });
    } catch (error) {
      if (signal.aborted) throw errorOfAbort(signal);
      if (!(error instanceof SteerError) || tries > MAX_TRIES || !isRepeatable(error)) throw error;
      const waitMs = waitBefore(error, tries, runtime.random());
      if (waitMs >= (left() ?? Number.POSITIVE_INFINITY)) throw error;
      await runtime.sleep(waitMs, signal).catch((thrown: unknown) => {
        throw signal.aborted ? errorOfAbort(signal) : thrown;
      });
    }
  }
}
