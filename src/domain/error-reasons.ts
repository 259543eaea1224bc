import { callerReasons } from "./caller-reasons.ts";
import { providerReasons } from "./provider-reasons.ts";
import { requestReasons } from "./request-reasons.ts";
import { streamReasons } from "./stream-reasons.ts";

/** Every reason that an error of this version can have. A reason without a row does not compile. */
export const ERROR_REASONS = {
  ...requestReasons,
  ...callerReasons,
  ...streamReasons,
  ...providerReasons,
} as const;

export type ErrorReason = keyof typeof ERROR_REASONS;
