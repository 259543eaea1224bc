import { expect, it } from "vitest";
import { pageOfCalls } from "../../../src/activity/page-of-calls.ts";
import { RecentCalls } from "../../../src/activity/recent-calls.ts";
import type { RememberedFields } from "../../../src/domain/activity.ts";
import type { RecentCallsFilter } from "../../../src/ports/activity.ts";

const ALL: RecentCallsFilter = {
  scope: "replica",
  caller: "",
  model: "",
  provider: "",
  failed: false,
  generations: false,
};

function setUp() {
  const time = { ms: 1_000 };
  const recent = new RecentCalls("here", () => time.ms);
  const add = (fields: RememberedFields): void =>
    recent.add({ event: "call", system: "grpc", code: "OK", duration_ms: 1, ...fields });
  const names = (filter: Partial<RecentCallsFilter> = {}) =>
    pageOfCalls(recent.all(), { ...ALL, ...filter }, 1_000, "").calls.map(
      ({ fields }) => fields.request_id,
    );
  return { time, recent, add, names };
}

it("remembers the last 800 generations, and 200 other calls beside them", () => {
  const { recent, add } = setUp();
  for (let index = 1; index <= 900; index++) add({ requested_model: "m", request_id: `g${index}` });
  for (let index = 1; index <= 1_000; index++) add({ request_id: `o${index}` });
  const { calls } = pageOfCalls(recent.all(), ALL, 10_000, "");
  expect(calls.length).toBe(recent.capacity);
  const ids = calls.map(({ fields }) => fields.request_id);
  expect([ids[0], ids[199], ids[200], ids.at(-1)]).toEqual(["o1000", "o801", "g900", "g101"]);
});

it("keeps no field that could be content, and no labels", () => {
  const { recent } = setUp();
  const labels = { team: "a" };
  recent.add({
    event: "call",
    system: "grpc",
    code: "OK",
    duration_ms: 1,
    caller: "a",
    labels,
    field: "spec.prompt",
  });
  recent.add({ event: "warning", message: "no call" });
  const [call, other] = [...recent.all()];
  expect(other).toBeUndefined();
  expect(call?.fields).toEqual({ system: "grpc", duration_ms: 1, caller: "a" });
});

it("has an entry for a generation that ended after its call", () => {
  const { recent } = setUp();
  const about = { requested_model: "m", generation_id: "g", provider: "p", model: "m" };
  const line = { outcome: "succeeded", duration_ms: 9, caller: "a", attempts: 1, ...about };
  recent.add({ event: "generation", ...line });
  const [call] = [...recent.all()];
  expect(call?.fields).toEqual({ duration_ms: 9, caller: "a", attempts: 1, ...about });
});

it("filters by caller, model, provider, failure and kind", () => {
  const { add, names } = setUp();
  add({ request_id: "a", caller: "x", requested_model: "small", model: "big", provider: "p" });
  add({ request_id: "b", caller: "y", requested_model: "big", error: "network" });
  add({ request_id: "c", caller: "x", error: "permission-denied" });
  expect(names()).toEqual(["c", "b", "a"]);
  expect(names({ caller: "x" })).toEqual(["c", "a"]);
  expect(names({ model: "big" })).toEqual(["b", "a"]);
  expect(names({ model: "small" })).toEqual(["a"]);
  expect(names({ provider: "p" })).toEqual(["a"]);
  expect(names({ failed: true })).toEqual(["c", "b"]);
  expect(names({ generations: true })).toEqual(["b", "a"]);
  expect(names({ caller: "x", failed: true, generations: true })).toEqual([]);
});

it("has pages that new calls do not shift", () => {
  const { add, recent, time } = setUp();
  for (let index = 0; index < 10; index++) {
    // Several calls end in one millisecond.
    time.ms = 1_000 + Math.floor(index / 3);
    add({ request_id: `r${index}` });
  }
  const seen: (string | undefined)[] = [];
  let token = "";
  let pages = 0;
  do {
    const page = pageOfCalls(recent.all(), ALL, 3, token);
    expect(page.calls.length).toBeLessThanOrEqual(3);
    seen.push(...page.calls.map(({ fields }) => fields.request_id));
    token = page.nextToken;
    pages++;
    add({ request_id: "new" });
  } while (token !== "");
  expect(seen).toEqual(["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
  expect(pages).toBe(4);
});

it("says when a page is the last one, even if it is full", () => {
  const { add, recent } = setUp();
  add({ request_id: "a" });
  add({ request_id: "b" });
  expect(pageOfCalls(recent.all(), ALL, 2, "").nextToken).toBe("");
  expect(pageOfCalls(recent.all(), ALL, 1, "").nextToken).not.toBe("");
});

it("refuses tokens that it has not made, and those of another filter", () => {
  const { add, recent } = setUp();
  add({ request_id: "a" });
  add({ request_id: "b" });
  const { nextToken } = pageOfCalls(recent.all(), ALL, 1, "");
  const refusal = (filter: RecentCallsFilter, token: string) => {
    try {
      pageOfCalls(recent.all(), filter, 1, token);
      return "none";
    } catch (error) {
      return error;
    }
  };
  for (const token of ["x", "AAAA", Buffer.from("0 1 here 1").toString("base64url")]) {
    expect(refusal(ALL, token)).toMatchObject({ kind: "validation" });
  }
  expect(refusal({ ...ALL, failed: true }, nextToken)).toMatchObject({ kind: "validation" });
  expect(refusal(ALL, nextToken)).toBe("none");
});
