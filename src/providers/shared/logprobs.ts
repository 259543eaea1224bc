// Probabilities of tokens in OpenAI's dialects.
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { TokenLogprob, TopLogprob } from "../../domain/provider-data.ts";

/** Bounds of the contract. */
const MAX_TOKEN_UNITS = 1_024;
const MAX_TOP = 20;

/** `bytes` if they differ from the text's, because a token can be a piece of a character. */
function bytesOf(token: string, bytes: JsonValue | undefined): Uint8Array | undefined {
  if (!Array.isArray(bytes)) return undefined;
  const given = Uint8Array.from(bytes, Number);
  return Buffer.compare(given, Buffer.from(token)) === 0 ? undefined : given;
}

function readTop(source: JsonValue): TopLogprob | undefined {
  if (!isJsonObject(source) || typeof source.token !== "string") return undefined;
  const { logprob } = source;
  if (typeof logprob !== "number" || !Number.isFinite(logprob)) return undefined;
  const token = source.token.slice(0, MAX_TOKEN_UNITS).toWellFormed();
  const rawBytes = bytesOf(source.token, source.bytes);
  return rawBytes === undefined ? { token, logprob } : { token, logprob, rawBytes };
}

function readToken(source: JsonValue): TokenLogprob[] {
  const own = readTop(source);
  if (own === undefined) return [];
  const { top_logprobs: top } = source as JsonObject;
  const all = Array.isArray(top) ? top.slice(0, MAX_TOP) : [];
  return [{ ...own, top: all.flatMap((each) => readTop(each) ?? []) }];
}

/** A list of tokens with their probabilities; undefined if there is none. */
export function readLogprobs(list: JsonValue | undefined): readonly TokenLogprob[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const tokens = list.flatMap(readToken);
  return tokens.length === 0 ? undefined : tokens;
}
