import { CAPABILITIES, type ModelRecord, PARAMETERS } from "../domain/model.ts";
import { pricing } from "./pricing.ts";
import { count, flag, identifier, matching, oneOf, restricted, text } from "./readers.ts";
import { list, object, reshaped } from "./sections.ts";
import { targetLimit, targetTimeouts } from "./targets.ts";
import { wireFacts } from "./wire-facts.ts";

const fallbackName = matching(
  /^[^\s/][^\s]{0,255}$/,
  "a model, or an instance and its model as INSTANCE/MODEL",
);

/** As many as a request can name. */
const MAX_FALLBACKS = 16;

const fallbacks = restricted(
  list(fallbackName),
  (names) => names.length <= MAX_FALLBACKS,
  `must name ${MAX_FALLBACKS} models or fewer`,
);

const modelFields = object(
  {
    id: matching(/^[^\s/][^\s]{0,127}$/, "a name without blanks"),
    provider: identifier,
    provider_model: text,
    display_name: text,
    aliases: list(text),
    context_window: count,
    max_output_tokens: count,
    capabilities: list(oneOf(...CAPABILITIES)),
    parameters: list(oneOf(...PARAMETERS)),
    efforts: list(text),
    api: identifier,
    prices: pricing,
    failover_on_content_filter: flag,
    enabled: flag,
    fallbacks,
    timeouts: targetTimeouts,
    limit: targetLimit,
    wire: wireFacts,
  },
  ["id", "provider"],
);

/** A model that the operator adds to a provider instance. */
export interface ModelEntry extends Partial<ModelRecord> {
  readonly id: string;
  readonly provider: string;
  readonly enabled: boolean;
  readonly limit?: ReturnType<typeof targetLimit>;
}

/** An entry of `models`. */
export const modelEntry = reshaped(modelFields, (fields): ModelEntry => {
  const { api, prices, wire, enabled = true, ...rest } = fields;
  return {
    ...rest,
    enabled,
    ...(api !== undefined && { dialect: api }),
    ...(prices !== undefined && { pricing: prices }),
    ...(wire !== undefined && { wire: { ...wire } }),
  };
});
