import type { WireLimits } from "../../domain/model.ts";

/** What OpenAI's own endpoints take, by dialect. */
export const OPENAI_LIMITS: Readonly<Record<"chat" | "responses", WireLimits>> = {
  chat: { callIds: { pattern: /^.{1,40}$/s, madeLength: 40 }, maxStopSequences: 4 },
  responses: { callIds: { pattern: /^.{1,64}$/s, madeLength: 40 } },
};

/** What compatible servers take is theirs: none is known to limit it. */
export const NO_LIMITS: WireLimits = {};
