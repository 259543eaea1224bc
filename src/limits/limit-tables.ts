import type { WindowState } from "./window-counter.ts";

/** The amount that a reservation has taken of one counter. */
export type Taken =
  | {
      readonly unit: "requests" | "tokens";
      readonly key: string;
      readonly amount: number;
      readonly windowMs: number;
      /** The sub-bucket that it counts in. */
      readonly bucket: number;
    }
  | {
      readonly unit: "spend";
      readonly key: string;
      readonly amount: number;
      /** The store's time from which on the counter counts nothing; 0: never. */
      readonly expiresAt: number;
    }
  | { readonly unit: "concurrency"; readonly key: string };

export interface Reservation {
  readonly session: string;
  readonly canMove: boolean;
  /** The store's time from which on the generation counts as lost. */
  readonly expiresAt: number;
  readonly taken: readonly Taken[];
}

/** The tables of the machine. A key of spend contains the start of its period. */
export interface LimitTables {
  /** Empty if nothing is counted. The machine changes the state in place and then puts it. */
  window(key: string): WindowState;
  /** `expiresAt`: the store's time from which on it counts nothing. */
  putWindow(key: string, state: WindowState, expiresAt: number): void;
  spent(key: string): number;
  /** `expiresAt`: 0 for never. */
  putSpent(key: string, picos: number, expiresAt: number): void;
  leases(key: string): number;
  addLease(key: string, generationId: string): void;
  removeLease(key: string, generationId: string): void;
  reservation(generationId: string): Reservation | undefined;
  putReservation(generationId: string, reservation: Reservation): void;
  removeReservation(generationId: string): void;
  /** Reservations that have expired, up to `limit`. */
  expired(now: number, limit: number): readonly string[];
  /** Sessions that have reservations. */
  sessions(): readonly string[];
  ofSession(session: string, limit: number): readonly string[];
  /** Forgets a bounded number of counters that have expired. */
  sweep(now: number): void;
}
