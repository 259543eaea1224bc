import { describe, expect, it } from "vitest";
import { loadClientConfig } from "../../../src/config/load-client-config.ts";

describe("loadClientConfig", () => {
  it("finds the service on this machine unless told otherwise", () => {
    expect(loadClientConfig({})).toMatchObject({ address: "127.0.0.1:50051", apiKey: undefined });
    expect(loadClientConfig({ STEER_ADDRESS: "gw:1", STEER_API_KEY: "k" })).toMatchObject({
      address: "gw:1",
      apiKey: "k",
    });
  });

  it("knows a terminal without a cursor", () => {
    expect(loadClientConfig({ TERM: "dumb" }).isDumbTerminal).toBe(true);
    expect(loadClientConfig({ TERM: "xterm" }).isDumbTerminal).toBe(false);
  });
});
