// Text of server-sent events.
import type { JsonObject } from "../../domain/json.ts";

/** A sign of life that every client takes and none shows. */
export const COMMENT = ": keep-alive\n\n";

/** Where an event stands: one event of the stream's log can become several. */
export interface EventPlace {
  readonly sequence: number;
  readonly writer: number;
}

/** Names events by `id: sequence.writer.part`. */
export class EventIds {
  #place: EventPlace = { sequence: 0, writer: 0 };
  #part = 0;

  /** Begins the events of one event of the log. */
  at(place: EventPlace): void {
    this.#place = place;
    this.#part = 0;
  }

  next(): string {
    const { sequence, writer } = this.#place;
    return `id: ${sequence}.${writer}.${this.#part++}\n`;
  }
}

export function eventText(id: string, data: JsonObject | string, type?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  const name = type === undefined ? "" : `event: ${type}\n`;
  return `${id}${name}data: ${text}\n\n`;
}
