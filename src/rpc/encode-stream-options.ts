import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  DisconnectPolicy,
  JsonStreamMode,
  type StreamOptionsSchema,
} from "../../gen/service/steer/v1/stream_pb.ts";
import type * as stream from "../domain/stream-options.ts";
import { encodeDuration } from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";

export const JSON_MODES = enumTable<stream.StreamOptions["jsonMode"], JsonStreamMode>({
  off: JsonStreamMode.OFF,
  values: JsonStreamMode.VALUES,
  patches: JsonStreamMode.PATCHES,
});

export const ON_DISCONNECT = enumTable<stream.StreamOptions["onDisconnect"], DisconnectPolicy>({
  grace: DisconnectPolicy.GRACE,
  cancel: DisconnectPolicy.CANCEL,
  continue: DisconnectPolicy.CONTINUE,
});

/** The options in the contract's form; `decodeStreamOptions` returns the same options. */
export function encodeStreamOptions(
  options: stream.StreamOptions,
): MessageInitShape<typeof StreamOptionsSchema> {
  const { jsonMode, heartbeatMs, retentionMs, onDisconnect, disconnectGraceMs, ...flags } = options;
  // An ephemeral stream cannot ask for a grace, because it ends with its call.
  const isUnsaid = options.ephemeral && onDisconnect === "grace";
  return {
    ...flags,
    jsonMode: JSON_MODES.values[jsonMode],
    heartbeatInterval: encodeDuration(heartbeatMs),
    ...(retentionMs !== undefined && { retention: encodeDuration(retentionMs) }),
    ...(!isUnsaid && { onDisconnect: ON_DISCONNECT.values[onDisconnect] }),
    ...(disconnectGraceMs !== undefined && { disconnectGrace: encodeDuration(disconnectGraceMs) }),
  };
}
