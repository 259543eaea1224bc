import { describe, expect, it } from "vitest";
import type { ConnectionSettings } from "../../../src/domain/connection-settings.ts";
import { type Environment, fromFile, mistakeOf } from "../../support/config-file.ts";

const SECRET = "do-not-print-this";
const PROXY = "http://proxy.example:3128";
const OTHER = "https://other.example";

/** What the instances of a file are called with. */
function proxies(
  environment: Environment,
  own = "",
): readonly (ConnectionSettings["proxy"] | undefined)[] {
  const yaml = `providers:\n  - {id: a, type: openai${own}}\n  - {id: b, type: openai}\n`;
  return fromFile(yaml, environment)
    .providers.slice(0, 2)
    .map(({ connection }) => connection.proxy);
}

const one = (environment: Environment) => proxies(environment)[0];

describe("the environment", () => {
  it.each<readonly [string, Environment, ConnectionSettings["proxy"] | undefined]>([
    ["names no proxy", {}, undefined],
    ["names exceptions alone", { NO_PROXY: "*" }, undefined],
    ["has empty names", { HTTP_PROXY: "", https_proxy: " " }, undefined],
    ["one for both", { HTTP_PROXY: PROXY }, { http: PROXY, https: PROXY, except: "" }],
    ["one for TLS alone", { HTTPS_PROXY: OTHER }, { http: "", https: OTHER, except: "" }],
    [
      "both and exceptions",
      { HTTP_PROXY: PROXY, HTTPS_PROXY: OTHER, NO_PROXY: "a.example,.b" },
      { http: PROXY, https: OTHER, except: "a.example,.b" },
    ],
    [
      "in lower case",
      { http_proxy: PROXY, https_proxy: OTHER, no_proxy: "localhost" },
      { http: PROXY, https: OTHER, except: "localhost" },
    ],
    [
      "in both, of which the lower one counts",
      { https_proxy: OTHER, HTTPS_PROXY: PROXY, no_proxy: "", NO_PROXY: "*" },
      { http: "", https: OTHER, except: "" },
    ],
    ["in both, the lower one empty", { https_proxy: "", HTTPS_PROXY: PROXY }, undefined],
    [
      "a host without a scheme, as curl takes it",
      { HTTPS_PROXY: "user:pw@proxy.example:3128" },
      { http: "", https: "http://user:pw@proxy.example:3128", except: "" },
    ],
  ])("%s", (_name, environment, expected) => {
    expect(one(environment)).toEqual(expected);
  });

  it.each(["HTTPS_PROXY", "http_proxy"])("%s that is no proxy stops the start", (name) => {
    const mistake = (value: string) => mistakeOf("", { [name]: value });
    const what = `${name}: must be the http or https address of a proxy`;
    expect(mistake("socks5://proxy.example")).toBe(what);
    expect(mistake(`http://user:${SECRET}@proxy.example:99999`)).toBe(what);
    expect(mistake(`http://user:${SECRET}%zz@proxy.example`)).toBe(
      `${name}: has credentials in which a % is not written as %25`,
    );
  });
});

describe("proxy_url", () => {
  it("is of its instance alone, and knows no exceptions", () => {
    const environment = { HTTPS_PROXY: OTHER, NO_PROXY: "*" };
    expect(proxies(environment, `, proxy_url: "${PROXY}"`)).toEqual([
      { http: PROXY, https: PROXY, except: "" },
      { http: "", https: OTHER, except: "*" },
    ]);
  });

  it.each([
    ["socks5://proxy.example", "must be the http or https address of a proxy"],
    ["proxy.example:3128", "must be the http or https address of a proxy"],
    ["http://", "must be the http or https address of a proxy"],
    ["http://proxy.example/path", "must be the address of a proxy without path, query or fragment"],
    [`http://proxy.example?${SECRET}`, "must be the address of a proxy without path, query"],
    [`http://:${SECRET}@proxy.example`, "has a password without a user"],
    [`http://u:${SECRET}%@proxy.example`, "has credentials in which a % is not written as %25"],
  ])("%s is refused", (address, why) => {
    const mistake = mistakeOf(`providers: [{id: a, type: openai, proxy_url: "${address}"}]`);
    expect(mistake).toContain(`steer.yaml:1: providers[0].proxy_url: ${why}`);
    expect(mistake).not.toContain(SECRET);
  });

  it("is the place of its credentials, and no header is", () => {
    const headers = `{Proxy-Authorization: "Basic ${SECRET}"}`;
    const mistake = mistakeOf(`providers: [{id: a, type: openai, headers: ${headers}}]`);
    expect(mistake).toContain("headers.Proxy-Authorization: is for a proxy");
    expect(mistake).not.toContain(SECRET);
  });
});
