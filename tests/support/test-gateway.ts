// The gateway over a log in memory, with one provider that the test scripts.

import type { DefectPlace, OnDefect } from "../../src/domain/defect.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { Generation, StreamEvent } from "../../src/domain/generation.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import type { StreamOptions } from "../../src/domain/stream-options.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import type { Deployment } from "../../src/gateway/generation-run.ts";
import { GenerationRuns } from "../../src/gateway/generation-runs.ts";
import { StoredGenerations } from "../../src/gateway/stored-generations.ts";
import { SchemaChecks } from "../../src/output/schema-checks.ts";
import type { OpenStream } from "../../src/ports/gateway.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { ProviderStats } from "../../src/reliability/provider-stats.ts";
import { ReliabilityEngine } from "../../src/reliability/reliability-engine.ts";
import { DEFAULT_SETTINGS } from "../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import { encodeEvent, encodeInternalEnd } from "../../src/rpc/encode-event.ts";
import type { StreamSettings } from "../../src/streams/stream-settings.ts";
import { noStreamTelemetry } from "../../src/telemetry/stream-telemetry.ts";
import { createFaults } from "./faults.ts";
import { createFaultyStore } from "./faulty-store.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { NO_LIMITS } from "./no-limits.ts";
import { testModel, testSpec } from "./provider-request.ts";
import { createTestLog } from "./test-log.ts";
import { testCounter } from "./token-counter.ts";

export const STREAM_OPTIONS: StreamOptions = {
  jsonMode: "off",
  omitJsonText: false,
  omitReasoning: false,
  includeUsage: false,
  includeUsageUpdates: false,
  includeEventTime: false,
  omitFinalMessage: false,
  heartbeatMs: 0,
  ephemeral: false,
  retentionMs: undefined,
  onDisconnect: "grace",
  disconnectGraceMs: undefined,
};

export type Answer = (signal: AbortSignal) => AsyncIterable<ProviderEvent>;

const TIMEOUTS = {
  connectMs: 1,
  firstTokenMs: 1_000,
  firstTokenFailoverMs: 1_000,
  answerFailoverMs: 1_000,
  idleMs: 1_000,
  reasoningMs: 1_000,
  reasoningFailoverMs: 1_000,
  totalMs: 10_000,
  maxTotalMs: 10_000,
};

/** One target whose provider answers like this. */
export function createTestGateway(
  answer: Answer | readonly ProviderEvent[],
  settings: Partial<StreamSettings> = {},
) {
  const clock = createManualClock();
  const model = testModel();
  let calls = 0;
  const provider: Provider = {
    async *generate(_request, signal) {
      calls++;
      yield* typeof answer === "function" ? answer(signal) : answer;
    },
    close: async () => {},
  };
  const deployment: Deployment = {
    route: (spec) => ({
      targets: [{ model, spec, effort: undefined, options: {}, warnings: [] }],
      skipped: [],
      unfit: [],
    }),
    provider: () => provider,
    lease: () => () => {},
    timeouts: TIMEOUTS,
    abort: { mode: "close", maxTimeMs: 1_000 },
  };
  return { ...createGatewayOver(clock, deployment, settings), calls: () => calls };
}

/** The gateway over a log in memory, and over any targets. */
export function createGatewayOver(
  clock: ManualClock,
  deployment: Deployment,
  settings: Partial<StreamSettings> = {},
) {
  const stats = new ProviderStats(clock);
  let ids = 0;
  const newId = (): string => `id-${ids++}`;
  const engine = new ReliabilityEngine(clock, new TargetStates(clock, DEFAULT_SETTINGS));
  /** Reported defects. */
  const told: { readonly error: unknown; readonly place: DefectPlace | undefined }[] = [];
  const onDefect: OnDefect = (error, place) => void told.push({ error, place });
  /** Places of the gateway where a test injects defects, by name. */
  const faults = createFaults();
  const runs = new GenerationRuns({
    onDefect,
    usage: { record: (record) => faults.at(`usage ${record.type}`) },
    clock,
    stats,
    counter: testCounter(clock, "character"),
    checks: new SchemaChecks(clock),
    engine,
    limits: NO_LIMITS,
    telemetry: faults.telemetry,
    newId,
    deployment: () => deployment,
  });
  const faulty = createFaultyStore(clock);
  const log = createTestLog({ clock, store: faulty.store, settings });
  /** By bytes, because a store returns equal copies. */
  const events = new Map<string, StreamEvent>();
  const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  /** The real bytes. */
  const encode = (event: StreamEvent, writer: number): Uint8Array => {
    faults.at(`encode ${event.body.type}`);
    const bytes = encodeEvent(event, writer);
    events.set(keyOf(bytes), event);
    return bytes;
  };
  const local = createTestLog({ clock, store: createFaultyStore(clock).store });
  /** These bytes are not an event of this gateway, so they are decoded separately. */
  const internalEnd = (sequence: number, writer: number): Uint8Array => {
    const bytes = encodeInternalEnd(sequence, writer);
    const error = new GatewayError("internal", "internal error");
    const failure = { error, partial: {} as Generation };
    events.set(keyOf(bytes), { sequence, attemptIndex: 0, body: { type: "error", failure } });
    return bytes;
  };
  const shared = {
    clock,
    log,
    local,
    newId,
    onDefect,
    encodeEvent: encode,
    encodeInternalEnd: internalEnd,
  };
  const stored = new StoredGenerations(shared);
  /** How readers with a cursor have ended. */
  const resumed: string[] = [];
  const telemetry = {
    ...noStreamTelemetry,
    resumed: (result: string) => void resumed.push(result),
  };
  const gateway = createGateway({ ...shared, telemetry, runs, stored });
  const controller = new AbortController();
  const call = {
    spec: testSpec(),
    signal: controller.signal,
    timeoutMs: undefined as number | undefined,
    acceptsDiscard: false,
    telemetry: { end: () => {} },
    identity: { caller: "alice", requestId: "", fingerprint: "", request: () => new Uint8Array() },
  };

  function decode(bytes: Uint8Array): StreamEvent {
    const event = events.get(keyOf(bytes));
    if (event === undefined) throw new Error("bytes that this gateway has not encoded");
    return event;
  }

  async function* read({ deliveries }: OpenStream): AsyncGenerator<StreamEvent, void> {
    for await (const delivery of deliveries) {
      if (delivery.type === "events") yield* delivery.events.map(decode);
    }
  }

  return {
    clock,
    stats,
    engine,
    runs,
    log,
    faulty,
    faults,
    told,
    resumed,
    stored,
    gateway,
    controller,
    call,
    decode,
    read,
    async collect(stream: OpenStream): Promise<StreamEvent[]> {
      const all: StreamEvent[] = [];
      for await (const event of read(stream)) all.push(event);
      return all;
    },
  };
}
