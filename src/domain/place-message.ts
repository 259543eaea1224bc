// What the workers of one command tell each other about the places of a target. The primary keeps the books.
import type { TargetName } from "./generation.ts";

type Target = Pick<TargetName, "provider" | "model">;

/** From a worker to the primary. */
export type PlaceRequest = Target &
  (
    | {
        readonly type: "need";
        /** Whether a call has found no place. */
        readonly isOut: boolean;
        /** Places of the target in the whole command, as this worker is configured. */
        readonly total: number;
      }
    /** Places that the worker no longer uses. */
    | {
        readonly type: "give";
        readonly places: number;
        /** Places that are owed no longer, because they were given or are not there. */
        readonly settled: number;
      }
  );

/** From the primary to a worker. */
export type PlaceAnswer = Target &
  (
    | { readonly type: "grant"; readonly places: number }
    /** Whether another worker lacks places: unused ones are to be given. */
    | { readonly type: "lend"; readonly isWanted: boolean; readonly total: number }
    /** Places beyond the worker's share that are to be given as soon as their calls have ended. */
    | { readonly type: "owe"; readonly places: number }
    /** To a new worker: the worker before it had lent so many places. */
    | { readonly type: "lent"; readonly places: number }
  );

/** A worker among those of its command. */
export interface WorkerRank {
  /** From 0 to `count - 1`. The replacement of a worker has the index of the lost one. */
  readonly index: number;
  readonly count: number;
}

/** The part of a bound that a worker has without asking. The parts of all workers sum up to the bound. */
export function shareOf(total: number, { index, count }: WorkerRank): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}

/** Number of places that move at once. */
export function stepOf(total: number, count: number): number {
  return Math.max(1, Math.floor(total / (4 * count)));
}
