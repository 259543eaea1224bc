import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { onlyArgument, parseArguments, parseCount } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { printStream } from "./print-stream.ts";

const MAX_WRITER = 2 ** 32 - 1;

const FLAGS = {
  after: { type: "string", value: "N", help: "begin behind event N; without it at the first one" },
  writer: {
    type: "string",
    value: "W",
    help: "the writer of event N, by which the log is checked",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

export const resume: Command = {
  summary: "go on with a stream, or print it again",
  usage: ["steer resume [options] STREAM_ID"],
  about: `Prints what comes after event N, then follows the stream to its end.
With the writer of event N the log is checked to be the one that was read before.`,
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
    await printStream(events, values.json, context, from);
  },
};
