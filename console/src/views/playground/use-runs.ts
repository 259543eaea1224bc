import { useEffect, useRef, useState } from "preact/hooks";
import { type Draft, toRequest } from "./draft.ts";
import { PlaygroundRun } from "./playground-run.ts";

export interface Runs {
  readonly all: readonly PlaygroundRun[];
  /** Starts a run for each model and ends those before. Throws `DraftError`. */
  start(draft: Draft): void;
}

/** Runs side by side. The page is drawn once a frame, however fast events come. */
export function useRuns(): Runs {
  const [all, setAll] = useState<readonly PlaygroundRun[]>([]);
  const [, setTurn] = useState(0);
  const frame = useRef(0);
  const current = useRef<readonly PlaygroundRun[]>([]);
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      for (const run of current.current) run.close();
    },
    [],
  );
  const draw = (): void => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      setTurn((before) => before + 1);
    });
  };
  return {
    all,
    start(draft) {
      const names = draft.models.map((model) => model.trim());
      const used = names.filter((name, index) => name !== "" || index === 0);
      const next = used.map((model) => new PlaygroundRun(model, toRequest(draft, model), draw));
      for (const run of current.current) run.close();
      current.current = next;
      setAll(next);
      for (const run of next) void run.start();
    },
  };
}
