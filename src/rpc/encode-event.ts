import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Generation, ModelTarget } from "../../gen/service/steer/v1/generation_pb.ts";
import {
  type AttemptNotice,
  type Heartbeat,
  type JsonDelta,
  type PartEnd,
  type ReasoningDelta,
  RecoveryAction,
  type StreamComplete,
  StreamDurability,
  type StreamError,
  type StreamEvent,
  StreamEventSchema,
  type StreamStart,
  type TextDelta,
  type ToolCallDelta,
  type UsageUpdate,
} from "../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation.ts";
import { encodeLogprob, encodeProviderData } from "./encode-content.ts";
import { encodeDelta } from "./encode-delta.ts";
import { encodeEndedPart } from "./encode-ended-part.ts";
import { encodeGatewayError } from "./encode-error.ts";
import {
  encodeAttempt,
  encodeCost,
  encodeDuration,
  encodeGeneration,
  encodeTime,
  encodeUsage,
  encodeWithinLimit,
} from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";
import { toBytes } from "./to-bytes.ts";

type Body<Type extends domain.StreamEventBody["type"]> = Extract<
  domain.StreamEventBody,
  { type: Type }
>;

/** The end of a stream without the message of its result, or with less of it. */
function completeOf(body: Body<"complete">, generation: Generation): StreamComplete {
  return {
    $typeName: "steer.v1.StreamComplete",
    generation,
    messageOmitted: false,
    firstOutputSequence: body.firstOutputSequence,
  };
}

function withoutMessage(body: Body<"complete">, generation: Generation): StreamComplete {
  const complete = completeOf(body, generation);
  complete.messageOmitted = true;
  const data = body.generation.message?.providerData;
  if (data !== undefined) complete.providerData = encodeProviderData(data);
  return complete;
}

function encodeComplete(body: Body<"complete">): StreamComplete {
  if (body.message === "omitted") {
    return withoutMessage(body, encodeGeneration(body.generation, "none"));
  }
  const { generation, detail } = encodeWithinLimit(body.generation);
  if (detail !== "none") return completeOf(body, generation);
  if (body.message !== "whole") return withoutMessage(body, generation);
  return completeOf(body, encodeGeneration(body.generation, "message"));
}

export const ACTIONS = enumTable<domain.RecoveryAction, RecoveryAction>({
  retry: RecoveryAction.RETRY,
  failover: RecoveryAction.FAILOVER,
  continue: RecoveryAction.CONTINUE,
  takeover: RecoveryAction.TAKEOVER,
  repair: RecoveryAction.REPAIR,
});

export const DURABILITIES = enumTable<domain.StreamDurability, StreamDurability>({
  none: StreamDurability.NONE,
  process: StreamDurability.PROCESS,
  host: StreamDurability.HOST,
  cluster: StreamDurability.CLUSTER,
});

function encodeTarget({ provider, model }: domain.TargetName): ModelTarget {
  return { $typeName: "steer.v1.ModelTarget", provider, model };
}

function encodeChange({ append, valueJson }: domain.JsonDelta): JsonDelta["change"] {
  if (valueJson !== undefined) return { case: "valueJson", value: valueJson };
  if (append !== undefined) return { case: "append", value: append };
  return { case: undefined };
}

function encodeJsonDelta(delta: domain.JsonDelta): JsonDelta {
  const { partIndex, documentIndex, pointer, final } = delta;
  const change = encodeChange(delta);
  return { $typeName: "steer.v1.JsonDelta", partIndex, documentIndex, pointer, change, final };
}

function encodeTextDelta({ partIndex, text, logprobs = [] }: Body<"text-delta">): TextDelta {
  return {
    $typeName: "steer.v1.TextDelta",
    partIndex,
    text,
    logprobs: logprobs.map(encodeLogprob),
  };
}

function encodeToolCallDelta(delta: Body<"tool-call-delta">): ToolCallDelta {
  const { partIndex, id = "", name = "", argumentsFragment } = delta;
  return { $typeName: "steer.v1.ToolCallDelta", partIndex, id, name, argumentsFragment };
}

function encodePartEnd({ partIndex, part, isShort = false }: Body<"part-end">): PartEnd {
  const end: PartEnd = { $typeName: "steer.v1.PartEnd", partIndex };
  return part === undefined ? end : Object.assign(end, encodeEndedPart(part, isShort));
}

function encodeUsageUpdate({ usage, cost, final }: Body<"usage">): UsageUpdate {
  const update: UsageUpdate = {
    $typeName: "steer.v1.UsageUpdate",
    usage: encodeUsage(usage),
    final,
  };
  if (cost !== undefined) update.cost = encodeCost(cost);
  return update;
}

function encodeStart(body: Body<"start">): StreamStart {
  const { streamId, generationId, requestedModel, target, durability, retentionMs } = body;
  const start: StreamStart = {
    $typeName: "steer.v1.StreamStart",
    streamId,
    generationId,
    requestedModel,
    target: encodeTarget(target),
    resumable: durability !== "none",
    createTime: encodeTime(body.createTimeMs),
    durability: DURABILITIES.values[durability],
  };
  if (retentionMs !== undefined) start.retention = encodeDuration(retentionMs);
  return start;
}

function encodeNotice({ notice }: Body<"attempt-notice">): AttemptNotice {
  const { failed, action, next, delayMs, discardOutput } = notice;
  const encoded: AttemptNotice = {
    $typeName: "steer.v1.AttemptNotice",
    failed: encodeAttempt(failed),
    action: ACTIONS.values[action],
    next: encodeTarget(next),
    discardOutput,
  };
  if (delayMs > 0) encoded.delay = encodeDuration(delayMs);
  return encoded;
}

function encodeFailure({ failure }: Body<"error">): StreamError {
  const { error, partial } = failure;
  return {
    $typeName: "steer.v1.StreamError",
    error: encodeGatewayError(error, partial),
    partial: encodeGeneration(partial, "none"),
  };
}

function encodeReasoningDelta({ partIndex, text }: Body<"reasoning-delta">): ReasoningDelta {
  return { $typeName: "steer.v1.ReasoningDelta", partIndex, text };
}

function encodeHeartbeat({ isUndurable: undurable }: Body<"heartbeat">): Heartbeat {
  return { $typeName: "steer.v1.Heartbeat", undurable };
}

function encodeBody(body: domain.StreamEventBody): StreamEvent["event"] {
  switch (body.type) {
    case "text-delta":
      return { case: "textDelta", value: encodeTextDelta(body) };
    case "reasoning-delta":
      return { case: "reasoningDelta", value: encodeReasoningDelta(body) };
    case "tool-call-delta":
      return { case: "toolCallDelta", value: encodeToolCallDelta(body) };
    case "json-delta":
      return { case: "jsonDelta", value: encodeJsonDelta(body) };
    case "part-end":
      return { case: "partEnd", value: encodePartEnd(body) };
    case "usage":
      return { case: "usage", value: encodeUsageUpdate(body) };
    case "start":
      return { case: "start", value: encodeStart(body) };
    case "attempt-notice":
      return { case: "attemptNotice", value: encodeNotice(body) };
    case "complete":
      return { case: "complete", value: encodeComplete(body) };
    case "error":
      return { case: "error", value: encodeFailure(body) };
    case "heartbeat":
      return { case: "heartbeat", value: encodeHeartbeat(body) };
  }
}

/** An event as it is sent and stored. `writer` is 0 if it is not stored. */
export function encodeEvent(event: domain.StreamEvent, writer: number): Uint8Array {
  const { sequence, attemptIndex, eventTimeMs, body } = event;
  const isDelta =
    (body.type === "text-delta" && body.logprobs === undefined) || body.type === "reasoning-delta";
  if (isDelta && eventTimeMs === undefined) {
    const { type, partIndex, text } = body;
    return encodeDelta(type, { sequence, attemptIndex, writer, partIndex, text });
  }
  const message: StreamEvent = {
    $typeName: "steer.v1.StreamEvent",
    sequence,
    attemptIndex,
    writer,
    event: encodeBody(body),
  };
  if (eventTimeMs !== undefined) message.eventTime = encodeTime(eventTimeMs);
  return toBytes(StreamEventSchema, message);
}

const INTERNAL = encodeGatewayError(new GatewayError("internal", ""), undefined);

/**
 * The terminal event of a stream whose own end cannot be encoded: `error` with the category INTERNAL and no data of
 * the generation. Cannot fail, because everything is constant except the two numbers.
 */
export function encodeInternalEnd(sequence: number, writer: number): Uint8Array {
  const event = { case: "error", value: { error: INTERNAL } } as const;
  return toBinary(StreamEventSchema, create(StreamEventSchema, { sequence, writer, event }));
}

export function decodeEvent(bytes: Uint8Array): StreamEvent {
  // The library makes buffers of the bytes in a Buffer. Not every store has buffers, and readers get one type.
  const { buffer, byteOffset, byteLength } = bytes;
  return fromBinary(StreamEventSchema, new Uint8Array(buffer, byteOffset, byteLength));
}

/**
 * The first byte of the tag of the set field of the oneof `event`; 0: nothing is set. Reads no further, so that it
 * is cheap for each event of a stream.
 */
function eventTag(bytes: Uint8Array): number {
  let position = 0;
  while (position < bytes.length) {
    const tag = bytes[position] ?? 0;
    if (tag >= 0x80 || tag >> 3 > LAST_COMMON_FIELD) return tag;
    const wireType = tag & 7;
    position++;
    if (wireType === 5) position += 4;
    else if (wireType === 2) position += 1 + (bytes[position] ?? 0);
    else {
      while ((bytes[position] ?? 0) >= 0x80) position++;
      position++;
    }
  }
  return 0;
}

/** Whether an encoded event is the last of its stream. */
export function isTerminalEvent(bytes: Uint8Array): boolean {
  const tag = eventTag(bytes);
  return tag === COMPLETE_TAG || tag === ERROR_TAG;
}

/** Whether an encoded event is an `attempt_notice`. */
export function isAttemptNotice(bytes: Uint8Array): boolean {
  return eventTag(bytes) === NOTICE_TAG;
}

/** Whether an encoded event is a part of the output: a delta of any kind, or the end of a part. */
export function isOutputEvent(bytes: Uint8Array): boolean {
  const tag = eventTag(bytes);
  return tag >= FIRST_OUTPUT_TAG && tag <= LAST_OUTPUT_TAG;
}

/**
 * Fields from 16 on have tags of two bytes. The first bytes of the tags of `attempt_notice` (17),
 * `complete` (18) and `error` (19) differ from those of all other fields.
 */
const NOTICE_TAG = (((17 << 3) | 2) & 0x7f) | 0x80;
const COMPLETE_TAG = (((18 << 3) | 2) & 0x7f) | 0x80;
const ERROR_TAG = (((19 << 3) | 2) & 0x7f) | 0x80;
/** Tags of one byte: `text_delta` (11) to `part_end` (15). */
const FIRST_OUTPUT_TAG = (11 << 3) | 2;
const LAST_OUTPUT_TAG = (15 << 3) | 2;
/** The last field that every event can have; it precedes the event's own field. */
const LAST_COMMON_FIELD = 4;
