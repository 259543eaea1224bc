// Invalid output: when it ends its attempt, and how the next attempt asks for a repair.
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/** Only this many UTF-16 units of the invalid output are sent back. */
const MAX_QUOTED_UNITS = 32_000;

/** Throws if the request refuses the finished output of an attempt. */
export function refuseInvalidOutput(record: AttemptRecord): void {
  const { outputFormat } = record.target.spec;
  if (outputFormat.type === "text" || outputFormat.onInvalid === undefined) return;
  // A turn that asks for tools or pauses is not the final answer.
  const ending = record.finish?.reason;
  if (ending === "tool-calls" || ending === "paused") return;
  const json = record.json();
  if (json.state !== "invalid") return;
  const { reason, message } = json.warning;
  // An unchecked output is not refused.
  if (reason === "OUTPUT_UNCHECKED") return;
  throw new GatewayError("invalid-output", message, { reason });
}

/** The request, followed by the refused output and the reason as further messages. */
export function repairSpec(spec: GenerationSpec, rejected: AttemptRecord): GenerationSpec {
  const output = rejected.assembler.outputText().slice(0, MAX_QUOTED_UNITS).toWellFormed();
  const why = rejected.error?.message ?? "it was invalid";
  // Providers refuse an empty message.
  const answer: Message[] =
    output.trim() === "" ? [] : [{ role: "assistant", parts: [{ type: "text", text: output }] }];
  const text = `That answer was refused: ${why}. Answer again, with nothing but the JSON asked for.`;
  return {
    ...spec,
    messages: [...spec.messages, ...answer, { role: "user", parts: [{ type: "text", text }] }],
  };
}
