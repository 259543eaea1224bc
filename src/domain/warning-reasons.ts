import type { ErrorReason } from "./error-reasons.ts";
import type { WarningReasonRow } from "./reason-row.ts";

/** Reasons of warnings that are not reasons of errors. A reason without a row does not compile. */
export const WARNING_REASONS = {
  PARAMETER_CLAMPED: {
    when: "a value was lowered to the model's limit",
    todo: "stay within the model's limit",
  },
  LIMIT_NEAR: {
    when: "the caller or its group has used up the share of a limit that `warn_at` names",
    todo: "call less often, or ask the operator for a higher limit",
  },
  CALLER_LIMIT_APPLIED: {
    when: "the limits of the caller bound the output or the cost of the call",
    todo: "stay within the limits",
  },
  PARAMETER_DROPPED: {
    when: "a field was left out that the model does not support, or that `doors.pass` does not let pass",
    todo: "leave the field out; with `unsupported_parameters` REJECT it is an error",
  },
  PROVIDER_OPTION_IGNORED: {
    when: "`provider_options` has a key that Steer sets itself",
    todo: "leave the key out",
  },
  REASONING_DROPPED: {
    when: "the request has reasoning of another model, which this model does not accept",
    todo: "nothing: the rest was sent",
  },
  PROVIDER_PART_DROPPED: {
    when: "the request has provider parts of another provider",
    todo: "nothing: the rest was sent",
  },
  PROVIDER_DATA_DROPPED: {
    when: "the request has provider data of another provider",
    todo: "nothing: the rest was sent",
  },
  TOOL_CALLS_MISSING: {
    when: "the provider announced tool calls and sent none",
    todo: "use the answer as text, or repeat the call",
  },
  CHOICES_DROPPED: {
    when: "the answer has several choices; the first is kept, and all are paid for",
    todo: "ask for one choice",
  },
  PROVIDER_METADATA_OMITTED: {
    when: "fields of the answer are too long for `provider_metadata`, or of a type that it cannot hold",
    todo: "nothing: the output is complete",
  },
  PROVIDER_DATA_OMITTED: {
    when: "data of the provider is longer or deeper than the contract allows",
    todo: "nothing: the output is complete; later turns lack the data",
  },
  OUTPUT_EMPTY: {
    when: "the model stopped twice without output",
    todo: "change the prompt",
  },
  OUTPUT_UNCHECKED: {
    when: "the schema could not be checked, or not in time",
    todo: "check the output yourself, or simplify the schema",
  },
  OUTPUT_TEXT_OMITTED: {
    when: "`output_text` and `output_json` would exceed the limit of a message",
    todo: "read `message`",
  },
  USAGE_IMPOSSIBLE: {
    when: "the provider reported impossible counts or an impossible price; they are treated as not reported",
    todo: "nothing: the counts are estimates",
  },
  USAGE_INCOMPLETE: {
    when: "the counts miss a part of an attempt: a replica was lost, or an answer that is delivered as a whole never arrived",
    todo: "treat the counts as a lower bound",
  },
  SERVICE_TIER_UNPRICED: {
    when: "the provider served another tier than the standard one; the cost uses the standard prices",
    todo: "treat the cost as an estimate",
  },
  IDEMPOTENCY_LOCAL: {
    when: "nothing is stored: `request_id` is known only at this replica, until it ends",
    todo: "expect that a repetition at another replica generates anew",
  },
  STREAM_UNSTORED: {
    when: "the stream store is away or late: the stream cannot be resumed",
    todo: "repeat the call if it breaks",
  },
} as const satisfies Readonly<Record<string, WarningReasonRow>>;

/** Errors or warnings, as the request asks. */
type Either = Extract<ErrorReason, "OUTPUT_NOT_JSON" | "OUTPUT_SCHEMA_MISMATCH">;

export type WarningReason = keyof typeof WARNING_REASONS | Either;
