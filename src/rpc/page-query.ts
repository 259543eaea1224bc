import { invalidField } from "../domain/gateway-error.ts";
import type { PageQuery } from "../ports/caller-administration.ts";

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

/** A page token is the last identifier of the page before. */
const TOKEN = /^i([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;

/** A page of a list by identifiers, as a request asks for it. */
export function pageQuery({
  pageSize,
  pageToken,
}: {
  readonly pageSize: number;
  readonly pageToken: string;
}): PageQuery {
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  if (pageToken === "") return { after: "", limit };
  const after = TOKEN.exec(pageToken)?.[1];
  if (after === undefined) {
    throw invalidField("page_token", "not a token of this list; start again without one");
  }
  return { after, limit };
}

/** "": the page is the last one. */
export function nextPageToken(next: string | undefined): string {
  return next === undefined ? "" : `i${next}`;
}
