// One page of a list of items, as the clients of the Responses API ask for it.
import { invalidField } from "../../domain/gateway-error.ts";
import type { JsonObject } from "../../domain/json.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

function limitOf(query: URLSearchParams): number {
  const given = query.get("limit");
  const limit = given === null || given === "" ? DEFAULT_LIMIT : Number(given);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalidField("limit", `must be a whole number from 1 to ${MAX_LIMIT}`);
}

function isAscending(query: URLSearchParams): boolean {
  const order = query.get("order") || "desc";
  if (order === "asc" || order === "desc") return order === "asc";
  throw invalidField("order", "must be asc or desc");
}

/** The page behind the item `after` of `query`; the last item comes first unless it says `order=asc`. Throws INVALID_ARGUMENT. */
export function itemPage(items: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const limit = limitOf(query);
  const ordered = isAscending(query) ? items : items.toReversed();
  const after = query.get("after") ?? "";
  const last = after === "" ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== "" && last < 0) throw invalidField("after", "is no item of this response");
  const data = ordered.slice(last + 1, last + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: last + 1 + data.length < ordered.length,
  };
}
