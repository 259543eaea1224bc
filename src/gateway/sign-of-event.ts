import type { ProviderEvent } from "../domain/provider-event.ts";
import type { Sign } from "../reliability/engine-call.ts";

/** Text, refusals, tool calls and reasoning are content if they are not empty; counts are progress. */
export function signOfEvent(event: ProviderEvent): Sign {
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return event.text === "" ? "none" : "content";
    case "tool-call-delta":
      return event.name === undefined && event.argumentsFragment === "" ? "none" : "content";
    case "part-end":
      return event.part === undefined ? "none" : "content";
    case "usage":
      return "progress";
    case "finish":
      return "end";
    case "response":
    case "warning":
      return "none";
  }
}
