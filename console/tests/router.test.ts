import { describe, expect, it } from "vitest";
import { hrefOf, parsePlace } from "../src/router.ts";
import { serviceUrl } from "../src/session.ts";

describe("addresses", () => {
  it.each(["s/1 ?#&%", '"><img src=x>', "ü→"])("keep %j as entry and as value", (text) => {
    const { view, entry, params } = parsePlace(hrefOf("calls", text, { caller: text, model: "" }));
    expect([view, entry, params.get("caller"), params.has("model")]).toEqual([
      "calls",
      text,
      text,
      false,
    ]);
  });

  it.each(["", "#", "#/nothing", "#/now/%"])("that are wrong show the first view: %j", (hash) => {
    expect(parsePlace(hash).view).toBe("now");
  });

  it.each([
    ["/console/", "http://a.test"],
    ["/ops/steer/console/", "http://a.test/ops/steer"],
    ["/console/console/index.html", "http://a.test/console"],
  ])("of the service are found from the page %s", (pathname, expected) => {
    expect(serviceUrl({ origin: "http://a.test", pathname })).toBe(expected);
  });
});
