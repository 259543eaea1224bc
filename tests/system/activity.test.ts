import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActivityService } from "../../gen/es/steer/admin/v1/activity_service_pb.js";
import { AdminScope } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { type OperatedService, startOperated } from "../support/operated-service.ts";

const { watchActivity, listRecentCalls } = ActivityService.method;

let operated: OperatedService;

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(() => operated[Symbol.asyncDispose]());

describe("activity", () => {
  it("is reported every second", async () => {
    await operated.finished({ tokens: 20 });
    const watch = operated.operator.stream(watchActivity, { scope: AdminScope.REPLICA });
    const seen = [];
    for await (const each of watch) {
      seen.push(each);
      if (seen.length === 3) break;
    }
    console.log(
      JSON.stringify(seen, (_, v) => (typeof v === "bigint" ? String(v) : v), 1).slice(0, 3000),
    );
    const calls = await operated.operator.unary(listRecentCalls, {});
    console.log(calls.calls);
    expect(calls.calls.length).toBeGreaterThan(0);
  });
});
