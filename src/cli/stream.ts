import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { DisconnectPolicy } from "../../gen/service/steer/v1/stream_pb.ts";
import { parseArguments, parseWord } from "./arguments.ts";
import type { Command } from "./command.ts";
import { printStream } from "./print-stream.ts";
import { REQUEST_OPTIONS, readRequest, requestHelp } from "./read-request.ts";

const POLICIES = {
  grace: DisconnectPolicy.GRACE,
  cancel: DisconnectPolicy.CANCEL,
  continue: DisconnectPolicy.CONTINUE,
};

const MORE = `  --request-id ID          idempotency key: the same call again joins or replays this one
  --ephemeral              store nothing; it cannot be resumed
  --on-disconnect POLICY   when nobody reads: grace (default), cancel or continue
`;

export const stream: Command = {
  summary: "generate and print the answer as it comes",
  help: `usage: steer stream [options] [prompt…]
${requestHelp(MORE)}
Where it breaks off, \`steer resume\` goes on.`,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, {
      ...REQUEST_OPTIONS,
      "request-id": { type: "string", default: "" },
      ephemeral: { type: "boolean", default: false },
      "on-disconnect": { type: "string" },
    });
    const policy = values["on-disconnect"];
    const onDisconnect =
      policy === undefined
        ? DisconnectPolicy.UNSPECIFIED
        : parseWord("on-disconnect", policy, POLICIES);
    const { spec, timeoutMs, asJson } = await readRequest(values, positionals, context);
    const { "request-id": requestId, ephemeral } = values;
    const events = context.client.stream(
      GenerationService.method.streamGenerate,
      {
        requestId,
        spec,
        options: { includeUsage: asJson, ephemeral, onDisconnect },
        acceptsDiscard: true,
      },
      { timeoutMs, signal: context.signal },
    );
    await printStream(events, asJson, context);
  },
};
