import { expect, it } from "vitest";
import type { FieldPass } from "../../src/domain/field-pass.ts";
import { createPassRules } from "../../src/pass-rules.ts";

interface Scene {
  readonly own?: FieldPass;
  readonly group?: FieldPass;
  readonly common?: FieldPass;
  readonly countsMoney?: boolean;
}

function passOf({ own, group, common, countsMoney }: Scene): FieldPass {
  const rules = createPassRules({
    directory: {
      profile: (id) => ({ id, role: "caller", group: "g", ...(own && { pass: own }) }),
      group: (id) => ({ id, ...(group && { pass: group }) }),
    },
    limits: { of: () => (countsMoney === undefined ? undefined : limited(countsMoney)) },
    settings: () => ({ passFields: [], ...(common && { pass: common }) }),
  });
  return rules("anne").pass;
}

function limited(refusesUnpriced: boolean) {
  return {
    maxOutputTokens: undefined,
    maxCostPerCall: undefined,
    needsOutputLimit: true,
    refusesUnpriced,
    obstacle: () => undefined,
    reserve: () => Promise.reject(new Error("unused")),
    resume: () => Promise.reject(new Error("unused")),
  };
}

it.each<[Scene, FieldPass]>([
  [{}, "all"],
  [{ countsMoney: false }, "all"],
  [{ countsMoney: true }, "listed"],
  [{ countsMoney: true, common: "all" }, "all"],
  [{ common: "listed", group: "known" }, "known"],
  [{ common: "listed", group: "known", own: "all" }, "all"],
])("the narrowest place that says it holds: %j", (scene, pass) => {
  expect(passOf(scene)).toBe(pass);
});
