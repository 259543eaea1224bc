import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  RecoveryAction,
  type StreamCompleteSchema,
  StreamDurability,
  type StreamEvent,
  StreamEventSchema,
} from "../../gen/es/steer/v1/stream_pb.ts";
import type * as domain from "../domain/generation.ts";
import { encodeGatewayError } from "./encode-error.ts";
import {
  encodeAttempt,
  encodeDuration,
  encodeGeneration,
  encodePart,
  encodeTime,
  encodeUsage,
  encodeWithinLimit,
} from "./encode-generation.ts";

type EventInit = NonNullable<MessageInitShape<typeof StreamEventSchema>["event"]>;
type CompleteInit = MessageInitShape<typeof StreamCompleteSchema>;

function encodeComplete(body: Extract<domain.StreamEventBody, { type: "complete" }>): CompleteInit {
  if (body.omitMessage) {
    return { generation: encodeGeneration(body.generation, "none"), messageOmitted: true };
  }
  const { generation, detail } = encodeWithinLimit(body.generation);
  return { generation, messageOmitted: detail === "none" };
}

const ACTIONS: Readonly<Record<domain.RecoveryAction, RecoveryAction>> = {
  retry: RecoveryAction.RETRY,
  failover: RecoveryAction.FAILOVER,
  continue: RecoveryAction.CONTINUE,
};

function encodeBody(body: domain.StreamEventBody): EventInit {
  switch (body.type) {
    case "text-delta":
      return {
        case: "textDelta",
        value: { partIndex: body.partIndex, text: body.text },
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
    case "part-end":
      return {
        case: "partEnd",
        value: {
          partIndex: body.partIndex,
          ...(body.part !== undefined && { part: encodePart(body.part) }),
        },
      };
    case "usage":
      return {
        case: "usage",
        value: { usage: encodeUsage(body.usage), final: body.final },
      };
    case "start":
      return {
        case: "start",
        value: {
          streamId: body.streamId,
          generationId: body.generationId,
          requestedModel: body.requestedModel,
          target: { provider: body.target.provider, model: body.target.model },
          resumable: false,
          createTime: encodeTime(body.createTimeMs),
          durability: StreamDurability.NONE,
        },
      };
    case "attempt-notice": {
      const { failed, action, next, delayMs, discardOutput } = body.notice;
      return {
        case: "attemptNotice",
        value: {
          failed: encodeAttempt(failed),
          action: ACTIONS[action],
          next: { provider: next.provider, model: next.model },
          discardOutput,
          ...(delayMs > 0 && { delay: encodeDuration(delayMs) }),
        },
      };
    }
    case "complete":
      return { case: "complete", value: encodeComplete(body) };
    case "error":
      return {
        case: "error",
        value: {
          error: encodeGatewayError(body.failure.error, body.failure.partial),
          partial: encodeGeneration(body.failure.partial, "none"),
        },
      };
    case "heartbeat":
      return { case: "heartbeat", value: {} };
  }
}

/** A domain event as the message on the wire. Streams are not stored, so `writer` stays 0. */
export function encodeEvent(event: domain.StreamEvent): StreamEvent {
  return create(StreamEventSchema, {
    sequence: event.sequence,
    attemptIndex: event.attemptIndex,
    event: encodeBody(event.body),
    ...(event.eventTimeMs !== undefined && { eventTime: encodeTime(event.eventTimeMs) }),
  });
}
