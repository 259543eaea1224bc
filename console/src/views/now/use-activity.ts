import type {
  ActivitySample,
  WatchActivityResponse,
} from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { AdminScope } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useEffect, useState } from "preact/hooks";
import { activity } from "../../api.ts";
import { type Failure, toFailure } from "../../failure.ts";
import { toMs } from "../../parts/formats.ts";
import { useSession } from "../../use-session.ts";
import { secondOf } from "./activity-sums.ts";

/** Seconds that are kept and shown. */
export const HISTORY_SECONDS = 900;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;

export interface Activity {
  /** One for each second, in the order of their times. */
  readonly samples: readonly ActivitySample[];
  /** Upper bounds of the intervals of the times to first token, in milliseconds. */
  readonly bounds: readonly number[];
  /** The latest answer; undefined: there is none yet. */
  readonly last: WatchActivityResponse | undefined;
  /** Why nothing arrives; undefined: seconds arrive. */
  readonly failure: Failure | undefined;
}

const NOTHING: Activity = { samples: [], bounds: [], last: undefined, failure: undefined };

/** Adds an answer. A second that is known already is left out. */
function withAnswer({ samples, bounds }: Activity, answer: WatchActivityResponse): Activity {
  const before = samples.at(-1);
  const known = before === undefined ? 0 : secondOf(before);
  const added = answer.samples.filter((sample) => secondOf(sample) > known);
  const all = [...samples, ...added];
  const newest = all.at(-1);
  const oldest = newest === undefined ? 0 : secondOf(newest) - HISTORY_SECONDS;
  const given = answer.firstTokenBounds.map((bound) => toMs(bound) ?? 0);
  return {
    samples: all.filter((sample) => secondOf(sample) > oldest),
    bounds: given.length === 0 ? bounds : given,
    last: answer,
    failure: undefined,
  };
}

/** Resolves when the page can be seen, or the signal is aborted. */
function seen(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** One life of the stream, until it ends, fails, or the page is hidden. */
async function watchOnce(onAnswer: (answer: WatchActivityResponse) => void, signal: AbortSignal) {
  const hidden = new AbortController();
  const look = (): void => {
    if (document.hidden) hidden.abort();
  };
  document.addEventListener("visibilitychange", look);
  try {
    const request = {
      scope: AdminScope.CLUSTER,
      history: { seconds: BigInt(HISTORY_SECONDS), nanos: 0 },
    };
    const options = { signal: AbortSignal.any([signal, hidden.signal]) };
    for await (const answer of activity.watchActivity(request, options)) onAnswer(answer);
  } catch (error) {
    if (!hidden.signal.aborted) throw error;
  } finally {
    document.removeEventListener("visibilitychange", look);
  }
}

/**
 * The activity of all replicas, second by second. The stream is opened again when it ends; after failures the wait
 * doubles, up to 30 s. While the page is hidden, nothing is asked.
 */
export function useActivity(): Activity {
  const { onFailure } = useSession();
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    async function run(): Promise<void> {
      let waitMs = FIRST_WAIT_MS;
      while (!signal.aborted) {
        await seen(signal);
        try {
          await watchOnce((answer) => {
            waitMs = FIRST_WAIT_MS;
            setState((before) => withAnswer(before, answer));
          }, signal);
        } catch (error) {
          if (signal.aborted) return;
          const failure = toFailure(error);
          onFailure(failure);
          setState((before) => ({ ...before, failure }));
        }
        await wait(waitMs, signal);
        waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
      }
    }
    void run();
    return () => ending.abort();
  }, []);
  return state;
}
