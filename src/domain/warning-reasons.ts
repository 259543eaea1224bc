import type { ErrorReason } from "./error-reasons.ts";
import type { WarningReasonRow } from "./reason-row.ts";

/** Reasons of warnings that are no reasons of errors: one that has no row does not compile. */
export const WARNING_REASONS = {
  PARAMETER_CLAMPED: {
    when: "a value was lowered to what the model takes",
    todo: "ask for no more than the model takes",
  },
  PARAMETER_DROPPED: {
    when: "a field was left out that the model does not take",
    todo: "leave the field out; `unsupported_parameters` REJECT makes an error of it",
  },
  PROVIDER_OPTION_IGNORED: {
    when: "`provider_options` has a key that Steer sets itself",
    todo: "leave the key out",
  },
  REASONING_DROPPED: {
    when: "the request has reasoning of another model, which this one does not take back",
    todo: "nothing: the rest was sent",
  },
  PROVIDER_PART_DROPPED: {
    when: "the request has parts of an answer of another provider",
    todo: "nothing: the rest was sent",
  },
  PROVIDER_DATA_DROPPED: {
    when: "the request has data of an answer of another provider",
    todo: "nothing: the rest was sent",
  },
  TOOL_CALLS_MISSING: {
    when: "the provider says that its answer ends with tool calls, and sent none",
    todo: "read the answer as a text, or repeat the call",
  },
  CHOICES_DROPPED: {
    when: "the answer has several choices: the first is kept, and all are paid for",
    todo: "ask for one choice",
  },
  PROVIDER_METADATA_OMITTED: {
    when: "fields of the answer are too long for `provider_metadata`, or of a kind that it cannot carry",
    todo: "nothing: the output is whole",
  },
  PROVIDER_DATA_OMITTED: {
    when: "data of the provider is longer or deeper than the contract carries",
    todo: "nothing: the output is whole; later turns go without the data",
  },
  OUTPUT_EMPTY: {
    when: "the model has stopped without any output, twice",
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
    when: "the provider reported counts or a price that cannot be; they count as not reported",
    todo: "nothing: the counts are estimates",
  },
  USAGE_INCOMPLETE: {
    when: "an attempt has used what no count has: a replica was lost, or a whole answer never came",
    todo: "treat the counts as a lower bound",
  },
  SERVICE_TIER_UNPRICED: {
    when: "the provider served another tier than the standard one, whose prices the cost has",
    todo: "treat the cost as an estimate",
  },
  IDEMPOTENCY_LOCAL: {
    when: "nothing is stored: `request_id` holds at this replica only, for as long as it runs",
    todo: "expect that a repetition at another replica generates anew",
  },
  STREAM_UNSTORED: {
    when: "the store of streams is away or late: the stream cannot be resumed",
    todo: "repeat the call if it breaks",
  },
} as const satisfies Readonly<Record<string, WarningReasonRow>>;

/** Errors where the request asks for them. */
type Either = Extract<ErrorReason, "OUTPUT_NOT_JSON" | "OUTPUT_SCHEMA_MISMATCH">;

export type WarningReason = keyof typeof WARNING_REASONS | Either;
