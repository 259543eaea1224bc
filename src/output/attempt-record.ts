import type { Clock } from "../clock.ts";
import { carriedFields } from "../domain/carried-fields.ts";
import type { Cost, ReportedCost } from "../domain/cost.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, AttemptOutcome, AttemptTrigger, TargetName } from "../domain/generation.ts";
import type { Message, Part } from "../domain/generation-spec.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { Received, UsageMeter } from "../domain/usage-meter.ts";
import type { Warning } from "../domain/warning.ts";
import { carriedEvent } from "./carried-event.ts";
import {
  type CheckResult,
  checkedOutput,
  checkJsonOutput,
  type JsonOutput,
  longCheck,
  type SchemaCheck,
} from "./check-json-output.ts";
import { ChunkTiming } from "./chunk-timing.ts";
import { MessageAssembler } from "./message-assembler.ts";
import { missingAnswer } from "./missing-answer.ts";

/** A target with the request as sent there. */
export type SentTarget = Pick<RoutedTarget, "model" | "spec" | "warnings">;

export interface AttemptRecordOptions {
  /** Position among all attempts, skipped ones included, from 1. */
  readonly index: number;
  readonly target: SentTarget;
  readonly trigger: AttemptTrigger;
  /** True: the answer is streamed. False: it arrives as a whole. */
  readonly stream: boolean;
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  readonly clock: Clock;
  /** The request's budget sets the output limit. */
  readonly isMoneyLimited: boolean;
  readonly meter: UsageMeter;
  /** Undefined: the price is unknown. */
  readonly price: (usage: TokenUsage, reported: ReportedCost | undefined) => Cost | undefined;
  /** The output that this attempt continues. */
  readonly continues: Pick<AttemptRecord, "assembler"> | undefined;
}

/** Durations in milliseconds. */
export interface Durations {
  readonly attemptMs: number;
  /** From the start of the attempt. */
  readonly firstTokenMs: number | undefined;
  readonly perChunkMs: number | undefined;
}

/** Longest output of one attempt in UTF-16 units, held in memory; far above the output of any model. */
const MAX_OUTPUT_UNITS = 32 * 1024 * 1024;

const USAGE_IMPOSSIBLE: Warning = {
  reason: "USAGE_IMPOSSIBLE",
  message: "the provider reported counts or a price that cannot be: they count as not reported",
  field: "",
};

const METADATA_OMITTED: Warning = {
  reason: "PROVIDER_METADATA_OMITTED",
  message: "fields of the provider's metadata are left out: a Struct cannot carry them",
  field: "",
};

const PROVIDER_DATA_OMITTED: Warning = {
  reason: "PROVIDER_DATA_OMITTED",
  message: "data of the provider is left out that is longer or deeper than the contract carries",
  field: "",
};

function outputUnits(event: ProviderEvent): number {
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return event.text.length;
    case "tool-call-delta":
      return event.argumentsFragment.length;
    case "part-end":
      return event.part?.type === "provider" ? event.part.json.length : 0;
    default:
      return 0;
  }
}

/** The facts about one attempt, while it runs and after its end. */
export class AttemptRecord {
  readonly index: number;
  readonly target: SentTarget;
  readonly name: TargetName;
  readonly assembler: MessageAssembler;
  readonly timing = new ChunkTiming();
  readonly startTimeMs: number;
  readonly startedAt: number;
  providerModel = "";
  providerResponseId = "";
  finish: Extract<ProviderEvent, { type: "finish" }> | undefined;
  /** The caller has received output of the attempt. */
  committed = false;
  /** A part of the output is complete, so nothing can be appended to it. */
  hasWholePart = false;
  /** The caller was told to discard the output. */
  isVoid = false;
  /** Warnings about the answer. Changes of the request by the target are not included. */
  warnings: readonly Warning[] = [];

  readonly #options: AttemptRecordOptions;
  /** Output text of the attempt that this one continues. */
  readonly #prefix: string;
  readonly #prefixCodePoints: number;
  #units = 0;
  #endedAt: number | undefined;
  #outcome: AttemptOutcome = "running";
  #error: GatewayError | undefined;
  #usage: TokenUsage | undefined;
  #cost: Cost | undefined;
  #isMetered = false;
  #reportedCost: ReportedCost | undefined;
  #counting: Promise<void> | undefined;
  #json: JsonOutput | undefined;

  constructor(options: AttemptRecordOptions) {
    const { model } = options.target;
    this.#options = options;
    this.index = options.index;
    this.target = options.target;
    this.name = { provider: model.provider, model: model.id };
    this.assembler = options.continues?.assembler ?? new MessageAssembler(model.providerType);
    this.#prefix = options.continues?.assembler.outputText() ?? "";
    this.#prefixCodePoints = options.continues?.assembler.outputCodePoints() ?? 0;
    this.startTimeMs = options.clock.wallTime();
    this.startedAt = options.clock.now();
  }

  observe(said: ProviderEvent, now: number, content: boolean): void {
    const event = carriedEvent(said, () => this.warn(PROVIDER_DATA_OMITTED));
    this.#units += outputUnits(event);
    if (this.#units > MAX_OUTPUT_UNITS) {
      throw new GatewayError("stream-limit", "the provider's answer is longer than any model's");
    }
    this.assembler.observe(event);
    if (content) this.timing.chunk(now);
    if (event.type === "usage") {
      this.#takeUsage(event);
    } else if (event.type === "finish") this.finish = this.#finishOf(event);
    else if (event.type === "part-end") this.hasWholePart = true;
    else if (event.type === "warning") this.warn(event.warning);
    else if (event.type === "response") {
      this.providerModel = event.model ?? this.providerModel;
      this.providerResponseId = event.id ?? this.providerResponseId;
    }
  }

  /** The same warning object is reported once. */
  warn(warning: Warning): void {
    if (!this.warnings.includes(warning)) this.warnings = [...this.warnings, warning];
  }

  /** The current state of a part. */
  part(index: number): Part | undefined {
    return this.assembler.part(index);
  }

  /**
   * If the check of the finished output can take long, starts it with `run`; `json` then has its result. Undefined:
   * no such check is needed.
   */
  check(run: (check: SchemaCheck) => Promise<CheckResult>): Promise<void> | undefined {
    const { outputFormat } = this.target.spec;
    if (outputFormat.type !== "json-schema") return undefined;
    const text = this.assembler.outputText();
    const check = longCheck(outputFormat, text);
    if (check === undefined) return undefined;
    return run(check).then((result) => {
      this.#json = checkedOutput(text, result);
    });
  }

  /** The result of checking the finished output against the requested format. Computed once. */
  json(): JsonOutput {
    const { outputFormat } = this.target.spec;
    this.#json ??= checkJsonOutput(outputFormat, this.assembler.outputText());
    return this.#json;
  }

  end(outcome: AttemptOutcome, error: GatewayError | undefined): void {
    this.#endedAt = this.#options.clock.now();
    this.#outcome = outcome;
    this.#error = error;
    if (error !== undefined && this.#isRefused(error)) return;
    const output = this.#ownOutput();
    const { meter } = this.#options;
    const received = this.#received(outcome);
    const usage = meter.usage(output, received);
    this.#setUsage(usage);
    this.#counting = meter.settle(output, received)?.then((counted) => this.#setUsage(counted));
    if (received.isMissing && usage.source !== "provider") {
      this.warn(missingAnswer(this.index, usage, (each) => this.costOf(each)));
    }
  }

  /** Resolves when `usage` is final; undefined: it already is. */
  get counting(): Promise<void> | undefined {
    return this.#counting;
  }

  /** Known token counts of the running attempt. */
  usageSoFar(): TokenUsage {
    return (
      this.#usage ?? this.#options.meter.usage(this.#ownOutput(), this.#received(this.#outcome))
    );
  }

  /** Cost of these tokens; undefined: the price is unknown. */
  costOf(usage: TokenUsage): Cost | undefined {
    return this.#options.price(usage, this.#reportedCost);
  }

  /** Tokens of this attempt alone; undefined while it runs. */
  get usage(): TokenUsage | undefined {
    return this.#usage;
  }

  /** Undefined while the attempt runs, if nothing is charged, or if the price is unknown. */
  get cost(): Cost | undefined {
    return this.#cost;
  }

  get error(): GatewayError | undefined {
    return this.#error;
  }

  durations(): Durations {
    const end = this.#endedAt ?? this.#options.clock.now();
    const { firstAt, lastAt, count } = this.timing;
    return {
      attemptMs: end - this.startedAt,
      firstTokenMs: firstAt === undefined ? undefined : firstAt - this.startedAt,
      perChunkMs: firstAt === undefined || count < 2 ? undefined : (lastAt - firstAt) / (count - 1),
    };
  }

  /** Timing of the output chunks. */
  rhythm() {
    const { firstAt, lastAt } = this.timing;
    return {
      ...this.timing.summary(),
      characterCount: this.assembler.outputCodePoints() - this.#prefixCodePoints,
      contentMs: firstAt === undefined ? 0 : lastAt - firstAt,
    };
  }

  attempt(): Attempt {
    const { attemptMs, firstTokenMs } = this.durations();
    const { trigger, delayMs, delayFromProvider } = this.#options;
    const error = this.#error;
    return {
      ...this.name,
      index: this.index,
      trigger,
      outcome: this.#outcome,
      startTimeMs: this.startTimeMs,
      durationMs: attemptMs,
      delayMs,
      delayFromProvider,
      outputDelivered: this.committed && this.#outcome !== "succeeded",
      ...(this.#usage !== undefined && { usage: this.#usage }),
      ...(this.#cost !== undefined && { cost: this.#cost }),
      ...(firstTokenMs !== undefined && { timeToFirstTokenMs: firstTokenMs }),
      ...(error !== undefined && { errorKind: error.kind, errorMessage: error.message }),
      ...(error?.reason !== undefined && { errorReason: error.reason }),
      ...(error?.providerFailure !== undefined && { providerFailure: error.providerFailure }),
    };
  }

  #received(outcome: AttemptOutcome): Received {
    const { firstAt, count } = this.timing;
    const hasEnded = outcome !== "running" && outcome !== "succeeded";
    return {
      chunks: count,
      isMissing: !this.#options.stream && hasEnded && firstAt === undefined,
    };
  }

  #takeUsage({ counts, cost, impossible }: Extract<ProviderEvent, { type: "usage" }>): void {
    this.#isMetered = true;
    const { meter } = this.#options;
    if (impossible === undefined) meter.report(counts);
    else {
      meter.report(
        counts,
        impossible.filter((name) => name !== "cost"),
      );
      this.warn(USAGE_IMPOSSIBLE);
      if (impossible.includes("cost")) this.#reportedCost = undefined;
    }
    this.#reportedCost = cost ?? this.#reportedCost;
  }

  #setUsage(usage: TokenUsage): void {
    this.#usage = usage;
    this.#cost = this.costOf(usage);
  }

  #finishOf(event: Extract<ProviderEvent, { type: "finish" }>): typeof event {
    const isStruck = this.#options.isMoneyLimited && event.reason === "max-tokens";
    const finish = isStruck ? ({ ...event, reason: "budget" } as const) : event;
    if (event.metadata === undefined) return finish;
    const { fields, left } = carriedFields(event.metadata);
    if (left.length === 0) return finish;
    this.warn(METADATA_OMITTED);
    return { ...finish, metadata: fields };
  }

  /** Providers do not charge for a request that they refused or never received. */
  #isRefused({ kind, providerFailure }: GatewayError): boolean {
    if (this.#isMetered || this.timing.firstAt !== undefined) return false;
    const { httpStatus = 0, reached } = providerFailure ?? {};
    return httpStatus >= 400 || reached === "nothing" || kind === "connect-timeout";
  }

  /** The message without the output of an earlier attempt. */
  #ownOutput(): Message {
    const message = this.assembler.message();
    const [first, ...rest] = message.parts;
    if (this.#prefix === "" || first?.type !== "text") return message;
    const own: Part = { ...first, text: first.text.slice(this.#prefix.length) };
    return { ...message, parts: [own, ...rest] };
  }
}
