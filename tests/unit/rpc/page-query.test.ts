import { expect, it } from "vitest";
import { nextPageToken, pageQuery } from "../../../src/rpc/page-query.ts";

it.each([
  [0, "", { after: "", limit: 50 }],
  [7, "", { after: "", limit: 7 }],
  [500, "", { after: "", limit: 500 }],
  [501, nextPageToken("team-a"), { after: "team-a", limit: 500 }],
])("a page of %i after %j", (pageSize, pageToken, query) => {
  expect(pageQuery({ pageSize, pageToken })).toEqual(query);
});

it.each(["team-a", "i", "i-a", `i${"a".repeat(65)}`])("%j is no token of a list", (pageToken) => {
  expect(() => pageQuery({ pageSize: 1, pageToken })).toThrow("not a token of this list");
});

it("the last page has no next one", () => {
  expect(nextPageToken(undefined)).toBe("");
});
