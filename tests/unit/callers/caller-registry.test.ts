import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CallerIndex } from "../../../src/callers/caller-index.ts";
import { callerChange, deletion, keyChange } from "../../../src/callers/caller-records.ts";
import { CallerRegistry } from "../../../src/callers/caller-registry.ts";
import type { RecordChange } from "../../../src/callers/caller-store.ts";
import { KeyUses } from "../../../src/callers/key-uses.ts";
import type { Caller } from "../../../src/domain/caller.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const PREFIX = "sk-steer-AAAAAAAA";
const sha256 = hash("sha256", "a key");
const at = { createdAt: 1, updatedAt: 1 };

const key = keyChange({
  prefix: PREFIX,
  caller: "anne",
  sha256,
  createdAt: 1,
  expiresAt: undefined,
});
const anne = (role: Caller["role"]) => callerChange({ profile: { id: "anne", role }, ...at });
const bob = callerChange({ profile: { id: "bob", role: "operator" }, ...at });
const withoutAnne = deletion("caller", "anne");
const withoutKey = deletion("key", PREFIX);

/** The role of the key's caller after these records; undefined: the key is unknown. */
function roleAfter(records: readonly RecordChange[]): Caller["role"] | undefined {
  const index = new CallerIndex();
  const registry = new CallerRegistry({
    clock: createManualClock(),
    staleForMs: () => Number.POSITIVE_INFINITY,
    isConfigured: () => false,
    uses: new KeyUses(),
  });
  registry.confirm(index, 0);
  for (const [version, record] of records.entries()) index.apply({ ...record, version });
  const answer = registry.find(PREFIX, sha256);
  return answer.state === "known" ? answer.caller.role : undefined;
}

describe("a key is its caller's as the records come", () => {
  it.each([
    ["caller, then key", [anne("caller"), key], "caller"],
    ["key, then caller", [key, anne("caller")], "caller"],
    ["a caller that got another role", [anne("caller"), key, anne("operator")], "operator"],
    ["a key that was written again", [anne("operator"), key, key], "operator"],
    ["a caller that came back", [anne("operator"), key, withoutAnne, anne("caller")], "caller"],
    ["a key alone", [key], undefined],
    ["another caller", [key, bob], undefined],
    ["a deleted caller", [anne("operator"), key, withoutAnne], undefined],
    ["a deleted key", [anne("operator"), key, withoutKey, anne("operator")], undefined],
  ])("%s", (_, records, role) => {
    expect(roleAfter(records)).toBe(role);
  });
});
