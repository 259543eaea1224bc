// A specification written by hand: the error for callers and the engine's reaction for each kind of fault. Nothing
// here is read from the service's sources.

export type FaultKind = keyof typeof EXPECTED;

interface Expected {
  readonly category: string;
  /** google.rpc.Code. */
  readonly code: number;
  readonly reason: string;
  readonly retryable: boolean;
  /** Pushback for a client that repeats by itself: none, never, or after the provider's hint. */
  readonly pushback: "unsaid" | "never" | "hint";
  readonly details: readonly string[];
  /**
   * Waits of repetitions if no other target is left, with half of the random part: 250 to 500 ms and 500 to 1,000
   * ms after a transient failure, 1 s and 1 to 2 s after an overload.
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
const FAILED = [14, "PROVIDER_ERROR"] as const;
const CONNECTION = [14, "PROVIDER_CONNECTION"] as const;
const OVERLOADED = [14, "PROVIDER_OVERLOADED"] as const;
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
  // Without a hint the target rests for a second, and no wait is shorter.
  rate: expected("RATE_LIMIT", [8, "PROVIDER_RATE_LIMIT"], [1_050, 1_500], {
    retryable: true,
    pushback: "hint",
  }),
  overloaded: expected("PROVIDER_OVERLOADED", OVERLOADED, [1_050], LATER),
  server: expected("SERVER_ERROR", FAILED, [375, 750], LATER),
  /** 408 and 409 concern one request, which is sent once more. */
  once: expected("SERVER_ERROR", FAILED, [375], LATER),
  network: expected("NETWORK", CONNECTION, [375, 750], LATER),
  /** The first repetition goes at once, on a new connection. */
  unanswered: expected("NETWORK", CONNECTION, [0, 750], LATER),
  connect: expected("CONNECT_TIMEOUT", TIMEOUT, [375, 750], LATER),
  firstToken: expected("FIRST_TOKEN_TIMEOUT", TIMEOUT, [], LATER),
  idle: expected("IDLE_TIMEOUT", TIMEOUT, [], LATER),
  total: expected("TOTAL_TIMEOUT", [4, "TOTAL_TIMEOUT"], []),
  truncated: expected("TRUNCATED", [14, "PROVIDER_TRUNCATED"], [375], LATER),
  protocol: expected("PROTOCOL", [13, "PROVIDER_PROTOCOL"], [375]),
} satisfies Readonly<Record<string, Expected>>;

/** A wait by a hint: its length plus half of the random tenth, which is at most a second. */
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

/** Attempts at one target by default. */
const ATTEMPTS = 3;
/** Kinds that have the reason of their last failure, unless the attempts are used up. */
const EXHAUSTIBLE: readonly string[] = [FAILED[1], CONNECTION[1], OVERLOADED[1]];

/** The error that both clients get for a call that failed after this many attempts at its target. */
export function expectedFailure(kind: FaultKind, hintMs: number | undefined, attempts = 1) {
  const row = EXPECTED[kind] as Expected;
  const { category, code, retryable, pushback, details } = row;
  const isExhausted = attempts >= ATTEMPTS && EXHAUSTIBLE.includes(row.reason);
  const reason = isExhausted ? "ATTEMPTS_EXHAUSTED" : row.reason;
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
