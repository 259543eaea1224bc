// The cost of what a call leaves for operators while no console is open, in a separate process: `node
// bench/activity.ts`. The floor is the same loop without the activity.
import { LocalActivity } from "../src/activity/local-activity.ts";
import { systemClock } from "../src/clock.ts";
import type { LogLine } from "../src/domain/log-line.ts";
import { compare, print } from "./in-process.ts";

const CALLS = 200_000;

const activity = new LocalActivity({
  clock: systemClock,
  replica: "bench",
  runningGenerations: () => 0,
});
const { counters } = activity;
// Writing lines is measured with the log.
const silent = (_line: LogLine): void => {};
const log = activity.remembering(silent);

const ended = {
  totalUsage: { inputTokens: 12, outputTokens: 34 },
  cost: { currency: "USD", totalPicos: 56_000 },
  timing: { timeToFirstTokenMs: 78 },
};

// A line is made for the log, whether it is remembered or not.
const line = (): LogLine => ({
  event: "call",
  method: "steer.v1.GenerationService/Generate",
  system: "grpc",
  code: "OK",
  duration_ms: 78,
  requested_model: "bench",
});

activity.start();
const call = await compare(
  CALLS,
  () => {
    counters.callBegun();
    counters.attemptEnded();
    counters.generationEnded(ended);
    counters.callEnded(undefined);
    log(line());
    counters.callOver();
  },
  () => silent(line()),
);
activity.stop();
print(call);
