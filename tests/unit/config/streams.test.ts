import { getHeapStatistics } from "node:v8";
import { expect, it } from "vitest";
import { defaultMemoryBytes, storeAddress } from "../../../src/config/streams.ts";

const MIB = 1024 * 1024;

it.each([
  ["a small heap", 176 * MIB, 2 ** 64, 44 * MIB],
  ["a container that is smaller than its heap", 4_096 * MIB, 512 * MIB, 128 * MIB],
  ["a container whose size is not known", 512 * MIB, 0, 128 * MIB],
  ["a large heap", 8_192 * MIB, 2 ** 64, 256 * MIB],
])("the store in memory has a quarter of %s, and 256 MiB at most", (_, heap, container, bytes) => {
  expect(defaultMemoryBytes(heap, container)).toBe(bytes);
});

it("follows the heap of this process where nothing is configured, and what is configured otherwise", () => {
  const own = defaultMemoryBytes(getHeapStatistics().heap_size_limit, process.constrainedMemory());
  expect(storeAddress(undefined)).toEqual({ type: "memory", maxBytes: own });
  expect(storeAddress({ maxTotalBytes: 5 * MIB })).toEqual({
    type: "memory",
    maxBytes: 5 * MIB,
  });
});
