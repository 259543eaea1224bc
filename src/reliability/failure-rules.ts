// The table of `docs/reliability.md`: what follows a failed attempt, by kind.
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";

/** Which targets may follow a failure. */
export type NextTarget =
  /** No other target can help. */
  | "none"
  | "any"
  /** At another instance: with another credential. */
  | "other-instance"
  | "larger-window";

export interface FailureRule {
  /** Repetitions at one target before another is preferred. */
  readonly sameFirst: number;
  /** Repetitions at one target where no other is left; the attempt limit holds as well. */
  readonly sameAlone: number;
  readonly next: NextTarget;
  /** Which waits and which price in the budget. */
  readonly delay: "transient" | "throttle";
}

const UNLIMITED = Number.POSITIVE_INFINITY;

function rule(
  sameFirst: number,
  sameAlone: number,
  next: NextTarget,
  delay: FailureRule["delay"] = "transient",
): FailureRule {
  return { sameFirst, sameAlone, next, delay };
}

const FINAL = rule(0, 0, "none");
/** Once more here, then elsewhere; without another target as often as the limits allow. */
const TRANSIENT = rule(1, UNLIMITED, "any");
/** Once more in any case. */
const ONCE = rule(1, 1, "any");

const RULES: Readonly<Record<ErrorKind, FailureRule>> = {
  "server-error": TRANSIENT,
  network: TRANSIENT,
  truncated: ONCE,
  protocol: ONCE,
  "connect-timeout": rule(0, UNLIMITED, "any"),
  "first-token-timeout": rule(0, 0, "any"),
  "idle-timeout": rule(0, 0, "any"),
  "rate-limit": rule(0, UNLIMITED, "any", "throttle"),
  "provider-overloaded": rule(0, 1, "any", "throttle"),
  "provider-authentication": rule(0, 0, "other-instance"),
  "provider-permission": rule(0, 0, "other-instance"),
  quota: rule(0, 0, "other-instance"),
  "not-found": rule(0, 0, "any"),
  "context-length": rule(0, 0, "larger-window"),
  unknown: FINAL,
  validation: FINAL,
  unauthenticated: FINAL,
  "permission-denied": FINAL,
  conflict: FINAL,
  "content-filter": FINAL,
  "caller-limit": FINAL,
  "gateway-overloaded": FINAL,
  "total-timeout": FINAL,
  "circuit-open": FINAL,
  "invalid-output": FINAL,
  cancelled: FINAL,
  "owner-lost": FINAL,
  "state-lost": FINAL,
  internal: FINAL,
  "state-unavailable": FINAL,
  budget: FINAL,
  "stream-limit": FINAL,
};

/** Statuses of the class "the request is wrong" that say nothing of the kind. */
const PASSING_STATUSES = new Set([408, 409, 425, 429]);

/** Of those, the ones about a request that was late or in another one's way. */
const COLLISION_STATUSES = new Set([408, 409]);

/** No provider's wish makes the gateway send such a request again. */
function isDenied({ kind, providerFailure }: GatewayError): boolean {
  const status = providerFailure?.httpStatus ?? 0;
  return kind === "cancelled" || (status >= 400 && status < 500 && !PASSING_STATUSES.has(status));
}

/** The provider's own wish, where it may have one. */
export function explicitHint(error: GatewayError): "force" | "forbid" | undefined {
  const wish = error.providerFailure?.shouldRetry;
  if (wish === undefined) return undefined;
  if (!wish) return "forbid";
  return isDenied(error) ? undefined : "force";
}

function ruleOfKind({ kind, providerFailure }: GatewayError): FailureRule {
  const isCollision = COLLISION_STATUSES.has(providerFailure?.httpStatus ?? 0);
  return kind === "server-error" && isCollision ? ONCE : RULES[kind];
}

/** The rule of an error; a forced retry takes the one of a passing failure where its kind has none. */
export function ruleOf(error: GatewayError): FailureRule {
  const own = ruleOfKind(error);
  switch (explicitHint(error)) {
    case "force":
      return own.sameAlone > 0 ? own : TRANSIENT;
    case "forbid":
      return { ...own, sameFirst: 0, sameAlone: 0 };
    case undefined:
      return own;
  }
}

/** What a failure says about its target. */
export type HealthEffect =
  | { readonly type: "none" }
  | { readonly type: "failure"; readonly weight: number }
  /** Nothing is sent there for a while: the provider's hint, or a short one of our own. */
  | { readonly type: "cooldown"; readonly hintMs: number | undefined }
  /** The credential, or the target, is refused for longer. */
  | { readonly type: "out"; readonly scope: "instance" | "target"; readonly cause: OutCause };

export type OutCause = "refused" | "quota";

const NO_EFFECT: HealthEffect = { type: "none" };
const FAILURE: HealthEffect = { type: "failure", weight: 1 };
const HALF_FAILURE: HealthEffect = { type: "failure", weight: 0.5 };

export function healthEffect(error: GatewayError): HealthEffect {
  switch (error.kind) {
    case "server-error":
      // 408, 409 and 425 speak about one request.
      return PASSING_STATUSES.has(error.providerFailure?.httpStatus ?? 0) ? NO_EFFECT : FAILURE;
    case "network":
    case "connect-timeout":
    case "first-token-timeout":
    case "idle-timeout":
    case "truncated":
    case "protocol":
      return FAILURE;
    case "provider-overloaded":
      return HALF_FAILURE;
    case "rate-limit":
      return { type: "cooldown", hintMs: error.retryAfterMs };
    case "provider-authentication":
      return { type: "out", scope: "instance", cause: "refused" };
    case "provider-permission":
      return { type: "out", scope: "target", cause: "refused" };
    case "quota":
      return { type: "out", scope: "instance", cause: "quota" };
    case "not-found":
      // Only where the model is meant: a file that a request names can be missing as well.
      return error.providerFailure?.code === "model_not_found"
        ? { type: "out", scope: "target", cause: "refused" }
        : NO_EFFECT;
    default:
      return NO_EFFECT;
  }
}
