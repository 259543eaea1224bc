import { describe, expect, it } from "vitest";
import { isLoopback, parseServiceAddress } from "../../src/cli/service-address.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { connectionVectors } from "../support/connection-vectors.ts";

const { addresses, refused_addresses } = connectionVectors();

describe("the address of the command line", () => {
  it.each(addresses)("can be $text", ({ text, host, port, is_secure, is_loopback }) => {
    const address = parseServiceAddress(text);
    expect(address).toMatchObject({ host, port, isSecure: is_secure });
    expect(isLoopback(address)).toBe(is_loopback);
  });

  it.each(refused_addresses)("cannot be %j", (text) => {
    expect(() => parseServiceAddress(text)).toThrow(UsageError);
  });
});
