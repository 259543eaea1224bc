// The alerts ask for metrics and labels that the code has, and each has its paragraph.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT, textOf } from "../support/guide-pages.ts";
import { NAMES } from "../support/read-metrics.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}

const text = readFileSync(join(ROOT, "deploy/prometheus/alerts.yaml"), "utf8");
const { groups } = parse(text) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules).map((rule) => [rule.alert, rule] as const);
const headings = [...textOf("docs/operating.md").matchAll(/^### (\w+)$/gm)].map(
  ([, name = ""]) => name,
);

it.each(alerts)("%s asks for what there is", (_, { expr }) => {
  const asked = [...expr.matchAll(/\b(?:steer|rpc|nodejs|gen_ai)_[a-z0-9_]+/g)].map(String);
  expect(asked).not.toEqual([]);
  expect(asked.filter((name) => !NAMES.has(name))).toEqual([]);
});

it.each(alerts)("%s has its paragraph", (name, { annotations }) => {
  expect(headings).toContain(name);
  expect(annotations.runbook).toBe(`docs/operating.md#${name.toLowerCase()}`);
});

it("no paragraph is about an alert that is gone", () => {
  expect(headings.filter((name) => !alerts.some(([alert]) => alert === name))).toEqual([]);
});
