import type { RunningService } from "../../src/service.ts";
import type { ManualClock } from "./manual-clock.ts";
import { eventually } from "./stack.ts";

/**
 * Ends a service whose clock the test controls, as two signals would. The clock advances, because the drain waits
 * by it for idle connections of clients.
 */
export async function stopAtOnce(
  service: Pick<RunningService, "stop">,
  clock: Pick<ManualClock, "advance">,
): Promise<void> {
  let isOver = false;
  const stopped = service.stop(AbortSignal.abort()).finally(() => {
    isOver = true;
  });
  await eventually(async () => {
    await clock.advance(1_000);
    return isOver;
  });
  await stopped;
}
