// The highest prices that a request can cost before it is sent. Pure functions.
import type { CacheHint, GenerationSpec, Part } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import { type Model, type Pricing, pricesAt, type TokenPrices } from "../domain/model.ts";
import type { Estimate } from "./estimate.ts";

/** Cache writes that a request can cause, by the price of their lifetime. */
export type CacheWrites = "none" | "default" | "long";

/** Bounds of a request's input before it is sent. */
export interface InputBound {
  /** The estimate. */
  readonly tokens: number;
  /** Upper end of the estimate: it decides which tiers can apply. */
  readonly mostTokens: number;
  readonly cacheWrites: CacheWrites;
}

/** Shortest lifetime that a provider sells, in seconds. Longer ones can have their own price. */
const SHORTEST_LIFETIME_S = 300;

/** A key that marks cached content. `prompt_cache_key` only routes a request. */
const CACHE_KEY = /"(?!prompt_cache_key")[^"]*cache[^"]*":/i;

function isLongLifetime({ ttl }: CacheHint): boolean {
  if (ttl === "") return false;
  const duration = /^(\d+)([sm])$/.exec(ttl);
  // Hours and days are long. A word that is not a duration can mean any lifetime.
  if (duration === null) return true;
  const seconds = Number(duration[1]) * (duration[2] === "m" ? 60 : 1);
  return seconds === 0 || seconds > SHORTEST_LIFETIME_S;
}

function hintsOf(part: Part): readonly CacheHint[] {
  const own = part.cacheHint === undefined ? [] : [part.cacheHint];
  return part.type === "tool-result" ? [...own, ...part.content.flatMap(hintsOf)] : own;
}

/** A request can mark its prompt with hints, with provider options and in the configuration of tools. */
function cacheWritesOf(model: Model, spec: GenerationSpec, options: JsonObject): CacheWrites {
  const raw = [
    options,
    ...spec.tools.flatMap((tool) => (tool.type === "provider" ? tool.config : [])),
  ];
  if (raw.some((each) => CACHE_KEY.test(JSON.stringify(each)))) return "long";
  const hints = spec.messages.flatMap(({ parts }) => parts.flatMap(hintsOf));
  if (hints.some(isLongLifetime)) return "long";
  const isAutomatic = model.tokens.writesCacheUnasked?.(model.wire) === true;
  return hints.length > 0 || isAutomatic ? "default" : "none";
}

/** Bounds of the input from its estimate. The confidence is 1 − the mean relative error. */
export function inputBoundOf(
  { tokens, confidence }: Pick<Estimate, "tokens" | "confidence">,
  model: Model,
  spec: GenerationSpec,
  options: JsonObject,
): InputBound {
  return {
    tokens,
    mostTokens: Math.ceil(tokens * (2 - confidence)),
    cacheWrites: cacheWritesOf(model, spec, options),
  };
}

function dearestInput(prices: TokenPrices, cacheWrites: CacheWrites): number {
  const { inputPicos, cacheReadPicos = 0, cacheWritePicos = 0, cacheWriteLongPicos = 0 } = prices;
  return Math.max(
    inputPicos,
    cacheReadPicos,
    cacheWrites === "none" ? 0 : cacheWritePicos,
    cacheWrites === "long" ? cacheWriteLongPicos : 0,
  );
}

/** The highest prices of an input token and an output token that can apply. */
export function dearestPrices(
  pricing: Pricing,
  { tokens, mostTokens, cacheWrites }: InputBound,
): Pick<TokenPrices, "inputPicos" | "outputPicos"> {
  const reached = pricing.tiers
    .map(({ aboveInputTokens }) => aboveInputTokens + 1)
    .filter((first) => first > tokens && first <= mostTokens);
  const applicable = [tokens, ...reached].map((count) => pricesAt(pricing, count));
  return {
    inputPicos: Math.max(...applicable.map((prices) => dearestInput(prices, cacheWrites))),
    outputPicos: Math.max(...applicable.map(({ outputPicos }) => outputPicos)),
  };
}
