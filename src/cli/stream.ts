import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { DisconnectPolicy } from "../../gen/service/steer/v1/stream_pb.ts";
import { systemClock } from "../clock.ts";
import { parseArguments, parseWord } from "./arguments.ts";
import type { Command } from "./command.ts";
import type { FlagTable } from "./flags.ts";
import { printStream } from "./print-stream.ts";
import { ProgressLine } from "./progress-line.ts";
import { PROMPT_HELP, REQUEST_OPTIONS, readRequest } from "./read-request.ts";

const POLICIES = {
  grace: DisconnectPolicy.GRACE,
  cancel: DisconnectPolicy.CANCEL,
  continue: DisconnectPolicy.CONTINUE,
};

const FLAGS = {
  ...REQUEST_OPTIONS,
  "request-id": {
    type: "string",
    default: "",
    value: "ID",
    help: "idempotency key: repeating the call joins or replays this one",
  },
  ephemeral: {
    type: "boolean",
    default: false,
    help: "store nothing; the stream cannot be resumed",
  },
  "on-disconnect": {
    type: "string",
    value: "POLICY",
    help: `when nobody reads: ${Object.keys(POLICIES).join(", ")}; default: grace`,
  },
} as const satisfies FlagTable;

export const stream: Command = {
  summary: "generate and print the answer as it comes",
  usage: ["steer stream [options] [prompt…]"],
  about: `${PROMPT_HELP}
If the connection is lost, \`steer resume\` continues the stream.`,
  flags: { "": FLAGS },
  async run(args, context) {
    const { values, positionals } = parseArguments(args, FLAGS);
    const policy = values["on-disconnect"];
    const onDisconnect =
      policy === undefined
        ? DisconnectPolicy.UNSPECIFIED
        : parseWord("on-disconnect", policy, POLICIES);
    const { spec, timeoutMs, asJson } = await readRequest(values, positionals, context);
    const { "request-id": requestId, ephemeral } = values;
    using progress = asJson ? undefined : new ProgressLine(context, systemClock);
    const events = context.client.stream(
      GenerationService.method.streamGenerate,
      {
        requestId,
        spec,
        options: {
          includeUsage: asJson,
          includeUsageUpdates: progress?.isShown === true,
          ephemeral,
          onDisconnect,
        },
        acceptsDiscard: true,
      },
      { timeoutMs, signal: context.signal },
    );
    await printStream(events, context, { asJson, progress });
  },
};
