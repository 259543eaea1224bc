// Encodes server-sent events.
import type { JsonObject } from "../../domain/json.ts";

/** A heartbeat that every client accepts and none shows. */
export const COMMENT = ": keep-alive\n\n";

/** Position in the stream's log. One event of the log can become several server-sent events. */
export interface EventPlace {
  readonly sequence: number;
  readonly writer: number;
}

/** Names events by `id: sequence.writer.part`. */
export class EventIds {
  #place: EventPlace = { sequence: 0, writer: 0 };
  #part = 0;

  /** Begins the events for one event of the log. */
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
