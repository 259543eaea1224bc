import type { GatewayError } from "../../domain/gateway-error.ts";
import type { ToolChoice } from "../../domain/generation-spec.ts";
import type { Fields } from "./fields.ts";

function choiceError(body: Fields): GatewayError {
  return body.error("tool_choice", "must be auto, none, required or one function");
}

/**
 * `tool_choice` and `parallel_tool_calls` of OpenAI. `called` is the object in a choice that names the function; undefined: there is
 * none. Throws INVALID_ARGUMENT.
 */
export function decodeToolChoice(
  body: Fields,
  called: (choice: Fields) => Fields | undefined,
): ToolChoice | undefined {
  const parallel = body.flag("parallel_tool_calls");
  const parallelOf = parallel === undefined ? {} : { parallel };
  const given = body.value("tool_choice");
  if (given === undefined) return parallel === undefined ? undefined : { mode: "auto", parallel };
  if (typeof given === "string") {
    const mode = body.word("tool_choice", ["auto", "none", "required"]) ?? "auto";
    return { mode, ...parallelOf };
  }
  const choice = body.object("tool_choice");
  const named = choice?.text("type") === "function" ? called(choice) : undefined;
  if (named === undefined) throw choiceError(body);
  return { mode: { functionName: named.requiredText("name") }, ...parallelOf };
}
