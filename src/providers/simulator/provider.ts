import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../clock.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { Provider, ProviderRequest, ProviderType } from "../provider.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { parseModels } from "../shared/model-records.ts";
import { cutError, inBandError, refusedError, statusError } from "./errors.ts";
import { planAnswer } from "./events.ts";
import models from "./models.json" with { type: "json" };
import { type Fault, parseScript, type Script } from "./request.ts";

/** Events after which other work of the process gets its turn. */
const EVENTS_PER_TURN = 64;

/** Resolves never; rejects when the signal is aborted. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function deltaBytes(event: ProviderEvent): number {
  if (event.type === "text-delta") return Buffer.byteLength(event.text);
  return event.type === "tool-call-delta" ? Buffer.byteLength(event.argumentsFragment) : 0;
}

function joined(deltas: readonly ProviderEvent[]): readonly ProviderEvent[] {
  const [first] = deltas;
  if (first?.type === "text-delta") {
    const text = deltas.map((delta) => (delta.type === "text-delta" ? delta.text : "")).join("");
    return [{ ...first, text }];
  }
  if (first?.type !== "tool-call-delta") return deltas;
  const argumentsFragment = deltas
    .map((delta) => (delta.type === "tool-call-delta" ? delta.argumentsFragment : ""))
    .join("");
  return [{ ...first, argumentsFragment }];
}

/** What goes wrong at the event of this position, `bytes` into the answer. */
async function strike(
  fault: Fault,
  position: number,
  bytes: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (fault.cutAfterBytes !== undefined && bytes >= fault.cutAfterBytes) throw cutError();
  if (fault.stallAfterEvents === position) await silence(signal);
  if (fault.malformedAt === position) throw protocolError("an event of the answer is not JSON");
  if (fault.errorAt === position) throw inBandError(fault, clock);
}

async function* answer(
  request: ProviderRequest,
  readScript: () => Script,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent> {
  signal.throwIfAborted();
  const script = readScript();
  const fault = script.faults.find(({ attempt }) => attempt === request.attempt);
  if (fault?.refuse === true) throw refusedError();
  if (fault?.status !== undefined) throw statusError(fault.status, fault, clock);
  const plan = planAnswer(request.spec, script);
  // An answer that is not streamed has one delta a part, as with every provider.
  const deltas = request.stream ? plan.deltas : joined(plan.deltas);
  yield { type: "response", model: request.model.providerModel };
  if (script.firstTokenMs > 0) await clock.sleep(script.firstTokenMs, signal);

  let bytes = 0;
  for (const [position, event] of deltas.entries()) {
    if (fault !== undefined) await strike(fault, position, bytes, clock, signal);
    if (position > 0 && script.paceMs > 0) await clock.sleep(script.paceMs, signal);
    else if (position % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    bytes += deltaBytes(event);
    yield event;
  }
  // A fault at or behind the last event strikes before the end marker.
  if (fault !== undefined) {
    const { stallAfterEvents = -1, malformedAt = -1, errorAt = -1 } = fault;
    const late = Math.max(stallAfterEvents, malformedAt, errorAt);
    await strike(fault, Math.max(late, deltas.length), bytes, clock, signal);
    if (fault.cutAfterBytes !== undefined) throw cutError();
    if (fault.omitTerminator === true) throw truncatedError();
  }
  if (deltas.length > 0) yield { type: "part-end", partIndex: 0 };
  const counts = { inputTokens: plan.inputTokens, outputTokens: plan.deltas.length };
  yield { type: "usage", counts };
  yield { type: "finish", reason: plan.reason, rawReason: plan.reason };
}

/** A model that needs no network: for first steps, tests and load. */
export const simulator: ProviderType = {
  apiKeyVariable: undefined,
  defaultBaseUrl: "",
  dialects: { simulator: ["sampling.max_output_tokens", "sampling.stop_sequences"] },
  defaultDialect: () => "simulator",
  models: parseModels(models),
  create: async (_instance, { clock, allowFaults }): Promise<Provider> => ({
    generate: (request, signal) =>
      answer(request, () => parseScript(request.options, allowFaults), clock, signal),
    checkOptions: (options) => void parseScript(options, allowFaults),
    close: async () => {},
  }),
};
