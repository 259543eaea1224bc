/**
 * Takes the next item. A returned promise makes the producer wait until it resolves. If it throws or rejects, no item
 * follows.
 */
export type Take<Item> = (item: Item) => Promise<void> | undefined;

/** Thrown to a producer whose reader takes no more items. A reader that throws it leaves without an error. */
export const LEFT = new Error("the reader takes no more items");

/** What an iterating reader shares with its producer. */
interface Handover<Item> {
  /** The item that the reader has not asked to follow yet. */
  held:
    | { readonly item: Item; readonly taken: () => void; readonly left: (error: Error) => void }
    | undefined;
  isOver: boolean;
  wake: () => void;
}

/**
 * A sequence that its producer passes to its reader without a promise for each item: `pushTo` calls the reader as
 * soon as an item is there. It can be iterated too, one item at a time. It has one reader, once.
 */
export class PushIterable<Item> implements AsyncIterable<Item> {
  readonly #produce: (take: Take<Item>) => Promise<void>;

  /**
   * `produce` is called when the reading begins. It must pass one item at a time, and must end at the first `LEFT` that
   * `take` throws or rejects with.
   */
  constructor(produce: (take: Take<Item>) => Promise<void>) {
    this.#produce = produce;
  }

  /** Passes all items. Rejects with the producer's error, or with what `take` throws or rejects with. */
  async pushTo(take: Take<Item>): Promise<void> {
    const failures: unknown[] = [];
    const leave = (error: unknown): never => {
      failures.push(error);
      throw LEFT;
    };
    try {
      await this.#produce((item) => {
        if (failures.length > 0) throw LEFT;
        try {
          return take(item)?.catch(leave);
        } catch (error) {
          return leave(error);
        }
      });
    } catch (error) {
      throw failures.length > 0 ? failures[0] : error;
    }
    if (failures.length > 0) throw failures[0];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    const handover: Handover<Item> = { held: undefined, isOver: false, wake: () => {} };
    const produced = this.#produce(
      (item) =>
        new Promise((taken, left) => {
          handover.held = { item, taken, left };
          handover.wake();
        }),
    );
    const end = (): void => {
      handover.isOver = true;
      handover.wake();
    };
    produced.then(end, end);
    try {
      for (;;) {
        if (handover.held === undefined && !handover.isOver) {
          await new Promise<void>((resolve) => {
            handover.wake = resolve;
          });
        }
        const { held } = handover;
        if (held === undefined) break;
        yield held.item;
        handover.held = undefined;
        held.taken();
      }
    } finally {
      if (handover.held !== undefined) {
        handover.held.left(LEFT);
        await produced.catch((error: unknown) => {
          if (error !== LEFT) throw error;
        });
      }
    }
    await produced;
  }
}

/** Passes all items of any sequence, as `PushIterable.pushTo` does. */
export async function pushItemsTo<Item>(
  items: AsyncIterable<Item>,
  take: Take<Item>,
): Promise<void> {
  if (items instanceof PushIterable) return items.pushTo(take);
  for await (const item of items) {
    const wait = take(item);
    if (wait !== undefined) await wait;
  }
}

/** Passes several items in order. A returned promise resolves when all are taken; undefined: they already are. */
export function takeAll<Item>(items: readonly Item[], take: Take<Item>): Promise<void> | undefined {
  for (let index = 0; index < items.length; index++) {
    const wait = take(items[index] as Item);
    if (wait !== undefined) return takeRest(wait, items.slice(index + 1), take);
  }
  return undefined;
}

async function takeRest<Item>(
  first: Promise<void>,
  items: readonly Item[],
  take: Take<Item>,
): Promise<void> {
  await first;
  for (const item of items) {
    const wait = take(item);
    if (wait !== undefined) await wait;
  }
}
