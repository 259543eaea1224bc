import type { StreamEvent } from "../../src/domain/generation.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import { WHOLE_ANSWER } from "../../src/domain/stream-options.ts";
import type { GenerationRun } from "../../src/gateway/generation-run.ts";
import type { StreamSummary } from "../../src/gateway/stream-summary.ts";
import { Takeover, type TakeoverDependencies } from "../../src/gateway/takeover.ts";
import type { CallLimits } from "../../src/ports/call-limits.ts";
import { encodeEvent, encodeInternalEnd } from "../../src/rpc/encode-event.ts";
import type { NewStream } from "../../src/streams/stream-record.ts";
import { noStreamTelemetry } from "../../src/telemetry/stream-telemetry.ts";
import type { UsageRecord } from "../../src/usage/usage-sink.ts";
import { testSpec } from "./provider-request.ts";
import { appendTo, encode, LONG_MS, newStream } from "./stored-streams.ts";
import { type Answer, createTestGateway } from "./test-gateway.ts";

export const ORPHAN_SUMMARY: StreamSummary = {
  kind: "stream",
  generationId: "g.1",
  requestedModel: "test-model",
  model: "model-before",
  createTimeMs: 7,
  labels: { team: "a" },
  heartbeatMs: 0,
  attempts: [],
};

interface Changes extends Partial<Pick<TakeoverDependencies, "decodeRequest" | "lostUsage">> {
  readonly summary?: Partial<StreamSummary>;
  readonly stream?: Partial<NewStream>;
  /** The lost owner has delivered output. */
  readonly hasOutput?: boolean;
  readonly isHandedOff?: boolean;
  /** Called when a target has accepted the generation, before it runs. */
  readonly onAdmitted?: (streamId: string) => Promise<unknown>;
}

/** A replica that finds the stream of a dead one, with one provider for its request. */
export async function orphanedStream(
  answer: Answer | readonly ProviderEvent[],
  changes: Changes = {},
) {
  const set = createTestGateway(answer);
  const { clock, log } = set;
  const store = set.faulty.peer;
  await store.openSession(log.session, LONG_MS);
  const details = encode(JSON.stringify({ ...ORPHAN_SUMMARY, ...changes.summary }));
  const stream = newStream({
    session: "gone",
    caller: "alice",
    requestId: "request-1",
    progress: { provider: "provider-before", details },
    ...changes.stream,
  });
  await store.create(stream);
  if (changes.hasOutput) await store.append(appendTo(stream, 2, 2, { firstContent: 2 }));
  if (changes.isHandedOff) await store.handOff(stream.streamId, stream.token, "planned");
  const told = {
    epochs: [] as number[],
    spans: [] as unknown[],
    records: [] as UsageRecord[],
    events: [] as StreamEvent[],
    ends: [] as Parameters<TakeoverDependencies["onEnd"]>[],
    asked: [] as unknown[],
    defects: [] as unknown[],
    settled: [] as unknown[],
  };
  const takeover = new Takeover({
    clock,
    log,
    encodeEvent(event, writer) {
      told.events.push(event);
      return encodeEvent(event, writer);
    },
    encodeInternalEnd,
    onDefect: (_, place) => void told.defects.push(place),
    onEnd: (...end) => void told.ends.push(end),
    telemetry: {
      ...noStreamTelemetry,
      startTakeover({ epoch }) {
        told.epochs.push(epoch);
        return { traceId: "trace-1", end: (end) => void told.spans.push(end) };
      },
    },
    lostUsage: async (...asked) => {
      told.asked.push(asked);
      return {};
    },
    runs: {
      limits: {
        of: () => undefined,
        settle: (...settled: Parameters<CallLimits["settle"]>) => void told.settled.push(settled),
      },
      usage: { record: (record: UsageRecord) => void told.records.push(record) },
      async prepare(...given: Parameters<typeof set.runs.prepare>): Promise<GenerationRun> {
        const run = await set.runs.prepare(...given);
        await changes.onAdmitted?.(stream.streamId);
        return run;
      },
    } as never,
    disconnectPolicy: () => ({ policy: "continue" }),
    decodeRequest: () => ({ spec: testSpec(), options: WHOLE_ANSWER }),
    ...("decodeRequest" in changes && { decodeRequest: changes.decodeRequest }),
    ...("lostUsage" in changes && { lostUsage: changes.lostUsage }),
  } as TakeoverDependencies);
  const head = async () => {
    const [found] = await store.heads([stream.streamId]);
    if (found === undefined) throw new Error("no stream");
    return found;
  };
  return {
    ...set,
    store,
    stream,
    told,
    takeover,
    head,
    adopt: async () => {
      const adopted = await takeover.adopt(await head());
      await clock.advance(0);
      return adopted;
    },
  };
}
