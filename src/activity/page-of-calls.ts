// Pages of a list of calls. A token names the last call of its page, so that new calls do not shift the next page.
import { createHash } from "node:crypto";
import type { RecentCall } from "../domain/activity.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { RecentCallsFilter } from "../ports/activity.ts";

type Position = Pick<RecentCall, "endMs" | "replica" | "number">;

const HASH_DIGITS = 16;
const TOKEN = /^([0-9a-f]{16}) (\d{1,16}(?:\.\d{1,9})?) ([\w.-]{1,64}) (\d{1,16})$/;

/** Orders calls from the latest to the earliest. */
function compare(a: Position, b: Position): number {
  if (a.endMs !== b.endMs) return b.endMs - a.endMs;
  if (a.replica !== b.replica) return a.replica < b.replica ? -1 : 1;
  return b.number - a.number;
}

function hashOf(filter: RecentCallsFilter): string {
  const { scope, caller, model, provider, failed, generations } = filter;
  const text = JSON.stringify([scope, caller, model, provider, failed, generations]);
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
}

function encodeToken(filter: RecentCallsFilter, { endMs, replica, number }: Position): string {
  return Buffer.from(`${hashOf(filter)} ${endMs} ${replica} ${number}`).toString("base64url");
}

function decodeToken(filter: RecentCallsFilter, token: string): Position | undefined {
  if (token === "") return undefined;
  const [, hash, endMs, replica, number] =
    TOKEN.exec(Buffer.from(token, "base64url").toString()) ?? [];
  if (replica === undefined) {
    throw invalidField("page_token", "not a token of this list; start again without one");
  }
  if (hash !== hashOf(filter)) {
    const problem = "belongs to a list with another filter; start again without a token";
    throw invalidField("page_token", problem);
  }
  return { endMs: Number(endMs), replica, number: Number(number) };
}

function matches(filter: RecentCallsFilter, { fields }: RecentCall): boolean {
  const { caller, model, provider, failed, generations } = filter;
  if (caller !== "" && fields.caller !== caller) return false;
  if (model !== "" && fields.model !== model && fields.requested_model !== model) return false;
  if (provider !== "" && fields.provider !== provider) return false;
  if (failed && fields.error === undefined) return false;
  return !generations || fields.requested_model !== undefined;
}

/** The page after a token. Throws INVALID_ARGUMENT for a token of another list. */
export function pageOfCalls(
  calls: Iterable<RecentCall>,
  filter: RecentCallsFilter,
  limit: number,
  token: string,
): { readonly calls: readonly RecentCall[]; readonly nextToken: string } {
  const position = decodeToken(filter, token);
  const found: RecentCall[] = [];
  for (const call of calls) {
    const isLater = position !== undefined && compare(call, position) <= 0;
    if (!isLater && matches(filter, call)) found.push(call);
  }
  found.sort(compare);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isWhole = last === undefined || found.length === page.length;
  return { calls: page, nextToken: isWhole ? "" : encodeToken(filter, last) };
}
