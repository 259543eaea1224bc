import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { onlyArgument, parseArguments, parseCount } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { printStream } from "./print-stream.ts";

const MAX_WRITER = 2 ** 32 - 1;

const FLAGS = {
  after: { type: "string", value: "N", help: "start after event N; default: at the first event" },
  writer: {
    type: "string",
    value: "W",
    help: "the writer of event N, to verify the log",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

export const resume: Command = {
  summary: "continue a stream, or print it again",
  usage: ["steer resume [options] STREAM_ID"],
  about: `Prints the events after event N, then follows the stream to its end. The writer of
event N verifies that the log still has the events that were read before.`,
  flags: { "": FLAGS },
  async run(args, context) {
    const { values, positionals } = parseArguments(args, FLAGS);
    const streamId = onlyArgument("STREAM_ID", positionals);
    const lastSequence = parseCount("after", values.after);
    const lastWriter = parseCount("writer", values.writer, MAX_WRITER);
    const events = context.client.stream(
      GenerationService.method.resumeStream,
      { streamId, lastSequence, lastWriter, acceptsDiscard: true },
      { signal: context.signal },
    );
    const from = { streamId, sequence: lastSequence, writer: lastWriter };
    await printStream(events, context, { asJson: values.json, from });
  },
};
