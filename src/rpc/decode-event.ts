import { create } from "@bufbuild/protobuf";
import { GenerationSchema, type ModelTarget } from "../../gen/service/steer/v1/generation_pb.ts";
import type {
  AttemptNotice,
  JsonDelta,
  PartEnd,
  StreamComplete,
  StreamError,
  StreamEvent,
  StreamStart,
  TextDelta,
  ToolCallDelta,
  UsageUpdate,
} from "../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation.ts";
import { decodePart } from "./decode-content.ts";
import { decodeDelta } from "./decode-delta.ts";
import { decodeGatewayError } from "./decode-error.ts";
import {
  decodeAttempt,
  decodeCost,
  decodeDuration,
  decodeGeneration,
  decodeTime,
  decodeUsage,
} from "./decode-generation.ts";
import { decodeLogprobs, decodeProviderData } from "./decode-provider-data.ts";
import { ACTIONS, DURABILITIES, decodeEvent } from "./encode-event.ts";

type Body<Type extends domain.StreamEventBody["type"]> = Extract<
  domain.StreamEventBody,
  { type: Type }
>;

/** A field that every event of its kind has. */
function required<Field>(field: Field | undefined): Field {
  if (field === undefined) throw new GatewayError("internal", "a stored event is not whole");
  return field;
}

function decodeTarget(target: ModelTarget | undefined): domain.TargetName {
  const { provider, model } = required(target);
  return { provider, model };
}

function decodeStart(start: StreamStart): Body<"start"> {
  const { streamId, generationId, requestedModel, target, retention } = start;
  return {
    type: "start",
    streamId,
    generationId,
    requestedModel,
    target: decodeTarget(target),
    createTimeMs: decodeTime(start.createTime),
    durability: DURABILITIES.words.get(start.durability) ?? "none",
    ...(retention !== undefined && { retentionMs: decodeDuration(retention) }),
  };
}

function decodeText({ partIndex, text, logprobs }: TextDelta): Body<"text-delta"> {
  return { type: "text-delta", partIndex, text, ...decodeLogprobs(logprobs) };
}

function decodeToolCall(delta: ToolCallDelta): Body<"tool-call-delta"> {
  const { partIndex, id, name, argumentsFragment } = delta;
  return {
    type: "tool-call-delta",
    partIndex,
    ...(id !== "" && { id }),
    ...(name !== "" && { name }),
    argumentsFragment,
  };
}

function decodeJsonDelta({ change, ...delta }: JsonDelta): domain.JsonDelta {
  const { partIndex, documentIndex, pointer, final } = delta;
  return {
    type: "json-delta",
    partIndex,
    documentIndex,
    pointer,
    ...(change.case !== undefined && { [change.case]: change.value }),
    final,
  };
}

function decodePartEnd({ partIndex, part, remainder }: PartEnd): Body<"part-end"> {
  const told = part ?? remainder;
  const decoded = told && decodePart(told);
  return {
    type: "part-end",
    partIndex,
    ...(decoded !== undefined && { part: decoded }),
    ...(remainder !== undefined && { isShort: true }),
  };
}

function decodeUsageUpdate({ usage, cost, final }: UsageUpdate): Body<"usage"> {
  return {
    type: "usage",
    usage: decodeUsage(required(usage)),
    cost: cost && decodeCost(cost),
    final,
  };
}

function decodeNotice(notice: AttemptNotice): Body<"attempt-notice"> {
  return {
    type: "attempt-notice",
    notice: {
      failed: decodeAttempt(required(notice.failed)),
      action: ACTIONS.words.get(notice.action) ?? "retry",
      next: decodeTarget(notice.next),
      delayMs: decodeDuration(notice.delay),
      discardOutput: notice.discardOutput,
    },
  };
}

function decodeComplete(complete: StreamComplete): Body<"complete"> {
  const { messageOmitted, providerData, firstOutputSequence } = complete;
  const generation = decodeGeneration(required(complete.generation));
  const kept = providerData && {
    role: "assistant" as const,
    parts: [],
    providerData: decodeProviderData(providerData),
  };
  return {
    type: "complete",
    generation: kept === undefined ? generation : { ...generation, message: kept },
    message: messageOmitted ? "omitted" : "whole",
    firstOutputSequence,
  };
}

function decodeError({ error, partial }: StreamError): Body<"error"> {
  return {
    type: "error",
    failure: {
      error: decodeGatewayError(required(error)),
      // Missing in the terminal event of a stream whose own end could not be encoded.
      partial: decodeGeneration(partial ?? create(GenerationSchema)),
    },
  };
}

function decodeBody({ event }: StreamEvent): domain.StreamEventBody {
  switch (event.case) {
    case "textDelta":
      return decodeText(event.value);
    case "reasoningDelta":
      return {
        type: "reasoning-delta",
        partIndex: event.value.partIndex,
        text: event.value.text,
      };
    case "toolCallDelta":
      return decodeToolCall(event.value);
    case "jsonDelta":
      return decodeJsonDelta(event.value);
    case "partEnd":
      return decodePartEnd(event.value);
    case "usage":
      return decodeUsageUpdate(event.value);
    case "start":
      return decodeStart(event.value);
    case "attemptNotice":
      return decodeNotice(event.value);
    case "complete":
      return decodeComplete(event.value);
    case "error":
      return decodeError(event.value);
    case "heartbeat":
      return { type: "heartbeat", isUndurable: event.value.undurable };
    case undefined:
      throw new GatewayError(
        "internal",
        "a stored event of a kind that this version does not know",
      );
  }
}

/**
 * Converts an encoded event of the log into the domain's event. Encoding it again gives the same bytes.
 *
 * Facts that the bytes do not have are missing: the delta text of an output part that `isShort`; the output of a
 * result too long for a client (an omitted message with `providerData` has only that); all output of a failure;
 * `isUnlisted` of targets; `unseenOutputTokens` of usage; and the facts of errors that `decodeGatewayError` names.
 * An event of a stream that is not stored has the writer 0.
 *
 * Throws `GatewayError` INTERNAL for an event of a kind that this version does not know.
 */
export function decodeStreamEvent(bytes: Uint8Array): domain.StoredEvent {
  const delta = decodeDelta(bytes);
  if (delta !== undefined) return delta;
  const event = decodeEvent(bytes);
  const { sequence, writer, attemptIndex, eventTime } = event;
  return {
    sequence,
    writer,
    attemptIndex,
    ...(eventTime !== undefined && { eventTimeMs: decodeTime(eventTime) }),
    body: decodeBody(event),
  };
}
