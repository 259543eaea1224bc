import { dialectOptions } from "../domain/dialect-options.ts";
import { type FieldViolation, GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Model } from "../domain/model.ts";
import { ownValue } from "../domain/own-value.ts";
import type { Route, RoutedTarget, SkippedTarget } from "../domain/route.ts";
import { type Fit, fitTarget } from "./fit-target.ts";
import { listedOffers, type OfferDependencies, requestedOffers } from "./listed-offers.ts";
import { type ModelAccess, notAllowed } from "./model-access.ts";
import { orderTargets, type TargetMeasures } from "./order-targets.ts";

/** Why an instance cannot be called. */
export type Unavailable =
  | { readonly cause: "not-configured"; readonly variable: string }
  | { readonly cause: "disabled" };

export interface RouterDependencies {
  readonly lookup: OfferDependencies["lookup"];
  readonly unavailable: (instance: string) => Unavailable | undefined;
  /** The part of a request that the model's dialect cannot carry; undefined: all of it can be carried. */
  readonly unsupported: (
    model: Model,
    spec: GenerationSpec,
    options: JsonObject,
  ) => FieldViolation | undefined;
  /** Instances and their types. */
  readonly providers: readonly { readonly id: string; readonly type: string }[];
  readonly inputTokens: (model: Model, spec: GenerationSpec) => number;
  readonly latencyMs: TargetMeasures["latencyMs"];
}

/** Options for the provider, over the options for its dialect alone, which requests in that dialect have. */
function optionsFor({ providerOptions }: GenerationSpec, model: Model): JsonObject {
  const ofDialect = ownValue(providerOptions, dialectOptions(model.dialect));
  const own =
    ownValue(providerOptions, model.provider) ?? ownValue(providerOptions, model.providerType);
  return ofDialect === undefined ? (own ?? {}) : { ...ofDialect, ...own };
}

function unavailableError(model: Model, why: Unavailable): GatewayError {
  if (why.cause === "disabled") {
    return new GatewayError("not-found", `provider ${model.provider} is switched off`, {
      reason: "MODEL_NOT_FOUND",
      metadata: { resource_type: "model", resource_name: model.id, provider: model.provider },
    });
  }
  return new GatewayError(
    "provider-authentication",
    `provider ${model.provider} has no key: set ${why.variable}`,
    {
      reason: "PROVIDER_NOT_CONFIGURED",
      metadata: { provider: model.provider, variable: why.variable },
    },
  );
}

/** Most reasons in the details of an error, because a status has limited space. */
const MAX_REASONS_NAMED = 5;

/** A problem that the caller can solve takes precedence over one that only the operator can solve. */
function noTarget(unfit: readonly FieldViolation[], refusals: readonly GatewayError[]): Error {
  const refusal = refusals.find(({ kind }) => kind !== "not-found") ?? refusals[0];
  if (unfit.length === 0 && refusal !== undefined) return refusal;
  const violations = unfit.slice(0, MAX_REASONS_NAMED);
  const reasons = violations.map(({ description }) => description).join("; ");
  return new GatewayError("validation", `no target is eligible: ${reasons}`, {
    reason: "UNSUPPORTED_PARAMETER",
    violations,
    metadata: { reasons },
  });
}

/** The offers that the caller may use. Throws PERMISSION_DENIED without one. */
function allowedOffers(
  offers: readonly Model[],
  access: ModelAccess | undefined,
): readonly Model[] {
  if (access === undefined) return offers;
  const allowed = offers.filter((model) => access(model) === undefined);
  const [first] = offers;
  if (allowed.length > 0 || first === undefined) return allowed;
  throw notAllowed(first, access(first) ?? "");
}

/** The offers of a request, sorted by whether they accept it. */
interface Listed {
  readonly targets: RoutedTarget[];
  /** Offers that do not accept the request: before the first target, and after it. */
  readonly skipped: SkippedTarget[];
  readonly unfit: SkippedTarget[];
  readonly violations: FieldViolation[];
  readonly refusals: GatewayError[];
}

/** Chooses the targets of a request from the request and the registry alone. */
export class Router {
  readonly #dependencies: RouterDependencies;
  readonly #offers: OfferDependencies;

  constructor(dependencies: RouterDependencies) {
    const { lookup, providers } = dependencies;
    this.#dependencies = dependencies;
    this.#offers = { lookup, names: new Set(providers.flatMap(({ id, type }) => [id, type])) };
  }

  /**
   * Targets of a request whether or not their providers have a key, for estimates. Throws PERMISSION_DENIED if the
   * caller may use no offer.
   */
  candidates(spec: GenerationSpec, access?: ModelAccess): readonly RoutedTarget[] {
    const offers = allowedOffers(requestedOffers(this.#offers, spec), access);
    const fits = offers.flatMap((model) => {
      const fitted = this.#fit(spec, model);
      return fitted.state === "fits" ? [routedTarget(spec, model, fitted)] : [];
    });
    if (fits.length > 0) return fits;
    return offers.map((model) => ({
      model,
      spec,
      effort: undefined,
      warnings: [],
      options: optionsFor(spec, model),
    }));
  }

  /** Throws `GatewayError` if no target is eligible. */
  route(spec: GenerationSpec, access?: ModelAccess): Route {
    const { targets, skipped, unfit, violations, refusals } = this.#list(spec, access);
    const { inputTokens, latencyMs } = this.#dependencies;
    const [listed] = targets;
    const [first, ...rest] = orderTargets(targets, spec.routing.strategy, () => ({
      inputTokens: listed === undefined ? 0 : inputTokens(listed.model, spec),
      maxOutputTokens: spec.sampling.maxOutputTokens,
      latencyMs,
    }));
    if (first === undefined) throw noTarget(violations, refusals);
    if (spec.routing.disableFailover) return { targets: [first], skipped, unfit: [] };
    return { targets: [first, ...rest], skipped, unfit };
  }

  /** The offers in listed order, each with its result. */
  #list(spec: GenerationSpec, access?: ModelAccess): Listed {
    const listed: Listed = { targets: [], skipped: [], unfit: [], violations: [], refusals: [] };
    const passOver = (model: Model, reason: string): void => {
      const target = { provider: model.provider, model: model.id };
      (listed.targets.length === 0 ? listed.skipped : listed.unfit).push({ target, reason });
    };
    for (const model of listedOffers(this.#offers, spec)) {
      const list = access?.(model);
      if (list !== undefined) {
        const refusal = notAllowed(model, list);
        listed.refusals.push(refusal);
        passOver(model, refusal.message);
        continue;
      }
      const why = this.#dependencies.unavailable(model.provider);
      if (why !== undefined) {
        listed.refusals.push(unavailableError(model, why));
        continue;
      }
      const fitted = this.#fit(spec, model);
      if (fitted.state === "fits") {
        listed.targets.push(routedTarget(spec, model, fitted));
        continue;
      }
      const description = `${model.provider}/${model.id} does not take ${fitted.reason}`;
      passOver(model, description);
      listed.violations.push({ field: fitted.field, description });
    }
    return listed;
  }

  /** The request fitted to a model and to the wire of its dialect. */
  #fit(spec: GenerationSpec, model: Model): Fit {
    const fitted = fitTarget(spec, model);
    if (fitted.state === "ineligible") return fitted;
    const found = this.#dependencies.unsupported(model, spec, optionsFor(spec, model));
    return found === undefined
      ? fitted
      : { state: "ineligible", reason: found.description, field: found.field };
  }
}

function routedTarget(
  spec: GenerationSpec,
  model: Model,
  { effort, warnings, spec: fitted }: Extract<Fit, { state: "fits" }>,
): RoutedTarget {
  return { model, spec: fitted, effort, warnings, options: optionsFor(spec, model) };
}
