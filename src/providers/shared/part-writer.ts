import type { ReasoningPart } from "../../domain/generation-spec.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { createWholeText } from "./whole-text.ts";

/** One part of the output while it is being written. */
export interface OpenPart {
  append(piece: string): void;
  /** True once something was written. */
  isWritten(): boolean;
  /** Ends the part; what follows is ignored. `whole` where the deltas do not say it all. */
  end(whole?: ReasoningPart): void;
}

/** Numbers the parts of one answer and writes their events. */
export interface PartWriter {
  /** Events are written here, in order. */
  readonly events: ProviderEvent[];
  openText(type: "text" | "reasoning" | "refusal"): OpenPart;
  /** A call that ends without any arguments is a call with an empty object. */
  openToolCall(id: string, name: string, fragment: string): OpenPart;
  /** A part that has no deltas. */
  writeWhole(part: ReasoningPart): void;
}

export function createPartWriter(): PartWriter {
  const events: ProviderEvent[] = [];
  let count = 0;

  function open(
    delta: (piece: string) => ProviderEvent,
    partIndex: number,
    empty: string,
  ): OpenPart {
    const text = createWholeText();
    let written = false;
    let ended = false;

    function write(piece: string): void {
      if (piece === "" || ended) return;
      written = true;
      events.push(delta(piece));
    }

    return {
      append: (piece) => write(text.push(piece)),
      isWritten: () => written,
      end(part) {
        if (ended) return;
        write(text.flush());
        if (!written) write(empty);
        ended = true;
        events.push({
          type: "part-end",
          partIndex,
          ...(part === undefined ? undefined : { part }),
        });
      },
    };
  }

  return {
    events,
    openText(type) {
      const partIndex = count++;
      return open((text) => ({ type: `${type}-delta` as const, partIndex, text }), partIndex, "");
    },
    openToolCall(id, name, fragment) {
      const partIndex = count++;
      let opening = true;
      const part = open(
        (argumentsFragment) => {
          if (!opening) return { type: "tool-call-delta", partIndex, argumentsFragment };
          opening = false;
          return { type: "tool-call-delta", partIndex, id, name, argumentsFragment };
        },
        partIndex,
        "{}",
      );
      part.append(fragment);
      if (opening) {
        opening = false;
        events.push({ type: "tool-call-delta", partIndex, id, name, argumentsFragment: "" });
      }
      return part;
    },
    writeWhole(part) {
      events.push({ type: "part-end", partIndex: count++, part });
    },
  };
}
