import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/load-config.ts";
import { ConfigError, type Environment } from "../config/sources.ts";
import { TlsProblem } from "../config/tls-files.ts";
import * as providerTypes from "../providers/registry.ts";
import { createTokenCounter } from "../usage/token-counter.ts";
import { Adapters } from "./adapters.ts";
import { createDeployment, type ProviderTypes } from "./deployment.ts";
import { readListenersTls } from "./reload-steps.ts";

const types: ProviderTypes = providerTypes;

/** The result of a check of the configuration. */
export type ConfigFindings =
  | { readonly state: "usable"; readonly warnings: readonly string[] }
  | { readonly state: "refused"; readonly problem: string };

async function warningsOf(environment: Environment): Promise<string[]> {
  const config = loadConfig(types, environment);
  readListenersTls(config);
  const counter = createTokenCounter({
    clock: systemClock,
    estimator: () => config.estimator,
    observe: { estimated() {}, measured() {} },
  });
  const adapters = new Adapters(() => {});
  const callers = { profile: () => undefined, group: () => undefined };
  const unused = { callers, latencyMs: () => undefined, onErrorText() {} };
  const parts = { types, clock: systemClock, adapters, counter, ...unused };
  const deployment = await createDeployment(config, parts);
  deployment.retire();
  const named = new Set(config.models.map(({ provider }) => provider));
  const keyless = config.providers.flatMap(({ id, unavailable }) =>
    unavailable?.cause === "not-configured" && named.has(id)
      ? [`provider ${id}: ${unavailable.variable} is not set: its models are not available`]
      : [],
  );
  return [...config.warnings, ...deployment.warnings, ...keyless];
}

/** Reads a configuration like a start, including all files that it names. Calls no provider. */
export async function checkConfig(environment: Environment): Promise<ConfigFindings> {
  try {
    return { state: "usable", warnings: await warningsOf(environment) };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof TlsProblem) {
      return { state: "refused", problem: error.message };
    }
    throw error;
  }
}
