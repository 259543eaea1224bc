import type { ToolChoice } from "../../domain/generation-spec.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Fields } from "./fields.ts";

/**
 * Decodes `tool_choice` and `parallel_tool_calls` of OpenAI. `called` returns the object of a choice that names the
 * function; undefined: there is none. A choice of another kind remains an unread field and goes to targets of the
 * dialect. Throws INVALID_ARGUMENT.
 */
export function decodeToolChoice(
  body: Fields,
  called: (choice: Fields) => Fields | undefined,
): ToolChoice | undefined {
  const given = body.peek("tool_choice");
  if (isJsonObject(given) && given["type"] !== "function") return undefined;
  const parallel = body.flag("parallel_tool_calls");
  const parallelOf = parallel === undefined ? {} : { parallel };
  if (given === undefined) return parallel === undefined ? undefined : { mode: "auto", parallel };
  if (typeof given === "string") {
    const mode = body.word("tool_choice", ["auto", "none", "required"]) ?? "auto";
    return { mode, ...parallelOf };
  }
  const choice = body.object("tool_choice");
  choice?.value("type");
  const named = choice === undefined ? undefined : called(choice);
  if (named === undefined) throw body.error("tool_choice", "must name the function");
  return { mode: { functionName: named.requiredText("name") }, ...parallelOf };
}
