import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { RoutedTarget } from "../domain/route.ts";
import { continuableText, continuationSpec } from "../output/continuation.ts";
import type { GenerationResult } from "../output/generation-result.ts";
import { repairSpec } from "../output/repair.ts";

/** The text that an attempt at this target would continue; undefined: the target cannot continue it. */
export function textToContinue(result: GenerationResult, target: RoutedTarget): string | undefined {
  const broken = result.committed;
  if (broken === undefined || broken.hasWholePart || !target.model.prefill) return undefined;
  if (broken.name.model !== target.model.id) return undefined;
  const text = continuableText(target.spec, broken.assembler.message());
  if (text === undefined) return undefined;
  const spec = continuationSpec(target.spec, text, result.outputTokens());
  return spec === undefined ? undefined : text;
}

/** The target's request for the next attempt. `before`: the text that the attempt continues. */
export function attemptSpec(
  result: GenerationResult,
  { spec }: RoutedTarget,
  before: string | undefined,
): GenerationSpec {
  if (before !== undefined) return continuationSpec(spec, before, result.outputTokens()) ?? spec;
  // After refused output, every attempt repairs the output, including retries of a repair.
  const { rejected } = result;
  return rejected === undefined ? spec : repairSpec(spec, rejected);
}
