import type { JsonObject } from "../../domain/json.ts";
import { EventIds, type EventPlace, eventText } from "../shared/event-stream.ts";

/** Numbers the events of a response densely from 0. */
export class ResponseEvents {
  readonly #ids = new EventIds();
  readonly #from: number;
  #number = 0;

  /** `from`: number of the first event to send. Earlier events are numbered and left out. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Begins the events for one event of the log. */
  at(place: EventPlace): void {
    this.#ids.at(place);
  }

  /** The text of the event; "" for one that is not sent. */
  text(type: string, data: JsonObject): string {
    const id = this.#ids.next();
    const sequence_number = this.#number++;
    if (sequence_number < this.#from) return "";
    return eventText(id, { type, sequence_number, ...data }, type);
  }
}
