import type { GatewayError } from "../domain/gateway-error.ts";
import type { OwnedStream } from "../streams/owned-stream.ts";
import type { StreamRecord } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { GenerationRun } from "./generation-run.ts";
import type { StoredRequest } from "./owner-lost.ts";
import type { StreamSummary } from "./stream-summary.ts";

/** The state of a takeover's run. */
export interface TakeoverWork {
  run: GenerationRun | undefined;
  /** The error that the run was stopped with. */
  stopped: GatewayError | undefined;
  /** Whether the run supplies the stream's events and its end. */
  isFed: boolean;
}

/** A stream that this replica has claimed, and what is known of it. */
export interface ClaimedStream {
  readonly owned: OwnedStream;
  readonly record: StreamRecord;
  /** The stream before the claim. */
  readonly stream: StoredStream;
  readonly summary: StreamSummary;
  readonly request: StoredRequest | undefined;
  /** Set if the stream must end in any case. */
  readonly ending: GatewayError | undefined;
  readonly span: CallTelemetry;
  readonly work: TakeoverWork;
}
