import { dialectOptions, foreignFields, isDialectOptions } from "../domain/dialect-options.ts";
import type { GenerationSpec, ReasoningEffort, Tool } from "../domain/generation-spec.ts";
import type { Capability, Feature, Model, ModelRule, Parameter } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";
import { effectiveSampling, isRepeatable } from "./effective-sampling.ts";
import { foreignContent } from "./foreign-content.ts";
import { reasoningWarnings, withOwnReasoning } from "./own-reasoning.ts";
import { requestNeeds, requestParameters } from "./request-needs.ts";
import { withinLimits } from "./within-limits.ts";
import { foreignWarnings, withoutForeignData } from "./without-foreign-data.ts";
import { withoutParameter } from "./without-parameter.ts";

/** A request fitted to a model, or the reason why it cannot be. */
export type Fit =
  | {
      readonly state: "fits";
      readonly spec: GenerationSpec;
      /** Value of `reasoning.effort` in the provider's vocabulary. */
      readonly effort: string | undefined;
      readonly warnings: readonly Warning[];
    }
  | Ineligible;

/** Why a model cannot accept a request. */
export interface Ineligible {
  readonly state: "ineligible";
  /** Names the combination, for example "tools with reasoning effort high on the chat dialect". */
  readonly reason: string;
  readonly field: string;
}

interface FeatureFacts {
  /** Capability that the model needs. */
  readonly capability?: Capability;
  /** Path of the field that asks for the feature. */
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

function ineligible(reason: string, field: string): Ineligible {
  return { state: "ineligible", reason, field };
}

/** The provider's value for an effort. MAX is the highest value of the model, never "none". */
function effortWord(effort: ReasoningEffort | undefined, model: Model): string | undefined {
  if (effort === "max") return model.efforts.findLast((word) => word !== "none");
  return effort !== undefined && model.efforts.includes(effort) ? effort : undefined;
}

/** Whether a rule's conditions hold for a request with these parameters, features and effort. */
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

/** Lowers a token limit that exceeds the model's own. */
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

/** The request with the model's defaults and these messages; the same object if nothing changes. */
function prepare(
  asked: GenerationSpec,
  model: Model,
  messages: GenerationSpec["messages"],
): GenerationSpec {
  const sampling = effectiveSampling(asked.sampling, model);
  if (sampling === asked.sampling && messages === asked.messages) return asked;
  return { ...asked, sampling, messages };
}

/** The steps that fit a request to a model. A step returns the reason if the request cannot be fitted. */
class TargetFitter {
  readonly #model: Model;
  readonly #asked: GenerationSpec;
  readonly #features: ReadonlySet<Feature>;
  /** Parameters that the caller has set. The model's defaults are added to these. */
  readonly #parameters: ReadonlySet<Parameter>;
  readonly #present: Set<Parameter>;
  readonly #warnings: Warning[];
  /** The effort in the provider's vocabulary. */
  readonly #effort: string | undefined;
  #spec: GenerationSpec;

  /** `asked`: the request without data that only other providers understand. `warnings` name that data. */
  constructor(asked: GenerationSpec, model: Model, warnings: readonly Warning[]) {
    const { features, parameters } = requestNeeds(asked);
    const { messages } = withOwnReasoning(asked.messages, model);
    this.#model = model;
    this.#asked = asked;
    this.#features = features;
    this.#parameters = parameters;
    this.#warnings = [...warnings];
    this.#spec = clampOutput(prepare(asked, model, messages), model, this.#warnings);
    this.#present = new Set(this.#spec === asked ? parameters : requestParameters(this.#spec));
    this.#effort = effortWord(asked.reasoning.effort, model);
  }

  fit(): Fit {
    const obstacle =
      this.#missingFeature() ??
      this.#dropUnknown() ??
      this.#applyRules() ??
      this.#keepLimits() ??
      this.#checkRepeatable();
    if (obstacle !== undefined) return obstacle;
    return {
      state: "fits",
      spec: this.#spec,
      effort: this.#present.has("reasoning.effort") ? this.#effort : undefined,
      warnings: this.#warnings,
    };
  }

  get #isDeterministic(): boolean {
    return this.#asked.sampling.deterministic === true;
  }

  get #rejects(): boolean {
    return this.#asked.routing.unsupportedParameters === "reject";
  }

  #missingFeature(): Ineligible | undefined {
    for (const feature of this.#features) {
      const { capability, field, words } = FEATURE_FACTS[feature];
      if (capability !== undefined && !this.#model.capabilities.has(capability)) {
        return ineligible(words, field);
      }
    }
    return undefined;
  }

  /** Leaves out parameters that the model does not know. */
  #dropUnknown(): Ineligible | undefined {
    const { effort } = this.#asked.reasoning;
    for (const parameter of [...this.#present]) {
      const isEffort = parameter === "reasoning.effort";
      const isUnknownEffort = isEffort && this.#effort === undefined;
      if (this.#model.parameters.has(parameter) && !isUnknownEffort) continue;
      const why = isEffort ? `reasoning effort ${effort}` : parameter;
      const refused = this.#drop(parameter, why);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  /** Leaves out parameters that the model accepts only in other combinations. */
  #applyRules(): Ineligible | undefined {
    const inForce = this.#effort ?? this.#model.defaultEffort;
    const uses = (use: Parameter | Feature): boolean =>
      isFeature(use) ? this.#features.has(use) : this.#present.has(use);
    for (const rule of this.#model.rules) {
      if (!applies(rule, uses, inForce)) continue;
      const why = ruleWords(rule, inForce);
      if (isFeature(rule.refuses)) return ineligible(why, FEATURE_FACTS[rule.refuses].field);
      const refused = this.#drop(rule.refuses, why);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  #keepLimits(): Ineligible | undefined {
    const limited = withinLimits(this.#spec, this.#model);
    const [first] = limited.warnings;
    if (first !== undefined && this.#rejects) return ineligible(first.field, `spec.${first.field}`);
    this.#spec = limited.spec;
    this.#warnings.push(...limited.warnings);
    return undefined;
  }

  #checkRepeatable(): Ineligible | undefined {
    if (!this.#isDeterministic || isRepeatable(this.#spec.sampling)) return undefined;
    return this.#refuse("sampling.deterministic", "sampling.deterministic");
  }

  #drop(parameter: Parameter, why: string): Ineligible | undefined {
    const isOverridden =
      this.#isDeterministic &&
      (parameter === "sampling.temperature" || parameter === "sampling.top_p");
    const isAsked = this.#parameters.has(parameter) && !isOverridden;
    const refused = isAsked ? this.#refuse(parameter, why) : undefined;
    this.#spec = withoutParameter(this.#spec, parameter);
    this.#present.delete(parameter);
    return refused;
  }

  /** The caller learns of everything that is left out: by a refusal or a warning. */
  #refuse(parameter: string, why: string): Ineligible | undefined {
    if (this.#rejects) return ineligible(why, `spec.${parameter}`);
    const { provider, id } = this.#model;
    const message = `${provider}/${id} does not take ${why}`;
    this.#warnings.push({ reason: "PARAMETER_DROPPED", message, field: parameter });
    return undefined;
  }
}

/** Whether a tool belongs to a dialect that the model's target does not use. */
function isForeignTool(tool: Tool, { dialect }: Model): boolean {
  if (tool.type !== "provider" || !isDialectOptions(tool.provider)) return false;
  return tool.provider !== dialectOptions(dialect);
}

function fieldDropped(field: string, { provider, id, dialect }: Model): Warning {
  const message = `${provider}/${id} speaks the dialect ${dialect}, which does not have it`;
  return { reason: "PARAMETER_DROPPED", message, field };
}

/**
 * Fits a request to a model: defaults are filled in, the effort is translated, unsupported parameters are left out
 * with a warning. The model is ineligible if it lacks a feature, or if it lacks a parameter and the request wants
 * such targets rejected.
 */
export function fitTarget(given: GenerationSpec, model: Model): Fit {
  const foreign = foreignContent(given, model);
  if (foreign !== undefined) return ineligible(foreign.reason, foreign.field);
  const own = withoutForeignData(given.messages, model);
  const [part] = own.parts;
  if (part !== undefined && given.routing.unsupportedParameters === "reject") {
    return ineligible("a part of another provider", `spec.${part}`);
  }
  if (own.messages.length === 0) return ineligible("a request of nothing else", "spec.messages");
  const tools = given.tools.filter((tool) => !isForeignTool(tool, model));
  const passed = [
    ...foreignFields(given.providerOptions, model.dialect),
    ...given.tools.flatMap((tool, index) => (tools.includes(tool) ? [] : [`tools[${index}]`])),
  ];
  const [field] = passed;
  if (field !== undefined && given.routing.unsupportedParameters === "reject") {
    return ineligible(`${field}, which is of another dialect`, field);
  }
  const asked =
    own.messages === given.messages && tools.length === given.tools.length
      ? given
      : { ...given, messages: own.messages, tools };
  const warnings = [
    ...passed.map((name) => fieldDropped(name, model)),
    ...foreignWarnings(own, model),
    // Paths are those of the original request, because parts that were left out have moved the others.
    ...reasoningWarnings(withOwnReasoning(given.messages, model), model),
  ];
  return new TargetFitter(asked, model, warnings).fit();
}
