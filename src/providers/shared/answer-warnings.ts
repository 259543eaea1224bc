// Warnings about answers. Each is one object, so that several attempts add it once.
import type { Warning } from "../../domain/warning.ts";

export const CALLS_MISSING: Warning = {
  reason: "TOOL_CALLS_MISSING",
  message: "the provider says that its answer ends with tool calls, and sent none",
  field: "",
};

export const CHOICES_DROPPED: Warning = {
  reason: "CHOICES_DROPPED",
  message: "the provider's answer has several choices: the first is kept, and all are paid for",
  field: "",
};

export const METADATA_CUT: Warning = {
  reason: "PROVIDER_METADATA_OMITTED",
  message: "fields of the provider's answer are left out of its metadata: it is too long",
  field: "",
};
