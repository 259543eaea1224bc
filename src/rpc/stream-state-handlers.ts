import { create } from "@bufbuild/protobuf";
import {
  type AdminService,
  CancelStreamResponseSchema,
  GetStreamStateResponseSchema,
  ListStreamStatesResponseSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { CleanupOrder, EndedPhase, StreamOperations } from "../domain/stream-states.ts";
import { type Audit, audited } from "./audit.ts";
import { milliseconds } from "./decode-spec.ts";
import { decodePhases, encodeCleanup, encodeStreamState } from "./encode-stream-state.ts";
import type { Handlers } from "./handlers.ts";

type StreamStateHandlers = Pick<
  Handlers<typeof AdminService>,
  "listStreamStates" | "getStreamState" | "cancelStream" | "cleanupStreamStates"
>;

function isEnded(phase: string): phase is EndedPhase {
  return phase === "succeeded" || phase === "failed" || phase === "cancelled";
}

/** The admin service's methods for stored streams. */
export function createStreamStateHandlers(
  streams: StreamOperations,
  audit: Audit,
): StreamStateHandlers {
  return {
    async listStreamStates(request) {
      const { provider, caller, olderThan } = request;
      const filter = {
        phases: decodePhases(request.phases),
        provider,
        caller,
        olderThanMs: olderThan === undefined ? 0 : milliseconds(olderThan),
      };
      const page = await streams.list(filter, request.pageSize, request.pageToken);
      return create(ListStreamStatesResponseSchema, {
        streamStates: page.streams.map(encodeStreamState),
        nextPageToken: page.nextToken,
      });
    },

    async getStreamState({ streamId }, call) {
      call.log({ stream_id: streamId });
      const streamState = encodeStreamState(await streams.get(streamId));
      return create(GetStreamStateResponseSchema, { streamState });
    },

    async cancelStream({ streamId, note }, call) {
      call.log({ stream_id: streamId });
      const target = { stream_id: streamId, ...(note !== "" && { note }) };
      return audited(audit, call, { method: "CancelStream", target }, async () => {
        const { cancelled, stream } = await streams.cancel(streamId, note);
        const streamState = encodeStreamState(stream);
        const response = create(CancelStreamResponseSchema, { cancelled, streamState });
        return [response, { cancelled, phase: stream.phase }];
      });
    },

    async cleanupStreamStates(request, call) {
      const { olderThan, dryRun, includeOrphaned, maxDeletions } = request;
      if (olderThan === undefined) throw invalidField("older_than", "value is required");
      const order: CleanupOrder = {
        olderThanMs: milliseconds(olderThan),
        dryRun,
        phases: decodePhases(request.phases).filter(isEnded),
        includeOrphaned,
        maxDeletions,
      };
      const target = {
        older_than_ms: order.olderThanMs,
        dry_run: dryRun,
        phases: [...order.phases],
        include_orphaned: includeOrphaned,
        max_deletions: maxDeletions,
      };
      return audited(audit, call, { method: "CleanupStreamStates", target }, async () => {
        const report = await streams.cleanup(order);
        const { matched, deleted, skipped, freedBytes, truncated } = report;
        const counts = { matched, deleted, skipped, freed_bytes: freedBytes, truncated };
        return [encodeCleanup(report), counts];
      });
    },
  };
}
