// Output without the format that was asked for: when it ends its attempt, and how it
// is asked for again.
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/** Of longer output only the beginning is sent back. */
const MAX_QUOTED_UNITS = 32_000;

/** Throws where the request refuses the finished output of an attempt. */
export function refuseInvalidOutput(record: AttemptRecord): void {
  const { outputFormat } = record.target.spec;
  if (outputFormat.type === "text" || outputFormat.onInvalid === undefined) return;
  // The answer is still to come: a turn that asks for tools, or pauses, is not it.
  const ending = record.finish?.reason;
  if (ending === "tool-calls" || ending === "paused") return;
  const json = record.json();
  if (json.state !== "invalid") return;
  const { reason, message } = json.warning;
  // That it could not be checked says nothing against it.
  if (reason === "OUTPUT_UNCHECKED") return;
  throw new GatewayError("invalid-output", message, { reason });
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
