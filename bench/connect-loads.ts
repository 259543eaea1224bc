// Calls of Connect with JSON over HTTP/1.1.
import { PROMPT } from "./calls.ts";
import { type HttpLoad, occurrences } from "./http-load.ts";

const ENVELOPE_BYTES = 5;
const SERVICE = "/steer.v1.GenerationService";
const SEQUENCE = Buffer.from('"sequence"');

export function connectUnary(model: string): HttpLoad {
  return {
    path: `${SERVICE}/Generate`,
    body: JSON.stringify({ spec: { model, prompt: PROMPT } }),
    headers: { "content-type": "application/json" },
    eventsIn: () => 0,
  };
}

export function connectStream(model: string, options: { readonly ephemeral: boolean }): HttpLoad {
  const text = Buffer.from(JSON.stringify({ spec: { model, prompt: PROMPT }, options }));
  const head = Buffer.alloc(ENVELOPE_BYTES);
  head.writeUInt32BE(text.length, 1);
  return {
    path: `${SERVICE}/StreamGenerate`,
    body: Buffer.concat([head, text]),
    headers: { "content-type": "application/connect+json" },
    // Each message has its sequence.
    eventsIn: (piece) => occurrences(piece, SEQUENCE),
  };
}
