import { describe, expect, it } from "vitest";
import { wishesOf } from "../../../src/doors/shared/wishes.ts";

const headers = (given: Record<string, string>) => (name: string) => given[name];

describe("wishes", () => {
  it.each([
    [{}, undefined, undefined],
    [{}, {}, undefined],
    [{ "x-steer-timeout": "30" }, undefined, { timeouts: { total: "30s" } }],
    [{ "x-steer-timeout": "1.5s" }, undefined, { timeouts: { total: "1.5s" } }],
    [{ "x-steer-timeout": "250ms" }, undefined, { timeouts: { total: "0.25s" } }],
    [{ "x-steer-timeout": "2m" }, undefined, { timeouts: { total: "120s" } }],
    [{ "x-steer-labels": "a=1, b = two" }, undefined, { labels: { a: "1", b: "two" } }],
    [
      { "x-steer-fallbacks": "a, b/c ," },
      undefined,
      { routing: { fallbacks: [{ model: "a" }, { model: "b/c" }] } },
    ],
    [
      { "x-steer-unsupported": "reject" },
      undefined,
      { routing: { unsupportedParameters: "UNSUPPORTED_PARAMETER_ACTION_REJECT" } },
    ],
    // The body has the last word, member by member.
    [
      { "x-steer-fallbacks": "a", "x-steer-labels": "k=header,l=header" },
      { labels: { k: "body" }, routing: { strategy: "ROUTING_STRATEGY_ORDERED" } },
      {
        routing: { fallbacks: [{ model: "a" }], strategy: "ROUTING_STRATEGY_ORDERED" },
        labels: { k: "body", l: "header" },
      },
    ],
  ])("%o and %o are %o", (given, body, wishes) => {
    expect(wishesOf(headers(given as Record<string, string>), body)).toEqual(wishes);
  });

  it.each([
    ["x-steer-timeout", "soon"],
    ["x-steer-timeout", "-3s"],
    ["x-steer-timeout", "99999999999"],
    ["x-steer-labels", "a"],
    ["x-steer-unsupported", "maybe"],
  ])("%s: %s is refused by its name", (name, value) => {
    expect(() => wishesOf(headers({ [name]: value }), undefined)).toThrow(new RegExp(`^${name}: `));
  });
});
