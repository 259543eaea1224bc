import { describe, expect, it } from "vitest";
import { dropLongDeadline, malformedTimeout } from "../../../src/rpc/deadline.ts";

describe("malformedTimeout", () => {
  const GRPC = "must be 1 to 8 digits and a unit of H, M, S, m, u, n";
  const CONNECT = "must be 1 to 10 digits";
  const ofCall = (system: "grpc" | "connectrpc", headers: Record<string, string>) =>
    malformedTimeout({ system, header: (name) => headers[name] })?.violations;
  const web = { "content-type": "application/grpc-web+proto" };

  it.each([
    ["grpc", { "grpc-timeout": "1S" }],
    ["grpc", { "grpc-timeout": "99999999H" }],
    ["grpc", {}],
    // Another protocol's.
    ["grpc", { "connect-timeout-ms": "soon" }],
    ["connectrpc", { "grpc-timeout": "soon" }],
    ["connectrpc", { "connect-timeout-ms": "0" }],
    ["connectrpc", { "connect-timeout-ms": "1234567890" }],
    ["connectrpc", { ...web, "grpc-timeout": "5m" }],
    ["connectrpc", { ...web, "connect-timeout-ms": "soon" }],
  ] as const)("of %s takes %o", (system, headers) => {
    expect(ofCall(system, headers)).toBeUndefined();
  });

  it.each([
    ["grpc", { "grpc-timeout": "123456789S" }, "grpc-timeout", GRPC],
    ["grpc", { "grpc-timeout": "5" }, "grpc-timeout", GRPC],
    ["grpc", { "grpc-timeout": "5s" }, "grpc-timeout", GRPC],
    ["grpc", { "grpc-timeout": "" }, "grpc-timeout", GRPC],
    ["connectrpc", { ...web, "grpc-timeout": "5" }, "grpc-timeout", GRPC],
    ["connectrpc", { "connect-timeout-ms": "12345678901" }, "connect-timeout-ms", CONNECT],
    ["connectrpc", { "connect-timeout-ms": "1.5" }, "connect-timeout-ms", CONNECT],
    ["connectrpc", { "connect-timeout-ms": "-1" }, "connect-timeout-ms", CONNECT],
  ] as const)("of %s refuses %o", (system, headers, field, description) => {
    expect(ofCall(system, headers)).toEqual([{ field, description }]);
  });
});

describe("dropLongDeadline", () => {
  /** The longest timer of Node: 2^31 - 1 ms. */
  it.each([
    ["grpc-timeout", "2147483S", true],
    ["grpc-timeout", "2147484S", false],
    ["grpc-timeout", "35791M", true],
    ["grpc-timeout", "35792M", false],
    ["grpc-timeout", "596H", true],
    ["grpc-timeout", "597H", false],
    ["grpc-timeout", "99999999m", true],
    ["grpc-timeout", "99999999u", true],
    ["grpc-timeout", "99999999n", true],
    ["grpc-timeout", "soon", true],
    ["connect-timeout-ms", "2147483647", true],
    ["connect-timeout-ms", "2147483648", false],
    ["connect-timeout-ms", "soon", true],
    ["x-timeout", "2147483648", true],
  ])("%s: %s stays: %s", (name, value, stays) => {
    const headers = { [name]: value, other: "1" };
    dropLongDeadline(headers);
    expect(headers).toEqual({ other: "1", ...(stays && { [name]: value }) });
  });

  it("leaves what is no text alone", () => {
    const headers = { "grpc-timeout": ["597H"] };
    dropLongDeadline(headers);
    expect(headers).toEqual({ "grpc-timeout": ["597H"] });
  });
});
