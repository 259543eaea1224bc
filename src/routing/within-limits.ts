// Fits values of a request to a vendor's known limits.

import type { GenerationSpec, Message, Part } from "../domain/generation-spec.ts";
import type { Model, Parameter } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";
import { withoutParameter } from "./without-parameter.ts";

/** A value that a target does not accept, and the request with an accepted value. */
interface Excess {
  /** Path in the spec. */
  readonly field: string;
  /** The limit as a clause: "takes a temperature of 1 at most". */
  readonly limit: string;
  /** The corrected request; undefined: no near value is accepted, and the parameter is left out. */
  readonly spec: GenerationSpec | undefined;
  readonly parameter?: Parameter;
}

function temperature(spec: GenerationSpec, { limits }: Model): Excess | undefined {
  const { maxTemperature: most } = limits;
  const asked = spec.sampling.temperature;
  if (most === undefined || asked === undefined || asked <= most) return undefined;
  return {
    field: "sampling.temperature",
    limit: `takes a temperature of ${most} at most`,
    spec: { ...spec, sampling: { ...spec.sampling, temperature: most } },
  };
}

function stopSequences(spec: GenerationSpec, { limits }: Model): Excess | undefined {
  const { maxStopSequences: most } = limits;
  const asked = spec.sampling.stopSequences ?? [];
  if (most === undefined || asked.length <= most) return undefined;
  return {
    field: "sampling.stop_sequences",
    limit: `takes ${most} stop sequences at most`,
    spec: { ...spec, sampling: { ...spec.sampling, stopSequences: asked.slice(0, most) } },
  };
}

/**
 * A budget for thinking must be at least the vendor's minimum, and below the token limit, which includes the budget.
 */
function budgetTokens(spec: GenerationSpec, model: Model): Excess | undefined {
  const { minBudgetTokens: least } = model.limits;
  const asked = spec.reasoning.budgetTokens;
  if (least === undefined || asked === undefined) return undefined;
  const most = (spec.sampling.maxOutputTokens ?? model.maxOutputTokens ?? Number.MAX_VALUE) - 1;
  if (asked >= least && asked <= most) return undefined;
  const field = "reasoning.budget_tokens";
  if (most < least) {
    const limit = `takes no budget of thinking below ${least} tokens`;
    return { field, limit, spec: undefined, parameter: field };
  }
  const budget = Math.min(Math.max(asked, least), most);
  return {
    field,
    limit: `takes a budget of thinking from ${least} to ${most} tokens`,
    spec: { ...spec, reasoning: { ...spec.reasoning, budgetTokens: budget } },
  };
}

/** Whether the last turn has called tools, has their results, and began without thinking that can be sent back. */
function callsWithoutThinking(messages: readonly Message[]): boolean {
  const said = messages.filter(({ role }) => role !== "system");
  const end = said.findLastIndex(({ role }) => role === "assistant") + 1;
  const start = said.findLastIndex(({ role }, index) => index < end && role !== "assistant") + 1;
  const hasResults = said
    .slice(end)
    .some(({ parts }) => parts.some(({ type }) => type === "tool-result"));
  if (!hasResults) return false;
  const parts = said.slice(start, end).flatMap((message) => message.parts);
  const [first] = parts;
  const isThinking = first?.type === "reasoning" && first.signature.length > 0;
  return !isThinking && parts.some(({ type }) => type === "tool-call");
}

function thinkingBeforeCalls(spec: GenerationSpec, { limits }: Model): Excess | undefined {
  if (limits.thinkingBeforeCalls !== true || spec.reasoning.budgetTokens === undefined) {
    return undefined;
  }
  if (!callsWithoutThinking(spec.messages)) return undefined;
  const field = "reasoning.budget_tokens";
  const limit = "thinks behind tool calls only if it did before them";
  return { field, limit, spec: undefined, parameter: field };
}

function countMarks(parts: readonly Part[]): number {
  let count = 0;
  for (const part of parts) {
    if (part.cacheHint !== undefined) count++;
    if (part.type === "tool-result") count += countMarks(part.content);
  }
  return count;
}

/**
 * Keeps the first mark and the last ones: the first ends the part that all conversations share, the last ones end
 * this conversation so far.
 */
function withoutMarks(messages: readonly Message[], total: number, most: number): Message[] {
  let position = 0;
  const isKept = (): boolean => {
    const place = position++;
    return place === 0 || place > total - most;
  };
  const fit = (part: Part): Part => {
    const { cacheHint, ...rest } = part;
    const own = cacheHint === undefined || isKept() ? part : (rest as Part);
    return own.type === "tool-result" ? { ...own, content: own.content.map(fit) } : own;
  };
  return messages.map((message) => ({ ...message, parts: message.parts.map(fit) }));
}

function cacheMarks(spec: GenerationSpec, { limits }: Model): Excess | undefined {
  const { maxCacheMarks: most } = limits;
  if (most === undefined) return undefined;
  let total = 0;
  for (const { parts } of spec.messages) total += countMarks(parts);
  if (total <= most) return undefined;
  return {
    field: "messages.cache_hint",
    limit: `takes ${most} marks of the cache at most`,
    spec: { ...spec, messages: withoutMarks(spec.messages, total, most) },
  };
}

const LIMITS = [temperature, stopSequences, budgetTokens, thinkingBeforeCalls, cacheMarks];

/** The first value above a limit of the model; undefined: all values are within. */
function findExcess(spec: GenerationSpec, model: Model): Excess | undefined {
  for (const limit of LIMITS) {
    const found = limit(spec, model);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A request fitted to the limits of a model. */
export interface WithinLimits {
  readonly spec: GenerationSpec;
  readonly warnings: readonly Warning[];
}

/** Fits a request to the limits of a model. Values are lowered or left out, each with a warning. */
export function withinLimits(asked: GenerationSpec, model: Model): WithinLimits {
  const warnings: Warning[] = [];
  let spec = asked;
  for (let excess = findExcess(spec, model); excess; excess = findExcess(spec, model)) {
    const { field, limit, parameter } = excess;
    warnings.push({
      reason: excess.spec === undefined ? "PARAMETER_DROPPED" : "PARAMETER_CLAMPED",
      message: `${model.provider}/${model.id} ${limit}`,
      field,
    });
    spec = excess.spec ?? (parameter === undefined ? spec : withoutParameter(spec, parameter));
  }
  return { spec, warnings };
}
