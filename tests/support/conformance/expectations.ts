// The specification by hand: what a caller is told of each kind of fault and what
// the engine does about it. Nothing here is read from the sources of the service.

export type FaultKind = keyof typeof EXPECTED;

interface Expected {
  readonly category: string;
  /** google.rpc.Code. */
  readonly code: number;
  readonly reason: string;
  readonly retryable: boolean;
  /** Of a client that repeats by itself: not spoken of, never, or after the provider's hint. */
  readonly pushback: "unsaid" | "never" | "hint";
  readonly details: readonly string[];
  /**
   * Waits of the repetitions where no other target is left, with half of what is
   * random: 50 ms and 100 ms after a passing failure, 1 s after overload.
   */
  readonly alone: readonly number[];
}

function expected(
  category: string,
  [code, reason]: readonly [number, string],
  alone: readonly number[],
  more: Partial<Expected> = {},
): Expected {
  const usual = { retryable: false, pushback: "unsaid", details: [] } as const;
  return { category, code, reason, alone, ...usual, ...more };
}

const NO_CREDENTIAL = [9, "PROVIDER_CREDENTIALS"] as const;
const EXHAUSTED = [14, "ATTEMPTS_EXHAUSTED"] as const;
const TIMEOUT = [14, "PROVIDER_TIMEOUT"] as const;
const LATER = { retryable: true, pushback: "never" } as const;
const PRECONDITION = { details: ["PreconditionFailure"] };

export const EXPECTED = {
  unclassified: expected("UNKNOWN", [2, "UNCLASSIFIED"], []),
  validation: expected("VALIDATION", [3, "INVALID_REQUEST"], []),
  context: expected("CONTEXT_LENGTH", [3, "CONTEXT_LENGTH_EXCEEDED"], []),
  filter: expected("CONTENT_FILTER", [3, "CONTENT_FILTERED"], []),
  authentication: expected("PROVIDER_AUTHENTICATION", NO_CREDENTIAL, [], PRECONDITION),
  permission: expected("PROVIDER_PERMISSION", NO_CREDENTIAL, [], PRECONDITION),
  quota: expected("QUOTA", [8, "PROVIDER_QUOTA"], [], {
    pushback: "never",
    details: ["QuotaFailure"],
  }),
  missing: expected("NOT_FOUND", [5, "MODEL_NOT_FOUND"], [], { details: ["ResourceInfo"] }),
  // Without a hint the target rests for a second, and the wait is never shorter.
  rate: expected("RATE_LIMIT", [8, "PROVIDER_RATE_LIMIT"], [1_050, 1_050], {
    retryable: true,
    pushback: "hint",
  }),
  overloaded: expected("PROVIDER_OVERLOADED", EXHAUSTED, [500], LATER),
  server: expected("SERVER_ERROR", EXHAUSTED, [25, 50], LATER),
  /** 408 and 409 speak about one request: it goes once more. */
  once: expected("SERVER_ERROR", EXHAUSTED, [25], LATER),
  network: expected("NETWORK", EXHAUSTED, [25, 50], LATER),
  /** The first repetition goes at once, on a new connection. */
  unanswered: expected("NETWORK", EXHAUSTED, [0, 50], LATER),
  connect: expected("CONNECT_TIMEOUT", TIMEOUT, [25, 50], LATER),
  firstToken: expected("FIRST_TOKEN_TIMEOUT", TIMEOUT, [], LATER),
  idle: expected("IDLE_TIMEOUT", TIMEOUT, [], LATER),
  total: expected("TOTAL_TIMEOUT", [4, "TOTAL_TIMEOUT"], []),
  truncated: expected("TRUNCATED", [14, "PROVIDER_TRUNCATED"], [25], LATER),
  protocol: expected("PROTOCOL", [13, "PROVIDER_PROTOCOL"], [25]),
} satisfies Readonly<Record<string, Expected>>;

/** A wait by a hint: its own length and half of the random tenth, which is a second at most. */
export function hintedMs(hintMs: number): number {
  return hintMs + Math.min(1_000, hintMs / 10) / 2;
}

export function repetitionsOf(
  kind: FaultKind,
  hintMs: number | undefined,
  own?: readonly number[],
): readonly number[] {
  if (own !== undefined) return own;
  const { alone } = EXPECTED[kind];
  return hintMs === undefined ? alone : alone.map((ms) => Math.max(ms, hintedMs(hintMs)));
}

/** What both clients read of a call that failed. */
export function expectedFailure(kind: FaultKind, hintMs: number | undefined) {
  const { category, code, reason, retryable, pushback, details } = EXPECTED[kind] as Expected;
  const isHinted = retryable && hintMs !== undefined;
  return {
    domain: "steer",
    category: `${category}`,
    code,
    reason,
    retryable,
    details: isHinted ? [...details, "RetryInfo"] : details,
    retryDelayMs: hintMs,
    retryInfoMs: isHinted ? hintMs : undefined,
    retryAfter: isHinted ? String(Math.ceil(hintMs / 1_000)) : null,
    pushback: { unsaid: null, never: "-1", hint: String(hintMs ?? -1) }[pushback],
  };
}
