import { LiveMap } from "../../domain/live-map.ts";
import type { LimitTables, Reservation } from "../limit-tables.ts";
import type { WindowState } from "../window-counter.ts";

/** Counters that one sweep looks at. */
const SWEPT = 1_000;

interface Expiring<T> {
  value: T;
  expiresAt: number;
}

/** Counters by their keys, a bounded number of which is looked at in each sweep. */
class Counters<T> {
  readonly #byKey = new Map<string, Expiring<T>>();
  #sweeping: Iterator<[string, Expiring<T>]> = this.#byKey.entries();

  get(key: string): T | undefined {
    return this.#byKey.get(key)?.value;
  }

  put(key: string, value: T, expiresAt: number): void {
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, { value, expiresAt });
    else {
      known.value = value;
      known.expiresAt = expiresAt;
    }
  }

  sweep(now: number): void {
    for (let left = SWEPT; left > 0; left--) {
      const next = this.#sweeping.next();
      if (next.done === true) {
        this.#sweeping = this.#byKey.entries();
        return;
      }
      const [key, { expiresAt }] = next.value;
      if (expiresAt !== 0 && expiresAt <= now) this.#byKey.delete(key);
    }
  }
}

/** Names by a key: those of a key without names take no room. */
class Sets {
  readonly #byKey = new Map<string, Set<string>>();

  sizeOf(key: string): number {
    return this.#byKey.get(key)?.size ?? 0;
  }

  add(key: string, name: string): void {
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, new Set([name]));
    else known.add(name);
  }

  remove(key: string, name: string): void {
    const known = this.#byKey.get(key);
    known?.delete(name);
    if (known?.size === 0) this.#byKey.delete(key);
  }
}

/** The counters of limits in maps. Callers and groups bound the counters, running generations the rest. */
export class MemoryTables implements LimitTables {
  readonly #windows = new Counters<WindowState>();
  readonly #spent = new Counters<number>();
  readonly #leases = new Sets();
  readonly #reservations = new LiveMap<string, Reservation>();

  window(key: string): WindowState {
    return this.#windows.get(key) ?? [];
  }

  putWindow(key: string, state: WindowState, expiresAt: number): void {
    this.#windows.put(key, state, expiresAt);
  }

  spent(key: string): number {
    return this.#spent.get(key) ?? 0;
  }

  putSpent(key: string, picos: number, expiresAt: number): void {
    this.#spent.put(key, picos, expiresAt);
  }

  leases(key: string): number {
    return this.#leases.sizeOf(key);
  }

  addLease(key: string, generationId: string): void {
    this.#leases.add(key, generationId);
  }

  removeLease(key: string, generationId: string): void {
    this.#leases.remove(key, generationId);
  }

  reservation(generationId: string): Reservation | undefined {
    return this.#reservations.get(generationId);
  }

  putReservation(generationId: string, reservation: Reservation): void {
    this.#reservations.set(generationId, reservation);
  }

  removeReservation(generationId: string): void {
    this.#reservations.delete(generationId);
  }

  /** The reservations that run. */
  expired(now: number, limit: number): readonly string[] {
    const found: string[] = [];
    for (const [generationId, { expiresAt }] of this.#reservations.entries()) {
      if (found.length >= limit) break;
      if (expiresAt <= now) found.push(generationId);
    }
    return found;
  }

  sessions(): readonly string[] {
    const found = new Set<string>();
    for (const { session } of this.#reservations.values()) found.add(session);
    return [...found];
  }

  ofSession(session: string, limit: number): readonly string[] {
    const found: string[] = [];
    for (const [generationId, reservation] of this.#reservations.entries()) {
      if (found.length >= limit) break;
      if (reservation.session === session) found.push(generationId);
    }
    return found;
  }

  sweep(now: number): void {
    this.#windows.sweep(now);
    this.#spent.sweep(now);
  }
}
