import type { Generation } from "../../domain/generation.ts";
import type { Contract } from "../../ports/contract.ts";
import type { StreamDelivery } from "../../ports/gateway.ts";
import type { StreamEncoder } from "./stream-encoder.ts";
import { summaryText } from "./summary.ts";

interface EncodedDelivery {
  /** Server-sent events; "" if there are none. */
  readonly text: string;
  /** The generation, if the delivery has its last event. */
  readonly end: Generation | undefined;
  /** The error behind the text; undefined: none. */
  readonly failure: unknown;
}

/** Encodes the events of a delivery as one text. `isSummed`: the facts of the answer come before its end. */
export function encodeDelivery(
  delivery: StreamDelivery,
  contract: Pick<Contract, "decodeEvent">,
  encoder: StreamEncoder,
  isSummed: boolean,
): EncodedDelivery {
  if (delivery.type === "heartbeat") {
    return { text: encoder.heartbeat(), end: undefined, failure: undefined };
  }
  let text = "";
  let end: Generation | undefined;
  try {
    for (const bytes of delivery.events) {
      const event = contract.decodeEvent(bytes);
      const { body } = event;
      if (body.type === "complete") end = body.generation;
      else if (body.type === "error") end = body.failure.partial;
      if (body.type === "complete" && isSummed) text += summaryText(body.generation);
      text += encoder.encode(event);
    }
    return { text, end, failure: undefined };
  } catch (failure) {
    return { text, end, failure };
  }
}
