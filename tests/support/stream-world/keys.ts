// Worlds as short strings. Worlds share parts, so the string of each part is cached.
import type { Message, Reader, Stored, World, WorldEvent, Writer } from "./world.ts";

const numbers = new Map<string, string>();

/** A number for each string, and a string for each object. */
function numbered<T extends object>(spell: (value: T) => string): (value: T) => string {
  const known = new WeakMap<T, string>();
  return (value) => {
    let key = known.get(value);
    if (key !== undefined) return key;
    const spelling = spell(value);
    key = numbers.get(spelling) ?? numbers.size.toString(36);
    numbers.set(spelling, key);
    known.set(value, key);
    return key;
  };
}

export const keyOfMessage = numbered(
  ({ token, maker, first, last, endsStream }: Message) =>
    `${token.epoch}.${token.nonce}.${maker}.${first}-${last}${endsStream ? "!" : ""}`,
);

const keyOfMessages = numbered((messages: readonly Message[]) =>
  messages.map(keyOfMessage).sort().join(" "),
);

const keyOfEvent = ({ sequence, token, maker, number, isEnd }: WorldEvent): string =>
  `${sequence}.${token.epoch}.${token.nonce}.${maker}.${number}${isEnd ? "!" : ""}`;

const keyOfLog = numbered((log: readonly WorldEvent[]) => log.map(keyOfEvent).join());

const keyOfStored = numbered(({ record, log, claims }: Stored) => {
  const { token, tail, phase, handedOff, takeovers, handOvers } = record;
  const begun = claims.map(({ epoch, tail: at }) => `${epoch}@${at}`).join();
  const counted = `${handedOff ? "!" : ""}${takeovers}.${handOvers}`;
  return `${token.epoch}.${token.nonce}.${tail}.${phase}.${counted}/${keyOfLog(log)}/${begun}`;
});

const keyOfWriter = numbered((writer: Writer) => {
  const { role, seenEpoch, token, base, produced, acknowledged, position, end } = writer;
  const counts = [seenEpoch, token.epoch, token.nonce, base, produced, acknowledged, position, end];
  return `${role}${counts.join(".")}/${writer.outstanding}`;
});

const keyOfReader = numbered(({ state, events }: Reader) => `${state}${keyOfLog(events)}`);

export function keyOfWorld(world: World): string {
  const { stored, checkpoint, checkpointsLeft, rollbacksLeft, lost } = world;
  const parts = [
    keyOfStored(stored),
    rollbacksLeft === 0 ? "" : `${keyOfStored(checkpoint)},${checkpointsLeft},${rollbacksLeft}`,
    lost.map(keyOfLog).join(),
    world.writers.map(keyOfWriter).join(),
    keyOfMessages(world.messages),
    world.readers.map(keyOfReader).sort().join(),
  ];
  return parts.join("|");
}
