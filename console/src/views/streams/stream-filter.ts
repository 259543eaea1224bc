// The filter of the list of streams, as it stands in the page's address.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ListStreamStatesRequestSchema,
  StreamPhase,
} from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";

export interface StreamFilter {
  readonly phase: string;
  readonly caller: string;
  readonly provider: string;
  /** Least age of the last event, such as `1h`. */
  readonly age: string;
}

export const PHASES: Readonly<Record<string, readonly StreamPhase[]>> = {
  running: [StreamPhase.PENDING, StreamPhase.RUNNING],
  orphaned: [StreamPhase.ORPHANED],
  succeeded: [StreamPhase.SUCCEEDED],
  failed: [StreamPhase.FAILED],
  cancelled: [StreamPhase.CANCELLED],
};

const MINUTE = 60_000;
export const AGES: Readonly<Record<string, number>> = {
  "1m": MINUTE,
  "10m": 10 * MINUTE,
  "1h": 60 * MINUTE,
  "6h": 360 * MINUTE,
  "24h": 1_440 * MINUTE,
};

export function readFilter(params: URLSearchParams): StreamFilter {
  const read = (name: string): string => params.get(name) ?? "";
  return {
    phase: read("phase"),
    caller: read("caller"),
    provider: read("provider"),
    age: read("age"),
  };
}

type ListRequest = MessageInitShape<typeof ListStreamStatesRequestSchema>;

export function toListRequest(filter: StreamFilter, pageSize: number): ListRequest {
  const ageMs = AGES[filter.age];
  return {
    pageSize,
    phases: [...(PHASES[filter.phase] ?? [])],
    caller: filter.caller,
    provider: filter.provider,
    ...(ageMs !== undefined && { olderThan: durationFromMs(ageMs) }),
  };
}
