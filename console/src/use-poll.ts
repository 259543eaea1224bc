import { useEffect, useRef, useState } from "preact/hooks";
import { type Failure, toFailure } from "./failure.ts";
import { useSession } from "./use-session.ts";

/** Data that is asked for again and again. The last data stay while a later question fails. */
export interface Polled<T> {
  readonly data: T | undefined;
  readonly failure: Failure | undefined;
  /** Asks at once. */
  refresh(): void;
}

const MAX_WAIT_MS = 30_000;

/**
 * Asks every `everyMs` milliseconds while the page is visible, and at once when `key` changes. After failures the
 * wait doubles, up to 30 s.
 */
export function usePoll<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  key = "",
): Polled<T> {
  const { onFailure } = useSession();
  const [state, setState] = useState<{ key: string; data?: T; failure?: Failure }>({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    async function round(): Promise<void> {
      if (!document.hidden) {
        try {
          const data = await latest.current(ending.signal);
          if (ending.signal.aborted) return;
          failures = 0;
          setState({ key, data });
        } catch (error) {
          if (ending.signal.aborted) return;
          failures++;
          const failure = toFailure(error);
          onFailure(failure);
          setState((before) => ({ ...(before.key === key ? before : {}), key, failure }));
        }
      }
      timer = setTimeout(() => void round(), Math.min(everyMs * 2 ** failures, MAX_WAIT_MS));
    }
    void round();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [everyMs, key, turn]);

  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    failure: isCurrent ? state.failure : undefined,
    refresh: () => setTurn((before) => before + 1),
  };
}
