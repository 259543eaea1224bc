// What a reader has of a stream: its output, its events and its cursor. Everything is bounded.
import type { Part } from "@steer-gateway/stubs/steer/v1/content_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import type { Generation } from "@steer-gateway/stubs/steer/v1/generation_pb.js";
import type { StreamEvent } from "@steer-gateway/stubs/steer/v1/stream_pb.js";
import { type EventRow, toEventRow } from "./event-row.ts";
import { patchDocuments } from "./json-documents.ts";

export interface ReceivedPart {
  readonly type: "text" | "reasoning" | "tool call" | "other";
  text: string;
  name: string;
}

/** Characters of output that the page keeps of one stream. */
const MAX_CHARACTERS = 400_000;
/** Latest events that the page keeps of one stream. */
const MAX_EVENTS = 400;

function finishedPart({ data }: Part): ReceivedPart | undefined {
  switch (data.case) {
    case "toolCall":
      return { type: "tool call", name: data.value.name, text: data.value.argumentsJson };
    case "refusal":
      return { type: "other", name: "refusal", text: data.value.text };
    case "providerPart":
      return { type: "other", name: data.value.providerType, text: data.value.json };
    default:
      return undefined;
  }
}

export class ReceivedStream {
  streamId = "";
  generationId = "";
  isResumable = false;
  /** Cursor: the last event that was taken. */
  sequence = 0;
  writer = 0;
  readonly parts = new Map<number, ReceivedPart>();
  readonly documents: unknown[] = [];
  readonly events: EventRow[] = [];
  eventCount = 0;
  /** Events that came although they had been taken before. */
  repeated = 0;
  /** Sequences that never came. */
  missing = 0;
  heartbeats = 0;
  isClipped = false;
  firstOutputMs: number | undefined;
  generation: Generation | undefined;
  errorText = "";
  isCancelled = false;
  hasEnded = false;
  #characters = 0;

  get text(): string {
    return [...this.parts]
      .toSorted(([a], [b]) => a - b)
      .map(([, part]) => (part.type === "text" ? part.text : ""))
      .join("");
  }

  /** True: the text is the stored result's. Undefined: no result yet, or a part of it was not kept. */
  get isWhole(): boolean | undefined {
    const { generation } = this;
    if (generation === undefined || this.isClipped || generation.outputText === "")
      return undefined;
    return generation.outputText === this.text;
  }

  take(event: StreamEvent, atMs: number): void {
    if (event.event.case === "heartbeat") {
      this.heartbeats++;
      return;
    }
    if (event.sequence <= this.sequence) {
      this.repeated++;
      return;
    }
    this.missing += event.sequence - this.sequence - 1;
    this.sequence = event.sequence;
    this.writer = event.writer;
    this.eventCount++;
    this.events.push(toEventRow(event, atMs));
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.#apply(event, atMs);
  }

  #apply({ event }: StreamEvent, atMs: number): void {
    switch (event.case) {
      case "start":
        this.streamId = event.value.streamId;
        this.generationId = event.value.generationId;
        this.isResumable = event.value.resumable;
        return;
      case "textDelta":
        return this.#append(event.value.partIndex, "text", event.value.text, atMs);
      case "reasoningDelta":
        return this.#append(event.value.partIndex, "reasoning", event.value.text, atMs);
      case "toolCallDelta": {
        const { partIndex, argumentsFragment, name } = event.value;
        this.#append(partIndex, "tool call", argumentsFragment, atMs);
        const part = this.parts.get(partIndex);
        if (part !== undefined && name !== "") part.name = name;
        return;
      }
      case "jsonDelta":
        if (this.#hasRoom(event.value.change.value?.length ?? 0)) {
          patchDocuments(this.documents, event.value);
        }
        return;
      case "partEnd": {
        const { partIndex, part } = event.value;
        const whole = part === undefined ? undefined : finishedPart(part);
        if (whole !== undefined && this.#hasRoom(whole.text.length)) {
          this.parts.set(partIndex, whole);
        }
        return;
      }
      case "attemptNotice":
        if (event.value.discardOutput) this.#discard();
        return;
      case "complete":
        this.generation = event.value.generation;
        this.hasEnded = true;
        return;
      case "error":
        this.generation = event.value.partial;
        this.errorText = event.value.error?.message ?? "";
        this.isCancelled = event.value.error?.category === ErrorCategory.CANCELLED;
        this.hasEnded = true;
    }
  }

  #hasRoom(characters: number): boolean {
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) this.isClipped = true;
    return !this.isClipped;
  }

  #append(index: number, type: ReceivedPart["type"], text: string, atMs: number): void {
    this.firstOutputMs ??= atMs;
    if (!this.#hasRoom(text.length)) return;
    const part = this.parts.get(index);
    if (part === undefined) this.parts.set(index, { type, text, name: "" });
    else part.text += text;
  }

  #discard(): void {
    this.parts.clear();
    this.documents.length = 0;
    this.#characters = 0;
    this.isClipped = false;
  }
}
