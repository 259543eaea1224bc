import { PROMPT } from "./calls.ts";
import { type HttpLoad, occurrences } from "./http-load.ts";

const DATA = Buffer.from("data: ");

/** A request of the Chat dialect, as the upstream and its proxies take it. */
export function chatLoad(
  model: string,
  stream: boolean,
  headers: Readonly<Record<string, string>> = {},
): HttpLoad {
  return {
    path: "/v1/chat/completions",
    body: JSON.stringify({ model, messages: [{ role: "user", content: PROMPT }], stream }),
    headers: { "content-type": "application/json", authorization: "Bearer none", ...headers },
    eventsIn: (piece) => occurrences(piece, DATA),
  };
}
