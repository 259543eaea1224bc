/**
 * Joins the pieces of a text so that each returned piece consists of whole code points. Half a surrogate pair at the
 * end of a piece waits for the next piece.
 */
export interface WholeText {
  push(piece: string): string;
  /** The waiting half as a replacement character; "" if there is none. */
  flush(): string;
}

export function createWholeText(): WholeText {
  let held = "";
  return {
    push(piece) {
      let text = held === "" ? piece : held + piece;
      held = "";
      const last = text.charCodeAt(text.length - 1);
      if (last >= 0xd800 && last <= 0xdbff) {
        held = text.slice(-1);
        text = text.slice(0, -1);
      }
      return text.isWellFormed() ? text : text.toWellFormed();
    },
    flush() {
      if (held === "") return "";
      held = "";
      return "\ufffd";
    },
  };
}
