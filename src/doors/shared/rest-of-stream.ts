// The rest of a stream, for a reader that names its last event.
import { GatewayError, invalidField } from "../../domain/gateway-error.ts";

/** Identifier of an event: `id: sequence.writer.part`. */
interface EventId {
  readonly sequence: number;
  readonly writer: number;
  readonly part: number;
}

const ID = /^(\d{1,10})\.(\d{1,10})\.(\d{1,6})$/;
const BETWEEN = "\n\n";

/** Throws INVALID_ARGUMENT if the text is no identifier of an event. */
export function eventPlaceOf(id: string): EventId {
  const [, sequence, writer, part] = ID.exec(id) ?? [];
  if (sequence === undefined) throw invalidField("last-event-id", "is no id of an event");
  return { sequence: Number(sequence), writer: Number(writer), part: Number(part) };
}

/** Undefined: a comment, or an event without a position in the log. */
function idOf(event: string): EventId | undefined {
  const [, id] = /^id: (\S+)$/m.exec(event) ?? [];
  return id === undefined ? undefined : eventPlaceOf(id);
}

function isBehind(id: EventId, last: EventId): boolean {
  if (id.sequence !== last.sequence) return id.sequence > last.sequence;
  return id.part > last.part;
}

/** Another writer has rewritten this event, so the reader's output differs from the stream. */
function stateLost(): GatewayError {
  const message = "the stream was lost and rewritten: it differs from the events of this reader";
  return new GatewayError("state-lost", message);
}

/** The events after the last one. Throws DATA_LOSS if another writer wrote the last one. */
export async function* behind(
  texts: AsyncIterable<string>,
  last: EventId,
): AsyncGenerator<string, void> {
  for await (const text of texts) {
    const events = text.split(BETWEEN).filter((event) => event !== "");
    const rest = events.filter((event) => {
      const id = idOf(event);
      if (id === undefined) return true;
      if (id.sequence === last.sequence && id.writer !== last.writer) throw stateLost();
      return isBehind(id, last);
    });
    if (rest.length > 0) yield rest.map((event) => event + BETWEEN).join("");
  }
}
