import type { GenerationSpec } from "../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import { simulator } from "../../src/providers/simulator/provider.ts";
import { type CollectedEvents, collectEvents } from "./collect-events.ts";
import { createManualClock } from "./manual-clock.ts";
import { testInstance, testRequest, testSpec } from "./provider-request.ts";

/** Reads one answer of the simulator to its end or its error. */
export async function simulate(
  spec: Partial<GenerationSpec>,
  options: JsonObject = {},
  { stream = true, allowFaults = true, attempt = 1 } = {},
): Promise<CollectedEvents> {
  const clock = createManualClock();
  const provider = await simulator.create(testInstance({ type: "simulator" }), {
    clock,
    allowFaults,
  });
  const request = testRequest({ spec: testSpec(spec), options, stream, attempt });
  return collectEvents(provider.generate(request, new AbortController().signal));
}

export const user = (text: string): Partial<GenerationSpec> => ({
  messages: [{ role: "user", parts: [{ type: "text", text }] }],
});

export function textOf(events: readonly ProviderEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}
