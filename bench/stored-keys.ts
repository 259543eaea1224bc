// The cost of looking up a key that was made at run time among 100,000, and the memory that all of them take, in a
// separate process: `node bench/stored-keys.ts`. The floor is the look-up of a single key.
import { hash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CallerIndex } from "../src/callers/caller-index.ts";
import { callerChange, keyChange } from "../src/callers/caller-records.ts";
import { CallerRegistry } from "../src/callers/caller-registry.ts";
import { KeyUses } from "../src/callers/key-uses.ts";
import { systemClock } from "../src/clock.ts";
import { callerKeyOf, KEY_BYTES, prefixOf } from "../src/domain/caller-key.ts";
import { compare, print } from "./in-process.ts";

const CALLS = 200_000;
/** As many as the service keeps, each of a caller of its own. */
const KEYS = 100_000;
const STALE_FOR_MS = 300_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Keys are as good as random, and the same in each run. */
function keyOf(index: number): string {
  return callerKeyOf(Buffer.from(hash("sha256", `key-${index}`), "hex").subarray(0, KEY_BYTES));
}

/** A registry with the records as the store answers them, one by one. */
function registryOf(count: number): CallerRegistry {
  const index = new CallerIndex();
  const createdAt = systemClock.wallTime();
  let version = 0;
  for (let number = 0; number < count; number++) {
    const caller = `caller-${number}`;
    const profile = { id: caller, role: "caller" as const };
    const key = keyOf(number);
    const sha256 = hash("sha256", key);
    const stored = { prefix: prefixOf(key), caller, sha256, createdAt, expiresAt: undefined };
    const dates = { createdAt, updatedAt: createdAt };
    for (const { name, value } of [callerChange({ profile, ...dates }), keyChange(stored)]) {
      index.apply({ name, value, version: ++version });
    }
  }
  const registry = new CallerRegistry({
    clock: systemClock,
    staleForMs: () => STALE_FOR_MS,
    isConfigured: () => false,
    uses: new KeyUses(),
  });
  registry.confirm(index, Number.POSITIVE_INFINITY);
  return registry;
}

interface HashedKey {
  readonly prefix: string;
  readonly sha256: string;
}

function lookUps(registry: CallerRegistry, keys: readonly HashedKey[]): () => void {
  let next = 0;
  return () => {
    const key = keys[next++ % keys.length];
    const answer = registry.find(key?.prefix ?? "", key?.sha256 ?? "");
    if (answer.state !== "known") throw new Error(`a key is ${answer.state}`);
  };
}

const keys = Array.from({ length: KEYS }, (_, index): HashedKey => {
  const key = keyOf(index);
  return { prefix: prefixOf(key), sha256: hash("sha256", key) };
});
collect();
const before = process.memoryUsage().heapUsed;
const many = registryOf(KEYS);
collect();
const bytes = process.memoryUsage().heapUsed - before;
const one = registryOf(1);
const lookUp = await compare(CALLS, lookUps(many, keys), lookUps(one, keys.slice(0, 1)));
print({ lookUp, mebibytes: { value: bytes / 2 ** 20, floor: 0 } });
