// The rules of the port, over every store. Stores whose time is real wait for a
// fraction of a second where others advance it; nothing else differs.
import { describe } from "vitest";
import { useStores } from "../support/stores.ts";
import { appendRules } from "./stream-store/append-rules.ts";
import { claimRules } from "./stream-store/claim-rules.ts";
import { cleanupRules } from "./stream-store/cleanup-rules.ts";
import { createRules } from "./stream-store/create-rules.ts";
import { listRules } from "./stream-store/list-rules.ts";
import { readRules } from "./stream-store/read-rules.ts";
import { replicaRules } from "./stream-store/replica-rules.ts";

describe.each(useStores())("$name", (under) => {
  describe("create", () => createRules(under));
  describe("append", () => appendRules(under));
  describe("read", () => readRules(under));
  describe("sessions and claims", () => claimRules(under));
  describe("list", () => listRules(under));
  describe("the end of streams", () => cleanupRules(under));
  describe("replicas", () => replicaRules(under));
});
