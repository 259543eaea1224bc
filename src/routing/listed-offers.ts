// The models that a request may use, by their names and those of their providers.
import { isDialectOptions } from "../domain/dialect-options.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import { didYouMean } from "../domain/near-names.ts";

export interface OfferDependencies {
  /** Offers of a model in configuration order; throws NOT_FOUND. */
  readonly lookup: (name: string) => readonly Model[];
  /** Names of the instances and of their types. */
  readonly names: ReadonlySet<string>;
}

function invalid(field: string, description: string): GatewayError {
  return new GatewayError("validation", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

function checkNames(names: ReadonlySet<string>, used: readonly string[], field: string): void {
  const unknown = used.find((name) => !names.has(name));
  if (unknown === undefined) return;
  throw invalid(field, `no provider "${unknown}"${didYouMean(unknown, names)}`);
}

function isAllowed(spec: GenerationSpec, model: Model): boolean {
  const { allowedProviders, deniedProviders } = spec.routing;
  const isNamed = (list: readonly string[]): boolean =>
    list.includes(model.provider) || list.includes(model.providerType);
  return (allowedProviders.length === 0 || isNamed(allowedProviders)) && !isNamed(deniedProviders);
}

/** Offers of the requested model, without those that the request excludes. Throws `GatewayError` if none is left. */
export function requestedOffers(
  { lookup, names }: OfferDependencies,
  spec: GenerationSpec,
): readonly Model[] {
  const own = Object.keys(spec.providerOptions).filter((name) => !isDialectOptions(name));
  checkNames(names, own, "spec.provider_options");
  checkNames(names, spec.routing.allowedProviders, "spec.routing.allowed_providers");
  checkNames(names, spec.routing.deniedProviders, "spec.routing.denied_providers");
  const offers = lookup(spec.model);
  const allowed = offers.filter((model) => isAllowed(spec, model));
  if (allowed.length > 0) return allowed;
  const where = offers.map(({ provider }) => provider).join(", ");
  const description = `${spec.model} is offered by ${where} only, which the request excludes`;
  throw invalid("spec.routing", description);
}

/** Offers of the fallbacks, without those that the request excludes. A name without offers is an error. */
function fallbacksOf({ lookup, names }: OfferDependencies, spec: GenerationSpec): Model[] {
  return spec.routing.fallbacks.flatMap(({ model: name, provider: pinned }, index) => {
    const field = `spec.routing.fallbacks[${index}]`;
    if (pinned !== undefined) checkNames(names, [pinned], `${field}.provider`);
    const offers = lookup(name).filter(
      ({ provider, providerType }) =>
        pinned === undefined || pinned === provider || pinned === providerType,
    );
    if (offers.length === 0) throw invalid(field, `${pinned} does not offer ${name}`);
    return offers.filter((model) => isAllowed(spec, model));
  });
}

/** Offers of the model's configured fallbacks, if the request names none. */
function usualFallbacksOf(
  { lookup }: OfferDependencies,
  spec: GenerationSpec,
  offers: readonly Model[],
): Model[] {
  const { fallbacks, disableFailover } = spec.routing;
  if (fallbacks.length > 0 || disableFailover) return [];
  const names = new Set(offers.flatMap((offer) => offer.fallbacks));
  return Array.from(names, lookup)
    .flat()
    .filter((model) => isAllowed(spec, model));
}

/** All offers that a request may use, each once, in listed order. */
export function listedOffers(
  dependencies: OfferDependencies,
  spec: GenerationSpec,
): readonly Model[] {
  const offers = requestedOffers(dependencies, spec);
  const usual = usualFallbacksOf(dependencies, spec, offers);
  return [...new Set([...offers, ...fallbacksOf(dependencies, spec), ...usual])];
}
