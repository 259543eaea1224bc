import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StreamFilter } from "../../../src/domain/stream-states.ts";
import { decodePageToken, encodePageToken } from "../../../src/operations/stream-page.ts";

const FILTER: StreamFilter = {
  phases: ["running", "failed"],
  provider: "openai",
  caller: "billing",
  olderThanMs: 1_000,
};
const POSITION = { createdAt: 1_790_000_000_123, streamId: "s.0123456789abcdef" };

function refusal(filter: StreamFilter, token: string): string {
  try {
    decodePageToken(filter, token);
  } catch (error) {
    if (error instanceof GatewayError && error.violations[0]?.field === "page_token") {
      return error.message;
    }
    throw error;
  }
  throw new Error("the token was taken");
}

describe("page tokens", () => {
  it("lead to where the page before ended", () => {
    expect(decodePageToken(FILTER, encodePageToken(FILTER, POSITION))).toEqual(POSITION);
    expect(decodePageToken(FILTER, "")).toBeUndefined();
  });

  it("do not mind the order of phases", () => {
    const token = encodePageToken(FILTER, POSITION);
    expect(decodePageToken({ ...FILTER, phases: ["failed", "running"] }, token)).toEqual(POSITION);
  });

  it("tell nothing to who looks at them", () => {
    expect(encodePageToken(FILTER, POSITION)).not.toMatch(/billing|openai/);
  });

  it.each<[string, Partial<StreamFilter>]>([
    ["phases", { phases: ["running"] }],
    ["provider", { provider: "xai" }],
    ["caller", { caller: "" }],
    ["age", { olderThanMs: 0 }],
  ])("are refused with another filter: %s", (_name, change) => {
    const token = encodePageToken(FILTER, POSITION);
    expect(refusal({ ...FILTER, ...change }, token)).toContain("another filter");
  });

  it.each(["x", "m50", "AAAA", Buffer.from("{}").toString("base64url"), "…"])(
    "are refused when they are none: %s",
    (token) => {
      expect(refusal(FILTER, token)).toContain("not a token");
    },
  );
});
