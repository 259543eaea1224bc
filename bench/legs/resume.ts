import { resumeLoad, startOf, streamLoad } from "../calls.ts";
import { openChannel, run } from "../load.ts";
import { median } from "../measure.ts";
import type { Row } from "../report.ts";
import { type Leg, type Scene, STORES, type StoreName } from "../scene.ts";

const TRIES = 20;
const MOST_MS = 25;

/** The identifier of an ended stream of 2,000 events. */
async function storedStream(address: string): Promise<string> {
  const channel = openChannel(streamLoad(address, "long"));
  let streamId = "";
  await channel.stream((message) => {
    if (streamId !== "") return;
    streamId = startOf(message) ?? "";
  });
  channel.close();
  return streamId;
}

/** Milliseconds from a reader's call to the last event. */
async function readMs(address: string, streamId: string): Promise<number> {
  const channel = openChannel(resumeLoad(address, streamId));
  const times: number[] = [];
  await run(TRIES, 1, async () => {
    const startedAt = performance.now();
    const messages = await channel.stream();
    if (messages < 2_000) throw new Error(`a resumed stream of ${messages} events`);
    times.push(performance.now() - startedAt);
  });
  channel.close();
  return median(times);
}

async function resumed(scene: Scene, name: StoreName, floor: string): Promise<Row> {
  const store = await scene.store(name);
  const { server, address } = await scene.gateway({ STEER_STREAM_STORE: store });
  const streamId = await storedStream(address);
  // The first reader of a process runs code that is not compiled yet.
  await readMs(address, streamId);
  await readMs(floor, streamId);
  const value = await readMs(address, streamId);
  const least = await readMs(floor, streamId);
  await server.stop();
  return {
    figure: `resume of 2,000 events from ${name}, to the last one, p50`,
    unit: "ms",
    value,
    floor: least,
    bar: { of: "value", most: MOST_MS },
  };
}

export const resume: Leg = {
  name: "resume",
  about: "time in which a stored stream of 2,000 events is read again, by store",
  needsRedis: true,
  async run(scene) {
    const floor = await scene.floor("replay");
    const rows: Row[] = [];
    for (const name of STORES) rows.push(await resumed(scene, name, floor.address));
    return rows;
  },
};
