// One call as each kind of client sees it, in common terms.
import { clone, create, fromBinary, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../../gen/es/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../../gen/es/google/rpc/status_pb.js";
import {
  type Attempt,
  AttemptOutcome,
  AttemptTrigger,
  ErrorCategory,
  type GatewayError,
  GatewayErrorSchema,
} from "../../../gen/es/steer/v1/error_pb.js";
import type { Generation } from "../../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import type { ClockedStack } from "../clocked-stack.ts";
import type { Mode, Spec } from "./faults.ts";

const { generate, streamGenerate } = GenerationService.method;

export const CLIENTS = ["grpc-js", "connect"] as const;

type ClientName = (typeof CLIENTS)[number];

/** Python's C core accepts details below this size, base64 included. */
const MAX_DETAILS_BYTES = 4_096;
const MAX_ATTEMPTS_IN_STATUS = 3;

/** An attempt without fields that depend on time or chance. */
export interface SeenAttempt {
  readonly model: string;
  readonly trigger: string;
  readonly outcome: string;
  readonly category: string;
  readonly status: number;
  readonly code: string;
  readonly delayMs: number;
  readonly fromProvider: boolean;
  readonly delivered: boolean;
}

export interface SeenFailure {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly category: string;
  readonly retryable: boolean;
  readonly retryDelayMs: number | undefined;
  /** Names of the standard details beside ErrorInfo and GatewayError. */
  readonly details: readonly string[];
  readonly retryInfoMs: number | undefined;
  readonly pushback: string | null;
  readonly retryAfter: string | null;
  readonly attemptsTrailer: string | null;
  readonly attempts: readonly SeenAttempt[];
}

export interface Seen {
  /** Undefined: the call succeeded. */
  readonly failure: SeenFailure | undefined;
  /** All attempts: from the result, or from the in-band error. */
  readonly attempts: readonly SeenAttempt[];
  readonly text: string;
  readonly events: readonly string[];
  /** Requests at the provider, and the engine's waits, for this call. */
  readonly upstreamCalls: number;
  readonly waits: readonly number[];
}

function seenAttempt(attempt: Attempt): SeenAttempt {
  return {
    model: attempt.model,
    trigger: AttemptTrigger[attempt.trigger],
    outcome: AttemptOutcome[attempt.outcome],
    category: ErrorCategory[attempt.errorCategory],
    status: attempt.providerHttpStatus,
    code: attempt.providerErrorCode,
    delayMs: attempt.delay === undefined ? 0 : durationMs(attempt.delay),
    fromProvider: attempt.delayFromProvider,
    delivered: attempt.outputDelivered,
  };
}

const SCHEMAS = [
  BadRequestSchema,
  ErrorInfoSchema,
  GatewayErrorSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
] as const;

/** The common parts of both protocols: the status message, and access to its trailers. */
interface Received {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Message[];
  readonly bytes: number;
  readonly trailer: (name: string) => string | null;
}

function receivedByGrpc(thrown: unknown): Received {
  const { code, details, metadata } = thrown as ServiceError;
  const [packed] = metadata.get("grpc-status-details-bin");
  const status: Status = Buffer.isBuffer(packed)
    ? fromBinary(StatusSchema, packed)
    : create(StatusSchema);
  return {
    code,
    message: details,
    details: status.details.map(({ typeUrl, value }) => {
      const schema = SCHEMAS.find(({ typeName }) => typeUrl.endsWith(`/${typeName}`));
      if (schema === undefined) throw new Error(`unexpected detail ${typeUrl}`);
      return fromBinary(schema, value);
    }),
    bytes: status.details.reduce((sum, { value }) => sum + value.length, 0),
    trailer(name) {
      const [value] = metadata.get(name);
      return typeof value === "string" ? value : null;
    },
  };
}

function receivedByConnect(thrown: unknown): Received {
  const error = ConnectError.from(thrown);
  const details = SCHEMAS.flatMap((schema): Message[] => error.findDetails<typeof schema>(schema));
  return {
    code: error.code,
    message: error.rawMessage,
    details,
    bytes: details.reduce((sum, detail) => {
      const schema = SCHEMAS.find(({ typeName }) => typeName === detail.$typeName);
      return sum + (schema === undefined ? 0 : toBinary(schema, detail as never).length);
    }, 0),
    trailer: (name) => error.metadata.get(name),
  };
}

function detailOf<Found extends Message>(
  { details }: Received,
  name: Found["$typeName"],
): Found | undefined {
  return details.find(({ $typeName }) => $typeName === name) as Found | undefined;
}

/** Expects the same error in band and in the status, except for the attempts trimmed there. */
function expectSameInBand(inBand: GatewayError, inStatus: GatewayError): void {
  const trimmed = clone(GatewayErrorSchema, inBand);
  trimmed.attemptsLeftOut = Math.max(0, trimmed.attempts.length - MAX_ATTEMPTS_IN_STATUS);
  // The first attempt stays, and the last ones.
  trimmed.attempts = trimmed.attempts.toSpliced(1, trimmed.attemptsLeftOut);
  expect(toJson(GatewayErrorSchema, trimmed)).toEqual(toJson(GatewayErrorSchema, inStatus));
}

function seenFailure(received: Received): [SeenFailure, GatewayError] {
  const info = detailOf(received, "google.rpc.ErrorInfo") as
    | { reason: string; domain: string }
    | undefined;
  const gateway = detailOf<GatewayError>(received, "steer.v1.GatewayError");
  const retry = received.details.find(({ $typeName }) => $typeName === "google.rpc.RetryInfo");
  if (gateway === undefined) throw new Error("the status carries no GatewayError");
  expect(received.bytes).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
  expect(gateway.attempts.length).toBeLessThanOrEqual(MAX_ATTEMPTS_IN_STATUS);
  // The status and its details have the same code and message.
  expect(gateway).toMatchObject({ code: received.code, message: received.message });
  expect(gateway.reason).toBe(info?.reason);
  const { retryDelay } = (retry ?? {}) as { retryDelay?: Parameters<typeof durationMs>[0] };
  const standard = received.details.map(({ $typeName }) => $typeName.replace(/^google\.rpc\./, ""));
  const seen: SeenFailure = {
    code: received.code,
    message: received.message,
    reason: info?.reason,
    domain: info?.domain,
    category: ErrorCategory[gateway.category],
    retryable: gateway.retryable,
    retryDelayMs: gateway.retryDelay === undefined ? undefined : durationMs(gateway.retryDelay),
    details: standard.filter((name) => !/ErrorInfo|GatewayError/.test(name)).sort(),
    retryInfoMs: retryDelay === undefined ? undefined : durationMs(retryDelay),
    pushback: received.trailer("grpc-retry-pushback-ms"),
    retryAfter: received.trailer("retry-after"),
    attemptsTrailer: received.trailer("x-steer-attempts"),
    attempts: gateway.attempts.map(seenAttempt),
  };
  return [seen, gateway];
}

/** The text of a reader that drops output when a notice voids it. */
function textOf(events: readonly StreamEvent[]): string {
  let text = "";
  for (const { event } of events) {
    if (event.case === "textDelta") text += event.value.text;
    else if (event.case === "attemptNotice" && event.value.discardOutput) text = "";
  }
  return text;
}

/** An action during a call, for example advancing the clock once the provider is silent. */
export type During = (events: readonly StreamEvent[]) => Promise<void>;

/** Makes one call on fresh targets and returns its observations. */
export async function observe(
  stack: ClockedStack,
  client: ClientName,
  mode: Mode,
  spec: Spec,
  during: During = async () => {},
): Promise<Seen> {
  const { upstream, clock } = stack;
  const [callsBefore, waitsBefore] = [upstream.requests.length, clock.waits.length];
  const events: StreamEvent[] = [];
  let generation: Generation | undefined;
  let failure: [SeenFailure, GatewayError] | undefined;
  const driven = during(events);
  try {
    if (mode === "unary") {
      const answer =
        client === "grpc-js"
          ? await stack.grpc.unary(generate, { spec })
          : await stack.connect.generate({ spec });
      generation = answer.generation;
    } else {
      const stream =
        client === "grpc-js"
          ? stack.grpc.stream(streamGenerate, { spec })
          : stack.connect.streamGenerate({ spec });
      for await (const event of stream) events.push(event);
    }
  } catch (error) {
    failure = seenFailure(client === "grpc-js" ? receivedByGrpc(error) : receivedByConnect(error));
  }
  await driven;
  const last = events.at(-1)?.event;
  if (last?.case === "complete") generation = last.value.generation;
  const inBand = last?.case === "error" ? last.value.error : undefined;
  if (failure !== undefined && inBand !== undefined) expectSameInBand(inBand, failure[1]);
  if (failure !== undefined && mode === "stream") expect(last?.case).toBe("error");
  const attempts = inBand?.attempts ?? failure?.[1].attempts ?? generation?.attempts ?? [];
  return {
    failure: failure?.[0],
    attempts: attempts.map(seenAttempt),
    text: textOf(events),
    events: events.map(({ event }) => event.case ?? "none").filter((name) => name !== "heartbeat"),
    upstreamCalls: upstream.requests.length - callsBefore,
    waits: clock.waits.slice(waitsBefore),
  };
}
