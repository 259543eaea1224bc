import type { TargetName } from "../domain/generation.ts";
import { MessageAssembler } from "./message-assembler.ts";

/** Text of a lost attempt that the caller holds: the beginning of an answer that another attempt goes on with. */
export class DeliveredOutput {
  /** The target that has sent the text. */
  readonly name: TargetName;
  /** Sequence of the first event that has a piece of it. */
  readonly firstSequence: number;
  readonly assembler: MessageAssembler;
  /** Nothing could be appended to a whole part. */
  readonly hasWholePart = false;

  constructor(name: TargetName, text: string, firstSequence: number) {
    this.name = name;
    this.firstSequence = firstSequence;
    // Text is signed by nobody.
    this.assembler = new MessageAssembler("");
    this.assembler.observe({ type: "text-delta", partIndex: 0, text });
  }
}
