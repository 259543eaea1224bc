import { describe, expect, it } from "vitest";
import { failureFields, headerFields, requestFields } from "../../../src/calls/call-fields.ts";
import { GatewayError, invalidField } from "../../../src/domain/gateway-error.ts";
import { traceIdOf } from "../../../src/telemetry/trace-id.ts";

const PROMPT = "tell me a secret";

describe("failureFields", () => {
  it.each([
    ["spec.sampling.temperature", "spec.sampling.temperature"],
    ["spec.messages[12].parts[0].text", "spec.messages[12].parts[0].text"],
    [`spec.labels["${PROMPT}"]`, "spec.labels[*]"],
    [`spec.labels["with \\" and ] in it"].value`, "spec.labels[*].value"],
    [`spec.provider_options.simulator.${PROMPT}`, "spec.provider_options.simulator"],
    [`spec.provider_options.simulator.${"x".repeat(41)}`, "spec.provider_options.simulator"],
    [`spec.tools[0].${PROMPT}.name`, "spec.tools[0]"],
    [
      `spec.provider_options.simulator.${"x".repeat(40)}`,
      `spec.provider_options.simulator.${"x".repeat(40)}`,
    ],
    [`spec.labels['it\\'s ${PROMPT}']`, "spec.labels[*]"],
    [Array(17).fill("a").join("."), Array(16).fill("a").join(".")],
    ["idempotency-key", "idempotency-key"],
    ["grpc-timeout", "grpc-timeout"],
    ["connect-timeout-ms", "connect-timeout-ms"],
    [PROMPT, undefined],
    ["sk-live-key", undefined],
    ["", undefined],
  ])("has the path %s as far as it is the contract's", (field, expected) => {
    const fields = failureFields(invalidField(field, "is wrong"));
    expect(fields.field).toBe(expected);
    expect(fields).toMatchObject({ error: "validation", reason: "INVALID_REQUEST" });
  });

  it("has the reason of the status, also where the error names none", () => {
    expect(failureFields(new GatewayError("network", "x"))).toEqual({
      error: "network",
      reason: "PROVIDER_CONNECTION",
    });
    const draining = new GatewayError("gateway-overloaded", "x", { reason: "DRAINING" });
    expect(failureFields(draining)).toEqual({ error: "draining", reason: "DRAINING" });
    expect(failureFields(new GatewayError("gateway-overloaded", "x"))).toEqual({
      error: "gateway-overloaded",
      reason: "OVERLOADED",
    });
    expect(failureFields(invalidField(PROMPT, "is wrong"))).not.toHaveProperty("field");
    expect(failureFields(new TypeError(PROMPT))).toEqual({ error: "internal", reason: "INTERNAL" });
  });
});

describe("identifiers of a request", () => {
  it("are names, and no texts", () => {
    const header = (values: Record<string, string>) => ({ header: (name: string) => values[name] });
    expect(
      headerFields(header({ "idempotency-key": "abc-12345", "x-request-id": "req/1+2==" })),
    ).toEqual({ request_id: "abc-12345", x_request_id: "req/1+2==" });
    expect(headerFields(header({ "idempotency-key": PROMPT, "x-request-id": "a\nb" }))).toEqual({});
    const request = (fields: object) => requestFields(fields as never);
    expect(request({ requestId: "abc-12345", spec: { model: "openai/gpt-5.1" } })).toEqual({
      request_id: "abc-12345",
      requested_model: "openai/gpt-5.1",
    });
    expect(request({ requestId: "", spec: { model: PROMPT } })).toEqual({});
    expect(request({ requestId: 7 })).toEqual({});
    const longest = "a".repeat(256);
    expect(request({ requestId: longest })).toEqual({ request_id: longest });
    expect(request({ requestId: `${longest}a` })).toEqual({});
  });
});

describe("traceIdOf", () => {
  const ID = "4bf92f3577b34da6a3ce929d0e0e4736";

  it.each([
    [`00-${ID}-00f067aa0ba902b7-01`, ID],
    [`cc-${ID}-00f067aa0ba902b7-01-more`, ID],
    [`00-${ID}-00f067aa0ba902b7-01more`, undefined],
    [`ff-${ID}-00f067aa0ba902b7-01`, undefined],
    [`00-${"0".repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${ID.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    [ID, undefined],
    [undefined, undefined],
  ])("%s", (header, id) => {
    expect(traceIdOf(header)).toBe(id);
  });
});
