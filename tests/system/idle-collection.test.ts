// A process that load has made large becomes small when it is idle.
import { expect, it } from "vitest";
import { OWN_PARTS, startService } from "../../src/service.ts";
import { fromExplainedFile } from "../support/config-file.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { stopAtOnce } from "../support/stop-at-once.ts";

/** Numbers of 8 bytes: 64 MB. */
const NUMBERS = 8_000_000;

it("an idle service collects garbage once its heap has grown", async () => {
  const clock = createManualClock();
  let collections = 0;
  const environment = { STEER_GRPC_ADDRESS: "127.0.0.1:0", STEER_HTTP_ADDRESS: "127.0.0.1:0" };
  const settings = fromExplainedFile("{}", environment);
  const parts = { ...OWN_PARTS, collectGarbage: () => void collections++ };
  const service = await startService(
    () => {},
    clock,
    () => settings,
    parts,
  );
  await clock.advance(10_000);
  const grown = new Array<number>(NUMBERS).fill(0);
  await clock.advance(15_000);
  expect(collections).toBe(0);
  await clock.advance(10_000);
  expect(collections).toBe(1);
  await stopAtOnce(service, clock);
  // The array has to live until here.
  expect(grown).toHaveLength(NUMBERS);
});
