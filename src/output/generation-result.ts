import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type {
  Attempt,
  Generation,
  GenerationFailure,
  TargetName,
  Warning,
} from "../domain/generation.ts";
import type { GenerationSpec, Message, Part } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import { countCodePoints } from "../domain/text.ts";
import type { TokenCounts, TokenUsage } from "../domain/token-usage.ts";
import { createMessageAssembler } from "./assemble-message.ts";
import { checkJsonOutput } from "./check-json-output.ts";
import { createChunkTiming } from "./chunk-timing.ts";

/** How a generation ended. */
export type Outcome =
  | { readonly state: "succeeded"; readonly generation: Generation }
  | { readonly state: "failed"; readonly failure: GenerationFailure };

export interface GenerationResultOptions {
  readonly generationId: string;
  readonly requestedModel: string;
  readonly target: {
    readonly model: Model;
    readonly spec: GenerationSpec;
    readonly warnings: readonly Warning[];
  };
  readonly skipped: readonly {
    readonly target: TargetName;
    readonly reason: string;
  }[];
  readonly clock: Clock;
  readonly meter: {
    report(counts: TokenCounts): void;
    usage(output: Message): TokenUsage;
  };
}

/** Longest output of one attempt in UTF-16 units, far above what any model writes: it is held in memory. */
const MAX_OUTPUT_UNITS = 32 * 1024 * 1024;

function outputUnits(event: ProviderEvent): number {
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return event.text.length;
    case "tool-call-delta":
      return event.argumentsFragment.length;
    default:
      return 0;
  }
}

/** Durations in milliseconds. */
export interface Durations {
  readonly totalMs: number;
  readonly attemptMs: number;
  /** From the start of the attempt. */
  readonly firstTokenMs: number | undefined;
  readonly perChunkMs: number | undefined;
}

/** Everything that is known of one generation while it runs and when it has ended. */
export interface GenerationResult {
  readonly generationId: string;
  readonly requestedModel: string;
  readonly target: TargetName;
  readonly createTimeMs: number;
  /** Position of the running attempt among all attempts, skipped ones included; from 1. */
  readonly attemptIndex: number;
  /** The attempt is sent now. */
  begin(): void;
  observe(event: ProviderEvent, now: number, content: boolean): void;
  /** A part as it stands. */
  part(index: number): Part | undefined;
  succeed(): void;
  fail(error: GatewayError): void;
  /** Only after `succeed` or `fail`. */
  outcome(): Outcome;
  durations(): Durations;
}

export function createGenerationResult(options: GenerationResultOptions): GenerationResult {
  const { target, clock, meter } = options;
  const name: TargetName = {
    provider: target.model.provider,
    model: target.model.id,
  };
  const assembler = createMessageAssembler(name.provider);
  const timing = createChunkTiming();
  const createTimeMs = clock.wallTime();
  const admittedAt = clock.now();
  let startTimeMs = createTimeMs;
  let startedAt = admittedAt;
  let endedAt: number | undefined;
  let providerModel = "";
  let providerResponseId = "";
  let finish: Extract<ProviderEvent, { type: "finish" }> | undefined;
  let outcome: Outcome | undefined;
  let units = 0;

  function durations(): Durations {
    const end = endedAt ?? clock.now();
    const { firstAt, lastAt, count } = timing;
    return {
      totalMs: end - admittedAt,
      attemptMs: end - startedAt,
      firstTokenMs: firstAt === undefined ? undefined : firstAt - startedAt,
      perChunkMs: firstAt === undefined || count < 2 ? undefined : (lastAt - firstAt) / (count - 1),
    };
  }

  function skippedAttempts(): Attempt[] {
    return options.skipped.map((skip, position) => ({
      ...skip.target,
      index: position + 1,
      trigger: "initial",
      outcome: "skipped",
      errorKind: "validation",
      errorMessage: skip.reason,
      startTimeMs: createTimeMs,
      durationMs: 0,
      outputDelivered: false,
    }));
  }

  function attempt(error: GatewayError | undefined, usage: TokenUsage): Attempt {
    const { attemptMs, firstTokenMs } = durations();
    return {
      ...name,
      index: options.skipped.length + 1,
      trigger: options.skipped.length === 0 ? "initial" : "failover",
      outcome:
        error === undefined ? "succeeded" : error.kind === "cancelled" ? "cancelled" : "failed",
      startTimeMs,
      durationMs: attemptMs,
      usage,
      outputDelivered: timing.firstAt !== undefined,
      ...(firstTokenMs !== undefined && { timeToFirstTokenMs: firstTokenMs }),
      ...(error !== undefined && {
        errorKind: error.kind,
        errorMessage: error.message,
      }),
      ...(error?.providerFailure !== undefined && {
        providerFailure: error.providerFailure,
      }),
    };
  }

  function generation(error: GatewayError | undefined): Generation {
    const { totalMs } = durations();
    const message = assembler.message();
    const outputText = assembler.outputText();
    const usage = meter.usage(message);
    const json =
      error === undefined
        ? checkJsonOutput(target.spec.outputFormat, outputText)
        : ({ state: "absent" } as const);
    const metadata = finish?.metadata;
    return {
      generationId: options.generationId,
      requestedModel: options.requestedModel,
      ...name,
      providerModel: providerModel === "" ? target.model.providerModel : providerModel,
      providerResponseId,
      message: error === undefined ? message : undefined,
      finishReason: finish?.reason,
      providerFinishReason: finish?.rawReason ?? "",
      outputJson: json.state === "valid" ? json.json : undefined,
      outputText: error === undefined ? outputText : "",
      usage,
      totalUsage: usage,
      attempts: [...skippedAttempts(), attempt(error, usage)],
      timing: {
        ...timing.summary(),
        totalMs,
        ...(timing.firstAt !== undefined && {
          timeToFirstTokenMs: timing.firstAt - admittedAt,
        }),
        characterCount: countCodePoints(outputText),
      },
      warnings:
        json.state === "invalid" ? [...target.warnings, json.warning] : [...target.warnings],
      providerMetadata: metadata === undefined ? {} : { [name.provider]: metadata },
      createTimeMs,
    };
  }

  return {
    generationId: options.generationId,
    requestedModel: options.requestedModel,
    target: name,
    createTimeMs,
    attemptIndex: options.skipped.length + 1,
    begin() {
      startTimeMs = clock.wallTime();
      startedAt = clock.now();
    },
    observe(event, now, content) {
      units += outputUnits(event);
      if (units > MAX_OUTPUT_UNITS) {
        throw new GatewayError("stream-limit", "the provider's answer is longer than any model's");
      }
      assembler.observe(event);
      if (content) timing.chunk(now);
      if (event.type === "usage") meter.report(event.counts);
      else if (event.type === "finish") finish = event;
      else if (event.type === "response") {
        providerModel = event.model ?? providerModel;
        providerResponseId = event.id ?? providerResponseId;
      }
    },
    part: assembler.part,
    succeed() {
      endedAt = clock.now();
      outcome = { state: "succeeded", generation: generation(undefined) };
    },
    fail(error) {
      endedAt = clock.now();
      outcome = {
        state: "failed",
        failure: { error, partial: generation(error) },
      };
    },
    outcome() {
      if (outcome === undefined) throw new GatewayError("internal", "the generation still runs");
      return outcome;
    },
    durations,
  };
}
