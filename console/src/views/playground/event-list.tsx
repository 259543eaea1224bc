import { formatMs } from "../../parts/formats.ts";
import type { EventRow } from "./event-row.ts";

const SHOWN = 100;

export interface EventListProps {
  readonly events: readonly EventRow[];
  /** Events that came, including those that the page does not keep. */
  readonly count: number;
  readonly label: string;
}

/** The latest events of a stream, newest first. */
export function EventList({ events, count, label }: EventListProps) {
  const shown = events.slice(-SHOWN).reverse();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls can be reached by keyboard.
    <section class="scroll event-list" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            <th class="number">Seq.</th>
            <th class="number">At</th>
            <th>Event</th>
            <th>Detail</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ sequence, atMs, type, detail }) => (
            <tr key={sequence}>
              <td class="number">{sequence}</td>
              <td class="number">{formatMs(atMs)}</td>
              <td>{type}</td>
              <td class="mono">{detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {count > shown.length && (
        <p class="quiet">
          The latest {shown.length} of {count} events.
        </p>
      )}
    </section>
  );
}
