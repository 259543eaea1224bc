import {
  type PlaceAnswer,
  type PlaceRequest,
  shareOf,
  stepOf,
  type WorkerRank,
} from "../domain/place-message.ts";

/** Load of a target at a worker. */
export interface PlaceLoad {
  readonly inFlight: number;
  readonly waiting: number;
  /** Places of the target in the whole command. */
  readonly total: number;
}

type WithoutTarget<Message> = Message extends unknown ? Omit<Message, "provider" | "model"> : never;

/**
 * Share of the places that a worker keeps unused. If it gave all, a target with hardly a free place would cost messages
 * for each call.
 */
const KEPT_SHARE = 1 / 8;

/**
 * The places of one target that a worker may use, of those of its command: its share, with what other workers have
 * lent, without what it has lent to others. No call waits for a message: a worker uses what it has, and places move
 * while their load does.
 */
export class PlaceLease {
  readonly #rank: WorkerRank;
  readonly #send: (request: WithoutTarget<PlaceRequest>) => void;
  /** Places beyond the share; negative: lent to others. */
  #extra = 0;
  /** Places that are given when their calls have ended. */
  #owed = 0;
  /** Places that were demanded and are not here. */
  #waived = 0;
  /** Another worker is out of places. */
  #isWanted = false;
  /** The primary knows that this worker is out of places. */
  #isOut = false;
  #toldTotal = 0;
  /** A call has found no place since the last ones came. */
  #hasRefused = false;
  #load: PlaceLoad = { inFlight: 0, waiting: 0, total: 0 };
  #onMore: () => void = () => {};

  constructor(rank: WorkerRank, send: (request: WithoutTarget<PlaceRequest>) => void) {
    this.#rank = rank;
    this.#send = send;
  }

  /** `serve` is called when there are more places than before. */
  onMore(serve: () => void): void {
    this.#onMore = serve;
  }

  /** Places that calls of this worker may take. */
  places(total: number): number {
    return Math.max(0, this.#held(total) - this.#owed);
  }

  /** To be called after each change of the load. */
  changed(load: PlaceLoad): void {
    this.#load = load;
    if (load.inFlight < this.places(load.total)) this.#hasRefused = false;
    this.#move();
  }

  /** To be called when a call has found no place. */
  refused(load: PlaceLoad): void {
    this.#hasRefused = true;
    this.#load = load;
    this.#move();
  }

  hear(answer: WithoutTarget<PlaceAnswer>): void {
    switch (answer.type) {
      case "grant":
        this.#extra += answer.places;
        this.#hasRefused = false;
        this.#onMore();
        break;
      case "lend":
        this.#isWanted = answer.isWanted;
        // There may have been no call here.
        this.#load = { ...this.#load, total: answer.total };
        break;
      case "owe":
        this.#owe(answer.places);
        break;
      case "lent":
        this.#extra -= answer.places;
        break;
    }
    this.#move();
  }

  /** Less than a share is never owed: places may have been lent while the message was on its way. */
  #owe(places: number): void {
    const { total } = this.#load;
    const beyond = this.#held(total) - this.#owed - Math.floor(total / this.#rank.count);
    const owed = Math.min(places, Math.max(0, beyond));
    this.#owed += owed;
    this.#waived += places - owed;
  }

  #held(total: number): number {
    return shareOf(total, this.#rank) + this.#extra;
  }

  #move(): void {
    this.#tell();
    if (this.#give()) this.#tell();
  }

  #give(): boolean {
    const { inFlight, total } = this.#load;
    const unused = Math.max(0, this.#held(total) - inFlight);
    const paid = Math.min(this.#owed, unused);
    this.#owed -= paid;
    const waived = this.#waived;
    this.#waived = 0;
    const places = paid + this.#lendable(unused - paid);
    if (places === 0 && waived === 0) return false;
    this.#extra -= places;
    this.#send({ type: "give", places, settled: paid + waived });
    return places > 0;
  }

  /** Half of the unused places at most, and a step: the load of this worker can rise too. */
  #lendable(unused: number): number {
    const { inFlight, total } = this.#load;
    if (!this.#isWanted || this.#isOut) return 0;
    if (unused <= (inFlight + unused) * KEPT_SHARE) return 0;
    return Math.min(stepOf(total, this.#rank.count), Math.ceil(unused / 2));
  }

  #tell(): void {
    const { waiting, total } = this.#load;
    const isOut = waiting > 0 || this.#hasRefused;
    const isReset = total !== this.#toldTotal && this.#extra !== 0;
    if (isOut === this.#isOut && !isReset) return;
    this.#isOut = isOut;
    this.#toldTotal = total;
    this.#send({ type: "need", isOut, total });
  }
}
