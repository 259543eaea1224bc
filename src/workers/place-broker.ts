import { type PlaceAnswer, type PlaceRequest, shareOf, stepOf } from "../domain/place-message.ts";

export interface PlaceBrokerOptions {
  /** Number of workers. */
  readonly count: number;
  readonly send: (worker: number, answer: PlaceAnswer) => void;
}

/** What a worker has of a target. */
interface Account {
  /** Places beyond the share; negative: given away. */
  extra: number;
  owed: number;
  /** A call has found no place. */
  isOut: boolean;
  /** Whether the worker was asked to lend; undefined: it is told again, because it may give more. */
  isAsked: boolean | undefined;
  /** False: the worker is lost, and its replacement has not come. */
  isHere: boolean;
}

interface Book {
  readonly target: Pick<PlaceRequest, "provider" | "model">;
  total: number;
  readonly accounts: readonly Account[];
  /** The number was changed: what workers have lent goes back to them first. */
  isReset: boolean;
}

const newAccount = (): Account => ({
  extra: 0,
  owed: 0,
  isOut: false,
  isAsked: false,
  isHere: true,
});

/**
 * Moves places of targets between the workers of one command. The primary never hands out a place before a worker has
 * given it, so all workers together have the configured number at most.
 */
export class PlaceBroker {
  readonly #options: PlaceBrokerOptions;
  readonly #books = new Map<string, Book>();

  constructor(options: PlaceBrokerOptions) {
    this.#options = options;
  }

  hear(worker: number, request: PlaceRequest): void {
    const book = this.#bookOf(request);
    const account = book.accounts[worker];
    if (account === undefined) return;
    if (request.type === "give") {
      account.extra -= request.places;
      account.owed = Math.max(0, account.owed - request.settled);
      account.isAsked = undefined;
    } else {
      this.#setTotal(book, request.total);
      account.isOut = request.isOut;
    }
    this.#balance(book);
  }

  /** What the lost worker had beyond its share is free. What it had lent, its replacement does not have. */
  lost(worker: number): void {
    for (const book of this.#books.values()) {
      const account = book.accounts[worker];
      if (account === undefined) continue;
      const extra = Math.min(0, account.extra);
      Object.assign(account, newAccount(), { extra, isHere: false });
      this.#balance(book);
    }
  }

  /** To be called before a replacement takes calls. */
  replaced(worker: number): void {
    for (const book of this.#books.values()) {
      const account = book.accounts[worker];
      if (account === undefined) continue;
      account.isHere = true;
      const places = -account.extra;
      if (places > 0) this.#options.send(worker, { ...book.target, type: "lent", places });
      this.#balance(book);
    }
  }

  #bookOf({ provider, model }: PlaceRequest): Book {
    const key = JSON.stringify([provider, model]);
    const known = this.#books.get(key);
    if (known !== undefined) return known;
    const accounts = Array.from({ length: this.#options.count }, newAccount);
    const book = { target: { provider, model }, total: 0, accounts, isReset: false };
    this.#books.set(key, book);
    return book;
  }

  /** After a reload, shares are others than before, so what was moved between them goes back. */
  #setTotal(book: Book, total: number): void {
    if (book.total !== total && book.total > 0) {
      book.isReset = true;
      for (const [worker, { extra, owed }] of book.accounts.entries()) {
        if (extra > owed) this.#demand(book, worker, extra - owed);
      }
    }
    book.total = total;
  }

  #balance(book: Book): void {
    this.#grant(book);
    book.isReset &&= this.#creditor(book) !== undefined;
    const { accounts, target, total } = book;
    const isWanted = !book.isReset && accounts.some(({ isOut }) => isOut);
    for (const [worker, account] of accounts.entries()) {
      if (account.isOut || !account.isHere || account.isAsked === isWanted) continue;
      account.isAsked = isWanted;
      this.#options.send(worker, { ...target, type: "lend", isWanted, total });
    }
    if (isWanted) this.#level(book);
  }

  /** Hands out what was given. */
  #grant(book: Book): void {
    const { accounts, total, target } = book;
    let free = -accounts.reduce((sum, { extra }) => sum + extra, 0);
    while (free > 0) {
      const creditor = this.#creditor(book);
      const [worker, account] = creditor ?? this.#neediest(book) ?? [];
      if (worker === undefined || account === undefined) return;
      const most = creditor ? -creditor[1].extra : stepOf(total, this.#options.count);
      const places = Math.min(free, most);
      free -= places;
      account.extra += places;
      this.#options.send(worker, { ...target, type: "grant", places });
    }
  }

  /** A worker that has lent places of another number. */
  #creditor({ isReset, accounts }: Book): readonly [number, Account] | undefined {
    if (!isReset) return undefined;
    return [...accounts.entries()].find(([, { extra, isHere }]) => extra < 0 && isHere);
  }

  /** If calls wait at a worker with less than its share, those with more than theirs owe places. */
  #level(book: Book): void {
    const [worker] = this.#neediest(book) ?? [];
    if (worker === undefined || this.#placesOf(book, worker) >= this.#fair(book)) return;
    const rich = [...book.accounts.entries()]
      .filter(([other, { owed }]) => owed === 0 && this.#placesOf(book, other) > this.#low(book))
      .sort(([one], [other]) => this.#placesOf(book, other) - this.#placesOf(book, one));
    const [holder] = rich.find(([other, { isHere }]) => other !== worker && isHere) ?? [];
    if (holder === undefined) return;
    const beyond = this.#placesOf(book, holder) - this.#low(book);
    this.#demand(book, holder, Math.min(beyond, stepOf(book.total, this.#options.count)));
  }

  #demand(book: Book, worker: number, places: number): void {
    const account = book.accounts[worker];
    if (account === undefined) return;
    account.owed += places;
    this.#options.send(worker, { ...book.target, type: "owe", places });
  }

  /** Of the workers that are out of places, the one with the fewest. One that owes places gets none. */
  #neediest(book: Book): readonly [number, Account] | undefined {
    const [first] = [...book.accounts.entries()]
      .filter(([, { isOut, owed }]) => isOut && owed === 0)
      .sort(([one], [other]) => this.#placesOf(book, one) - this.#placesOf(book, other));
    return first;
  }

  #placesOf({ total, accounts }: Book, worker: number): number {
    const { count } = this.#options;
    return shareOf(total, { index: worker, count }) + (accounts[worker]?.extra ?? 0);
  }

  #fair({ total }: Book): number {
    return Math.ceil(total / this.#options.count);
  }

  #low({ total }: Book): number {
    return Math.floor(total / this.#options.count);
  }
}
