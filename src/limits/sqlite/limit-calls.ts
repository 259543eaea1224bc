// The calls of the limits to their part in the thread of the file.
import type { Held, LimitRule, NewReservation, ReserveAnswer, Settlement } from "../limit-store.ts";

/** The calls that the thread serves. Each call is one atomic step and a bounded amount of work. */
export interface LimitCalls {
  reserve(reservation: NewReservation): ReserveAnswer;
  extend(generationId: string, rules: readonly LimitRule[]): ReserveAnswer;
  settle(settlements: readonly Settlement[]): void;
  move(generationId: string, session: string): Held | undefined;
  /** Returns how many generations were lost. */
  reap(limit: number): number;
}
