import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type ListStreamStatesRequestSchema,
  ListStreamStatesResponseSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type { CommandContext } from "../../src/cli/command.ts";
import { streams } from "../../src/cli/streams.ts";

type Request = MessageInitShape<typeof ListStreamStatesRequestSchema>;

/** A service whose pages have these streams; each token is the index of the next page. */
async function list(pages: readonly (readonly string[])[], args: readonly string[]) {
  const requests: Request[] = [];
  let printed = "";
  const context = {
    client: {
      async unary(_method: unknown, request: Request) {
        requests.push(request);
        const index = Number(request.pageToken || 0);
        return create(ListStreamStatesResponseSchema, {
          streamStates: (pages[index] ?? []).map((streamId) => ({ streamId })),
          nextPageToken: index + 1 < pages.length ? String(index + 1) : "",
        });
      },
    },
    stdout: { isTTY: false, write: (text: string) => (printed += text) },
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  await streams.run(["list", ...args], context);
  const ids = printed
    .trim()
    .split("\n")
    .map((line) => line.split("\t")[0]);
  return { ids, requests };
}

describe("steer streams list", () => {
  const PAGES = [[], ["a", "b"], [], [], ["c"], []];

  it("goes on over empty pages, to the end", async () => {
    const { ids, requests } = await list(PAGES, []);
    expect(ids).toEqual(["stream", "a", "b", "c"]);
    expect(requests.map(({ pageToken }) => pageToken)).toEqual(["", "1", "2", "3", "4", "5"]);
  });

  it("asks for nothing behind its limit, and for no larger pages than it needs", async () => {
    const { ids, requests } = await list(PAGES, ["--limit", "2"]);
    expect(ids).toEqual(["stream", "a", "b"]);
    expect(requests).toMatchObject([{ pageSize: 2 }, { pageSize: 2 }]);
    const more = await list(PAGES, ["--limit", "3", "--page-size", "2"]);
    expect(more.ids).toEqual(["stream", "a", "b", "c"]);
    expect(more.requests.map(({ pageSize }) => pageSize)).toEqual([2, 2, 1, 1, 1]);
    // A server may give more than a page was to have.
    expect((await list([["a", "b", "c"]], ["--limit", "2"])).ids).toEqual(["stream", "a", "b"]);
  });
});
