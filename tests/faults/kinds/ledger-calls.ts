// Calls of every kind that the sums of the ledger know, some of which outlive their replica.
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../../gen/es/steer/v1/stream_pb.js";
import type { GrpcClient } from "../../support/grpc-client.ts";

export const KINDS = [
  "plain",
  "refused",
  "moving",
  "cut",
  "hedged",
  "cancelled",
  "moving",
  "failing",
] as const;

export type Kind = (typeof KINDS)[number];

const SCRIPTS: Readonly<Record<Kind, object>> = {
  plain: { tokens: 5 },
  refused: { tokens: 3, faults: [{ attempt: 1, status: 503 }] },
  cut: { tokens: 9, faults: [{ attempt: 1, cut_after_bytes: 700 }] },
  hedged: { tokens: 4, first_token_ms: 40 },
  cancelled: { tokens: 2_000, pace_ms: 5 },
  failing: { faults: [1, 2, 3, 4, 5, 6].map((attempt) => ({ attempt, status: 400 })) },
  moving: { tokens: 40, pace_ms: 20 },
};

export interface LedgerCall {
  readonly index: number;
  readonly kind: Kind;
  readonly labels: Readonly<Record<string, string>>;
  /** "": no replica has told the caller that it has the call. */
  streamId: string;
  /** The caller has output, and not the end. */
  isRunning: boolean;
  /** The caller knows the end. */
  isEnded: boolean;
}

/** `replica`: where the call begins, whoever ends it. */
export function createLedgerCall(index: number, replica: string): LedgerCall {
  const kind = KINDS[index % KINDS.length] ?? "plain";
  const labels = { kind, replica, call: String(index) };
  return { index, kind, labels, streamId: "", isRunning: false, isEnded: false };
}

function specOf({ index, kind, labels }: LedgerCall) {
  return {
    model: "m",
    prompt: `call ${index} with ${"words ".repeat(index % 17)}`,
    labels,
    providerOptions: { simulator: SCRIPTS[kind] as never },
    routing: {
      midStreamRecovery: MidStreamRecovery.RESTART,
      ...(kind === "hedged" && { hedge: { delay: { seconds: 0n, nanos: 10_000_000 } } }),
    },
  };
}

async function read(client: GrpcClient, call: LedgerCall): Promise<void> {
  const { CANCEL, CONTINUE } = DisconnectPolicy;
  const isCancelled = call.kind === "cancelled";
  const stream = client.stream(GenerationService.method.streamGenerate, {
    spec: specOf(call),
    options: { onDisconnect: isCancelled ? CANCEL : CONTINUE },
    acceptsDiscard: true,
  });
  for await (const { event } of stream) {
    if (event.case === "start") call.streamId = event.value.streamId;
    if (event.case === "textDelta") call.isRunning = true;
    if (event.case === "textDelta" && isCancelled) return stream.cancel();
  }
}

/** Resolves at the end of the call, or when its replica is lost. */
export async function makeLedgerCall(client: GrpcClient, call: LedgerCall): Promise<void> {
  const isStream = call.kind !== "plain" && call.kind !== "failing";
  const made =
    isStream || call.index % 2 === 0
      ? read(client, call)
      : client.unary(GenerationService.method.generate, { spec: specOf(call) });
  // Failures are a part of the run.
  call.isEnded = await made.then(
    () => true,
    (error: { readonly code?: number }) => error.code !== UNAVAILABLE,
  );
  call.isRunning = false;
}

/** The code of a call whose connection is lost. */
const UNAVAILABLE = 14;
