// The table of `docs/reliability.md`: what follows a failed attempt, by kind.
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { Model } from "../domain/model.ts";

/** Which targets may follow a failure. */
export type NextTarget =
  /** No other target can help. */
  | "none"
  | "any"
  /** At another instance: with another credential. */
  | "other-instance"
  /** A model that is not known to take as little; see `canOutgrow`. */
  | "larger-window";

export interface FailureRule {
  /** Repetitions at one target before another is preferred. */
  readonly sameFirst: number;
  /** Repetitions at one target if no other can follow; the attempt limit holds as well. */
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
  // The credential is good, and this model is refused: the next one need not be.
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

/** What a status adds to "the server has failed". */
interface StatusRule {
  readonly rule: FailureRule;
  /** Share of a failure that it counts for; 0: it says nothing of the target. */
  readonly weight: number;
}

/** A repetition meets the same: another target may be set up otherwise. */
const ELSEWHERE = rule(0, 0, "any");

/** Kind `server-error` by its status; what is not here is TRANSIENT and a whole failure. */
const STATUS_RULES: ReadonlyMap<number, StatusRule> = new Map([
  // About one request, which was late or in another one's way.
  [408, { rule: ONCE, weight: 0 }],
  [409, { rule: ONCE, weight: 0 }],
  [423, { rule: ONCE, weight: 0 }],
  [425, { rule: TRANSIENT, weight: 0 }],
  [499, { rule: ONCE, weight: 0 }],
  [421, { rule: ONCE, weight: 1 }],
  // The model has failed, or a tool's server that the request names.
  [424, { rule: ONCE, weight: 0.5 }],
  // What the request asks for is not there.
  [501, { rule: ELSEWHERE, weight: 0 }],
  // The way to the server is set up wrongly: HTTP version, a loop, TLS behind Cloudflare.
  [505, { rule: ELSEWHERE, weight: 1 }],
  [508, { rule: ELSEWHERE, weight: 1 }],
  [525, { rule: ELSEWHERE, weight: 1 }],
  [526, { rule: ELSEWHERE, weight: 1 }],
  // Cloudflare has cut an answer that took 100 s: this request may be long, or the server dead.
  [524, { rule: rule(0, 1, "any"), weight: 0.5 }],
]);

/** Statuses of the class "the request is wrong" that a provider can ask to send again. */
const PASSING_STATUSES = new Set([408, 409, 421, 423, 424, 425, 429, 498, 499]);

function statusRule({ kind, providerFailure }: GatewayError): StatusRule | undefined {
  return kind === "server-error" ? STATUS_RULES.get(providerFailure?.httpStatus ?? 0) : undefined;
}

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

function ruleOfKind(error: GatewayError): FailureRule {
  const { kind, providerFailure } = error;
  // Another model of the same account can be cheap enough.
  if (kind === "quota" && providerFailure?.about === "request") return ELSEWHERE;
  return statusRule(error)?.rule ?? RULES[kind];
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

/** Final kinds that a provider's answer can have, so that `failover_on` can let them lead on. */
const WIDENABLE: ReadonlySet<ErrorKind> = new Set(["unknown", "validation"]);

/**
 * Which targets may follow a failure of `model`: by the table, which the request's
 * `failover_on` widens for `WIDENABLE` kinds and the operator for content filters.
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

/** A provider has failed, or has refused the request. Other kinds end a call wherever it runs. */
export function isOfProvider({ kind }: GatewayError): boolean {
  return RULES[kind] !== FINAL || FINAL_BY_PROVIDER.has(kind);
}

/** What a failure says about its target. */
export type HealthEffect =
  | { readonly type: "none" }
  /** `hintMs`: the provider asks for a pause besides. */
  | { readonly type: "failure"; readonly weight: number; readonly hintMs: number | undefined }
  /** Nothing is sent there for a while: the provider's hint, or a short one of our own. */
  | { readonly type: "cooldown"; readonly hintMs: number | undefined }
  /** The credential, or the target, is refused for longer. */
  | { readonly type: "out"; readonly scope: "instance" | "target"; readonly cause: OutCause };

export type OutCause = "refused" | "quota";

const NO_EFFECT: HealthEffect = { type: "none" };

function failure(weight: number, { retryAfterMs }: GatewayError): HealthEffect {
  return { type: "failure", weight, hintMs: retryAfterMs };
}

/**
 * What a failed count says about its target. Vendors limit and allow counts apart from generations:
 * a count that is limited or forbidden pauses nothing. A credential that is refused is refused for both.
 */
export function countEffect(error: GatewayError): HealthEffect {
  const effect = healthEffect(error);
  switch (effect.type) {
    case "failure":
      return { ...effect, hintMs: undefined };
    case "out":
      return effect.scope === "instance" ? effect : NO_EFFECT;
    case "cooldown":
    case "none":
      return NO_EFFECT;
  }
}

/** The target could not take the load, or gave no sign of life: a failover there was no help. */
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
      // What the law forbids here can be the prompt alone.
      return error.providerFailure?.httpStatus === 451
        ? NO_EFFECT
        : { type: "out", scope: "target", cause: "refused" };
    case "quota":
      return error.providerFailure?.about === "request"
        ? NO_EFFECT
        : { type: "out", scope: "instance", cause: "quota" };
    case "not-found":
      // Only where the model is meant: a file that a request names can be missing as well.
      return error.providerFailure?.about === "model"
        ? { type: "out", scope: "target", cause: "refused" }
        : NO_EFFECT;
    default:
      return NO_EFFECT;
  }
}
