import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { onlyArgument, parseArguments, parseCount } from "./arguments.ts";
import type { Command } from "./command.ts";
import { printStream } from "./print-stream.ts";

const MAX_WRITER = 2 ** 32 - 1;

export const resume: Command = {
  summary: "go on with a stream, or print it again",
  help: `usage: steer resume [--after N] [--writer W] [--json] STREAM_ID

Prints what comes after event N (default 0: all of it), then follows the stream to its end.
With the writer of event N the log is checked to be the one that was read before.`,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, {
      after: { type: "string" },
      writer: { type: "string" },
      json: { type: "boolean", default: false },
    });
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
