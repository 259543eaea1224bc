import type { CallerAdministration } from "../ports/caller-administration.ts";
import type { AdministrationParts } from "./administration-parts.ts";
import { createCallerCalls } from "./caller-calls.ts";
import { createGroupCalls } from "./group-calls.ts";
import { createKeyCalls } from "./key-calls.ts";

/** What operators do with the callers in the store. */
export function createCallerAdministration(parts: AdministrationParts): CallerAdministration {
  return { ...createCallerCalls(parts), ...createGroupCalls(parts), ...createKeyCalls(parts) };
}
