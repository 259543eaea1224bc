import { describe, expect, it } from "vitest";
import { explicitHint, healthEffect, ruleOf } from "../../../src/reliability/failure-rule.ts";
import { answered, cut, refused } from "../../support/engine.ts";

const body = (fields: Record<string, unknown>): string => JSON.stringify({ error: fields });
const FAILURE = { type: "failure", weight: 1 };
const NONE = { type: "none" };

describe("healthEffect", () => {
  it.each([
    ["500", answered(500), FAILURE],
    ["503", answered(503), FAILURE],
    ["a refused connection", refused(), FAILURE],
    ["an answer that broke off", cut(), FAILURE],
    ["529", answered(529), { type: "failure", weight: 0.5 }],
    [
      "503 of an overloaded engine",
      answered(503, {}, body({ code: "server_is_overloaded" })),
      { type: "failure", weight: 0.5 },
    ],
    ["429", answered(429), { type: "cooldown", hintMs: undefined }],
    ["429 with a hint", answered(429, { "retry-after": "2" }), { type: "cooldown", hintMs: 2_000 }],
    ["401", answered(401), { type: "out", scope: "instance", cause: "refused" }],
    ["402", answered(402), { type: "out", scope: "instance", cause: "quota" }],
    ["403", answered(403), { type: "out", scope: "target", cause: "refused" }],
    [
      "A-55: 400 low credit",
      answered(400, {}, body({ message: "Your credit balance is too low." })),
      { type: "out", scope: "instance", cause: "quota" },
    ],
    [
      "404 of a model",
      answered(404, {}, body({ code: "model_not_found" })),
      { type: "out", scope: "target", cause: "refused" },
    ],
    ["404 of something else", answered(404), NONE],
    ["400", answered(400), NONE],
    ["408", answered(408), NONE],
    ["409", answered(409), NONE],
    ["413", answered(413), NONE],
    ["425", answered(425), NONE],
    ["a filtered prompt", answered(400, {}, body({ code: "content_filter" })), NONE],
  ])("of %s", (_name, error, effect) => {
    expect(healthEffect(error)).toEqual(effect);
  });
});

describe("ruleOf", () => {
  it.each([408, 409])("sends a %s once more, not as often as the limits allow", (status) => {
    expect(ruleOf(answered(status))).toMatchObject({ sameFirst: 1, sameAlone: 1, next: "any" });
  });

  it("A-48: sends no request again that is wrong", () => {
    for (const status of [400, 401, 402, 403, 404, 405, 410, 413, 422]) {
      for (const wish of [undefined, "true", "false"]) {
        const error = answered(status, wish === undefined ? {} : { "x-should-retry": wish });
        expect(ruleOf(error)).toMatchObject({ sameFirst: 0, sameAlone: 0 });
      }
    }
  });
});

describe("explicitHint", () => {
  it("is said by a header, and denied beside a wrong request", () => {
    expect(explicitHint(answered(503))).toBeUndefined();
    expect(explicitHint(answered(503, { "x-should-retry": "true" }))).toBe("force");
    expect(explicitHint(answered(503, { "x-should-retry": "false" }))).toBe("forbid");
    expect(explicitHint(answered(503, { "x-should-retry": "maybe" }))).toBeUndefined();
    expect(explicitHint(answered(400, { "x-should-retry": "true" }))).toBeUndefined();
    expect(explicitHint(answered(429, { "x-should-retry": "true" }))).toBe("force");
  });
});
