import { decodeEvent } from "./encode-event.ts";

/** The text that a stored event adds to the output of an attempt. */
export function outputText(bytes: Uint8Array, attemptIndex: number): string {
  const { event, attemptIndex: index } = decodeEvent(bytes);
  if (index !== attemptIndex) return "";
  switch (event.case) {
    case "textDelta":
    case "reasoningDelta":
      return event.value.text;
    case "toolCallDelta":
      return event.value.argumentsFragment;
    default:
      return "";
  }
}
