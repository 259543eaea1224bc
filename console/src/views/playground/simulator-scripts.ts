// Scripts of the simulator to begin with: docs/simulator.md has every key.

interface SimulatorScript {
  readonly name: string;
  /** JSON of `provider_options.simulator`; "": none. */
  readonly script: string;
}

const fault = (effect: object, more: object = {}): string =>
  JSON.stringify({ ...more, faults: [{ attempt: 1, ...effect }] });

export const SCRIPTS: readonly SimulatorScript[] = [
  { name: "none", script: "" },
  { name: "slow: 60 words, 100 ms apart", script: JSON.stringify({ tokens: 60, pace_ms: 100 }) },
  {
    name: "fault: rate limit, retry after 1 s",
    script: fault({ status: 429, headers: { "retry-after": "1" } }),
  },
  { name: "fault: connection refused", script: fault({ refuse: true }) },
  { name: "fault: server error 500", script: fault({ status: 500 }) },
  {
    name: "fault: connection breaks in the middle",
    script: fault({ cut_after_bytes: 900 }, { tokens: 60, pace_ms: 50 }),
  },
  {
    name: "fault: no end marker",
    script: fault({ omit_terminator: true }, { tokens: 30, pace_ms: 20 }),
  },
];
