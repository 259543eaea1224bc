import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../clock.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { Provider, ProviderContext, ProviderRequest, ProviderType } from "../provider.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { parseModels } from "../shared/parse-models.ts";
import { cutError, inBandError, refusedError, statusError } from "./errors.ts";
import { answerMisfit, deltaOf, type Plan, planAnswer } from "./events.ts";
import models from "./models.json" with { type: "json" };
import { type Fault, parseScript } from "./request.ts";
import { tokens } from "./tokens.ts";

/** After this many events, other work of the process gets a turn. */
const EVENTS_PER_TURN = 64;

/** Never resolves. Rejects on abort. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Position in an answer: the number of events before the next one, and the bytes including it. */
interface Progress {
  readonly position: number;
  readonly bytes: number;
}

/** Throws, or waits for ever, if the fault replaces the next event. */
async function strike(
  fault: Fault,
  { position, bytes }: Progress,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (fault.cutAfterBytes !== undefined && bytes > fault.cutAfterBytes) throw cutError();
  if (fault.stallAfterEvents === position) await silence(signal);
  if (fault.malformedAt === position) throw protocolError("an event of the answer is not JSON");
  if (fault.errorAt === position) throw inBandError(fault, clock);
}

/** Applies a fault before the end marker, at whatever position the script has put it. */
async function strikeLast(fault: Fault, clock: Clock, signal: AbortSignal): Promise<void> {
  if (fault.stallAfterEvents !== undefined) await silence(signal);
  if (fault.malformedAt !== undefined) throw protocolError("the answer is not JSON");
  if (fault.errorAt !== undefined) throw inBandError(fault, clock);
  if (fault.cutAfterBytes !== undefined) throw cutError();
  if (fault.omitTerminator === true) throw truncatedError();
}

/** Throws a fault before the answer begins. */
function begin(
  request: ProviderRequest,
  { clock, allowFaults }: ProviderContext,
  signal: AbortSignal,
) {
  signal.throwIfAborted();
  const script = parseScript(request.options, allowFaults);
  const fault = script.faults.find(({ attempt }) => attempt === request.attempt);
  if (fault?.refuse === true) throw refusedError();
  if (fault?.status !== undefined) throw statusError(fault.status, fault, clock);
  const head: ProviderEvent = { type: "response", model: request.model.providerModel };
  return { plan: planAnswer(request.spec, script), script, fault, head, clock };
}

function* ending({ count, inputTokens, reason }: Plan): Generator<ProviderEvent> {
  if (count > 0) yield { type: "part-end", partIndex: 0 };
  yield { type: "usage", counts: { inputTokens, outputTokens: count } };
  yield { type: "finish", reason, rawReason: reason };
}

async function* streamed(
  request: ProviderRequest,
  context: ProviderContext,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent> {
  const { plan, script, fault, head, clock } = begin(request, context, signal);
  const { firstTokenMs, paceMs } = script;
  yield head;
  if (firstTokenMs > 0) await clock.sleep(firstTokenMs, signal);
  let position = 0;
  let bytes = 0;
  for (const token of plan.tokens) {
    if (fault !== undefined) {
      bytes += Buffer.byteLength(token);
      await strike(fault, { position, bytes }, clock, signal);
    }
    if (position > 0 && paceMs > 0) await clock.sleep(paceMs, signal);
    else if (position % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    yield deltaOf(plan, token, position === 0);
    position++;
  }
  if (fault !== undefined) await strikeLast(fault, clock, signal);
  for (const event of ending(plan)) yield event;
}

/** An answer without a stream arrives as a whole or not at all, with one delta for each part. */
async function* whole(
  request: ProviderRequest,
  context: ProviderContext,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent> {
  const { plan, script, fault, head, clock } = begin(request, context, signal);
  const writingMs = script.firstTokenMs + script.paceMs * Math.max(0, plan.count - 1);
  if (writingMs > 0) await clock.sleep(writingMs, signal);
  if (fault !== undefined) await strikeLast(fault, clock, signal);
  yield head;
  let text = "";
  for (const token of plan.tokens) text += token;
  if (plan.count > 0) yield deltaOf(plan, text, true);
  for (const event of ending(plan)) yield event;
}

/** A model without a network, for first steps, tests and load. */
export const simulator: ProviderType = {
  apiKeyVariable: undefined,
  defaultBaseUrl: "",
  hasDefaultInstance: true,
  isNameReserved: true,
  baseUrlProblem: () => undefined,
  dialects: { simulator: ["sampling.max_output_tokens", "sampling.stop_sequences"] },
  listedParameters: {},
  takes: () => true,
  wireFacts: {},
  defaultDialect: () => "simulator",
  reportsUsageInStreams: () => true,
  limits: () => ({}),
  goesBack: () => ({ reasoning: "text", annotations: true }),
  prefill: true,
  tokens,
  models: parseModels(models),
  unsupported: (spec, _model, options) => answerMisfit(spec, options),
  create: async (_instance, context): Promise<Provider> => ({
    generate: (request, signal) => (request.stream ? streamed : whole)(request, context, signal),
    checkOptions: (options) => void parseScript(options, context.allowFaults),
    close: async () => {},
  }),
};
