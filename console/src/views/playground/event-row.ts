// One line for an event of a stream.
import { AttemptOutcome, ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { FinishReason } from "@steer-gateway/stubs/steer/v1/generation_pb.js";
import {
  type AttemptNotice,
  RecoveryAction,
  type StreamEvent,
} from "@steer-gateway/stubs/steer/v1/stream_pb.js";
import { wordOf } from "../../parts/word-of.ts";

export interface EventRow {
  readonly sequence: number;
  readonly writer: number;
  readonly type: string;
  readonly detail: string;
  /** Milliseconds since the call began. */
  readonly atMs: number;
}

const MAX_DETAIL = 200;

function noticeText({ failed, action, next, discardOutput }: AttemptNotice): string {
  const category = wordOf(ErrorCategory, failed?.errorCategory ?? 0);
  const outcome = wordOf(AttemptOutcome, failed?.outcome ?? 0);
  const target = next === undefined ? "" : ` at ${next.provider || next.model}`;
  const discard = discardOutput ? "; the output so far is void" : "";
  return `attempt ${failed?.index ?? "?"} ${outcome} (${category}), then ${wordOf(RecoveryAction, action)}${target}${discard}`;
}

function detailOf({ event }: StreamEvent): string {
  switch (event.case) {
    case "start":
      return `${event.value.streamId}${event.value.resumable ? "" : ", cannot be resumed"}`;
    case "textDelta":
    case "reasoningDelta":
      return JSON.stringify(event.value.text);
    case "toolCallDelta":
      return `${event.value.name} ${event.value.argumentsFragment}`;
    case "jsonDelta":
      return `${event.value.pointer || "(document)"} ${event.value.change.value ?? ""}`;
    case "partEnd":
      return `part ${event.value.partIndex}`;
    case "usage":
      return `${event.value.usage?.inputTokens ?? 0} in, ${event.value.usage?.outputTokens ?? 0} out`;
    case "attemptNotice":
      return noticeText(event.value);
    case "complete":
      return wordOf(FinishReason, event.value.generation?.finishReason ?? 0);
    case "error":
      return `${event.value.error?.reason ?? ""}: ${event.value.error?.message ?? ""}`;
    default:
      return "";
  }
}

const TYPES: Readonly<Record<string, string>> = {
  start: "start",
  textDelta: "text delta",
  reasoningDelta: "reasoning delta",
  toolCallDelta: "tool call delta",
  jsonDelta: "JSON delta",
  partEnd: "part end",
  usage: "usage",
  attemptNotice: "attempt notice",
  complete: "complete",
  error: "error",
};

export function toEventRow(event: StreamEvent, atMs: number): EventRow {
  const detail = detailOf(event);
  return {
    sequence: event.sequence,
    writer: event.writer,
    type: TYPES[event.event.case ?? ""] ?? "unknown",
    detail: detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL)}…` : detail,
    atMs,
  };
}
