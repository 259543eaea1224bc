// The table of `docs/reliability.md`: recovery after a failed attempt, by kind of error.
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { Model } from "../domain/model.ts";

/** Targets that may follow a failure. */
export type NextTarget =
  /** No other target can help. */
  | "none"
  | "any"
  /** Another instance, because it has another credential. */
  | "other-instance"
  /** A model that is not known to have a window as small or smaller; see `canOutgrow`. */
  | "larger-window";

export interface FailureRule {
  /** Repetitions at one target before another target is preferred. */
  readonly sameFirst: number;
  /** Most repetitions at one target if no other can follow. The attempt limit applies too. */
  readonly sameAlone: number;
  readonly next: NextTarget;
  /** Backoff settings and budget price to use. */
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
/** One repetition here, then another target. Without another target, as many repetitions as the limits allow. */
const TRANSIENT = rule(1, UNLIMITED, "any");
/** One repetition in any case. */
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
  // The credential is valid, but this model is refused. The next target may accept it.
  "provider-permission": rule(0, 0, "any"),
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

/** Rule of one status of the kind `server-error`. */
interface StatusRule {
  readonly rule: FailureRule;
  /** Share of a failure in the target's health, 0 to 1; 0: no evidence about the target. */
  readonly weight: number;
}

/** A repetition would fail again, but another target may be set up differently. */
const ELSEWHERE = rule(0, 0, "any");

/** Rules of kind `server-error` by status. Other statuses are TRANSIENT and count as a whole failure. */
const STATUS_RULES: ReadonlyMap<number, StatusRule> = new Map([
  // These concern one request, which was late or in conflict with another.
  [408, { rule: ONCE, weight: 0 }],
  [409, { rule: ONCE, weight: 0 }],
  [423, { rule: ONCE, weight: 0 }],
  [425, { rule: TRANSIENT, weight: 0 }],
  [499, { rule: ONCE, weight: 0 }],
  [421, { rule: ONCE, weight: 1 }],
  // The model has failed, or the server of a tool that the request names.
  [424, { rule: ONCE, weight: 0.5 }],
  // The server does not support what the request needs.
  [501, { rule: ELSEWHERE, weight: 0 }],
  // The route to the server is misconfigured: HTTP version, a loop, or TLS behind Cloudflare.
  [505, { rule: ELSEWHERE, weight: 1 }],
  [508, { rule: ELSEWHERE, weight: 1 }],
  [525, { rule: ELSEWHERE, weight: 1 }],
  [526, { rule: ELSEWHERE, weight: 1 }],
  // Cloudflare cut off an answer that took 100 s: the request may be long, or the server dead.
  [524, { rule: rule(0, 1, "any"), weight: 0.5 }],
]);

/** Statuses 4xx for which a provider's wish for a retry is respected. */
const PASSING_STATUSES = new Set([408, 409, 421, 423, 424, 425, 429, 498, 499]);

function statusRule({ kind, providerFailure }: GatewayError): StatusRule | undefined {
  return kind === "server-error" ? STATUS_RULES.get(providerFailure?.httpStatus ?? 0) : undefined;
}

/** Whether no provider's wish makes the gateway send such a request again. */
function isDenied({ kind, providerFailure }: GatewayError): boolean {
  const status = providerFailure?.httpStatus ?? 0;
  return kind === "cancelled" || (status >= 400 && status < 500 && !PASSING_STATUSES.has(status));
}

/** The provider's explicit wish (`x-should-retry`), if its error can have one. */
export function explicitHint(error: GatewayError): "force" | "forbid" | undefined {
  const wish = error.providerFailure?.shouldRetry;
  if (wish === undefined) return undefined;
  if (!wish) return "forbid";
  return isDenied(error) ? undefined : "force";
}

function ruleOfKind(error: GatewayError): FailureRule {
  const { kind, providerFailure } = error;
  // Another model of the same account can be cheap enough.
  if (kind === "quota" && providerFailure?.about === "request") return ELSEWHERE;
  return statusRule(error)?.rule ?? RULES[kind];
}

/** The rule of an error. A forced retry uses the rule of a transient failure if the kind allows no repetition. */
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

/** Final kinds that a provider's answer can have, and that `failover_on` can make recoverable. */
const WIDENABLE: ReadonlySet<ErrorKind> = new Set(["unknown", "validation"]);

/**
 * Targets that may follow a failure of `model`: by the table, extended by the request's `failover_on` for `WIDENABLE`
 * kinds and by the operator for content filters.
 */
export function nextTargets(
  error: GatewayError,
  model: Model,
  failoverOn: ReadonlySet<ErrorKind> | undefined,
): NextTarget {
  const { next } = ruleOf(error);
  const { kind } = error;
  if (kind === "content-filter") return model.failoverOnContentFilter ? "any" : next;
  return WIDENABLE.has(kind) && failoverOn?.has(kind) === true ? "any" : next;
}

const FINAL_BY_PROVIDER: ReadonlySet<ErrorKind> = new Set([
  "validation",
  "content-filter",
  "unknown",
]);

/** Whether a provider failed or refused the request. Other kinds end a call at any target. */
export function isOfProvider({ kind }: GatewayError): boolean {
  return RULES[kind] !== FINAL || FINAL_BY_PROVIDER.has(kind);
}

/** Effect of a failure on the health of its target. */
export type HealthEffect =
  | { readonly type: "none" }
  /** `hintMs`: the provider also asks for a pause, in milliseconds. */
  | { readonly type: "failure"; readonly weight: number; readonly hintMs: number | undefined }
  /** Nothing is sent there for the provider's hint, or for a short default time. */
  | { readonly type: "cooldown"; readonly hintMs: number | undefined }
  /** The credential, or the target, is refused for a longer time. */
  | { readonly type: "out"; readonly scope: "instance" | "target"; readonly cause: OutCause };

export type OutCause = "refused" | "quota";

const NO_EFFECT: HealthEffect = { type: "none" };

function failure(weight: number, { retryAfterMs }: GatewayError): HealthEffect {
  return { type: "failure", weight, hintMs: retryAfterMs };
}

/** Whether the target could not take the load or gave no sign of life, so that a failover there did not help. */
export function isLoadLike(error: GatewayError): boolean {
  const { type } = healthEffect(error);
  return type === "failure" || type === "cooldown";
}

export function healthEffect(error: GatewayError): HealthEffect {
  switch (error.kind) {
    case "server-error": {
      const weight = statusRule(error)?.weight ?? 1;
      return weight === 0 ? NO_EFFECT : failure(weight, error);
    }
    case "network":
    case "connect-timeout":
    case "first-token-timeout":
    case "idle-timeout":
    case "truncated":
    case "protocol":
      return failure(1, error);
    case "provider-overloaded":
      return failure(0.5, error);
    case "rate-limit":
      return { type: "cooldown", hintMs: error.retryAfterMs };
    case "provider-authentication":
      return { type: "out", scope: "instance", cause: "refused" };
    case "provider-permission":
      // A status 451 can concern the prompt alone.
      return error.providerFailure?.httpStatus === 451
        ? NO_EFFECT
        : { type: "out", scope: "target", cause: "refused" };
    case "quota":
      return error.providerFailure?.about === "request"
        ? NO_EFFECT
        : { type: "out", scope: "instance", cause: "quota" };
    case "not-found":
      // A status "not found" counts only if it concerns the model: a file of the request can be missing too.
      return error.providerFailure?.about === "model"
        ? { type: "out", scope: "target", cause: "refused" }
        : NO_EFFECT;
    default:
      return NO_EFFECT;
  }
}
