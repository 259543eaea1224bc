import type { TargetName } from "../domain/generation.ts";
import {
  type PlaceAnswer,
  type PlaceRequest,
  shareOf,
  type WorkerRank,
} from "../domain/place-message.ts";
import { PlaceLease } from "./place-lease.ts";

export interface SharedPlacesOptions {
  readonly rank: WorkerRank;
  readonly send: (request: PlaceRequest) => void;
}

/** The places of all targets that this worker has of those of its command. */
export class SharedPlaces {
  readonly #options: SharedPlacesOptions;
  readonly #leases = new Map<string, PlaceLease>();

  constructor(options: SharedPlacesOptions) {
    this.#options = options;
  }

  /** Kept for good, so that no place is lost with the state of a target. */
  of({ provider, model, isUnlisted }: TargetName): PlaceLease {
    const { rank, send } = this.#options;
    // Requests can name any number of models, so nothing is kept for them: they have their share.
    if (isUnlisted) return new PlaceLease(rank, () => {});
    const key = JSON.stringify([provider, model]);
    let lease = this.#leases.get(key);
    if (lease === undefined) {
      lease = new PlaceLease(rank, (request) => send({ ...request, provider, model }));
      this.#leases.set(key, lease);
    }
    return lease;
  }

  /** The part of a bound of the whole command that this worker has. */
  share(total: number): number {
    return shareOf(total, this.#options.rank);
  }

  /** Takes a message of the primary. */
  hear(answer: PlaceAnswer): void {
    this.of(answer).hear(answer);
  }
}
