import { expect, it } from "vitest";
import { startStack } from "../../support/stack.ts";

it("a stack whose service does not start leaves no upstream", async () => {
  let upstream = "";
  const starting = startStack({}, (url) => {
    upstream = url;
    return "timeouts: {total: 1s}";
  });
  await expect(starting).rejects.toThrow("because");
  await expect(fetch(upstream)).rejects.toThrow("fetch failed");
});
