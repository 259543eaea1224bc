// Output without the format that was asked for: when it ends its attempt, and how it
// is asked for again.
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/** Of longer output only the beginning is sent back. */
const MAX_QUOTED_UNITS = 32_000;

/** What output was found to be; that it could not be checked says nothing against it. */
const REFUSED = new Set(["OUTPUT_NOT_JSON", "OUTPUT_SCHEMA_MISMATCH"]);

/** Throws where the request refuses the finished output of an attempt. */
export function refuseInvalidOutput(record: AttemptRecord): void {
  const { outputFormat } = record.target.spec;
  if (outputFormat.type === "text" || outputFormat.onInvalid === undefined) return;
  // The answer is still to come: a turn that asks for tools, or pauses, is not it.
  const reason = record.finish?.reason;
  if (reason === "tool-calls" || reason === "paused") return;
  const json = record.json();
  if (json.state !== "invalid" || !REFUSED.has(json.warning.reason)) return;
  throw new GatewayError("invalid-output", json.warning.message, { reason: json.warning.reason });
}

/** The request again, with the output that was refused and why as further messages. */
export function repairSpec(spec: GenerationSpec, rejected: AttemptRecord): GenerationSpec {
  const output = rejected.assembler.outputText().slice(0, MAX_QUOTED_UNITS).toWellFormed();
  const why = rejected.error?.message ?? "it was invalid";
  // Providers refuse a message without text.
  const answer: Message[] =
    output.trim() === "" ? [] : [{ role: "assistant", parts: [{ type: "text", text: output }] }];
  const text = `That answer was refused: ${why}. Answer again, with nothing but the JSON asked for.`;
  return {
    ...spec,
    messages: [...spec.messages, ...answer, { role: "user", parts: [{ type: "text", text }] }],
  };
}
