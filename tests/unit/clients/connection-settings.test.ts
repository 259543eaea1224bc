import grpc from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { checkedKey } from "../../../clients/typescript/checked-key.ts";
import { addressOf, keyOf } from "../../../clients/typescript/connection-settings.ts";
import { createGrpcClient, type GrpcOptions } from "../../../clients/typescript/grpc.ts";
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

describe("the settings of a client", () => {
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
    const { next } = keyOf({ token: () => "secret-key\n" }, {});
    expect(thrownBy(next)).toMatchObject({ reason: "KEY_INVALID" });
  });

  it.each(settings)("takes its settings: $name", ({ environment, address, key, ...vector }) => {
    const options = optionsOf(vector);
    expect(addressOf(options, environment)).toEqual(parseServiceAddress(address, ""));
    const { next, isPossible } = keyOf(options, environment);
    expect([next(), isPossible]).toEqual([key ?? "", key !== null]);
  });

  it.each(refused_settings)(
    "names the source of $names",
    ({ environment, reason, names, ...vector }) => {
      const options = optionsOf(vector);
      const error = thrownBy(() => [addressOf(options, environment), keyOf(options, environment)]);
      expect(error).toMatchObject({ reason, message: expect.stringMatching(`^${names}: `) });
      expect(String(error)).not.toContain("secret");
    },
  );

  it("sends no key if the one that is given is empty", () => {
    const { next, isPossible } = keyOf({ token: "" }, { STEER_API_KEY: "k" });
    expect([next(), isPossible]).toEqual(["", false]);
  });
});

/** What `createGrpcClient` warns of. */
async function warningsOf(options: GrpcOptions): Promise<readonly string[]> {
  const warnings: string[] = [];
  const note = ({ name, message }: Error): void => {
    if (name === "SteerWarning") warnings.push(message);
  };
  process.on("warning", note);
  createGrpcClient(options).close();
  await new Promise(setImmediate);
  process.off("warning", note);
  return warnings;
}

it("warns of a key that leaves the machine in the clear, unless that is said", async () => {
  const token = "secret";
  expect(await warningsOf({ address: "steer:1", token })).toEqual([
    "the key goes to steer:1 in the clear: write https://steer:1, or http://steer:1 if that is meant",
  ]);
  for (const address of ["http://steer:1", "https://steer:1", "127.0.0.1:1", "[::1]:1"]) {
    expect(await warningsOf({ address, token })).toEqual([]);
  }
  expect(await warningsOf({ address: "steer:1", token: "" })).toEqual([]);
  expect(await warningsOf({ target: "dns:///steer:1", token })).toEqual([]);
  const credentials = grpc.credentials.createInsecure();
  expect(await warningsOf({ address: "steer:1", token, credentials })).toEqual([]);
});

it("an address of IPv6 has its brackets again where gRPC reads it", () => {
  expect(hostAndPort(parseServiceAddress("https://[2001:db8::7]", ""))).toBe("[2001:db8::7]:443");
});
