// What a caller is told about an answer. Each is one object, so that several attempts say it once.
import type { AnswerWarning } from "../../domain/provider-event.ts";

export const CALLS_MISSING: AnswerWarning = {
  reason: "TOOL_CALLS_MISSING",
  message: "the provider says that its answer ends with tool calls, and sent none",
  field: "",
};
