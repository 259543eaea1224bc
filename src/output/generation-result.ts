import type { Clock } from "../clock.ts";
import { type Cost, totalCost } from "../domain/cost.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type {
  Attempt,
  AttemptOutcome,
  Generation,
  GenerationFailure,
  TargetName,
} from "../domain/generation.ts";
import { addUsage, type TokenUsage } from "../domain/token-usage.ts";
import type { Warning } from "../domain/warning.ts";
import { AttemptRecord, type AttemptRecordOptions } from "./attempt-record.ts";
import { bareGeneration } from "./bare-generation.ts";
import type { DeliveredOutput } from "./delivered-output.ts";
import { emptyOutputWarning } from "./empty-output.ts";

/** Result of a generation. */
export type Outcome =
  | { readonly state: "succeeded"; readonly generation: Generation }
  | { readonly state: "failed"; readonly failure: GenerationFailure };

export interface GenerationResultOptions {
  readonly generationId: string;
  readonly requestedModel: string;
  /** First target of the call. */
  readonly target: TargetName & { readonly providerModel: string };
  readonly clock: Clock;
  /** Attempts of a lost owner, and output of the last of them that is gone on with. */
  readonly before:
    | {
        readonly attempts: readonly Attempt[];
        readonly createTimeMs: number;
        readonly delivered?: DeliveredOutput;
      }
    | undefined;
}

/** Warning for attempts whose counts were lost with their replica. */
function usageIncomplete(lost: readonly Attempt[]): Warning {
  const message = lost.every(({ usage }) => usage !== undefined)
    ? "what a lost replica's attempt has used is estimated by what it had stored: at least that"
    : "what a lost replica's attempt has used is unknown: total_usage and cost leave it out";
  return { reason: "USAGE_INCOMPLETE", message, field: "" };
}

type AttemptOptions = Omit<AttemptRecordOptions, "index" | "clock" | "continues">;

/** Placeholder for the end of a generation that still runs. */
const LEFT = new GatewayError("cancelled", "the call was left");

/** The facts about one generation, while it runs and after its end. */
export class GenerationResult {
  readonly generationId: string;
  readonly requestedModel: string;
  readonly createTimeMs: number;
  readonly #target: GenerationResultOptions["target"];
  readonly #clock: Clock;
  readonly #admittedAt: number;
  /** Attempts that were sent, and entries for those that were not. */
  readonly #attempts: (AttemptRecord | Attempt)[];
  /** The last ended attempt, sent or not. */
  #lastEnded: AttemptRecord | Attempt | undefined;
  #succeeded: AttemptRecord | undefined;
  #firstTokenAt: number | undefined;
  #queuedMs = 0;
  #retryDelayMs = 0;
  #outcome: Outcome | undefined;
  /** Output of a lost owner that the caller holds. */
  #delivered: DeliveredOutput | undefined;
  readonly #warnings: Warning[] = [];

  constructor({ generationId, requestedModel, target, clock, before }: GenerationResultOptions) {
    this.generationId = generationId;
    this.requestedModel = requestedModel;
    this.#target = target;
    this.#clock = clock;
    this.createTimeMs = before?.createTimeMs ?? clock.wallTime();
    this.#attempts = [...(before?.attempts ?? [])];
    this.#delivered = before?.delivered;
    this.#admittedAt = clock.now();
    const lost = before?.attempts.filter(({ errorKind }) => errorKind === "owner-lost") ?? [];
    if (lost.length > 0) this.#warnings.push(usageIncomplete(lost));
  }

  /** Records that an attempt is sent. `queuedMs` is a part of its wait. */
  begin(options: AttemptOptions, queuedMs: number): AttemptRecord {
    const continues = options.trigger === "continuation" ? this.committed : undefined;
    const record = new AttemptRecord({
      ...options,
      index: this.#attempts.length + 1,
      clock: this.#clock,
      continues,
    });
    this.#attempts.push(record);
    this.#queuedMs += queuedMs;
    this.#retryDelayMs += options.delayMs - queuedMs;
    return record;
  }

  /** Records a skipped target. */
  skip(target: TargetName, error: GatewayError): void {
    const attempt: Attempt = {
      provider: target.provider,
      model: target.model,
      index: this.#attempts.length + 1,
      trigger: this.#attempts.length === 0 ? "initial" : "failover",
      outcome: "skipped",
      errorKind: error.kind,
      errorMessage: error.message,
      ...(error.reason !== undefined && { errorReason: error.reason }),
      startTimeMs: this.#clock.wallTime(),
      durationMs: 0,
      delayMs: 0,
      delayFromProvider: false,
      outputDelivered: false,
    };
    this.#attempts.push(attempt);
    this.#lastEnded = attempt;
  }

  /** Records the end of an attempt. A successful attempt becomes the result. */
  end(record: AttemptRecord, outcome: AttemptOutcome, error: GatewayError | undefined): void {
    record.end(outcome, error);
    this.#lastEnded = record;
    if (outcome === "succeeded") this.#succeeded = record;
  }

  /** Records that the caller receives output of this attempt. */
  commit(record: AttemptRecord): void {
    record.committed = true;
    this.#firstTokenAt ??= record.timing.firstAt ?? this.#clock.now();
  }

  /** Voids the output that the caller has received. */
  discard(): void {
    this.#delivered = undefined;
    for (const record of this.#records()) record.isVoid = true;
  }

  /** The output that the caller has. */
  get committed(): AttemptRecord | DeliveredOutput | undefined {
    return this.#committed() ?? this.#delivered;
  }

  /** The latest attempt whose output did not have the requested format. */
  get rejected(): AttemptRecord | undefined {
    return this.#records().findLast(({ error }) => error?.kind === "invalid-output");
  }

  /** Number of attempts sent. */
  get sent(): number {
    return this.#records().length;
  }

  /** The current state of all attempts. */
  attempts(): Attempt[] {
    return this.#attempts.map((each) => (each instanceof AttemptRecord ? each.attempt() : each));
  }

  /** Position of the latest attempt sent; 0: none. */
  get sentIndex(): number {
    return this.#records().at(-1)?.index ?? 0;
  }

  lastEnded(): Attempt | undefined {
    const last = this.#lastEnded;
    return last instanceof AttemptRecord ? last.attempt() : last;
  }

  /** Tokens of the output that the caller has. */
  outputTokens(): number {
    return this.#attempts.reduce(
      (sum, each) => (this.#isHeld(each) ? sum + (each.usage?.outputTokens ?? 0) : sum),
      0,
    );
  }

  /** Resolves when the tokens of all attempts are counted; undefined: they already are. */
  counted(): Promise<unknown> | undefined {
    const counting = this.#records().flatMap((record) => record.counting ?? []);
    return counting.length === 0 ? undefined : Promise.all(counting);
  }

  /** Time outside of attempts and waits, in milliseconds. Call it after the end. */
  overheadMs(): number {
    const attemptMs = this.#records().reduce(
      (sum, record) => sum + record.durations().attemptMs,
      0,
    );
    const totalMs = this.#clock.now() - this.#admittedAt;
    return Math.max(0, totalMs - attemptMs - this.#queuedMs - this.#retryDelayMs);
  }

  /** Ends the generation with success; the successful attempt is its result. */
  succeed(): void {
    this.#outcome = {
      state: "succeeded",
      generation: this.#generation(this.#succeeded, undefined),
    };
  }

  fail(error: GatewayError): GenerationFailure {
    const failure = this.failureOf(error);
    this.#outcome = { state: "failed", failure };
    return failure;
  }

  /** Ends the generation after a defect, which may affect the facts themselves. Never throws. */
  failByDefect(error: GatewayError): GenerationFailure {
    let failure: GenerationFailure;
    try {
      failure = this.failureOf(error);
    } catch {
      failure = { error, partial: bareGeneration(this, this.#target, () => this.#totalUsage()) };
    }
    this.#outcome = { state: "failed", failure };
    return failure;
  }

  /** The facts so far, with this error as the end. */
  failureOf(error: GatewayError): GenerationFailure {
    const partial = this.#generation(this.#committed() ?? this.#records().at(-1), error);
    return { error, partial };
  }

  /** The result after the end. Before: the result as if the generation ended now. */
  soFar(): Generation {
    if (this.#outcome?.state === "succeeded") return this.#outcome.generation;
    if (this.#outcome?.state === "failed") return this.#outcome.failure.partial;
    const record = this.#committed() ?? this.#records().at(-1);
    const known = this.#generation(record, LEFT);
    if (record?.attempt().outcome !== "running") return known;
    const usage = record.usageSoFar();
    const totalUsage = addUsage(this.#totalUsage(), usage);
    const cost = this.costWith(record, usage);
    return { ...known, usage, totalUsage, cost };
  }

  /** Adds a warning that applies whichever attempt succeeds. */
  warn(warning: Warning): void {
    this.#warnings.push(warning);
  }

  /** Only after `succeed` or `fail`. */
  outcome(): Outcome {
    if (this.#outcome === undefined) {
      throw new GatewayError("internal", "the generation still runs");
    }
    return this.#outcome;
  }

  /** The latest attempt of this owner whose output the caller has. */
  #committed(): AttemptRecord | undefined {
    return this.#records().findLast(({ committed, isVoid }) => committed && !isVoid);
  }

  /** The caller has output of the attempt. */
  #isHeld(attempt: AttemptRecord | Attempt): boolean {
    if (attempt instanceof AttemptRecord) return attempt.committed && !attempt.isVoid;
    return this.#delivered !== undefined && attempt.outputDelivered;
  }

  #records(): AttemptRecord[] {
    return this.#attempts.filter((each) => each instanceof AttemptRecord);
  }

  #totalUsage(): TokenUsage | undefined {
    return this.#attempts.reduce<TokenUsage | undefined>(
      (sum, each) => addUsage(sum, each.usage),
      undefined,
    );
  }

  /** Known cost of the attempts so far. */
  spentPicos(): number {
    return this.#attempts.reduce((sum, { cost }) => sum + (cost?.totalPicos ?? 0), 0);
  }

  /** Cost of all ended attempts. */
  cost(): Cost | undefined {
    return totalCost(this.#attempts);
  }

  /** Cost of all attempts, if the running one has this usage. */
  costWith(running: AttemptRecord, usage: TokenUsage): Cost | undefined {
    const cost = running.costOf(usage);
    return totalCost(this.#attempts.map((each) => (each === running ? { usage, cost } : each)));
  }

  #generation(record: AttemptRecord | undefined, error: GatewayError | undefined): Generation {
    const isComplete = record !== undefined && error === undefined;
    const json = isComplete ? record.json() : ({ state: "absent" } as const);
    const name = record?.name ?? { provider: this.#target.provider, model: this.#target.model };
    const metadata = record?.finish?.metadata;
    // The same warning of several attempts is one object.
    const own = new Set(this.#records().flatMap((each) => each.warnings));
    const warnings = [...this.#warnings, ...(record?.target.warnings ?? []), ...own];
    const empty = isComplete ? emptyOutputWarning(record) : undefined;
    if (empty !== undefined) warnings.push(empty);
    return {
      generationId: this.generationId,
      requestedModel: this.requestedModel,
      ...name,
      providerModel:
        record?.providerModel || record?.target.model.providerModel || this.#target.providerModel,
      providerResponseId: record?.providerResponseId ?? "",
      message: isComplete ? record.assembler.message() : undefined,
      finishReason: record?.finish?.reason,
      providerFinishReason: record?.finish?.rawReason ?? "",
      outputJson: json.state === "valid" ? json.json : undefined,
      outputText: isComplete ? record.assembler.outputText() : "",
      usage: record?.usage,
      totalUsage: this.#totalUsage(),
      cost: this.cost(),
      attempts: this.attempts(),
      timing: {
        ...(record?.timing.summary() ?? { stallCount: 0, chunkCount: 0 }),
        totalMs: this.#clock.now() - this.#admittedAt,
        queuedMs: this.#queuedMs,
        retryDelayMs: this.#retryDelayMs,
        ...this.#firstToken(record),
        characterCount: record?.assembler.outputCodePoints() ?? 0,
      },
      warnings: json.state === "invalid" ? [...warnings, json.warning] : [...warnings],
      providerApi: record?.target.model.dialect ?? "",
      providerMetadata: metadata === undefined ? {} : { [name.provider]: metadata },
      createTimeMs: this.createTimeMs,
    };
  }

  /** For a stream, the first token that the caller received. For an answer that arrives as a whole, its own. */
  #firstToken(record: AttemptRecord | undefined): { readonly timeToFirstTokenMs?: number } {
    const at = this.#firstTokenAt ?? record?.timing.firstAt;
    return at === undefined ? {} : { timeToFirstTokenMs: at - this.#admittedAt };
  }
}
