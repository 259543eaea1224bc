import { dialectOptions, isDialectOptions } from "../domain/dialect-options.ts";
import { type FieldViolation, GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Model } from "../domain/model.ts";
import { didYouMean } from "../domain/near-names.ts";
import { ownValue } from "../domain/own-value.ts";
import type { Route, RoutedTarget, SkippedTarget } from "../domain/route.ts";
import { type Fit, fitTarget } from "./fit-target.ts";
import { orderTargets, type TargetMeasures } from "./order-targets.ts";

/** Why an instance cannot be called. */
export type Unavailable =
  | { readonly cause: "not-configured"; readonly variable: string }
  | { readonly cause: "disabled" };

export interface RouterDependencies {
  /** Offers of a model in configuration order; throws NOT_FOUND. */
  readonly lookup: (name: string) => readonly Model[];
  readonly unavailable: (instance: string) => Unavailable | undefined;
  /** What the model's dialect cannot carry of a request; undefined: it carries it all. */
  readonly misfit: (
    model: Model,
    spec: GenerationSpec,
    options: JsonObject,
  ) => FieldViolation | undefined;
  /** Instances and their types. */
  readonly providers: readonly { readonly id: string; readonly type: string }[];
  readonly inputTokens: (model: Model, spec: GenerationSpec) => number;
  readonly latencyMs: TargetMeasures["latencyMs"];
}

/** Options for a provider's own dialect; those for its dialect alone are of requests that came in it. */
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

/** Keeps the details of an error within what a status can carry. */
const MAX_MISFITS_NAMED = 5;

/** What the caller can change goes before what only the operator can. */
function noTarget(misfits: readonly FieldViolation[], refusals: readonly GatewayError[]): Error {
  const refusal = refusals.find(({ kind }) => kind !== "not-found") ?? refusals[0];
  if (misfits.length === 0 && refusal !== undefined) return refusal;
  const violations = misfits.slice(0, MAX_MISFITS_NAMED);
  const reasons = violations.map(({ description }) => description).join("; ");
  return new GatewayError("validation", `no target is eligible: ${reasons}`, {
    reason: "UNSUPPORTED_PARAMETER",
    violations,
    metadata: { reasons },
  });
}

/** Chooses where a request can run. It decides by the request and the registry alone. */
export function createRouter(dependencies: RouterDependencies) {
  const { lookup, unavailable, providers } = dependencies;
  const names = new Set(providers.flatMap(({ id, type }) => [id, type]));

  function checkNames(used: readonly string[], field: string): void {
    const unknown = used.find((name) => !names.has(name));
    if (unknown === undefined) return;
    const description = `no provider "${unknown}"${didYouMean(unknown, names)}`;
    throw new GatewayError("validation", `${field}: ${description}`, {
      violations: [{ field, description }],
    });
  }

  function isAllowed(spec: GenerationSpec, model: Model): boolean {
    const { allowedProviders, deniedProviders } = spec.routing;
    const named = (list: readonly string[]): boolean =>
      list.includes(model.provider) || list.includes(model.providerType);
    return (allowedProviders.length === 0 || named(allowedProviders)) && !named(deniedProviders);
  }

  /** The request for a model, and for the wire of its dialect. */
  function fit(spec: GenerationSpec, model: Model): Fit {
    const fitted = fitTarget(spec, model);
    if (fitted.state === "ineligible") return fitted;
    const found = dependencies.misfit(model, spec, optionsFor(spec, model));
    return found === undefined
      ? fitted
      : { state: "ineligible", reason: found.description, field: found.field };
  }

  /** Offers of the requested model that the request does not exclude. */
  function offersOf(spec: GenerationSpec): readonly Model[] {
    const own = Object.keys(spec.providerOptions).filter((name) => !isDialectOptions(name));
    checkNames(own, "spec.provider_options");
    checkNames(spec.routing.allowedProviders, "spec.routing.allowed_providers");
    checkNames(spec.routing.deniedProviders, "spec.routing.denied_providers");
    const offers = lookup(spec.model);
    const allowed = offers.filter((model) => isAllowed(spec, model));
    if (allowed.length > 0) return allowed;
    const where = offers.map(({ provider }) => provider).join(", ");
    const description = `${spec.model} is offered by ${where} only, which the request excludes`;
    throw new GatewayError("validation", `spec.routing: ${description}`, {
      violations: [{ field: "spec.routing", description }],
    });
  }

  /** Offers of the fallbacks that the request does not exclude; a name that nobody offers is an error. */
  function fallbacksOf(spec: GenerationSpec): Model[] {
    return spec.routing.fallbacks.flatMap(({ model: name, provider: pinned }, index) => {
      const field = `spec.routing.fallbacks[${index}]`;
      if (pinned !== undefined) checkNames([pinned], `${field}.provider`);
      const offers = lookup(name).filter(
        ({ provider, providerType }) =>
          pinned === undefined || pinned === provider || pinned === providerType,
      );
      if (offers.length === 0) {
        const description = `${pinned} does not offer ${name}`;
        throw new GatewayError("validation", `${field}: ${description}`, {
          violations: [{ field, description }],
        });
      }
      return offers.filter((model) => isAllowed(spec, model));
    });
  }

  /** Offers of the fallbacks that the operator has given the model, where the request names none. */
  function usualFallbacksOf(spec: GenerationSpec, offers: readonly Model[]): Model[] {
    const { fallbacks, disableFailover } = spec.routing;
    if (fallbacks.length > 0 || disableFailover) return [];
    const names = new Set(offers.flatMap((offer) => offer.fallbacks));
    return Array.from(names, lookup)
      .flat()
      .filter((model) => isAllowed(spec, model));
  }

  /** Everything the request may run at, each place once, in the order in which it is listed. */
  function listedOffers(spec: GenerationSpec): readonly Model[] {
    const offers = offersOf(spec);
    const usual = usualFallbacksOf(spec, offers);
    return [...new Set([...offers, ...fallbacksOf(spec), ...usual])];
  }

  return {
    /** Where a request would go, whether or not the provider has a key: what an estimate needs. */
    candidates(spec: GenerationSpec): readonly RoutedTarget[] {
      const offers = offersOf(spec);
      const fits = offers.flatMap((model) => {
        const fitted = fit(spec, model);
        if (fitted.state === "ineligible") return [];
        const { effort, warnings } = fitted;
        const options = optionsFor(spec, model);
        return [{ model, spec: fitted.spec, effort, warnings, options }];
      });
      if (fits.length > 0) return fits;
      return offers.map((model) => ({
        model,
        spec,
        effort: undefined,
        warnings: [],
        options: optionsFor(spec, model),
      }));
    },

    /** Throws `GatewayError` where no target is eligible. */
    route(spec: GenerationSpec): Route {
      const listed: RoutedTarget[] = [];
      const skipped: SkippedTarget[] = [];
      const unfit: SkippedTarget[] = [];
      const misfits: FieldViolation[] = [];
      const refusals: GatewayError[] = [];
      for (const model of listedOffers(spec)) {
        const why = unavailable(model.provider);
        if (why !== undefined) {
          refusals.push(unavailableError(model, why));
          continue;
        }
        const fitted = fit(spec, model);
        if (fitted.state === "fits") {
          const { effort, warnings } = fitted;
          const options = optionsFor(spec, model);
          listed.push({ model, spec: fitted.spec, effort, warnings, options });
          continue;
        }
        const target = { provider: model.provider, model: model.id };
        const description = `${model.provider}/${model.id} does not take ${fitted.reason}`;
        (listed.length === 0 ? skipped : unfit).push({ target, reason: description });
        misfits.push({ field: fitted.field, description });
      }
      const [first, ...rest] = orderTargets(listed, spec.routing.strategy, () => ({
        inputTokens: listed[0] === undefined ? 0 : dependencies.inputTokens(listed[0].model, spec),
        maxOutputTokens: spec.sampling.maxOutputTokens,
        latencyMs: dependencies.latencyMs,
      }));
      if (first === undefined) throw noTarget(misfits, refusals);
      if (spec.routing.disableFailover) return { targets: [first], skipped, unfit: [] };
      return { targets: [first, ...rest], skipped, unfit };
    },
  };
}
