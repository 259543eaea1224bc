import type { Duration } from "@bufbuild/protobuf/wkt";
import { UsageScope } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { usage } from "../../api.ts";
import { toMs } from "../../parts/formats.ts";

export interface Latency {
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

const HOUR_MS = 3_600_000;

const latencyOf = (p50: Duration | undefined, p95: Duration | undefined): Latency => ({
  p50Ms: toMs(p50),
  p95Ms: toMs(p95),
});

/** Times to first token since the beginning of the last hour, by `provider` and by `provider/model`. */
export async function askLatencies(signal: AbortSignal): Promise<ReadonlyMap<string, Latency>> {
  const from = { seconds: BigInt(Math.floor((Date.now() - HOUR_MS) / 1_000)), nanos: 0 };
  const ask = (groupBy: string[]) =>
    usage.queryUsage({ from, groupBy, scope: UsageScope.ALL }, { signal });
  // One after the other: the service answers few questions of a caller at a time.
  const { rows: providers } = await ask(["provider"]);
  const { rows: models } = await ask(["provider", "model"]);
  return new Map(
    [...providers, ...models].map((row) => [
      row.group.join("/"),
      latencyOf(row.timeToFirstTokenP50, row.timeToFirstTokenP95),
    ]),
  );
}
