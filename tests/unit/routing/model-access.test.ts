import { describe, expect, it } from "vitest";
import type { CallerGroup, CallerProfile } from "../../../src/ports/caller-directory.ts";
import { accessOf } from "../../../src/routing/model-access.ts";
import { testModel } from "../../support/provider-request.ts";

const model = testModel({ id: "gpt-5", provider: "eu", aliases: ["fast"] });

function listOf(lists: Partial<CallerProfile>, group?: Omit<CallerGroup, "id">) {
  const access = accessOf(
    {
      profile: (id) => (id === "ci" ? { id, role: "caller", ...lists } : undefined),
      group: (id) => (id === "team" && group !== undefined ? { id, ...group } : undefined),
    },
    "ci",
  );
  return access?.(model);
}

describe("a model", () => {
  it.each([
    ["its identifier", ["gpt-5"]],
    ["its provider and its identifier", ["eu/gpt-5"]],
    ["an alias", ["fast"]],
    ["an alias at its provider", ["eu/fast"]],
    ["a glob", ["gpt-*"]],
    ["a glob of providers", ["eu/*"]],
    ["the second entry", ["other", "gpt-5"]],
  ])("is allowed by %s", (_name, models) => {
    expect(listOf({ models })).toBeUndefined();
  });

  it.each([
    ["another identifier", { models: ["gpt-5-mini"] }, undefined, "the list models of caller ci"],
    ["another provider's", { models: ["us/gpt-5"] }, undefined, "the list models of caller ci"],
    ["another provider", { providers: ["us*"] }, undefined, "the list providers of caller ci"],
    [
      "the group's models",
      { group: "team", models: ["gpt-5"] },
      { models: ["claude-*"] },
      "the list models of group team",
    ],
    [
      "the group's providers",
      { group: "team" },
      { providers: ["us"] },
      "the list providers of group team",
    ],
    [
      "a group that is gone",
      { group: "team" },
      undefined,
      "group team of caller ci, which does not exist,",
    ],
  ])("is refused by %s", (_name, lists, group, list) => {
    expect(listOf(lists, group)).toBe(list);
  });

  it("is allowed where both lists allow it", () => {
    const group = { models: ["gpt-*"], providers: ["eu"] };
    expect(listOf({ group: "team", models: ["gpt-5"], providers: ["e?"] }, group)).toBeUndefined();
  });
});

it("callers without lists cost no look at a model", () => {
  const directory = { profile: () => undefined, group: () => undefined };
  expect(accessOf(directory, "local")).toBeUndefined();
});
