import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type JsonDeltaSchema,
  RecoveryAction,
  type StreamCompleteSchema,
  StreamDurability,
  type StreamEvent,
  StreamEventSchema,
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

type EventInit = NonNullable<MessageInitShape<typeof StreamEventSchema>["event"]>;
type CompleteInit = MessageInitShape<typeof StreamCompleteSchema>;

type Body<Type extends domain.StreamEventBody["type"]> = Extract<
  domain.StreamEventBody,
  { type: Type }
>;

function encodeComplete(body: Body<"complete">): CompleteInit {
  const { firstOutputSequence } = body;
  const data = body.generation.message?.providerData;
  const omitted = {
    firstOutputSequence,
    messageOmitted: true,
    ...(data !== undefined && { providerData: encodeProviderData(data) }),
  };
  if (body.message === "omitted") {
    return { generation: encodeGeneration(body.generation, "none"), ...omitted };
  }
  const { generation, detail } = encodeWithinLimit(body.generation);
  if (detail !== "none") return { generation, firstOutputSequence };
  if (body.message !== "whole") return { generation, ...omitted };
  return { generation: encodeGeneration(body.generation, "message"), firstOutputSequence };
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

function encodeJsonDelta(delta: domain.JsonDelta): MessageInitShape<typeof JsonDeltaSchema> {
  const { partIndex, documentIndex, pointer, append, valueJson, final } = delta;
  return {
    partIndex,
    documentIndex,
    pointer,
    final,
    ...(append !== undefined && { change: { case: "append", value: append } }),
    ...(valueJson !== undefined && { change: { case: "valueJson", value: valueJson } }),
  };
}

function encodeStart(body: Body<"start">): EventInit {
  const { streamId, generationId, requestedModel, target, durability, retentionMs } = body;
  return {
    case: "start",
    value: {
      streamId,
      generationId,
      requestedModel,
      target: { provider: target.provider, model: target.model },
      resumable: durability !== "none",
      createTime: encodeTime(body.createTimeMs),
      durability: DURABILITIES.values[durability],
      ...(retentionMs !== undefined && { retention: encodeDuration(retentionMs) }),
    },
  };
}

function encodeNotice({ notice }: Body<"attempt-notice">): EventInit {
  const { failed, action, next, delayMs, discardOutput } = notice;
  return {
    case: "attemptNotice",
    value: {
      failed: encodeAttempt(failed),
      action: ACTIONS.values[action],
      next: { provider: next.provider, model: next.model },
      discardOutput,
      ...(delayMs > 0 && { delay: encodeDuration(delayMs) }),
    },
  };
}

function encodeFailure({ failure }: Body<"error">): EventInit {
  const { error, partial } = failure;
  const value = {
    error: encodeGatewayError(error, partial),
    partial: encodeGeneration(partial, "none"),
  };
  return { case: "error", value };
}

function encodeBody(body: domain.StreamEventBody): EventInit {
  switch (body.type) {
    case "text-delta":
      return {
        case: "textDelta",
        value: {
          partIndex: body.partIndex,
          text: body.text,
          ...(body.logprobs !== undefined && { logprobs: body.logprobs.map(encodeLogprob) }),
        },
      };
    case "reasoning-delta":
      return {
        case: "reasoningDelta",
        value: { partIndex: body.partIndex, text: body.text },
      };
    case "tool-call-delta":
      return {
        case: "toolCallDelta",
        value: {
          partIndex: body.partIndex,
          id: body.id ?? "",
          name: body.name ?? "",
          argumentsFragment: body.argumentsFragment,
        },
      };
    case "json-delta":
      return { case: "jsonDelta", value: encodeJsonDelta(body) };
    case "part-end":
      return {
        case: "partEnd",
        value: {
          partIndex: body.partIndex,
          ...(body.part !== undefined && encodeEndedPart(body.part, body.isShort === true)),
        },
      };
    case "usage":
      return {
        case: "usage",
        value: {
          usage: encodeUsage(body.usage),
          final: body.final,
          ...(body.cost !== undefined && { cost: encodeCost(body.cost) }),
        },
      };
    case "start":
      return encodeStart(body);
    case "attempt-notice":
      return encodeNotice(body);
    case "complete":
      return { case: "complete", value: encodeComplete(body) };
    case "error":
      return encodeFailure(body);
    case "heartbeat":
      return { case: "heartbeat", value: { undurable: body.isUndurable } };
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
  const message = create(StreamEventSchema, {
    sequence,
    attemptIndex,
    writer,
    event: encodeBody(body),
    ...(eventTimeMs !== undefined && { eventTime: encodeTime(eventTimeMs) }),
  });
  return toBinary(StreamEventSchema, message);
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
  return fromBinary(StreamEventSchema, bytes);
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
