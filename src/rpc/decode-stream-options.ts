import { DisconnectPolicy, type StreamOptions } from "../../gen/service/steer/v1/stream_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type * as stream from "../domain/stream-options.ts";
import { milliseconds } from "./decode-spec.ts";
import { JSON_MODES, ON_DISCONNECT } from "./encode-stream-options.ts";

const DEFAULT_HEARTBEAT_MS = 15_000;

/** Throws for options of stored streams: an ephemeral stream does not survive its call. */
function refuseStored(options: StreamOptions | undefined): void {
  const { onDisconnect, retention, disconnectGrace } = options ?? {};
  const refuse = (field: string): never => {
    throw invalidField(`options.${field}`, "needs a stored stream, and this one is ephemeral");
  };
  if (retention !== undefined) refuse("retention");
  if (disconnectGrace !== undefined) refuse("disconnect_grace");
  if (onDisconnect === DisconnectPolicy.GRACE || onDisconnect === DisconnectPolicy.CONTINUE) {
    refuse("on_disconnect");
  }
}

export function decodeStreamOptions(options: StreamOptions | undefined): stream.StreamOptions {
  const heartbeat = options?.heartbeatInterval;
  const grace = options?.disconnectGrace;
  const ephemeral = options?.ephemeral ?? false;
  if (ephemeral) refuseStored(options);
  return {
    jsonMode: JSON_MODES.words.get(options?.jsonMode ?? 0) ?? "off",
    omitJsonText: options?.omitJsonText ?? false,
    omitReasoning: options?.omitReasoning ?? false,
    includeUsage: options?.includeUsage ?? false,
    includeUsageUpdates: options?.includeUsageUpdates ?? false,
    includeEventTime: options?.includeEventTime ?? false,
    omitFinalMessage: options?.omitFinalMessage ?? false,
    heartbeatMs: heartbeat === undefined ? DEFAULT_HEARTBEAT_MS : milliseconds(heartbeat),
    ephemeral,
    retentionMs: options?.retention === undefined ? undefined : milliseconds(options.retention),
    onDisconnect: ON_DISCONNECT.words.get(options?.onDisconnect ?? 0) ?? "grace",
    disconnectGraceMs: grace === undefined ? undefined : milliseconds(grace),
  };
}

/** Throws INVALID_ARGUMENT for options that do not suit the requested output. */
export function checkStreamOptions(options: stream.StreamOptions, spec: GenerationSpec): void {
  if (options.jsonMode !== "off" && spec.outputFormat.type === "text") {
    throw invalidField("options.json_mode", "needs a JSON output format");
  }
}
