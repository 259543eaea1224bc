import type { ProviderContext } from "../provider.ts";
import type { ErrorRules } from "./http-error.ts";

/** The rules, which also pass the text of each error to an operator who has asked for it. */
export function reportErrorTexts(
  rules: ErrorRules,
  { onErrorText }: Pick<ProviderContext, "onErrorText">,
): ErrorRules {
  if (onErrorText === undefined) return rules;
  return {
    ...rules,
    classify(evidence) {
      const { status, message: text } = evidence;
      if (text !== "") onErrorText({ status, text });
      return rules.classify(evidence);
    },
  };
}
