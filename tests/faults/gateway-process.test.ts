import { expect, it } from "vitest";
import { startGateway } from "./harness/gateway-process.ts";
import { SLOW_MS } from "./harness/in-test.ts";

// The check at the end of the run finds a process that is left.
it(
  "a gateway that cannot start ends with its message",
  async () => {
    const start = startGateway("limit: {max_in_flight: none} # because: it is wrong\n");
    await expect(start).rejects.toThrow(/^a gateway did not start: .*max_in_flight: must be/);
  },
  SLOW_MS,
);
