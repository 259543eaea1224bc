import type { ListQuery, StoredStream, StreamStore } from "../../src/streams/stream-store.ts";

/** All results of a query, over as many answers as necessary. */
export async function listAll(
  store: Pick<StreamStore, "list">,
  query: ListQuery,
): Promise<StoredStream[]> {
  const found: StoredStream[] = [];
  let { after } = query;
  do {
    const limit = query.limit - found.length;
    const page = await store.list({ ...query, limit, after });
    found.push(...page.streams);
    after = page.next;
  } while (after !== undefined && found.length < query.limit);
  return found;
}
