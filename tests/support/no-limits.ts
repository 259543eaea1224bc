import type { CallLimits } from "../../src/ports/call-limits.ts";

/** No caller has limits. */
export const NO_LIMITS: CallLimits = { of: () => undefined, settle: () => {} };
