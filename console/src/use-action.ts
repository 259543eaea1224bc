import { useEffect, useRef, useState } from "preact/hooks";
import { type Failure, toFailure } from "./failure.ts";
import { useSession } from "./use-session.ts";

/** A call that changes something: one at a time, with the failure of the last one. */
export interface Action {
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Runs a call, unless one is under way. */
  run(call: () => Promise<void>): void;
}

export function useAction(): Action {
  const { onFailure } = useSession();
  const [state, setState] = useState<{ isBusy: boolean; failure?: Failure }>({ isBusy: false });
  const isBusy = useRef(false);
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
    },
    [],
  );
  async function perform(call: () => Promise<void>): Promise<void> {
    isBusy.current = true;
    setState({ isBusy: true });
    try {
      await call();
      if (!isGone.current) setState({ isBusy: false });
    } catch (error) {
      const failure = toFailure(error);
      onFailure(failure);
      if (!isGone.current) setState({ isBusy: false, failure });
    } finally {
      isBusy.current = false;
    }
  }
  return {
    isBusy: state.isBusy,
    failure: state.failure,
    run(call) {
      if (!isBusy.current) void perform(call);
    },
  };
}
