import { setTimeout as delay } from "node:timers/promises";
import { streamLoad, unaryLoad } from "../calls.ts";
import { callCost, eventCost, whileStreaming } from "../costs.ts";
import { median } from "../measure.ts";
import { residentMiB } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject, type Subject } from "../subject.ts";

/** The first start writes the compile cache. */
const FIRST_START_MS = 1_000;
const SETTLED_MS = 2_000;
/** A service collects its garbage after an idle second, if its start or its last collection is half a minute ago. */
const COLLECTED_MS = 10_000;
/** Slots of unary calls, and as many of streams. */
const LOAD_SLOTS = 4;
const LIVE = { width: 500, streamMs: 5_000 };
const SAMPLES = 20;

/** What the store keeps of a load: the faster the machine, the more. */
class StoredLoad {
  #streams = 0;
  #bytes = 0;

  /** The subject, with its streams counted. */
  of(subject: Subject): Subject {
    return {
      ...subject,
      open: () => {
        const client = subject.open();
        return {
          ...client,
          stream: (onPiece, signal) => {
            this.#streams++;
            return client.stream((piece, events) => {
              this.#bytes += piece.length;
              onPiece(piece, events);
            }, signal);
          },
        };
      },
    };
  }

  get note(): string {
    return `with ${this.#streams} stored streams: ${(this.#bytes / 1024 ** 2).toFixed(1)} MiB of events`;
  }
}

export const memory: Leg = {
  name: "memory",
  about: "resident memory: idle on the second start, after load, and with 500 live streams",
  async run(scene) {
    const first = await scene.gateway();
    await delay(FIRST_START_MS);
    await first.server.stop();
    const { server, address } = await scene.gateway();
    await delay(SETTLED_MS);
    const idle = residentMiB(server.pid);

    await callCost(grpcSubject(server, unaryLoad(address, "bench")), LOAD_SLOTS * scene.slotMs);
    const stored = new StoredLoad();
    const streams = stored.of(grpcSubject(server, streamLoad(address, "bench")));
    await eventCost(streams, LOAD_SLOTS * scene.slotMs);
    await delay(SETTLED_MS);
    const loaded = residentMiB(server.pid);
    await delay(COLLECTED_MS);
    const collected = residentMiB(server.pid);

    const client = grpcSubject(server, streamLoad(address, "paced")).open();
    const samples: number[] = [];
    await whileStreaming(
      { client, pace: LIVE },
      () => {},
      async () => {
        await delay(LIVE.streamMs);
        for (let sample = 0; sample < SAMPLES; sample++) {
          await delay((4 * scene.slotMs) / SAMPLES);
          samples.push(residentMiB(server.pid));
        }
      },
    );
    client.close();
    const row = (figure: string, value: number, most: number): Row => ({
      figure,
      unit: "MiB",
      value,
      bar: { of: "value", most },
      target: "memory",
    });
    return [
      row("idle memory, second start", idle, 100),
      { ...row("memory after load of calls and streams", loaded, 160), note: stored.note },
      { figure: "the same, after ten more idle seconds", unit: "MiB", value: collected },
      {
        ...row("memory with 500 live streams, stored in memory", median(samples), 200),
        note: `most ${Math.round(Math.max(...samples))}`,
      },
    ];
  },
};
