// Prints the events of a stream as they come.
import { toJson } from "@bufbuild/protobuf";
import { type StreamEvent, StreamEventSchema } from "../../gen/service/steer/v1/stream_pb.ts";
import type { CommandContext } from "./command.ts";
import type { ProgressLine } from "./progress-line.ts";
import { summaryLine, warningLines } from "./result-lines.ts";

const DIM = "\u001b[2m";
const PLAIN = "\u001b[22m";

/** Position of a stream, for resuming it later. */
interface Position {
  readonly streamId: string;
  readonly sequence: number;
  readonly writer: number;
}

function resumeLine({ streamId, sequence, writer }: Position): string {
  return `go on with: steer resume ${streamId} --after ${sequence} --writer ${writer}`;
}

function printText({ event }: StreamEvent, { stdout, stderr }: CommandContext): void {
  switch (event.case) {
    case "textDelta":
      stdout.write(event.value.text);
      break;
    case "reasoningDelta":
      if (stderr.isTTY) stderr.write(`${DIM}${event.value.text}${PLAIN}`);
      break;
    case "toolCallDelta":
      stdout.write(
        event.value.name === ""
          ? event.value.argumentsFragment
          : `${event.value.name} ${event.value.argumentsFragment}`,
      );
      break;
    case "attemptNotice":
      // Printed text cannot be removed.
      if (event.value.discardOutput) stderr.write("\nwhat stands above is void: it begins anew\n");
      break;
    case "complete": {
      const { generation } = event.value;
      if (generation === undefined) break;
      const lines = [...warningLines(generation), summaryLine(generation)];
      stdout.write("\n");
      stderr.write(`${lines.join("\n")}\n`);
      break;
    }
    case "error":
      if (event.value.partial !== undefined) {
        stderr.write(`\n${summaryLine(event.value.partial)}\n`);
      }
      break;
    default:
      break;
  }
}

export interface PrintOptions {
  readonly asJson: boolean;
  /** The start of a resumed stream. */
  readonly from?: Position;
  /** Shows the speed of a new stream. */
  readonly progress?: Pick<ProgressLine, "show"> | undefined;
}

function showProgress({ event }: StreamEvent, { progress }: PrintOptions): void {
  if (event.case === "usage") progress?.show(event.value.usage?.outputTokens);
  else if (event.case !== "start" && event.case !== "heartbeat") progress?.show(undefined);
}

/** Prints a stream. If it breaks before its end, prints the command that resumes it. */
export async function printStream(
  events: AsyncIterable<StreamEvent>,
  context: CommandContext,
  options: PrintOptions,
): Promise<void> {
  const { asJson, from } = options;
  let position = from;
  let breaksOff = false;
  try {
    for await (const message of events) {
      const { event, sequence, writer } = message;
      if (event.case === "start" && event.value.resumable) {
        const { streamId } = event.value;
        position = { streamId, sequence, writer };
        if (!asJson && from === undefined) context.stderr.write(`stream ${streamId}\n`);
      } else if (event.case !== "heartbeat" && position !== undefined) {
        position = { ...position, sequence, writer };
      }
      breaksOff = event.case !== "complete" && event.case !== "error";
      if (asJson) context.stdout.write(`${JSON.stringify(toJson(StreamEventSchema, message))}\n`);
      else printText(message, context);
      showProgress(message, options);
    }
  } finally {
    if (breaksOff && position !== undefined) {
      context.stderr.write(`\n${resumeLine(position)}\n`);
    }
  }
}
