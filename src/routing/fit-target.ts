import type { GenerationSpec, ReasoningEffort } from "../domain/generation-spec.ts";
import type { Capability, Feature, Model, ModelRule, Parameter } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";
import { effectiveSampling, isRepeatable } from "./effective-sampling.ts";
import { withinLimits } from "./fit-limits.ts";
import { foreignContent } from "./foreign-content.ts";
import { foreignWarnings, withoutForeignData } from "./foreign-data.ts";
import { reasoningWarnings, withOwnReasoning } from "./own-reasoning.ts";
import { requestNeeds, requestParameters } from "./request-needs.ts";
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
  | Misfit;

export interface Misfit {
  readonly state: "ineligible";
  /** Names the combination, e.g. "tools with reasoning effort high on the chat dialect". */
  readonly reason: string;
  readonly field: string;
}

interface FeatureFacts {
  /** What a model must be capable of. */
  readonly capability?: Capability;
  /** Where a request asks for it. */
  readonly field: string;
  readonly words: string;
}

const FEATURE_FACTS: Readonly<Record<Feature, FeatureFacts>> = {
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
    words: "JSON output without a schema",
  },
  "json-schema": {
    capability: "json-schema",
    field: "spec.output_format.json_schema",
    words: "output by a JSON schema",
  },
};

function isFeature(use: Parameter | Feature): use is Feature {
  return use in FEATURE_FACTS;
}

function misfit(reason: string, field: string): Misfit {
  return { state: "ineligible", reason, field };
}

/** The provider's word for an effort; MAX is the most that the model takes, never "do not reason". */
function effortWord(effort: ReasoningEffort | undefined, model: Model): string | undefined {
  if (effort === "max") return model.efforts.findLast((word) => word !== "none");
  return effort !== undefined && model.efforts.includes(effort) ? effort : undefined;
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

function ruleWords(rule: ModelRule, effort: string | undefined): string {
  const words = (use: Parameter | Feature): string =>
    isFeature(use) ? FEATURE_FACTS[use].words : use;
  const inForce =
    effort === undefined ? "the model's default reasoning effort" : `reasoning effort ${effort}`;
  const { refuses, together, unlessEffort, dialect } = rule;
  return [
    words(refuses),
    ...(together === undefined
      ? []
      : [`with ${together === "reasoning.effort" ? inForce : words(together)}`]),
    ...(unlessEffort === undefined
      ? []
      : [`with ${inForce} (only with ${unlessEffort.join(", ")})`]),
    ...(dialect === undefined ? [] : [`on the ${dialect} dialect`]),
  ].join(" ");
}

/** Lowers a token limit above the model's own. */
function clampOutput(spec: GenerationSpec, model: Model, warnings: Warning[]): GenerationSpec {
  const { maxOutputTokens } = spec.sampling;
  const most = model.maxOutputTokens;
  if (maxOutputTokens === undefined || most === undefined || maxOutputTokens <= most) return spec;
  warnings.push({
    reason: "PARAMETER_CLAMPED",
    message: `${model.provider}/${model.id} gives at most ${most} tokens`,
    field: "sampling.max_output_tokens",
  });
  return { ...spec, sampling: { ...spec.sampling, maxOutputTokens: most } };
}

/** The request with the model's defaults, and with these messages; the same object if that is all. */
function prepare(
  asked: GenerationSpec,
  model: Model,
  messages: GenerationSpec["messages"],
): GenerationSpec {
  const sampling = effectiveSampling(asked.sampling, model);
  if (sampling === asked.sampling && messages === asked.messages) return asked;
  return { ...asked, sampling, messages };
}

/**
 * Makes a request fit a model: defaults filled in, the effort in the provider's
 * word, unsupported parameters left out with a warning. It is ineligible where
 * a feature is missing, or a parameter is and the request wants such targets rejected.
 */
export function fitTarget(given: GenerationSpec, model: Model): Fit {
  const foreign = foreignContent(given, model);
  if (foreign !== undefined) return misfit(foreign.reason, foreign.field);
  const own = withoutForeignData(given.messages, model);
  const [part] = own.parts;
  if (part !== undefined && given.routing.unsupportedParameters === "reject") {
    return misfit("a part of another provider", `spec.${part}`);
  }
  if (own.messages.length === 0) return misfit("a request of nothing else", "spec.messages");
  const asked = own.messages === given.messages ? given : { ...given, messages: own.messages };
  const { features, parameters } = requestNeeds(asked);
  for (const feature of features) {
    const { capability, field, words } = FEATURE_FACTS[feature];
    if (capability !== undefined && !model.capabilities.has(capability)) {
      return misfit(words, field);
    }
  }

  const { messages } = withOwnReasoning(asked.messages, model);
  const warnings: Warning[] = [
    ...foreignWarnings(own, model),
    // By their places in the request, which other things that were left out have moved.
    ...reasoningWarnings(withOwnReasoning(given.messages, model), model),
  ];
  const isDeterministic = asked.sampling.deterministic === true;
  let spec = clampOutput(prepare(asked, model, messages), model, warnings);
  const present = new Set(spec === asked ? parameters : requestParameters(spec));
  const effort = effortWord(asked.reasoning.effort, model);
  const inForce = effort ?? model.defaultEffort;

  /** What the caller asked for is not left out in silence: a misfit, or a warning. */
  function refuse(parameter: string, why: string): Misfit | undefined {
    if (asked.routing.unsupportedParameters === "reject") return misfit(why, `spec.${parameter}`);
    const message = `${model.provider}/${model.id} does not take ${why}`;
    warnings.push({ reason: "PARAMETER_DROPPED", message, field: parameter });
    return undefined;
  }
  function drop(parameter: Parameter, why: string): Misfit | undefined {
    const overridden =
      isDeterministic && (parameter === "sampling.temperature" || parameter === "sampling.top_p");
    const refused = parameters.has(parameter) && !overridden ? refuse(parameter, why) : undefined;
    spec = withoutParameter(spec, parameter);
    present.delete(parameter);
    return refused;
  }

  for (const parameter of [...present]) {
    const isUnknownEffort = parameter === "reasoning.effort" && effort === undefined;
    if (model.parameters.has(parameter) && !isUnknownEffort) continue;
    const why =
      parameter === "reasoning.effort" ? `reasoning effort ${asked.reasoning.effort}` : parameter;
    const refused = drop(parameter, why);
    if (refused !== undefined) return refused;
  }
  const uses = (use: Parameter | Feature): boolean =>
    isFeature(use) ? features.has(use) : present.has(use);
  for (const rule of model.rules) {
    if (!applies(rule, uses, inForce)) continue;
    const why = ruleWords(rule, inForce);
    if (isFeature(rule.refuses)) return misfit(why, FEATURE_FACTS[rule.refuses].field);
    const refused = drop(rule.refuses, why);
    if (refused !== undefined) return refused;
  }
  const limited = withinLimits(spec, model);
  const [first] = limited.warnings;
  if (first !== undefined && asked.routing.unsupportedParameters === "reject") {
    return misfit(first.field, `spec.${first.field}`);
  }
  spec = limited.spec;
  warnings.push(...limited.warnings);
  if (isDeterministic && !isRepeatable(spec.sampling)) {
    const refused = refuse("sampling.deterministic", "sampling.deterministic");
    if (refused !== undefined) return refused;
  }
  return {
    state: "fits",
    spec,
    effort: present.has("reasoning.effort") ? effort : undefined,
    warnings,
  };
}
