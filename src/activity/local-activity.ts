import type { Clock } from "../clock.ts";
import type { Log } from "../domain/log-line.ts";
import { ActivityCounters } from "./activity-counters.ts";
import { ActivityRing } from "./activity-ring.ts";
import { ActivityShare } from "./activity-share.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";
import { RecentCalls } from "./recent-calls.ts";
import { MAX_SHARED_SECONDS } from "./shared-activity.ts";

export interface LocalActivityOptions {
  readonly clock: Clock;
  readonly replica: string;
  readonly runningGenerations: () => number;
}

/** What this replica does and did lately. */
export class LocalActivity {
  readonly counters = new ActivityCounters();
  readonly calls: RecentCalls;
  readonly ring: ActivityRing;
  readonly share: ActivityShare;
  readonly #delay = new EventLoopDelay();

  constructor({ clock, replica, runningGenerations }: LocalActivityOptions) {
    this.calls = new RecentCalls(replica, () => clock.wallTime());
    this.ring = new ActivityRing({
      clock,
      take: () => this.counters.take(),
      gauges: () => ({
        runningCalls: this.counters.runningCalls,
        runningGenerations: runningGenerations(),
        delayMs: this.#delay.read(),
      }),
    });
    this.share = new ActivityShare({
      now: () => clock.now(),
      latestCalls: (max) => this.calls.latest(max),
      latestSamples: () => this.ring.after(this.ring.last - MAX_SHARED_SECONDS),
    });
  }

  /** A log whose lines of calls are remembered. */
  remembering(log: Log): Log {
    return (line) => {
      this.calls.add(line);
      log(line);
    };
  }

  start(): void {
    this.#delay.start();
    this.ring.start();
  }

  stop(): void {
    this.#delay.stop();
    this.ring.stop();
  }
}
