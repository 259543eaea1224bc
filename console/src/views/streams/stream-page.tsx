import type { StreamState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { AttemptWaterfall } from "./attempt-waterfall.tsx";
import { CancelDialog } from "./cancel-dialog.tsx";
import { StreamFacts } from "./stream-facts.tsx";
import { ENDED, StreamPhaseBadge } from "./stream-phase.tsx";

const LIVE_MS = 1_000;
/** An ended stream changes no more, but for its deletion. */
const ENDED_MS = 30_000;

function Heading({ stream }: { stream: StreamState }) {
  const { streamId, phase } = stream;
  return (
    <div class="row heading">
      <h1 class="mono">{streamId}</h1>
      <CopyButton text={streamId} what="the stream's identifier" />
      <span aria-live="polite">
        <StreamPhaseBadge phase={phase} />
      </span>
      {!ENDED.includes(phase) && <span class="quiet">updated every second</span>}
    </div>
  );
}

/** One stream, watched until it ends. Its content is not shown. */
export function StreamPage({ streamId }: { streamId: string }) {
  const [hasEnded, setEnded] = useState(false);
  const [isCancelling, setCancelling] = useState(false);
  const { data, failure, refresh } = usePoll(
    async (signal) => {
      const { streamState } = await admin.getStreamState({ streamId }, { signal });
      if (streamState !== undefined && ENDED.includes(streamState.phase)) setEnded(true);
      return { stream: streamState, nowMs: Date.now() };
    },
    hasEnded ? ENDED_MS : LIVE_MS,
    streamId,
  );
  const stream = data?.stream;
  return (
    <>
      <p class="quiet">
        <a href={hrefOf("streams")}>Streams</a> /
      </p>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {stream === undefined && failure === undefined && <Skeleton />}
      {stream !== undefined && (
        <>
          <Heading stream={stream} />
          {!ENDED.includes(stream.phase) && (
            <div class="row">
              <button type="button" class="danger" onClick={() => setCancelling(true)}>
                Cancel this stream…
              </button>
            </div>
          )}
          {stream.error !== undefined && (
            <Notice kind="error">
              <span class="mono">{stream.error.reason}</span>: {stream.error.message}
            </Notice>
          )}
          <StreamFacts stream={stream} />
          <h2>Attempts</h2>
          <AttemptWaterfall stream={stream} nowMs={data?.nowMs ?? 0} />
        </>
      )}
      {isCancelling && (
        <CancelDialog streamId={streamId} onDone={refresh} onClose={() => setCancelling(false)} />
      )}
    </>
  );
}
