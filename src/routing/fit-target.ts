import type { Warning } from "../domain/generation.ts";
import type {
  GenerationSpec,
  Message,
  ReasoningEffort,
  Sampling,
} from "../domain/generation-spec.ts";
import type { Capability, Feature, Model, ModelRule, Parameter } from "../domain/model.ts";
import { requestNeeds } from "./request-needs.ts";
import { withoutParameter } from "./without-parameter.ts";

/** A request made to fit a model, or why it cannot be. */
export type Fit =
  | {
      readonly state: "fits";
      readonly spec: GenerationSpec;
      /** `reasoning.effort` in the provider's own word. */
      readonly effort: string | undefined;
      readonly warnings: readonly Warning[];
    }
  | {
      readonly state: "ineligible";
      /** Names the combination, e.g. "tools with reasoning effort high on the chat dialect". */
      readonly reason: string;
      readonly field: string;
    };

/** The capability that a feature asks for, and where a request sets it. */
const FEATURES: Readonly<
  Record<
    Feature,
    { readonly capability?: Capability; readonly field: string; readonly words: string }
  >
> = {
  tools: { capability: "tools", field: "spec.tools", words: "tools" },
  "provider-tools": { field: "spec.tools", words: "the provider's own tools" },
  "forced-tool-choice": {
    capability: "tools",
    field: "spec.tool_choice",
    words: "a forced tool choice",
  },
  "image-input": { capability: "image-input", field: "spec.messages", words: "images" },
  "file-input": { capability: "file-input", field: "spec.messages", words: "files" },
  "json-object": {
    capability: "json-object",
    field: "spec.output_format.json_object",
    words: "JSON output",
  },
  "json-schema": {
    capability: "json-schema",
    field: "spec.output_format.json_schema",
    words: "output by a JSON schema",
  },
};

const DETERMINISTIC_SEED = 42;

/** The provider's word for an effort; MAX is the most that the model takes. */
function effortWord(effort: ReasoningEffort | undefined, model: Model): string | undefined {
  if (effort === undefined) return undefined;
  if (effort === "max") return model.efforts.at(-1);
  return model.efforts.includes(effort) ? effort : undefined;
}

/** The caller's sampling over the model's defaults; `deterministic` over both. */
function effectiveSampling(own: Sampling, model: Model): Sampling {
  const { deterministic, ...asked } = own;
  const sampling = { ...model.defaultSampling, ...asked };
  if (deterministic !== true) return sampling;
  const { temperature, topP, ...rest } = sampling;
  const seed = model.parameters.has("sampling.seed") ? { seed: DETERMINISTIC_SEED } : {};
  return { ...seed, ...rest, ...model.deterministicSampling };
}

/** A rule's conditions hold for a request with these parameters, features and effort. */
function applies(
  rule: ModelRule,
  uses: (use: Parameter | Feature) => boolean,
  effort: string | undefined,
): boolean {
  if (!uses(rule.refuses)) return false;
  if (rule.together !== undefined && !uses(rule.together)) return false;
  return (
    rule.unlessEffort === undefined || effort === undefined || !rule.unlessEffort.includes(effort)
  );
}

function ruleWords(rule: ModelRule, words: string, effort: string | undefined): string {
  const together = rule.together === undefined ? "" : ` together with ${rule.together}`;
  const reasoning =
    rule.unlessEffort === undefined
      ? ""
      : ` with reasoning effort ${effort ?? "of the model's default"} (only with ${rule.unlessEffort.join(", ")})`;
  const dialect = rule.dialect === undefined ? "" : ` on the ${rule.dialect} dialect`;
  return `${words}${together}${reasoning}${dialect}`;
}

function isFeature(use: Parameter | Feature): use is Feature {
  return use in FEATURES;
}

/** What only another provider understands: its tools, its files. */
function foreignContent(spec: GenerationSpec, model: Model): string | undefined {
  const own = (provider: string): boolean =>
    provider === model.provider || provider === model.providerType;
  for (const tool of spec.tools) {
    if (tool.type === "provider" && !own(tool.provider)) return `a tool of ${tool.provider}`;
  }
  for (const message of spec.messages) {
    for (const part of message.parts) {
      if (part.type !== "image" && part.type !== "file") continue;
      const { source } = part;
      if (source.type === "provider-file" && !own(source.provider)) {
        return `a file of ${source.provider}`;
      }
    }
  }
  return undefined;
}

/** Reasoning of other providers is left out: its signature means something to its author alone. */
function withoutForeignReasoning(
  messages: readonly Message[],
  provider: string,
): readonly Message[] {
  const foreign = messages.some(({ parts }) =>
    parts.some((part) => part.type === "reasoning" && part.provider !== provider),
  );
  if (!foreign) return messages;
  return messages
    .map((message) => ({
      ...message,
      parts: message.parts.filter(
        (part) => part.type !== "reasoning" || part.provider === provider,
      ),
    }))
    .filter(({ parts }) => parts.length > 0);
}

function clamp(sampling: Sampling, model: Model, warnings: Warning[]): Sampling {
  const { maxOutputTokens } = sampling;
  const most = model.maxOutputTokens;
  if (maxOutputTokens === undefined || most === undefined || maxOutputTokens <= most)
    return sampling;
  warnings.push({
    reason: "PARAMETER_CLAMPED",
    message: `${model.id} gives at most ${most} tokens`,
    field: "sampling.max_output_tokens",
  });
  return { ...sampling, maxOutputTokens: most };
}

/**
 * Makes a request fit a model: defaults filled in, the effort in the provider's
 * word, unsupported parameters left out with a warning. It is ineligible where
 * a feature is missing, or a parameter is and the request wants such targets rejected.
 */
export function fitTarget(asked: GenerationSpec, model: Model): Fit {
  const foreign = foreignContent(asked, model);
  if (foreign !== undefined) {
    return { state: "ineligible", reason: foreign, field: "spec" };
  }
  const { features, parameters: askedFor } = requestNeeds(asked);
  for (const feature of features) {
    const { capability, field, words } = FEATURES[feature];
    if (capability !== undefined && !model.capabilities.has(capability)) {
      return { state: "ineligible", reason: words, field };
    }
  }

  const warnings: Warning[] = [];
  let spec: GenerationSpec = {
    ...asked,
    messages: withoutForeignReasoning(asked.messages, model.provider),
    sampling: clamp(effectiveSampling(asked.sampling, model), model, warnings),
  };
  const effort = effortWord(asked.reasoning.effort, model);
  const inForce = effort ?? model.defaultEffort;
  const present = new Set([...askedFor, ...requestNeeds(spec).parameters]);
  const uses = (use: Parameter | Feature): boolean =>
    isFeature(use) ? features.has(use) : present.has(use);

  /** Leaves a parameter out; says so where the caller had set it. Undefined when that is allowed. */
  function drop(parameter: Parameter, why: string): Fit | undefined {
    const field = `spec.${parameter}`;
    if (askedFor.has(parameter)) {
      if (asked.routing.unsupportedParameters === "reject") {
        return { state: "ineligible", reason: why, field };
      }
      const message = `${model.provider}/${model.id} does not take ${why}`;
      warnings.push({ reason: "PARAMETER_DROPPED", message, field: parameter });
    }
    spec = withoutParameter(spec, parameter);
    present.delete(parameter);
    return undefined;
  }

  for (const parameter of [...present]) {
    const unknownEffort = parameter === "reasoning.effort" && effort === undefined;
    if (model.parameters.has(parameter) && !unknownEffort) continue;
    const why = unknownEffort ? `reasoning.effort ${asked.reasoning.effort ?? ""}` : parameter;
    const refused = drop(parameter, why);
    if (refused !== undefined) return refused;
  }
  for (const rule of model.rules) {
    if (!applies(rule, uses, inForce)) continue;
    if (isFeature(rule.refuses)) {
      const { field, words } = FEATURES[rule.refuses];
      return { state: "ineligible", reason: ruleWords(rule, words, inForce), field };
    }
    const refused = drop(rule.refuses, ruleWords(rule, rule.refuses, inForce));
    if (refused !== undefined) return refused;
  }
  return {
    state: "fits",
    spec,
    effort: present.has("reasoning.effort") ? effort : undefined,
    warnings,
  };
}
