import { expect, it } from "vitest";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { createOriginCheck } from "../../../src/calls/check-origin.ts";

const OWN = "https://gateway.example";

/** What becomes of a call of a page from `origin` to `hosts`, where others may come from `known`. */
function check(
  origin: string | undefined,
  hosts: readonly string[],
  known: readonly string[] = [],
) {
  createOriginCheck(known)({
    method: GenerationService.method.generate,
    system: "connect",
    peer: { address: "192.0.2.1", certificateNames: [] },
    hosts,
    header: (name: string) => (name === "origin" ? origin : undefined),
    headerNames: () => [],
  } as never);
}

it.each<[string, string | undefined, readonly string[], readonly string[]]>([
  ["a caller that is no page", undefined, ["gateway.example"], []],
  ["the gateway's own page", OWN, ["gateway.example"], []],
  ["the own page, with the scheme's port", OWN, ["gateway.example:443"], []],
  ["the own page at another port", `${OWN}:8443`, ["gateway.example:8443"], []],
  ["a page that is known", "https://app.example", ["gateway.example"], ["https://app.example"]],
  ["any page where all may", "https://app.example", ["gateway.example"], ["*"]],
])("lets %s call", (_name, ...given) => {
  expect(() => check(...given)).not.toThrow();
});

it.each<[string, string, readonly string[], readonly string[]]>([
  ["another host", "https://evil.example", ["gateway.example"], []],
  ["another port", `${OWN}:8443`, ["gateway.example"], []],
  ["an origin that is none", "null", ["gateway.example"], []],
  ["an own origin, where no host is said", OWN, [], []],
  ["an own origin, where two hosts are said", OWN, ["gateway.example", "other.example"], []],
  ["a host that is none", OWN, ["gateway example"], []],
  ["one that only begins like a known one", `${OWN}.evil`, ["x.example"], [OWN]],
])("refuses %s", (_name, ...given) => {
  expect(() => check(...given)).toThrow(
    expect.objectContaining({
      kind: "permission-denied",
      reason: "ORIGIN_NOT_ALLOWED",
      message: "a page of another origin calls: http.cors_origins does not have its origin",
    }),
  );
});
