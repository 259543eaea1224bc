// Batches of events in frames.
import type { Frame, FrameWriter } from "../../store/hosted/frames.ts";
import { packEvents, unpackEvents } from "../packed-events.ts";
import type { Batch } from "../stream-record.ts";

export function writeBatch(to: FrameWriter, { first, last, writer, events }: Batch): void {
  to.number(first);
  to.number(last);
  to.number(writer);
  to.u32(events.length);
  for (const event of events) to.bytes(event);
}

/** The events are views of the frame. */
export function readBatch(from: Frame): Batch {
  const first = from.number();
  const last = from.number();
  const writer = from.number();
  const count = from.u32();
  const events: Uint8Array[] = [];
  for (let index = 0; index < count; index++) events.push(from.view());
  return { first, last, writer, events };
}

/** A batch for the readers of a stream. */
export function writePublished(to: FrameWriter, streamId: string, batch: Batch): void {
  to.text(streamId);
  writeBatch(to, { ...batch, events: [packEvents(batch.events)] });
}

export function readPublished(from: Frame): { readonly streamId: string; readonly batch: Batch } {
  const streamId = from.text();
  const { events, ...batch } = readBatch(from);
  // One copy for all events: readers keep them.
  const packed = Uint8Array.from(events[0] ?? new Uint8Array());
  return { streamId, batch: { ...batch, events: unpackEvents(packed) } };
}
