// What a simulated consumer asks for, as the wire carries it.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Role } from "../../gen/es/steer/v1/content_pb.js";
import type { GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import type { GenerationSpec } from "../../src/domain/generation-spec.ts";
import type { StreamOptions } from "../../src/domain/stream-options.ts";
import type { CallIdentity } from "../../src/ports/gateway.ts";
import { decodeStoredRequest } from "../../src/rpc/stored-request.ts";
import { promptOf } from "./provider.ts";
import type { Dice } from "./scheduler.ts";

export interface SimulatedRequest {
  /** Names the ground truth. */
  readonly key: string;
  readonly tokens: number;
  readonly kind: "stream" | "unary";
  readonly spec: GenerationSpec;
  readonly options: StreamOptions;
  readonly identity: CallIdentity;
}

const RECOVERIES = [
  MidStreamRecovery.FAIL,
  MidStreamRecovery.RESTART,
  MidStreamRecovery.RESTART,
  MidStreamRecovery.CONTINUE,
] as const;

const POLICIES = [
  DisconnectPolicy.GRACE,
  DisconnectPolicy.GRACE,
  DisconnectPolicy.CONTINUE,
  DisconnectPolicy.CANCEL,
] as const;

/** Shorter than the server's own, so that a run is. */
export const GRACE_MS = 2_000;
export const RETENTION_MS = 20_000;

export function drawRequest(dice: Dice, key: string): SimulatedRequest {
  const tokens = dice.whole(3, 24);
  const kind = dice.chance(0.15) ? "unary" : "stream";
  const requestId = kind === "unary" || dice.chance(0.7) ? key : "";
  const spec: MessageInitShape<typeof GenerationSpecSchema> = {
    model: "one",
    messages: [
      {
        role: Role.USER,
        parts: [{ data: { case: "text", value: { text: promptOf(key, tokens) } } }],
      },
    ],
    routing: { midStreamRecovery: dice.pick(RECOVERIES) },
  };
  const ephemeral = requestId === "" && dice.chance(0.1);
  const heartbeatInterval = durationFromMs(1_000);
  const stored = {
    heartbeatInterval,
    retention: durationFromMs(RETENTION_MS),
    disconnectGrace: durationFromMs(GRACE_MS),
    onDisconnect: dice.pick(POLICIES),
  };
  const bytes =
    kind === "unary"
      ? toBinary(GenerateRequestSchema, create(GenerateRequestSchema, { requestId, spec }))
      : toBinary(
          StreamGenerateRequestSchema,
          create(StreamGenerateRequestSchema, {
            requestId,
            spec,
            options: ephemeral ? { ephemeral, heartbeatInterval } : stored,
          }),
        );
  const decoded = decodeStoredRequest(bytes, kind);
  if (decoded === undefined) throw new Error("the request is not valid");
  const identity = { caller: "caller", requestId, fingerprint: key, request: () => bytes };
  return { key, tokens, kind, ...decoded, identity };
}
