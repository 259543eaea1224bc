import type { WireLimits } from "../../domain/model.ts";

/** Limits of OpenAI's own endpoints, by dialect. */
export const OPENAI_LIMITS: Readonly<Record<"chat" | "responses", WireLimits>> = {
  chat: { callIds: { pattern: /^.{1,40}$/s, madeLength: 40 }, maxStopSequences: 4 },
  responses: { callIds: { pattern: /^.{1,64}$/s, madeLength: 40 } },
};

/** Compatible servers have no known limits. */
export const NO_LIMITS: WireLimits = {};
