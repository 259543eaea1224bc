import { describe, expect, it } from "vitest";
import { checkedKey } from "../../../clients/typescript/checked-key.ts";
import {
  clearKeyWarning,
  connectionSettings,
} from "../../../clients/typescript/connection-settings.ts";
import { createGrpcClient } from "../../../clients/typescript/grpc.ts";
import {
  hostAndPort,
  isLoopback,
  parseServiceAddress,
} from "../../../clients/typescript/service-address.ts";
import { Code } from "../../../clients/typescript/steer-error.ts";
import { connectionVectors } from "../../support/connection-vectors.ts";

const { addresses, refused_addresses, keys, refused_keys, settings, refused_settings } =
  connectionVectors();

/** Of a call that must throw. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** As the options of `createGrpcClient` name what is given. */
function optionsOf({ given = {} }: { readonly given?: { address?: string; key?: string } }) {
  const { address, key } = given;
  return {
    ...(address !== undefined && { address }),
    ...(key !== undefined && { token: key }),
  };
}

describe("connectionSettings", () => {
  it.each(addresses)("takes the address $text", ({ text, host, port, is_secure, is_loopback }) => {
    const address = parseServiceAddress(text, "address");
    expect(address).toMatchObject({ host, port, isSecure: is_secure });
    expect(isLoopback(address)).toBe(is_loopback);
  });

  it.each(refused_addresses)("refuses the address %j and does not quote it", (text) => {
    expect(thrownBy(() => createGrpcClient({ address: text }))).toMatchObject({
      name: "SteerError",
      code: Code.INVALID_ARGUMENT,
      reason: "ADDRESS_INVALID",
      retryable: false,
      message:
        "address: an address is host:port, http://host:port or https://host:port, with nothing behind it",
    });
  });

  it("refuses an address that is empty, where one is given", () => {
    expect(thrownBy(() => createGrpcClient({ address: "" }))).toMatchObject({
      reason: "ADDRESS_INVALID",
    });
  });

  it.each(keys)("takes the key %j", (key) => {
    expect(checkedKey(key, "token")).toBe(key);
  });

  it.each(refused_keys)("refuses the key %j and does not quote it", (key) => {
    expect(thrownBy(() => createGrpcClient({ token: key }))).toMatchObject({
      name: "SteerError",
      code: Code.INVALID_ARGUMENT,
      reason: "KEY_INVALID",
      message: "token: a key is one line of ASCII without spaces",
    });
  });

  it("refuses the key of a function when it is asked for", () => {
    const { key } = connectionSettings({ token: () => "secret-key\n" }, {});
    expect(thrownBy(key)).toMatchObject({ reason: "KEY_INVALID" });
  });

  it.each(settings)("takes its settings: $name", ({ environment, address, key, ...vector }) => {
    const found = connectionSettings(optionsOf(vector), environment);
    expect(found.address).toEqual(parseServiceAddress(address, ""));
    expect([found.key(), found.hasKey]).toEqual([key ?? "", key !== null]);
  });

  it.each(refused_settings)(
    "names the source of $names",
    ({ environment, reason, names, ...vector }) => {
      const error = thrownBy(() => connectionSettings(optionsOf(vector), environment));
      expect(error).toMatchObject({ reason, message: expect.stringMatching(`^${names}: `) });
      expect(String(error)).not.toContain("secret");
    },
  );

  it("sends no key if the one that is given is empty", () => {
    const { key, hasKey } = connectionSettings({ token: "" }, { STEER_API_KEY: "k" });
    expect([key(), hasKey]).toEqual(["", false]);
  });
});

describe("clearKeyWarning", () => {
  const warningOf = (address: string, token: string) =>
    clearKeyWarning(connectionSettings({ address, token }, {}));

  it("warns of a key that leaves the machine in the clear, unless that is said", () => {
    expect(warningOf("steer:1", "secret")).toBe(
      "the key goes to steer:1 in the clear: write https://steer:1, or http://steer:1 if that is meant",
    );
    for (const address of ["http://steer:1", "https://steer:1", "127.0.0.1:1", "[::1]:1"]) {
      expect(warningOf(address, "secret")).toBeUndefined();
    }
    expect(warningOf("steer:1", "")).toBeUndefined();
  });
});

it("an address of IPv6 has its brackets again where gRPC reads it", () => {
  expect(hostAndPort(parseServiceAddress("https://[2001:db8::7]", ""))).toBe("[2001:db8::7]:443");
});
