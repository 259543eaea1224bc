import type { ProviderPart, ReasoningPart } from "../../domain/generation-spec.ts";
import type { PartAdditions, TokenLogprob } from "../../domain/provider-data.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { createWholeText } from "./whole-text.ts";

/** One unfinished part of the output. */
export interface OpenPart {
  /** `logprobs`: those of the tokens since the last piece of text. */
  append(piece: string, logprobs?: readonly TokenLogprob[]): void;
  /** Whether something was written. */
  isWritten(): boolean;
  /** Ends the part. Later pieces are ignored. `whole` or `added`: content that the deltas do not have. */
  end(whole?: ReasoningPart, added?: PartAdditions): void;
}

/** Numbers the parts of one answer and writes their events. */
export interface PartWriter {
  /** The written events, in order. */
  readonly events: ProviderEvent[];
  openText(type: "text" | "reasoning" | "refusal"): OpenPart;
  /** A call that ends without arguments gets an empty object. */
  openToolCall(id: string, name: string, fragment: string): OpenPart;
  /** Writes a part without deltas. */
  writeWhole(part: ReasoningPart | ProviderPart): void;
}

export function createPartWriter(): PartWriter {
  const events: ProviderEvent[] = [];
  let count = 0;

  function open(
    delta: (piece: string, logprobs?: readonly TokenLogprob[]) => ProviderEvent,
    partIndex: number,
    empty: string,
  ): OpenPart {
    const text = createWholeText();
    let written = false;
    let ended = false;

    function write(piece: string, logprobs?: readonly TokenLogprob[]): void {
      if (ended || (piece === "" && logprobs === undefined)) return;
      written = true;
      events.push(delta(piece, logprobs));
    }

    return {
      append: (piece, logprobs) => write(text.push(piece), logprobs),
      isWritten: () => written,
      end(part, added) {
        if (ended) return;
        write(text.flush());
        if (!written) write(empty);
        ended = true;
        events.push({
          type: "part-end",
          partIndex,
          ...(part === undefined ? undefined : { part }),
          ...(added === undefined ? undefined : { added }),
        });
      },
    };
  }

  return {
    events,
    openText(type) {
      const partIndex = count++;
      return open(
        (text, logprobs) =>
          logprobs === undefined || type !== "text"
            ? { type: `${type}-delta` as const, partIndex, text }
            : { type: "text-delta", partIndex, text, logprobs },
        partIndex,
        "",
      );
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
