// Several workers with their limits, a broker, and messages that take their time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlaceAnswer, PlaceRequest } from "../../../src/domain/place-message.ts";
import type { CallerShare } from "../../../src/reliability/caller-queue.ts";
import { ConcurrencyLimit } from "../../../src/reliability/concurrency-limit.ts";
import { SharedPlaces } from "../../../src/reliability/shared-places.ts";
import { PlaceBroker } from "../../../src/workers/place-broker.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const TARGET = { provider: "p", model: "m" };

class Worker {
  readonly toPrimary: PlaceRequest[] = [];
  readonly fromPrimary: PlaceAnswer[] = [];
  readonly places: SharedPlaces;
  readonly limit: ConcurrencyLimit;
  readonly held: CallerShare[] = [];

  constructor(index: number, count: number, total: () => number) {
    this.places = new SharedPlaces({
      rank: { index, count },
      send: (request) => this.toPrimary.push(request),
    });
    const settings = () => ({
      maxInFlight: total(),
      queueLength: 1_000,
      queueWaitMs: 1_000_000,
      callerShare: 1,
    });
    this.limit = new ConcurrencyLimit(createManualClock(), settings, this.places.of(TARGET));
  }

  async enter(): Promise<void> {
    const share = await this.limit.enter("one", 4_000_000, new AbortController().signal);
    if (share !== undefined) this.held.push(share);
  }

  leave(): void {
    const share = this.held.shift();
    if (share !== undefined) this.limit.leave(share);
  }
}

class Command {
  total: number;
  readonly workers: Worker[];
  readonly broker: PlaceBroker;

  constructor(count: number, total: number) {
    this.total = total;
    this.workers = Array.from({ length: count }, (_, index) => this.#start(index, count));
    this.broker = new PlaceBroker({
      count,
      send: (worker, answer) => this.workers[worker]?.fromPrimary.push(answer),
    });
  }

  #start(index: number, count: number): Worker {
    return new Worker(index, count, () => this.total);
  }

  /** One message to or from the primary; false: there is none. */
  deliver(index: number): boolean {
    const worker = this.workers[index];
    const request = worker?.toPrimary.shift();
    if (request !== undefined) this.broker.hear(index, request);
    const answer = worker?.fromPrimary.shift();
    if (answer !== undefined) worker?.places.hear(answer);
    return request !== undefined || answer !== undefined;
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 1_000; round++) {
      const moved = this.workers.map((_, index) => this.deliver(index));
      await Promise.resolve();
      if (!moved.some(Boolean)) return;
    }
    throw new Error("the workers talk for ever");
  }

  replace(index: number): void {
    this.broker.lost(index);
    this.workers[index] = this.#start(index, this.workers.length);
    this.broker.replaced(index);
    // The messages of the start come first.
    for (let message = 0; this.deliver(index); message++) expect(message).toBeLessThan(1_000);
  }

  get inFlight(): number {
    return this.workers.reduce((sum, { limit }) => sum + limit.inFlight, 0);
  }
}

/** Places that a worker has and does not use. */
function unused({ places, limit }: Worker, total: number): number {
  return places.of(TARGET).places(total) - limit.inFlight;
}

describe("places of a target that workers share", () => {
  it("gives all of them to the only worker with calls", async () => {
    const command = new Command(2, 64);
    const [busy] = command.workers;
    for (let call = 0; call < 64; call++) {
      void busy?.enter();
      await command.settle();
    }
    // The other worker keeps some for its own next call.
    expect(busy?.limit.inFlight).toBeGreaterThanOrEqual(60);
    expect(command.inFlight).toBeLessThanOrEqual(64);
  });

  it("returns the share of a worker whose calls wait for the places that it has lent", async () => {
    const command = new Command(2, 16);
    const [first, second] = command.workers;
    for (let call = 0; call < 16; call++) void first?.enter();
    await command.settle();
    for (let call = 0; call < 8; call++) void second?.enter();
    await command.settle();
    const before = second?.limit.inFlight ?? 0;
    for (let call = 0; call < 8; call++) {
      first?.leave();
      void first?.enter();
      await command.settle();
    }
    expect(before).toBeLessThan(8);
    expect(second?.limit.inFlight).toBe(8);
  });

  it("moves a single place between two workers", async () => {
    const command = new Command(2, 1);
    const [first, second] = command.workers;
    void second?.enter();
    await command.settle();
    expect([first?.limit.inFlight, second?.limit.inFlight]).toEqual([0, 1]);
    void first?.enter();
    await command.settle();
    expect(command.inFlight).toBe(1);
    second?.leave();
    await command.settle();
    expect([first?.limit.inFlight, second?.limit.inFlight]).toEqual([1, 0]);
  });

  it("returns what was moved after the number was changed", async () => {
    const command = new Command(2, 40);
    const [first] = command.workers;
    for (let call = 0; call < 36; call++) void first?.enter();
    await command.settle();
    command.total = 20;
    for (let call = 0; call < 36; call++) {
      first?.leave();
      await command.settle();
    }
    for (const worker of command.workers) for (let call = 0; call < 30; call++) void worker.enter();
    await command.settle();
    expect(command.inFlight).toBe(20);
  });

  it("moves places to a worker whose calls wait nowhere, because they have another target", async () => {
    const command = new Command(2, 16);
    const [first] = command.workers;
    for (let call = 0; call < 40; call++) {
      first?.limit.tryEnter("one");
      await command.settle();
    }
    expect(first?.limit.inFlight).toBeGreaterThanOrEqual(14);
    expect(command.inFlight).toBeLessThanOrEqual(16);
  });

  it("frees what a lost worker had borrowed", async () => {
    const command = new Command(2, 16);
    const [first, second] = command.workers;
    for (let call = 0; call < 16; call++) void first?.enter();
    await command.settle();
    command.replace(0);
    for (let call = 0; call < 16; call++) void second?.enter();
    await command.settle();
    expect(second?.limit.inFlight).toBeGreaterThanOrEqual(14);
  });

  it("does not give the replacement what the lost worker had lent", async () => {
    const command = new Command(2, 16);
    const [first] = command.workers;
    for (let call = 0; call < 16; call++) void first?.enter();
    await command.settle();
    command.replace(1);
    for (let call = 0; call < 16; call++) void command.workers[1]?.enter();
    expect(command.inFlight).toBeLessThanOrEqual(16);
    await command.settle();
    expect(command.inFlight).toBeLessThanOrEqual(16);
  });

  const step = fc.record({
    kind: fc.constantFrom("enter", "enter", "leave", "deliver", "deliver", "replace"),
    worker: fc.nat({ max: 3 }),
    times: fc.integer({ min: 1, max: 12 }),
  });

  it("never has more calls than places, whatever happens, and lets no place lie idle", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 70 }),
        fc.array(step, { maxLength: 80 }),
        async (count, total, steps) => {
          const command = new Command(count, total);
          for (const { kind, worker: any, times } of steps) {
            const index = any % count;
            if (kind === "replace") command.replace(index);
            for (let time = 0; time < times && kind !== "replace"; time++) {
              if (kind === "enter") void command.workers[index]?.enter();
              if (kind === "leave") command.workers[index]?.leave();
              if (kind === "deliver") command.deliver(index);
              await Promise.resolve();
              expect(command.inFlight).toBeLessThanOrEqual(total);
            }
          }
          await command.settle();
          expect(command.inFlight).toBeLessThanOrEqual(total);
          if (!command.workers.some(({ limit }) => limit.queued > 0)) return;
          for (const worker of command.workers) {
            const places = worker.places.of(TARGET).places(total);
            expect(unused(worker, total)).toBeLessThanOrEqual(Math.max(0, places / 8));
          }
        },
      ),
    );
  });
});
